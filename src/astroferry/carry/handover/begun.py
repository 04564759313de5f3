"""What was begun: all DAGs that the journal says a wave has handed over, as the source shows them now.

The plan and the inventory say how DAGs would go today. One that was moved to another wave since, refreshed out of
the inventory, or would be refused now, went all the same: it is counted, and given back or named.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from astroferry.advice.handing import not_handed_over
from astroferry.carry.handover.wave import actions_for_rollback, handovers, standings_of
from astroferry.carry.handover.whereabouts import place_of
from astroferry.errors import NotAllowedError, NotFoundError, PlanError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from astroferry.carry.action import Action
    from astroferry.carry.handover.ends import Handover
    from astroferry.carry.journal import Journal
    from astroferry.carry.opening import Opened
    from astroferry.model.cutover import DagStanding
    from astroferry.model.inventory import Dag, Inventory
    from astroferry.model.plan import Plan

WATCHED = frozenset({"cut over", "kept"})
"""states of a wave whose DAGs run on the target"""


def waves_begun(journal: Journal) -> tuple[str, ...]:
    """The waves of which the journal has a cutover's steps, in the order in which they were begun."""
    begun = (entry.action.split("/") for entry in journal.entries if entry.action.startswith("cutover/"))
    return tuple(dict.fromkeys(parts[1] for parts in begun if len(parts) > 3))


def must_have_its_journal(plan: Plan, inventory: Inventory, journal: Journal) -> None:
    """PlanError where the plan says that a wave was cut over and the journal beside it knows nothing of that.

    Not of a wave that no cutover takes, which people move by hand; "kept" is a person's word as well.
    """
    begun = waves_begun(journal)
    ids = tuple(dag.dag_id for dag in inventory.dags)
    for wave in plan.waves:
        if wave.state != "cut over" or wave.name in begun:
            continue
        mine = set(plan.dags_of(wave, ids))
        if any(not not_handed_over(plan, inventory, dag) for dag in inventory.dags if dag.dag_id in mine):
            what = "has nothing of its cutover" if journal.entries else "is not there, or empty"
            raise PlanError(
                f'The plan says that the wave "{wave.name}" is cut over, and the journal {journal.path} {what}.',
                hint="Put that journal back beside the plan, from where the cutover was run: without it nobody knows "
                "what runs where, and nothing can be given back.",
            )


def runs_there(journal: Journal, wave: str) -> tuple[str, ...]:
    """The DAGs of the wave that were active, have been begun, and were not given back: the target may run them."""
    standings = standings_of(journal, wave, given_back=False).values()
    return tuple(standing.dag_id for standing in standings if not standing.source_paused)


def watched(plan: Plan, journal: Journal) -> tuple[str, ...]:
    """The waves that there is something to watch of: those that were cut over, wholly or half-way."""
    return tuple(
        wave.name
        for wave in plan.waves
        if wave.state in WATCHED or (wave.state != "released" and _moved(journal, wave.name))
    )


def not_on_source(journal: Journal, wave: str) -> dict[str, DagStanding]:
    """How those DAGs of a wave stood before that the source does not run any more; it goes on with the others."""
    lines = journal.standing()
    return {
        dag_id: standing
        for dag_id, standing in standings_of(journal, wave, given_back=False).items()
        if place_of(lines, wave, dag_id) != "source"
    }


def _moved(journal: Journal, wave: str) -> bool:
    """Whether a DAG of the wave that was active runs on the target, or on neither side."""
    return any(not standing.source_paused for standing in not_on_source(journal, wave).values())


async def to_give_back(
    way: Opened, wave: str, *, dag_id: str | None = None, standings: dict[str, DagStanding] | None = None
) -> list[Action]:
    """The actions that give a wave back, or one DAG of it; none where nothing of it was begun.

    `standings`: those of the journal where they are not given. KeyError where the plan has no such wave.
    """
    begun = not_elsewhere(way.journal, wave) if standings is None else standings
    if dag_id is not None:
        begun = {name: standing for name, standing in begun.items() if name == dag_id}
    return actions_for_rollback(way.plan, await _as_shown(way, begun), wave, begun)


async def counted(way: Opened, wave: str, standings: dict[str, DagStanding]) -> list[Handover]:
    """Those of the DAGs that have ticks which can be counted."""
    return handovers(way.plan, await _as_shown(way, standings), wave, standings)


def not_elsewhere(journal: Journal, wave: str) -> dict[str, DagStanding]:
    """How a wave's DAGs stood, but for those that were given back and that another wave has handed over since."""
    others = {
        dag_id
        for other in waves_begun(journal)
        if other != wave
        for dag_id in standings_of(journal, other, given_back=False)
    }
    mine = standings_of(journal, wave, given_back=False)
    return {
        dag_id: standing
        for dag_id, standing in standings_of(journal, wave).items()
        if dag_id in mine or dag_id not in others
    }


async def _as_shown(way: Opened, dag_ids: Iterable[str]) -> Inventory:
    """The inventory with these DAGs as the source shows them now; without those that it does not have any more."""
    known: dict[str, Dag] = {dag.dag_id: dag for dag in way.inventory.dags}
    for dag_id in dag_ids:
        before = known.pop(dag_id, None)
        try:
            seen = await way.ctx.source.dag(dag_id)
        except NotFoundError:
            continue
        except NotAllowedError:
            # This DAG alone may be closed to us; its own first step then says so, and the others go on.
            if before is not None:
                known[dag_id] = before
            continue
        if before is not None:
            seen = replace(
                seen,
                consumes=before.consumes,
                produces=before.produces,
                triggers=before.triggers,
                waits_for=before.waits_for,
            )
        known[dag_id] = seen
    return replace(way.inventory, dags=tuple(known.values()))
