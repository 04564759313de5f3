"""DAGs of the fake Airflow 3."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from starlette.exceptions import HTTPException
from starlette.responses import Response
from tests.fakes.airflow3_wire import API, Endpoint, iso, ordered, page

from astroferry.simulator.source.api_dags import like_pattern
from astroferry.simulator.source.dagfiles import render
from astroferry.simulator.source.timetables import Untimed, describe

if TYPE_CHECKING:
    from starlette.requests import Request
    from tests.fakes.airflow3 import FakeAirflow3

    from astroferry.simulator.source.rows import SimDag


def dag_of(server: FakeAirflow3, request: Request, says: str = "The Dag with ID: `{}` was not found") -> SimDag:
    dag_id = request.path_params["dag_id"]
    if dag_id not in server.engine.dags:
        raise HTTPException(404, says.format(dag_id))
    return server.engine.dags[dag_id]


def dag_json(server: FakeAirflow3, dag: SimDag) -> dict[str, Any]:
    spec, coming = dag.spec, server.engine.next_of(dag)
    summary = spec.schedule
    if isinstance(summary, timedelta):
        summary = str(summary)
    return {
        "dag_id": spec.dag_id,
        "dag_display_name": spec.dag_id,
        "is_paused": dag.is_paused,
        "is_stale": False,
        "fileloc": f"/opt/airflow/dags/{spec.file}",
        "relative_fileloc": spec.file,
        "bundle_name": "dags-folder",
        "description": spec.description or None,
        "timetable_summary": "Asset" if isinstance(summary, tuple) else summary,
        "timetable_description": describe(spec.schedule),
        "timetable_periodic": not isinstance(dag.timetable, Untimed) and spec.schedule != "@once",
        "tags": [{"name": tag, "dag_id": spec.dag_id} for tag in spec.tags],
        "max_active_tasks": spec.max_active_tasks,
        "max_active_runs": spec.max_active_runs,
        "has_import_errors": False,
        "next_dagrun_logical_date": iso(coming.start if coming else None),
        "next_dagrun_data_interval_start": iso(coming.start if coming else None),
        "next_dagrun_data_interval_end": iso(coming.end if coming else None),
        "next_dagrun_run_after": iso(coming.end if coming else None),
        "owners": [spec.owner],
    }


async def get_dags(server: FakeAirflow3, request: Request) -> Any:
    like = like_pattern(request.query_params.get("dag_id_pattern", ""))
    dags = [dag for dag in server.engine.dags.values() if like.search(dag.spec.dag_id)]
    dags = ordered(request, dags, {"dag_id": lambda dag: dag.spec.dag_id}, "dag_id")
    return page(request, "dags", [dag_json(server, dag) for dag in dags])


async def get_dag(server: FakeAirflow3, request: Request) -> Any:
    return dag_json(server, dag_of(server, request))


async def get_details(server: FakeAirflow3, request: Request) -> Any:
    dag = dag_of(server, request)
    spec = dag.spec
    return dag_json(server, dag) | {
        "catchup": spec.catchup,
        "start_date": iso(spec.start_date),
        "end_date": iso(spec.end_date),
        "timezone": "UTC",  # whatever zone the timetable follows (3.3.2)
        "active_runs_count": len(dag.active),
    }


async def get_tasks(server: FakeAirflow3, request: Request) -> Any:
    rows = [
        {
            "task_id": task.task_id,
            "operator_name": task.operator,
            "depends_on_past": task.depends_on_past,
            "pool": task.pool,
            "queue": "default",
        }
        for task in sorted(dag_of(server, request).spec.tasks, key=lambda task: task.task_id)
    ]
    return {"tasks": rows, "total_entries": len(rows)}


async def get_source(server: FakeAirflow3, request: Request) -> Any:
    return {"content": render(dag_of(server, request).spec), "dag_id": request.path_params["dag_id"]}


async def patch_dag(server: FakeAirflow3, request: Request) -> Any:
    dag = dag_of(server, request, "Dag with id: {} was not found")
    body = await request.json()
    server.engine.set_paused(dag.spec.dag_id, paused=body["is_paused"])
    return dag_json(server, dag)


async def delete_dag(server: FakeAirflow3, request: Request) -> Any:
    dag = dag_of(server, request, "Dag with id: {} was not found")
    server.engine.delete_dag(dag.spec.dag_id)
    return Response(status_code=204)


async def get_queued_events(server: FakeAirflow3, request: Request) -> Any:
    """None, as 3.3.2 tells it: no asset has events here."""
    dag_of(server, request)
    return {"queued_events": [], "total_entries": 0}


DAG = f"{API}/dags/{{dag_id}}"
ROUTES: tuple[Endpoint, ...] = (
    ("GET", f"{API}/dags", "see", get_dags),
    ("GET", DAG, "see", get_dag),
    ("PATCH", DAG, "edit", patch_dag),
    ("DELETE", DAG, "edit", delete_dag),
    ("GET", f"{DAG}/details", "see", get_details),
    ("GET", f"{DAG}/tasks", "see", get_tasks),
    ("GET", f"{DAG}/assets/queuedEvents", "see", get_queued_events),
    ("GET", f"{API}/dagSources/{{dag_id}}", "see", get_source),
)
