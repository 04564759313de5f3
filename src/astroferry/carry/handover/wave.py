"""A wave's cutover and rollback as lists of actions, each DAG a chain of its own."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from astroferry.advice.handing import handed_over, marked_by_starship
from astroferry.advice.kinds import MarkerPlan, Refusal, SwitchPlan, handover_kind
from astroferry.carry.handover.back import HandBack
from astroferry.carry.handover.boundary import MarkBoundary
from astroferry.carry.handover.drain import DrainAndPause
from astroferry.carry.handover.ends import Handover
from astroferry.carry.handover.gap import RunGap
from astroferry.carry.handover.hidden import hidden
from astroferry.carry.handover.no_way_back import AGAIN, NotGivenBack
from astroferry.carry.handover.order import put_in_order, torn
from astroferry.carry.handover.record import Record
from astroferry.carry.handover.safe_side import stranded, unfinished_lets
from astroferry.carry.handover.switch import WatchSwitch, to_accept
from astroferry.carry.handover.unpause import Unpause
from astroferry.carry.handover.watch import WatchTicks
from astroferry.carry.lingering import unless_late
from astroferry.carry.runner import Report, carry_out, never, nothing
from astroferry.errors import AstroferryError
from astroferry.model.cutover import DagStanding
from astroferry.model.finding import Finding
from astroferry.model.words import names

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from astroferry.carry.action import Action, Facts
    from astroferry.carry.context import Context
    from astroferry.carry.handover.safe_side import LetGoOn
    from astroferry.carry.journal import Journal
    from astroferry.carry.runner import Step
    from astroferry.model.inventory import Dag, Inventory
    from astroferry.model.plan import Plan


BACK = (("rollback", "unpause-source"), ("cutover", "let-source-run"))
"""(way, step) after which the source runs a DAG again"""


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
    """The same out of a journal. Without `given_back`, DAGs that run on the source again are left out.

    A rollback has put them back, or their cutover ended half-way and the source went on. A cutover that follows
    begins anew: how a DAG stood before the first one says nothing any more.
    """
    lines = journal.standing()
    found = standings_from({action: line.made for action, line in lines.items()}, wave)
    if given_back:
        return found
    kept: dict[str, DagStanding] = {}
    for dag_id, standing in found.items():
        # What an earlier look found is not made new by one that failed.
        recorded = lines[f"cutover/{wave}/{dag_id}/record"].ended
        back = [lines.get(f"{step[0]}/{wave}/{dag_id}/{step[1]}") for step in BACK]
        # Also where it was killed before that was read back: the server had taken it.
        if not any(line and (line.holds or line.event == "applied") and line.ended > recorded for line in back):
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
            todo="It stays as it is on the source, and paused on the target; how to move it by hand: astroferry "
            "explain CUT-refused.",
        )
        for dag in _dags(plan, inventory, wave)
        if isinstance(kind := handed_over(plan, inventory, dag), Refusal)
    )


def to_know(plan: Plan, inventory: Inventory, wave: str) -> tuple[Finding, ...]:
    """What the user accepts by handing this wave over, DAG by DAG; said before anything is paused."""
    found: list[Finding] = []
    moving: list[str] = []
    counted: list[str] = []
    for dag in _dags(plan, inventory, wave):
        kind = handed_over(plan, inventory, dag)
        if isinstance(kind, Refusal):
            continue
        moving.append(dag.dag_id)
        if isinstance(kind, SwitchPlan):
            found.append(to_accept(dag, kind))
            continue
        counted.append(dag.dag_id)
        if kind.dates_move:
            found.append(_moved_dates(kind))
    if needing := marked_by_starship(plan, inventory, _dags(plan, inventory, wave)):
        found.append(
            Finding(
                code="CUT-starship",
                severity="warn",
                message=f"An Airflow 2 target takes the boundary of {names(needing)} only through Starship.",
                subject=plan.wave(wave).production,
                todo="It has to leave its requirements again after the handover.",
            )
        )
    return (*found, *torn(inventory, moving), *hidden(inventory, wave, counted))


def _moved_dates(kind: MarkerPlan) -> Finding:
    return Finding(
        code="CUT-dates",
        severity="warn",
        message=f'The tasks of "{kind.dag_id}" are given another `ds`, logical date and data interval for the same '
        "tick on the target: the tick itself, where the source gave the interval before it.",
        subject=kind.dag_id,
        todo="Set decisions.cron_data_intervals = true in the plan to keep them.",
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
    for handover, kind in _ordered(plan, inventory, wave, standings or {}):
        actions += [Record(handover, kind), DrainAndPause(handover)]
        if isinstance(kind, SwitchPlan):
            actions.append(Unpause(handover, after="drain-source"))
            watches.append(WatchSwitch(handover))
        else:
            actions += [MarkBoundary(handover), Unpause(handover), RunGap(handover)]
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

    With `standings`, of the DAGs that are in them and no others, wherever the plan has put them since: the others
    were never begun. One that has no way back gets an action that fails and says why. KeyError where the plan has no
    such wave. An empty list where `dag_id` was not handed over by that wave.
    """
    actions: list[Action] = []
    watches: list[Action] = []
    if standings is None:
        begun = _ordered(plan, inventory, wave, {}, among=None if dag_id is None else {dag_id})
    else:
        begun, lost = _begun(plan, inventory, wave, standings, dag_id)
        actions += lost
    for handover, kind in begun:
        actions.append(DrainAndPause(handover, "target", way="rollback", after=""))
        if isinstance(kind, SwitchPlan):
            actions.append(Unpause(handover, "source", way="rollback", after="drain-target"))
            watches.append(WatchSwitch(handover, "source", way="rollback", after="unpause-source"))
            continue
        actions += [
            HandBack(handover),
            Unpause(handover, "source", way="rollback", after="mark-source"),
            RunGap(handover, "source", way="rollback", after="unpause-source"),
        ]
        watches.append(WatchTicks(handover, watch_ticks, "source", way="rollback", after="gap-source"))
    return actions + watches


