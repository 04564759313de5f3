"""Deployments: statuses over time, the rules of creating and updating, and environment variables with secrets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.simulator.astro.desk import SIZES

if TYPE_CHECKING:
    from tests.simulator.astro.desk import Desk

QUEUE = {
    "name": "default",
    "isDefault": True,
    "astroMachine": "A5",
    "minWorkerCount": 0,
    "maxWorkerCount": 5,
    "workerConcurrency": 5,
}


async def test_options_offer_the_newest_runtime_first(desk: Desk) -> None:
    options = await desk.get("/deployment-options", deploymentType="STANDARD", executor="CELERY", cloudProvider="AWS")
    runtimes = {item["version"]: item["airflowVersion"] for item in options["runtimeReleases"]}
    assert options["runtimeReleases"][0]["version"] == "3.3-8"
    assert {"3.3-8": "3.3.2", "3.2-10": "3.2.2", "3.1-21": "3.1.8", "13.11.0": "2.11.2"}.items() <= runtimes.items()
    assert "ASTRO" in options["executors"]
    assert "ASTRO" not in (await desk.get("/deployment-options", deploymentType="HYBRID"))["executors"]
    await desk.get("/deployment-options", 404, deploymentId="cx")


async def test_a_deployment_becomes_healthy_with_time(desk: Desk) -> None:
    made = await desk.deployment(settled=False)
    seen = [made["status"]]
    for _ in range(3):
        desk.clock.pass_by(4)
        seen.append((await desk.get(f"/deployments/{made['id']}"))["status"])
    assert seen == ["CREATING", "CREATING", "DEPLOYING", "HEALTHY"]


async def test_its_addresses_carry_no_scheme(desk: Desk) -> None:
    made = await desk.deployment()
    short = desk.state.deployments[made["id"]].short
    assert made["webServerAirflowApiUrl"] == f"astro.test/{short}/api/v2"
    assert made["webServerUrl"].startswith(f"astro.test/{short}?")
    assert made["apiUrl"] == f"http://astro.test/{short}/api/v2"
    old = await desk.deployment(made["workspaceId"], astroRuntimeVersion="13.11.0")
    assert old["webServerAirflowApiUrl"].endswith("/api/v1")
    assert (old["airflowVersion"], old["runtimeVersion"]) == ("2.11.2", "13.11.0")


async def test_creating_twice_makes_two(desk: Desk) -> None:
    first = await desk.deployment()
    second = await desk.deployment(first["workspaceId"])
    assert first["id"] != second["id"]
    listed = await desk.get("/deployments", names="data-prod", workspaceIds=first["workspaceId"])
    assert [item["id"] for item in listed["deployments"]] == [first["id"], second["id"]]
    assert (await desk.get("/deployments", deploymentIds=second["id"]))["totalCount"] == 1
    assert desk.state.count("createDeployment") == 2


async def test_what_is_not_said_has_defaults(desk: Desk) -> None:
    made = await desk.deployment()
    assert (made["executor"], made["schedulerSize"], made["region"]) == ("CELERY", "SMALL", "us-east-1")
    assert [queue["name"] for queue in made["workerQueues"]] == ["default"]
    assert (made["workerQueues"][0]["podCpu"], made["workerQueues"][0]["podMemory"]) == ("1", "2Gi")
    assert "dagTarballVersion" not in made
    kubernetes = await desk.deployment(made["workspaceId"], executor="KUBERNETES")
    assert "workerQueues" not in kubernetes


@pytest.mark.parametrize(
    ("more", "wrong"),
    [
        ({"name": " "}, {"name": "required"}),
        ({"name": "x" * 501}, {"name": "maxLength"}),
        ({"astroRuntimeVersion": "12.12.0"}, {"astroRuntimeVersion": "oneof"}),
        ({"defaultTaskPodMemory": "1Gi"}, {"defaultTaskPodMemory": "quantity"}),
        ({"defaultTaskPodMemory": "512Mi"}, {"defaultTaskPodMemory": "quantity"}),
        ({"defaultTaskPodCpu": "a lot"}, {"defaultTaskPodCpu": "quantity"}),
        ({"executor": "ASTRO", "astroRuntimeVersion": "13.11.0"}, {"executor": "oneof"}),
        ({"executor": "KUBERNETES", "workerQueues": [QUEUE]}, {"workerQueues": "excluded"}),
        ({"remoteExecution": {"enabled": True}}, {"executor": "oneof"}),
        ({"workerQueues": [QUEUE | {"name": "big"}]}, {"workerQueues": "default"}),
        ({"workerQueues": [QUEUE, QUEUE]}, {"workerQueues": "unique"}),
        ({"workerQueues": [QUEUE, QUEUE | {"name": " "}]}, {"workerQueues.1.name": "required"}),
        ({"workerQueues": [QUEUE | {"minWorkerCount": 9}]}, {"workerQueues.0.minWorkerCount": "ltefield"}),
        ({"workerQueues": [QUEUE | {"workerConcurrency": 16}]}, {"workerQueues.0.workerConcurrency": "max"}),
        ({"workerQueues": [QUEUE | {"maxWorkerCount": 0}]}, {"workerQueues.0.maxWorkerCount": "minimum"}),
        ({"cloudProvider": "AWS"}, {"region": "required_with"}),
        ({"cloudProvider": "AWS", "region": "eastus2"}, {"region": "oneof"}),
        ({"clusterId": "cx"}, {"clusterId": "notfound"}),
        ({"schedulerSize": "TINY"}, {"schedulerSize": "enum"}),
        (
            {
                "scalingSpec": {
                    "hibernationSpec": {"schedules": [{"hibernateAtCron": "0 1 * * *", "isEnabled": True}]}
                }
            },
            {"scalingSpec.hibernationSpec.schedules.0.wakeAtCron": "required"},
        ),
    ],
)
async def test_a_deployment_that_cannot_be(desk: Desk, more: dict[str, Any], wrong: dict[str, str]) -> None:
    body = {"type": "STANDARD", "name": "d", "workspaceId": await desk.workspace(), **SIZES, **more}
    assert await desk.wrong("/deployments", body) == wrong
    assert (await desk.get("/deployments"))["totalCount"] == 0


async def test_sizes_are_required_and_hybrid_is_not_offered(desk: Desk) -> None:
    workspace = await desk.workspace()
    body = {"type": "STANDARD", "name": "d", "workspaceId": workspace}
    assert set(await desk.wrong("/deployments", body)) == set(SIZES)
    assert "type" in await desk.wrong("/deployments", {**body, "type": "HYBRID"})
    await desk.post("/deployments", {**body, "workspaceId": "cx"}, 404)


async def test_remote_execution_needs_no_sizes(desk: Desk) -> None:
    body = {"type": "STANDARD", "name": "d", "workspaceId": await desk.workspace(), "executor": "ASTRO"}
    made = await desk.post("/deployments", {**body, "remoteExecution": {"enabled": True, "taskLogBucket": ""}})
    assert made["remoteExecution"]["allowedIpAddressRanges"] == []
    assert "taskLogBucket" not in made["remoteExecution"]
    assert "workerQueues" not in made


async def test_hibernation_needs_development_mode(desk: Desk) -> None:
    schedule = {"hibernateAtCron": "0 1 * * *", "wakeAtCron": "0 6 * * *", "isEnabled": True}

    def spec(count: int) -> dict[str, Any]:
        return {"hibernationSpec": {"schedules": [schedule] * count}}

    body = {"type": "STANDARD", "name": "d", "workspaceId": await desk.workspace(), **SIZES}
    assert await desk.wrong("/deployments", {**body, "scalingSpec": spec(1)}) == {"scalingSpec": "excluded"}
    assert list((await desk.wrong("/deployments", {**body, "scalingSpec": spec(11)})).values()) == ["maxItems"]
    made = await desk.deployment(body["workspaceId"], scalingSpec=spec(1), isDevelopmentMode=True)
    assert made["scalingSpec"] == spec(1)


async def test_environment_variables_are_not_taken_on_create(desk: Desk) -> None:
    made = await desk.deployment(environmentVariables=[{"key": "A", "value": "1", "isSecret": False}])
    assert made["environmentVariables"] == []


def shown(deployment: dict[str, Any]) -> list[tuple[str, bool, str | None]]:
    return [(item["key"], item["isSecret"], item.get("value")) for item in deployment["environmentVariables"]]


async def test_the_environment_is_replaced_as_a_whole_and_secrets_stay_hidden(desk: Desk) -> None:
    made = await desk.deployment()
    plain = {"key": "REGION", "value": "eu", "isSecret": False}
    secret = {"key": "TOKEN", "value": "canary-1", "isSecret": True}
    updated = await desk.update(made, environmentVariables=[plain, secret])
    assert shown(updated) == [("REGION", False, "eu"), ("TOKEN", True, None)]
    assert updated["status"] == "DEPLOYING"
    kept = await desk.update(made, environmentVariables=[{"key": "TOKEN", "isSecret": True}])
    assert shown(kept) == [("TOKEN", True, None)]
    record = desk.state.deployments[made["id"]]
    assert record.values() == {"TOKEN": "canary-1"}
    await desk.update(made, environmentVariables=[{"key": "TOKEN", "isSecret": True, "value": "canary-2"}])
    assert record.values() == {"TOKEN": "canary-2"}
    assert "canary" not in str(await desk.get(f"/deployments/{made['id']}"))


async def test_a_plain_variable_may_become_secret_and_keeps_its_time_when_it_is_the_same(desk: Desk) -> None:
    made = await desk.deployment()
    one = {"key": "A", "value": "1", "isSecret": False}
    first = await desk.update(made, environmentVariables=[one])
    desk.clock.pass_by(60)
    again = await desk.update(made, environmentVariables=[one])
    assert again["environmentVariables"] == first["environmentVariables"]
    hidden = await desk.update(made, environmentVariables=[{"key": "A", "isSecret": True}])
    assert shown(hidden) == [("A", True, None)]


@pytest.mark.parametrize(
    ("wanted", "wrong"),
    [
        ([{"key": "TOKEN", "isSecret": False, "value": "x"}], {"environmentVariables.0.isSecret": "secret"}),
        ([{"key": "NEW", "isSecret": True}], {"environmentVariables.0.value": "required"}),
        ([{"key": "NEW", "isSecret": False}], {"environmentVariables.0.value": "required"}),
        ([{"key": "9-x", "isSecret": False, "value": ""}], {"environmentVariables.0.key": "envvar"}),
        ([{"key": "A", "isSecret": False, "value": ""}] * 2, {"environmentVariables.1.key": "unique"}),
    ],
)
async def test_an_environment_that_cannot_be(desk: Desk, wanted: list[Any], wrong: dict[str, str]) -> None:
    made = await desk.deployment()
    await desk.update(made, environmentVariables=[{"key": "TOKEN", "isSecret": True, "value": "canary"}])
    refused = await desk.update(made, 400, environmentVariables=wanted)
    assert {item["field"]: item["code"] for item in refused["fieldErrors"]} == wrong
    assert desk.state.deployments[made["id"]].values() == {"TOKEN": "canary"}


async def test_an_update_is_of_the_whole_deployment(desk: Desk) -> None:
    made = await desk.deployment(description="first", workloadIdentity="arn:x")
    assert made["effectiveWorkloadIdentity"] == "arn:x"
    body = {"type": "STANDARD", "name": "n", "workspaceId": made["workspaceId"]}
    assert "environmentVariables" in await desk.wrong(f"/deployments/{made['id']}", body)
    changed = await desk.update(made, name="renamed", schedulerSize="LARGE", isHighAvailability=True)
    assert (changed["name"], changed["description"]) == ("renamed", "")
    assert (changed["schedulerCpu"], changed["schedulerMemory"], changed["schedulerReplicas"]) == ("4", "8Gi", 2)
    assert changed["workerQueues"][0]["id"] == made["workerQueues"][0]["id"]
    desk.clock.pass_by(60)
    assert (
        await desk.update(changed, **{key: changed[key] for key in ("name", "schedulerSize", "isHighAvailability")})
    )["status"] == "HEALTHY"


async def test_what_cannot_be_changed_later(desk: Desk) -> None:
    made = await desk.deployment()
    refused = await desk.update(
        made, 400, workspaceId=await desk.workspace("Other"), type="DEDICATED", isDevelopmentMode=True
    )
    assert {item["field"] for item in refused["fieldErrors"]} == {"workspaceId", "type", "isDevelopmentMode"}
    queues = await desk.update(made, 400, workerQueues=[QUEUE, QUEUE])
    assert queues["fieldErrors"][0]["code"] == "unique"


async def test_a_deleted_deployment_is_gone(desk: Desk) -> None:
    made = await desk.deployment()
    where = f"/deployments/{made['id']}"
    await desk.delete(where)
    await desk.get(where, 404)
    await desk.delete(where, 404)
