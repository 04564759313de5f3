"""DAGs of the simulated /api/v1: list, details, tasks, source, pause."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, PlainTextResponse, Response

from astroferry.simulator.source.estate import as_json
from astroferry.simulator.source.specs import MODULES
from astroferry.simulator.source.timetables import describe
from astroferry.simulator.source.wire import EDITORS, READERS, Call, bad, not_found, ordered, page_of

if TYPE_CHECKING:
    from astroferry.simulator.source.estate import Estate
    from astroferry.simulator.source.rows import SimDag
    from astroferry.simulator.source.specs import DagSpec, Schedule, Task


def dag_of(call: Call) -> SimDag:
    """The DAG that the path names; Refusal 404."""
    dag_id = call.part("dag_id")
    dag = call.estate.engine.dags.get(dag_id)
    if dag is None:
        raise not_found("DAG not found", f"The DAG with dag_id: {dag_id} was not found")
    return dag


async def get_dags(call: Call) -> Response:
    """GET /dags."""
    dags = list(call.estate.engine.dags.values())
    call.flag("only_active")
    paused, pattern, tags = (
        call.flag("paused"),
        call.request.query_params.get("dag_id_pattern"),
        set(call.all("tags")),
    )
    if paused is not None:
        dags = [dag for dag in dags if dag.is_paused is paused]
    if pattern:
        like = like_pattern(pattern)
        dags = [dag for dag in dags if like.search(dag.spec.dag_id)]
    if tags:
        dags = [dag for dag in dags if tags & set(dag.spec.tags)]
    keys = {"dag_id": lambda dag: dag.spec.dag_id, "is_paused": lambda dag: dag.is_paused}
    page = page_of(call, ordered(call, dags, keys, "dag_id"))
    return JSONResponse({"dags": [_chosen(call, dag, "DAGCollectionSchema error") for dag in page],
                         "total_entries": len(dags)})  # fmt: skip


def like_pattern(pattern: str) -> re.Pattern[str]:
    """SQL's `%pattern%`, any case: `%` and `_` inside are wildcards."""
    text = "".join({"%": ".*", "_": "."}.get(letter, re.escape(letter)) for letter in pattern)
    return re.compile(text, re.IGNORECASE)


async def get_dag(call: Call) -> Response:
    """GET /dags/{dag_id}."""
    return JSONResponse(_chosen(call, dag_of(call), "DAGSchema init error"))


async def get_details(call: Call) -> Response:
    """GET /dags/{dag_id}/details; its `owners` are empty and its zone is UTC, as on the real server."""
    dag = dag_of(call)
    spec = dag.spec
    return JSONResponse(
        dag_json(call.estate, dag)
        | {
            "catchup": spec.catchup,
            "concurrency": spec.max_active_tasks,
            "dag_run_timeout": None,
            "dataset_expression": {"all": list(spec.consumes)} if spec.consumes else None,
            "doc_md": None,
            "end_date": as_json(spec.end_date),
            "is_paused_upon_creation": None,
            "last_parsed": as_json(call.estate.engine.now),
            "orientation": "LR",
            "owners": [],
            "params": {},
            "render_template_as_native_obj": False,
            "start_date": as_json(spec.start_date),
            "template_searchpath": None,
            # Always UTC, whatever zone the timetable reads its cron text in (measured on 2.11.2).
            "timezone": "UTC",
        }
    )


async def get_tasks(call: Call) -> Response:
    """GET /dags/{dag_id}/tasks."""
    dag = call.estate.engine.dags.get(call.part("dag_id"))
    if dag is None:
        raise not_found("DAG not found")
    keys = {"task_id": lambda task: task.task_id}
    tasks = [_task_json(dag.spec, task) for task in ordered(call, dag.spec.tasks, keys, "task_id")]
    return JSONResponse({"tasks": tasks, "total_entries": len(tasks)})