async def hand_over(
    actions: Sequence[Action],
    ctx: Context,
    journal: Journal,
    *,
    done: frozenset[str] = frozenset(),
    follow: Callable[[Step, int, int], None] = nothing,
    stop: Callable[[], bool] = never,
    alone: bool = False,
) -> Report:
    """Carry a cutover's or a rollback's actions out, as `carry_out`: side by side, and patient with a server away.

    However it ends (a failure, a stop, a signal), a DAG that it leaves between the sides goes on where it ran. One
    that an earlier run left so, and that cannot go on now either, is held; the others move.
    """
    cutover = ctx.plan.cutover
    owed = await _let_go_on(unfinished_lets(actions, journal.standing()), ctx, journal, follow)
    closed = {step.info.id.split("/")[-2]: step.why for step in owed.failed}
    held = {
        action.info.id: f"what was begun before comes first, and could not be done: {closed[handover.dag_id]}"
        for action in actions
        if (handover := getattr(action, "handover", None)) is not None and handover.dag_id in closed
    }

    async def let_go_on(*, hurried: bool = False) -> Report:
        lets = stranded(actions, journal.standing(), hurried=hurried)
        return await _let_go_on([let for let in lets if let.handover.dag_id not in closed], ctx, journal, follow)

    try:
        report = await carry_out(
            actions,
            ctx,
            journal,
            done=done,
            held=held,
            follow=follow,
            stop=stop,
            at_once=cutover.at_once,
            patience=cutover.parse_timeout,
            alone=alone,
        )
    except asyncio.CancelledError:
        with contextlib.suppress(AstroferryError, asyncio.CancelledError):
            await unless_late(let_go_on(hurried=True), hurry=True)
        raise
    except AstroferryError:
        with contextlib.suppress(AstroferryError):
            await unless_late(let_go_on())
        raise
    if report.failed or report.stopped:
        report.steps += (await unless_late(let_go_on())).steps
    report.steps[:0] = owed.steps
    return report


