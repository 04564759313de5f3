"""What the scheduler of the simulation writes down: DAGs, their runs, and the tasks of a run."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import datetime

    from astroferry.simulator.source.specs import DagSpec, Task
    from astroferry.simulator.source.timetables import Interval, Timetable

AUTOMATED = {"scheduled", "backfill"}
"""The run types after which the scheduler counts on (a manual run does not count; measured on 2.11.2 and 3.3.2)."""


@dataclass(slots=True)
class SimTask:
    """One task of one run; `state` None means not yet scheduled."""

    spec: Task
    state: str | None = None
    start: datetime | None = None
    end: datetime | None = None
    """for a running task: when it will end"""


@dataclass(slots=True)
class SimRun:
    """One run; `interval` and `logical_date` may be absent for a run made by hand (Airflow 3)."""

    dag_id: str
    run_id: str
    run_type: str
    state: str
    queued_at: datetime
    logical_date: datetime | None
    interval: Interval | None
    tasks: list[SimTask]
    start: datetime | None = None
    end: datetime | None = None
    conf: dict[str, Any] = field(default_factory=dict)
    note: str | None = None
    external: bool = False

    @property
    def is_active(self) -> bool:
        """Queued or running."""
        return self.state in {"queued", "running"}


@dataclass(slots=True)
class SimDag:
    """One DAG with its runs, oldest first; `next` is what the list shows as the next run."""

    spec: DagSpec
    timetable: Timetable
    is_paused: bool
    next: Interval | None = None
    planned_at: datetime | None = None
    runs: dict[str, SimRun] = field(default_factory=dict)
    updated: dict[str, datetime] = field(default_factory=dict)
    """dataset URIs updated since its last run, with when they first were"""

    last_automated: Interval | None = None
    """the latest interval that the scheduler (or a backfill) made a run of"""
    recent: list[SimRun] = field(default_factory=list)
    """those that were active when last looked at, and newer ones"""
    dates: set[datetime] = field(default_factory=set)
    """logical dates of all its runs"""

    @property
    def active(self) -> list[SimRun]:
        """Queued and running runs, oldest first."""
        self.recent = [run for run in self.recent if run.is_active]
        return self.recent

    def add(self, run: SimRun) -> None:
        """Take in a run."""
        self.runs[run.run_id] = run
        self.recent.append(run)
        if run.logical_date is not None:
            self.dates.add(run.logical_date)
        if run.run_type in AUTOMATED and run.interval is not None:
            self.last_automated = max(self.last_automated or run.interval, run.interval)

    def forget(self, run: SimRun) -> None:
        """Drop a run; what the scheduler counts on is what is left."""
        del self.runs[run.run_id]
        self.dates = {other.logical_date for other in self.runs.values() if other.logical_date is not None}
        self.recent = [other for other in self.recent if other is not run]
        left = (other.interval for other in self.runs.values() if other.run_type in AUTOMATED and other.interval)
        self.last_automated = max(left, default=None)

    @property
    def is_full(self) -> bool:
        """Whether no further scheduled run may be made now."""
        return len(self.active) >= self.spec.max_active_runs
