from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from astroferry.advice.kinds import MarkerPlan, Refusal, SwitchPlan, handover_kind
from astroferry.advice.schedule import (
    acceptable_next,
    boundary,
    count_ticks,
    expected_next,
    holes,
    is_marker,
    stretches,
    tick_table,
    ticks_between,
    unfinished,
)
from astroferry.advice.ticks import CronTicks, Tick
from astroferry.model.cutover import GAP_PREFIX, MARKER_NOTE, MARKER_PREFIX, DagStanding
from astroferry.model.inventory import Dag, Run, Schedule

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAG = Dag("d", Schedule("cron", "@hourly"), is_paused=False, catchup=False, start_date=NOON - 24 * HOUR)


def run(hours: int, run_type: str = "scheduled", state: str = "success", **more: Any) -> Run:
    """The run due that many hours after noon."""
    end = NOON + hours * HOUR
    return Run(more.pop("run_id", f"{run_type}__{hours}"), run_type, state, end - HOUR, end - HOUR, end, **more)


def plan(*, catchup: bool, **more: Any) -> MarkerPlan:
    kind = handover_kind(replace(DAG, catchup=catchup, **more), 3)
    assert isinstance(kind, MarkerPlan)
    return kind


@pytest.mark.parametrize(
    ("change", "options", "reason"),
    [
        ({"schedule": Schedule("timedelta", "0")}, {}, "has no next tick"),
        ({"schedule": Schedule("timetable", "Fiscal")}, {}, "own timetable"),
        ({"schedule": Schedule("timetable", "relativedelta(months=1)")}, {}, "no fixed step"),
        ({"schedule": Schedule("unknown")}, {}, "could not be read"),
        ({"catchup": None}, {}, "catches up"),
        ({"schedule": Schedule("cron", "61 * * * *")}, {}, "not a cron expression"),
    ],
)
def test_what_is_refused_and_why(change: dict[str, Any], options: dict[str, Any], reason: str) -> None:
    kind = handover_kind(replace(DAG, **change), **{"target_major": 3, **options})
    assert isinstance(kind, Refusal)
    assert reason in kind.reason


@pytest.mark.parametrize("kind", ["none", "once", "continuous", "dataset"])
def test_what_has_no_ticks_only_changes_sides(kind: Any) -> None:
    assert handover_kind(replace(DAG, schedule=Schedule(kind), catchup=None), 3) == SwitchPlan("d", kind)


def test_the_target_s_kind_of_timetable_decides_whether_dates_move() -> None:
    moved = handover_kind(DAG, 3, cron_data_intervals=False)
    assert isinstance(moved, MarkerPlan)
    assert (moved.target, moved.dates_move) == ("trigger", True)
    on_2 = handover_kind(DAG, 2, cron_data_intervals=False)
    triggers = handover_kind(replace(DAG, schedule=Schedule("cron", "@hourly", triggers_only=True)), 3)
    assert isinstance(on_2, MarkerPlan)
    assert isinstance(triggers, MarkerPlan)
    assert not on_2.dates_move
    assert (triggers.target, triggers.dates_move) == ("trigger", False)


def test_only_without_catchup_must_anything_run_before_the_target_is_unpaused() -> None:
    def fills(start: datetime, *, catchup: bool, depends_on_past: bool = False, trigger: bool = False) -> bool:
        schedule = Schedule("timedelta", "3600", triggers_only=trigger)
        dag = replace(DAG, schedule=schedule, catchup=catchup, start_date=start)
        kind = handover_kind(dag, 3, depends_on_past=depends_on_past)
        assert isinstance(kind, MarkerPlan)
        return kind.fills_first

    odd = NOON + timedelta(seconds=17)
    assert [fills(NOON, catchup=False), fills(odd, catchup=False), fills(odd, catchup=True)] == [False, True, False]
    assert fills(NOON, catchup=False, depends_on_past=True)
    # A trigger timetable counts from the moment of asking: it has no grid to fall back on.
    assert fills(NOON, catchup=False, trigger=True)


def test_the_boundary_is_the_last_tick_of_the_schedule_whatever_became_of_it() -> None:
    rows = [
        run(0),
        run(1, "backfill"),
        run(2, state="failed"),
        run(7, "manual"),
        Run("manual__x", "manual", "success", None),
    ]
    assert boundary(rows) == Tick(NOON + 2 * HOUR, NOON + HOUR)
    assert boundary([run(7, "manual")]) is None
    assert boundary([run(3, "manual", run_id=f"{MARKER_PREFIX}x"), run(1)]) == Tick(NOON + 3 * HOUR, NOON + 2 * HOUR)
    assert boundary([run(3, "manual", run_id=f"{GAP_PREFIX}x")]) is not None


def test_unfinished_rows_and_markers_are_known() -> None:
    assert unfinished([run(0), run(1, state="queued"), run(2, "manual", "running")]) == (
        run(1, state="queued"),
        run(2, "manual", "running"),
    )
    assert is_marker(run(0, "backfill", note=f"{MARKER_NOTE}: because"))
    assert is_marker(run(0, "manual", run_id=f"{MARKER_PREFIX}x"))
    assert not is_marker(run(0, "backfill", note="mine"))


