"""The embedded Astro on a real socket: its address, its token, cut connections, an app behind it, and a clean end."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from tests.simulator.astro.desk import SIZES

from astroferry import diagnostics
from astroferry.errors import UnsupportedVersionError, UsageError
from astroferry.simulator.astro import EmbeddedAstro, Pace, server
from astroferry.simulator.astro.server import serve

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.requests import Request

    from astroferry.simulator.astro import Seat

AT_ONCE = Pace(creating=0, deploying=0, dags=0, cluster=0)


@pytest.fixture(autouse=True)
def forget() -> Iterator[None]:
    yield
    diagnostics.forget_secrets()


def client(astro: EmbeddedAstro) -> httpx.AsyncClient:
    return httpx.AsyncClient(headers={"Authorization": f"Bearer {astro.token}"}, trust_env=False)


def hello(seat: Seat) -> Starlette:
    async def version(request: Request) -> Response:
        return JSONResponse({"version": "3.3.2"})

    return Starlette(routes=[Route("/api/v2/version", version)])


async def test_it_answers_on_loopback_and_goes_without_a_trace() -> None:
    async with EmbeddedAstro() as astro, client(astro) as http:
        folder = astro.folder
        assert astro.url.startswith("http://127.0.0.1:")
        assert astro.url.endswith("/v1")
        found = (await http.get(f"{astro.url}/organizations")).json()
        assert found["organizations"][0]["id"] == astro.state.organization
        assert folder.is_dir()
    assert not folder.exists()
    async with httpx.AsyncClient(trust_env=False) as http:
        with pytest.raises(httpx.ConnectError):
            await http.get(f"{astro.url}/organizations")


async def test_its_token_is_known_to_redaction() -> None:
    async with EmbeddedAstro() as astro:
        assert astro.token not in diagnostics.redact(f"the token is {astro.token}")


async def test_a_cut_connection_is_cut_on_the_wire() -> None:
    async with EmbeddedAstro() as astro, client(astro) as http:
        for outcome in ("drop", "drop-answer"):
            astro.state.fail_next("GET /organizations", outcome)
            with pytest.raises(httpx.RemoteProtocolError):
                await http.get(f"{astro.url}/organizations")
        assert (await http.get(f"{astro.url}/organizations")).status_code == 200


async def test_a_deployment_with_an_app_behind_it() -> None:
    async with EmbeddedAstro(airflow_app_factory=hello, pace=AT_ONCE) as astro, client(astro) as http:
        root = f"{astro.url}/organizations/{astro.state.organization}"
        workspace = (await http.post(f"{root}/workspaces", json={"name": "Data"})).json()["id"]
        body = {"type": "STANDARD", "name": "d", "workspaceId": workspace, **SIZES}
        made: dict[str, Any] = (await http.post(f"{root}/deployments", json=body)).json()
        plane = astro.state.deployments[made["id"]].plane
        assert plane is not None
        await plane.settled()
        shown = (await http.get(f"{root}/deployments/{made['id']}")).json()
        assert shown["status"] == "HEALTHY"
        answer = await http.get(f"http://{shown['webServerAirflowApiUrl']}/version")
        assert answer.json() == {"version": "3.3.2"}
        assert astro.state.contract_violations == []


async def test_a_port_that_is_taken(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        astro = EmbeddedAstro(port=port)
        with pytest.raises(OSError, match="in use"):
            await astro.__aenter__()
        assert not astro.folder.exists()
        await EmbeddedAstro(port=port, folder=tmp_path).__aexit__(None, None, None)
        assert tmp_path.is_dir()
        with pytest.raises(UsageError, match=f"Port {port}"):
            await serve(port, None, lambda _: None)


async def served(airflow_version: str | None, log_file: Path | None = None) -> list[str]:
    """What `serve` says until it has said all; it is cancelled then."""
    lines: list[str] = []
    said = asyncio.Event()

    def say(line: str) -> None:
        lines.append(line)
        if line.startswith("Ctrl-C"):
            said.set()

    task = asyncio.create_task(serve(0, airflow_version, say, log_file=log_file))
    waiting = asyncio.create_task(said.wait())
    await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
    token_file = Path(next(line for line in lines if line.startswith("Its token")).split()[4].rstrip(","))
    assert token_file.stat().st_mode & 0o777 == 0o600
    token = token_file.read_text(encoding="utf-8")
    assert token not in "\n".join(lines)
    url = next(line for line in lines if "ASTRO_API_URL" in line).partition("=")[2]
    async with httpx.AsyncClient(trust_env=False) as http:
        answer = await http.get(f"{url}/organizations", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 200
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    assert not token_file.parent.exists()
    return lines


async def test_serving_says_how_to_point_at_it_and_hides_the_token(tmp_path: Path) -> None:
    lines = await served(None, log_file=tmp_path / "requests.jsonl")
    assert "no Airflow of their own" in "\n".join(lines)
    assert (tmp_path / "requests.jsonl").exists()


async def test_serving_with_a_real_airflow_installs_it_first(monkeypatch: pytest.MonkeyPatch) -> None:
    installed: list[str] = []
    monkeypatch.setattr(server, "ensure", lambda version, say: installed.append(version))
    lines = await served("3.3")
    assert installed == ["3.3"]
    assert "real Airflow 3.3" in "\n".join(lines)


async def test_only_some_versions_can_be_served() -> None:
    with pytest.raises(UnsupportedVersionError, match=r"2\.11"):
        await serve(0, "2.11", lambda _: None)
