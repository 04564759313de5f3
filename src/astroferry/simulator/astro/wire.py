"""The manners of the embedded Astro's API: refusals, error bodies, pages, and what a handler is given."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from astroferry.simulator.astro.state import AstroState
    from astroferry.simulator.astro.tokens import Claims
    from astroferry.simulator.contract import FieldError


class RefusedError(Exception):
    """The request is refused: with a status, a sentence, and for 400 the fields that are wrong."""

    def __init__(self, status: int, message: str, fields: Iterable[FieldError] = ()) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.fields = tuple(fields)


def error_body(status: int, message: str, fields: Iterable[FieldError] = ()) -> dict[str, Any]:
    """Astro's error body; `fieldErrors` only where there are some."""
    body: dict[str, Any] = {"message": message, "requestId": str(uuid.uuid4()), "statusCode": status}
    wrong = [field.as_json() for field in fields]
    return body | ({"fieldErrors": wrong} if wrong else {})


@dataclass(frozen=True, slots=True)
class Call:
    """One request that has passed the gate: who asks, for what; `query` is typed, with defaults filled in."""

    state: AstroState
    token: Claims
    path: dict[str, str]
    query: dict[str, Any]
    body: Any

    @property
    def organization(self) -> str:
        """The organization's id in the path."""
        return self.path["organizationId"]

    def page(self, name: str, items: Sequence[dict[str, Any]]) -> dict[str, Any]:
        """The page asked for, in Astro's envelope, sorted as asked; without `sorts` the order given stays."""
        ordered = list(items)
        for sort in reversed(self.query.get("sorts", [])):
            field, _, direction = sort.partition(":")
            ordered.sort(key=lambda item: str(item.get(field, "")), reverse=direction == "desc")
        offset, limit = self.query["offset"], self.query["limit"]
        return {
            name: ordered[offset : offset + limit],
            "offset": offset,
            "limit": limit,
            "totalCount": len(ordered),
        }

    def asked(self, parameter: str, value: str) -> bool:
        """Whether a list parameter names the value, or is not given."""
        return parameter not in self.query or value in self.query[parameter]


Handler = Callable[[Call], Awaitable[Any]]
"""Gives the body of a 200, or None for a 204; raises RefusedError."""
