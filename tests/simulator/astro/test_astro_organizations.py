"""Workspaces, people and roles; paging, sorting, and the manners of errors, failures and the log."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from astroferry.simulator.astro import AstroState, create_app
from astroferry.simulator.astro.gate import HANDLERS

if TYPE_CHECKING:
    from pathlib import Path

    from tests.simulator.astro.desk import Desk, Hands

    from astroferry.simulator.astro.wire import Call


async def test_a_workspace_is_made_changed_and_deleted(desk: Desk) -> None:
    made = await desk.post(
        "/workspaces", {"name": "Data", "defaultCloudProvider": "AWS", "defaultRegion": "us-east-1"}
    )
    assert re.fullmatch(r"c[a-z0-9]{24}", made["id"])
    where = f"/workspaces/{made['id']}"
    changed = await desk.post(where, {"name": "Data 2", "description": "d", "cicdEnforcedDefault": True})
    assert changed["name"] == "Data 2"
    assert "defaultRegion" not in changed
    await desk.delete(where)
    await desk.get(where, 404)
    await desk.delete(where, 404)


async def test_creating_is_not_idempotent(desk: Desk) -> None:
    first, second = await desk.workspace("Data"), await desk.workspace("Data")
    assert first != second
    assert (await desk.get("/workspaces", names="Data"))["totalCount"] == 2
    assert desk.state.count("createWorkspace") == 2


async def test_a_workspace_with_deployments_is_not_deleted(desk: Desk) -> None:
    made = await desk.deployment()
    await desk.delete(f"/workspaces/{made['workspaceId']}", 400)


async def test_a_workspace_of_another_organization_is_not_there(desk: Desk) -> None:
    other = desk.state.add_organization("Globex")
    stranger = desk.other(desk.state.token(organization=other))
    made = await stranger.post(f"/v1/organizations/{other}/workspaces", {"name": "Theirs"})
    await desk.get(f"/workspaces/{made['id']}", 404)


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ({"name": " "}, {"name": "required"}),
        ({"name": "x" * 51}, {"name": "maxLength"}),
        ({"name": "x", "defaultRegion": "us-east-1"}, {"defaultRegion": "required_with"}),
        ({"name": "x", "defaultCloudProvider": "AWS", "defaultRegion": "mars"}, {"defaultRegion": "oneof"}),
        (
            {"name": "x", "defaultCloudProvider": "AWS", "defaultRegion": "us-east-1", "defaultClusterId": "c"},
            {"defaultClusterId": "excluded_with"},
        ),
    ],
)
async def test_a_workspace_that_cannot_be(desk: Desk, body: dict[str, str], wrong: dict[str, str]) -> None:
    assert await desk.wrong("/workspaces", body) == wrong


async def test_lists_come_in_pages_in_the_order_asked_for(desk: Desk) -> None:
    for name in ("b", "c", "a"):
        await desk.workspace(name)

    async def names(**query: Any) -> list[str]:
        return [item["name"] for item in (await desk.get("/workspaces", **query))["workspaces"]]

    assert await names() == ["b", "c", "a"]
    assert await names(sorts="name:asc") == ["a", "b", "c"]
    assert await names(sorts="name:desc", limit=2) == ["c", "b"]
    assert await names(sorts="name:desc", limit=2, offset=2) == ["a"]
    page = await desk.get("/workspaces", limit=1, offset=5)
    assert page == {"workspaces": [], "limit": 1, "offset": 5, "totalCount": 3}
    assert (await desk.get("/workspaces"))["limit"] == 20
    await desk.get("/workspaces", 400, limit=1001)
    assert len(await names(workspaceIds=["x"])) == 0


async def test_people_and_roles_are_listed(desk: Desk) -> None:
    workspace = await desk.workspace()
    state = desk.state
    stamp = state.stamp()
    state.teams["t"] = {
        "id": "t",
        "name": "Data team",
        "organizationId": state.organization,
        "organizationRole": "ORGANIZATION_MEMBER",
        "isIdpManaged": True,
        "createdAt": stamp,
        "updatedAt": stamp,
        "workspaceRoles": [{"workspaceId": workspace, "role": "WORKSPACE_OWNER"}],
    }
    assert [item["username"] for item in (await desk.get("/users"))["users"]] == ["owner@example.com"]
    assert (await desk.get("/teams", workspaceId=workspace))["totalCount"] == 1
    assert (await desk.get("/teams", names="Other"))["totalCount"] == 0
    assert "defaultRoles" not in await desk.get("/roles")
    roles = await desk.get("/roles", includeDefaultRoles="true", scopeTypes="WORKSPACE")
    assert {item["scopeType"] for item in roles["defaultRoles"]} == {"WORKSPACE"}
    templates = await desk.get("/role-templates")
    assert {"ORGANIZATION_OWNER", "WORKSPACE_OPERATOR", "DEPLOYMENT_ADMIN"} <= {item["name"] for item in templates}


async def test_tokens_are_listed_without_their_text(desk: Desk) -> None:
    workspace = await desk.workspace()
    desk.state.token(workspace=workspace, name="ci")
    desk.state.user_token()
    assert [item["name"] for item in (await desk.get("/tokens"))["tokens"]] == ["astroferry"]
    listed = (await desk.get("/tokens", workspaceId=workspace))["tokens"]
    assert [item["name"] for item in listed] == ["ci"]
    assert "token" not in listed[0]


async def test_what_is_not_served_is_said_so(desk: Desk) -> None:
    assert (await desk.get("/nothing", 404))["statusCode"] == 404
    assert (await desk.ask("PUT", "/workspaces", {}, 405))["statusCode"] == 405


async def test_a_body_that_is_no_json_is_refused(desk: Desk) -> None:
    answer = await desk.http.post(
        f"/v1/organizations/{desk.state.organization}/workspaces",
        content=b"{",
        headers={"Authorization": f"Bearer {desk.token}"},
    )
    assert answer.status_code == 400


async def test_a_planted_bad_answer_is_caught(clock: Hands, monkeypatch: pytest.MonkeyPatch) -> None:
    async def forgetful(call: Call) -> dict[str, str]:
        return {"id": call.organization, "surprise": "field"}

    monkeypatch.setitem(HANDLERS, "getOrganization", forgetful)
    state = AstroState(now=clock.now)
    transport = httpx.ASGITransport(app=create_app(state))
    async with httpx.AsyncClient(transport=transport, base_url="http://astro.test") as http:
        headers = {"Authorization": f"Bearer {state.token()}"}
        answer = await http.get(f"/v1/organizations/{state.organization}", headers=headers)
    assert answer.status_code == 500
    told = "\n".join(state.contract_violations)
    assert "name is required" in told
    assert "surprise is not a field here" in told


async def test_failures_come_when_they_are_asked_for(desk: Desk) -> None:
    state = desk.state
    state.fail_next("POST /organizations/*/workspaces", 503)
    state.fail_next("POST /organizations/*/workspaces", 500, times=2)
    url = f"/v1/organizations/{state.organization}/workspaces"
    answers = [
        await desk.http.post(url, json={"name": "x"}, headers={"Authorization": f"Bearer {desk.token}"})
        for _ in range(4)
    ]
    assert [answer.status_code for answer in answers] == [503, 500, 500, 200]
    assert answers[0].headers["content-type"].startswith("text/html")
    assert answers[1].json()["statusCode"] == 500
    assert state.count("createWorkspace") == 1


async def test_a_connection_is_cut_before_or_after_the_work(desk: Desk) -> None:
    desk.state.fail_next("POST */workspaces", "drop")
    desk.state.fail_next("POST */workspaces", "drop-answer")
    for expected in (0, 1):
        with pytest.raises(httpx.RemoteProtocolError):
            await desk.workspace("Data")
        assert (await desk.get("/workspaces"))["totalCount"] == expected
    assert [entry.status for entry in desk.state.requests if entry.operation == "createWorkspace"] == [0, 200]


async def test_every_request_is_logged_without_bodies(clock: Hands, tmp_path: Path) -> None:
    log = tmp_path / "requests.jsonl"
    state = AstroState(now=clock.now, log_file=log)
    transport = httpx.ASGITransport(app=create_app(state))
    async with httpx.AsyncClient(transport=transport, base_url="http://astro.test") as http:
        headers = {"Authorization": f"Bearer {state.token()}"}
        await http.post(
            f"/v1/organizations/{state.organization}/workspaces", json={"name": "canary-7"}, headers=headers
        )
        await http.get("/v1/organizations?limit=7", headers=headers)
    lines = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    assert [(line["method"], line["status"], line["operation"]) for line in lines] == [
        ("POST", 200, "createWorkspace"),
        ("GET", 200, "listOrganizations"),
    ]
    assert "canary" not in log.read_text(encoding="utf-8")
    assert [entry.path for entry in state.requests][1] == "/organizations"


def test_a_data_plane_needs_a_folder() -> None:
    with pytest.raises(ValueError, match="folder"):
        AstroState(make_plane=lambda: None)  # type: ignore[arg-type,return-value]  # never called


async def test_paths_of_deployments_differ(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    made = await desk.deployment()
    taken = desk.state.deployments[made["id"]].short
    drawn = iter([list(taken[1:]), list("abcdefg")])
    monkeypatch.setattr("random.choices", lambda *_, **__: next(drawn))
    assert desk.state.new_short() == "dabcdefg"
