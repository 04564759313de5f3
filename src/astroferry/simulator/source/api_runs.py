"""Runs and task instances of the simulated /api/v1."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, PlainTextResponse, Response

from astroferry.simulator.source.estate import as_json
from astroferry.simulator.source.rows import AUTOMATED
from astroferry.simulator.source.timetables import Interval
from astroferry.simulator.source.wire import (
    EDITORS,
    READERS,
    Call,
    bad,
    conflict,
    not_found,
    ordered,
    page_of,
    parsed_moment,
)  # fmt: skip

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from astroferry.simulator.source.rows import SimDag, SimRun, SimTask

RESERVED = {*AUTOMATED, "dataset_triggered"}
STATES = ("success", "failed", "queued")
NEW_RUN = {
    "conf": "object",
    "dag_run_id": "string?",
    "data_interval_end": "date-time",
    "data_interval_start": "date-time",
    "execution_date": "date-time",
    "logical_date": "date-time",
    "note": "string?",
}
ORDER: dict[str, Callable[[SimRun], Any]] = {
    "id": lambda run: run.queued_at,
    "dag_id": lambda run: run.dag_id,
    "dag_run_id": lambda run: run.run_id,
    "execution_date": lambda run: run.logical_date,
    "logical_date": lambda run: run.logical_date,
    "start_date": lambda run: run.start,
    "end_date": lambda run: run.end,
    "state": lambda run: run.state,
}


async def get_runs(call: Call) -> Response:
    """GET /dags/{dag_id}/dagRuns; `~` is all DAGs, an unknown DAG has no runs."""
    dag_id, dags = call.part("dag_id"), call.estate.engine.dags
    chosen = dags.values() if dag_id == "~" else [dags[dag_id]] if dag_id in dags else []
    runs = [run for dag in chosen for run in dag.runs.values()]
    states = call.all("state")
    if states:
        runs = [run for run in runs if run.state in states]
    for name, moment in (("execution_date", "logical_date"), ("start_date", "start"), ("end_date", "end")):
        low, high = call.moment(f"{name}_gte"), call.moment(f"{name}_lte")
        runs = [run for run in runs if _within(getattr(run, moment), low, high)]
    page = page_of(call, ordered(call, runs, ORDER, "id"))
    return JSONResponse({"dag_runs": [run_json(run) for run in page], "total_entries": len(runs)})


def _within(moment: datetime | None, low: datetime | None, high: datetime | None) -> bool:
    if low is None and high is None:
        return True
    return moment is not None and (low is None or moment >= low) and (high is None or moment <= high)


def run_of(call: Call, title: str = "DAGRun not found") -> SimRun:
    """The run that the path names; Refusal 404."""
    dag_id, run_id = call.part("dag_id"), call.part("run_id")
    dag = call.estate.engine.dags.get(dag_id)
    run = dag.runs.get(run_id) if dag is not None else None
    if run is None:
        raise not_found(title, f"DAGRun with DAG ID: '{dag_id}' and DagRun ID: '{run_id}' not found")
    return run


async def get_run(call: Call) -> Response:
    """GET /dags/{dag_id}/dagRuns/{run_id}."""
    return JSONResponse(run_json(run_of(call)))


async def post_run(call: Call) -> Response:
    """POST /dags/{dag_id}/dagRuns: a manual run; ids of other kinds of run are refused."""
    body = await _new_run(call)
    dag_id, engine = call.part("dag_id"), call.estate.engine
    dag = engine.dags.get(dag_id)
    if dag is None:
        raise not_found("DAG not found", f"DAG with dag_id: '{dag_id}' not found")
    date = parsed_moment(body.get("logical_date") or body.get("execution_date") or "") or engine.now
    run_id = body.get("dag_run_id") or f"manual__{date.isoformat()}"
    prefix = run_id.partition("__")[0]
    if run_id in dag.runs:
        raise conflict(f"DAGRun with DAG ID: '{dag_id}' and DAGRun ID: '{run_id}' already exists")
    if any(run.logical_date == date for run in dag.runs.values()):
        raise conflict(f"DAGRun with DAG ID: '{dag_id}' and DAGRun logical date: '{date}' already exists")
    if prefix in RESERVED:
        raise bad(f"A manual DAG run cannot use ID '{run_id}' since it is reserved for {prefix} runs")
    run = engine.create_run(
        dag,
        run_type="manual",
        run_id=run_id,
        logical_date=date,
        interval=_given_interval(body) or dag.timetable.manual(date),
        conf=body.get("conf"),
        note=body.get("note"),
    )
    call.estate.record("api.post_dag_run", call.name, dag_id=dag_id)
    return JSONResponse(run_json(run))


async def _new_run(call: Call) -> dict[str, Any]:
    body: dict[str, Any] = await call.body(NEW_RUN | {"run_type": "any?", "state": "any?"})
    for name in ("run_type", "state"):
        if name in body:
            raise bad(f"Property is read-only - '{name}'")
    return body


def _given_interval(body: dict[str, Any]) -> Interval | None:
    start, end = (parsed_moment(body.get(f"data_interval_{name}", "")) for name in ("start", "end"))
    return Interval(start, end) if start is not None and end is not None else None


async def patch_run(call: Call) -> Response:
    """PATCH /dags/{dag_id}/dagRuns/{run_id}: its state; tasks that have not ended get that state, too."""
    body = await call.body({"state": "string"})
    if body.get("state") not in STATES:
        raise bad(f"{body.get('state')!r} is not one of {list(STATES)} - 'state'")
    dag_id, run_id = call.part("dag_id"), call.part("run_id")
    dag = call.estate.engine.dags.get(dag_id)
    if dag is None or run_id not in dag.runs:
        raise not_found(f"Dag Run id {run_id} not found in dag {dag_id}")
    call.estate.engine.set_state(dag.runs[run_id], body["state"], rest=body["state"])
    call.estate.record("api.update_dag_run_state", call.name, dag_id=dag_id, extra=json.dumps(body))
    return JSONResponse(run_json(dag.runs[run_id]))


async def set_note(call: Call) -> Response:
    """PATCH .../setNote."""
    body = await call.body({"note": "string?"}, ["note"])
    run = run_of(call)
    run.note = body["note"]
    return JSONResponse(run_json(run))


async def clear_run(call: Call) -> Response:
    """POST .../clear: run it again, unless it is a dry run (which is the default)."""
    body = await call.body({"dry_run": "boolean"})
    run = run_of(call)
    if body.get("dry_run", True):
        tasks = [_task_json(run, task) for task in run.tasks if task.state is not None]
        return JSONResponse({"task_instances": tasks, "total_entries": len(tasks)})
    call.estate.engine.clear(run)
    return JSONResponse(run_json(run))


async def delete_run(call: Call) -> Response:
    """DELETE /dags/{dag_id}/dagRuns/{run_id}."""
    run = run_of(call, "Not Found")
    call.estate.engine.delete_run(run)
    call.estate.record("api.delete_dag_run", call.name, dag_id=run.dag_id)
    return Response(status_code=204, media_type="application/json")


async def get_task_instances(call: Call) -> Response:
    """GET .../taskInstances; `~` is all, what is unknown has none. It takes no order (2.11.2: 400)."""
    if "order_by" in call.request.query_params:
        raise bad("Extra query parameter(s) order_by not in spec")
    wanted_dag, wanted_run, states = call.part("dag_id"), call.part("run_id"), call.all("state")
    started, ended = ([call.moment(f"{name}_date_{end}") for end in ("gte", "lte")] for name in ("start", "end"))
    found = [
        (run, task)
        for dag in call.estate.engine.dags.values()
        if wanted_dag in {"~", dag.spec.dag_id}
        for run in _runs_named(dag, wanted_run)
        for task in run.tasks
        if not states or (task.state or "none") in states
        if _within(task.start, *started) and _within(_ended(task), *ended)
    ]
    page = [_task_json(run, task) for run, task in page_of(call, found)]
    return JSONResponse({"task_instances": page, "total_entries": len(found)})


def _runs_named(dag: SimDag, run_id: str) -> list[SimRun]:
    return list(dag.runs.values()) if run_id == "~" else [dag.runs[run_id]] if run_id in dag.runs else []


def _task_of(call: Call, title: str) -> tuple[SimRun, SimTask]:
    dag = call.estate.engine.dags.get(call.part("dag_id"))
    run = dag.runs.get(call.part("run_id")) if dag is not None else None
    for task in run.tasks if run is not None else ():
        if run is not None and task.spec.task_id == call.part("task_id"):
            return run, task
    raise not_found(title)


async def get_task_instance(call: Call) -> Response:
    """GET .../taskInstances/{task_id}."""
    return JSONResponse(_task_json(*_task_of(call, "Task instance not found")))


async def get_log(call: Call) -> Response:
    """GET .../logs/{try_number}: JSON where it is asked for, else text."""
    run, task = _task_of(call, "TaskInstance not found")
    lines = [f"[{as_json(task.start)}] INFO - {task.spec.operator} {task.spec.task_id} of {run.run_id}"]
    if task.state == "success":
        lines.append(f"[{as_json(task.end)}] INFO - {task.spec.does or 'done'}")
    text = "\n".join(lines) + "\n"
    if "application/json" in call.request.headers.get("accept", ""):
        return JSONResponse({"content": str([("worker", text)]), "continuation_token": "end"})
    return PlainTextResponse(text)


async def get_xcom(call: Call) -> Response:
    """GET .../xcomEntries/{key}: the simulated tasks return nothing."""
    _task_of(call, "XCom entry not found")
    raise not_found("XCom entry not found")


def run_json(run: SimRun) -> dict[str, Any]:
    """A run as 2.11 shows it."""
    return {
        "conf": run.conf,
        "dag_id": run.dag_id,
        "dag_run_id": run.run_id,
        "data_interval_end": as_json(run.interval.end if run.interval else None),
        "data_interval_start": as_json(run.interval.start if run.interval else None),
        "end_date": as_json(run.end),
        "execution_date": as_json(run.logical_date),
        "external_trigger": run.external,
        "last_scheduling_decision": as_json(run.end or run.start),
        "logical_date": as_json(run.logical_date),
        "note": run.note,
        "run_type": run.run_type,
        "start_date": as_json(run.start),
        "state": run.state,
    }


def _ended(task: SimTask) -> datetime | None:
    return task.end if task.state in {"success", "failed", "skipped"} else None


def _task_json(run: SimRun, task: SimTask) -> dict[str, Any]:
    ended = _ended(task)
    rendered = {"TriggerDagRunOperator": "trigger_dag_id", "ExternalTaskSensor": "external_dag_id"}
    field = rendered.get(task.spec.operator)
    return {
        "dag_id": run.dag_id,
        "dag_run_id": run.run_id,
        "duration": (ended - task.start).total_seconds() if ended and task.start else None,
        "end_date": as_json(ended),
        "execution_date": as_json(run.logical_date),
        "executor": None,
        "executor_config": "{}",
        "hostname": "worker-1" if task.start else "",
        "map_index": -1,
        "max_tries": 1,
        "note": None,
        "operator": task.spec.operator,
        "pid": None,
        "pool": task.spec.pool,
        "pool_slots": 1,
        "priority_weight": 1,
        "queue": "default",
        "queued_when": as_json(task.start),
        "rendered_fields": {field: task.spec.other_dag} if field and task.start else {},
        "rendered_map_index": None,
        "sla_miss": None,
        "start_date": as_json(task.start),
        "state": task.state,
        "task_display_name": task.spec.task_id,
        "task_id": task.spec.task_id,
        "trigger": None,
        "triggerer_job": None,
        "try_number": 1 if task.start else 0,
        "unixname": "airflow",
    }


RUN = "/dags/{dag_id}/dagRuns/{run_id}"
ROUTES = (
    ("GET", "/dags/{dag_id}/dagRuns", READERS, get_runs),
    ("POST", "/dags/{dag_id}/dagRuns", EDITORS, post_run),
    ("GET", RUN, READERS, get_run),
    ("PATCH", RUN, EDITORS, patch_run),
    ("DELETE", RUN, EDITORS, delete_run),
    ("PATCH", f"{RUN}/setNote", EDITORS, set_note),
    ("POST", f"{RUN}/clear", EDITORS, clear_run),
    ("GET", f"{RUN}/taskInstances", READERS, get_task_instances),
    ("GET", f"{RUN}/taskInstances/{{task_id}}", READERS, get_task_instance),
    ("GET", f"{RUN}/taskInstances/{{task_id}}/logs/{{try_number}}", READERS, get_log),
    ("GET", f"{RUN}/taskInstances/{{task_id}}/xcomEntries/{{key}}", READERS, get_xcom),
)
