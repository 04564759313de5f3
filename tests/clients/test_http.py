import asyncio
import json
import logging
import socket
import ssl
from collections.abc import Callable, Iterator
from datetime import timedelta
from email.utils import format_datetime

import httpx
import pytest
from tests.conftest import FixedClock

from astroferry.clients.auth import BasicAuth, BearerAuth, CookieAuth, TokenLoginAuth
from astroferry.clients.http import Http, count_changes
from astroferry.clients.pacing import ahead_of
from astroferry.errors import (
    AstroferryError,
    NotAllowedError,
    NotFoundError,
    NotTheApiError,
    RemoteError,
    RequestFailedError,
    UnreachableError,
)
from astroferry.model.secret import Secret

CANARY = "canary-5ecret-value"
Step = httpx.Response | Exception


class Script:
    """Answers with each step in turn, the last one for ever; keeps the requests."""

    def __init__(self, *steps: Step) -> None:
        self.steps = list(steps)
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """One answer."""
        self.requests.append(request)
        step = self.steps.pop(0) if len(self.steps) > 1 else self.steps[0]
        if isinstance(step, Exception):
            raise step
        # A response can be sent once; the last step may be asked for again.
        return httpx.Response(step.status_code, headers=step.headers, content=step.content)


def ok(value: object = None) -> httpx.Response:
    return httpx.Response(200, json=value if value is not None else {"ok": True})


Opener = Callable[..., Http]


@pytest.fixture
def opened(clock: FixedClock) -> Opener:
    def build(script: Callable[[httpx.Request], httpx.Response], **more: object) -> Http:
        return Http("https://h/base/", name="The source", transport=httpx.MockTransport(script), clock=clock, **more)  # type: ignore[arg-type]  # options by name

    return build


def chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def assert_clean(error: BaseException) -> None:
    for each in chain(error):
        assert CANARY not in str(each)
        assert CANARY not in repr(each)


async def test_a_request_goes_out_as_asked(opened: Opener) -> None:
    script = Script(ok([1]))
    async with opened(script, auth=BearerAuth(Secret(CANARY))) as http:
        params = {"state": ["queued", "running"], "full": True, "none": None, "n": 3}
        assert await http.json("GET", "/dags/a%2Fb", params=params) == [1]
    request = script.requests[0]
    assert request.url.raw_path == b"/base/dags/a%2Fb?state=queued&state=running&full=true&n=3"
    assert request.headers["authorization"] == f"Bearer {CANARY}"
    assert request.headers["user-agent"].startswith("astroferry/")
    assert request.headers["accept"] == "application/json"


async def test_how_far_the_servers_clock_is_ahead(opened: Opener, clock: FixedClock) -> None:
    def dated(date: str) -> httpx.Response:
        return httpx.Response(200, json=1, headers={"Date": date})

    told = format_datetime(clock.now() + timedelta(minutes=9), usegmt=True)
    async with opened(Script(ok(1), dated(told), ok(1), dated("yesterday"))) as http:
        before = http.ahead
        assert before is None
        for _ in range(4):
            await http.json("GET", "/dags")
        assert http.ahead is not None
        assert abs(http.ahead - timedelta(minutes=9)) <= timedelta(seconds=1)
    slow = clock.now() + timedelta(seconds=9)
    assert ahead_of({"date": told}, clock.now(), slow) is None


async def test_bodies_are_json_and_empty_answers_are_none(opened: Opener) -> None:
    script = Script(httpx.Response(204))
    assert await opened(script).json("POST", "/x", body={"a": 1}) is None
    assert json.loads(script.requests[0].content) == {"a": 1}


async def test_text_takes_no_page(opened: Opener) -> None:
    script = Script(httpx.Response(200, text="a log"), httpx.Response(200, html="<html>"))
    http = opened(script)
    assert await http.text("GET", "/log") == "a log"
    assert script.requests[0].headers["accept"] == "text/plain"
    with pytest.raises(NotTheApiError):
        await http.text("GET", "/log")


@pytest.mark.parametrize("status", [429, 502, 503, 504])
async def test_get_is_tried_again(opened: Opener, clock: FixedClock, status: int) -> None:
    script = Script(httpx.Response(status), httpx.Response(status), ok())
    assert await opened(script).json("GET", "/x") == {"ok": True}
    assert len(script.requests) == 3
    assert 0 < clock.slept[0] < clock.slept[1] * 2.1


