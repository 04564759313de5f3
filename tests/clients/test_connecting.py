"""Which login goes to which server, and that nothing is sent before it is known who asks."""

from typing import Any

import httpx
import pytest
from tests.clients.fake_airflow import URL, FakeAirflow
from tests.clients.fake_astro import API, ORGANIZATION, FakeAstro, deployment_item
from tests.conftest import FixedClock

from astroferry.clients.astro_shapes import deployment_of
from astroferry.clients.connecting import (
    Wiring,
    connect_airflow,
    connect_astro,
    connect_deployment,
    connect_starship,
)
from astroferry.clients.credentials import SourceLogin
from astroferry.errors import NotAllowedError, UnreachableError
from astroferry.model.secret import Secret

PASSWORD = SourceLogin(username="me", password=Secret("p"))


class Guarded:
    """A fake Airflow that asks for credentials, and says what it was given, path by path."""

    def __init__(self, api: str, *, even_version: bool = False) -> None:
        self.fake = FakeAirflow(api)
        self.even_version = even_version
        self.given: dict[str, str | None] = {}
        self.starship = httpx.Response(404)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Let in who has credentials."""
        path, given = request.url.path, request.headers.get("authorization")
        self.given[path] = given
        if path == "/auth/token":
            return httpx.Response(201, json={"access_token": "issued"})
        if path == "/login/":
            page = '<input name="csrf_token" value="t">'
            goal = {"Location": "/home", "Set-Cookie": "session=open; Path=/"}
            return httpx.Response(302, headers=goal) if request.method == "POST" else httpx.Response(200, html=page)
        if path == "/api/starship/info":
            self.given["cookie"] = request.headers.get("cookie")
            return self.starship
        if given is None and (self.even_version or not path.endswith("/version")):
            return httpx.Response(401, json={"detail": None})
        return self.fake.answer(request)

    @property
    def wiring(self) -> Wiring:
        """In place of the network."""
        return Wiring(httpx.MockTransport(self), FixedClock())


async def test_basic_goes_to_airflow_2_alone() -> None:
    server = Guarded("v1")
    airflow = await connect_airflow(URL, PASSWORD, wiring=server.wiring)
    assert airflow.api == "v1"
    assert server.given["/api/v1/dags"] == "Basic bWU6cA=="


async def test_the_token_login_goes_to_airflow_3() -> None:
    server = Guarded("v2")
    airflow = await connect_airflow(f"{URL}/home", PASSWORD, wiring=server.wiring)
    assert airflow.api == "v2"
    assert server.given["/api/v2/dags"] == "Bearer issued"
    assert server.given["/auth/token"] is None


async def test_basic_where_even_the_version_is_guarded() -> None:
    server = Guarded("v1", even_version=True)
    assert (await connect_airflow(URL, PASSWORD, wiring=server.wiring)).api == "v1"


@pytest.mark.parametrize("api", ["v1", "v2"])
async def test_a_token_goes_as_it_is(api: str) -> None:
    server = Guarded(api)
    await connect_airflow(URL, SourceLogin(token=Secret("mine")), wiring=server.wiring)
    assert server.given[f"/api/{api}/dags"] == "Bearer mine"


async def test_without_credentials_it_is_refused_at_once() -> None:
    with pytest.raises(NotAllowedError):
        await connect_airflow(URL, SourceLogin(), wiring=Guarded("v1").wiring)


INFO: dict[str, Any] = {"airflow_version": "x", "starship_version": "2.10.1"}


async def test_starship_behind_a_session_or_a_token() -> None:
    for api, login, cookie in (("v1", PASSWORD, "session=open"), ("v2", PASSWORD, None)):
        server = Guarded(api)
        airflow = await connect_airflow(URL, login, wiring=server.wiring)
        assert await connect_starship(airflow, login, wiring=server.wiring) is None
        server.starship = httpx.Response(200, json=INFO)
        starship = await connect_starship(airflow, login, wiring=server.wiring)
        assert starship is not None
        assert starship.is_safe
        assert server.given["cookie"] == cookie


async def test_starship_that_fails_closes_the_session() -> None:
    server = Guarded("v1")
    airflow = await connect_airflow(URL, PASSWORD, wiring=server.wiring)
    server.starship = httpx.Response(403)
    with pytest.raises(NotAllowedError):
        await connect_starship(airflow, PASSWORD, wiring=server.wiring)


async def test_astro_and_a_deployments_airflow() -> None:
    fake = FakeAstro()
    wiring = Wiring(fake.transport, FixedClock())
    astro = await connect_astro(f"{API}/", Secret("t0ken"), wiring=wiring)
    assert astro.organization.id == ORGANIZATION
    with pytest.raises(NotAllowedError):
        await connect_astro(API, Secret("t0ken"), "clother", wiring=wiring)
    server = Guarded("v2")
    up = deployment_of(deployment_item(webServerAirflowApiUrl="d1.astronomer.run/api/v2"))
    airflow = await connect_deployment(up, Secret("t0ken"), wiring=server.wiring)
    assert airflow.url == "https://d1.astronomer.run"
    assert server.given["/api/v2/version"] == "Bearer t0ken"


async def test_a_deployment_without_an_address_or_an_answer() -> None:
    young = deployment_of(deployment_item(webServerAirflowApiUrl="", status="CREATING"))
    with pytest.raises(UnreachableError, match="it is CREATING"):
        await connect_deployment(young, Secret("t"))
    wiring = Wiring(httpx.MockTransport(lambda _: httpx.Response(401)), FixedClock())
    with pytest.raises(NotAllowedError):
        await connect_deployment(deployment_of(deployment_item()), Secret("t"), wiring=wiring)
