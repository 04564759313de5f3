"""What a first full cycle comes to: every reason alone, and when a cycle is over."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from astroferry.advice.ticks import CronTicks
from astroferry.advice.watching import LONGEST_CYCLE, cycle_end, judge, usual
from astroferry.model.cutover import MARKER_NOTE, TickRow
from astroferry.model.cutoverday import Watch
from astroferry.model.inventory import Run, Schedule
from astroferry.model.watching import DagVerdict, DagWatched, Usual, WaitingTask, worst

NOON = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


def ticks(expression: str, **more: Any) -> CronTicks:
    return CronTicks.of(Schedule("cron", expression), first=more.get("first"), last=more.get("last"))


def a_run(tick: datetime, state: str = "success", seconds: float = 10, **more: Any) -> Run:
    end = tick + timedelta(seconds=seconds) if state in {"success", "failed"} else None
    start = None if state == "queued" else tick
    return Run(
        f"scheduled__{tick:%H%M}", "scheduled", state, tick - HOUR, tick - HOUR, tick, tick, start, end, **more
    )


def row(tick: datetime, side: Any = "target", state: str = "success", *, marker: bool = False) -> TickRow:
    return TickRow("d", tick, side, state, marker)


GOOD = DagWatched(
    dag_id="d",
    active=True,
    timed=True,
    since=NOON,
    cycle_ends=NOON + 2 * HOUR,
    now=NOON + 3 * HOUR,
    ticks=tuple(row(NOON + n * HOUR) for n in (1, 2, 3)),
    target_runs=tuple(a_run(NOON + n * HOUR) for n in (1, 2, 3)),
    source_usual=Usual(720, 1.0, 10.0, 30.0),
)


def reasons(**changes: Any) -> tuple[str, tuple[str, ...]]:
    found = judge(replace(GOOD, **changes), Watch())
    return found.verdict, found.reasons


def test_a_good_cycle_is_well() -> None:
    found = judge(GOOD, Watch())
    assert (found.verdict, found.reasons) == ("well", ())
    assert (found.expected, found.once, found.twice, found.missed) == (3, 3, 0, 0)
    assert found.target == Usual(3, 1.0, 10.0, 10.0)


@pytest.mark.parametrize(
    ("changes", "verdict", "says"),
    [
        ({"source_paused": False}, "alarm", "it is unpaused on the source: pause it there at once"),
        ({"source_stray": ("manual__1", "x")}, "alarm", "2 runs began on the source since it was handed over"),
        (
            {"ticks": (row(NOON + HOUR), row(NOON + HOUR, "source"))},
            "alarm",
            "both sides ran the tick of 2026-11-25 13:00:00",
        ),
        (
            {"ticks": (row(NOON + HOUR, None, "due"), row(NOON + 2 * HOUR))},
            "amiss",
            "neither side ran the tick of 2026-11-25 13:00:00",
        ),
        (
            {"ticks": (row(NOON + HOUR), row(NOON + 2 * HOUR, None, "due"))},
            "amiss",
            "late: nothing has run yet for 2026-11-25 14:00:00",
        ),
        (
            {"target_runs": tuple(a_run(NOON + n * HOUR, "failed") for n in (1, 2, 3))},
            "amiss",
            "0 % of its runs succeeded, 100 % on the source",
        ),
        (
            {"target_runs": (a_run(NOON, "failed"),), "source_usual": Usual()},
            "amiss",
            "nothing is known of the source's",
        ),
        (
            {"target_runs": tuple(a_run(NOON + n * HOUR, seconds=400) for n in (1, 2))},
            "amiss",
            "its runs take 400 s, 10 s on the source",
        ),
        (
            {"target_runs": (a_run(NOON + HOUR, "running"),)},
            "amiss",
            "scheduled__1300 has been running for 7200 s; the longest on the source was 30 s",
        ),
        ({"target_runs": (a_run(NOON + HOUR, "queued"),)}, "amiss", "has been queued for more than 15 min"),
        ({"target_import_error": True}, "amiss", "its file does not import on the target"),
        ({"target_paused": True}, "amiss", "it is paused on the target"),
        ({"target_gone": True}, "amiss", "the target does not have it any more"),
        ({"source_gone": True, "target_due": NOON + 4 * HOUR}, "well", "the source does not have it any more"),
        (
            {"source_gone": True, "target_due": NOON + HOUR},
            "amiss",
            "late: nothing has run yet for 2026-11-25 13:00:00",
        ),
        (
            {"waiting": (WaitingTask("d", "load", NOON + HOUR, "berths", "big"),)},
            "amiss",
            "1 task waiting in the queue for more than 15 min (pool berths, queue big): load",
        ),
        ({"outputs_failed": ("orders are complete",)}, "amiss", "your check failed: orders are complete"),
    ],
)
def test_each_reason(changes: dict[str, Any], verdict: str, says: str) -> None:
    found = reasons(**changes)
    assert found[0] == verdict
    assert any(says in reason for reason in found[1]), found


@pytest.mark.parametrize(
    "changes",
    [
        # due this moment, or a little ago
        {"ticks": (row(NOON + HOUR), row(NOON + 3 * HOUR - 10 * MINUTE, None, "due"))},
        # one failure where the source fails now and then
        {"target_runs": (a_run(NOON, "failed"), a_run(NOON + HOUR)), "source_usual": Usual(700, 0.95, 10.0, 30.0)},
        # slow, but the source had it too
        {"target_runs": (a_run(NOON, seconds=400),), "source_usual": Usual(700, 1.0, 10.0, 500.0)},
        # a short run is not slow, however short it was before
        {"target_runs": (a_run(NOON, seconds=40),), "source_usual": Usual(700, 1.0, 1.0, 2.0)},
        {"waiting": (WaitingTask("d", "load", NOON + 3 * HOUR - MINUTE), WaitingTask("d", "x", None))},
    ],
)
def test_what_is_no_reason(changes: dict[str, Any]) -> None:
    assert reasons(**changes) == ("well", ())


def test_a_tick_that_was_listed_by_choice_is_not_missed() -> None:
    gone = (TickRow("d", NOON, None, "due"), *GOOD.ticks)
    assert reasons(ticks=gone)[0] == "amiss"
    assert reasons(ticks=gone, listed=frozenset({NOON})) == ("well", ())


def test_the_cycle_must_be_over_and_its_run_finished() -> None:
    assert reasons(now=NOON + HOUR)[0] == "watching"
    assert reasons(target_runs=(a_run(NOON + 3 * HOUR - MINUTE, "running"),))[0] == "watching"
    assert reasons(target_runs=(), ticks=())[0] == "watching"
    assert reasons(target_runs=(), ticks=(), timed=False)[0] == "well"
    due = (row(NOON + HOUR, None, "due"),)
    assert reasons(active=False, target_paused=True, target_runs=(), ticks=due) == ("well", ())


def test_markers_are_no_runs() -> None:
    marked = a_run(NOON, "failed", note=f"{MARKER_NOTE}: x")
    assert usual([marked, a_run(NOON + HOUR)]) == Usual(1, 1.0, 10.0, 10.0)
    assert usual([marked]) == Usual()
    ticks_seen = (row(NOON, "target", marker=True), row(NOON, "source"))
    assert reasons(ticks=ticks_seen)[0] == "well"


@pytest.mark.parametrize(
    ("expression", "ends"),
    [
        ("*/5 * * * *", NOON + 5 * MINUTE),
        ("0 2 * * *", datetime(2026, 11, 27, 2, tzinfo=UTC)),  # the second night: the first one was no whole day
        ("0 2 * * 1-5", datetime(2026, 11, 30, 2, tzinfo=UTC)),  # over the weekend
        ("0 6 1 1 *", NOON + LONGEST_CYCLE),  # yearly: not longer than five weeks
        ("0 6 20 12 *", datetime(2026, 12, 20, 6, tzinfo=UTC)),  # a single tick within them
    ],
)
def test_when_a_cycle_is_over(expression: str, ends: datetime) -> None:
    assert cycle_end(ticks(expression), NOON) == ends


def test_a_dag_that_has_ended_has_no_cycle() -> None:
    assert cycle_end(ticks("0 2 * * *", last=NOON - 30 * HOUR), NOON) == NOON
    # and one that ends half-way through it ends then
    assert cycle_end(ticks("0 2 * * *", last=NOON - HOUR), NOON) == datetime(2026, 11, 26, 2, tzinfo=UTC)


def test_a_verdict_comes_back_from_the_journal() -> None:
    found = judge(replace(GOOD, source_paused=False), Watch())
    assert DagVerdict.from_facts(found.to_facts()) == found
    assert worst((found, judge(GOOD, Watch()))) == "alarm"
    assert worst(()) == "well"