async def test_it_ends_after_the_retries(opened: Opener) -> None:
    script = Script(httpx.Response(503))
    with pytest.raises(RequestFailedError) as caught:
        await opened(script, retries=2).json("GET", "/x")
    assert caught.value.status == 503
    assert len(script.requests) == 3


@pytest.mark.parametrize("method", ["POST", "PATCH"])
async def test_writing_is_not_repeated_unless_it_may_be(opened: Opener, method: str) -> None:
    script = Script(httpx.Response(503), ok())
    with pytest.raises(RequestFailedError):
        await opened(script).json(method, "/x")
    assert len(script.requests) == 1
    script = Script(httpx.Response(503), ok())
    assert await opened(script).json(method, "/x", idempotent=True) == {"ok": True}
    # What was refused as too many was not done.
    script = Script(httpx.Response(429), ok())
    assert await opened(script).json(method, "/x") == {"ok": True}


async def test_a_lost_post_is_not_repeated(opened: Opener) -> None:
    script = Script(ok(), httpx.ReadError("reset"), ok())
    http = opened(script)
    await http.json("GET", "/x")
    with pytest.raises(UnreachableError, match="connection was lost"):
        await http.json("POST", "/x")
    assert len(script.requests) == 2


@pytest.mark.parametrize(("status", "may_have"), [(302, False), (404, False), (409, False), (408, True), (500, True)])
async def test_what_a_refused_request_may_have_changed(opened: Opener, status: int, *, may_have: bool) -> None:
    """A server that gave up waiting (408) may have begun, as one behind a 5xx; what else refuses has done nothing."""
    http, changes = opened(Script(httpx.Response(status))), count_changes()
    with pytest.raises(RemoteError):
        await http.json("POST", "/x")
    assert bool(changes()) is may_have


async def test_what_another_task_changes_meanwhile_does_not_count(opened: Opener) -> None:
    """Two DAGs are unpaused side by side: that one was surely refused is known, whatever the other's answer."""
    http = opened(Script(*[ok()] * 3))

    async def one(requests: int) -> int:
        changes = count_changes()
        await asyncio.gather(*(http.json("POST", "/x") for _ in range(requests)))
        await asyncio.sleep(0)
        return changes()

    assert [*await asyncio.gather(one(0), one(2), one(1))] == [0, 2, 1]


async def test_retry_after_in_seconds_or_as_a_date(opened: Opener, clock: FixedClock) -> None:
    date = format_datetime(clock.now() + timedelta(seconds=40), usegmt=True)
    script = Script(
        httpx.Response(429, headers={"Retry-After": "7"}),
        httpx.Response(429, headers={"Retry-After": date}),
        httpx.Response(429, headers={"Retry-After": "soon"}),
        ok(),
    )
    await opened(script).json("GET", "/x")
    assert 7 <= clock.slept[0] <= 7.5
    assert 32 <= clock.slept[1] <= 34
    assert clock.slept[2] <= 4


async def test_a_server_that_asks_for_an_hour_is_not_waited_for(opened: Opener, clock: FixedClock) -> None:
    with pytest.raises(RequestFailedError) as caught:
        await opened(Script(httpx.Response(429, headers={"Retry-After": "3600"}))).json("GET", "/x")
    assert clock.slept == []
    assert "too often" in caught.value.hint


async def test_a_lost_connection_is_tried_again_once_the_server_is_known(opened: Opener) -> None:
    script = Script(ok(), httpx.ConnectError("refused"), httpx.ReadTimeout("slow"), ok())
    http = opened(script)
    await http.json("GET", "/x")
    assert await http.json("GET", "/x") == {"ok": True}
    unknown = Script(httpx.ConnectError("refused"), ok())
    with pytest.raises(UnreachableError, match="refused"):
        await opened(unknown).json("GET", "/x")
    assert len(unknown.requests) == 1


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (httpx.ConnectTimeout("t"), "did not answer in time"),
        (httpx.ProxyError(CANARY), "the proxy refused"),
        (httpx.RemoteProtocolError("r"), "connection was lost"),
        (httpx.DecodingError("gzip"), "cannot be read"),
        (httpx.UnsupportedProtocol("u"), "connection was lost"),
        (ValueError(CANARY), "cannot be read"),
    ],
)
async def test_no_answer_is_a_sentence(opened: Opener, error: Exception, sentence: str) -> None:
    with pytest.raises(UnreachableError, match=sentence) as caught:
        await opened(Script(error), auth=BearerAuth(Secret(CANARY))).json("POST", "/x", body={"password": CANARY})
    assert caught.value.hint
    assert_clean(caught.value)


