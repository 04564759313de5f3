"""Runs, task instances, logs and XComs of the fake Airflow 3."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from tests.fakes.airflow3_dags import dag_of
from tests.fakes.airflow3_wire import API, Endpoint, iso, ordered, page, unique_violation

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request
    from tests.fakes.airflow3 import FakeAirflow3

    from astroferry.simulator.source.rows import SimRun, SimTask

RESERVED = {"scheduled", "backfill", "asset_triggered"}


def run_json(run: SimRun) -> dict[str, Any]:
    return {
        "dag_run_id": run.run_id,
        "dag_id": run.dag_id,
        "logical_date": iso(run.logical_date),
        "queued_at": iso(run.queued_at),
        "start_date": iso(run.start),
        "end_date": iso(run.end),
        "data_interval_start": iso(run.interval.start if run.interval else None),
        "data_interval_end": iso(run.interval.end if run.interval else None),
        "run_after": iso(_run_after(run)),
        "run_type": run.run_type,
        "state": run.state,
        "conf": run.conf,
        "note": run.note,
    }


def _run_after(run: SimRun) -> datetime:
    return run.interval.end if run.interval and run.run_type != "manual" else run.queued_at


RUN_ORDER: dict[str, Callable[[SimRun], Any]] = {
    "id": lambda run: run.queued_at,
    "logical_date": lambda run: run.logical_date,
    "run_after": _run_after,
    "start_date": lambda run: run.start,
}


async def get_runs(server: FakeAirflow3, request: Request) -> Any:
    everything = request.path_params["dag_id"] == "~"
    dags = list(server.engine.dags.values()) if everything else [dag_of(server, request)]
    runs = [run for dag in dags for run in dag.runs.values()]
    for name, value in (("state", "state"), ("run_type", "run_type")):
        wanted = request.query_params.getlist(name)
        runs = [run for run in runs if not wanted or getattr(run, value) in wanted]
    since = request.query_params.get("run_after_gte")
    if since:
        runs = [run for run in runs if _run_after(run) >= datetime.fromisoformat(since)]
    began = request.query_params.get("start_date_gte")
    if began:
        runs = [run for run in runs if run.start is not None and run.start >= datetime.fromisoformat(began)]
    return page(request, "dag_runs", [run_json(run) for run in ordered(request, runs, RUN_ORDER, "id")])


def run_of(server: FakeAirflow3, request: Request) -> SimRun:
    dag_id, run_id = request.path_params["dag_id"], request.path_params["run_id"]
    dag = server.engine.dags.get(dag_id)
    if dag is None or run_id not in dag.runs:
        raise HTTPException(404, f"The DagRun with dag_id: `{dag_id}` and run_id: `{run_id}` was not found")
    return dag.runs[run_id]


async def get_run(server: FakeAirflow3, request: Request) -> Any:
    return run_json(run_of(server, request))


async def post_run(server: FakeAirflow3, request: Request) -> Any:
    body = await request.json()
    if "logical_date" not in body:
        missing = {"type": "missing", "loc": ["body", "logical_date"], "msg": "Field required", "input": body}
        return JSONResponse({"detail": [missing]}, 422)
    dag = dag_of(server, request, "Dag with dag_id: '{}' not found")
    date = datetime.fromisoformat(body["logical_date"]) if body["logical_date"] else None
    run_id = body.get("dag_run_id") or f"manual__{server.engine.now.isoformat()}"
    prefix = run_id.partition("__")[0]
    if prefix in RESERVED:
        raise HTTPException(400, f"A manual DAG run cannot use ID '{run_id}' since it is reserved for {prefix} runs")
    if run_id in dag.runs or (date and any(run.logical_date == date for run in dag.runs.values())):
        return unique_violation()
    run = server.engine.create_run(
        dag,
        run_type="manual",
        run_id=run_id,
        logical_date=date,
        interval=dag.timetable.manual(date) if date else None,
        conf=body.get("conf"),
        note=body.get("note"),
    )
    if server.on_trigger is not None:
        server.xcoms[dag.spec.dag_id, run_id] = server.on_trigger(dag.spec.dag_id, run.conf)
    return run_json(run)


async def patch_run(server: FakeAirflow3, request: Request) -> Any:
    run, body = run_of(server, request), await request.json()
    state = body.get("state")
    if state not in {None, "queued", "success", "failed"}:
        says = "Input should be 'queued', 'success' or 'failed'"
        return JSONResponse({"detail": [{"type": "enum", "loc": ["body", "state"], "msg": says}]}, 422)
    if state is not None:
        server.engine.set_state(run, state, rest="skipped")
    run.note = body.get("note", run.note)
    return run_json(run)


def _ended(task: SimTask) -> datetime | None:
    return None if task.state == "running" else task.end


def _within(request: Request, name: str, moment: datetime | None) -> bool:
    given = [request.query_params.get(f"{name}_{end}") for end in ("gte", "lte")]
    low, high = (datetime.fromisoformat(text) if text else moment for text in given)
    return not any(given) or (moment is not None and low <= moment <= high)  # type: ignore[operator] # moments, then


def _task_json(run: SimRun, task: SimTask) -> dict[str, Any]:
    return {
        "task_id": task.spec.task_id,
        "dag_id": run.dag_id,
        "dag_run_id": run.run_id,
        "map_index": -1,
        "state": task.state,
        "operator_name": task.spec.operator,
        "queued_when": iso(run.queued_at),
        "try_number": 1 if task.state in {"running", "success", "failed"} else 0,
        "start_date": iso(task.start),
        "end_date": iso(_ended(task)),
        "hostname": "worker" if task.start else "",
        "pool": task.spec.pool,
        "queue": "default",
        "rendered_fields": {},
    }


async def get_task_instances(server: FakeAirflow3, request: Request) -> Any:
    dag_id, run_id = request.path_params["dag_id"], request.path_params["run_id"]
    if "~" in {dag_id, run_id}:
        dags = list(server.engine.dags.values()) if dag_id == "~" else [dag_of(server, request)]
        runs = [run for dag in dags for run in dag.runs.values()]
    else:
        runs = [run_of(server, request)]
    states = request.query_params.getlist("state")
    found = [
        (run, task)
        for run in runs
        for task in run.tasks
        if (not states or task.state in states)
        and _within(request, "start_date", task.start)
        and _within(request, "end_date", _ended(task))
    ]
    return page(request, "task_instances", [_task_json(run, task) for run, task in found])


async def patch_task(server: FakeAirflow3, request: Request) -> Any:
    run, task_id = run_of(server, request), request.path_params["task_id"]
    state = (await request.json())["new_state"]
    mine = [task for task in run.tasks if task.spec.task_id == task_id]
    if not mine:
        raise HTTPException(404, f"Task '{task_id}' not found in Dag '{run.dag_id}'")
    if all(task.state == state for task in mine):
        raise HTTPException(409, f"Task id {task_id} is already in {state} state")
    for task in mine:
        task.state = state
    return page(request, "task_instances", [_task_json(run, task) for task in mine])


async def get_log(server: FakeAirflow3, request: Request) -> Any:
    run, task_id = run_of(server, request), request.path_params["task_id"]
    if all(task.spec.task_id != task_id for task in run.tasks):
        raise HTTPException(404, "TaskInstance not found")
    return {"content": [{"event": f"{task_id} of {run.run_id}", "level": "info"}], "continuation_token": None}


async def get_xcom(server: FakeAirflow3, request: Request) -> Any:
    place, key = (request.path_params["dag_id"], request.path_params["run_id"]), request.path_params["key"]
    dag = server.engine.dags.get(place[0])
    run = dag.runs.get(place[1]) if dag else None
    if place not in server.xcoms or run is None or run.state != "success" or key != "return_value":
        raise HTTPException(404, f"XCom entry with key: `{key}` not found")
    value = server.xcoms[place]
    plain = request.query_params.get("stringify", "true").lower() == "false"
    return {"key": key, "value": value if plain or isinstance(value, str) else json.dumps(value)}


RUN = f"{API}/dags/{{dag_id}}/dagRuns/{{run_id}}"
TASK = f"{RUN}/taskInstances/{{task_id}}"
ROUTES: tuple[Endpoint, ...] = (
    ("GET", f"{API}/dags/{{dag_id}}/dagRuns", "see", get_runs),
    ("POST", f"{API}/dags/{{dag_id}}/dagRuns", "edit", post_run),
    ("GET", RUN, "see", get_run),
    ("PATCH", RUN, "edit", patch_run),
    ("GET", f"{RUN}/taskInstances", "see", get_task_instances),
    ("PATCH", TASK, "edit", patch_task),
    ("GET", f"{TASK}/logs/{{try_number}}", "see", get_log),
    ("GET", f"{TASK}/xcomEntries/{{key}}", "see", get_xcom),
)
