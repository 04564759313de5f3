"""Backfills of the fake Airflow 3: how a boundary marker is made."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from tests.fakes.airflow3_wire import API, Endpoint, iso, ordered, page

from astroferry.simulator.source.specs import DagSpec
from astroferry.simulator.source.timetables import Interval, Periods, Untimed

if TYPE_CHECKING:
    from starlette.requests import Request
    from tests.fakes.airflow3 import FakeAirflow3

    from astroferry.simulator.source.rows import SimDag, SimRun


@dataclass
class Backfill:
    id: int
    dag_id: str
    first: datetime
    last: datetime
    reprocess: str
    created_at: datetime
    runs: list[SimRun]
    completed_at: datetime | None = None
    is_paused: bool = False


def backfill_json(backfill: Backfill) -> dict[str, Any]:
    return {
        "id": backfill.id,
        "dag_id": backfill.dag_id,
        "from_date": iso(backfill.first),
        "to_date": iso(backfill.last),
        "dag_run_conf": {},
        "is_paused": backfill.is_paused,
        "reprocess_behavior": backfill.reprocess,
        "max_active_runs": 1,
        "created_at": iso(backfill.created_at),
        "completed_at": iso(backfill.completed_at),
    }


async def post_backfill(server: FakeAirflow3, request: Request) -> Any:
    body = await request.json()
    dag = server.engine.dags.get(body["dag_id"])
    if dag is not None:
        name = dag.spec.dag_id
        if any(each.dag_id == name and each.completed_at is None for each in server.backfills):
            raise HTTPException(409, f"There is already a running backfill for dag {name}")
    dag, intervals = _asked(server, body)
    there = {run.logical_date for run in dag.runs.values()}
    runs = [
        server.engine.create_run(
            dag,
            run_type="backfill",
            run_id=server.engine.run_id("backfill", interval),
            logical_date=interval.start,
            interval=interval,
            conf=body.get("dag_run_conf"),
        )
        for interval in intervals
        if interval.start not in there
    ]
    number = len(server.backfills) + 1
    first, last = (datetime.fromisoformat(body[key]) for key in ("from_date", "to_date"))
    reprocess = body.get("reprocess_behavior", "none")
    backfill = Backfill(number, dag.spec.dag_id, first, last, reprocess, server.engine.now, runs)
    server.backfills.append(backfill)
    return backfill_json(backfill)


async def post_dry_run(server: FakeAirflow3, request: Request) -> Any:
    dag, intervals = _asked(server, await request.json())
    there = {run.logical_date for run in dag.runs.values()}
    rows = [
        {"logical_date": iso(each.start), "partition_key": None, "partition_date": None}
        for each in intervals
        if each.start not in there
    ]
    return {"backfills": rows, "total_entries": len(rows)}


def _asked(server: FakeAirflow3, body: dict[str, Any]) -> tuple[SimDag, list[Interval]]:
    """The DAG that a backfill is asked for, and the intervals it would cover; HTTPException where it is refused."""
    dag = server.engine.dags.get(body["dag_id"])
    if dag is None:
        raise HTTPException(404, f"Could not find dag {body['dag_id']}")
    name, reprocess = dag.spec.dag_id, body.get("reprocess_behavior", "none")
    if isinstance(dag.timetable, Untimed) or dag.spec.schedule in {"@once", "@continuous"}:
        raise HTTPException(422, f"{name} has a non-periodic schedule that does not support backfills")
    if reprocess == "none" and any(task.depends_on_past for task in dag.spec.tasks):
        raise HTTPException(422, f"Dag {name} has tasks that depend on past: must set reprocess completed or failed")
    first, last = (datetime.fromisoformat(body[key]) for key in ("from_date", "to_date"))
    intervals = _intervals(dag, first, last)
    if not intervals:
        raise HTTPException(422, f"No runs to create for Dag {name} in the range [{first}, {last}]")
    return dag, intervals


def _intervals(dag: SimDag, first: datetime, last: datetime) -> list[Interval]:
    """The intervals that start from `first` to `last`, both included."""
    table = dag.timetable
    if isinstance(table, Periods):
        return [Interval(first, first + table.period)]
    past = Interval(first - timedelta(days=800), first)
    found: list[Interval] = []
    interval = table.next(None, _spec_from(dag.spec, first), past.end)
    while interval is not None and interval.start <= last:
        found.append(interval)
        interval = table.next(interval, _spec_from(dag.spec, first), past.end)
    return found


def _spec_from(spec: DagSpec, first: datetime) -> DagSpec:
    return DagSpec(spec.dag_id, spec.team, spec.owner, first, spec.schedule, timezone=spec.timezone, catchup=True)


async def get_backfills(server: FakeAirflow3, request: Request) -> Any:
    dag_id = request.query_params.get("dag_id")
    if dag_id is None:
        return JSONResponse({"detail": [{"type": "missing", "loc": ["query", "dag_id"]}]}, 422)
    rows = [backfill_json(each) for each in server.backfills if each.dag_id == dag_id]
    return page(request, "backfills", ordered(request, rows, {"id": lambda row: row["id"]}, "id"))


async def cancel_backfill(server: FakeAirflow3, request: Request) -> Any:
    number = request.path_params["number"]
    backfill = next((each for each in server.backfills if each.id == number), None)
    if backfill is None:
        raise HTTPException(404, "Backfill not found")
    if backfill.completed_at is not None:
        raise HTTPException(409, "Backfill is already completed.")
    for run in backfill.runs:
        if run.state == "queued":
            server.engine.set_state(run, "failed", rest="skipped")
    backfill.completed_at, backfill.is_paused = server.engine.now, True
    return backfill_json(backfill)


ROUTES: tuple[Endpoint, ...] = (
    ("POST", f"{API}/backfills", "edit", post_backfill),
    ("POST", f"{API}/backfills/dry_run", "edit", post_dry_run),
    ("GET", f"{API}/backfills", "see", get_backfills),
    ("PUT", f"{API}/backfills/{{number:int}}/cancel", "edit", cancel_backfill),
)
