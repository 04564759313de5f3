"""Alerts and the people of teams: who sees what, and what a client makes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from astroferry.simulator.astro.alerts import add_alert

if TYPE_CHECKING:
    from tests.simulator.astro.desk import Desk


async def test_alerts_are_those_of_deployments_that_the_token_may_read(desk: Desk) -> None:
    made = await desk.deployment()
    other = await desk.deployment(await desk.workspace("Other"), name="other")
    alert = add_alert(desk.state, made["id"], channels=("EMAIL",))
    add_alert(desk.state, other["id"], "TASK_FAILURE")
    root = f"/v1/organizations/{desk.state.organization}/alerts"
    await desk.get(root, 404)  # v1 does not have them
    beta = f"/platform/v1beta1/organizations/{desk.state.organization}/alerts"

    async def listed(seen_by: Desk, **query: str) -> list[str]:
        headers = {"Authorization": f"Bearer {seen_by.token}"}
        answer = await desk.http.request("GET", beta, params=query, headers=headers)
        assert answer.status_code == 200, answer.text
        return [item["id"] for item in answer.json()["alerts"]]

    assert len(await listed(desk)) == 2
    assert await listed(desk, deploymentIds=made["id"]) == [alert]
    assert await listed(desk, alertTypes="DAG_FAILURE") == [alert]
    narrow = desk.other(desk.state.token(deployment=made["id"]))
    assert await listed(narrow) == [alert]


async def test_the_people_of_a_team(desk: Desk) -> None:
    workspace = await desk.workspace()
    ada = desk.state.add_person("ada@example.com", workspace, "WORKSPACE_AUTHOR")
    team = desk.state.add_team("ops", workspace, "WORKSPACE_OPERATOR", [ada])
    members = await desk.get(f"/teams/{team}/members")
    assert [item["username"] for item in members["teamMembers"]] == ["ada@example.com"]
    users = await desk.get("/users", workspaceId=workspace)
    assert [item["workspaceRoles"][0]["role"] for item in users["users"]] == ["WORKSPACE_AUTHOR"]
    await desk.get("/teams/cnone/members", 404)
    narrow = desk.other(desk.state.token(workspace=workspace))
    await narrow.get(f"/teams/{team}/members", 403)
