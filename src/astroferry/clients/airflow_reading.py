"""Reading an Airflow: nothing here changes the server."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from astroferry.clients import airflow_shapes as shapes
from astroferry.clients.address import segment
from astroferry.clients.airflow_seen import QueuedEvent
from astroferry.errors import NotFoundError
from astroferry.model.inventory import Provider

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping, Sequence
    from datetime import datetime

    from astroferry.clients.airflow_dialect import Dialect
    from astroferry.clients.airflow_seen import TaskInstanceSeen, TaskSeen
    from astroferry.clients.http import Http
    from astroferry.model.inventory import BrokenFile, Caller, ConnectionSeen, Dag, Plugin, Pool, Run, VariableSeen
    from astroferry.model.values import VariableValue

PAGE = 100
"""items per page: both versions clamp a larger limit silently (measured on 2.10.5 and 3.3.2)"""

EVENTS = 500
"""entries of the event log that are looked at: some requests, whatever its length"""


class Reading:
    """The reading half of `Airflow`.

    Every method raises UnreachableError, NotTheApiError, NotAllowedError, and RequestFailedError (NotFoundError
    where it asks for something that is not there, unless it says otherwise).
    """

    def __init__(self, http: Http, dialect: Dialect, version: str) -> None:
        self.http = http
        self.url = http.url
        self.version = version
        self.api = dialect.api
        self._dialect = dialect

    @property
    def major(self) -> int:
        """2 for "2.11.2"."""
        return int(self.version.split(".", 1)[0])

    async def _get(self, path: str, params: Mapping[str, object] | None = None) -> Any:
        return await self.http.json("GET", self._dialect.root + path, params=params)

    async def _pages(
        self, path: str, key: str, params: Mapping[str, object], identity: Callable[[dict[str, Any]], object]
    ) -> AsyncIterator[dict[str, Any]]:
        """Items of all pages, each once, although rows come and go while we read."""
        seen: set[object] = set()
        offset = 0
        while True:
            body = await self._get(path, {"limit": PAGE, **params, "offset": offset}) or {}
            items = body.get(key) or []
            for item in items:
                if (name := identity(item)) not in seen:
                    seen.add(name)
                    yield item
            offset += len(items)
            if not items or offset >= int(body.get("total_entries") or 0):
                return

    async def dags(self, *, page: int = PAGE) -> AsyncIterator[Dag]:
        """The active DAGs by id, as the list tells them: no catchup, dates or time zone (see `dag`)."""
        params = {"limit": page, "order_by": "dag_id"}
        async for item in self._pages("/dags", "dags", params, lambda item: item["dag_id"]):
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

    async def connections(self) -> tuple[ConnectionSeen, ...]:
        """All connections of the metadata database, by id; on Airflow 2 one more request for each tells its extra."""
        params = {"order_by": "connection_id"}
        pages = self._pages("/connections", "connections", params, lambda item: item["connection_id"])
        items = [item async for item in pages]
        if self._dialect.lists_extra:
            return tuple(shapes.connection_seen(item) for item in items)
        seen = await asyncio.gather(*(self.connection(item["connection_id"]) for item in items))
        return tuple(connection for connection in seen if connection is not None)

    async def connection(self, conn_id: str) -> ConnectionSeen | None:
        """One connection; None where it is not there."""
        try:
            return shapes.connection_seen(await self._get(f"/connections/{segment(conn_id)}"))
        except NotFoundError as error:
            raise_unless_missing(error)
            return None

    def _variable_pages(self) -> AsyncIterator[dict[str, Any]]:
        return self._pages("/variables", "variables", {"order_by": "key"}, lambda item: item["key"])

    async def variables(self) -> tuple[VariableSeen, ...]:
        """All variables of the metadata database by key: names and shapes, values are not kept."""
        return tuple([shapes.variable_seen(item) async for item in self._variable_pages()])

    async def variable_values(self) -> dict[str, VariableValue]:
        """All variables with their values; Airflow 3 masks some (`value.is_masked()`)."""
        return {item["key"]: shapes.variable_value(item) async for item in self._variable_pages()}

    async def variable_value(self, key: str) -> VariableValue | None:
        """One variable with its value, which may be masked; None where it is not there."""
        try:
            return shapes.variable_value(await self._get(f"/variables/{segment(key)}"))
        except NotFoundError as error:
            raise_unless_missing(error)
            return None

    async def pools(self) -> tuple[Pool, ...]:
        """All pools, default_pool too."""
        return tuple(
            [shapes.pool_of(item) async for item in self._pages("/pools", "pools", {}, lambda item: item["name"])]
        )

    async def providers(self) -> tuple[Provider, ...]:
        """The installed provider packages."""
        body = await self._get("/providers")
        return tuple(Provider(item["package_name"], item["version"]) for item in body["providers"])

    async def plugins(self) -> tuple[Plugin, ...]:
        """The plugins, with what each adds."""
        pages = self._pages("/plugins", "plugins", {}, lambda item: (item.get("name"), item.get("source")))
        return tuple([shapes.plugin_of(item) async for item in pages])

    async def import_errors(self) -> tuple[BrokenFile, ...]:
        """DAG files that do not parse."""
        pages = self._pages("/importErrors", "import_errors", {}, lambda item: item["import_error_id"])
        return tuple([shapes.broken_file_of(item) async for item in pages])

    async def config(self) -> dict[str, dict[str, str]]:
        """Section -> option -> value, without sensitive options; NotAllowedError where it is not exposed."""
        return shapes.config_of(await self._get("/config"))

    async def datasets(self) -> tuple[dict[str, tuple[str, ...]], dict[str, tuple[str, ...]]]:
        """(consumes, produces): DAG id -> URIs of the datasets (assets) that schedule it, and that it updates."""
        consumes: dict[str, list[str]] = {}
        produces: dict[str, list[str]] = {}
        key = self._dialect.assets.strip("/")
        async for item in self._pages(self._dialect.assets, key, {}, lambda item: item["id"]):
            for dag in item.get(self._dialect.asset_consumers) or ():
                consumes.setdefault(dag["dag_id"], []).append(item["uri"])
            for task in item.get("producing_tasks") or ():
                produces.setdefault(task["dag_id"], []).append(item["uri"])
        return _sorted(consumes), _sorted(produces)

    async def callers(self) -> tuple[Caller, ...]:
        """Who changed something through the REST API, by the newest entries of the event log; most calls first.

        Airflow 2 marks such entries ("api.post_dag_run", read in 2.11.2: `www/decorators.py`); reading leaves none.
        Airflow 3's own pages use the same API, so nothing tells its callers apart there: empty.
        """
        if self.api == "v2":
            return ()
        entries: list[dict[str, Any]] = []
        while len(entries) < EVENTS:
            params = {"limit": PAGE, "order_by": "-when", "offset": len(entries)}
            found = (await self._get("/eventLogs", params)).get("event_logs") or []
            entries += found
            if len(found) < PAGE:
                break
        return shapes.callers_of(entries)

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

    async def health(self) -> dict[str, str | None]:
        """Component -> "healthy", "unhealthy", or None where it does not run. HTTP says 200 either way."""
        body = await self._get(self._dialect.health)
        return {name: part.get("status") for name, part in body.items() if isinstance(part, dict)}


def raise_unless_missing(error: NotFoundError) -> None:
    """Raise where not the item is missing but its path.

    A name with a slash leads to no route for some items (pools on 2.11.2): they may well be there.
    """
    if any(sign in error.detail for sign in ("requested URL was not found", "API route not found")):
        raise error


def _sorted(lists: dict[str, list[str]]) -> dict[str, tuple[str, ...]]:
    return {name: tuple(sorted(set(values))) for name, values in lists.items()}


def _log_line(event: Any) -> str:
    if not isinstance(event, dict):
        return str(event)
    parts = [str(event[name]) for name in ("timestamp", "level", "event") if event.get(name)]
    parts += [
        f"{error.get('exc_type', '')}: {error.get('exc_value', '')}" for error in event.get("error_detail") or ()
    ]
    return " ".join(parts)
