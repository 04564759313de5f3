from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.advice.schedule_rows import ROWS

from astroferry.advice.ticks import CronTicks, DeltaTicks, Tick
from astroferry.model.inventory import Schedule

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def moments(text: str) -> list[datetime]:
    return [datetime.fromisoformat(one) for one in text.split()]


@pytest.mark.parametrize(("expression", "zone", "start", "after", "before"), ROWS)
def test_ticks_are_those_of_airflow(expression: str, zone: str, start: str, after: str, before: str) -> None:
    ticks = CronTicks(expression, zone)
    moment = datetime.fromisoformat(start)
    for expected in moments(after):
        moment = ticks.next_moment(moment)
        assert moment == expected
    moment = datetime.fromisoformat(start) + timedelta(days=2)
    for expected in moments(before):
        moment = ticks.previous_moment(moment)
        assert moment == expected


def test_a_tick_moved_by_a_skipped_hour_has_one_before_it() -> None:
    ticks = CronTicks("30 2 * * *", "Europe/Berlin")
    moved = datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    assert ticks.previous_moment(moved) == moved
    assert ticks.before(moved) == moved - timedelta(days=1)
    assert ticks.latest(moved) == Tick(moved, moved - timedelta(days=1))
    # Half-hour changes: the step back may land more than one tick away.
    lord = CronTicks("0,30 2 * * *", "Australia/Lord_Howe")
    later = lord.next_moment(lord.next_moment(datetime(2026, 10, 3, 14, 0, tzinfo=UTC)))
    assert lord.next_moment(lord.before(later)) == later


def test_a_zone_as_some_airflow_2_show_it() -> None:
    assert CronTicks("@daily", "Timezone('Europe/Berlin')").next_moment(NOON) == datetime(
        2026, 11, 22, 23, tzinfo=UTC
    )


@pytest.mark.parametrize("expression", ["61 * * * *", "* * *", "0 0 30 2 *", "", "@once"])
def test_nonsense_is_refused(expression: str) -> None:
    with pytest.raises(ValueError, match="not a cron expression"):
        CronTicks(expression)


def test_an_unknown_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="not a time zone"):
        CronTicks("@daily", "+02:00")


def test_only_cron_has_cron_ticks() -> None:
    with pytest.raises(ValueError, match="timedelta has no cron ticks"):
        CronTicks.of(Schedule("timedelta", "3600"))


def test_a_tick_has_two_names() -> None:
    tick = Tick(NOON, NOON - timedelta(hours=1))
    assert tick.logical_date() == NOON - timedelta(hours=1)
    assert tick.logical_date("trigger") == NOON
    assert tick.data_interval() == (NOON - timedelta(hours=1), NOON)
    assert tick.data_interval("trigger") == (NOON, NOON)


def test_start_and_end_dates_bound_the_ticks() -> None:
    first, last = NOON + timedelta(minutes=30), NOON + timedelta(hours=2)
    ticks = CronTicks("@hourly", first=first, last=last)
    assert ticks.first_tick() == Tick(NOON + timedelta(hours=2), NOON + timedelta(hours=1))
    assert [tick.moment.hour for tick in ticks.between(NOON - timedelta(days=1), NOON + timedelta(days=1))] == [
        14,
        15,
    ]
    assert ticks.latest(NOON + timedelta(minutes=119)) is None
    assert ticks.latest(NOON + timedelta(hours=2)) == ticks.first_tick()
    assert ticks.after(NOON + timedelta(hours=3)) is None
    assert ticks.latest(NOON + timedelta(hours=4)) is None
    assert CronTicks("@hourly").first_tick() is None


def test_at_or_around() -> None:
    ticks = CronTicks("@hourly")
    assert ticks.at_or_before(NOON) == ticks.at_or_after(NOON) == NOON
    later = NOON + timedelta(seconds=1)
    assert ticks.at_or_before(later) == NOON
    assert ticks.at_or_after(later) == NOON + timedelta(hours=1)


@given(
    minute=st.integers(0, 59),
    hours=st.sampled_from(["*", "*/2", "2", "1-3", "0,12"]),
    zone=st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"]),
    days=st.integers(0, 700),
)
@settings(max_examples=60, deadline=None)
def test_ticks_join_without_gap_or_overlap(minute: int, hours: str, zone: str, days: int) -> None:
    ticks = CronTicks(f"{minute} {hours} * * *", zone)
    start = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=days)
    found = list(ticks.between(start, start + timedelta(days=4)))
    assert all(one.moment == other.start for one, other in pairwise(found))
    assert all(start < tick.moment <= start + timedelta(days=4) for tick in found)
    assert found


