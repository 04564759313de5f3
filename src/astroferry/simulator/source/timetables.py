"""When runs are due, as Airflow's data-interval timetables say it: the run of [a, b) is made at b, its date is a.

Behaviour after Airflow 2.11.2 (CronDataIntervalTimetable, DeltaDataIntervalTimetable), checked against the real
server by the contract tests. All moments are aware and in UTC; the zone matters only in reading a cron text.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Protocol
from zoneinfo import ZoneInfo

from croniter import croniter

if TYPE_CHECKING:
    from astroferry.simulator.source.specs import DagSpec, Schedule

PRESETS = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@quarterly": "0 0 1 */3 *",
    "@yearly": "0 0 1 1 *",
}


@dataclass(frozen=True, slots=True, order=True)
class Interval:
    """A data interval [start, end)."""

    start: datetime
    end: datetime


class Timetable(Protocol):
    """One way to tell when a DAG is due."""

    def next(self, last: Interval | None, spec: DagSpec, now: datetime) -> Interval | None:
        """The interval after `last`, the last that the scheduler made a run of; None where there is no next."""
        ...

    def manual(self, moment: datetime) -> Interval:
        """The interval of a run started by hand at `moment`."""
        ...

    def latest(self, now: datetime) -> Interval | None:
        """The last interval that is over by `now`; None where time alone makes no runs."""
        ...


class CronIntervals:
    """A cron text of five or six fields (seconds come last, as croniter reads it), or a preset."""

    def __init__(self, expression: str, timezone: str) -> None:
        self.expression = PRESETS.get(expression, expression)
        self.zone = ZoneInfo(timezone)

    def next(self, last: Interval | None, spec: DagSpec, now: datetime) -> Interval | None:
        """With catchup the one after `last`; without, never one that ended before the latest one."""
        earliest = self.at_or_after(spec.start_date)
        if not spec.catchup:
            earliest = max(earliest, self._newest_start(now))
        start = earliest if last is None else max(self.at_or_before(last.end), earliest)
        if spec.end_date is not None and start > spec.end_date:
            return None
        return Interval(start, self.after(start))

    def manual(self, moment: datetime) -> Interval:
        """The last interval that was over at `moment`."""
        end = self.at_or_before(moment)
        return Interval(self.before(end), end)

    def latest(self, now: datetime) -> Interval | None:
        """The last interval that is over by `now`."""
        return self.manual(now)

    def after(self, moment: datetime) -> datetime:
        """The first tick after `moment`."""
        return tick(self.expression, self.zone, moment, forward=True)

    def before(self, moment: datetime) -> datetime:
        """The last tick before `moment`."""
        return tick(self.expression, self.zone, moment, forward=False)

    def at_or_after(self, moment: datetime) -> datetime:
        """`moment` where it is a tick, else the next one."""
        after = self.after(moment)
        return moment if self.before(after) == moment else after

    def at_or_before(self, moment: datetime) -> datetime:
        """`moment` where it is a tick, else the one before."""
        before = self.before(moment)
        return moment if self.after(before) == moment else before

    def _newest_start(self, now: datetime) -> datetime:
        # Exactly on a tick, Airflow wants the interval that starts one tick ago and ends now.
        last = self.before(now)
        return last if self.after(last) == now else self.before(last)


class Periods:
    """A timedelta: the next interval starts where the last one ended."""

    def __init__(self, period: timedelta) -> None:
        self.period = period

    def next(self, last: Interval | None, spec: DagSpec, now: datetime) -> Interval | None:
        """With catchup the one after `last`; without, one that starts on a multiple of the period."""
        earliest = spec.start_date
        if not spec.catchup:
            earliest = max(earliest, self._rounded(now) - self.period)
        start = earliest if last is None else max(last.end, earliest)
        if spec.end_date is not None and start > spec.end_date:
            return None
        return Interval(start, start + self.period)

    def manual(self, moment: datetime) -> Interval:
        """The period that ends at `moment`."""
        return Interval(moment - self.period, moment)

    def latest(self, now: datetime) -> Interval | None:
        """The last period that is over by `now`, on a multiple of the period."""
        return self.manual(self._rounded(now))

    def _rounded(self, moment: datetime) -> datetime:
        seconds = moment.timestamp()
        return datetime.fromtimestamp(seconds - seconds % self.period.total_seconds(), UTC)


class Once:
    """`@once`: one run, at the start date."""

    def next(self, last: Interval | None, spec: DagSpec, now: datetime) -> Interval | None:
        """The start date, until it has run."""
        del now
        return None if last is not None else Interval(spec.start_date, spec.start_date)

    def manual(self, moment: datetime) -> Interval:
        """No width."""
        return Interval(moment, moment)

    def latest(self, now: datetime) -> Interval | None:
        """None: its history is not told from the clock."""
        del now
        return None


class Untimed:
    """No schedule, or datasets: time makes no runs."""

    def next(self, last: Interval | None, spec: DagSpec, now: datetime) -> Interval | None:
        """Nothing."""
        del last, spec, now
        return None

    def manual(self, moment: datetime) -> Interval:
        """No width."""
        return Interval(moment, moment)

    def latest(self, now: datetime) -> Interval | None:
        """None."""
        del now
        return None


@lru_cache(maxsize=4096)  # one plan asks for the same few ticks several times
def tick(expression: str, zone: ZoneInfo, moment: datetime, *, forward: bool) -> datetime:
    """The first tick of a cron text after `moment` (or the last before it), in UTC."""
    wall = moment.astimezone(zone).replace(tzinfo=None)
    cron = croniter(expression, wall)
    found = cron.get_next(datetime) if forward else cron.get_prev(datetime)
    # A cron that covers every hour runs in the hour that summer time repeats, too; others keep the wall clock.
    if cron.expanded[1] == ["*"]:
        return moment + (found - wall)
    return on_the_clock(found, zone)


def timetable_of(schedule: Schedule, timezone: str) -> Timetable:
    """The timetable that Airflow 2 makes of a `schedule=` argument; ValueError for `@continuous` (not simulated)."""
    if schedule == "@continuous":
        raise ValueError("The simulated source knows no @continuous schedule; choose a cron text or a timedelta.")
    if schedule is None or isinstance(schedule, tuple):
        return Untimed()
    if isinstance(schedule, timedelta):
        return Periods(schedule)
    return Once() if schedule == "@once" else CronIntervals(schedule, timezone)


def on_the_clock(wall: datetime, zone: ZoneInfo) -> datetime:
    """The moment, in UTC, at which a clock in `zone` shows `wall`.

    As Airflow does: a time that is skipped in spring is an hour later, of a repeated one it is the second.
    """
    moment = wall.replace(tzinfo=zone, fold=1)
    before, after = wall.replace(tzinfo=zone, fold=0).utcoffset(), moment.utcoffset()
    if before is not None and after is not None and after > before:
        moment += after - before
    return moment.astimezone(UTC)


def describe(schedule: Schedule) -> str:
    """The few words that Airflow's list shows ("Every hour"), empty for six fields and for what it cannot tell."""
    if isinstance(schedule, tuple):
        return "Triggered by datasets"
    if schedule is None:
        return "Never, external triggers only"
    if isinstance(schedule, timedelta):
        return ""
    if schedule == "@once":
        return "Once, as soon as possible"
    fields = PRESETS.get(schedule, schedule).split()
    match fields:
        case ["0", "*", "*", "*", "*"]:
            return "Every hour"
        case [minute, "*", "*", "*", "*"] if minute.startswith("*/"):
            return f"Every {minute[2:]} minutes"
        case [minute, hour, "*", "*", "*"] if minute.isdecimal() and hour.isdecimal():
            return f"At {int(hour):02}:{int(minute):02}"
    return ""
