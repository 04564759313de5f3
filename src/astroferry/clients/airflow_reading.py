"""Reading an Airflow: nothing here changes the server."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING, Any

from astroferry.clients import airflow_shapes as shapes
from astroferry.clients.address import segment
from astroferry.clients.airflow_access import role_of
from astroferry.clients.airflow_asking import PAGE, raise_unless_missing
from astroferry.clients.airflow_dags import ReadingDags
from astroferry.errors import NotFoundError
from astroferry.model.inventory import Provider

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from astroferry.model.inventory import BrokenFile, Caller, ConnectionSeen, Plugin, Pool, RoleSeen, VariableSeen
    from astroferry.model.values import VariableValue

EVENTS = 500
"""entries of the event log that are looked at: some requests, whatever its length"""


class Reading(ReadingDags):
    """The reading half of `Airflow`; raises as `Asking` says."""

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

    async def failed_to_parse(self) -> dict[str, str]:
        """File that does not parse -> when that was seen last, as the server writes it; anew with each try."""
        pages = self._pages("/importErrors", "import_errors", {}, lambda item: item["import_error_id"])
        return {item.get("filename") or "": item.get("timestamp") or "" async for item in pages}

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

    async def roles(self) -> tuple[RoleSeen, ...]:
        """The roles of Flask-AppBuilder, by name, and how many people have each; of people nothing else is kept.

        Airflow 2 has them in its API, Airflow 3 in that of the FAB auth manager, whose address is its own; another
        auth manager has none (404).
        """
        root = self._dialect.access
        people = Counter(
            [
                role["name"]
                async for user in self._pages_at(f"{root}/users", "users", {}, lambda item: item["username"])
                if user.get("active", True)
                for role in user.get("roles") or ()
            ]
        )
        roles = self._pages_at(f"{root}/roles", "roles", {}, lambda item: item["name"])
        found = [role_of(item, people[item["name"]]) async for item in roles]
        return tuple(sorted(found, key=lambda role: role.name))

    async def health(self) -> dict[str, str | None]:
        """Component -> "healthy", "unhealthy", or None where it does not run. HTTP says 200 either way."""
        body = await self._get(self._dialect.health)
        return {name: part.get("status") for name, part in body.items() if isinstance(part, dict)}


def _sorted(lists: dict[str, list[str]]) -> dict[str, tuple[str, ...]]:
    return {name: tuple(sorted(set(values))) for name, values in lists.items()}
