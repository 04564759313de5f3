"""The wire itself: time-outs, rate, retries; with `unreachable.py` the only one who knows the HTTP library."""

from __future__ import annotations

import asyncio
import copy
import logging
from contextvars import ContextVar
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import TYPE_CHECKING, Any, Self

import httpx

from astroferry import __version__
from astroferry.clients.address import bare
from astroferry.clients.answers import Answer, json_of, not_the_api, refusal
from astroferry.clients.pacing import Clock, Paces, RealClock, ahead_of, backoff, pause_before
from astroferry.clients.unreachable import unreachable
from astroferry.errors import NotTheApiError, UnreachableError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime, timedelta

    from astroferry.clients.auth import Auth

# Both would write addresses with signatures, and at DEBUG whole Authorization headers, into any log that listens.
for _name in ("httpx", "httpcore"):
    logging.getLogger(_name).setLevel(logging.WARNING)

Transport = httpx.AsyncBaseTransport
OK = (200, 201, 204)
TOO_MANY = 429
RETRIED = frozenset({TOO_MANY, 502, 503, 504})
REPEATABLE = frozenset({"GET", "HEAD", "PUT", "DELETE"})
READING = frozenset({"GET", "HEAD"})
NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.InvalidURL, httpx.UnsupportedProtocol)
"""errors before a request has left us"""
LONGEST_WAIT = 120.0
"""seconds: a server that asks for a longer pause is not waited for"""


