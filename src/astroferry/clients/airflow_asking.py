"""How an Airflow is asked: one page after the other, by the dialect of its version."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping

    from astroferry.clients.airflow_dialect import Dialect
    from astroferry.clients.http import Http
    from astroferry.errors import NotFoundError

PAGE = 100
"""items per page: both versions clamp a larger limit silently (measured on 2.10.5 and 3.3.2)"""


class Asking:
    """What all reading of an Airflow stands on.

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

    def _pages(
        self,
        path: str,
        key: str,
        params: Mapping[str, object],
        identity: Callable[[dict[str, Any]], object],
        skip: int = 0,
    ) -> AsyncIterator[dict[str, Any]]:
        """Items of all pages, each once, although rows come and go while we read; from the one after `skip` on."""
        return self._pages_at(self._dialect.root + path, key, params, identity, skip)

    async def _pages_at(
        self,
        path: str,
        key: str,
        params: Mapping[str, object],
        identity: Callable[[dict[str, Any]], object],
        skip: int = 0,
    ) -> AsyncIterator[dict[str, Any]]:
        """As `_pages`, at a path from the server's own root."""
        seen: set[object] = set()
        offset = skip
        while True:
            body = await self.http.json("GET", path, params={"limit": PAGE, **params, "offset": offset}) or {}
            items = body.get(key) or []
            for item in items:
                if (name := identity(item)) not in seen:
                    seen.add(name)
                    yield item
            offset += len(items)
            if not items or offset >= int(body.get("total_entries") or 0):
                return


def raise_unless_missing(error: NotFoundError) -> None:
    """Raise where not the item is missing but its path.

    A name with a slash leads to no route for some items (pools on 2.11.2): they may well be there.
    """
    if any(sign in error.detail for sign in ("requested URL was not found", "API route not found")):
        raise error
