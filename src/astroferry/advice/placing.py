"""Which Deployments the proposed waves go to: those of the Workspace that their DAGs belong to."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from astroferry.advice.assignment import assigned, has_rules, home
from astroferry.advice.dependencies import dependencies, inside
from astroferry.advice.shorthand import shorthand
from astroferry.model.naming import as_wave, free
from astroferry.model.plan import Wave

if TYPE_CHECKING:
    from collections.abc import Sequence

    from astroferry.advice.dependencies import Dependencies
    from astroferry.advice.waves import Proposed
    from astroferry.model.inventory import Inventory
    from astroferry.model.plan import Plan


_FAMILY = re.compile(r"(wave-\d+)-(?!critical$).*")


def spread(plan: Plan, inventory: Inventory) -> dict[str, str]:
    """DAG id -> Workspace, where the plan spreads the DAGs over several; else empty."""
    where = assigned(plan, inventory) if any(has_rules(item) for item in plan.workspaces) else {}
    return where if len(set(where.values())) > 1 else {}


def kept_links(plan: Plan, inventory: Inventory) -> Dependencies:
    """The links that a move can keep: those inside a Workspace, since a Deployment is in one."""
    links, where = dependencies(inventory.dags), spread(plan, inventory)
    return inside(links, where) if where else links


def steps(plan: Plan) -> dict[str, int]:
    """Wave -> its step, from 0: those of one step go at the same time, each into its own Workspace.

    Known by the names that `placed` gives them; a wave with a name of its own is a step of its own.
    """
    homes = {item.name: item.workspace for item in plan.deployments}
    titles = {
        wave.name: wave.name.removesuffix(f" {as_wave(homes[wave.production])}")
        if wave.production in homes
        else wave.name
        for wave in plan.waves
    }
    order = {title: number for number, title in enumerate(dict.fromkeys(titles.values()))}
    return {name: order[title] for name, title in titles.items()}


def placed(plan: Plan, inventory: Inventory, waves: Sequence[Proposed]) -> tuple[Wave, ...]:
    """The waves on the plan's Deployments; one whose DAGs belong to several Workspaces is divided by Workspace."""
    where = spread(plan, inventory)
    if not where:
        test, production = _ends(plan, "")
        return tuple(Wave(wave.name, test, production, wave.written) for wave in waves)
    wave_of = {dag: (wave.name, where.get(dag, "")) for wave in waves for dag in wave.dags}
    pairs = sorted(set(wave_of.values()), key=lambda pair: ([wave.name for wave in waves].index(pair[0]), pair[1]))
    title: dict[tuple[str, str], str] = {}
    for pair in pairs:
        title[pair] = free(as_wave(f"{_step(pair[0])} {pair[1]}"), title.values())
    counted = dict.fromkeys(title.values(), 0)
    for pair in wave_of.values():
        counted[title[pair]] += 1
    # The largest takes what no other names, so that the fewest ids are written.
    rest = max(counted, key=lambda name: counted[name])
    written = shorthand({dag: title[pair] for dag, pair in wave_of.items()}, rest)
    return tuple(Wave(title[pair], *_ends(plan, pair[1]), written[title[pair]]) for pair in pairs)


def _step(wave: str) -> str:
    """Of "wave-01-finance" the "wave-01": which DAGs it holds is told by the Workspace that follows."""
    found = _FAMILY.fullmatch(wave)
    return found[1] if found else wave


def _ends(plan: Plan, workspace: str) -> tuple[str, str]:
    """Test and production Deployment for DAGs of a Workspace; the plan's first where it has none."""
    first = plan.deployments[0].name
    found = []
    for role in ("test", "production"):
        own = home(plan, workspace, role) if workspace else None
        any_of = next((item for item in plan.deployments if item.role in {role, "both"}), None)
        chosen = own or any_of
        found.append(chosen.name if chosen is not None else first)
    return found[0], found[1]
