"""A Deployment's own Airflow: its life behind the statuses, and the way to it through Astro's token."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route
from tests.simulator.astro.desk import Desk

from astroferry.errors import RemoteError
from astroferry.simulator.astro import AppPlane, AstroState, Pace, Seat, create_app
from astroferry.simulator.astro.planes import Plane

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from pathlib import Path

    from starlette.requests import Request
    from tests.simulator.astro.desk import Hands


def tiny_airflow(seat: Seat) -> Starlette:
    """An app that tells what reached it."""

    async def version(request: Request) -> Response:
        return JSONResponse({"version": "3.3.2", "environment": dict(seat.environment), "prefix": seat.prefix})

    async def echo(request: Request) -> Response:
        told = {
            "method": request.method,
            "raw": request.scope["raw_path"].decode(),
            "query": request.url.query,
            "authorization": request.headers.get("authorization"),
            "cookie": request.headers.get("cookie"),
            "body": (await request.body()).decode(),
        }
        return JSONResponse(told, headers={"x-airflow": "yes"})

    async def login(request: Request) -> Response:
        return RedirectResponse("http://airflow.internal/auth/login")

    async def broken(request: Request) -> Response:
        raise httpx.ReadError("gone")

    everything = ["GET", "POST", "PATCH", "DELETE"]
    return Starlette(
        routes=[
            Route("/api/v2/version", version),
            Route("/login", login),
            Route("/broken", broken),
            Route("/api/v2/{rest:path}", echo, methods=everything),
        ]
    )


class SlowPlane(AppPlane):
    """Waits to be let on at every step, may fail, and wants a token of its own."""

    def __init__(self) -> None:
        super().__init__(tiny_airflow)
        self.go = asyncio.Event()
        self.fails: Exception | None = None
        self.steps = 0
        self.stops = 0

    async def _step(self) -> None:
        self.steps += 1
        await self.go.wait()
        if self.fails is not None:
            raise self.fails

    async def start(self, *args: Any, **kwargs: Any) -> str:
        await self._step()
        return await super().start(*args, **kwargs)

    async def restart(self, environment: Mapping[str, str]) -> str:
        await self._step()
        return await super().restart(environment)

    async def stop(self) -> None:
        self.stops += 1

    async def token(self) -> str:
        if self.fails is not None:
            raise self.fails
        return "inner-token"


class Landlord:
    """Makes the data planes and remembers them."""

    def __init__(self) -> None:
        self.planes: list[SlowPlane] = []

    def make(self) -> SlowPlane:
        self.planes.append(SlowPlane())
        return self.planes[-1]


@pytest.fixture
def landlord() -> Landlord:
    return Landlord()


@pytest.fixture
async def owner(clock: Hands, tmp_path: Path, landlord: Landlord) -> AsyncIterator[Desk]:
    """An owner's desk where every Deployment has an Airflow."""
    pace = Pace(creating=5, deploying=5, dags=5)
    state = AstroState(now=clock.now, pace=pace, rates={}, folder=tmp_path, make_plane=landlord.make)
    transport = httpx.ASGITransport(app=create_app(state))
    async with httpx.AsyncClient(transport=transport, base_url="http://astro.test") as http:
        yield Desk(state, http, state.token(), clock)
    await state.close()
    assert state.contract_violations == []


async def let_on(desk: Desk, landlord: Landlord) -> None:
    """Let every Airflow finish the step it is at."""
    for plane in landlord.planes:
        plane.go.set()
    for deployment in desk.state.deployments.values():
        assert deployment.plane is not None
        await deployment.plane.settled()
    for plane in landlord.planes:
        plane.go.clear()


async def ready(desk: Desk, landlord: Landlord) -> dict[str, Any]:
    made = await desk.deployment()
    await let_on(desk, landlord)
    shown: dict[str, Any] = await desk.get(f"/deployments/{made['id']}")
    assert shown["status"] == "HEALTHY"
    return shown


def base(shown: dict[str, Any]) -> str:
    return str(shown["apiUrl"]).removesuffix("/api/v2")


def bearer(desk: Desk) -> dict[str, str]:
    return {"Authorization": f"Bearer {desk.token}"}


