"""Reading an Airflow's DAGs, their runs and tasks: nothing here changes the server."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from astroferry.clients import airflow_shapes as shapes
from astroferry.clients.address import segment
from astroferry.clients.airflow_asking import PAGE, Asking, raise_unless_missing
from astroferry.clients.airflow_seen import QueuedEvent
from astroferry.errors import NotFoundError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from datetime import datetime

    from astroferry.clients.airflow_seen import TaskInstanceSeen, TaskSeen
    from astroferry.model.inventory import Dag, Run

FAILED_RUNS = 2000
"""failed runs that are looked at: twenty requests at most, whatever the source's past"""


class ReadingDags(Asking):
    """The part of `Reading` that is about DAGs; raises as `Asking` says."""

    async def dags(self, *, page: int = PAGE, skip: int = 0) -> AsyncIterator[Dag]:
        """The active DAGs by id, as the list tells them: no catchup, dates or time zone (see `dag`).

        `skip` leaves out so many at the beginning.
        """
        params = {"limit": page, "order_by": "dag_id"}
        async for item in self._pages("/dags", "dags", params, lambda item: item["dag_id"], skip):
            yield self._dialect.dag(item)

    async def count_dags(self) -> int:
        """How many DAGs are active."""
        body = await self._get("/dags", {"limit": 1})
        return int(body["total_entries"])

    async def is_listed(self, dag_id: str) -> bool:
        """Whether the DAG is active: its file is there and was parsed. A record alone may outlive its file."""
        # Both versions list active ones unless told otherwise; the pattern is a substring with wildcards.
        params = {"limit": PAGE, "dag_id_pattern": dag_id}
        found = self._pages("/dags", "dags", params, lambda item: item["dag_id"])
        return dag_id in {item["dag_id"] async for item in found}

    async def dag(self, dag_id: str, *, listed: Dag | None = None) -> Dag:
        """A DAG with its details: catchup, start and end date, time zone.

        `listed`: the same DAG from `dags()`, which saves a request on Airflow 2 (only the list tells owners there).
        """
        path = f"/dags/{segment(dag_id)}"
        dag = self._dialect.dag(await self._get(f"{path}/details"))
        if dag.owners or self.api == "v2":
            return dag
        return replace(dag, owners=(listed or self._dialect.dag(await self._get(path))).owners)

    async def tasks(self, dag_id: str) -> tuple[TaskSeen, ...]:
        """The tasks of a DAG, by id."""
        body = await self._get(f"/dags/{segment(dag_id)}/tasks", {"order_by": "task_id"})
        return tuple(shapes.task_of(item) for item in body["tasks"])

    async def dag_source(self, dag_id: str) -> str:
        """The text of the file that defines a DAG; Airflow 2 wants the token of that file."""
        place = dag_id
        if self.api == "v1":
            place = (await self._get(f"/dags/{segment(dag_id)}"))["file_token"]
        return str((await self._get(f"/dagSources/{segment(place)}"))["content"])

    async def runs(
        self,
        dag_id: str,
        *,
        states: Sequence[str] = (),
        limit: int = 100,
        newest_first: bool = True,
        since: datetime | None = None,
    ) -> tuple[Run, ...]:
        """Up to `limit` runs of a DAG, by logical date (Airflow 2) or by the moment they are due (Airflow 3).

        `since` cuts by the same measure, so on Airflow 3 it may include runs whose logical date is a little older.
        """
        params: dict[str, object] = {
            "limit": min(limit, PAGE),
            "order_by": self._dialect.newest if newest_first else self._dialect.oldest,
        }
        if states:
            params["state"] = list(states)
        if since is not None:
            params[self._dialect.since] = shapes.stamp(since)
        found: list[Run] = []
        pages = self._pages(f"/dags/{segment(dag_id)}/dagRuns", "dag_runs", params, lambda item: item["dag_run_id"])
        async for item in pages:
            if len(found) >= limit:
                break
            found.append(shapes.run_of(item))
        return tuple(found)

    async def active_runs(self, dag_id: str) -> tuple[Run, ...]:
        """All queued and running runs of a DAG, oldest first."""
        return await self.runs(dag_id, states=("queued", "running"), limit=100_000, newest_first=False)

    async def active_run_counts(self) -> dict[str, int]:
        """Queued and running runs per DAG, over all DAGs; a DAG without any is not in it."""
        params = {"state": ["queued", "running"], "order_by": self._dialect.oldest}
        pages = self._pages("/dags/~/dagRuns", "dag_runs", params, lambda item: (item["dag_id"], item["dag_run_id"]))
        return dict(Counter([item["dag_id"] async for item in pages]))

    async def failed_run_counts(self, since: datetime) -> tuple[dict[str, int], int]:
        """Failed runs per DAG since then, a DAG without any left out, and how many there are in all.

        Only the newest `FAILED_RUNS` are counted: where there are more in all, the counts say "at least".
        """
        params = {
            "state": ["failed"],
            "limit": PAGE,
            "order_by": self._dialect.newest,
            self._dialect.since: shapes.stamp(since),
        }
        found: Counter[str] = Counter()
        total = offset = 0
        while offset < FAILED_RUNS:
            body = await self._get("/dags/~/dagRuns", {**params, "offset": offset})
            runs, total = body.get("dag_runs") or (), int(body.get("total_entries") or 0)
            found.update(item["dag_id"] for item in runs)
            offset += len(runs)
            if len(runs) < PAGE:
                break
        return dict(found), total

    async def run(self, dag_id: str, run_id: str) -> Run | None:
        """One run; None where it is not there."""
        try:
            return shapes.run_of(await self._get(f"/dags/{segment(dag_id)}/dagRuns/{segment(run_id)}"))
        except NotFoundError as error:
            raise_unless_missing(error)
            return None

    async def task_instances(self, dag_id: str, run_id: str) -> tuple[TaskInstanceSeen, ...]:
        """All task instances of a run."""
        path = f"/dags/{segment(dag_id)}/dagRuns/{segment(run_id)}/taskInstances"
        pages = self._pages(path, "task_instances", {}, lambda item: (item["task_id"], item.get("map_index", -1)))
        return tuple([shapes.task_instance_of(item) async for item in pages])

    async def xcom(
        self, dag_id: str, run_id: str, task_id: str, key: str = "return_value", *, map_index: int = -1
    ) -> Any:
        """An XCom's value: JSON as JSON from 2.10 on, its text before; None where there is none."""
        path = (
            f"/dags/{segment(dag_id)}/dagRuns/{segment(run_id)}/taskInstances/{segment(task_id)}"
            f"/xcomEntries/{segment(key)}"
        )
        young = self.major > 2 or self._minor >= 10
        params = {"stringify": False if young else None, "map_index": map_index if map_index >= 0 else None}
        try:
            return (await self._get(path, params))["value"]
        except NotFoundError as error:
            raise_unless_missing(error)
            return None

    @property
    def _minor(self) -> int:
        digits = self.version.split(".")[1] if "." in self.version else ""
        return int(digits) if digits.isdigit() else 0

    async def task_log(
        self, dag_id: str, run_id: str, task_id: str, try_number: int = 1, *, map_index: int = -1
    ) -> str:
        """The log of one try as text, one line per event; `map_index` names one of a mapped task's instances."""
        path = (
            f"{self._dialect.root}/dags/{segment(dag_id)}/dagRuns/{segment(run_id)}"
            f"/taskInstances/{segment(task_id)}/logs/{try_number}"
        )
        params = {"full_content": True, "map_index": map_index if map_index >= 0 else None}
        if self.api == "v1":
            return await self.http.text("GET", path, params=params)
        body = await self.http.json("GET", path, params=params)
        content = body.get("content") or ()
        if isinstance(content, str):
            return content
        return "\n".join(_log_line(event) for event in content)

    async def queued_events(self, dag_id: str) -> tuple[QueuedEvent, ...]:
        """The dataset (asset) events that wait for others before the DAG runs; oldest first, none where none.

        Both versions keep one per DAG and dataset, and throw them away when it runs; a paused DAG gets none (2.11.2,
        3.3.2).
        """
        v1 = self.api == "v1"
        path = f"/dags/{segment(dag_id)}/" + ("datasets/queuedEvent" if v1 else "assets/queuedEvents")
        try:
            body = await self._get(path)
        except NotFoundError as error:
            raise_unless_missing(error)
            return ()
        events = sorted(body.get("queued_events") or (), key=lambda item: item.get("created_at") or "")
        uris = (str(item.get("uri") or item.get("name") or item.get("asset_id")) for item in events)
        times = (shapes.moment(item.get("created_at")) for item in events)
        return tuple(map(QueuedEvent, uris, times))


def _log_line(event: Any) -> str:
    if not isinstance(event, dict):
        return str(event)
    parts = [str(event[name]) for name in ("timestamp", "level", "event") if event.get(name)]
    parts += [
        f"{error.get('exc_type', '')}: {error.get('exc_value', '')}" for error in event.get("error_detail") or ()
    ]
    return " ".join(parts)