def caused(cause: Exception) -> httpx.ConnectError:
    """As the library raises it: the reason lies in a group, some causes down."""
    error = httpx.ConnectError("All connection attempts failed")
    error.__cause__ = ExceptionGroup("attempts", [cause])
    return error


@pytest.mark.parametrize(
    ("cause", "sentence"),
    [
        (ssl.SSLCertVerificationError(1, "self-signed certificate"), "its certificate is not accepted"),
        (ssl.SSLError(1, "odd"), "does not speak TLS"),
        (socket.gaierror(-2, "unknown"), "its name is not known"),
        (ConnectionRefusedError(111, "refused"), "the connection was refused"),
    ],
)
async def test_the_reason_is_found_however_deep(opened: Opener, cause: Exception, sentence: str) -> None:
    if isinstance(cause, ssl.SSLCertVerificationError):
        cause.verify_message = "self-signed certificate"
    with pytest.raises(UnreachableError, match=sentence):
        await opened(Script(caused(cause))).json("GET", "/x")


@pytest.mark.parametrize("status", [301, 302, 400, 401, 403, 404, 409, 418, 422, 500])
async def test_no_credential_and_no_body_in_any_refusal(opened: Opener, status: int) -> None:
    answer = httpx.Response(status, json={"detail": f"you sent {CANARY}"}, headers={"Location": f"/?t={CANARY}"})
    http = opened(Script(answer), auth=BasicAuth("me", Secret(CANARY)))
    with pytest.raises(AstroferryError) as caught:
        await http.json("POST", "/x", body={"password": CANARY})
    assert_clean(caught.value)


async def test_a_page_where_json_was_expected(opened: Opener) -> None:
    with pytest.raises(NotTheApiError, match="web page"):
        await opened(Script(httpx.Response(200, html="<html>Sign in</html>"))).json("GET", "/x")


async def test_a_token_that_expires_half_way(opened: Opener) -> None:
    http = opened(Script(ok(), httpx.Response(401)), auth=BearerAuth(Secret(CANARY)))
    await http.json("GET", "/x")
    with pytest.raises(NotAllowedError, match="half-way"):
        await http.json("GET", "/x")


async def test_login_for_a_token_and_its_renewal(opened: Opener) -> None:
    tokens = iter(["one-token", "two-token"])
    current = ""
    asked: list[str] = []

    def server(request: httpx.Request) -> httpx.Response:
        nonlocal current
        asked.append(request.url.path)
        if request.url.path == "/base/auth/token":
            assert "authorization" not in request.headers
            assert json.loads(request.content) == {"username": "me", "password": CANARY}
            current = next(tokens)
            return httpx.Response(201, json={"access_token": current})
        if request.headers.get("authorization") != f"Bearer {current}":
            return httpx.Response(403, json={"detail": "Invalid JWT token"})
        return ok()

    http = opened(server, auth=TokenLoginAuth("me", Secret(CANARY)))
    await http.json("GET", "/x")
    current = "expired"
    await http.json("POST", "/x")
    assert asked == ["/base/auth/token", "/base/x", "/base/x", "/base/auth/token", "/base/x"]


async def test_a_refused_login(opened: Opener) -> None:
    http = opened(Script(httpx.Response(401, json={"detail": CANARY})), auth=TokenLoginAuth("me", Secret(CANARY)))
    with pytest.raises(NotAllowedError, match="/auth/token") as caught:
        await http.json("GET", "/x")
    assert_clean(caught.value)