class Http:
    """One remote: its address, its credentials, and how fast it may be asked.

    `name` stands in messages ("The source"). `rate`: requests per second for all methods, or one per method
    ({"GET": 20}); None is unbounded. `concurrency`: requests in flight. `retries`: further tries of any request on
    429, and of one that may be repeated on 502, 503, 504 and lost connections. `keeps_cookies`: True only for a
    session login. Proxies and SSL_CERT_FILE come from the environment, as httpx documents them; redirects are never
    followed.
    """

    def __init__(
        self,
        base_url: str,
        *,
        auth: Auth | None = None,
        name: str = "",
        transport: Transport | None = None,
        rate: float | Mapping[str, float] | None = None,
        concurrency: int = 4,
        timeout: float = 30.0,
        retries: int = 4,
        clock: Clock | None = None,
        keeps_cookies: bool = False,
    ) -> None:
        self.url = base_url.rstrip("/")
        self.name = name or f"The server at {bare(self.url)}"
        self._auth = auth
        self._clock = clock or RealClock()
        self._paces = Paces(rate, self._clock)
        self._slots = asyncio.Semaphore(concurrency)
        self._login = asyncio.Lock()
        self._retries = retries
        self._answered = False
        self.ahead: timedelta | None = None
        """how far the server's clock is ahead of ours, by its last answer; None where it does not tell"""
        self._accepted = False
        self._logins = 0
        self._client = self._open(transport, timeout, concurrency, keeps_cookies=keeps_cookies)

    def _open(
        self, transport: Transport | None, timeout: float, concurrency: int, *, keeps_cookies: bool
    ) -> httpx.AsyncClient:
        cookies = None if keeps_cookies else CookieJar(DefaultCookiePolicy(allowed_domains=[]))
        trouble, hint = "", "Check SSL_CERT_FILE, HTTPS_PROXY, HTTP_PROXY and ALL_PROXY."
        try:
            return httpx.AsyncClient(
                transport=transport,
                timeout=httpx.Timeout(timeout, connect=min(timeout, 10.0), pool=None),
                limits=httpx.Limits(max_connections=concurrency, max_keepalive_connections=concurrency),
                headers={"User-Agent": f"astroferry/{__version__}", "Accept": "application/json"},
                cookies=cookies,
                follow_redirects=False,
                trust_env=True,
            )
        except OSError as error:  # ssl.SSLError is one
            trouble = f"The certificates in SSL_CERT_FILE or SSL_CERT_DIR cannot be read ({type(error).__name__})."
        except (ValueError, httpx.InvalidURL):
            trouble = "The proxy address in the environment cannot be read."
        except ImportError:
            trouble = "The environment names a SOCKS proxy, and the package that speaks to one is not installed."
            hint = (
                'Install it beside astroferry: pip install "httpx[socks]"; or take ALL_PROXY out of the environment.'
            )
        raise UnreachableError(trouble, hint=hint)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    def beside(self, base_url: str) -> Http:
        """The same connection, credentials and pace for another address of the same remote; closed with this one."""
        other = copy.copy(self)
        other.url = base_url.rstrip("/")
        return other

    def now(self) -> datetime:
        """The moment, in UTC, by the clock that everything here waits by."""
        return self._clock.now()

    async def pause(self, seconds: float) -> None:
        """Let time pass, by the clock that everything here waits by."""
        await self._clock.sleep(seconds)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def json(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, object] | None = None,
        body: Any = None,
        ok: Sequence[int] = OK,
        headers: Mapping[str, str] | None = None,
        idempotent: bool | None = None,
        echo: bool = True,
    ) -> Any:
        """The JSON of a welcome answer, None where it is empty.

        `idempotent`: whether the request may be sent again; by default GET, PUT and DELETE may. `echo`: see
        `answers.refusal`. Raises UnreachableError, NotTheApiError, NotAllowedError, RequestFailedError.
        """
        answer = await self.answer(method, path, params=params, body=body, headers=headers, idempotent=idempotent)
        return json_of(self._welcome(answer, ok, echo=echo), self.name)

    async def text(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, object] | None = None,
        ok: Sequence[int] = OK,
        headers: Mapping[str, str] | None = None,
    ) -> str:
        """The text of a welcome answer; raises as `json` does, and NotTheApiError for a web page."""
        answer = await self.answer(method, path, params=params, headers={"Accept": "text/plain", **(headers or {})})
        if "html" in self._welcome(answer, ok).content_type:
            raise not_the_api(answer, self.name)
        return answer.text

    async def put_bytes(self, url: str, content: bytes, headers: Mapping[str, str]) -> Mapping[str, str]:
        """Upload to an absolute, pre-signed address, without our credentials; gives the answer's headers.

        The address is a credential itself: messages name it without its query.
        """
        answer = await self._exchange("PUT", url, {"content": content, "headers": dict(headers)}, authorized=False)
        return self._welcome(answer, OK).headers

    async def answer(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, object] | None = None,
        body: Any = None,
        form: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        idempotent: bool | None = None,
        authorized: bool = True,
    ) -> Answer:
        """Whatever the server answers, unjudged; raises UnreachableError only (and a login's errors)."""
        request: dict[str, Any] = {"headers": dict(headers or {})}
        if params:
            request["params"] = [pair for name, value in params.items() for pair in _pairs(name, value)]
        if body is not None:
            request["json"] = body
        if form is not None:
            request["data"] = dict(form)
        return await self._exchange(method, self.url + path, request, authorized=authorized, idempotent=idempotent)

    def _welcome(self, answer: Answer, ok: Sequence[int], *, echo: bool = True) -> Answer:
        if answer.status not in ok:
            raise refusal(answer, self.name, seen_before=self._accepted, echo=echo)
        self._accepted = True
        return answer

    async def _exchange(
        self, method: str, url: str, request: dict[str, Any], *, authorized: bool, idempotent: bool | None = None
    ) -> Answer:
        """Send, renew the credentials once, and try again where that is safe."""
        may_repeat = method in REPEATABLE if idempotent is None else idempotent
        renewed, tries = False, 0
        auth = self._auth if authorized else None
        if auth is not None and not auth.headers():
            await self._renew(auth, self._logins)
            renewed = True
        while True:
            logins = self._logins
            outcome = await self._once(method, url, request, auth)
            if isinstance(outcome, Answer):
                if auth is not None and outcome.refuses_token and not renewed:
                    renewed = True
                    if await self._renew(auth, logins):
                        continue
                pause = pause_before(tries, outcome.headers, self._clock)
                # Whoever answers 429 has not done it, whatever it was.
                again = may_repeat or outcome.status == TOO_MANY
                if outcome.status not in RETRIED or not again or tries >= self._retries or pause > LONGEST_WAIT:
                    return outcome
            else:
                error, passing = outcome
                # A server that never answered is a wrong address more often than a bad moment: say so at once.
                if not (passing and may_repeat and self._answered and tries < self._retries):
                    raise error
                pause = backoff(tries)
            tries += 1
            await self._clock.sleep(pause)

    async def _renew(self, auth: Auth, logins: int) -> bool:
        """New credentials; one login serves all requests that were refused with the old ones."""
        async with self._login:
            if self._logins != logins:
                return True
            renewed = await auth.renew(self._post_login)
            self._logins += 1 if renewed else 0
            return renewed

    async def _post_login(self, path: str, body: dict[str, str]) -> object:
        answer = await self.answer("POST", path, body=body, authorized=False)
        if answer.status == 404:
            raise NotTheApiError(
                f"{self.name} has no login at {answer.url}.", hint="Use a token instead of username and password."
            )
        if answer.status not in OK:
            raise refusal(answer, self.name, seen_before=False, echo=False)
        return json_of(answer, self.name)

    async def _once(
        self, method: str, url: str, request: dict[str, Any], auth: Auth | None
    ) -> Answer | tuple[UnreachableError, bool]:
        """One try: an answer, or why there was none and whether that may pass.

        The error is returned, not raised, so that no exception of the library (which holds the request, and so the
        credentials) stays attached to it.
        """
        headers = {**request["headers"], **(auth.headers() if auth is not None else {})}
        async with self._slots:
            await self._paces.wait(method)
            sent = self._clock.now()
            try:
                response = await self._client.request(method, url, **{**request, "headers": headers})
                text = response.text
            except (httpx.HTTPError, httpx.InvalidURL, ValueError, OSError) as error:
                _count(method not in READING and not isinstance(error, NEVER_SENT))
                return unreachable(error, self.name, bare(url))
        self._answered = True
        _count(method not in READING and not _refused(response.status_code))
        names = {name.lower(): value for name, value in response.headers.items()}
        ahead = ahead_of(names, sent, self._clock.now())
        self.ahead = self.ahead if ahead is None else ahead
        return Answer(method, bare(url), response.status_code, names, text)


_changes: ContextVar[list[int]] = ContextVar("changes")


def count_changes() -> Callable[[], int]:
    """Count from now on what this task, and those that it starts, ask of any server that may have changed something.

    That is: sent, no reading, and not refused. What other tasks do meanwhile does not count. Gives what tells the
    number so far.
    """
    mine = [0]
    _changes.set(mine)
    return lambda: mine[0]


def _count(may_have_changed: bool) -> None:
    if may_have_changed and (mine := _changes.get(None)) is not None:
        mine[0] += 1


def _pairs(name: str, value: object) -> Iterator[tuple[str, str]]:
    """A parameter as it goes out: None is left out, a list repeats the name, a truth value is lower case."""
    if value is None:
        return
    for item in value if isinstance(value, list | tuple) else (value,):
        yield name, str(item).lower() if isinstance(item, bool) else str(item)


def _refused(status: int) -> bool:
    """Whether a server that answers so has surely done nothing; behind a 5xx it may have done it all the same."""
    return 300 <= status < 500 and status != 408
