"""What answers at an address: each kind of server gets its name."""

from collections.abc import Callable

import httpx
import pytest
from tests.clients.fake_airflow import URL, FakeAirflow
from tests.conftest import FixedClock

from astroferry.clients.airflow import Airflow
from astroferry.clients.airflow_dialect import Dialect
from astroferry.clients.airflow_v1 import V1
from astroferry.clients.airflow_v2 import V2
from astroferry.clients.http import Http
from astroferry.errors import (
    AstroferryError,
    NotAllowedError,
    NotTheApiError,
    RequestFailedError,
    UnsupportedVersionError,
)


def http(server: Callable[[httpx.Request], httpx.Response]) -> Http:
    return Http(URL, name="The source", transport=httpx.MockTransport(server), clock=FixedClock())


def test_both_dialects_answer_everything() -> None:
    dialects: tuple[Dialect, ...] = (V1(), V2())
    names = {name for name in (*vars(Dialect), *Dialect.__annotations__) if not name.startswith("_")}
    for dialect in dialects:
        assert names <= set(dir(dialect))


@pytest.mark.parametrize(("api", "version", "major"), [("v1", "2.11.2", 2), ("v2", "3.3.2", 3)])
async def test_both_apis_are_found(api: str, version: str, major: int) -> None:
    airflow = await Airflow.connect(http(FakeAirflow(api).answer))
    assert (airflow.api, airflow.version, airflow.major, airflow.url) == (api, version, major, URL)


@pytest.mark.parametrize(
    ("answers", "error", "says"),
    [
        ({"": httpx.Response(404, html="<html>")}, NotTheApiError, "No Airflow answers at"),
        ({"": httpx.Response(302, headers={"Location": "/login"})}, NotTheApiError, "redirect"),
        ({"": httpx.Response(200, html="<html>")}, NotTheApiError, "web page"),
        ({"": httpx.Response(200, json={"version": None})}, NotTheApiError, "JSON was expected"),
        ({"": httpx.Response(401)}, NotAllowedError, "refused the credentials"),
        ({"/api/v1/version": httpx.Response(500)}, RequestFailedError, "500"),
        ({"/api/v2/version": httpx.Response(200, json={"version": "4.0.0"})}, UnsupportedVersionError, "4.0.0"),
        ({"/api/v1/version": httpx.Response(200, json={"version": "3.0.0"})}, UnsupportedVersionError, "3.0.0"),
        (
            {"/api/experimental/info": httpx.Response(200, json={"version": "1.10.15"})},
            UnsupportedVersionError,
            "1.10.15",
        ),
        ({"/api/experimental/test": httpx.Response(200, json={"status": "OK"})}, UnsupportedVersionError, "1.10,"),
        ({"/api/experimental/info": httpx.Response(403, text="")}, UnsupportedVersionError, "Upgrade"),
    ],
)
async def test_everything_else_is_named(
    answers: dict[str, httpx.Response], error: type[AstroferryError], says: str
) -> None:
    def server(request: httpx.Request) -> httpx.Response:
        return answers.get(request.url.path) or answers.get("") or httpx.Response(404, html="<html>")

    with pytest.raises(error, match=says):
        await Airflow.connect(http(server))
