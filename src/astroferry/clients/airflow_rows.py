"""Rows over many DAGs, and rows as the server keeps them: for the watch, for history, for a last backup."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from astroferry.clients import airflow_shapes as shapes
from astroferry.clients.address import segment
from astroferry.clients.airflow_asking import PAGE, raise_unless_missing
from astroferry.clients.airflow_reading import Reading
from astroferry.clients.airflow_seen import TaskRan
from astroferry.errors import NotFoundError
from astroferry.model.watching import WaitingTask

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from datetime import datetime

    from astroferry.model.inventory import Run

WAITING = ("scheduled", "queued")
TASKS = "/dags/~/dagRuns/~/taskInstances"
TRIES_SINCE = 10
"""2.10 is the first that tells the tries of a task instance"""


class Rows(Reading):
    """Rows of a whole server, and raw ones; raises as `Reading` does, and changes nothing either."""

    async def runs_started(self, since: datetime) -> dict[str, tuple[Run, ...]]:
        """DAG id -> its runs that began at `since` or later, over all DAGs, whatever moment they stand for."""
        params: dict[str, object] = {"start_date_gte": shapes.stamp(since), "order_by": "start_date"}
        found: dict[str, list[Run]] = {}
        async for item in self._all_runs(params):
            found.setdefault(item["dag_id"], []).append(shapes.run_of(item))
        return {dag_id: tuple(runs) for dag_id, runs in found.items()}

    async def runs_waiting(self) -> dict[str, tuple[str, ...]]:
        """DAG id -> ids of its runs that are queued, over all DAGs; those of a paused one wait until it is not."""
        found: dict[str, list[str]] = {}
        async for item in self._all_runs({"state": "queued"}):
            if item["state"] == "queued":
                found.setdefault(item["dag_id"], []).append(item["dag_run_id"])
        return {dag_id: tuple(runs) for dag_id, runs in found.items()}

    async def last_start(self, since: datetime) -> datetime | None:
        """When the newest run of any DAG began, of those at `since` or later; None where none has since.

        The bound also leaves out the runs that never began, which PostgreSQL sorts first.
        """
        params = {"limit": 1, "order_by": "-start_date", "start_date_gte": shapes.stamp(since)}
        body = await self._get("/dags/~/dagRuns", params) or {}
        starts = (shapes.moment(item.get("start_date")) for item in body.get("dag_runs") or ())
        return next((start for start in starts if start is not None), None)

    async def waiting_tasks(self) -> tuple[WaitingTask, ...]:
        """The tasks that are queued or scheduled and have not begun, over all DAGs."""
        pages = self._pages(
            TASKS,
            "task_instances",
            {"state": list(WAITING)},
            lambda item: (item["dag_id"], item["dag_run_id"], item["task_id"], item.get("map_index", -1)),
        )
        return tuple(
            [
                WaitingTask(
                    dag_id=item["dag_id"],
                    task_id=item["task_id"],
                    since=shapes.moment(item.get("queued_when") or item.get("scheduled_when")),
                    pool=item.get("pool") or "default_pool",
                    queue=item.get("queue") or "default",
                )
                async for item in pages
            ]
        )

    async def ran(
        self, since: datetime, until: datetime, *, still: bool = False, offset: int = 0, limit: int = PAGE
    ) -> tuple[tuple[TaskRan, ...], int]:
        """A page of the task instances that ran at some moment from `since` to `until`, and how many there are.

        Those that have not ended have no end to be found by: `still` asks for the ones that run now, and began by
        `until`. Airflow 2 gives this list in no order (2.11.2: its GET takes none), so a row may come twice.
        """
        params: dict[str, object] = {"start_date_lte": shapes.stamp(until), "offset": offset, "limit": limit}
        params |= {"state": ["running"]} if still else {"end_date_gte": shapes.stamp(since)}
        if self.api == "v2":
            params["order_by"] = "start_date"
        body = await self._get(TASKS, params) or {}
        rows = (_ran(item) for item in body.get("task_instances") or ())
        return tuple(row for row in rows if row is not None), int(body.get("total_entries") or 0)

    def _all_runs(self, params: dict[str, object]) -> AsyncIterator[dict[str, Any]]:
        return self._pages("/dags/~/dagRuns", "dag_runs", params, lambda item: (item["dag_id"], item["dag_run_id"]))

    async def run_rows(self, dag_id: str, *, offset: int, limit: int) -> tuple[list[dict[str, Any]], int]:
        """A page of a DAG's runs as the server tells them, the oldest first, and how many there are in all."""
        params = {"limit": min(limit, PAGE), "offset": offset, "order_by": self._dialect.oldest}
        body = await self._get(f"/dags/{segment(dag_id)}/dagRuns", params) or {}
        return list(body.get("dag_runs") or ()), int(body.get("total_entries") or 0)

    async def task_rows(self, dag_id: str, run_id: str) -> list[dict[str, Any]]:
        """The task instances of a run as the server tells them, but for rendered fields, which may hold secrets."""
        path = f"/dags/{segment(dag_id)}/dagRuns/{segment(run_id)}/taskInstances"
        pages = self._pages(path, "task_instances", {}, lambda item: (item["task_id"], item.get("map_index", -1)))
        return [{name: value for name, value in item.items() if name != "rendered_fields"} async for item in pages]

    async def try_rows(self, dag_id: str, run_id: str, task_id: str, map_index: int = -1) -> list[dict[str, Any]]:
        """The tries of a task instance, the last one too; none where the version does not tell them (before 2.10)."""
        if self.major == 2 and self._minor < TRIES_SINCE:
            return []
        path = f"/dags/{segment(dag_id)}/dagRuns/{segment(run_id)}/taskInstances/{segment(task_id)}"
        if map_index >= 0:
            path += f"/{map_index}"
        try:
            body = await self._get(f"{path}/tries") or {}
        except NotFoundError as error:
            raise_unless_missing(error)
            return []
        rows = body.get("task_instances") or ()
        return [{name: value for name, value in item.items() if name != "rendered_fields"} for item in rows]

    async def raw_pages(
        self, path: str, key: str, params: Mapping[str, object] | None = None
    ) -> AsyncIterator[dict[str, Any]]:
        """Every item of a paged endpoint as the server tells it, in the order of its pages."""
        offset = 0
        while True:
            body = await self._get(path, {**(params or {}), "limit": PAGE, "offset": offset}) or {}
            items = body.get(key) or []
            for item in items:
                yield item
            offset += len(items)
            if not items or offset >= int(body.get("total_entries") or 0):
                return

    async def count_of(self, path: str, params: Mapping[str, object] | None = None) -> int:
        """How many items a paged endpoint says it has."""
        body = await self._get(path, {**(params or {}), "limit": 1}) or {}
        return int(body.get("total_entries") or 0)


def _ran(item: dict[str, Any]) -> TaskRan | None:
    start = shapes.moment(item.get("start_date"))
    if start is None:
        return None
    dag_id = item["dag_id"]
    return TaskRan(
        dag_id,
        (dag_id, item["dag_run_id"], item["task_id"], item.get("map_index", -1)),
        item.get("queue") or "default",
        item.get("pool") or "default_pool",
        start,
        shapes.moment(item.get("end_date")),
        bool(item.get("hostname")),
    )
