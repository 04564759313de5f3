"""Watching a wave's first full cycle on the target: read both sides, judge, journal, again, until it is over.

Nothing here changes a server. Each look asks anew, so a watch that was killed goes on where it is run again; only
what was before the cutover comes from the journal.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from astroferry.advice.schedule import copied, is_marker
from astroferry.advice.watching import cycle_end, judge, usual
from astroferry.carry.dagfile import is_of
from astroferry.carry.handover.begun import counted, not_on_source
from astroferry.carry.handover.deployments import deployments_of, find_again
from astroferry.carry.handover.ends import Handover, gaps_in, listed_by
from astroferry.carry.handover.watch import ticks_of
from astroferry.carry.journal import Journal
from astroferry.carry.planfiles import journal_path
from astroferry.clients.webhook import looks_well
from astroferry.errors import (
    NotFoundError,
    PlanError,
    PlanInUseError,
    RemoteError,
    RequestFailedError,
    UnreachableError,
)
from astroferry.model.files import PlanLock
from astroferry.model.watching import DagVerdict, DagWatched, Usual, worst

if TYPE_CHECKING:
    from collections.abc import Sequence

    from astroferry.carry.journal import Event
    from astroferry.carry.opening import Opened
    from astroferry.clients.airflow import Airflow
    from astroferry.model.cutover import DagStanding, TickRow
    from astroferry.model.inventory import Dag, Run
    from astroferry.model.watching import WaitingTask

BEFORE = timedelta(days=30)
"""how far back the source's runs tell what is usual"""
MOST_RUNS = 2000
A_DAY = timedelta(days=1)
Told = Callable[[tuple[DagVerdict, ...]], None]


def nobody(_verdicts: tuple[DagVerdict, ...]) -> None:
    """Tell nobody."""


@dataclass
class _Look:
    """What one look reads of both sides as a whole, rather than of each DAG.

    `broken`: files that do not import on the target. `quiet`: DAG id -> since when nothing may begin on the
    source. `shown`: DAG id -> how source and target show it, None where it was deleted. `ends`: DAG id -> when its
    cycle is over, None where its schedule has no ticks to count.
    """

    now: datetime
    target: Airflow
    broken: frozenset[str]
    waiting: tuple[WaitingTask, ...]
    started: dict[str, tuple[Run, ...]]
    quiet: dict[str, datetime]
    listed: dict[str, frozenset[datetime]]
    shown: dict[str, tuple[Dag | None, Dag | None]]
    ends: dict[str, datetime | None]
    outputs_failed: tuple[str, ...]

    @property
    def longest(self) -> datetime | None:
        """When the last counted cycle is over."""
        return max((end for end in self.ends.values() if end is not None), default=None)


