"""A wave's cutover and rollback as lists of actions, each DAG a chain of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from astroferry.advice.schedule import Refusal, handover_kind
from astroferry.carry.handover.back import HandBack
from astroferry.carry.handover.boundary import MarkBoundary
from astroferry.carry.handover.drain import DrainAndPause
from astroferry.carry.handover.ends import Handover
from astroferry.carry.handover.gap import RunGap
from astroferry.carry.handover.record import Record
from astroferry.carry.handover.unpause import Unpause
from astroferry.carry.handover.watch import WatchTicks
from astroferry.model.cutover import DagStanding
from astroferry.model.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Mapping

    from astroferry.advice.schedule import MarkerPlan
    from astroferry.carry.action import Action, Facts
    from astroferry.carry.journal import Journal
    from astroferry.model.inventory import Dag, Inventory
    from astroferry.model.plan import Plan


def standings_from(facts_by_action: Mapping[str, Facts], wave: str) -> dict[str, DagStanding]:
    """DAG id -> how it stood before the cutover of this wave, out of the journal's facts per action id."""
    begins, ends = f"cutover/{wave}/", "/record"
    return {
        standing.dag_id: standing
        for action_id, facts in facts_by_action.items()
        if action_id.startswith(begins) and action_id.endswith(ends) and "dag_id" in facts
        for standing in (DagStanding.from_facts(facts),)
    }


def standings_of(journal: Journal, wave: str, *, given_back: bool = True) -> dict[str, DagStanding]:
    """The same out of a journal. Without `given_back`, DAGs that a rollback has put back since are left out.

    A cutover that follows a rollback begins anew: how a DAG stood before the first one says nothing any more.
    """
    lines = journal.standing()
    found = standings_from({action: line.made for action, line in lines.items()}, wave)
    if given_back:
        return found
    kept: dict[str, DagStanding] = {}
    for dag_id, standing in found.items():
        back = lines.get(f"rollback/{wave}/{dag_id}/unpause-source")
        record = lines[f"cutover/{wave}/{dag_id}/record"]
        ended = (
            back is not None
            and back.event in {"done", "found"}
            and (back.at or standing.at) > (record.at or standing.at)
        )
        if not ended:
            kept[dag_id] = standing
    return kept


def refusals(plan: Plan, inventory: Inventory, wave: str) -> tuple[Finding, ...]:
    """A finding for each DAG of the wave that is not handed over, with the reason; none of them gets an action."""
    return tuple(
        Finding(
            code="CUT-refused",
            severity="warn",
            message=f'The DAG "{kind.dag_id}" is not handed over: {kind.reason}.',
            subject=kind.dag_id,
            todo="It stays as it is on the source, and paused on the target; move it by hand when it is idle.",
        )
        for dag in _dags(plan, inventory, wave)
        if isinstance(kind := _kind(plan, inventory, dag), Refusal)
    )


def actions_for_cutover(
    plan: Plan, inventory: Inventory, wave: str, standings: Mapping[str, DagStanding] | None = None
) -> list[Action]:
    """Record, drain, mark, unpause, run the gap, watch: for every DAG of the wave that can be handed over.

    `standings` come from an earlier, interrupted cutover's journal (`standings_from`): how a DAG stood then is not
    how it stands now. KeyError where the plan has no such wave.
    """
    actions: list[Action] = []
    watches: list[Action] = []
    for handover in _handovers(plan, inventory, wave, standings or {}):
        actions += [
            Record(handover),
            DrainAndPause(handover),
            MarkBoundary(handover),
            Unpause(handover),
            RunGap(handover),
        ]
        watches.append(WatchTicks(handover, plan.cutover.watch_ticks))
    # Watching takes whole periods; no DAG waits for another one's.
    return actions + watches


def actions_for_rollback(
    plan: Plan,
    inventory: Inventory,
    wave: str,
    standings: Mapping[str, DagStanding] | None = None,
    *,
    dag_id: str | None = None,
    watch_ticks: int = 1,
) -> list[Action]:
    """Drain the target, mark on the source, unpause it, run the gap there, watch: for a wave, or one DAG of it.

    KeyError where the plan has no such wave. An empty list where `dag_id` is not handed over by that wave.
    """
    actions: list[Action] = []
    watches: list[Action] = []
    for handover in _handovers(plan, inventory, wave, standings or {}):
        if dag_id not in {None, handover.dag_id}:
            continue
        actions += [
            DrainAndPause(handover, "target", way="rollback", after=""),
            HandBack(handover),
            Unpause(handover, "source", way="rollback", after="mark-source"),
            RunGap(handover, "source", way="rollback", after="unpause-source"),
        ]
        watches.append(WatchTicks(handover, watch_ticks, "source", way="rollback", after="gap-source"))
    return actions + watches


def handovers(
    plan: Plan, inventory: Inventory, wave: str, standings: Mapping[str, DagStanding] | None = None
) -> list[Handover]:
    """The DAGs of the wave that can be handed over, for tables of ticks (`watch.ticks_of`)."""
    return _handovers(plan, inventory, wave, standings or {})


def _handovers(plan: Plan, inventory: Inventory, wave: str, standings: Mapping[str, DagStanding]) -> list[Handover]:
    deployment = plan.wave(wave).production
    return [
        Handover(dag.dag_id, wave, deployment, standings.get(dag.dag_id))
        for dag in _dags(plan, inventory, wave)
        if not isinstance(_kind(plan, inventory, dag), Refusal)
    ]


def _dags(plan: Plan, inventory: Inventory, wave: str) -> list[Dag]:
    ids = set(plan.dags_of(plan.wave(wave), tuple(dag.dag_id for dag in inventory.dags)))
    return [dag for dag in inventory.dags if dag.dag_id in ids]


def _kind(plan: Plan, inventory: Inventory, dag: Dag) -> MarkerPlan | Refusal:
    if inventory.airflow_major >= 3:
        return Refusal(dag.dag_id, "its source is Airflow 3, from which handing over is not proven yet")
    return handover_kind(dag, int(plan.decisions.airflow), cron_data_intervals=plan.decisions.cron_data_intervals)
