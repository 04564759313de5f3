"""DAGs put into a Workspace in bulk: what that changes in the plan's Workspaces, Deployments and waves; pure.

A plan sends DAGs to Deployments by waves, and a Deployment lies in a Workspace. So DAGs that go into a Workspace go
to a wave on its production Deployment; where it has none, one like theirs today is made. Where the plan has rules for
who belongs where, the DAGs become exceptions to them.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from astroferry.advice.assignment import assigned, has_rules, home
from astroferry.advice.layouts import slug
from astroferry.faces.tables import as_tables, place, wave_of
from astroferry.model.naming import free
from astroferry.model.plan import Deployment, Workspace

if TYPE_CHECKING:
    from collections.abc import Sequence

    from astroferry.model.inventory import Inventory
    from astroferry.model.plan import Plan

KEYS = ("workspaces", "deployments")
"""plan keys that this changes beside "waves" """


@dataclass(frozen=True, slots=True)
class Division:
    """Workspaces and Deployments as they would be, and the waves as tables."""

    workspaces: tuple[Workspace, ...]
    deployments: tuple[Deployment, ...]
    waves: list[dict[str, Any]]

    def beside_waves(self, plan: Plan) -> dict[str, list[dict[str, Any]]]:
        """Plan key -> tables, of `KEYS` those that differ from the plan's."""
        return {key: as_tables(getattr(self, key)) for key in KEYS if getattr(self, key) != getattr(plan, key)}


def division_of(plan: Plan, waves: Sequence[dict[str, Any]]) -> Division:
    """As the plan has it, with the waves that are being made."""
    return Division(plan.workspaces, plan.deployments, list(waves))


def production_in(division: Division, workspace: str) -> tuple[Deployment, ...]:
    """The Deployments of a Workspace where DAGs can be in production; where there are several, a person chooses."""
    return tuple(item for item in division.deployments if item.workspace == workspace and item.role != "test")


def into_workspace(
    plan: Plan,
    inventory: Inventory,
    division: Division,
    dags: Sequence[str],
    *,
    workspace: str,
    deployment: str = "",
) -> Division:
    """These DAGs in that Workspace, on its Deployment of that name, or on the first it has, or on a new one."""
    spaces = division.workspaces
    if all(item.name != workspace for item in spaces):
        spaces = (*spaces, Workspace(workspace))
    deployments = division.deployments
    there = production_in(division, workspace)
    chosen = next((item for item in there if item.name == deployment), there[0] if there else None)
    if chosen is None:
        chosen = _like_now(division, inventory, dags, workspace)
        deployments = (*deployments, chosen)
    tested = home(replace(plan, deployments=deployments), workspace, "test")
    waves = place(division.waves, dags, chosen.name, tested.name if tested is not None else "")
    return Division(_with_exceptions(plan, inventory, spaces, dags, workspace), deployments, waves)


def _like_now(division: Division, inventory: Inventory, dags: Sequence[str], workspace: str) -> Deployment:
    """A Deployment of the shape of the one where most of these DAGs would go now; Astro's smallest without any."""
    ends = {wave["name"]: wave["production"] for wave in division.waves}
    wave = wave_of(division.waves, (dag.dag_id for dag in inventory.dags))
    goes = Counter(ends.get(wave.get(dag, ""), "") for dag in dags)
    most = goes.most_common(1)[0][0] if goes else ""
    now = next((item for item in division.deployments if item.name == most), None)
    name = free(f"{slug(workspace)}-production", {item.name for item in division.deployments})
    tested = any(item.workspace == workspace and item.role == "test" for item in division.deployments)
    made = replace(now, name=name, workspace=workspace) if now is not None else Deployment(name, workspace)
    return replace(made, role="production" if tested else "both", description="")


def _with_exceptions(
    plan: Plan, inventory: Inventory, spaces: tuple[Workspace, ...], dags: Sequence[str], workspace: str
) -> tuple[Workspace, ...]:
    """The Workspaces with these DAGs named in that one, as far as their rules would not lead there."""
    if not any(has_rules(item) for item in spaces):
        return spaces
    moved = set(dags)
    without = tuple(replace(item, dags=tuple(dag for dag in item.dags if dag not in moved)) for item in spaces)
    by_rule = assigned(replace(plan, workspaces=without), inventory)
    named = tuple(dag for dag in dags if by_rule.get(dag) != workspace)
    return tuple(replace(item, dags=(*item.dags, *named)) if item.name == workspace else item for item in without)
