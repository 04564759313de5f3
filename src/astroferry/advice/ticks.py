"""The ticks of a cron schedule, as Airflow itself counts them: in the DAG's zone, across daylight-saving changes.

A *tick* is the moment at which a run becomes due. Airflow names a run by its logical date, and that differs: a data
interval timetable (every cron DAG of Airflow 2; of Airflow 3 with CREATE_CRON_DATA_INTERVALS) takes the interval's
start, a trigger timetable the tick itself. Hence a boundary is always handed over by tick, never by date.

The rules are those of Airflow's cron timetables, equal in 2.11.2 and 3.3.2 (816 rows compared on 2026-11-22, some of
which `test_ticks.py` keeps):

- a schedule that runs in every hour counts absolute time: on the day when clocks go back, the doubled hour has its
  ticks twice;
- any other schedule counts wall-clock time: in the doubled hour it takes the second one, and a time that does not
  exist moves on by the hour that was skipped.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Literal
from zoneinfo import ZoneInfo

from croniter import croniter
from croniter.croniter import CroniterError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from astroferry.model.inventory import Schedule

Timetable = Literal["interval", "trigger"]

PRESETS = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@quarterly": "0 0 1 */3 *",
    "@yearly": "0 0 1 1 *",
}
"""Airflow's cron presets; croniter's own set is another one"""


@dataclass(frozen=True, slots=True, order=True)
class Tick:
    """One scheduled moment (UTC), and where its data interval starts: at the tick before."""

    moment: datetime
    start: datetime

    def logical_date(self, timetable: Timetable = "interval") -> datetime:
        """What Airflow calls the run of this tick under that kind of timetable."""
        return self.start if timetable == "interval" else self.moment

    def data_interval(self, timetable: Timetable = "interval") -> tuple[datetime, datetime]:
        """Start and end of the data that the run is about; a trigger timetable gives it no length."""
        return self.logical_date(timetable), self.moment


class CronTicks:
    """All ticks of one cron DAG.

    `expression` is a preset or has five or six fields (seconds last, as croniter and so Airflow read it);
    `zone` an IANA name, also in the form "Timezone('Europe/Berlin')" that some Airflow 2 versions show;
    `first` and `last` are the DAG's start and end dates. Raises ValueError with a sentence where they say nothing.
    """

    def __init__(
        self, expression: str, zone: str = "UTC", *, first: datetime | None = None, last: datetime | None = None
    ) -> None:
        self.expression = PRESETS.get(expression.strip(), expression.strip())
        self.zone = _zone(zone)
        self.first = first
        self.last = last
        try:
            cron = croniter(self.expression, datetime(2026, 1, 1))  # noqa: DTZ001 - croniter counts wall-clock time
            cron.get_next(datetime)
        except (CroniterError, ValueError, KeyError) as error:
            raise ValueError(f'"{expression}" is not a cron expression that Airflow can follow ({error})') from error
        # One for all questions: reading the expression takes a hundred times as long as a step.
        self._cron = cron
        self._every_hour = cron.expanded[1] == ["*"]

    @classmethod
    def of(cls, schedule: Schedule, *, first: datetime | None = None, last: datetime | None = None) -> CronTicks:
        """The ticks of an inventory's schedule; ValueError where it is not cron."""
        if schedule.kind != "cron":
            raise ValueError(f"a schedule of the kind {schedule.kind} has no cron ticks")
        return cls(schedule.expression, schedule.timezone, first=first, last=last)

    def next_moment(self, moment: datetime) -> datetime:
        """The first scheduled moment after `moment`."""
        naive = self._naive(moment)
        scheduled = self._cron.get_next(datetime, start_time=naive)
        return _utc(moment) + (scheduled - naive) if self._every_hour else self._aware(scheduled)

    def previous_moment(self, moment: datetime) -> datetime:
        """The last scheduled moment before `moment`."""
        naive = self._naive(moment)
        scheduled = self._cron.get_prev(datetime, start_time=naive)
        return _utc(moment) - (naive - scheduled) if self._every_hour else self._aware(scheduled)

    def before(self, moment: datetime) -> datetime:
        """The last scheduled moment truly before a scheduled `moment`.

        Airflow's own step back (`previous_moment`) stands still at a tick that a skipped hour moved.
        """
        earlier, back = self.previous_moment(moment), timedelta(0)
        while earlier >= moment:
            back += timedelta(hours=1)
            earlier = self.previous_moment(moment - back)
        while (following := self.next_moment(earlier)) < moment:
            earlier = following
        return earlier

    def at_or_before(self, moment: datetime) -> datetime:
        """`moment` itself where it is scheduled, otherwise the last scheduled one before."""
        previous = self.previous_moment(moment)
        return previous if self.next_moment(previous) != _utc(moment) else _utc(moment)

    def at_or_after(self, moment: datetime) -> datetime:
        """`moment` itself where it is scheduled, otherwise the first scheduled one after."""
        following = self.next_moment(moment)
        return following if self.previous_moment(following) != _utc(moment) else _utc(moment)

    def first_tick(self) -> Tick | None:
        """The first tick that a DAG with catchup ever has; None without a start date, or past the end date."""
        if self.first is None:
            return None
        return self._from(self.at_or_after(self.first))

    def after(self, moment: datetime) -> Tick | None:
        """The first tick due after `moment`; None where the DAG has ended by then."""
        start = self.at_or_before(moment)
        if self.first is not None and start < self.first:
            start = self.at_or_after(self.first)
        return self._from(start)

    def latest(self, now: datetime) -> Tick | None:
        """The last tick due at `now`, which Airflow runs first where catchup is off; None before the first one."""
        end = self.at_or_before(now)
        tick = Tick(end, self.before(end))
        if self.first is not None and tick.start < self.at_or_after(self.first):
            return None
        return tick if self._runs(tick) else None

    def between(self, after: datetime, until: datetime) -> Iterator[Tick]:
        """The ticks due after `after` and not later than `until`, oldest first."""
        tick = self.after(after)
        while tick is not None and tick.moment <= until:
            yield tick
            tick = self._from(tick.moment)

    def _from(self, start: datetime) -> Tick | None:
        tick = Tick(self.next_moment(start), start)
        return tick if self._runs(tick) else None

    def _runs(self, tick: Tick) -> bool:
        return self.last is None or tick.start <= self.last

    def _naive(self, moment: datetime) -> datetime:
        return moment.astimezone(self.zone).replace(tzinfo=None, fold=0)

    def _aware(self, naive: datetime) -> datetime:
        before = naive.replace(tzinfo=self.zone, fold=0)
        after = naive.replace(tzinfo=self.zone, fold=1)
        offset_before, offset_after = before.utcoffset(), after.utcoffset()
        skipped = offset_before is not None and offset_after is not None and offset_before < offset_after
        return _utc(before if skipped else after)


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)


def _zone(name: str) -> ZoneInfo:
    bare = name.removeprefix("Timezone('").removesuffix("')")
    try:
        return ZoneInfo(bare)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(f'"{name}" is not a time zone that this machine knows') from error
