"""Dedicated clusters: their options, their slow statuses, and what they refuse."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.simulator.astro.desk import Desk

AWS: dict[str, Any] = {
    "cloudProvider": "AWS",
    "name": "main",
    "region": "us-east-1",
    "type": "DEDICATED",
    "vpcSubnetRange": "172.20.0.0/19",
}


async def test_options_tell_defaults_for_each_cloud(desk: Desk) -> None:
    every = await desk.get("/cluster-options", type="DEDICATED")
    assert {item["provider"] for item in every} == {"AWS", "AZURE", "GCP"}
    (gcp,) = await desk.get("/cluster-options", type="DEDICATED", provider="GCP")
    assert gcp["defaultPodSubnetRange"] == "172.21.0.0/19"
    await desk.get("/cluster-options", 400)


async def test_a_cluster_takes_its_time(desk: Desk) -> None:
    made = await desk.post("/clusters", AWS)
    where = f"/clusters/{made['id']}"
    assert made["status"] == "CREATING"
    change = {"clusterType": "DEDICATED", "name": "renamed", "k8sTags": []}
    await desk.post(where, change, 412)
    desk.clock.pass_by(60)
    assert (await desk.get(where))["status"] == "CREATED"
    assert (await desk.post(where, change))["status"] == "UPDATING"
    desk.clock.pass_by(60)
    assert (await desk.get("/clusters", names="renamed"))["clusters"][0]["status"] == "CREATED"
    assert (await desk.get("/clusters", provider="GCP"))["totalCount"] == 0
    await desk.delete(where)
    await desk.get(where, 404)


async def test_workspace_mappings_stay_when_left_out(desk: Desk) -> None:
    workspace = await desk.workspace()
    made = await desk.post("/clusters", {**AWS, "workspaceIds": [workspace]})
    where, change = f"/clusters/{made['id']}", {"clusterType": "DEDICATED", "name": "main", "k8sTags": []}
    desk.clock.pass_by(60)
    assert (await desk.post(where, change))["workspaceIds"] == [workspace]
    desk.clock.pass_by(60)
    assert (await desk.post(where, {**change, "workspaceIds": []}))["workspaceIds"] == []
    desk.clock.pass_by(60)
    assert await desk.wrong(where, {**change, "workspaceIds": ["cx"]}) == {"workspaceIds": "notfound"}


@pytest.mark.parametrize(
    ("more", "wrong"),
    [
        ({"vpcSubnetRange": "nine"}, {"vpcSubnetRange": "cidr"}),
        ({"region": "mars"}, {"region": "oneof"}),
        ({"type": "HYBRID"}, {"type": "oneof"}),
        ({"workspaceIds": ["cx"]}, {"workspaceIds": "notfound"}),
    ],
)
async def test_a_cluster_that_cannot_be(desk: Desk, more: dict[str, Any], wrong: dict[str, str]) -> None:
    assert await desk.wrong("/clusters", AWS | more) == wrong


async def test_a_dedicated_deployment_needs_a_cluster_that_is_ready_and_open_to_it(desk: Desk) -> None:
    first, second = await desk.workspace("First"), await desk.workspace("Second")
    made = await desk.post("/clusters", {**AWS, "workspaceIds": [first]})
    body = {"type": "DEDICATED", "name": "d", "workspaceId": first}
    assert (await desk.wrong("/deployments", body))["clusterId"] == "required"
    assert (await desk.wrong("/deployments", {**body, "clusterId": "cx"}))["clusterId"] == "notfound"
    assert (await desk.wrong("/deployments", {**body, "clusterId": made["id"]}))["clusterId"] == "status"
    desk.clock.pass_by(60)
    elsewhere = {**body, "workspaceId": second, "clusterId": made["id"]}
    assert (await desk.wrong("/deployments", elsewhere))["clusterId"] == "notallowed"
    deployment = await desk.deployment(first, type="DEDICATED", clusterId=made["id"])
    assert deployment["clusterName"] == "main"
    await desk.delete(f"/clusters/{made['id']}", 400)


async def test_only_the_owner_makes_clusters(desk: Desk) -> None:
    token = desk.other(desk.state.token(workspace=await desk.workspace()))
    await token.post("/clusters", AWS, 403)
    assert (await token.get("/clusters"))["totalCount"] == 0
