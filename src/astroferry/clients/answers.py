"""What a server answered, and which of our errors that is when it is not what we asked for."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from astroferry.clients.address import bare
from astroferry.diagnostics import redact
from astroferry.errors import (
    AstroferryError,
    ConflictError,
    NotAllowedError,
    NotFoundError,
    NotTheApiError,
    RequestFailedError,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

LONGEST_DETAIL = 400
"""characters of a server's own sentence that we repeat"""


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer; `headers` have lower-case names, `url` is without its query."""

    method: str
    url: str
    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def content_type(self) -> str:
        """`application/json`, without parameters; empty where the server gave none."""
        return self.headers.get("content-type", "").split(";", 1)[0].strip().lower()

    @property
    def is_page(self) -> bool:
        """Whether this is a web page."""
        return "html" in self.content_type or self.text.lstrip()[:1] == "<"

    def parsed(self) -> Any:
        """The JSON in it, or None where there is none."""
        if not self.text.strip() or self.is_page:
            return None
        try:
            return json.loads(self.text)
        except ValueError:
            return None

    @property
    def refuses_token(self) -> bool:
        """Whether a new token might help: 401, or 403 with Airflow 3's "Invalid JWT token" (measured on 3.3.2)."""
        return self.status == 401 or (self.status == 403 and "Invalid JWT token" in self.text)


def json_of(answer: Answer, where: str) -> Any:
    """The JSON of an answer that is welcome; None for an empty one.

    Raises NotTheApiError for a web page or anything else that is not JSON.
    """
    if not answer.text.strip():
        return None
    value = answer.parsed()
    if value is None and answer.text.strip() != "null":
        raise not_the_api(answer, where)
    return value


def not_the_api(answer: Answer, where: str) -> NotTheApiError:
    """Something answered, but not the API."""
    if 300 <= answer.status < 400:
        return _redirected(answer, where)
    kind = "a web page" if answer.is_page else (answer.content_type or "something")
    return NotTheApiError(
        f"{where} answered {answer.method} {answer.url} with {kind} where JSON was expected.",
        hint="Check the address: it may belong to a login page, a proxy, or another product.",
    )


def _redirected(answer: Answer, where: str) -> NotTheApiError:
    goal = bare(answer.headers.get("location", ""))
    if goal.startswith("https://") and urlsplit(answer.url).scheme == "http":
        hint = "Use the https address."
    elif "login" in goal or "auth" in goal or "signin" in goal:
        hint = "It wants a login in a browser: use a token, or the address behind the login page."
    else:
        hint = "Check the address; redirects are not followed, so that credentials stay where you sent them."
    return NotTheApiError(
        f"{where} answered {answer.method} {answer.url} with a redirect to {redact(goal) or 'nowhere'}.", hint=hint
    )


def refusal(answer: Answer, where: str, *, seen_before: bool, echo: bool = True) -> AstroferryError:
    """The error that an unwelcome answer is.

    `seen_before`: the same credentials worked a moment ago. `echo`: False keeps the server's own words out, for
    servers whose error bodies repeat what was sent (Starship does, passwords included).
    """
    detail, fields, request_id = _details(answer) if echo else ("", {}, "")
    asked = f"{answer.method} {answer.url}"
    if 300 <= answer.status < 400:
        return _redirected(answer, where)
    if answer.refuses_token and seen_before:
        return NotAllowedError(
            f"{where} refused the token half-way, at {asked}; it may have expired.",
            hint="Get a new one and run the same command again: what is done stays done.",
        )
    if answer.refuses_token:
        return NotAllowedError(
            f"{where} refused the credentials at {asked} ({answer.status}).",
            hint="Check the token, or the username and password.",
        )
    if answer.status == 403 and not seen_before:
        # 2.11.2 answers a wrong password with 403 as well (2.10.5 with 401).
        return NotAllowedError(
            f"{where} does not allow {asked} (403): the credentials are wrong, or lack the role."
            + (f" It says: {detail}." if detail else ""),
            hint="Check the token, or the username and password; then the role.",
        )
    if answer.status == 403:
        return NotAllowedError(
            f"{where} does not allow {asked} with these credentials (403)."
            + (f" It says: {detail}." if detail else ""),
            hint="Ask for a role that may do this, or use another token.",
        )
    message = f"{where} answered {asked} with {answer.status}" + (f": {detail}" if detail else ".")
    if fields:
        message += " (" + "; ".join(f"{name}: {what}" for name, what in fields.items()) + ")"
    kind = {404: NotFoundError, 409: ConflictError}.get(answer.status, RequestFailedError)
    return kind(
        message, status=answer.status, detail=detail, request_id=request_id, fields=fields, hint=_hint(answer.status)
    )


def _hint(status: int) -> str:
    if status == 429:
        return "It is asked too often; wait a minute and run the same command again."
    return "Run the same command again later." if status in {502, 503, 504} else ""


def _details(answer: Answer) -> tuple[str, dict[str, str], str]:
    """Sentence, fields and request id out of an error body; never what was sent.

    Airflow 2: problem+json {title, detail: str | null}. Airflow 3: {"detail": str | object | [{loc, msg, input}]},
    of which `input` repeats the request and is left out. Astro: {message, requestId, fieldErrors}.
    """
    body = answer.parsed()
    if not isinstance(body, dict):
        return "", {}, ""
    fields: dict[str, str] = {}
    detail = body.get("detail") or body.get("message") or body.get("title") or body.get("error") or ""
    if isinstance(detail, list):
        for item in detail:
            if isinstance(item, dict):
                place = ".".join(str(part) for part in item.get("loc", ()) if part != "body")
                fields[place or "body"] = _short(item.get("msg", ""))
        detail = "the request is not valid"
    elif isinstance(detail, dict):
        detail = detail.get("reason") or detail.get("message") or ""
    for item in body.get("fieldErrors") or ():
        if isinstance(item, dict):
            fields[_short(item.get("field", ""))] = _short(item.get("message", ""))
    return _short(detail), fields, _short(body.get("requestId", ""))


def _short(value: object) -> str:
    text = redact(str(value)).strip()
    return text if len(text) <= LONGEST_DETAIL else text[:LONGEST_DETAIL] + "…"
