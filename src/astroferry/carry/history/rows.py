"""Rows as the source's REST API tells them, translated into rows as Starship writes them on an Airflow 2 or 3.

What differs between 2 and 3, tried with Starship 2.10.1 on 2.11.2 and on 3.3.2, both on PostgreSQL, on 2026-11-25:
the logical date has another name, a run says when it was due (`run_after`) and what triggered it, datasets are
assets, and a task instance has an id of its own (any UUID; ours is derived from what it names, so that writing again
writes the same). The target fills in the DAG version itself. Not carried, because the API does not tell them: logs,
XComs, rendered fields, notes, who cleared what, and the executor's own configuration.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from astroferry.clients.airflow_shapes import moment, run_of

if TYPE_CHECKING:
    from datetime import datetime

Row = dict[str, Any]
NOT_CARRIED = ("logs", "XComs", "rendered fields", "notes")
FINISHED = frozenset({"success", "failed"})
_IDS = uuid.UUID("6f0d1a52-5a0f-5a52-9c53-3a1f0c1b7e55")
"""the namespace of our ids; any fixed one does"""
_TRIGGERED_BY = {"scheduled": "TIMETABLE", "backfill": "BACKFILL", "asset_triggered": "ASSET"}
_TASK = (
    "dag_id",
    "task_id",
    "map_index",
    "start_date",
    "end_date",
    "duration",
    "state",
    "max_tries",
    "hostname",
    "unixname",
    "pool",
    "pool_slots",
    "queue",
    "priority_weight",
    "operator",
    "rendered_map_index",
    "task_display_name",
)
"""fields of a task instance that both APIs and both of Starship's shapes call the same"""


def run_row(item: Row, target_major: int) -> Row:
    """A finished run of the source as a row of the target."""
    run = run_of(item)
    row: Row = {
        "dag_id": item["dag_id"],
        "run_id": run.run_id,
        "run_type": _run_type(run.run_type, target_major),
        "state": run.state,
        "conf": item.get("conf") or {},
        "queued_at": _text(moment(item.get("queued_at")) or run.start_date),
        "start_date": _text(run.start_date),
        "end_date": _text(run.end_date),
        "data_interval_start": _text(run.data_interval_start),
        "data_interval_end": _text(run.data_interval_end),
        "clear_number": 0,
    }
    if target_major == 2:
        manual = run.run_type == "manual"
        return {**row, "execution_date": _text(run.logical_date), "external_trigger": manual}
    due = run.run_after or (run.data_interval_end if run.run_type != "manual" else None) or run.logical_date
    return {
        **row,
        "logical_date": _text(run.logical_date),
        "run_after": _text(due or run.start_date),
        "triggered_by": _TRIGGERED_BY.get(row["run_type"]),
    }


def task_row(item: Row, target_major: int) -> Row:
    """A task instance, its last try, as a row of the target."""
    row = _task(item)
    if target_major >= 3:
        row["id"] = str(uuid.uuid5(_IDS, _name(row, "")))
        row["custom_operator_name"] = item.get("operator_name") or item.get("operator") or ""
    return row if target_major >= 3 else {**row, "executor_config": {}}


def try_row(item: Row, target_major: int) -> Row:
    """An earlier try of a task instance as a row of the target."""
    row = _task(item)
    if target_major >= 3:
        row["task_instance_id"] = str(uuid.uuid5(_IDS, _name(row, str(row["try_number"]))))
    return row if target_major >= 3 else {**row, "executor_config": {}}


def _task(item: Row) -> Row:
    row = {name: item.get(name) for name in _TASK}
    row["run_id"] = item["dag_run_id"]
    row["try_number"] = int(item.get("try_number") or 0)
    row["queued_dttm"] = item.get("queued_when")
    row["map_index"] = int(item.get("map_index", -1))
    # Airflow 2 cannot show an instance with a null host, user or executor_config: its own API then answers 500
    # (2.11.2). Starship writes an empty configuration there, but only where the key is sent.
    row |= {name: row[name] or "" for name in ("hostname", "unixname", "operator")}
    row["queue"], row["priority_weight"] = row["queue"] or "default", row["priority_weight"] or 1
    row["pool"] = row["pool"] or "default_pool"
    row["pool_slots"] = row["pool_slots"] or 1
    row["max_tries"] = row["max_tries"] if row["max_tries"] is not None else -1
    row["task_display_name"] = row["task_display_name"] or item["task_id"]
    return row


def _name(row: Row, attempt: str) -> str:
    return "\x1f".join((row["dag_id"], row["run_id"], row["task_id"], str(row["map_index"]), attempt))


def _run_type(source: str, target_major: int) -> str:
    if target_major >= 3 and source == "dataset_triggered":
        return "asset_triggered"
    if target_major == 2 and source == "asset_triggered":
        return "dataset_triggered"
    return source


def _text(value: datetime | None) -> str | None:
    return value.isoformat() if value is not None else None


def run_content(item: Row) -> tuple[object, ...]:
    """What must be the same on both sides of a run, whatever either version calls it."""
    run = run_of(item)
    return (
        run.state,
        run.logical_date,
        run.data_interval_start,
        run.data_interval_end,
        run.start_date,
        run.end_date,
        run.run_type.replace("dataset_", "asset_"),
    )


def task_content(item: Row) -> tuple[object, ...]:
    """Likewise of a task instance, or of one of its tries."""
    return (
        item["task_id"],
        int(item.get("map_index", -1)),
        int(item.get("try_number") or 0),
        item.get("state"),
        moment(item.get("start_date")),
        moment(item.get("end_date")),
    )
