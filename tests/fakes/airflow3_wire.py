"""What all endpoints of the fake Airflow 3 share: times, pages, order, and a refusal that hides its reason."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from starlette.requests import Request

API = "/api/v2"
Endpoint = tuple[str, str, str, "Callable[..., Awaitable[Any]]"]
"""method, path, what the user must be allowed (nobody, see, edit, values), and the answer"""


def iso(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z") if moment is not None else None


def page(request: Request, key: str, rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """50 items without a limit, at most 100; 0 means none."""
    texts = {name: request.query_params.get(name, default) for name, default in (("limit", "50"), ("offset", "0"))}
    for name, text in texts.items():
        if not text.isdecimal():
            kind, says = "greater_than_equal", "Input should be greater than or equal to 0"
            raise HTTPException(422, [{"type": kind, "loc": ["query", name], "msg": says, "input": text}])  # type: ignore[arg-type] # FastAPI's details are lists
    size, offset = min(int(texts["limit"]), 100), int(texts["offset"])
    return {key: list(rows[offset : offset + size]), "total_entries": len(rows)}


def ordered(request: Request, rows: list[Any], keys: dict[str, Callable[[Any], Any]], default: str) -> list[Any]:
    wanted = request.query_params.get("order_by", default)
    key = keys.get(wanted.lstrip("-"))
    if key is None:
        raise HTTPException(
            400, f"Ordering with '{wanted}' is disallowed or the attribute does not exist on the model"
        )
    return sorted(rows, key=lambda row: ((value := key(row)) is not None, value), reverse=wanted.startswith("-"))


def unique_violation() -> Response:
    says = "Serious error when handling your request. Check logs for more details - you will find it in api server"
    detail = {"reason": "Unique constraint violation", "statement": "hidden", "orig_error": "hidden", "message": says}
    return JSONResponse({"detail": detail}, 409)
