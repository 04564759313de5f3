"""What ran at once on the source: read whole where it is little, else its fullest part, with few questions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

import pytest

from astroferry.clients.airflow_seen import TaskRan
from astroferry.model.activity import Activity, Peak, Ran
from astroferry.sources.busiest import REQUESTS, activity
from astroferry.sources.noting import note_activity
from astroferry.sources.probing import Probes

if TYPE_CHECKING:
    from astroferry.clients.airflow import Airflow

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def task(number: int, start: datetime, seconds: float | None, dag: str = "d", **changes: Any) -> TaskRan:
    end = None if seconds is None else start + seconds * SECOND
    given: dict[str, Any] = {"queue": "default", "pool": "default_pool", "on_worker": True, **changes}
    return TaskRan(dag, (dag, f"r{number}", "t", -1), start=start, end=end, **given)


class Source:
    """Task instances that are asked for by pages; `asked` counts the questions."""

    def __init__(self, *rows: TaskRan) -> None:
        self.rows = rows
        self.asked = 0

    async def ran(
        self, since: datetime, until: datetime, *, still: bool = False, offset: int = 0, limit: int = 100
    ) -> tuple[tuple[TaskRan, ...], int]:
        self.asked += 1
        found = [
            row
            for row in self.rows
            if row.start <= until and (row.end is None if still else row.end is not None and row.end >= since)
        ]
        return tuple(found[offset : offset + limit]), len(found)

    async def seen(self) -> Activity:
        found = await activity(cast("Airflow", self), NOW)
        assert self.asked <= REQUESTS
        return found


def dags(*names: str) -> set[str]:
    return set(names)


async def test_a_small_source_is_read_whole_and_every_group_has_its_own_busiest_moment() -> None:
    at = NOW - timedelta(hours=9)
    later = at + timedelta(hours=2)
    source = Source(
        task(1, at, 10, "a"),
        task(2, at + 5 * SECOND, 10, "b"),
        task(3, at + 10 * SECOND, 10, "a"),  # as its first ends
        task(4, later, 60, "b", queue="heavy"),
        task(5, later + 30 * SECOND, 60, "b"),
        task(6, later, 60, "b", on_worker=False),
        task(7, NOW - timedelta(hours=30), 60, "a"),
        task(8, NOW - timedelta(hours=30), None, "long"),
    )
    seen = await source.seen()
    assert (seen.read, seen.total, seen.day, seen.is_whole_day, source.asked) == (7, 7, 7, True, 2)
    assert seen.peak(dags("a", "b")) == Peak(2, at + 5 * SECOND)
    assert seen.peak(dags("a")) == Peak(1, at)
    assert seen.peak(dags("b")) == Peak(2, later + 30 * SECOND)
    assert seen.peak(dags("b"), lambda queue: queue == "heavy") == Peak(1, later)
    assert seen.peak(dags("a", "b", "long")) == Peak(3, at + 5 * SECOND)
    assert seen.peak(dags("long")) == Peak(1, NOW - timedelta(hours=24)), "it began before"
    assert seen.peak(dags("c")) is None
    assert {ran.dag_id: ran.pool for ran in seen.tasks} == dict.fromkeys(("a", "b", "long"), "default_pool")


async def test_of_a_large_source_the_fullest_hour_is_read() -> None:
    hour = NOW - timedelta(hours=5)
    ordinary = [task(n, NOW - timedelta(hours=24) + n * 30 * SECOND, 20, f"d{n % 9}") for n in range(2_800)]
    burst = [task(n, hour + n * SECOND, 60, "burst") for n in range(10_000, 10_200)]
    source = Source(*ordinary, *burst)
    seen = await source.seen()
    assert not seen.is_whole_day
    assert not seen.is_moment
    assert seen.since < burst[0].start < seen.until
    assert seen.until - seen.since == timedelta(hours=24) / 27
    assert (seen.read, seen.day) == (seen.total, 3_000)
    peak = seen.peak(dags("burst"))
    assert peak is not None
    assert peak.count == 60


async def test_of_a_huge_source_one_moment_is_read() -> None:
    hour = NOW - timedelta(hours=5)
    steady = [task(n, NOW - timedelta(hours=24) + n * SECOND, 9.5) for n in range(86_400)]
    burst = [task(n, hour + 5 * SECOND, 100, "burst") for n in range(100_000, 100_120)]
    source = Source(*steady, *burst)
    seen = await source.seen()
    assert (seen.is_moment, seen.since, source.asked) == (True, hour + 30 * SECOND, 17)
    assert (seen.read, seen.total, seen.day) == (130, 130, 86_520)
    assert seen.peak(dags("d", "burst")) == Peak(130, seen.since)
    assert seen.peak(dags("burst")) == Peak(120, seen.since)


async def test_more_than_can_be_read_even_of_a_moment_is_told() -> None:
    source = Source(*(task(n, NOW - timedelta(hours=20), 72_000, "d") for n in range(2_000)))
    seen = await source.seen()
    assert (seen.read, seen.total, seen.day) == (400, 2_000, 2_000)
    still = Source(*(task(n, NOW - timedelta(hours=20), None, "d") for n in range(300)))
    seen = await still.seen()
    assert (seen.read, seen.total, seen.day, seen.is_whole_day) == (200, 300, 300, False)


@pytest.mark.parametrize(
    ("hours", "read", "part"),
    [
        (24, 10, ""),
        (24, 9, "12:00 to 12:00 UTC: 9 of 10."),
        (1, 10, "11:00 to 12:00 UTC: 10 of 10."),
        (0, 10, "what ran at 12:00:00 UTC: 10 of 10."),
    ],
)
def test_which_part_was_read_is_told(hours: int, read: int, part: str) -> None:
    probes = Probes(lambda _: None)
    probes.read("tasks that ran", read)
    note_activity(probes, Activity(NOW - timedelta(hours=hours), NOW, read, 10, 3_000))
    told = f"Of 3,000 task instances in the last 24 hours the fullest part was read, {part}" if part else ""
    assert probes.coverage[-1].detail == told


def test_a_moment_outside_the_stretch_does_not_count() -> None:
    before = Ran("d", "default", "default_pool", ((-9_000, 500), (-8_000, -7_000), (400, 90_000)))
    seen = Activity(NOW, NOW + SECOND, 3, 3, 3, (before,))
    assert seen.peak(dags("d")) == Peak(2, NOW + timedelta(milliseconds=400))