async def test_a_deployment_is_healthy_only_when_its_airflow_is_up(owner: Desk, landlord: Landlord) -> None:
    made = await owner.deployment()
    where = f"/deployments/{made['id']}"
    assert made["status"] == "DEPLOYING"
    answer = await owner.http.get(f"{made['apiUrl']}/version", headers=bearer(owner))
    assert answer.status_code == 503
    assert answer.headers["content-type"].startswith("text/html")
    await let_on(owner, landlord)
    assert (await owner.get(where))["status"] == "HEALTHY"
    answer = await owner.http.get(f"{made['apiUrl']}/version", headers=bearer(owner))
    short = owner.state.deployments[made["id"]].short
    assert answer.json() == {"version": "3.3.2", "environment": {}, "prefix": f"/{short}"}
    assert owner.state.requests[-1].operation == "airflow"


async def test_a_new_environment_restarts_it(owner: Desk, landlord: Landlord) -> None:
    shown = await ready(owner, landlord)
    where = f"/deployments/{shown['id']}"
    secret = {"key": "TOKEN", "isSecret": True, "value": "canary"}
    assert (await owner.update(shown, environmentVariables=[secret]))["status"] == "DEPLOYING"
    owner.clock.pass_by(5)
    assert (await owner.get(where))["status"] == "UNHEALTHY"
    assert (await owner.http.get(f"{shown['apiUrl']}/version", headers=bearer(owner))).status_code == 503
    await let_on(owner, landlord)
    assert (await owner.get(where))["status"] == "HEALTHY"
    answer = await owner.http.get(f"{shown['apiUrl']}/version", headers=bearer(owner))
    assert answer.json()["environment"] == {"TOKEN": "canary"}
    await owner.update(shown, name="renamed", environmentVariables=[{"key": "TOKEN", "isSecret": True}])
    owner.clock.pass_by(5)
    assert (await owner.get(where))["status"] == "HEALTHY"


async def test_of_restarts_that_wait_only_the_last_is_done(owner: Desk, landlord: Landlord) -> None:
    shown = await ready(owner, landlord)
    for value in ("1", "2", "3"):
        await owner.update(shown, environmentVariables=[{"key": "A", "isSecret": False, "value": value}])
        # Lets the first one begin; the others find it under way.
        await asyncio.sleep(0)
    assert landlord.planes[0].steps == 2
    await let_on(owner, landlord)
    owner.clock.pass_by(5)
    answer = await owner.http.get(f"{shown['apiUrl']}/version", headers=bearer(owner))
    assert answer.json()["environment"] == {"A": "3"}
    assert landlord.planes[0].steps == 3


async def test_an_airflow_that_cannot_start_is_told(owner: Desk, landlord: Landlord) -> None:
    made = await owner.deployment()
    landlord.planes[0].fails = RemoteError("the scheduler died")
    await let_on(owner, landlord)
    shown = await owner.get(f"/deployments/{made['id']}")
    assert (shown["status"], shown["statusReason"]) == ("UNHEALTHY", "RemoteError: the scheduler died")
    landlord.planes[0].fails = None
    await owner.update(made, environmentVariables=[{"key": "A", "isSecret": False, "value": "1"}])
    await let_on(owner, landlord)
    owner.clock.pass_by(5)
    assert "statusReason" not in await owner.get(f"/deployments/{made['id']}")


async def test_a_request_reaches_it_unchanged_but_for_the_token(owner: Desk, landlord: Landlord) -> None:
    shown = await ready(owner, landlord)
    answer = await owner.http.post(
        f"{shown['apiUrl']}/variables/a%2Fb%20c?x=1&x=%26",
        content=b'{"value": 1}',
        headers={**bearer(owner), "Cookie": "astro=1"},
    )
    assert answer.status_code == 200
    assert answer.headers["x-airflow"] == "yes"
    assert answer.json() == {
        "method": "POST",
        "raw": "/api/v2/variables/a%2Fb%20c",
        "query": "x=1&x=%26",
        "authorization": "Bearer inner-token",
        "cookie": None,
        "body": '{"value": 1}',
    }
    answer = await owner.http.delete(f"{shown['apiUrl']}/dags/x", headers=bearer(owner))
    assert answer.json()["body"] == ""


async def test_a_redirect_leads_back_through_astro(owner: Desk, landlord: Landlord) -> None:
    shown = await ready(owner, landlord)
    answer = await owner.http.get(f"{base(shown)}/login", headers=bearer(owner))
    assert answer.status_code == 307
    assert answer.headers["location"] == f"{base(shown)}/auth/login"


