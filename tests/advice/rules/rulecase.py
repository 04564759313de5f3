"""A small source, plan and organization that the rules find nothing wrong with, to be changed one thing at a time."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from astroferry.advice.rules.rule import Case
from astroferry.model.inventory import Dag, Inventory, Place, Schedule
from astroferry.model.organization import DeploymentOptions, OrganizationFacts, OrganizationSeen, RuntimeRelease
from astroferry.model.plan import Decisions, Deployment, Plan, Source, Wave, Workspace

if TYPE_CHECKING:
    from collections.abc import Iterable

    from astroferry.model.finding import Finding
    from astroferry.model.inventory import PathKind

NOW = datetime(2026, 11, 22, tzinfo=UTC)
CRON = Schedule("cron", "@daily")
INVENTORY = Inventory(
    "airflow", "https://old.example", "2.11.2", NOW, dags=(Dag("a", CRON, is_paused=False, catchup=False),)
)
PLAN = Plan(
    "p",
    Source("https://old.example"),
    NOW,
    decisions=Decisions(runtime="3.3-8"),
    workspaces=(Workspace("w"),),
    deployments=(Deployment("test", "w", "test", executor="ASTRO"), Deployment("prod", "w", executor="ASTRO")),
    waves=(Wave("wave-1", "test", "prod"),),
)


def facts(
    *plans: str, runtimes: Iterable[tuple[str, str, str]] = (("3.3-8", "3.3.2", "stable"),)
) -> OrganizationFacts:
    releases = tuple(RuntimeRelease(version, airflow, channel) for version, airflow, channel in runtimes)
    return OrganizationFacts(OrganizationSeen("o", "Acme", plans=plans), DeploymentOptions(runtime_releases=releases))


def place(host: str, path: PathKind, port: int | None = None) -> Place:
    return Place(host, port, ("c",), path, f"{host} looks so.")


def ids(found: Iterable[Finding]) -> list[str]:
    return [finding.code for finding in found]


@dataclass(frozen=True)
class Row:
    """One case of a rule: whether the rule holds something against it, and a part of what it then says."""

    rule: str
    applies: bool
    case: Case
    says: str = ""


def yes(rule: str, case: Case, says: str = "") -> Row:
    """The rule applies."""
    return Row(rule, applies=True, case=case, says=says)


def no(rule: str, case: Case) -> Row:
    """The rule does not apply."""
    return Row(rule, applies=False, case=case)


def case(
    plan: Plan = PLAN, inventory: Inventory = INVENTORY, facts: OrganizationFacts | None = None, **decided: Any
) -> Case:
    """A case; `decided` changes decisions of the plan."""
    return Case(replace(plan, decisions=replace(plan.decisions, **decided)), inventory, facts)


def source(**changes: Any) -> Inventory:
    """The small source, changed."""
    return replace(INVENTORY, **changes)


def with_environment(variables: dict[str, str], plan: Plan = PLAN) -> Plan:
    """A plan whose Deployments all have these environment variables."""
    return replace(plan, deployments=tuple(replace(item, environment=variables) for item in plan.deployments))
