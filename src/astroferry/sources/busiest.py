"""Find what ran at once on the source in its last 24 hours, with a bounded number of questions.

A small source is read whole. Of a large one the fullest stretch is looked for by counting (a count is one request,
however many rows there are) and read; where even that is too much, one moment of it: what ran just then is few.
Counting goes by how many ran in a stretch, so many short tasks may hide a moment of more long ones.
"""

from __future__ import annotations

from datetime import timedelta
from math import ceil
from typing import TYPE_CHECKING

from astroferry.clients.airflow_asking import PAGE
from astroferry.model.activity import DAY, MILLISECOND, Activity, Ran

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from astroferry.clients.airflow import Airflow
    from astroferry.clients.airflow_seen import TaskRan

REQUESTS = 20
"""questions at most; our own measure, since each makes the server count its task instances"""
_STILL_RUNNING = 2
_STEPS, _PARTS = 3, 3
"""times that the day is divided, and into how many parts: down to 53 minutes, for nine questions"""
_AFTER = tuple(timedelta(seconds=seconds) for seconds in (30, 120, 300, 900))
"""moments that are looked at after a whole hour, or else a quarter: most schedules begin then; our own measure"""


async def activity(airflow: Airflow, now: datetime) -> Activity:
    """What ran in the 24 hours before `now`, or in the part of them that could be read; raises as the client does."""
    since, until = now - DAY, now
    still, running = await _pages(airflow, since, until, _STILL_RUNNING, still=True)
    left = REQUESTS - _STILL_RUNNING
    rows, day = await _pages(airflow, since, until, left, only_if_all=True)
    total = day
    if day > left * PAGE:
        left -= 1
        for _ in range(_STEPS):
            third = (until - since) / _PARTS
            parts = [(since + third * number, since + third * (number + 1)) for number in range(_PARTS)]
            total, since, until = max([(await _count(airflow, *part), *part) for part in parts], key=_fullest)
            left -= _PARTS
        if total > left * PAGE:
            moments = [min(_mark(since, until) + after, until) for after in _AFTER]
            total, since = max([(await _count(airflow, at, at), at) for at in moments], key=_fullest)
            until, left = since, left - len(_AFTER)
        rows, total = await _pages(airflow, since, until, left)
    there = [row for row in still if row.start <= until and row.key not in {each.key for each in rows}]
    return Activity(
        since,
        until,
        read=len(rows) + len(there),
        total=max(total, len(rows)) + len(there) + running - len(still),
        day=day + running,
        tasks=_grouped([*rows, *there], since, now),
    )


def _mark(since: datetime, until: datetime) -> datetime:
    """The first whole hour of that stretch, else its first quarter of one."""
    hour = since.replace(minute=0, second=0, microsecond=0)
    quarters = [hour + timedelta(minutes=15 * number) for number in range(1, 8)]
    return next((at for at in quarters if at.minute == 0 and at < until), next(at for at in quarters if at >= since))


def _fullest(found: tuple[int, *tuple[datetime, ...]]) -> int:
    return found[0]


async def _count(airflow: Airflow, since: datetime, until: datetime) -> int:
    return (await airflow.ran(since, until, limit=1))[1]


async def _pages(
    airflow: Airflow, since: datetime, until: datetime, most: int, *, still: bool = False, only_if_all: bool = False
) -> tuple[list[TaskRan], int]:
    """Each task instance once, of so many pages at most, and how many there are.

    With `only_if_all` one page only where there are more.
    """
    found: dict[object, TaskRan] = {}
    total = asked = 0
    while asked < most:
        rows, total = await airflow.ran(since, until, still=still, offset=asked * PAGE)
        asked += 1
        found |= {row.key: row for row in rows}
        if asked >= ceil(total / PAGE) or (only_if_all and total > most * PAGE):
            break
    return list(found.values()), total


def _grouped(rows: Iterable[TaskRan], since: datetime, now: datetime) -> tuple[Ran, ...]:
    groups: dict[tuple[str, str, str], list[tuple[int, int]]] = {}
    for row in rows:
        if row.on_worker:
            span = ((row.start - since) // MILLISECOND, ((row.end or now) - since) // MILLISECOND)
            groups.setdefault((row.dag_id, row.queue, row.pool), []).append(span)
    return tuple(Ran(*where, tuple(sorted(groups[where]))) for where in sorted(groups))
