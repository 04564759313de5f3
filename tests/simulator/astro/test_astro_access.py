"""Tokens, scopes, roles and rates: who gets in, how far, and how fast."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from astroferry.simulator.astro import AstroState, Claims, create_app, make_token
from astroferry.simulator.astro.limits import RATES

if TYPE_CHECKING:
    from tests.simulator.astro.desk import Desk, Hands


def claims(token: str) -> dict[str, Any]:
    part = token.split(".")[1]
    read: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return read


async def test_a_token_tells_its_organization_and_entities(state: AstroState, desk: Desk) -> None:
    workspace = await desk.workspace()
    told = claims(state.token(workspace=workspace))
    assert told["org_id"] == state.organization
    assert {f"organizationId:{state.organization}", f"workspaceId:{workspace}"} <= set(told["permissions"])
    assert told["apiTokenId"] in state.tokens
    assert "exp" not in told


async def test_the_organization_is_found_with_the_token_alone(desk: Desk) -> None:
    found = await desk.get("/v1/organizations")
    assert [item["id"] for item in found["organizations"]] == [desk.state.organization]
    assert found["totalCount"] == 1
    assert (await desk.get(""))["name"] == "Acme Data"


@pytest.mark.parametrize("product", [{"product": "HYBRID"}, {"productPlan": "TRIAL"}])
async def test_organizations_are_filtered(desk: Desk, product: dict[str, Any]) -> None:
    assert (await desk.get("/v1/organizations", **product))["organizations"] == []


@pytest.mark.parametrize("header", [None, "Basic abc", "Bearer", "Bearer garbage", "Bearer a.b.c"])
async def test_without_a_token_of_ours_nobody_gets_in(desk: Desk, header: str | None) -> None:
    headers = {} if header is None else {"Authorization": header}
    answer = await desk.http.get("/v1/organizations", headers=headers)
    assert answer.status_code == 401
    assert answer.json()["statusCode"] == 401


async def test_a_token_signed_by_another_is_refused(desk: Desk) -> None:
    forged = make_token(b"another key", Claims("cx", desk.state.organization), issued=desk.clock.now())
    await desk.other(forged).get("/v1/organizations", 401)


async def test_a_token_expires_half_way(desk: Desk, clock: Hands) -> None:
    short = desk.other(desk.state.token(expires=clock.now() + timedelta(minutes=5)))
    await short.get("/workspaces")
    clock.pass_by(300)
    assert "expired" in (await short.get("/workspaces", 401))["message"]


async def test_a_revoked_token_is_refused(desk: Desk) -> None:
    desk.state.revoke(str(claims(desk.token)["apiTokenId"]))
    await desk.get("/workspaces", 401)


async def test_a_token_of_another_organization_sees_only_its_own(desk: Desk) -> None:
    other = desk.state.add_organization("Globex")
    stranger = desk.other(desk.state.token(organization=other))
    assert [item["id"] for item in (await stranger.get("/v1/organizations"))["organizations"]] == [other]
    assert "another organization" in (await stranger.get("/workspaces", 403))["message"]


async def test_a_workspace_token_stays_in_its_workspace(desk: Desk) -> None:
    mine, theirs = await desk.workspace("Mine"), await desk.workspace("Theirs")
    made = await desk.deployment(theirs)
    token = desk.other(desk.state.token(workspace=mine))
    assert [item["name"] for item in (await token.get("/workspaces"))["workspaces"]] == ["Mine"]
    await token.get(f"/workspaces/{theirs}", 403)
    await token.get(f"/deployments/{made['id']}", 403)
    assert (await token.get("/deployments"))["totalCount"] == 0
    await token.post("/workspaces", {"name": "Third"}, 403)
    await token.get("/users", 403)
    assert (await token.get("/users", workspaceId=mine))["totalCount"] == 0
    own = await token.deployment(mine)
    assert own["workspaceName"] == "Mine"


@pytest.mark.parametrize(
    ("role", "reads", "deploys", "writes"),
    [
        ("WORKSPACE_MEMBER", 200, 403, 403),
        ("WORKSPACE_AUTHOR", 200, 200, 403),
        ("WORKSPACE_OPERATOR", 200, 200, 200),
        ("WORKSPACE_OWNER", 200, 200, 200),
    ],
)
async def test_roles_in_a_workspace(desk: Desk, role: str, reads: int, deploys: int, writes: int) -> None:
    made = await desk.deployment()
    one = desk.other(desk.state.token(workspace=made["workspaceId"], role=role))
    where = f"/deployments/{made['id']}"
    await one.get(where, reads)
    await one.post(f"{where}/deploys", {"type": "DAG_ONLY"}, deploys)
    await one.update(made, writes)


async def test_a_deployment_token_reaches_one_deployment(desk: Desk) -> None:
    made = await desk.deployment()
    other = await desk.deployment(made["workspaceId"])
    token = desk.other(desk.state.token(deployment=made["id"]))
    assert [item["id"] for item in (await token.get("/deployments"))["deployments"]] == [made["id"]]
    await token.get(f"/deployments/{other['id']}", 403)
    await token.get(f"/workspaces/{made['workspaceId']}")
    await token.update(made)
    await token.delete(f"/deployments/{made['id']}", 403)


async def test_a_deployment_token_makes_no_deployments(desk: Desk) -> None:
    made = await desk.deployment()
    token = desk.other(desk.state.token(deployment=made["id"]))
    body = {"type": "STANDARD", "name": "more", "workspaceId": made["workspaceId"]}
    await token.post("/deployments", body, 403)


async def test_a_member_of_the_organization_sees_it_and_nothing_below(desk: Desk) -> None:
    workspace = await desk.workspace()
    member = desk.other(desk.state.token(role="ORGANIZATION_MEMBER"))
    assert (await member.get("/workspaces"))["totalCount"] == 0
    await member.get(f"/workspaces/{workspace}", 403)
    await member.post("/workspaces", {"name": "Mine"}, 403)
    assert (await member.get("/users"))["totalCount"] == 1


async def test_a_session_token_is_a_person(desk: Desk) -> None:
    person = desk.other(desk.state.user_token())
    assert "permissions" not in claims(person.token)
    shown = await person.get("/v1/users/self")
    assert shown["roles"][0]["role"] == "ORGANIZATION_OWNER"
    assert shown["organizationId"] == desk.state.organization
    made = await person.deployment()
    assert made["createdBy"]["subjectType"] == "USER"
    await desk.get("/v1/users/self", 400)


@pytest.fixture
async def limited(clock: Hands) -> tuple[AstroState, httpx.AsyncClient]:
    state = AstroState(now=clock.now)
    return state, httpx.AsyncClient(
        transport=httpx.ASGITransport(app=create_app(state)), base_url="http://astro.test"
    )


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/workspaces"), ("POST", "/workspaces"), ("DELETE", "/workspaces/x")]
)
async def test_rates_are_limited_for_each_token(
    limited: tuple[AstroState, httpx.AsyncClient], clock: Hands, method: str, path: str
) -> None:
    state, http = limited
    url = f"/v1/organizations/{state.organization}{path}"

    async def ask(headers: dict[str, str]) -> httpx.Response:
        return await http.request(method, url, headers=headers, json={"name": "x"} if method == "POST" else None)

    async with http:
        headers = {"Authorization": f"Bearer {state.token()}"}
        statuses = [(await ask(headers)).status_code for _ in range(int(RATES[method]))]
        assert 429 not in statuses
        refused = await ask(headers)
        assert refused.status_code == 429
        assert refused.headers["retry-after"] == "1"
        assert refused.json()["statusCode"] == 429
        assert (await ask({"Authorization": f"Bearer {state.token()}"})).status_code != 429
        clock.pass_by(1)
        assert (await ask(headers)).status_code != 429
    assert state.contract_violations == []


async def test_a_method_without_a_rate_is_not_limited(limited: tuple[AstroState, httpx.AsyncClient]) -> None:
    state, http = limited
    async with http:
        headers = {"Authorization": f"Bearer {state.token()}"}
        answers = {(await http.put("/v1/organizations", headers=headers)).status_code for _ in range(40)}
    assert answers == {405}
