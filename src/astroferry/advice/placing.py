"""Which Deployments the proposed waves go to: those of the Workspace that their DAGs belong to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from astroferry.advice.assignment import assigned, has_rules, home
from astroferry.advice.shorthand import shorthand
from astroferry.model.plan import Wave

if TYPE_CHECKING:
    from collections.abc import Sequence

    from astroferry.advice.waves import Proposed
    from astroferry.model.inventory import Inventory
    from astroferry.model.plan import Plan


def placed(plan: Plan, inventory: Inventory, waves: Sequence[Proposed]) -> tuple[Wave, ...]:
    """The waves on the plan's Deployments; one whose DAGs belong to several Workspaces is divided by Workspace."""
    where = assigned(plan, inventory) if any(has_rules(item) for item in plan.workspaces) else {}
    if len(set(where.values())) < 2:
        test, production = _ends(plan, "")
        return tuple(Wave(wave.name, test, production, wave.written) for wave in waves)
    wave_of = {dag: (wave.name, where.get(dag, "")) for wave in waves for dag in wave.dags}
    pairs = sorted(set(wave_of.values()), key=lambda pair: ([wave.name for wave in waves].index(pair[0]), pair[1]))
    title = {pair: f"{pair[0]} {pair[1]}".strip() for pair in pairs}
    counted = dict.fromkeys(title.values(), 0)
    for pair in wave_of.values():
        counted[title[pair]] += 1
    # The largest takes what no other names, so that the fewest ids are written.
    rest = max(counted, key=lambda name: counted[name])
    written = shorthand({dag: title[pair] for dag, pair in wave_of.items()}, rest)
    return tuple(Wave(title[pair], *_ends(plan, pair[1]), written[title[pair]]) for pair in pairs)


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
