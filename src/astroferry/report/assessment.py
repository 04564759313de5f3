"""All that the report says, gathered once: the plan, what was found, and what the advice makes of both."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from astroferry.advice.cost import cost
from astroferry.advice.dependencies import dependencies
from astroferry.advice.effort import effort
from astroferry.advice.handing import left_to_people
from astroferry.advice.placing import steps
from astroferry.advice.repeated import once
from astroferry.advice.risk import LEVELS, risks
from astroferry.advice.rules.rule import Case
from astroferry.advice.suggest import problems, suggest
from astroferry.advice.verdict import verdicts
from astroferry.model.planedit import value_at

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from astroferry.advice.cost import Cost
    from astroferry.advice.dependencies import Dependencies
    from astroferry.advice.effort import Work
    from astroferry.advice.risk import Risk
    from astroferry.advice.verdict import Verdicts
    from astroferry.model.finding import Finding
    from astroferry.model.inventory import Inventory
    from astroferry.model.organization import OrganizationFacts
    from astroferry.model.plan import Plan
    from astroferry.report.cutover import CutoverSection

OPEN = "open"
"""an answer that is not there yet"""
TITLES = {
    "decisions.airflow": "Airflow version",
    "decisions.runtime": "Astro Runtime",
    "decisions.cron_data_intervals": "Data intervals of cron schedules kept",
    "decisions.execution": "Execution model",
    "decisions.cluster": "Cluster type",
    "decisions.cloud": "Cloud",
    "decisions.region": "Region",
    "decisions.networking": "Networking",
    "decisions.workspaces": "Workspaces divided",
    "decisions.secrets_backend": "Secrets backend",
    "values.connections": "How connections travel",
    "values.variables": "How variables travel",
}


@dataclass(frozen=True, slots=True)
class Decided:
    """One decision: what the plan says, what is suggested and why; `follows`: whether they are the same."""

    key: str
    title: str
    answer: str
    suggested: str
    reason: str
    evidence: tuple[str, ...]
    follows: bool


@dataclass(frozen=True, slots=True)
class WaveSeen:
    """A wave of the plan. `counts`: DAGs of low, medium, high risk; `step`: alike for those side by side."""

    name: str
    state: str
    test: str
    production: str
    dags: tuple[str, ...]
    counts: tuple[int, int, int]
    step: int


@dataclass(frozen=True, slots=True)
class Assessment:
    """Everything, for one moment (`made_at`, UTC)."""

    plan: Plan
    inventory: Inventory
    facts: OrganizationFacts | None
    made_at: datetime
    findings: tuple[Finding, ...]
    verdicts: Verdicts
    decided: tuple[Decided, ...]
    waves: tuple[WaveSeen, ...]
    links: Dependencies
    by_hand: tuple[tuple[str, str], ...]
    """(DAG id, why) for those that the cutover leaves to people"""
    cost: Cost
    effort: tuple[Work, ...]
    cutovers: tuple[CutoverSection, ...] = ()
    high_risk: tuple[tuple[str, str, tuple[str, ...]], ...] = ()
    """(DAG id, wave, why) for those of high risk, in the order of the waves"""

    @property
    def case(self) -> Case:
        """What the advice looked at."""
        return Case(self.plan, self.inventory, self.facts)


def assessment(
    plan: Plan,
    inventory: Inventory,
    made_at: datetime,
    *,
    facts: OrganizationFacts | None = None,
    findings: Sequence[Finding] = (),
    cutovers: Sequence[CutoverSection] = (),
    states: Mapping[str, str] | None = None,
) -> Assessment:
    """Gather it; `findings` are what was found beside the rules and the inventory.

    `states`: wave -> how it stands by the journal, in words; without them as the plan says.
    """
    order = {"refuse": 0, "warn": 1, "advise": 2}
    everything = once((*problems(plan, inventory, facts), *inventory.findings, *findings))
    found = sorted(everything, key=lambda item: order[item.severity])
    links = dependencies(inventory.dags)
    risk = risks(inventory.dags, links)
    waves = _waves(plan, inventory, risk, states or {})
    left = {dag.dag_id: why for dag, why in left_to_people(plan, inventory)}
    return Assessment(
        plan,
        inventory,
        facts,
        made_at,
        tuple(found),
        verdicts(inventory, found),
        tuple(_decided(plan, inventory, facts)),
        waves,
        links,
        tuple(left.items()),
        cost(plan),
        effort(plan, inventory, found, left),
        tuple(cutovers),
        tuple((dag, wave.name, risk[dag].why) for wave in waves for dag in wave.dags if risk[dag].level == "high"),
    )


def _decided(plan: Plan, inventory: Inventory, facts: OrganizationFacts | None) -> list[Decided]:
    found = []
    for key, suggestion in suggest(Case(plan, inventory, facts)).items():
        if key not in TITLES:
            continue
        answer, suggested = in_words(value_at(plan, key)), in_words(suggestion.value)
        reason = suggestion.reason
        if suggested == OPEN and answer != OPEN:
            reason = f"Chosen without a suggestion. {reason}"
        found.append(
            Decided(
                key,
                TITLES[key],
                answer,
                suggested,
                reason,
                suggestion.evidence,
                follows=answer == suggested,
            )
        )
    return found


def in_words(value: Any) -> str:
    """An answer as people say it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value) if value not in (None, "") else OPEN


def _waves(
    plan: Plan, inventory: Inventory, risk: Mapping[str, Risk], states: Mapping[str, str]
) -> tuple[WaveSeen, ...]:
    members: dict[str, list[str]] = {wave.name: [] for wave in plan.waves}
    for dag_id, takers in plan.divided(dag.dag_id for dag in inventory.dags).items():
        for name in takers:
            members[name].append(dag_id)
    found = []
    step_of = steps(plan)
    for wave in plan.waves:
        counts = [0, 0, 0]
        for dag in members[wave.name]:
            counts[LEVELS.index(risk[dag].level)] += 1
        low, medium, high = counts
        found.append(
            WaveSeen(
                wave.name,
                states.get(wave.name, wave.state),
                wave.test,
                wave.production,
                tuple(members[wave.name]),
                (low, medium, high),
                step_of[wave.name],
            )
        )
    return tuple(found)