async def patch_dag(call: Call) -> Response:
    """PATCH /dags/{dag_id}: is_paused, and nothing else."""
    body = await call.body({"is_paused": "boolean"})
    mask = call.request.query_params.get("update_mask", "is_paused")
    if mask != "is_paused":
        raise bad("Only `is_paused` field can be updated through the REST API")
    dag_id = call.part("dag_id")
    if dag_id not in call.estate.engine.dags:
        raise not_found(f"Dag with id: '{dag_id}' not found")
    dag = call.estate.engine.set_paused(dag_id, paused=body["is_paused"])
    call.estate.record("api.patch_dag", call.name, dag_id=dag_id, extra=json.dumps(body))
    return JSONResponse(dag_json(call.estate, dag))


async def patch_dags(call: Call) -> Response:
    """PATCH /dags?dag_id_pattern=...: changes the DAGs of the page that it lists, not all that match."""
    pattern = call.request.query_params.get("dag_id_pattern")
    if pattern is None:
        raise bad("Missing query parameter 'dag_id_pattern'")
    body = await call.body({"is_paused": "boolean"})
    like = like_pattern("" if pattern == "~" else pattern)
    matching = sorted(dag_id for dag_id in call.estate.engine.dags if like.search(dag_id))
    page = [call.estate.engine.set_paused(name, paused=body["is_paused"]) for name in page_of(call, matching)]
    return JSONResponse({"dags": [dag_json(call.estate, dag) for dag in page], "total_entries": len(matching)})


async def delete_dag(call: Call) -> Response:
    """DELETE /dags/{dag_id}: its rows."""
    dag_id = call.part("dag_id")
    if dag_id not in call.estate.engine.dags:
        raise not_found(f"Dag with id: '{dag_id}' not found")
    call.estate.engine.delete_dag(dag_id)
    call.estate.record("api.delete_dag", call.name, dag_id=dag_id)
    return Response(status_code=204)


async def get_source(call: Call) -> Response:
    """GET /dagSources/{file_token}: JSON where JSON is asked for, plain text for anything, 406 else."""
    token = call.part("file_token")
    for dag_id, dag in call.estate.engine.dags.items():
        if _file_token(call.estate, dag.spec) == token:
            text = call.estate.source(dag_id)
            break
    else:
        raise not_found("Dag source not found")
    accepted = call.request.headers.get("accept", "*/*")
    if "application/json" in accepted:
        return JSONResponse({"content": text})
    if "text/plain" in accepted or "*/*" in accepted:
        return PlainTextResponse(text)
    return Response("Not Allowed Accept Header", 406, media_type="text/html")


def dag_json(estate: Estate, dag: SimDag) -> dict[str, Any]:
    """A DAG as the list shows it."""
    spec, coming = dag.spec, estate.engine.next_of(dag)
    return {
        "dag_display_name": spec.dag_id,
        "dag_id": spec.dag_id,
        "default_view": "grid",
        "description": spec.description or None,
        "file_token": _file_token(estate, spec),
        "fileloc": estate.location(spec.file),
        "has_import_errors": False,
        "has_task_concurrency_limits": False,
        "is_active": True,
        "is_paused": dag.is_paused,
        "is_subdag": False,
        "last_expired": None,
        "last_parsed_time": as_json(estate.engine.now),
        "last_pickled": None,
        "max_active_runs": spec.max_active_runs,
        "max_active_tasks": spec.max_active_tasks,
        "max_consecutive_failed_dag_runs": 0,
        "next_dagrun": as_json(coming.start if coming else None),
        "next_dagrun_create_after": None if dag.is_full else as_json(coming.end if coming else None),
        "next_dagrun_data_interval_end": as_json(coming.end if coming else None),
        "next_dagrun_data_interval_start": as_json(coming.start if coming else None),
        "owners": [spec.owner],
        "pickle_id": None,
        "root_dag_id": None,
        "schedule_interval": interval_json(spec.schedule),
        "scheduler_lock": None,
        "tags": [{"name": tag} for tag in spec.tags],
        "timetable_description": describe(spec.schedule),
    }


