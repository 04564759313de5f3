"""Environment objects: keys that clash, secrets that stay hidden, and the traps of updating."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.simulator.astro.desk import Desk

WHERE = "/environment-objects"


def connection(workspace: str, **more: Any) -> dict[str, Any]:
    part = {"type": "postgres", "host": "db", "password": "canary-1", "extra": {"token": "canary-2"}}
    return {
        "objectKey": "warehouse",
        "objectType": "CONNECTION",
        "scope": "WORKSPACE",
        "scopeEntityId": workspace,
        "connection": part,
        **more,
    }


def variable(workspace: str, *, secret: bool = True, **more: Any) -> dict[str, Any]:
    return {
        "objectKey": "rate",
        "objectType": "AIRFLOW_VARIABLE",
        "scope": "WORKSPACE",
        "scopeEntityId": workspace,
        "airflowVariable": {"value": "canary-3", "isSecret": secret},
        **more,
    }


async def test_an_object_is_made_once_and_shows_no_secret(desk: Desk) -> None:
    workspace = await desk.workspace()
    made = await desk.post(WHERE, connection(workspace))
    assert list(made) == ["id"]
    await desk.post(WHERE, connection(workspace), 409)
    await desk.post(WHERE, variable(workspace, objectKey="warehouse"))
    shown = await desk.get(f"{WHERE}/{made['id']}")
    assert shown["connection"] == {"type": "postgres", "host": "db", "password": "", "extra": {"token": ""}}
    assert shown["setFields"] == ["extra.token", "host", "password", "type"]
    listed = await desk.get(WHERE, workspaceId=workspace)
    assert listed["totalCount"] == 2
    assert "canary" not in str(listed)
    only = await desk.get(WHERE, objectType="AIRFLOW_VARIABLE", objectKey="warehouse")
    assert [item["airflowVariable"] for item in only["environmentObjects"]] == [{"isSecret": True, "value": ""}]
    await desk.delete(f"{WHERE}/{made['id']}")
    await desk.get(f"{WHERE}/{made['id']}", 404)


async def test_secrets_are_shown_only_where_the_organization_lets_them(desk: Desk) -> None:
    workspace = await desk.workspace()
    await desk.post(WHERE, connection(workspace))
    await desk.post(WHERE, variable(workspace))
    assert "showSecrets" in (await desk.get(WHERE, 403, showSecrets="true"))["message"]
    desk.state.environment_secrets_fetching = True
    listed = (await desk.get(WHERE, showSecrets="true"))["environmentObjects"]
    assert listed[0]["connection"]["password"] == "canary-1"
    assert listed[1]["airflowVariable"] == {"value": "canary-3", "isSecret": True}


async def test_a_plain_variable_is_shown(desk: Desk) -> None:
    workspace = await desk.workspace()
    made = await desk.post(WHERE, variable(workspace, secret=False))
    assert (await desk.get(f"{WHERE}/{made['id']}"))["airflowVariable"]["value"] == "canary-3"


async def test_an_export_of_metrics_hides_its_tokens(desk: Desk) -> None:
    part = {"exporterType": "PROMETHEUS", "endpoint": "https://m.example.com", "basicToken": "canary-4"}
    body = connection(await desk.workspace(), objectType="METRICS_EXPORT", metricsExport=part)
    del body["connection"]
    made = await desk.post(WHERE, body)
    assert (await desk.get(f"{WHERE}/{made['id']}"))["metricsExport"] == part | {"basicToken": ""}
    desk.state.environment_secrets_fetching = True
    assert (await desk.get(WHERE, showSecrets="true"))["environmentObjects"][0]["metricsExport"] == part


async def test_updating_clears_what_is_left_out_but_keeps_secrets_sent_empty(desk: Desk) -> None:
    deployment = await desk.deployment()
    workspace = deployment["workspaceId"]
    link = {"scope": "DEPLOYMENT", "scopeEntityId": deployment["id"]}
    made = await desk.post(WHERE, connection(workspace, autoLinkDeployments=True, links=[link], description="d"))
    where = f"{WHERE}/{made['id']}"
    assert (await desk.get(where))["links"][0]["scopeEntityId"] == deployment["id"]
    assert await desk.wrong(where, {"links": [link]}) == {"connection": "required"}
    changed = await desk.post(where, {"connection": {"type": "postgres", "host": "db2", "password": ""}})
    assert (changed["links"], changed["autoLinkDeployments"], changed["description"]) == ([], False, "d")
    kept = desk.state.environment_objects[made["id"]].given["connection"]
    assert (kept["host"], kept["password"]) == ("db2", "canary-1")
    secret = await desk.post(WHERE, variable(workspace))
    await desk.post(f"{WHERE}/{secret['id']}", {"airflowVariable": {"value": ""}})
    assert desk.state.environment_objects[secret["id"]].given["airflowVariable"]["value"] == "canary-3"


async def test_linked_objects_are_resolved_for_a_deployment(desk: Desk) -> None:
    deployment = await desk.deployment()
    workspace, link = deployment["workspaceId"], {"scope": "DEPLOYMENT", "scopeEntityId": deployment["id"]}
    await desk.post(WHERE, connection(workspace, objectKey="auto", autoLinkDeployments=True))
    await desk.post(WHERE, connection(workspace, objectKey="linked", links=[link]))
    await desk.post(WHERE, connection(workspace, objectKey="excluded", autoLinkDeployments=True, excludeLinks=[link]))
    own = connection(workspace, objectKey="own", scope="DEPLOYMENT", scopeEntityId=deployment["id"])
    await desk.post(WHERE, own)

    async def keys(**query: Any) -> set[str]:
        listed = await desk.get(WHERE, deploymentId=deployment["id"], **query)
        return {item["objectKey"] for item in listed["environmentObjects"]}

    assert await keys() == {"own"}
    assert await keys(resolveLinked="true") == {"own", "auto", "linked"}
    listed = await desk.get(WHERE, deploymentId=deployment["id"], resolveLinked="true", objectKey="auto")
    assert "id" not in listed["environmentObjects"][0]
    assert listed["environmentObjects"][0]["sourceScope"] == "WORKSPACE"


@pytest.mark.parametrize(
    ("more", "wrong"),
    [
        ({"connection": None}, {"connection": "type"}),
        ({"airflowVariable": {"value": "x"}}, {"airflowVariable": "excluded"}),
        ({"objectType": "CONNEXION"}, {"objectType": "enum"}),
        (
            {
                "links": [{"scope": "DEPLOYMENT", "scopeEntityId": "d"}],
                "excludeLinks": [{"scope": "DEPLOYMENT", "scopeEntityId": "d"}],
            },
            {"excludeLinks": "conflict"},
        ),
        ({"scope": "DEPLOYMENT", "autoLinkDeployments": True}, {"autoLinkDeployments": "excluded"}),
    ],
)
async def test_an_object_that_cannot_be(desk: Desk, more: dict[str, Any], wrong: dict[str, str]) -> None:
    assert await desk.wrong(WHERE, connection(await desk.workspace()) | more) == wrong


async def test_a_variable_needs_a_value_and_its_own_part(desk: Desk) -> None:
    workspace = await desk.workspace()
    body = variable(workspace, airflowVariable={"isSecret": True})
    assert await desk.wrong(WHERE, body) == {"airflowVariable.value": "required"}
    del body["airflowVariable"]
    assert await desk.wrong(WHERE, body) == {"airflowVariable": "required"}


async def test_objects_are_behind_roles(desk: Desk) -> None:
    workspace = await desk.workspace()
    made = await desk.post(WHERE, connection(workspace))
    other = await desk.workspace("Other")
    stranger = desk.other(desk.state.token(workspace=other))
    member = desk.other(desk.state.token(workspace=workspace, role="WORKSPACE_MEMBER"))
    await stranger.get(f"{WHERE}/{made['id']}", 403)
    assert (await stranger.get(WHERE))["totalCount"] == 0
    await member.get(f"{WHERE}/{made['id']}")
    await member.post(WHERE, variable(workspace), 403)
    await member.delete(f"{WHERE}/{made['id']}", 403)
    await desk.post(WHERE, connection("cx"), 403)
    await desk.post(WHERE, connection("cx", scope="DEPLOYMENT"), 403)