async def _let_go_on(
    lets: Sequence[LetGoOn], ctx: Context, journal: Journal, follow: Callable[[Step, int, int], None]
) -> Report:
    """Carry these out. A DAG that the source goes on with is looked at anew by whatever cuts it over next."""
    if not lets:
        return Report()
    report = await carry_out(lets, ctx, journal, follow=follow, at_once=ctx.plan.cutover.at_once, alone=True)
    ended = {step.info.id for step in report.steps if step.outcome in {"done", "found"}}
    for let in lets:
        if let.side == "source" and let.info.id in ended:
            let.handover.standing = None
            let.handover.drained.clear()
    return report


def _begun(
    plan: Plan, inventory: Inventory, wave: str, standings: Mapping[str, DagStanding], dag_id: str | None
) -> tuple[list[tuple[Handover, MarkerPlan | SwitchPlan]], list[Action]]:
    """The DAGs that were begun, by their schedules in `inventory`; and an action for each that has no way back.

    What the plan would refuse to hand over today (a freeze edited out of it) went all the same, and comes back.
    """
    deployment, known = plan.wave(wave).production, {dag.dag_id: dag for dag in inventory.dags}
    found: list[tuple[Handover, MarkerPlan | SwitchPlan]] = []
    lost: list[Action] = []
    for begun, standing in standings.items():
        if dag_id not in {None, begun}:
            continue
        handover = Handover(begun, wave, standing.deployment or deployment, standing)
        if begun not in known:
            lost.append(NotGivenBack(handover, "the source does not show it any more", AGAIN))
            continue
        kind = handover_kind(
            known[begun],
            int(plan.decisions.airflow),
            source_major=inventory.airflow_major,
            cron_data_intervals=plan.decisions.cron_data_intervals,
        )
        if isinstance(kind, Refusal):
            lost.append(NotGivenBack(handover, kind.reason))
        else:
            found.append((handover, kind))
    put_in_order([handover for handover, _ in found], [known[handover.dag_id] for handover, _ in found])
    return found, lost


def handovers(
    plan: Plan, inventory: Inventory, wave: str, standings: Mapping[str, DagStanding] | None = None
) -> list[Handover]:
    """The DAGs of the wave whose ticks can be counted, for tables of them (`watch.ticks_of`).

    With `standings`, of the DAGs that were begun, wherever the plan has put them since.
    """
    if standings is None:
        found = _ordered(plan, inventory, wave, {})
    else:
        found, _ = _begun(plan, inventory, wave, standings, None)
    return [handover for handover, kind in found if isinstance(kind, MarkerPlan)]


def _ordered(
    plan: Plan,
    inventory: Inventory,
    wave: str,
    standings: Mapping[str, DagStanding],
    *,
    among: Collection[str] | None = None,
) -> list[tuple[Handover, MarkerPlan | SwitchPlan]]:
    """The DAGs of the wave that can be handed over (only those `among`, if given), each told whom it waits for."""
    deployment = plan.wave(wave).production
    found = [
        (Handover(dag.dag_id, wave, (begun and begun.deployment) or deployment, begun), kind)
        for dag in _dags(plan, inventory, wave)
        for begun in (standings.get(dag.dag_id),)
        if (among is None or dag.dag_id in among)
        and not isinstance(kind := handed_over(plan, inventory, dag), Refusal)
    ]
    put_in_order([handover for handover, _ in found], _dags(plan, inventory, wave))
    return found


def _dags(plan: Plan, inventory: Inventory, wave: str) -> list[Dag]:
    ids = set(plan.dags_of(plan.wave(wave), tuple(dag.dag_id for dag in inventory.dags)))
    return [dag for dag in inventory.dags if dag.dag_id in ids]
