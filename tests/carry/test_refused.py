"""What a server has surely refused is not ours: made later by somebody else, it is neither taken over nor undone."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import httpx
import pytest
from tests.harness import ASTRO, DEPLOYMENT, World

from astroferry.carry.journal import Journal
from astroferry.errors import Exit
from astroferry.simulator.source.estate import SimConnection

if TYPE_CHECKING:
    from collections.abc import Callable

CONFIRM = ("--confirm", DEPLOYMENT)
CONNECTION = f"connection/{DEPLOYMENT}/quay_pg"


def refusing(status: int) -> Callable[[httpx.Request], httpx.Response | None]:
    """The connection is not taken: an answer with that status, or no line to the server at all (0)."""

    def before(request: httpx.Request) -> httpx.Response | None:
        if request.method != "POST" or b'"connection_id":"quay_pg"' not in request.content:
            return None
        if status == 0:
            raise httpx.ConnectError("refused", request=request)
        return httpx.Response(status, headers={"location": "/login"}, json={"detail": "no"})

    return before


def somebody_makes_it(world: World) -> SimConnection:
    """By hand, with the fields that Airflow shows as ours would have them, and a password of their own."""
    ours = world.estate.connections["quay_pg"]
    theirs = SimConnection(*[getattr(ours, slot) for slot in ours.__slots__])
    theirs.password = "their-Secret-0x9"
    world.target.fake.connections["quay_pg"] = theirs
    return theirs


@pytest.mark.parametrize("status", [0, 302, 400, 401, 403, 404, 409, 422, 429])
def test_a_connection_that_was_refused_and_then_made_by_somebody_else(world: World, status: int) -> None:
    world.planned()
    assert world.on_plan("apply", "--stage", "prepare").code == 0
    world.wire.before = refusing(status)
    assert world.on_plan("apply", "--stage", "configuration").code in {
        Exit.IN_PART,
        Exit.NOT_ALLOWED,
        Exit.REMOTE,
    }
    assert not Journal(world.journal_path).standing()[CONNECTION].ours
    world.wire.before = lambda _request: None
    theirs = somebody_makes_it(world)
    again = world.on_plan("apply", "--stage", "configuration")
    assert again.code == Exit.IN_PART
    assert 'is on the target already; Airflow hides its value: set conflicts.connections to "skip"' in again.err
    assert world.on_plan("rollback", "--stage", "configuration", *CONFIRM).code == 0
    assert world.target.fake.connections["quay_pg"] is theirs
    assert world.target.fake.variables == {}, "ours are taken back"


def test_behind_a_broken_gateway_it_may_have_been_made(world: World) -> None:
    """A 502 says nothing: the item counts as ours, and what lies there afterwards is not made twice."""
    world.planned()
    assert world.on_plan("apply", "--stage", "prepare").code == 0
    world.wire.before = refusing(502)
    assert world.on_plan("apply", "--stage", "configuration").code == Exit.REMOTE
    assert Journal(world.journal_path).standing()[CONNECTION].ours
    world.wire.before = lambda _request: None
    somebody_makes_it(world)
    assert world.on_plan("apply", "--stage", "configuration").code == 0


def on_astro(world: World, path: str, body: dict[str, object]) -> None:
    """What somebody else makes on Astro."""

    async def post() -> None:
        async with httpx.AsyncClient(
            transport=world.wire, headers={"Authorization": f"Bearer {world.token}"}
        ) as http:
            answer = await http.post(f"{ASTRO}/organizations/{world.astro.organization}/{path}", json=body)
            assert answer.status_code == 200, answer.text

    asyncio.run(post())


def test_a_workspace_that_was_refused_and_then_made_by_somebody_else(world: World) -> None:
    world.planned()
    world.astro.fail_next("POST /organizations/*/workspaces", 400)
    assert world.on_plan("apply", "--stage", "prepare").code == Exit.IN_PART
    on_astro(world, "workspaces", {"name": "Quay"})
    assert world.on_plan("apply", "--stage", "prepare").code == 0
    assert world.on_plan("rollback", "--stage", "prepare", *CONFIRM).code == 0
    assert world.astro.deployments == {}
    assert [item["name"] for item in world.astro.workspaces.values()] == ["Quay"]


def test_a_deployment_that_was_never_asked_for_and_then_made_by_somebody_else(world: World) -> None:
    """A Runtime that is not on offer is noticed before anything is sent."""
    world.planned()
    body: dict[str, object] = {}

    def overheard(request: httpx.Request) -> httpx.Response | None:
        if request.method == "POST" and request.url.path.endswith("/deployments"):
            body.update(json.loads(request.content))
        return None

    world.wire.before = overheard
    assert world.on_plan("apply", "--stage", "prepare").code == 0
    assert world.on_plan("rollback", "--stage", "prepare", *CONFIRM).code == 0
    plan = world.plan_path.read_text(encoding="utf-8")
    world.edit_plan('runtime = "3.3-8"', 'runtime = "3.9-1"')
    assert world.on_plan("apply", "--stage", "prepare").code == Exit.IN_PART
    world.plan_path.write_text(plan, encoding="utf-8")
    body["workspaceId"] = next(iter(world.astro.workspaces))
    on_astro(world, "deployments", body)
    assert world.on_plan("apply", "--stage", "prepare").code == 0
    assert world.on_plan("rollback", "--stage", "prepare", *CONFIRM).code == 0
    assert len(world.astro.deployments) == 1
