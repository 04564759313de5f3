"""Connections, variables and pools of the fake Airflow 3: masked when read, merged by the bulk call."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from tests.fakes.airflow3_wire import API, Endpoint, ordered, page, unique_violation

from astroferry.simulator.source.api_values import pool_json
from astroferry.simulator.source.estate import SimConnection, SimPool, SimVariable
from astroferry.simulator.source.masking import MASK, is_sensitive, masked

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request
    from tests.fakes.airflow3 import FakeAirflow3

FIELDS = ("conn_type", "description", "host", "login", "schema", "port", "password", "extra")
BODIES = {
    "connections": {"connection_id", *FIELDS, "team_name"},
    "variables": {"key", "value", "description", "team_name"},
    "pools": {"name", "pool", "slots", "description", "include_deferred", "team_name"},
}
NAMES = {"connections": "connection_id", "variables": "key", "pools": "name"}
KINDS = {"connections": "Connection with connection_id", "variables": "Variable with key", "pools": "Pool with name"}


def seen(kind: str, item: Any) -> dict[str, Any]:
    """An item as it is shown."""
    if kind == "pools":
        return pool_json(item) | {"team_name": None}
    if kind == "variables":
        shown = _masked_text(item.value, item.key)
        return {"key": item.key, "value": shown, "description": item.description, "is_encrypted": True}
    fields: dict[str, Any] = {name: getattr(item, name) for name in FIELDS}
    fields["password"] = MASK if item.password else None
    fields["extra"] = _masked_text(item.extra or "{}", "")
    return {"connection_id": item.conn_id, **fields, "team_name": None}


def _masked_text(text: str, name: str) -> str:
    if is_sensitive(name):
        return MASK
    try:
        parsed = json.loads(text)
    except ValueError:
        return text
    return json.dumps(masked(parsed)) if isinstance(parsed, dict) else text


def made(kind: str, body: dict[str, Any]) -> Any:
    """An item from a body."""
    if kind == "pools":
        return SimPool(body["name"], body["slots"], body.get("description"), bool(body.get("include_deferred")))
    if kind == "variables":
        value = body["value"] if isinstance(body["value"], str) else json.dumps(body["value"])
        return SimVariable(body["key"], value, body.get("description"))
    fields: dict[str, Any] = {name: body.get(name) for name in FIELDS}
    return SimConnection(body["connection_id"], **fields)


def problems(kind: str, body: dict[str, Any]) -> list[dict[str, Any]]:
    """What is wrong with a body, as FastAPI tells it."""
    needed = {
        "connections": ("connection_id", "conn_type"),
        "variables": ("key", "value"),
        "pools": ("name", "slots"),
    }
    found = [
        {"type": "missing", "loc": ["body", name], "msg": "Field required", "input": body}
        for name in needed[kind]
        if name not in body and not (name == "name" and "pool" in body)
    ]
    found += [
        {"type": "extra_forbidden", "loc": ["body", name], "msg": "Extra inputs are not permitted"}
        for name in body
        if name not in BODIES[kind]
    ]
    if kind == "connections" and not re.fullmatch(r"[\w.-]+", str(body.get("connection_id", "x"))):
        pattern = r"String should match pattern '^[\w.-]+$'"
        found.append({"type": "string_pattern_mismatch", "loc": ["body", "connection_id"], "msg": pattern})
    if kind == "connections" and body.get("extra"):
        try:
            json.loads(body["extra"])
        except ValueError:
            says = "Value error, The `extra` field must be a valid JSON object"
            found.append({"type": "value_error", "loc": ["body", "extra"], "msg": says})
    return found


class Table:
    """The endpoints of one kind."""

    def __init__(self, kind: str) -> None:
        self.kind, self.key = kind, NAMES[kind]

    def rows(self, server: FakeAirflow3) -> dict[str, Any]:
        stored: dict[str, Any] = getattr(server, self.kind)
        return stored

    def named(self, server: FakeAirflow3, request: Request) -> Any:
        name = request.path_params["name"]
        if name not in self.rows(server):
            raise HTTPException(404, f"The {KINDS[self.kind]}: `{name}` was not found")
        return self.rows(server)[name]

    async def read_all(self, server: FakeAirflow3, request: Request) -> Any:
        shown = [seen(self.kind, item) for item in self.rows(server).values()]
        keys: dict[str, Callable[[Any], Any]] = {self.key: lambda row: row[self.key], "id": lambda _row: 0}
        return page(request, self.kind, ordered(request, shown, keys, "id"))

    async def read(self, server: FakeAirflow3, request: Request) -> Any:
        return seen(self.kind, self.named(server, request))

    async def create(self, server: FakeAirflow3, request: Request) -> Any:
        body = await request.json()
        if wrong := problems(self.kind, body):
            return JSONResponse({"detail": wrong}, 422)
        name = body[self.key]
        if name in self.rows(server):
            if self.kind == "variables":
                raise HTTPException(409, f"The Variable with key: `{name}` already exists")
            return unique_violation()
        self.rows(server)[name] = made(self.kind, body)
        return JSONResponse(seen(self.kind, self.rows(server)[name]), 201)

    async def change(self, server: FakeAirflow3, request: Request) -> Any:
        body = await request.json()
        if self.kind == "pools" and "include_deferred" not in body:
            missing = {"type": "missing", "loc": ["include_deferred"], "msg": "Field required"}
            return JSONResponse({"detail": [missing]}, 422)
        item = self.named(server, request)
        merge(item, body)
        return seen(self.kind, item)

    async def delete(self, server: FakeAirflow3, request: Request) -> Any:
        if self.kind == "pools" and request.path_params["name"] == "default_pool":
            raise HTTPException(400, "Default Pool can't be deleted")
        self.named(server, request)
        del self.rows(server)[request.path_params["name"]]
        return Response(status_code=204)

    async def bulk(self, server: FakeAirflow3, request: Request) -> Any:
        answer: dict[str, Any] = {}
        for action in (await request.json())["actions"]:
            result: dict[str, Any] = {"success": [], "errors": []}
            answer[action["action"]] = result
            _bulk(self.kind, self.rows(server), action, result)
        return answer

    def routes(self) -> list[Endpoint]:
        all_of, one = f"{API}/{self.kind}", f"{API}/{self.kind}/{{name:path}}"
        see = "see" if self.kind == "pools" else "values"
        return [
            ("GET", all_of, see, self.read_all),
            ("POST", all_of, "values", self.create),
            ("PATCH", all_of, "values", self.bulk),
            ("GET", one, see, self.read),
            ("PATCH", one, "values", self.change),
            ("DELETE", one, "values", self.delete),
        ]


def _bulk(kind: str, rows: dict[str, Any], action: dict[str, Any], result: dict[str, Any]) -> None:
    """HTTP says 200 either way; one conflict under "fail" and nothing of the action is done."""
    policy = action.get("action_on_existence", "fail")
    if action["action"] == "delete":
        for entity in action["entities"]:
            name = entity if isinstance(entity, str) else entity[NAMES[kind]]
            if rows.pop(name, None) is not None:
                result["success"].append(name)
        return
    there = [entity[NAMES[kind]] for entity in action["entities"] if entity[NAMES[kind]] in rows]
    if there and policy == "fail":
        says = f"The {kind} with these {NAMES[kind]}s: {set(there)} already exist."
        result["errors"].append({"error": says, "status_code": 409})
        return
    for entity in action["entities"]:
        name = entity[NAMES[kind]]
        if name not in rows:
            rows[name] = made(kind, entity)
        elif policy == "overwrite":
            merge(rows[name], entity)
        else:
            continue
        result["success"].append(name)


def merge(item: Any, body: dict[str, Any]) -> None:
    """What is sent replaces what is there, what is not sent stays: also a secret."""
    for name, value in body.items():
        if name in {*FIELDS, "value", "slots", "include_deferred"}:
            setattr(item, name, value)


ROUTES: tuple[Endpoint, ...] = tuple(route for kind in BODIES for route in Table(kind).routes())