@dataclass
class WaveWatch:
    """The watch over one wave of an open plan."""

    way: Opened
    wave: str
    held: bool = False
    """whether the caller holds the plan's lock, as the wizard does"""
    _handovers: dict[str, Handover] = field(default_factory=dict)
    _timed: set[str] = field(default_factory=set)
    _usual: dict[str, Usual] = field(default_factory=dict)
    _recorded: dict[str, DagVerdict] = field(default_factory=dict)

    async def look(self) -> tuple[DagVerdict, ...]:
        """One look at every DAG of the wave that the source does not run any more, by the journal.

        Raises PlanError where there is none, and the clients' errors.
        """
        journal = Journal(journal_path(self.way.path))
        standings = not_on_source(journal, self.wave)
        if not standings:
            raise PlanError(
                f'No DAG of the wave "{self.wave}" runs on the target by a cutover.', hint="Run cutover first."
            )
        deployment = deployments_of(self.way.plan, journal, self.wave)[0]
        new = {dag: standing for dag, standing in standings.items() if dag not in self._handovers}
        for handover in await counted(self.way, self.wave, new):
            self._timed.add(handover.dag_id)
            self._handovers[handover.dag_id] = handover
        for dag, standing in standings.items():
            # Those without ticks to count: datasets start them, or people do.
            self._handovers.setdefault(dag, Handover(dag, self.wave, deployment, standing))
        await find_again(self.way.ctx, self.way.plan, journal, self.wave)
        target = await self.way.ctx.target(deployment)
        quiet = {dag: _quiet_since(journal, self.wave, dag, standing) for dag, standing in standings.items()}
        shown = {dag: (await _shown(self.way.ctx.source, dag), await _shown(target, dag)) for dag in standings}
        look = _Look(
            now=self.way.ctx.clock.now(),
            target=target,
            broken=frozenset(item.filename for item in await target.import_errors()),
            waiting=await target.waiting_tasks(),
            started=await self.way.ctx.source.runs_started(min(quiet.values())),
            quiet=quiet,
            listed={dag: _listed(journal, self.wave, dag) for dag in standings},
            shown=shown,
            # What a server has no more, it has no rows of.
            ends={
                dag: await self._cycle_end(dag, standing) if None not in shown[dag] else None
                for dag, standing in standings.items()
            },
            outputs_failed=await self._outputs_failed(target, min(item.at for item in standings.values())),
        )
        seen = [await self._read(standing, look) for standing in standings.values()]
        return tuple(judge(item, self.way.plan.watch) for item in seen)

    async def _read(self, standing: DagStanding, look: _Look) -> DagWatched:
        dag_id = standing.dag_id
        handover, ctx, target = self._handovers[dag_id], self.way.ctx, look.target
        here, dag = look.shown[dag_id]
        ends = look.ends[dag_id]
        timed = ends is not None
        ticks: tuple[TickRow, ...] = ()
        if timed:
            rows = await handover.ran_itself(ctx, "target", standing.at)
            ticks = await ticks_of(ctx, handover, standing.at, look.now)
        elif dag is not None:
            rows = await target.runs(dag_id, since=standing.at, limit=MOST_RUNS)
            early = any(run.start_date is not None and run.start_date <= look.quiet[dag_id] for run in rows)
            if early and here is not None:
                history = copied(rows, await ctx.source.runs(dag_id, since=standing.at, limit=MOST_RUNS))
                rows = tuple(run for run in rows if run.run_id not in history)
        else:
            rows = ()
        if dag_id not in self._usual:
            before = standing.at - BEFORE
            runs = await ctx.source.runs(dag_id, since=before, limit=MOST_RUNS) if here is not None else ()
            self._usual[dag_id] = usual(run for run in runs if (run.start_date or standing.at) <= standing.at)
        return DagWatched(
            dag_id=dag_id,
            active=not standing.source_paused,
            timed=timed,
            since=standing.at,
            cycle_ends=ends or look.longest or standing.at + A_DAY,
            now=look.now,
            ticks=ticks,
            target_runs=tuple(run for run in rows if not is_marker(run)),
            target_gone=dag is None,
            target_paused=dag is not None and dag.is_paused,
            target_import_error=dag is not None and any(is_of(name, dag.fileloc) for name in look.broken),
            target_due=dag.next_run_after if dag is not None else None,
            source_gone=here is None,
            source_paused=here is None or here.is_paused,
            source_stray=_stray(look.started.get(dag_id, ()), look.quiet[dag_id]),
            source_usual=self._usual[dag_id],
            waiting=tuple(task for task in look.waiting if task.dag_id == dag_id),
            outputs_failed=look.outputs_failed,
            listed=look.listed[dag_id],
        )

    async def _cycle_end(self, dag_id: str, standing: DagStanding) -> datetime | None:
        """When the DAG's cycle is over; None where its schedule has no ticks to count."""
        if dag_id not in self._timed:
            return None
        try:
            plan = await self._handovers[dag_id].plan(self.way.ctx)
        except (UnreachableError, RequestFailedError):
            raise
        except RemoteError:
            # Its schedule was changed on the source, so that nobody can count it any more.
            return None
        return cycle_end(plan.ticks, standing.at)

    async def _outputs_failed(self, target: Airflow, since: datetime) -> tuple[str, ...]:
        """The user's own checks that say no; a checking DAG that has not run yet says nothing."""
        failed = []
        for check in self.way.plan.watch.outputs:
            if check.url:
                try:
                    well = await looks_well(check.url, check.contains)
                except RemoteError as error:
                    well = False
                    self.way.ctx.tell(f"{check.name}: {error.message}")
            else:
                runs = await target.runs(check.dag, since=since, limit=20)
                finished = [run for run in runs if run.state in {"success", "failed"} and not is_marker(run)]
                well = not finished or finished[0].state == "success"
            if not well:
                failed.append(check.name)
        return tuple(failed)

    def record(self, verdicts: tuple[DagVerdict, ...]) -> None:
        """Journal each verdict that changed; left for the next look where another process holds the plan."""
        changed = [
            item
            for item in verdicts
            if (last := self._recorded.get(item.dag_id)) is None
            or (last.verdict, last.reasons) != (item.verdict, item.reasons)
        ]
        if not changed:
            return
        try:
            with contextlib.nullcontext() if self.held else PlanLock(self.way.path):
                journal = Journal(journal_path(self.way.path), now=self.way.ctx.clock.now)
                for item in changed:
                    event: Event = "failed" if item.verdict in {"amiss", "alarm"} else "found"
                    why = "; ".join(item.reasons)
                    journal.write(note_of(self.wave, item.dag_id), event, why=why, facts=item.to_facts())
                    self._recorded[item.dag_id] = item
        except PlanInUseError:
            return


