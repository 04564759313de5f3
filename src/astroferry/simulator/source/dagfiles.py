"""DAG files as users write them, from what the simulated source lists: they parse on Airflow 2.11 and on 3."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from astroferry.simulator.source.specs import MODULES

if TYPE_CHECKING:
    from astroferry.simulator.source.specs import DagSpec, Schedule, Task

WIDTH = 110


def render(spec: DagSpec) -> str:
    """The text of a DAG's file; it needs Airflow and its standard provider only."""
    head = [f'"""{spec.description or spec.dag_id}\n\nOwner: {spec.owner}\n"""', "", *_imports(spec), ""]
    functions = [line for task in spec.tasks if task.operator == "PythonOperator" for line in _function(task)]
    lines = [*head, *functions, "", *_dag(spec)]
    for task in spec.tasks:
        lines += _task(task)
    lines += _arrows(spec)
    return "\n".join(lines) + "\n"


def _imports(spec: DagSpec) -> list[str]:
    names = {task.operator for task in spec.tasks}
    modules = sorted((MODULES[name], name) for name in names)
    sdk = "DAG, Asset" if spec.consumes or spec.produces else "DAG"
    lines = [
        "from datetime import timedelta",
        "",
        "import pendulum",
        *(f"from {module} import {name}" for module, name in modules),
        "",
        "try:",
        f"    from airflow.sdk import {sdk}",
        "except ImportError:  # Airflow 2",
        "    from airflow import DAG",
    ]
    if "Asset" in sdk:
        lines.append("    from airflow.datasets import Dataset as Asset")
    return lines


def _function(task: Task) -> list[str]:
    return ["", f"def {task.task_id}():", f"    print({quoted(task.does or task.task_id)})", ""]


def _dag(spec: DagSpec) -> list[str]:
    lines = [
        "with DAG(",
        f"    dag_id={quoted(spec.dag_id)},",
        f"    description={quoted(spec.description)},",
        f"    schedule={_schedule(spec.schedule)},",
        f"    start_date={_date(spec.start_date, spec.timezone)},",
    ]
    if spec.end_date is not None:
        lines.append(f"    end_date={_date(spec.end_date, spec.timezone)},")
    lines += [f"    catchup={spec.catchup},", f"    max_active_runs={spec.max_active_runs},"]
    if spec.max_active_tasks != 16:
        lines.append(f"    max_active_tasks={spec.max_active_tasks},")
    return [
        *lines,
        f'    default_args={{"owner": {quoted(spec.owner)}, "retries": 1, "retry_delay": timedelta(minutes=2)}},',
        f"    tags=[{', '.join(map(quoted, spec.tags))}],",
        "):",
    ]


def _schedule(schedule: Schedule) -> str:
    if isinstance(schedule, tuple):
        return "[" + ", ".join(f"Asset({quoted(uri)})" for uri in schedule) + "]"
    if isinstance(schedule, timedelta):
        return f"timedelta(seconds={int(schedule.total_seconds())})"
    return "None" if schedule is None else quoted(schedule)


def _date(moment: datetime, timezone: str) -> str:
    """As pendulum writes it, on the clock of the DAG's zone."""
    local = moment.astimezone(ZoneInfo(timezone))
    parts = [local.year, local.month, local.day, local.hour, local.minute, local.second]
    while len(parts) > 3 and parts[-1] == 0:
        parts.pop()
    return f"pendulum.datetime({', '.join(map(str, parts))}, tz={quoted(timezone)})"


def _task(task: Task) -> list[str]:
    given = [f"task_id={quoted(task.task_id)}"]
    match task.operator:
        case "BashOperator":
            given.append(f"bash_command={quoted(task.does or 'true')}")
        case "PythonOperator":
            given.append(f"python_callable={task.task_id}")
        case "TriggerDagRunOperator":
            given.append(f"trigger_dag_id={quoted(task.other_dag)}")
        case "ExternalTaskSensor":
            given += [f"external_dag_id={quoted(task.other_dag)}", 'mode="reschedule"', "timeout=3600"]
        case "EmptyOperator":
            pass
    if task.pool != "default_pool":
        given.append(f"pool={quoted(task.pool)}")
    if task.depends_on_past:
        given.append("depends_on_past=True")
    if task.produces:
        given.append("outlets=[" + ", ".join(f"Asset({quoted(uri)})" for uri in task.produces) + "]")
    name = f"    {_variable(task.task_id)} = {task.operator}("
    line = name + ", ".join(given) + ")"
    if len(line) <= WIDTH:
        return [line]
    return [name, *(f"        {part}," for part in given), "    )"]


def _arrows(spec: DagSpec) -> list[str]:
    lines = []
    for task in spec.tasks:
        if task.after:
            upstream = ", ".join(map(_variable, task.after))
            upstream = upstream if len(task.after) == 1 else f"[{upstream}]"
            lines.append(f"    {upstream} >> {_variable(task.task_id)}")
    return ["", *lines] if lines else []


def quoted(text: str) -> str:
    """A text as Python code, in double quotes as formatters write it."""
    return json.dumps(text, ensure_ascii=False)


def _variable(task_id: str) -> str:
    return f"{task_id}_task"


def main() -> None:
    """Write the demo's DAG files anew: `python -m astroferry.simulator.source.dagfiles FOLDER`."""
    from pathlib import Path  # noqa: PLC0415 - for this command only

    from astroferry.simulator.source.harbor import demo_estate  # noqa: PLC0415 - imports this module

    demo_estate(SEEDED_AT).write_dags(Path(sys.argv[1]))


SEEDED_AT = datetime(2026, 11, 1, 6, 30, tzinfo=UTC)
"""The moment for which the files in `simulator/seed/dags` are written: the start of the two fast DAGs needs one."""

if __name__ == "__main__":
    main()
