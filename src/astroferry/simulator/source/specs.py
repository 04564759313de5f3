"""What a DAG of the simulated source is: enough to schedule it, to list it, and to write its file."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

Operator = Literal["BashOperator", "EmptyOperator", "ExternalTaskSensor", "PythonOperator", "TriggerDagRunOperator"]
Schedule = str | timedelta | tuple[str, ...] | None
"""A cron text or preset, a period, the URIs of datasets that must all be updated, or nothing."""

MODULES: dict[Operator, str] = {
    "BashOperator": "airflow.providers.standard.operators.bash",
    "EmptyOperator": "airflow.providers.standard.operators.empty",
    "ExternalTaskSensor": "airflow.providers.standard.sensors.external_task",
    "PythonOperator": "airflow.providers.standard.operators.python",
    "TriggerDagRunOperator": "airflow.providers.standard.operators.trigger_dagrun",
}


@dataclass(frozen=True, slots=True)
class Task:
    """One task.

    `after`: task ids upstream. `does`: the shell command of a BashOperator, or what a PythonOperator prints.
    `other_dag`: whom a TriggerDagRunOperator starts, or an ExternalTaskSensor waits for. `produces`: dataset URIs.
    """

    task_id: str
    operator: Operator = "BashOperator"
    after: tuple[str, ...] = ()
    does: str = ""
    pool: str = "default_pool"
    other_dag: str = ""
    produces: tuple[str, ...] = ()
    depends_on_past: bool = False


@dataclass(frozen=True, slots=True)
class DagSpec:
    """One DAG, as its file declares it; `start_date` and `end_date` are aware, `timezone` is an IANA name.

    `is_paused` and `stopped` belong to the estate, not to the file: whether it is paused when the simulation
    begins, and for how long it had not run by then.
    """

    dag_id: str
    team: str
    owner: str
    start_date: datetime
    schedule: Schedule = None
    tasks: tuple[Task, ...] = ()
    timezone: str = "UTC"
    end_date: datetime | None = None
    catchup: bool = False
    description: str = ""
    tags: tuple[str, ...] = ()
    max_active_runs: int = 16
    max_active_tasks: int = 16
    is_paused: bool = False
    history: int = 3
    stopped: timedelta = field(default=timedelta())

    @property
    def file(self) -> str:
        """Its path in the DAG folder."""
        return f"{self.team}/{self.dag_id}.py"

    @property
    def consumes(self) -> tuple[str, ...]:
        """The dataset URIs that schedule it."""
        return self.schedule if isinstance(self.schedule, tuple) else ()

    @property
    def produces(self) -> tuple[str, ...]:
        """The dataset URIs that its tasks update, each once."""
        return tuple(dict.fromkeys(uri for task in self.tasks for uri in task.produces))
