"""What the source has, a table for each kind of thing: of a whole inventory, or of one still being read; pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from astroferry.faces.clock import scheduled
from astroferry.model.words import names

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from astroferry.model.inventory import (
        BrokenFile,
        ConnectionSeen,
        Dag,
        Inventory,
        Place,
        Plugin,
        Pool,
        Provider,
        Sign,
        VariableSeen,
    )
    from astroferry.sources.unfinished import Unfinished

Row = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """One kind of thing; `read` is False where the source has not been asked for it yet."""

    title: str
    headings: tuple[str, ...]
    rows: tuple[Row, ...]
    read: bool = True

    @property
    def counted(self) -> str:
        """`DAGs 14,000`, or `pools not read yet`."""
        return f"{self.title} {len(self.rows):,}" if self.read else f"{self.title} not read yet"


def tables_of(inventory: Inventory) -> tuple[Table, ...]:
    """All kinds of a whole inventory."""
    return (
        _dags(inventory.dags),
        _connections(inventory.connections),
        _variables(inventory.variables),
        _pools(inventory.pools),
        _providers(inventory.providers),
        _plugins(inventory.plugins),
        _broken(inventory.import_errors),
        _places(inventory.places),
        _signs(inventory.signs),
    )


def tables_so_far(unfinished: Unfinished) -> tuple[Table, ...]:
    """The kinds that a read gives one after the other; the last column of DAGs tells how well each is known."""
    dags = _dags(unfinished.dags)
    known = ("in detail" if unfinished.has_details(dag.dag_id) else "listed" for dag in unfinished.listed)
    return (
        Table(
            dags.title,
            (*dags.headings, "read"),
            tuple((*row, how) for row, how in zip(dags.rows, known, strict=True)),
            bool(unfinished.listed),
        ),
        _connections(unfinished.seen("connections")),
        _variables(unfinished.seen("variables")),
        _pools(unfinished.seen("pools")),
        _providers(unfinished.seen("providers")),
        _plugins(unfinished.seen("plugins")),
        _broken(unfinished.seen("import errors")),
    )


def partial_in_words(unfinished: Unfinished, *, running: bool) -> str:
    """That it is not the whole, what is missing, and that nothing rests on it."""
    missing = names(unfinished.missing(), 4)
    what = "Still to be read" if running else "Not read yet"
    return f"Partial. {what}: {missing or 'the rest of the code'}. No advice rests on it before all of it is read."


def _table(title: str, headings: Sequence[str], rows: Iterable[Row], seen: object = ()) -> Table:
    return Table(title, tuple(headings), tuple(rows), seen is not None)


def _dags(dags: Iterable[Dag]) -> Table:
    rows = (
        (
            dag.dag_id,
            "paused" if dag.is_paused else "active",
            scheduled(dag.schedule),
            ", ".join(dag.owners),
            dag.fileloc,
        )
        for dag in dags
    )
    return _table("DAGs", ("DAG", "state", "schedule", "owner", "file"), rows)


def _connections(seen: Iterable[ConnectionSeen] | None) -> Table:
    rows = (
        (item.conn_id, item.conn_type, item.host, str(item.port or ""), item.login, _where(item.origin))
        for item in seen or ()
    )
    return _table("connections", ("connection", "type", "host", "port", "login", "from"), rows, seen)


def _variables(seen: Iterable[VariableSeen] | None) -> Table:
    rows = (
        (item.key, f"{item.size:,}", "masked" if item.masked else "", item.description, _where(item.origin))
        for item in seen or ()
    )
    return _table("variables", ("variable", "bytes", "shown", "description", "from"), rows, seen)


def _pools(seen: Iterable[Pool] | None) -> Table:
    rows = ((item.name, f"{item.slots:,}", item.description) for item in seen or ())
    return _table("pools", ("pool", "slots", "description"), rows, seen)


def _providers(seen: Iterable[Provider] | None) -> Table:
    rows = ((item.package, item.version) for item in seen or ())
    return _table("providers", ("provider", "version"), rows, seen)


def _plugins(seen: Iterable[Plugin] | None) -> Table:
    rows = ((item.name, ", ".join(item.adds), item.source) for item in seen or ())
    return _table("plugins", ("plugin", "adds", "source"), rows, seen)


def _broken(seen: Iterable[BrokenFile] | None) -> Table:
    rows = ((item.filename, " ".join(item.message.split())) for item in seen or ())
    return _table("import errors", ("file", "why"), rows, seen)


def _places(seen: Iterable[Place]) -> Table:
    rows = ((item.host, str(item.port or ""), item.path, ", ".join(item.connections), item.why) for item in seen)
    return _table("places", ("host", "port", "path", "connections", "why"), rows)


def _signs(seen: Iterable[Sign]) -> Table:
    rows = ((item.place, item.kind, item.what, ", ".join(item.dags)) for item in seen)
    return _table("signs in code", ("where", "kind", "what", "DAGs"), rows)


def _where(origin: str) -> str:
    return {"metadata": "database", "code": "only named in code"}.get(origin, origin)
