"""What every endpoint of the simulated /api/v1 shares: who asks, which page, and how a refusal looks.

All statuses and texts are those of a real Airflow 2.11.2, asked on 2026-11-22.
"""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

from starlette.responses import JSONResponse

from astroferry.simulator.source.estate import SimUser  # noqa: TC001 - part of the dataclass' shape

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from starlette.requests import Request

    from astroferry.simulator.source.estate import Estate, Role

ERRORS = "https://airflow.apache.org/docs/apache-airflow/{version}/stable-rest-api-ref.html#section/Errors/"
LARGEST_PAGE = 100
READERS: tuple[Role, ...] = ("Admin", "Op", "User", "Viewer")
EDITORS: tuple[Role, ...] = ("Admin", "Op", "User")
OPERATORS: tuple[Role, ...] = ("Admin", "Op")
ADMINS: tuple[Role, ...] = ("Admin",)
SESSION = "session"
Row = TypeVar("Row")


class Refusal(Exception):  # noqa: N818 - an answer, not a failure of ours
    """An error answer; `kind` is the last part of its type's address, empty for what the framework itself refuses."""

    def __init__(self, status: int, title: str, detail: str | None = None, kind: str = "") -> None:
        super().__init__(title)
        self.status, self.title, self.detail, self.kind = status, title, detail, kind

    def answer(self, version: str) -> JSONResponse:
        """As problem+json."""
        about = ERRORS.format(version=version) + self.kind if self.kind else "about:blank"
        body = {"detail": self.detail, "status": self.status, "title": self.title, "type": about}
        return JSONResponse(body, self.status, media_type="application/problem+json")


def bad(detail: str | None, title: str = "Bad Request") -> Refusal:
    """400."""
    return Refusal(400, title, detail, "BadRequest")


def not_found(title: str, detail: str | None = None) -> Refusal:
    """404 of something that is not there."""
    return Refusal(404, title, detail, "NotFound")


def conflict(detail: str) -> Refusal:
    """409."""
    return Refusal(409, "Conflict", detail, "AlreadyExists")


@dataclass(frozen=True, slots=True)
class Call:
    """One request to one estate, by a user that may make it."""

    estate: Estate
    request: Request
    name: str
    user: SimUser

    def part(self, name: str) -> str:
        """A part of the path."""
        return str(self.request.path_params[name])

    def all(self, name: str) -> list[str]:
        """All values of a query parameter."""
        return self.request.query_params.getlist(name)

    def flag(self, name: str) -> bool | None:
        """A boolean of the query, None where it is not given; Refusal 400 otherwise."""
        text = self.request.query_params.get(name)
        if text is not None and text.lower() not in {"true", "false"}:
            raise bad(f"Wrong type, expected 'boolean' for query parameter '{name}'")
        return None if text is None else text.lower() == "true"

    def whole(self, name: str, default: int) -> int:
        """A whole number of the query; Refusal 400 otherwise."""
        text = self.request.query_params.get(name, str(default))
        if not re.fullmatch(r"-?\d+", text):
            raise bad(f"Wrong type, expected 'integer' for query parameter '{name}'")
        return int(text)

    def moment(self, name: str) -> datetime | None:
        """A time of the query, None where it is not given; Refusal 400 otherwise."""
        text = self.request.query_params.get(name)
        if text is None:
            return None
        moment = parsed_moment(text)
        if moment is None:
            raise bad(
                f"'{text}' is not a 'date-time'\n\nFailed validating 'format' in schema:\n"
                f"    {{'type': 'string', 'format': 'date-time'}}\n\nOn instance:\n    '{text}'"
            )
        return moment

    async def body(
        self, types: Mapping[str, str], required: Sequence[str] = (), *, title: str = "Bad Request"
    ) -> Any:
        """The JSON body, checked as Airflow does: types first, then what is missing, then what is unknown.

        `types` maps a field to its JSON type, with a `?` where null is allowed.
        """
        kind = self.request.headers.get("content-type", "")
        if "json" not in kind:
            raise Refusal(415, "Unsupported Media Type", f"Invalid Content-type ({kind}), expected JSON data")
        try:
            body = json.loads(await self.request.body())
        except ValueError:
            raise bad("Request body is not valid JSON") from None
        for field, value in body.items():
            wanted = types.get(field, "any?")
            if not _fits(value, wanted):
                name = wanted.rstrip("?")
                if name == "date-time":
                    raise bad(f"{value!r} is not a 'date-time' - '{field}'")
                raise bad(f"{value!r} is not of type '{name}' - '{field}'")
        problems = {field: ["Missing data for required field."] for field in required if field not in body}
        problems |= {field: ["Unknown field."] for field in body if field not in types}
        if problems:
            raise bad(str(problems), title)
        return body


def _fits(value: Any, wanted: str) -> bool:
    if value is None:
        return wanted.endswith("?")
    match wanted.rstrip("?"):
        case "string":
            return isinstance(value, str)
        case "integer":
            return isinstance(value, int) and not isinstance(value, bool)
        case "boolean":
            return isinstance(value, bool)
        case "object":
            return isinstance(value, dict)
        case "date-time":
            return isinstance(value, str) and parsed_moment(value) is not None
    return True


def parsed_moment(text: str) -> datetime | None:
    """An ISO time; None for anything else. A time without zone is UTC."""
    try:
        moment = datetime.fromisoformat(text.replace(" ", "+"))
    except ValueError:
        return None
    return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)


def user_of(estate: Estate, request: Request) -> tuple[str, SimUser] | None:
    """Who asks: by Basic credentials, or by the session of the login page."""
    scheme, _, text = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            name, _, password = base64.b64decode(text).decode().partition(":")
        except ValueError:
            return None
        user = estate.users.get(name)
        return (name, user) if user is not None and user.password == password else None
    name = estate.sessions.get(request.cookies.get(SESSION, ""), "")
    return (name, estate.users[name]) if name in estate.users else None


def page_of(call: Call, rows: Sequence[Row]) -> list[Row]:
    """The page that the query asks for; more than 100 are cut silently, 0 means 100."""
    limit, offset = call.whole("limit", LARGEST_PAGE), call.whole("offset", 0)
    if offset < 0:
        raise bad(
            f"{offset} is less than the minimum of 0\n\nFailed validating 'minimum' in schema:\n"
            f"    {{'type': 'integer', 'minimum': 0}}\n\nOn instance:\n    {offset}"
        )
    if limit < 0:
        raise bad(None, "Page limit must be a positive integer")
    size = min(limit, LARGEST_PAGE) or LARGEST_PAGE
    return list(rows[offset : offset + size])


def ordered(call: Call, rows: Sequence[Row], keys: Mapping[str, Callable[[Row], Any]], default: str) -> list[Row]:
    """The rows in the order that the query asks for, else by `default`; what has no value comes first."""
    wanted = call.request.query_params.get("order_by", default)
    name = wanted.lstrip("-")
    if name not in keys:
        raise bad(f"Ordering with '{name}' is disallowed or the attribute does not exist on the model")
    key = keys[name]
    return sorted(rows, key=lambda row: ((value := key(row)) is not None, value), reverse=wanted.startswith("-"))
