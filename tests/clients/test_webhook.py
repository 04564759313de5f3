"""The webhook whose address is a secret, and an address that is only looked at."""

from __future__ import annotations

import httpx
import pytest

from astroferry.clients import webhook
from astroferry.clients.http import Http
from astroferry.clients.webhook import call_webhook, looks_well
from astroferry.errors import RemoteError, UsageError
from astroferry.model.secret import Secret

SECRET = "https://hooks.example.com/services/T0/very-Secret-99"


def through(monkeypatch: pytest.MonkeyPatch, answer: httpx.Response | Exception) -> None:
    def server(request: httpx.Request) -> httpx.Response:
        assert "authorization" not in request.headers
        if isinstance(answer, Exception):
            raise answer
        return answer

    def opened(url: str, **more: object) -> Http:
        return Http(url, transport=httpx.MockTransport(server), name=str(more["name"]), retries=0)

    monkeypatch.setattr(webhook, "Http", opened)


async def test_a_message_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    through(monkeypatch, httpx.Response(204))
    await call_webhook(Secret(SECRET), {"verdict": "well"})


@pytest.mark.parametrize("answer", [httpx.Response(404), httpx.Response(302), httpx.ConnectError("no way there")])
async def test_what_is_not_taken_is_said_without_the_address(
    monkeypatch: pytest.MonkeyPatch, answer: httpx.Response | Exception
) -> None:
    through(monkeypatch, answer)
    with pytest.raises(RemoteError, match=r"The webhook (answered with|could not be reached)") as caught:
        await call_webhook(Secret(SECRET), {})
    error: BaseException | None = caught.value
    while error is not None:
        assert "Secret" not in str(error)
        error = error.__cause__ or error.__context__


async def test_plain_http_is_for_this_machine_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match="is not https"):
        await call_webhook(Secret("http://hooks.example.com/x"), {})
    through(monkeypatch, httpx.Response(200))
    await call_webhook(Secret("http://127.0.0.1:9/x"), {})


@pytest.mark.parametrize(
    ("answer", "well"),
    [
        (httpx.Response(200, text="orders: complete"), True),
        (httpx.Response(200, text="orders: missing"), False),
        (httpx.Response(302, text="complete"), False),
        (httpx.Response(500, text="complete"), False),
    ],
)
async def test_an_address_that_is_looked_at(
    monkeypatch: pytest.MonkeyPatch, answer: httpx.Response, *, well: bool
) -> None:
    through(monkeypatch, answer)
    assert await looks_well("https://checks.example.com/orders", "complete") is well
