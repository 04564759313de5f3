"""What was seen to run on the source and when, so that any group of DAGs has its busiest moment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Container

DAY = timedelta(hours=24)
"""how far back is looked"""
MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Ran:
    """Task instances of one DAG in one queue and pool; `spans`: start and end of each, in ms since `Activity.since`.

    A start is negative where a task began before. A task that was deferred or tried again has one span over all.
    """

    dag_id: str
    queue: str
    pool: str
    spans: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Peak:
    """The busiest moment of a group (UTC): how many task instances ran at once."""

    count: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Activity:
    """The task instances that ran between `since` and `until` (UTC; equal where one moment was looked at).

    `read` of `total` of that stretch were read; `day`: how many there were in the 24 hours before the inventory was
    taken. What no worker ran (empty tasks, those set to a state by hand) has no span.
    """

    since: datetime
    until: datetime
    read: int
    total: int
    day: int
    tasks: tuple[Ran, ...] = ()

    @property
    def is_whole_day(self) -> bool:
        """Whether everything of the last 24 hours was seen, and so every group's own busiest moment."""
        return self.until - self.since >= DAY and self.read >= self.total

    @property
    def is_moment(self) -> bool:
        """Whether one moment was looked at, not a stretch."""
        return self.since == self.until

    def peak(self, dags: Container[str], in_queue: Callable[[str], bool] = lambda _: True) -> Peak | None:
        """The busiest moment of these DAGs, the first of several; None where none of them was seen to run.

        `in_queue` says which queues count.
        """
        length = (self.until - self.since) // MILLISECOND
        changes: list[tuple[int, int]] = []
        for ran in self.tasks:
            if ran.dag_id not in dags or not in_queue(ran.queue):
                continue
            for start, end in ran.spans:
                # Outside the stretch others ran beside it that nobody read.
                if end >= 0 and start <= length:
                    begin = max(start, 0)
                    changes += [(begin, 1), (max(min(end, length), begin + 1), -1)]
        running = most = moment = 0
        for when, change in sorted(changes):
            running += change
            if running > most:
                most, moment = running, when
        return Peak(most, self.since + moment * MILLISECOND) if most else None
