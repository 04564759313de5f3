"""The ticks of a schedule, as Airflow itself counts them: cron in the DAG's zone, across daylight-saving changes.

A *tick* is the moment at which a run becomes due. Airflow names a run by its logical date, and that differs: a data
interval timetable (every cron DAG of Airflow 2; of Airflow 3 with CREATE_CRON_DATA_INTERVALS) takes the interval's
start, a trigger timetable the tick itself. Hence a boundary is always handed over by tick, never by date.

The rules are those of Airflow's cron timetables, equal in 2.11.2 and 3.3.2 (816 rows compared on 2026-11-22, some of
which `test_ticks.py` keeps):

- a schedule that runs in every hour counts absolute time: on the day when clocks go back, the doubled hour has its
  ticks twice;
- any other schedule counts wall-clock time: in the doubled hour it takes the second one, and a time that does not
  exist moves on by the hour that was skipped. After such a tick an interval timetable passes over those that the
  clock shows in the hour behind it (seen on 2.11.2 and 3.3.2 on 2026-11-26).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
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
REMEMBERED = 4096
"""moments per DAG whose neighbours are kept"""
_NEAR = timedelta(hours=3)
"""clocks go forward by two hours at most, but for islands that change sides of the date line"""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

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


class Ticks(ABC):
    """All ticks of one DAG between its start date (`first`) and its end date (`last`); moments are UTC.

    `timetable`: an interval timetable has its first tick where the first whole interval ends, and its last one where
    the interval that begins at `last` ends; a trigger timetable has ticks from `first` to `last` themselves (2.11.2
    and 3.3.2). The data interval of a trigger timetable's run has no length unless its code gives it one, which no
    API tells; such a DAG shows an interval, and is taken for an interval timetable until a marker shows otherwise.
    """

    def __init__(self, *, first: datetime | None, last: datetime | None, timetable: Timetable) -> None:
        self.first = first
        self.last = last
        self.timetable: Timetable = timetable

    @abstractmethod
    def next_moment(self, moment: datetime) -> datetime:
        """The first scheduled moment after `moment`."""

    @abstractmethod
    def before(self, moment: datetime) -> datetime:
        """The last scheduled moment truly before a scheduled `moment`."""

    @abstractmethod
    def at_or_before(self, moment: datetime) -> datetime:
        """`moment` itself where it is scheduled, otherwise the last scheduled one before."""

    @abstractmethod
    def at_or_after(self, moment: datetime) -> datetime:
        """`moment` itself where it is scheduled, otherwise the first scheduled one after."""

    def first_tick(self) -> Tick | None:
        """The first tick that a DAG with catchup ever has; None without a start date, or past the end date."""
        if self.first is None:
            return None
        start = self.at_or_after(self.first)
        trigger = self.timetable == "trigger"
        return self._kept(Tick(start, self.begins(start)) if trigger else Tick(self.next_moment(start), start))

    def after(self, moment: datetime) -> Tick | None:
        """The first tick due after `moment`; None where the DAG has ended by then."""
        start = self.at_or_before(moment)
        if self.first is not None and self.timetable == "trigger" and self.next_moment(start) < self.first:
            return self.first_tick()
        if self.first is not None and self.timetable == "interval" and start < self.first:
            start = self.at_or_after(self.first)
        return self._from(start)

    def latest(self, now: datetime) -> Tick | None:
        """The last tick due at `now`, which Airflow runs first where catchup is off; None before the first one."""
        end = self.at_or_before(now)
        tick = Tick(end, self.begins(end))
        if self.first is not None and tick.logical_date(self.timetable) < self.at_or_after(self.first):
            return None
        return self._kept(tick)

    def between(self, after: datetime, until: datetime) -> Iterator[Tick]:
        """The ticks due after `after` and not later than `until`, oldest first."""
        tick = self.after(after)
        while tick is not None and tick.moment <= until:
            yield tick
            tick = self._from(tick.moment)

    def at(self, moment: datetime) -> Tick | None:
        """The tick due exactly then; None where none is, whatever the start and end dates say."""
        return Tick(moment, self.begins(moment)) if self.at_or_before(moment) == moment else None

    def begins(self, tick: datetime) -> datetime:
        """Where the data interval of a `tick` begins."""
        return self.aligned(self.before(tick))

    def aligned(self, moment: datetime) -> datetime:
        """From where the scheduler counts on after the tick `moment`: that tick, but for a few of `CronTicks`."""
        return moment

    def _from(self, start: datetime) -> Tick | None:
        start = self.aligned(start)
        return self._kept(Tick(self.next_moment(start), start))

    def _kept(self, tick: Tick) -> Tick | None:
        return tick if self.last is None or tick.logical_date(self.timetable) <= self.last else None


class DeltaTicks(Ticks):
    """All ticks of one timedelta DAG: `anchor` and every whole `step` away from it, in absolute time.

    A timedelta has no wall clock: its ticks hang on the one before, the first on the start date. Raises ValueError
    where `step` is not positive.
    """

    def __init__(
        self,
        step: timedelta,
        anchor: datetime,
        *,
        first: datetime | None = None,
        last: datetime | None = None,
        timetable: Timetable = "interval",
    ) -> None:
        super().__init__(first=first, last=last, timetable=timetable)
        if step <= timedelta(0):
            raise ValueError(f"a schedule every {step} has no next tick")
        self.step = step
        self.anchor = anchor.astimezone(UTC)

    @property
    def is_on_grid(self) -> bool:
        """Whether every tick is a whole number of steps from 1970, to which Airflow rounds without catchup.

        Then no pause, however long, moves the ticks (`DeltaDataIntervalTimetable._round`, 2.11.2 and 3.3.2).
        """
        return self.timetable == "interval" and (self.anchor - _EPOCH) % self.step == timedelta(0)

    def next_moment(self, moment: datetime) -> datetime:
        """The first scheduled moment after `moment`."""
        return self.at_or_before(moment) + self.step

    def before(self, moment: datetime) -> datetime:
        """One step before."""
        return self.at_or_before(moment) - self.step

    def at_or_before(self, moment: datetime) -> datetime:
        """`moment` itself where it is scheduled, otherwise the last scheduled one before."""
        return self.anchor + (moment.astimezone(UTC) - self.anchor) // self.step * self.step

    def at_or_after(self, moment: datetime) -> datetime:
        """`moment` itself where it is scheduled, otherwise the first scheduled one after."""
        floor = self.at_or_before(moment)
        return floor if floor == moment else floor + self.step


class CronTicks(Ticks):
    """All ticks of one cron DAG.

    `expression` is a preset or has five or six fields (seconds last, as croniter and so Airflow read it);
    `zone` an IANA name, also in the form "Timezone('Europe/Berlin')" that some Airflow 2 versions show;
    `first` and `last` are the DAG's start and end dates. Raises ValueError with a sentence where they say nothing.
    """

    def __init__(
        self,
        expression: str,
        zone: str = "UTC",
        *,
        first: datetime | None = None,
        last: datetime | None = None,
        timetable: Timetable = "interval",
    ) -> None:
        super().__init__(first=first, last=last, timetable=timetable)
        self.expression = PRESETS.get(expression.strip(), expression.strip())
        self.zone = _zone(zone)
        try:
            cron = croniter(self.expression, datetime(2026, 1, 1))  # noqa: DTZ001 - croniter counts wall-clock time
            cron.get_next(datetime)
        except (CroniterError, ValueError, KeyError) as error:
            raise ValueError(f'"{expression}" is not a cron expression that Airflow can follow ({error})') from error
        # One for all questions: reading the expression takes a hundred times as long as a step.
        self._cron = cron
        # The same few moments are asked for again and again.
        self._after: dict[datetime, datetime] = {}
        self._before: dict[datetime, datetime] = {}
        self._every_hour = cron.expanded[1] == ["*"]

    @classmethod
    def of(
        cls, schedule: Schedule, *, zone: str = "", first: datetime | None = None, last: datetime | None = None
    ) -> CronTicks:
        """The ticks of an inventory's schedule, in `zone` where one is given; ValueError where it is not cron."""
        if schedule.kind != "cron":
            raise ValueError(f"a schedule of the kind {schedule.kind} has no cron ticks")
        timetable: Timetable = "trigger" if schedule.triggers_only else "interval"
        return cls(schedule.expression, zone or schedule.timezone, first=first, last=last, timetable=timetable)

    @property
    def knows_hours(self) -> bool:
        """Whether it names hours or days, so that its zone decides when it is due; else only odd offsets do."""
        return not self._every_hour

    def next_moment(self, moment: datetime) -> datetime:
        """The first scheduled moment after `moment`."""
        if (known := self._after.get(moment)) is not None:
            return known
        naive = self._naive(moment)
        scheduled = self._cron.get_next(datetime, start_time=naive)
        found = _utc(moment) + (scheduled - naive) if self._every_hour else self._aware(scheduled)
        return _kept(self._after, moment, found)

    def previous_moment(self, moment: datetime) -> datetime:
        """The last scheduled moment before `moment`."""
        if (known := self._before.get(moment)) is not None:
            return known
        naive = self._naive(moment)
        scheduled = self._cron.get_prev(datetime, start_time=naive)
        found = _utc(moment) - (naive - scheduled) if self._every_hour else self._aware(scheduled)
        return _kept(self._before, moment, found)

    def before(self, moment: datetime) -> datetime:
        """The last scheduled moment truly before `moment`.

        Airflow's own step back (`previous_moment`) stands still at a tick that a skipped hour moved.
        """
        earlier, back = self.previous_moment(moment), timedelta(0)
        if self._has_skipped(moment) or self._has_skipped(earlier):
            # Which of the ticks behind the skipped hour are run is told by going through it.
            back = moment - min(moment, earlier) + _NEAR
            earlier = self.previous_moment(moment - back)
        while earlier >= moment:
            back += timedelta(hours=1)
            earlier = self.previous_moment(moment - back)
        while (following := self._following(earlier)) < moment:
            earlier = following
        return earlier

    def at_or_before(self, moment: datetime) -> datetime:
        """`moment` itself where it is scheduled, otherwise the last scheduled one before."""
        earlier = self.before(moment)
        return _utc(moment) if self._following(earlier) == _utc(moment) else earlier

    def at_or_after(self, moment: datetime) -> datetime:
        """`moment` itself where it is scheduled, otherwise the first scheduled one after."""
        return self._following(self.before(moment))

    def aligned(self, moment: datetime) -> datetime:
        """From where an interval timetable counts on after the tick `moment` (`_align_to_prev`, 2.11.2 and 3.3.2).

        After a tick that a skipped hour moved that is a later one: what the clock shows before it does not exist, and
        is moved beyond it. The ticks between are never run.
        """
        if self.timetable == "trigger" or not self._has_skipped(moment):
            return moment
        earlier = self.previous_moment(moment)
        return moment if self.next_moment(earlier) == _utc(moment) else earlier

    def _following(self, tick: datetime) -> datetime:
        """The tick that the scheduler runs after that one."""
        return self.next_moment(self.aligned(tick))

    def _has_skipped(self, moment: datetime) -> bool:
        """Whether clocks went forward shortly before, which only a schedule that counts wall-clock time feels."""
        if self._every_hour:
            return False
        now, then = (at.astimezone(self.zone).utcoffset() for at in (moment, moment - _NEAR))
        return now is not None and then is not None and now > then

    def _naive(self, moment: datetime) -> datetime:
        return moment.astimezone(self.zone).replace(tzinfo=None, fold=0)

    def _aware(self, naive: datetime) -> datetime:
        before = naive.replace(tzinfo=self.zone, fold=0)
        after = naive.replace(tzinfo=self.zone, fold=1)
        offset_before, offset_after = before.utcoffset(), after.utcoffset()
        skipped = offset_before is not None and offset_after is not None and offset_before < offset_after
        return _utc(before if skipped else after)


def _kept(memory: dict[datetime, datetime], moment: datetime, found: datetime) -> datetime:
    if len(memory) >= REMEMBERED:
        memory.clear()
    memory[moment] = found
    return found


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)


def _zone(name: str) -> ZoneInfo:
    bare = name.removeprefix("Timezone('").removesuffix("')")
    try:
        return ZoneInfo(bare)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(f'"{name}" is not a time zone that this machine knows') from error