def test_what_comes_next() -> None:
    last = Tick(NOON, NOON - HOUR)
    late = NOON + 5 * HOUR + timedelta(minutes=1)
    following = Tick(NOON + HOUR, NOON)
    assert expected_next(plan(catchup=True), last, late) == following
    assert expected_next(plan(catchup=False), last, late) == Tick(NOON + 5 * HOUR, NOON + 4 * HOUR)
    assert expected_next(plan(catchup=False), last, NOON + timedelta(minutes=1)) == following
    assert expected_next(plan(catchup=True), None, NOON) == Tick(NOON - 23 * HOUR, NOON - 24 * HOUR)
    assert expected_next(plan(catchup=True, end_date=NOON - HOUR), last, NOON) is None
    assert expected_next(plan(catchup=False, start_date=NOON), None, NOON) == following


def test_only_a_next_run_after_the_boundary_is_accepted() -> None:
    last, late = Tick(NOON, NOON - HOUR), NOON + 3 * HOUR
    catchup, latest = plan(catchup=True), plan(catchup=False)
    assert acceptable_next(catchup, last, NOON + HOUR, late)
    assert not acceptable_next(catchup, last, NOON + 2 * HOUR, late)
    assert not acceptable_next(catchup, last, None, late)
    assert acceptable_next(plan(catchup=True, end_date=NOON - HOUR), last, None, late)
    assert acceptable_next(latest, None, NOON + 3 * HOUR, late)
    assert [acceptable_next(latest, last, NOON + n * HOUR, late) for n in range(5)] == [
        False,
        True,
        True,
        True,
        False,
    ]
    assert not acceptable_next(latest, last, NOON + HOUR + timedelta(minutes=1), late)


def test_holes_lie_before_the_newest_row_and_have_none_anywhere() -> None:
    found = holes(plan(catchup=False), NOON, [run(6), run(2)], [run(0), run(3)])
    assert [tick.moment.hour for tick in found] == [13, 16, 17]
    assert holes(plan(catchup=False), NOON, [run(0, "manual")]) == []


def test_neighbours_are_joined() -> None:
    ticks = CronTicks("@hourly")
    one, two, four = (Tick(NOON + n * HOUR, NOON + (n - 1) * HOUR) for n in (1, 2, 4))
    assert stretches(ticks, [one, two, four]) == [(one, two), (four, four)]
    assert stretches(ticks, []) == []


def test_the_table_of_ticks() -> None:
    marker = run(1, "backfill", note=MARKER_NOTE)
    table = tick_table(plan(catchup=True), NOON, NOON + 5 * HOUR, [run(1), run(2)], [marker, run(2), run(4)])
    assert [(row.tick.hour, row.side, row.marker, row.state) for row in table] == [
        (13, "source", False, "success"),
        (13, "target", True, "success"),
        (14, "source", False, "success"),
        (14, "target", False, "success"),
        (15, None, False, "due"),
        (16, "target", False, "success"),
        (17, None, False, "due"),
    ]
    counted = count_ticks(table)
    assert [moment.hour for moment in counted.once] == [13, 16]
    assert [moment.hour for moment in counted.twice] == [14]
    assert [moment.hour for moment in counted.missed] == [15]
    assert [moment.hour for moment in counted.waiting] == [17]
    fifteen, seventeen = counted.missed + counted.waiting
    later = count_ticks(table, listed={fifteen}, late=seventeen)
    assert (later.listed, later.missed, later.waiting) == ((fifteen,), (seventeen,), ())
    assert not counted.exact
    assert count_ticks(table[:2]).exact


def test_ticks_between() -> None:
    found = ticks_between(Schedule("cron", "@hourly"), NOON, NOON + 2 * HOUR)
    assert [tick.moment.hour for tick in found] == [13, 14]


def test_how_a_dag_stood_survives_the_journal() -> None:
    standing = DagStanding("d", source_paused=False, target_paused=True, at=NOON)
    assert DagStanding.from_facts(standing.to_facts()) == standing


def test_a_dag_whose_ticks_are_not_those_of_its_expression_is_refused_before_anything_is_paused() -> None:
    # As REST tells a DAG in Europe/Berlin: "UTC", and a next run at 05:00 UTC.
    told = Schedule("cron", "0 6 * * *", "UTC")
    due = datetime(2026, 11, 23, 5, tzinfo=UTC)
    zoned = Dag("zoned", told, is_paused=False, catchup=False, next_data_interval_end=due)
    # Without knowing the zone it is not refused yet: the code is asked first.
    assert isinstance(handover_kind(zoned, 3), MarkerPlan)
    refusal = handover_kind(zoned, 3, zone="UTC")
    assert isinstance(refusal, Refusal)
    assert "in UTC" in refusal.reason
    assert isinstance(handover_kind(zoned, 3, zone="Europe/Berlin"), MarkerPlan)
    assert isinstance(handover_kind(replace(zoned, next_data_interval_end=None), 3, zone="UTC"), MarkerPlan)