async def test_no_login_there(opened: Opener) -> None:
    http = opened(Script(httpx.Response(404)), auth=TokenLoginAuth("me", Secret(CANARY)))
    with pytest.raises(NotTheApiError, match="no login"):
        await http.json("GET", "/x")
    http = opened(Script(ok({"token": 1})), auth=TokenLoginAuth("me", Secret(CANARY)))
    with pytest.raises(NotTheApiError, match="gave no token"):
        await http.json("GET", "/x")


async def test_one_login_serves_all_who_were_refused_together(opened: Opener) -> None:
    auth = TokenLoginAuth("me", Secret(CANARY))
    script = Script(httpx.Response(201, json={"access_token": "t0ken"}), ok())
    http = opened(script, auth=auth)
    await http.json("GET", "/x")
    assert await http._renew(auth, http._logins - 1)
    assert [request.url.path for request in script.requests] == ["/base/auth/token", "/base/x"]


async def test_given_credentials_are_not_renewed(opened: Opener) -> None:
    for auth in (BasicAuth("me", Secret(CANARY)), CookieAuth("session", Secret(CANARY)), BearerAuth(Secret(CANARY))):
        script = Script(httpx.Response(401))
        with pytest.raises(NotAllowedError):
            await opened(script, auth=auth).json("GET", "/x")
        assert len(script.requests) == 1
    assert CookieAuth("session", Secret("abcd")).headers() == {"Cookie": "session=abcd"}
    assert BasicAuth("me", Secret("pä:ss")).headers() == {"Authorization": "Basic bWU6cMOkOnNz"}


async def test_an_upload_carries_no_credentials_and_hides_its_signature(opened: Opener) -> None:
    script = Script(httpx.Response(201, headers={"X-Ms-Version-Id": "v1"}), httpx.Response(403, text=CANARY))
    http = opened(script, auth=BearerAuth(Secret("t0ken-value")))
    url = f"https://blob.example/container/x?sig={CANARY}"
    assert (await http.put_bytes(url, b"tar", {"x-ms-blob-type": "BlockBlob"}))["x-ms-version-id"] == "v1"
    assert script.requests[0].content == b"tar"
    assert str(script.requests[0].url) == url
    assert "authorization" not in script.requests[0].headers
    with pytest.raises(NotAllowedError) as caught:
        await http.put_bytes(url, b"tar", {})
    assert_clean(caught.value)


async def test_cookies_are_kept_only_for_a_session(opened: Opener) -> None:
    for keeps, sent in ((False, None), (True, "s=1")):
        script = Script(httpx.Response(200, json={}, headers={"Set-Cookie": "s=1; Path=/"}), ok())
        http = opened(script, keeps_cookies=keeps)
        await http.json("GET", "/x")
        await http.json("GET", "/x")
        assert script.requests[1].headers.get("cookie") == sent


async def test_the_rate_holds(opened: Opener, clock: FixedClock) -> None:
    http = opened(Script(ok()), rate=10.0)
    for _ in range(12):
        await http.json("GET", "/x")
    assert sum(clock.slept) == pytest.approx(1.0)


async def test_forms(opened: Opener) -> None:
    script = Script(httpx.Response(302))
    assert (await opened(script).answer("POST", "/login/", form={"a": "b c"})).status == 302
    assert script.requests[0].content == b"a=b+c"


async def test_a_missing_item(opened: Opener) -> None:
    with pytest.raises(NotFoundError, match="The source answered GET https://h/base/x with 404: no such"):
        await opened(Script(httpx.Response(404, json={"detail": "no such"}))).json("GET", "/x")


def test_certificates_that_cannot_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/nowhere/ca.pem")
    with pytest.raises(UnreachableError, match="SSL_CERT_FILE"):
        Http("https://h")


def test_a_proxy_that_cannot_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", f"gopher://me:{CANARY}@proxy")
    with pytest.raises(UnreachableError, match="proxy") as caught:
        Http("https://h")
    assert_clean(caught.value)


async def test_the_librarys_log_tells_nothing(opened: Opener, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with opened(Script(ok()), auth=BearerAuth(Secret(CANARY))) as http:
        await http.json("GET", "/x", params={"sig": CANARY})
    assert CANARY not in caplog.text


def test_a_nameless_remote_is_named_by_its_address() -> None:
    assert Http("https://h/base").name == "The server at https://h/base"