def test_a_trigger_timetable_has_its_first_tick_at_the_start_date() -> None:
    hour = timedelta(hours=1)
    triggers = CronTicks("@hourly", first=NOON, last=NOON + 2 * hour, timetable="trigger")
    intervals = CronTicks("@hourly", first=NOON, last=NOON + 2 * hour)
    assert [tick.moment for tick in triggers.between(NOON - hour, NOON + 9 * hour)] == [
        NOON + n * hour for n in range(3)
    ]
    assert [tick.moment for tick in intervals.between(NOON - hour, NOON + 9 * hour)] == [
        NOON + n * hour for n in range(1, 4)
    ]
    assert triggers.first_tick() == Tick(NOON, NOON - hour)
    assert triggers.after(NOON - 9 * hour) == Tick(NOON, NOON - hour)
    assert triggers.latest(NOON - timedelta(minutes=1)) is None
    assert triggers.latest(NOON) == Tick(NOON, NOON - hour)
    assert triggers.at(NOON + timedelta(minutes=1)) is None


def test_timedelta_ticks_hang_on_one_another() -> None:
    step = timedelta(minutes=7)
    ticks = DeltaTicks(step, NOON + timedelta(seconds=17), first=NOON - 2 * step, last=NOON)
    tick = NOON + timedelta(seconds=17)
    assert ticks.at_or_before(NOON) == tick - step
    assert (ticks.at_or_after(NOON), ticks.at_or_after(tick)) == (tick, tick)
    assert (ticks.before(tick), ticks.next_moment(tick)) == (tick - step, tick + step)
    assert ticks.first_tick() == Tick(tick - step, tick - 2 * step)
    assert ticks.after(tick) is None
    assert not ticks.is_on_grid
    assert DeltaTicks(timedelta(hours=1), NOON).is_on_grid
    assert not DeltaTicks(timedelta(hours=1), NOON, timetable="trigger").is_on_grid
    with pytest.raises(ValueError, match="no next tick"):
        DeltaTicks(timedelta(0), NOON)


def test_a_tick_moved_by_a_skipped_hour_is_a_tick_and_has_one_after_it() -> None:
    ticks = CronTicks("30 2 * * *", "Europe/Berlin")
    moved = datetime(2027, 3, 28, 1, 30, tzinfo=UTC)
    before, after = datetime(2027, 3, 27, 1, 30, tzinfo=UTC), datetime(2027, 3, 29, 0, 30, tzinfo=UTC)
    assert ticks.at(moved) == Tick(moved, before)
    assert ticks.at_or_after(moved) == ticks.at_or_before(moved) == moved
    assert ticks.after(moved) == Tick(after, moved)
    assert [tick.moment for tick in ticks.between(before, after)] == [moved, after]


RUNS_AT = {
    ("*/30 1-5 * * *", "Europe/Berlin", "2027-03-28T00:30"): "00:30-01:00 01:30-02:00 02:00-02:30",
    ("*/10 0-8 * * *", "Europe/Berlin", "2027-03-28T00:40"): "00:40-00:50 00:50-01:00 01:50-02:00 02:00-02:10",
    ("15,45 2,3 * * *", "Europe/Berlin", "2027-03-27T02:45"): "02:45-01:15 01:45-00:15",
}
"""(expression, zone, start of the first) -> the data intervals that follow one another, as both timetables say"""


@pytest.mark.parametrize("case", list(RUNS_AT))
def test_behind_a_skipped_hour_an_interval_timetable_passes_ticks_over(case: tuple[str, str, str]) -> None:
    """As `CronDataIntervalTimetable` of 2.11.2 and 3.3.2 goes on from run to run (6,813 of them compared)."""
    expression, zone, start = case
    ticks = CronTicks(expression, zone, first=datetime(2027, 3, 20, tzinfo=UTC))
    rows = [row.split("-") for row in RUNS_AT[case].split()]
    tick = ticks.after(datetime.fromisoformat(f"{start}+00:00"))
    assert tick is not None
    for number, row in enumerate(rows):
        assert [f"{moment:%H:%M}" for moment in (tick.start, tick.moment)] == row
        following = ticks.after(tick.moment)
        assert following is not None
        halfway = tick.moment + (following.moment - tick.moment) / 2
        assert ticks.at(tick.moment) == ticks.latest(halfway) == tick, number
        assert ticks.after(halfway) == following
        tick = following
    # A trigger timetable knows no such thing: it runs each of them.
    trigger = CronTicks(expression, zone, timetable="trigger")
    moved = datetime(2027, 3, 28, 1, tzinfo=UTC)
    due = trigger.after(moved)
    assert due is not None
    assert due.moment == trigger.next_moment(moved)
