"""The scheduler in miniature: its ticks are croniter's, each one once, through pauses and restarts of attention."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from croniter import croniter
from hypothesis import given, settings
from hypothesis import strategies as st

from astroferry.simulator.source.engine import Engine
from astroferry.simulator.source.specs import DagSpec, Schedule, Task
from astroferry.simulator.source.timetables import CronIntervals, Interval, Once, Periods, describe, timetable_of

if TYPE_CHECKING:
    from astroferry.simulator.source.rows import SimRun

NOW = datetime(2026, 11, 22, 12, 0, 7, tzinfo=UTC)
TWO = (Task("first"), Task("second", after=("first",)))
CRONS = ("* * * * *", "*/7 * * * *", "@hourly", "30 2 * * *", "* * * * * */20", "15,45 */3 * * *", "0 9 * * 1-5")


def spec(schedule: Schedule, **more: object) -> DagSpec:
    given = {"start_date": NOW - timedelta(days=2), "tasks": TWO, **more}
    return DagSpec("d", "team", "owner", schedule=schedule, **given)  # type: ignore[arg-type] # checked where it is used


def engine_of(schedule: Schedule, **more: object) -> Engine:
    return Engine([spec(schedule, **more)], NOW)


def ticks(engine: Engine) -> list[datetime]:
    """When each scheduled run was due."""
    return [run.interval.end for run in runs(engine) if run.run_type == "scheduled" and run.interval]


def runs(engine: Engine) -> list[SimRun]:
    return list(engine.dags["d"].runs.values())


def expected(cron: str, after: datetime, until: datetime) -> list[datetime]:
    """What croniter says, with its own presets."""
    found = []
    moments = croniter(cron, after)
    while (moment := moments.get_next(datetime)) <= until:
        found.append(moment)
    return found


@settings(max_examples=60, deadline=None)
@given(cron=st.sampled_from(CRONS), looks=st.lists(st.integers(1, 5000), min_size=1, max_size=6))
def test_ticks_are_croniters_however_often_one_looks(cron: str, looks: list[int]) -> None:
    engine = engine_of(cron, catchup=True)
    engine.remember("d", 1, NOW)
    known = set(ticks(engine))
    now = NOW
    for seconds in looks:
        now += timedelta(seconds=seconds)
        engine.advance(now)
    made = [tick for tick in ticks(engine) if tick not in known]
    # The last one may still wait for the run before it to end.
    assert made == expected(cron, NOW, now)


@settings(max_examples=60, deadline=None)
@given(
    cron=st.sampled_from(("* * * * *", "* * * * * */20", "*/7 * * * *")),
    before=st.integers(1, 900),
    paused=st.integers(1, 1800),
    after=st.integers(1800, 4000),
    catchup=st.booleans(),
)
def test_a_pause_loses_nothing_with_catchup_and_all_but_the_latest_without(
    cron: str, before: int, paused: int, after: int, *, catchup: bool
) -> None:
    engine = engine_of(cron, catchup=catchup)
    engine.remember("d", 1, NOW)
    known = set(ticks(engine))
    stop = NOW + timedelta(seconds=before)
    go = stop + timedelta(seconds=paused)
    end = go + timedelta(seconds=after)
    for moment, pausing in ((stop, True), (go, False)):
        engine.advance(moment)
        engine.set_paused("d", paused=pausing)
    engine.advance(end)
    made = [tick for tick in ticks(engine) if tick not in known]
    assert max(Counter(made).values(), default=1) == 1
    missed = expected(cron, stop, go)
    lost = [] if catchup else missed[:-1]
    assert made == [tick for tick in expected(cron, NOW, end) if tick not in lost]


def test_a_paused_dag_freezes_its_running_run_after_the_task_in_hand() -> None:
    engine = engine_of("* * * * *", catchup=True)
    engine.remember("d", 1, NOW)
    engine.advance(datetime(2026, 11, 22, 12, 1, 0, 500_000, tzinfo=UTC))
    engine.set_paused("d", paused=True)
    engine.advance(NOW + timedelta(hours=1))
    run = runs(engine)[-1]
    assert (run.state, [task.state for task in run.tasks]) == ("running", ["success", None])
    engine.set_paused("d", paused=False)
    engine.advance(NOW + timedelta(hours=1, seconds=5))
    assert (run.state, [task.state for task in run.tasks]) == ("success", ["success", "success"])


def test_a_paused_dag_ends_a_run_whose_last_task_was_in_hand() -> None:
    engine = engine_of("* * * * *", tasks=(Task("only"),), catchup=True)
    engine.remember("d", 1, NOW)
    engine.advance(datetime(2026, 11, 22, 12, 1, 0, 500_000, tzinfo=UTC))
    engine.set_paused("d", paused=True)
    engine.advance(NOW + timedelta(hours=1))
    assert [run.state for run in runs(engine)] == ["success", "success"]


def test_never_more_runs_at_once_than_allowed() -> None:
    engine = engine_of("* * * * *", catchup=True, max_active_runs=2)
    for seconds in range(0, 60, 1):
        engine.advance(NOW + timedelta(seconds=seconds / 4))
        assert len(engine.dags["d"].active) <= 2
    assert len(runs(engine)) > 10


def test_a_run_by_hand_of_a_paused_dag_stays_queued_and_does_not_move_the_schedule() -> None:
    engine = engine_of("@hourly", catchup=True, is_paused=True)
    dag = engine.dags["d"]
    coming = dag.next
    engine.create_run(dag, run_type="manual", run_id="m", logical_date=NOW, interval=Interval(NOW, NOW))
    engine.advance(NOW + timedelta(hours=3))
    assert [run.state for run in runs(engine)] == ["queued"]
    assert engine.next_of(dag) == coming


def test_a_backfilled_run_moves_the_schedule_and_its_deletion_moves_it_back() -> None:
    engine = engine_of("@hourly", catchup=True, is_paused=True)
    dag = engine.dags["d"]
    first, boundary = (
        dag.next,
        Interval(NOW.replace(hour=9, minute=0, second=0), NOW.replace(hour=10, minute=0, second=0)),
    )
    run = engine.create_run(dag, run_type="backfill", run_id="b", logical_date=boundary.start, interval=boundary)
    engine.set_state(run, "success", rest="skipped")
    after = engine.next_of(dag)
    assert after is not None
    assert after.start == boundary.end
    assert [task.state for task in run.tasks] == ["skipped", "skipped"]
    engine.delete_run(run)
    assert dag.next == first


def test_what_is_shown_as_next_is_as_old_as_the_last_parse() -> None:
    engine = Engine([spec("@hourly", is_paused=True)], NOW, parse_seconds=4000)
    shown = engine.next_of(engine.dags["d"])
    engine.advance(NOW + timedelta(hours=1))
    assert engine.next_of(engine.dags["d"]) == shown
    engine.advance(NOW + timedelta(hours=2))
    assert engine.next_of(engine.dags["d"]) != shown


def test_a_cleared_run_runs_again() -> None:
    engine = engine_of("@hourly", catchup=True)
    engine.remember("d", 1, NOW)
    run = runs(engine)[0]
    engine.clear(run)
    assert (run.state, run.start, [task.state for task in run.tasks]) == ("queued", None, [None, None])
    engine.advance(NOW + timedelta(minutes=1))
    assert run.state == "success"


def test_a_period_goes_on_from_where_it_ended_and_skips_to_the_latest_without_catchup() -> None:
    six = timedelta(hours=6)
    every, latest = engine_of(six, catchup=True), engine_of(six, catchup=False)
    for engine in (every, latest):
        engine.advance(NOW + timedelta(minutes=5))
    assert len(ticks(every)) == 8
    assert ticks(latest) == [datetime(2026, 11, 22, 12, tzinfo=UTC)]


def test_once_is_once_and_no_schedule_is_never() -> None:
    for schedule, count in (("@once", 1), (None, 0)):
        engine = engine_of(schedule)
        engine.advance(NOW + timedelta(days=3))
        assert len(runs(engine)) == count


def test_nothing_is_due_after_the_end_date() -> None:
    engine = engine_of("@hourly", catchup=True, end_date=NOW - timedelta(days=1))
    engine.advance(NOW + timedelta(days=1))
    assert max(tick - timedelta(hours=1) for tick in ticks(engine)) <= NOW - timedelta(days=1)
    period = engine_of(timedelta(hours=5), catchup=True, end_date=NOW - timedelta(days=1))
    period.advance(NOW + timedelta(days=1))
    assert max(tick - timedelta(hours=5) for tick in ticks(period)) <= NOW - timedelta(days=1)


def test_datasets_start_their_consumer_when_all_are_updated_and_a_trigger_starts_its_dag() -> None:
    start = NOW - timedelta(days=1)
    makers = [
        DagSpec(f"make_{name}", "t", "o", start, cron, (Task("make", produces=(name,)),))
        for name, cron in (("a", "5 * * * *"), ("b", "25 * * * *"))
    ]
    consumer = DagSpec("consumer", "t", "o", start, ("a", "b"), (Task("use"),))
    starter = DagSpec(
        "starter", "t", "o", start, "10 * * * *", (Task("go", "TriggerDagRunOperator", other_dag="idle"),)
    )
    idle = DagSpec("idle", "t", "o", start, None, (Task("wait"),))
    engine = Engine([*makers, consumer, starter, idle], NOW)
    for name in ("make_a", "make_b", "starter"):
        engine.remember(name, 1, NOW)
    engine.advance(NOW + timedelta(minutes=20))
    assert (len(engine.dags["consumer"].runs), len(engine.dags["idle"].runs)) == (0, 1)
    engine.advance(NOW + timedelta(minutes=40))
    assert [run.run_type for run in engine.dags["consumer"].runs.values()] == ["dataset_triggered"]
    assert [run.state for run in engine.dags["idle"].runs.values()] == ["success"]


def test_a_dag_can_be_deleted() -> None:
    engine = engine_of("@hourly")
    engine.delete_dag("d")
    engine.advance(NOW + timedelta(days=1))
    assert engine.dags == {}


def test_a_wall_clock_cron_keeps_the_hour_when_summer_time_ends_and_begins() -> None:
    daily = CronIntervals("30 4 * * *", "Europe/Berlin")
    assert daily.after(datetime(2026, 10, 24, 12, tzinfo=UTC)) == datetime(2026, 10, 25, 3, 30, tzinfo=UTC)
    assert daily.after(datetime(2026, 3, 28, 12, tzinfo=UTC)) == datetime(2026, 3, 29, 2, 30, tzinfo=UTC)
    # 02:30 does not exist on that day: it is an hour later.
    skipped = CronIntervals("30 2 * * *", "Europe/Berlin")
    assert skipped.after(datetime(2026, 3, 28, 12, tzinfo=UTC)) == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)


def test_an_hourly_cron_runs_in_the_hour_that_is_repeated() -> None:
    hourly = CronIntervals("30 * * * *", "Europe/Berlin")
    first = hourly.after(datetime(2026, 10, 25, 0, 0, tzinfo=UTC))
    assert [first, hourly.after(first)] == [
        datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
        datetime(2026, 10, 25, 1, 30, tzinfo=UTC),
    ]


@pytest.mark.parametrize(
    ("schedule", "words"),
    [
        ("@hourly", "Every hour"),
        ("*/5 * * * *", "Every 5 minutes"),
        ("15 3 * * *", "At 03:15"),
        ("* * * * * */20", ""),
        ("@once", "Once, as soon as possible"),
        (("a",), "Triggered by datasets"),
        (None, "Never, external triggers only"),
        (timedelta(hours=1), ""),
    ],
)
def test_schedules_are_described_as_the_list_does(schedule: Schedule, words: str) -> None:
    assert describe(schedule) == words


def test_timetables_of_hand_started_runs() -> None:
    assert timetable_of("@hourly", "UTC").manual(NOW).end == NOW.replace(second=0)
    assert Periods(timedelta(hours=1)).manual(NOW) == Interval(NOW - timedelta(hours=1), NOW)
    assert Once().manual(NOW) == Interval(NOW, NOW)
    assert Once().latest(NOW) is None
    with pytest.raises(ValueError, match="@continuous"):
        timetable_of("@continuous", "UTC")
