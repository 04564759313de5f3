"""Connections, variables and pools of the simulated /api/v1, with all that 2.11 hides and all that it shows."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, Response

from astroferry.simulator.source.estate import SimConnection, SimPool, SimVariable
from astroferry.simulator.source.masking import masked_extra
from astroferry.simulator.source.wire import (
    OPERATORS,
    READERS,
    Call,
    bad,
    conflict,
    not_found,
    ordered,
    page_of,
)  # fmt: skip

if TYPE_CHECKING:
    from collections.abc import Callable

CONNECTION = {
    "connection_id": "string",
    "conn_type": "string",
    "description": "string?",
    "host": "string?",
    "login": "string?",
    "password": "string",
    "schema": "string?",
    "port": "integer?",
    "extra": "string?",
}
SHOWN = ("conn_type", "description", "host", "login", "port", "schema")
VARIABLE = {"key": "string", "value": "string", "description": "any"}
POOL = {"name": "string", "slots": "integer", "description": "string?", "include_deferred": "boolean"}


def row_order(row: object) -> int:
    """By id: the order in which the rows came."""
    del row
    return 0


CONNECTION_ORDER: dict[str, Callable[[SimConnection], Any]] = {
    "id": row_order,
    "connection_id": lambda item: item.conn_id,
    "conn_type": lambda item: item.conn_type,
    "host": lambda item: item.host,
}
VARIABLE_ORDER: dict[str, Callable[[SimVariable], Any]] = {"id": row_order, "key": lambda item: item.key}
POOL_ORDER: dict[str, Callable[[SimPool], Any]] = {
    "id": row_order,
    "name": lambda item: item.name,
    "slots": lambda item: item.slots,
}


# --- connections


async def get_connections(call: Call) -> Response:
    """GET /connections: neither password nor extra."""
    rows = list(call.estate.connections.values())
    page = page_of(call, ordered(call, rows, CONNECTION_ORDER, "id"))
    return JSONResponse({"connections": [_listed(item) for item in page], "total_entries": len(rows)})


def _listed(item: SimConnection) -> dict[str, Any]:
    return {"connection_id": item.conn_id, **{name: getattr(item, name) for name in SHOWN}}


def _shown(item: SimConnection) -> JSONResponse:
    return JSONResponse(_listed(item) | {"extra": masked_extra(item.extra)})


def _connection_of(call: Call) -> SimConnection:
    conn_id = call.part("connection_id")
    if conn_id not in call.estate.connections:
        raise not_found("Connection not found", f"The Connection with connection_id: `{conn_id}` was not found")
    return call.estate.connections[conn_id]


async def get_connection(call: Call) -> Response:
    """GET /connections/{connection_id}: no password, the extra masked by key."""
    return _shown(_connection_of(call))


async def post_connection(call: Call) -> Response:
    """POST /connections; 409 where it is there."""
    body = await call.body(CONNECTION, ["connection_id", "conn_type"])
    conn_id = body.pop("connection_id")
    if not re.fullmatch(r"[\w.-]+", conn_id):
        raise bad(
            f"The key '{conn_id}' has to be made of alphanumeric characters, dashes, dots and underscores exclusively"
        )
    if conn_id in call.estate.connections:
        raise conflict(f"Connection already exist. ID: {conn_id}")
    call.estate.connections[conn_id] = SimConnection(conn_id, **body)
    call.estate.record("api.connection.create", call.name, extra=json.dumps({"connection_id": conn_id}))
    return _shown(call.estate.connections[conn_id])


async def patch_connection(call: Call) -> Response:
    """PATCH /connections/{connection_id}: merges what is sent, or what `update_mask` names of it."""
    body = await call.body(CONNECTION)
    item = _connection_of(call)
    if body.pop("connection_id", item.conn_id) != item.conn_id:
        raise bad("The connection_id cannot be updated.")
    for name in _named(call, body):
        if name not in CONNECTION or name == "connection_id":
            raise bad(f"'{name}' is unknown or cannot be updated.")
        setattr(item, name, body[name])
    call.estate.record("api.connection.edit", call.name, extra=json.dumps({"connection_id": item.conn_id}))
    return _shown(item)


def _named(call: Call, body: dict[str, Any]) -> list[str]:
    masks = [name for mask in call.all("update_mask") for name in mask.split(",")]
    return masks or list(body)


async def delete_connection(call: Call) -> Response:
    """DELETE /connections/{connection_id}."""
    item = _connection_of(call)
    del call.estate.connections[item.conn_id]
    call.estate.record("api.connection.delete", call.name, extra=json.dumps({"connection_id": item.conn_id}))
    return Response(status_code=204, media_type="application/json")


async def test_connection(call: Call) -> Response:
    """POST /connections/test: off, as it is by default; the answer is text."""
    del call
    return Response(
        "Testing connections is disabled in Airflow configuration. Contact your deployment admin to enable it.",
        403,
        media_type="text/html",
    )


# --- variables


async def get_variables(call: Call) -> Response:
    """GET /variables: every value in clear, also those that the pages of the web server hide."""
    rows = list(call.estate.variables.values())
    page = page_of(call, ordered(call, rows, VARIABLE_ORDER, "id"))
    return JSONResponse({"variables": [_variable_json(item) for item in page], "total_entries": len(rows)})


def _variable_json(item: SimVariable) -> dict[str, Any]:
    return {"description": item.description, "key": item.key, "value": item.value}


def _variable_of(call: Call, detail: str | None) -> SimVariable:
    key = call.part("key")
    if key not in call.estate.variables:
        raise not_found("Variable not found", detail)
    return call.estate.variables[key]


async def get_variable(call: Call) -> Response:
    """GET /variables/{key}."""
    return JSONResponse(_variable_json(_variable_of(call, "Variable does not exist")))


async def post_variable(call: Call) -> Response:
    """POST /variables: overwrites without a word; a description of null is refused."""
    body = await call.body(VARIABLE, ["key", "value"], title="Invalid Variable schema")
    call.estate.variables[body["key"]] = SimVariable(body["key"], body["value"], body.get("description"))
    call.estate.record("api.variable.create", call.name, extra=json.dumps({"key": body["key"]}))
    return JSONResponse(body)


async def patch_variable(call: Call) -> Response:
    """PATCH /variables/{key}: the key must be sent again."""
    body = await call.body(VARIABLE, ["key", "value"], title="Invalid Variable schema")
    item = _variable_of(call, "Variable does not exist")
    if body["key"] != item.key:
        raise bad("key from request body doesn't match uri parameter", "Invalid post body")
    for name in _named(call, body):
        if name in {"value", "description"} and name in body:
            setattr(item, name, body[name])
    return JSONResponse(_variable_json(item))


async def delete_variable(call: Call) -> Response:
    """DELETE /variables/{key}."""
    item = _variable_of(call, None)
    del call.estate.variables[item.key]
    call.estate.record("api.variable.delete", call.name, extra=json.dumps({"variable_key": item.key}))
    return Response(status_code=204, media_type="text/html")


# --- pools


async def get_pools(call: Call) -> Response:
    """GET /pools."""
    rows = list(call.estate.pools.values())
    page = page_of(call, ordered(call, rows, POOL_ORDER, "id"))
    return JSONResponse({"pools": [pool_json(item) for item in page], "total_entries": len(rows)})


def pool_json(item: SimPool) -> dict[str, Any]:
    """A pool that nobody uses at the moment."""
    busy = ("deferred", "occupied", "queued", "running", "scheduled")
    return {
        "name": item.name,
        "slots": item.slots,
        "description": item.description,
        "include_deferred": item.include_deferred,
        "open_slots": item.slots,
        **{f"{name}_slots": 0 for name in busy},
    }


def _pool_of(call: Call) -> SimPool:
    name = call.part("pool_name")
    if name not in call.estate.pools:
        raise not_found("Not Found", f"Pool with name:'{name}' not found")
    return call.estate.pools[name]


async def get_pool(call: Call) -> Response:
    """GET /pools/{pool_name}."""
    return JSONResponse(pool_json(_pool_of(call)))


async def post_pool(call: Call) -> Response:
    """POST /pools; 409 where it is there."""
    body = await call.body(POOL)
    missing = [name for name in ("name", "slots") if name not in body]
    if missing:
        raise bad(f"Missing required property(ies): {missing}")
    if body["name"] in call.estate.pools:
        raise conflict(f"Pool: {body['name']} already exists")
    call.estate.pools[body["name"]] = SimPool(**body)
    call.estate.record("api.post_pool", call.name, extra=json.dumps(body))
    return JSONResponse(pool_json(call.estate.pools[body["name"]]))


async def patch_pool(call: Call) -> Response:
    """PATCH /pools/{pool_name}: what is not sent falls back (include_deferred to False), unless a mask says else."""
    body = await call.body(POOL)
    item = _pool_of(call)
    masks = [name for mask in call.all("update_mask") for name in mask.split(",")]
    if item.name == "default_pool" and set(masks or body) - {"slots", "include_deferred"}:
        raise bad("Default Pool's name can't be modified")
    if not masks:
        body.setdefault("include_deferred", False)
    for name in masks or [name for name in body if name != "name"]:
        setattr(item, name, body[name])
    return JSONResponse(pool_json(item))


async def delete_pool(call: Call) -> Response:
    """DELETE /pools/{pool_name}; never the default one."""
    if call.part("pool_name") == "default_pool":
        raise bad("Default Pool can't be deleted")
    item = _pool_of(call)
    del call.estate.pools[item.name]
    return Response(status_code=204, media_type="text/html")


ROUTES = (
    ("GET", "/connections", OPERATORS, get_connections),
    ("POST", "/connections", OPERATORS, post_connection),
    ("POST", "/connections/test", OPERATORS, test_connection),
    ("GET", "/connections/{connection_id}", OPERATORS, get_connection),
    ("PATCH", "/connections/{connection_id}", OPERATORS, patch_connection),
    ("DELETE", "/connections/{connection_id}", OPERATORS, delete_connection),
    ("GET", "/variables", OPERATORS, get_variables),
    ("POST", "/variables", OPERATORS, post_variable),
    ("GET", "/variables/{key:path}", OPERATORS, get_variable),
    ("PATCH", "/variables/{key:path}", OPERATORS, patch_variable),
    ("DELETE", "/variables/{key:path}", OPERATORS, delete_variable),
    ("GET", "/pools", READERS, get_pools),
    ("POST", "/pools", OPERATORS, post_pool),
    ("GET", "/pools/{pool_name}", READERS, get_pool),
    ("PATCH", "/pools/{pool_name}", OPERATORS, patch_pool),
    ("DELETE", "/pools/{pool_name}", OPERATORS, delete_pool),
)
