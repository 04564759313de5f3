"""What only the Airflow client tells: tasks, task instances, backfills; the rest is in `model.inventory`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class TaskSeen:
    """A task of a parsed DAG. `operator`: class name; `module`: where that class lives.

    `trigger_dag_id` and `external_dag_id`: no version tells them here; who needs them reads the task's last
    instance (`TaskInstanceSeen`) or the source text.
    """

    task_id: str
    operator: str
    depends_on_past: bool = False
    pool: str = "default_pool"
    queue: str = "default"
    module: str = ""
    wait_for_downstream: bool = False
    trigger_dag_id: str | None = None
    external_dag_id: str | None = None


@dataclass(frozen=True, slots=True)
class TaskInstanceSeen:
    """One try of one task in one run; all times UTC. `state` is None while nothing has been decided.

    `trigger_dag_id`, `external_dag_id`: taken from the rendered fields, of which nothing else is kept, since they
    may hold secrets.
    """

    task_id: str
    state: str | None
    run_id: str = ""
    map_index: int = -1
    try_number: int = 0
    operator: str = ""
    start_date: datetime | None = None
    end_date: datetime | None = None
    trigger_dag_id: str | None = None
    external_dag_id: str | None = None


@dataclass(frozen=True, slots=True)
class QueuedEvent:
    """An event of a dataset (asset) that waits for others before a DAG runs; `at`: when it came, UTC."""

    uri: str
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class BackfillSeen:
    """A backfill of Airflow 3; all times UTC. `completed_at` is None while it is open."""

    id: int
    dag_id: str
    first: datetime | None
    last: datetime | None
    reprocess: str = "none"
    is_paused: bool = False
    created_at: datetime | None = None
    completed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class TaskRan:
    """When a task instance ran, and where.

    `on_worker`: whether a worker ran it; an empty task, or one set to a state by hand, has no host.
    `end` is None while it runs; both UTC. `key` tells it from all others.
    """

    dag_id: str
    key: tuple[str, str, str, int]
    queue: str
    pool: str
    start: datetime
    end: datetime | None
    on_worker: bool