async def test_who_may_not_reach_it(owner: Desk, landlord: Landlord) -> None:
    shown = await ready(owner, landlord)
    api = shown["apiUrl"]
    state, workspace = owner.state, shown["workspaceId"]
    assert (await owner.http.get(f"{api}/version")).status_code == 401
    assert (await owner.http.get(f"{api}/version", headers={"Authorization": "Bearer x"})).status_code == 401
    stranger = state.token(organization=state.add_organization("Globex"))
    author = state.token(workspace=workspace, role="WORKSPACE_AUTHOR")
    member = state.token(workspace=workspace, role="WORKSPACE_MEMBER")
    for token, method, path, status in (
        (stranger, "GET", "/version", 403),
        (member, "GET", "/version", 200),
        (member, "PATCH", "/dags/x", 403),
        (author, "PATCH", "/dags/x", 200),
        (author, "POST", "/connections", 403),
        (state.token(deployment=shown["id"]), "POST", "/connections", 200),
    ):
        answer = await owner.http.request(method, f"{api}{path}", headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == status, (method, path)
    assert (await owner.http.get("http://astro.test/dnowhere/api/v2/version")).status_code == 404


async def test_a_broken_airflow_is_a_bad_gateway(owner: Desk, landlord: Landlord) -> None:
    shown = await ready(owner, landlord)
    answer = await owner.http.get(f"{base(shown)}/broken", headers=bearer(owner))
    assert answer.status_code == 502
    landlord.planes[0].fails = RemoteError("no token today")
    answer = await owner.http.get(f"{shown['apiUrl']}/version", headers=bearer(owner))
    assert answer.status_code == 502
    assert answer.headers["content-type"].startswith("text/html")


async def test_an_airflow_that_goes_down_meanwhile_is_unavailable(
    owner: Desk, landlord: Landlord, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = await ready(owner, landlord)
    plane = owner.state.deployments[shown["id"]].plane
    assert plane is not None

    async def token_while_it_restarts(self: SlowPlane) -> str:
        plane.restart({})
        return "inner-token"

    monkeypatch.setattr(SlowPlane, "token", token_while_it_restarts)
    answer = await owner.http.get(f"{shown['apiUrl']}/version", headers=bearer(owner))
    assert answer.status_code == 503


async def test_finalized_dags_land_in_its_folder(owner: Desk, landlord: Landlord, tmp_path: Path) -> None:
    shown = await ready(owner, landlord)
    seat = landlord.planes[0].seat
    assert seat is not None
    folder = seat.dags_folder
    assert folder.is_dir()
    await owner.deploy(shown["id"], {"one.py": b"1", "sub/old.py": b"2"})
    assert list(folder.iterdir()) == []
    owner.clock.pass_by(5)
    await owner.get(f"/deployments/{shown['id']}")
    await owner.deploy(shown["id"], {"one.py": b"1", "two.py": b"3"})
    owner.clock.pass_by(5)
    await owner.get(f"/deployments/{shown['id']}")
    assert sorted(path.name for path in folder.iterdir()) == ["one.py", "two.py"]


async def test_deleting_a_deployment_stops_its_airflow(owner: Desk, landlord: Landlord) -> None:
    first = await ready(owner, landlord)
    second = await owner.deployment(first["workspaceId"])
    for shown in (first, second):
        await owner.delete(f"/deployments/{shown['id']}")
    assert [plane.stops for plane in landlord.planes] == [1, 1]
    assert (await owner.http.get(f"{first['apiUrl']}/version", headers=bearer(owner))).status_code == 404


async def test_without_a_data_plane_there_is_no_airflow(desk: Desk) -> None:
    shown = await desk.deployment()
    answer = await desk.http.get(f"{shown['apiUrl']}/version", headers=bearer(desk))
    assert answer.status_code == 503


def test_a_plane_that_is_not_up_has_no_client() -> None:
    with pytest.raises(RuntimeError):
        Plane(AppPlane(tiny_airflow)).client()


async def test_an_app_in_an_airflows_place(tmp_path: Path) -> None:
    plane = AppPlane(tiny_airflow)
    await plane.restart({"A": "1"})
    assert plane.transport() is None
    url = await plane.start("cd", "3.3-8", {"A": "1"}, tmp_path, "/dx")
    assert plane.seat is not None
    assert plane.seat.environment == {"A": "1"}
    assert await plane.token() == ""
    assert await plane.restart({"B": "2"}) == url
    assert plane.seat.environment == {"B": "2"}
    await plane.stop()
    assert plane.transport() is None
