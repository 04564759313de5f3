"""What run rows say of a DAG's schedule: its boundary, what comes next, what fell between the two sides.

Pure thought about run rows; nothing here talks to a server.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from astroferry.advice.ticks import CronTicks, Tick
from astroferry.model.cutover import GAP_PREFIX, MARKER_NOTE, MARKER_PREFIX, Side, TickCount, TickRow

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from astroferry.advice.kinds import MarkerPlan
    from astroferry.advice.ticks import Ticks
    from astroferry.model.inventory import Run, Schedule

ACTIVE = frozenset({"queued", "running"})
SCHEDULED_TYPES = frozenset({"scheduled", "backfill"})
"""run types from which Airflow counts on to the next tick (2.11.2 and 3.3.2); manual ones do not move it"""
Stood = tuple["datetime", "datetime | None"]
"""from when a run stood still, and until when; None: it still does"""


def ticks_between(
    schedule: Schedule,
    after: datetime,
    until: datetime,
    *,
    first: datetime | None = None,
    last: datetime | None = None,
) -> list[Tick]:
    """The ticks of a cron schedule due after `after` and not later than `until`; ValueError where it is not cron."""
    return list(CronTicks.of(schedule, first=first, last=last).between(after, until))


def is_marker(run: Run) -> bool:
    """Whether this row only says that the other side ran the tick; nothing ran here.

    A marker whose note is not written yet (a crash in between) is known by its run id on Airflow 2; on Airflow 3 the
    server chooses the id, and only the note tells.
    """
    return run.run_id.startswith(MARKER_PREFIX) or run.note.startswith(MARKER_NOTE)


def copied(here: Iterable[Run], there: Iterable[Run]) -> frozenset[str]:
    """Ids of the rows `here` that are history of `there`: finished, of the same id, begun at the same microsecond.

    Nothing ran here for them. Two servers do not begin a run in the same microsecond, so no mark of ours is needed:
    rows that Starship's own page or a copied database brought are known too, and one that was cleared and run here
    is no copy any more.
    """
    began = {run.run_id: moment for run in there if (moment := run.start_date or run.end_date) is not None}
    return frozenset(
        run.run_id
        for run in here
        if run.state not in ACTIVE and began.get(run.run_id, True) == (run.start_date or run.end_date)
    )


def is_of_a_tick(run: Run) -> bool:
    """Whether this row stands for a tick: scheduled, backfilled, or one of ours; not a run started by hand."""
    return run.data_interval_end is not None and (
        run.run_type in SCHEDULED_TYPES or run.run_id.startswith((MARKER_PREFIX, GAP_PREFIX))
    )


def tick_of(run: Run) -> datetime | None:
    """The tick that this row stands for: where its data interval ends, under either kind of timetable."""
    return run.data_interval_end if is_of_a_tick(run) else None


def rows_by_tick(runs: Iterable[Run]) -> dict[datetime, Run]:
    """Tick -> its row."""
    return {tick: run for run in runs if (tick := tick_of(run)) is not None}


def unfinished(runs: Iterable[Run]) -> tuple[Run, ...]:
    """The rows that are queued or running; while there is one, the DAG is not drained."""
    return tuple(run for run in runs if run.state in ACTIVE)


def boundary(runs: Iterable[Run]) -> Tick | None:
    """The last tick that this side has run or taken over; None where it has had none. A failed run counts as run.

    The caller drains first: an unfinished row counts too, because its side will finish it.
    """
    ticks = [Tick(run.data_interval_end, run.data_interval_start or run.data_interval_end)
             for run in runs if is_of_a_tick(run) and run.data_interval_end is not None]  # fmt: skip
    return max(ticks, default=None)


def expected_next(plan: MarkerPlan, last: Tick | None, now: datetime) -> Tick | None:
    """The tick that a scheduler which has `last` behind it runs next, asked at `now`; None where there is none.

    With catchup the one after `last`; without, not earlier than the latest that is due (2.11.2 and 3.3.2).
    """
    following = plan.ticks.after(last.moment) if last is not None else plan.ticks.first_tick()
    if plan.catchup or following is None:
        return following
    latest = plan.ticks.latest(now)
    if latest is None:
        return None if has_ended(plan, now) else following
    return max(following, latest)


def has_ended(plan: MarkerPlan, now: datetime) -> bool:
    """Whether its end date has passed: then a scheduler without catchup makes no run, not even of the last ticks."""
    last = plan.ticks.last
    return not plan.catchup and last is not None and now > last and plan.ticks.latest(now) is None


def acceptable_next(
    plan: MarkerPlan, last: Tick | None, shown: datetime | None, now: datetime, *, passes: bool = False
) -> bool:
    """Whether `shown`, the moment at which a side says its next run is due, continues after `last`.

    Without catchup Airflow computes it when it parses the file, so anything between the tick after `last` and what it
    would compute now is right; nothing earlier than that is ever, because it would run a tick again. `passes`: `last`
    is a finished manual run of an Airflow 2, which shows that tick as its next one and then passes it by.
    """
    expected = expected_next(plan, last, now)
    if passes and last is not None and shown == last.moment:
        return True
    if shown is None or expected is None:
        return shown is None and expected is None
    if plan.catchup or last is None:
        return shown == expected.moment
    following = plan.ticks.after(last.moment)
    at_tick = plan.ticks.at_or_before(shown) == shown
    return at_tick and following is not None and following.moment <= shown <= expected.moment


def holes(
    plan: MarkerPlan,
    after: datetime,
    here: Iterable[Run],
    elsewhere: Iterable[Run] = (),
    *,
    decided: datetime | None = None,
) -> list[Tick]:
    """The ticks after `after` that a side has passed over: a later one has a row `here`, they have none anywhere.

    Nothing before its newest row will be made by a scheduler without catchup any more, so these are final. `decided`:
    a later moment up to which that is known too.
    """
    rows = rows_by_tick(here)
    newest = max([*rows, *([decided] if decided else [])], default=None)
    if newest is None:
        return []
    known = rows.keys() | rows_by_tick(elsewhere).keys()
    return [tick for tick in plan.ticks.between(after, newest) if tick.moment not in known]


def skipped(
    plan: MarkerPlan,
    moments: Iterable[datetime],
    runs: Iterable[Run],
    now: datetime,
    stood: Mapping[str, Sequence[Stood]] | None = None,
) -> set[datetime]:
    """Those of `moments` at which a side passed its tick over by itself: as many runs as may be were under way.

    Without catchup the scheduler then goes on with the latest tick once there is room (2.11.2 and 3.3.2), so the
    source alone would have left them out too. Runs of a backfill and those that we start are no reason, nor is a run
    while it stood still because we had paused its DAG (`stood`: run id -> from when, until when).
    """
    if plan.catchup or plan.max_active_runs is None:
        return set()
    spans = [
        span
        for run in runs
        if run.start_date is not None and run.run_type != "backfill" and not run.run_id.startswith(GAP_PREFIX)
        for span in _under_way(
            run.start_date, now if run.state in ACTIVE else run.end_date, (stood or {}).get(run.run_id, ())
        )
    ]
    limit = plan.max_active_runs

    def room_after(moment: datetime) -> datetime:
        """The first moment from then on at which fewer runs than may be were under way."""
        while len(ends := [end for begin, end in spans if end is not None and begin <= moment < end]) >= limit:
            moment = min(ends)
        return moment

    found = set()
    for moment in moments:
        room = room_after(moment)
        latest = plan.ticks.latest(room)
        if room > moment and latest is not None and latest.moment > moment:
            found.add(moment)
    return found


def _under_way(
    begin: datetime, end: datetime | None, stood: Sequence[Stood]
) -> Iterator[tuple[datetime, datetime | None]]:
    """The stretches in which a run went on; `end` None where its server does not tell."""
    if end is None:
        yield begin, end
        return
    for halted, again in stood:
        if halted >= end:
            break
        yield begin, halted
        if again is None:
            return
        begin = max(begin, again)
    yield begin, end


def stretches(ticks: Ticks, missing: Sequence[Tick]) -> list[tuple[Tick, Tick]]:
    """Neighbouring ticks joined to (first, last), so that one backfill covers each."""
    joined: list[tuple[Tick, Tick]] = []
    for tick in missing:
        following = ticks.after(joined[-1][1].moment) if joined else None
        if following == tick:
            joined[-1] = (joined[-1][0], tick)
        else:
            joined.append((tick, tick))
    return joined


def tick_table(
    plan: MarkerPlan, after: datetime, until: datetime, source: Iterable[Run], target: Iterable[Run]
) -> tuple[TickRow, ...]:
    """Expected against actual ticks in (`after`, `until`]: a row per tick and side, one where neither has it.

    A row of history on the target is like a marker: it says that the source ran the tick.
    """
    source, target = tuple(source), tuple(target)
    history = copied(target, source)
    sides: tuple[tuple[Side, dict[datetime, Run]], ...] = (
        ("source", rows_by_tick(source)),
        ("target", rows_by_tick(target)),
    )
    expected = {tick.moment for tick in plan.ticks.between(after, until)}
    actual = {moment for _, runs in sides for moment in runs if after < moment <= until}
    table: list[TickRow] = []
    for moment in sorted(expected | actual):
        found = [
            _row(plan.dag_id, moment, side, runs[moment], copy=side == "target" and runs[moment].run_id in history)
            for side, runs in sides
            if moment in runs
        ]
        table += found or [TickRow(plan.dag_id, moment, None, "due")]
    return tuple(table)


def _row(dag_id: str, moment: datetime, side: Side, run: Run, *, copy: bool) -> TickRow:
    return TickRow(
        dag_id, moment, side, run.state, copy or is_marker(run), run.run_id, run.run_type, run.logical_date
    )


def count_ticks(
    table: Iterable[TickRow], *, listed: Collection[datetime] = (), late: datetime | None = None
) -> TickCount:
    """Which ticks of a table ran once, twice, or not at all; markers are not runs.

    `listed`: ticks that are not to be run. `late`: whatever was due by then should have run; without it, only what
    was passed over by a later run is missed.
    """
    ran: dict[datetime, int] = {}
    for row in table:
        ran[row.tick] = ran.get(row.tick, 0) + (row.side is not None and not row.marker)
    newest = max((tick for tick, times in ran.items() if times), default=None)
    none = [tick for tick, times in ran.items() if not times and tick not in listed]
    missed = {tick for tick in none if (newest and tick < newest) or (late and tick <= late)}
    return TickCount(
        once=tuple(tick for tick, times in ran.items() if times == 1),
        twice=tuple(tick for tick, times in ran.items() if times > 1),
        missed=tuple(tick for tick in none if tick in missed),
        listed=tuple(tick for tick, times in ran.items() if not times and tick in listed),
        waiting=tuple(tick for tick in none if tick not in missed),
    )