def interval_json(schedule: Schedule) -> dict[str, Any] | None:
    """A schedule as Airflow 2 writes it; datasets are a cron expression called "Dataset"."""
    if schedule is None:
        return None
    if isinstance(schedule, timedelta):
        parts = {"days": schedule.days, "microseconds": schedule.microseconds, "seconds": schedule.seconds}
        return {"__type": "TimeDelta", **parts}
    return {"__type": "CronExpression", "value": "Dataset" if isinstance(schedule, tuple) else schedule}


def _chosen(call: Call, dag: SimDag, title: str) -> dict[str, Any]:
    whole = dag_json(call.estate, dag)
    fields = call.all("fields")
    unknown = [field for field in fields if field not in whole]
    if unknown:
        raise bad(f"Invalid fields for <DAGSchema(many=False)>: OrderedSet({unknown}).", title)
    return {field: whole[field] for field in fields} if fields else whole


def _file_token(estate: Estate, spec: DagSpec) -> str:
    # The real one is the path, signed; clients must take it as it is.
    path = json.dumps(estate.location(spec.file)).encode()
    signature = hashlib.sha256(b"file token" + path).digest()[:20]
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in (path, signature))


def _task_json(spec: DagSpec, task: Task) -> dict[str, Any]:
    return {
        "class_ref": {"class_name": task.operator, "module_path": MODULES[task.operator]},
        "depends_on_past": task.depends_on_past,
        "doc_md": None,
        "downstream_task_ids": [other.task_id for other in spec.tasks if task.task_id in other.after],
        "end_date": as_json(spec.end_date),
        "execution_timeout": None,
        "extra_links": [],
        "is_mapped": False,
        "operator_name": task.operator,
        "owner": spec.owner,
        "params": {},
        "pool": task.pool,
        "pool_slots": 1.0,
        "priority_weight": 1.0,
        "queue": "default",
        "retries": 1.0,
        "retry_delay": {"__type": "TimeDelta", "days": 0, "microseconds": 0, "seconds": 120},
        "retry_exponential_backoff": False,
        "start_date": as_json(spec.start_date),
        "task_display_name": task.task_id,
        "task_id": task.task_id,
        "template_fields": ["bash_command", "env", "cwd"] if task.operator == "BashOperator" else [],
        "trigger_rule": "all_success",
        "ui_color": "#f0ede4",
        "ui_fgcolor": "#000",
        "wait_for_downstream": False,
        "weight_rule": "downstream",
    }


async def get_queued_events(call: Call) -> Response:
    """GET /dags/{dag_id}/datasets/queuedEvent: what waits for others; that none does, 2.11.2 tells with 404."""
    dag_id = call.part("dag_id")
    dag = call.estate.engine.dags.get(dag_id)
    if dag is None or not dag.updated:
        raise not_found(f"Queue event with dag_id: `{dag_id}` was not found")
    rows = [{"uri": uri, "dag_id": dag_id, "created_at": at.isoformat()} for uri, at in dag.updated.items()]
    return JSONResponse({"queued_events": rows, "total_entries": len(rows)})


ROUTES = (
    ("GET", "/dags", READERS, get_dags),
    ("PATCH", "/dags", EDITORS, patch_dags),
    ("GET", "/dags/{dag_id}", READERS, get_dag),
    ("PATCH", "/dags/{dag_id}", EDITORS, patch_dag),
    ("DELETE", "/dags/{dag_id}", EDITORS, delete_dag),
    ("GET", "/dags/{dag_id}/details", READERS, get_details),
    ("GET", "/dags/{dag_id}/tasks", READERS, get_tasks),
    ("GET", "/dags/{dag_id}/datasets/queuedEvent", READERS, get_queued_events),
    ("GET", "/dagSources/{file_token}", READERS, get_source),
)
