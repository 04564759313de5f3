"""What a first full cycle on the target comes to: pure thought about what was read of both sides."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING, Protocol

from astroferry.advice.schedule import ACTIVE, count_ticks, is_marker
from astroferry.model.watching import DagVerdict, Usual
from astroferry.model.words import names, several

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from astroferry.advice.ticks import Tick
    from astroferry.model.cutoverday import Watch
    from astroferry.model.inventory import Run
    from astroferry.model.watching import DagWatched, Verdict

LONGEST_CYCLE = timedelta(days=35)
"""nothing is watched longer than that: a yearly DAG is judged by its next runs when they come"""
MOST_TICKS = 1500
ENOUGH_RUNS = 3
"""fewer finished runs say nothing about a rate"""
SHORT = 60.0
"""seconds; a run that takes less is not called slow"""


class Following(Protocol):
    """Ticks, one after the other."""

    def after(self, moment: datetime) -> Tick | None:
        """The first tick after a moment; None where there is none."""
        ...


def cycle_end(ticks: Following, since: datetime) -> datetime:
    """When the first full cycle after `since` is over: the first tick that comes one longest pause later.

    The longest pause between neighbouring ticks in the 35 days after `since`: a day for a daily DAG, a weekend for
    one of working days. At most 35 days; `since` itself where no tick comes any more.
    """
    last = since + LONGEST_CYCLE
    moments = [since]
    while len(moments) <= MOST_TICKS:
        tick = ticks.after(moments[-1])
        if tick is None or tick.moment > last:
            break
        moments.append(tick.moment)
    if len(moments) == 1:
        return since if ticks.after(since) is None else last
    pause = max((later - earlier for earlier, later in pairwise(moments[1:])), default=None)
    if pause is None:
        return min(moments[1], last)
    ending = ticks.after(since + pause - timedelta(microseconds=1))
    return min(ending.moment if ending is not None else since + pause, last)


def usual(runs: Iterable[Run]) -> Usual:
    """How finished runs went; markers are none."""
    finished = [run for run in runs if run.state in {"success", "failed"} and not is_marker(run)]
    if not finished:
        return Usual()
    took = [
        (run.end_date - run.start_date).total_seconds()
        for run in finished
        if run.start_date is not None and run.end_date is not None
    ]
    return Usual(
        runs=len(finished),
        success=sum(run.state == "success" for run in finished) / len(finished),
        median_seconds=round(median(took), 1) if took else None,
        longest_seconds=round(max(took), 1) if took else None,
    )


def judge(seen: DagWatched, rules: Watch) -> DagVerdict:
    """The verdict over one DAG, with its reasons; alarms first."""
    counted = count_ticks(seen.ticks, listed=seen.listed, late=seen.now - timedelta(minutes=rules.late_minutes))
    ran = [row.tick for row in seen.ticks if row.side is not None and not row.marker]
    # A DAG that was paused before stays so: nobody expects its ticks.
    missed = list(counted.missed) if seen.active else []
    here = usual(seen.target_runs)
    alarms = list(_alarms(seen, counted.twice))
    amiss = [
        *_ticks_amiss(missed, max(ran, default=None)),
        *_runs_amiss(seen, here, rules),
        *_others_amiss(seen, rules),
    ]
    verdict: Verdict = "alarm" if alarms else "amiss" if amiss else _unless_over(seen)
    return DagVerdict(
        dag_id=seen.dag_id,
        verdict=verdict,
        reasons=tuple(alarms + amiss + list(_to_know(seen))),
        expected=len(counted.once) + len(counted.twice) + len(missed),
        once=len(counted.once),
        twice=len(counted.twice),
        missed=len(missed),
        target=here,
        source=seen.source_usual,
        cycle_ends=seen.cycle_ends,
    )


def _unless_over(seen: DagWatched) -> Verdict:
    """A cycle is over when its time has passed and the run that ended it has finished."""
    if not seen.active:
        return "well"
    unfinished = any(run.state in ACTIVE for run in seen.target_runs)
    finished = any(run.state not in ACTIVE and not is_marker(run) for run in seen.target_runs)
    over = seen.now >= seen.cycle_ends and not unfinished and (finished or not seen.timed)
    return "well" if over else "watching"


def _to_know(seen: DagWatched) -> Iterator[str]:
    if seen.source_gone:
        yield "the source does not have it any more, so its ticks are not counted, only its runs on the target"


def _alarms(seen: DagWatched, twice: tuple[datetime, ...]) -> Iterator[str]:
    if not seen.source_paused:
        yield "it is unpaused on the source: pause it there at once"
    if seen.source_stray:
        runs = several(len(seen.source_stray), "run")
        yield f"{runs} began on the source since it was handed over: {names(seen.source_stray, 3)}"
    if twice:
        yield f"both sides ran the tick of {_moments(twice)}"


def _ticks_amiss(missed: list[datetime], newest: datetime | None) -> Iterator[str]:
    late = [tick for tick in missed if newest is None or tick > newest]
    gone = [tick for tick in missed if tick not in late]
    if gone:
        yield f"neither side ran the tick of {_moments(gone)}"
    if late:
        yield f"late: nothing has run yet for {_moments(late)}"


def _runs_amiss(seen: DagWatched, here: Usual, rules: Watch) -> Iterator[str]:
    before = seen.source_usual
    if here.success is not None and here.success < 1.0:
        if before.success is None:
            yield f"{_percent(here.success)} of its runs succeeded, and nothing is known of the source's"
        elif here.success * 100 < before.success * 100 - rules.success_drop and (
            here.runs >= ENOUGH_RUNS or before.success == 1.0
        ):
            yield f"{_percent(here.success)} of its runs succeeded, {_percent(before.success)} on the source"
    if before.longest_seconds is None:
        return
    limit = max(SHORT, rules.slower * (before.median_seconds or 0.0))
    if here.median_seconds is not None and here.median_seconds > max(limit, before.longest_seconds):
        yield f"its runs take {here.median_seconds:g} s, {before.median_seconds:g} s on the source"
    for run in seen.target_runs:
        if run.state == "running" and run.start_date is not None:
            took = (seen.now - run.start_date).total_seconds()
            if took > max(limit, rules.slower * before.longest_seconds):
                longest = f"the longest on the source was {before.longest_seconds:g} s"
                yield f"{run.run_id} has been running for {took:.0f} s; {longest}"


def _others_amiss(seen: DagWatched, rules: Watch) -> Iterator[str]:
    if seen.target_import_error:
        yield "its file does not import on the target"
    if seen.target_gone:
        yield "the target does not have it any more"
    if seen.source_gone and seen.active and seen.target_due is not None and not seen.target_paused:
        overdue = seen.now - seen.target_due > timedelta(minutes=rules.late_minutes)
        if overdue and not any(run.state in ACTIVE for run in seen.target_runs):
            yield f"late: nothing has run yet for {_moments([seen.target_due])}"
    if seen.target_paused and seen.active:
        yield "it is paused on the target"
    limit = timedelta(minutes=rules.queued_minutes)
    stuck = [task for task in seen.waiting if task.since is not None and seen.now - task.since > limit]
    if stuck:
        where = sorted({f"pool {task.pool}, queue {task.queue}" for task in stuck})
        yield (
            f"{several(len(stuck), 'task')} waiting in the queue for more than {rules.queued_minutes} min "
            f"({names(where, 2)}): {names([task.task_id for task in stuck], 3)}"
        )
    for run in seen.target_runs:
        begun = run.run_after or run.data_interval_end
        if run.state == "queued" and begun is not None and seen.now - begun > limit and not is_marker(run):
            yield f"{run.run_id} has been queued for more than {rules.queued_minutes} min"
    for name in seen.outputs_failed:
        yield f"your check failed: {name}"


def _moments(moments: Iterable[datetime]) -> str:
    return names([f"{moment:%Y-%m-%d %H:%M:%S}" for moment in moments], 3)


def _percent(share: float) -> str:
    return f"{share * 100:.0f} %"