async def watch(
    waves: Sequence[WaveWatch], *, once: bool = False, told: Told = nobody
) -> dict[str, tuple[DagVerdict, ...]]:
    """Look at waves of one plan until the cycle of every DAG is over, or an alarm is seen; `once`: one look.

    Wave -> its last verdicts. A server that cannot be reached is asked again for the plan's `late_minutes`; then its
    error is raised.
    """
    way = waves[0].way
    clock, rules = way.ctx.clock, way.plan.watch
    reached = clock.now()
    while True:
        try:
            found = {item.wave: await item.look() for item in waves}
        except RemoteError as error:
            if once or clock.now() - reached > timedelta(minutes=rules.late_minutes):
                raise
            way.ctx.tell(f"{error.message} Asking again.")
        else:
            reached = clock.now()
            for item in waves:
                item.record(found[item.wave])
            verdicts = tuple(verdict for wave in found.values() for verdict in wave)
            told(verdicts)
            if once or worst(verdicts) == "alarm" or all(_is_over(verdict, reached) for verdict in verdicts):
                return found
        await clock.sleep(rules.poll_seconds)


async def _shown(airflow: Airflow, dag_id: str) -> Dag | None:
    """The DAG as that Airflow shows it; None where it has been deleted there, as teams do after a move."""
    try:
        return await airflow.dag(dag_id)
    except NotFoundError:
        return None


def _is_over(verdict: DagVerdict, now: datetime) -> bool:
    """Whether waiting longer changes nothing: it went well, or its cycle has passed and something stayed amiss."""
    ends = verdict.cycle_ends
    return verdict.verdict == "well" or (verdict.verdict == "amiss" and ends is not None and now >= ends)


def note_of(wave: str, dag_id: str) -> str:
    """Under which id the journal keeps the verdict."""
    return f"watch/{wave}/{dag_id}/cycle"


def last_verdicts(journal: Journal, wave: str) -> dict[str, DagVerdict]:
    """DAG id -> the last verdict of its watch, out of the journal; none from before it was last given back."""
    begins, ends = f"watch/{wave}/", "/cycle"
    lines = journal.standing()
    return {
        verdict.dag_id: verdict
        for entry in journal.entries
        if entry.action.startswith(begins) and entry.action.endswith(ends) and "verdict" in entry.facts
        for verdict in (DagVerdict.from_facts(entry.facts),)
        if (back := lines.get(f"rollback/{wave}/{verdict.dag_id}/unpause-source")) is None
        or entry.number > back.ended
    }


def _listed(journal: Journal, wave: str, dag_id: str) -> frozenset[datetime]:
    """The ticks between the sides that were listed and not run, by the plan's own choice, out of the journal."""
    return listed_by(gaps_in(journal.lines(*(f"{way}/{wave}/{dag_id}" for way in ("cutover", "rollback")))))


def _quiet_since(journal: Journal, wave: str, dag_id: str, standing: DagStanding) -> datetime:
    """Since when nothing may begin on the source: its drain's end, by the journal."""
    drained = journal.standing().get(f"cutover/{wave}/{dag_id}/drain-source")
    return (drained.at if drained is not None and drained.event in {"done", "found"} else None) or standing.at


def _stray(runs: tuple[Run, ...], since: datetime) -> tuple[str, ...]:
    return tuple(
        run.run_id for run in runs if not is_marker(run) and run.start_date is not None and run.start_date > since
    )
