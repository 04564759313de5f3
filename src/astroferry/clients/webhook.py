"""Two calls that leave Airflow and Astro alone: a webhook at the end, and an address that the user has us look at."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from astroferry.clients.address import is_loopback
from astroferry.clients.http import Http
from astroferry.diagnostics import remember_secret
from astroferry.errors import RemoteError, UsageError

if TYPE_CHECKING:
    from astroferry.clients.pacing import Clock
    from astroferry.model.secret import Secret

VARIABLE = "ASTROFERRY_WEBHOOK"


async def call_webhook(address: Secret, message: dict[str, Any], *, clock: Clock | None = None) -> None:
    """POST a message as JSON; its answer is not read.

    The address is a secret: no message of ours repeats it. Raises UsageError for plain http beyond this machine,
    RemoteError where it is not taken.
    """
    url = address.reveal()
    parts = urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.hostname or "")):
        raise UsageError("The webhook's address is not https.", hint=f"Look at {VARIABLE}, or at the file.")
    # Errors name an address without its query; here the path is the secret, so none of them is passed on.
    remember_secret(f"{parts.netloc}{parts.path}")
    remember_secret(parts.path)
    status: int | None = None
    with contextlib.suppress(RemoteError):
        async with Http(url, name="The webhook", retries=2, clock=clock) as http:
            status = (await http.answer("POST", "", body=message, idempotent=True, authorized=False)).status
    if status is None or not 200 <= status < 300:
        said = f"answered with {status}" if status is not None else "could not be reached"
        raise RemoteError(f"The webhook {said}.", hint=f"Look at {VARIABLE}, or at the file.")


async def looks_well(url: str, contains: str, *, clock: Clock | None = None) -> bool:
    """Whether an address answers 200 and, where asked for, with that text in it; no credentials, no redirects.

    Raises what `Http` raises where nothing answers.
    """
    async with Http(url, name=f"The output check at {urlsplit(url).hostname}", retries=2, clock=clock) as http:
        answer = await http.answer("GET", "", authorized=False)
    return answer.status == 200 and contains in answer.text
