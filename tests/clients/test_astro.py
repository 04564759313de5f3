import asyncio
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from tests.clients.fake_astro import API, ORGANIZATION, FakeAstro, deployment_item, token
from tests.conftest import FixedClock

from astroferry.clients.astro import Astro
from astroferry.clients.astro_shapes import airflow_base, token_seen, update_body
from astroferry.clients.auth import BearerAuth
from astroferry.clients.http import Http
from astroferry.diagnostics import redact
from astroferry.errors import NotAllowedError, NotFoundError, NotTheApiError, PlanError, UsageError
from astroferry.model.organization import TokenSeen
from astroferry.model.secret import Secret

Fakes = tuple[FakeAstro, Astro]


def http(fake: FakeAstro, url: str = API) -> Http:
    return Http(
        url, name="Astro", auth=BearerAuth(Secret("t0ken-value")), transport=fake.transport, clock=FixedClock()
    )


@pytest.fixture
async def pair() -> Fakes:
    fake = FakeAstro()
    return fake, await Astro.connect(http(fake))


async def test_the_tokens_organization_is_found(pair: Fakes) -> None:
    _, astro = pair
    assert (astro.organization.id, astro.organization.name, astro.organization.plans) == (
        ORGANIZATION,
        "Acme",
        ("TEAM",),
    )
    assert (await Astro.connect(http(FakeAstro()), ORGANIZATION)).organization.id == ORGANIZATION


async def test_a_token_of_another_organization() -> None:
    with pytest.raises(NotAllowedError, match="does not belong to the organization clother") as caught:
        await Astro.connect(http(FakeAstro()), "clother")
    assert caught.value.__context__ is None


@pytest.mark.parametrize(("status", "says"), [(404, "does not belong"), (401, "refused the credentials")])
async def test_other_refusals_of_a_named_organization(status: int, says: str) -> None:
    answer = {"message": "no", "requestId": "r", "statusCode": status}
    closed = Http(API, name="Astro", transport=httpx.MockTransport(lambda _: httpx.Response(status, json=answer)))
    with pytest.raises(NotAllowedError, match=says):
        await Astro.connect(closed, "clother")


async def test_an_address_at_which_something_else_answers() -> None:
    elsewhere = Http(API, name="Astro", transport=httpx.MockTransport(lambda _: httpx.Response(404, html="<h1>404")))
    with pytest.raises(NotTheApiError, match="No Astro answers at") as caught:
        await Astro.connect(elsewhere, "clother")
    assert caught.value.__context__ is None or caught.value.__suppress_context__


async def test_none_or_several_organizations() -> None:
    fake = FakeAstro()
    fake.organizations.append({"id": "clother", "name": "Other", "productPlans": []})
    with pytest.raises(PlanError, match=r"target\.organization.*Acme.*Other"):
        await Astro.connect(http(fake))
    fake.organizations.clear()
    with pytest.raises(NotAllowedError, match="no organization"):
        await Astro.connect(http(fake))


async def test_the_token_never_goes_out_in_clear() -> None:
    fake = FakeAstro()
    with pytest.raises(UsageError, match="in clear"):
        await Astro.connect(http(fake, "http://api.example.com/v1"))
    assert fake.requests == []
    assert (await Astro.connect(http(fake, "http://127.0.0.1:8888/v1"))).organization.name == "Acme"


async def test_workspaces_by_exact_name_over_pages(pair: Fakes) -> None:
    fake, astro = pair
    fake.workspaces = [{"id": f"w{number}", "name": f"team {number}"} for number in range(230)]
    assert len(await astro.workspaces()) == 230
    (found,) = await astro.workspaces(name="team 12")
    assert found.id == "w12"
    assert fake.queries[-1]["names"] == "team 12"
    made = await astro.create_workspace("new", "words")
    assert (made.name, made.description) == ("new", "words")
    assert not await astro.delete_workspace("nope")


async def test_creating_is_never_sent_twice(pair: Fakes) -> None:
    _, astro = pair
    asked: list[str] = []

    def busy(request: httpx.Request) -> httpx.Response:
        asked.append(request.method)
        return httpx.Response(503)

    astro.http = Http(API, transport=httpx.MockTransport(busy), clock=FixedClock(), retries=2)
    for creating in (astro.create_workspace("w"), astro.create_deployment({}), astro.create_deploy("d")):
        with pytest.raises(Exception, match="503"):
            await creating
    assert asked == ["POST"] * 3


async def test_deployments(pair: Fakes) -> None:
    fake, astro = pair
    made = await astro.create_deployment({"name": "x", "workspaceId": "w1", "type": "STANDARD"})
    assert (made.id, made.status) == ("d1", "CREATING")
    fake.deployments["d2"] = deployment_item(2, workspaceId="w2", dagTarballVersion="v1")
    assert [each.id for each in await astro.deployments(workspace_id="w2")] == ["d2"]
    (seen,) = await astro.deployments(name="data-2")
    assert (seen.airflow_api_url, seen.airflow_version) == ("https://org.astronomer.run/d1", "3.3.2")
    assert (seen.dag_tarball_version, seen.runtime_version, seen.dag_deploy_enabled) == ("v1", "3.3-8", True)
    assert [(each.key, each.is_secret, each.value) for each in seen.environment] == [
        ("PLAIN", False, "p"),
        ("HIDDEN", True, None),
    ]
    changed = await astro.update_deployment("d2", {"description": "new"})
    assert changed.description == "new"
    assert fake.bodies[-1]["name"] == "data-2"
    assert await astro.delete_deployment("d2")
    assert not await astro.delete_deployment("d2")
    with pytest.raises(NotFoundError):
        await astro.deployment("d2")


async def test_environment_is_read_changed_and_written(pair: Fakes) -> None:
    fake, astro = pair
    fake.deployments["d1"] = deployment_item()
    await astro.set_environment("d1", {"NEW": "n", "TOKEN": Secret("s3cret-value"), "PLAIN": "q"})
    variables = {each["key"]: each for each in fake.bodies[-1]["environmentVariables"]}
    assert variables == {
        "PLAIN": {"key": "PLAIN", "isSecret": False, "value": "q"},
        "HIDDEN": {"key": "HIDDEN", "isSecret": True},
        "NEW": {"key": "NEW", "isSecret": False, "value": "n"},
        "TOKEN": {"key": "TOKEN", "isSecret": True, "value": "s3cret-value"},
    }
    after = await astro.set_environment("d1", {"HIDDEN": "changed"}, drop=("NEW", "nope"))
    assert {each.key for each in after.environment} == {"PLAIN", "HIDDEN", "TOKEN"}
    assert {"key": "HIDDEN", "isSecret": True, "value": "changed"} in fake.bodies[-1]["environmentVariables"]


async def test_updates_of_one_deployment_wait_for_each_other(pair: Fakes) -> None:
    fake, astro = pair
    fake.deployments["d1"] = deployment_item()
    await asyncio.gather(*(astro.set_environment("d1", {f"K{number}": "v"}) for number in range(5)))
    assert len(fake.deployments["d1"]["environmentVariables"]) == 7


async def test_variables_that_do_not_stick(pair: Fakes) -> None:
    fake, astro = pair
    fake.deployments["d1"] = deployment_item()
    fake.forgets_variables = True
    with pytest.raises(NotTheApiError, match="shows other names"):
        await astro.set_environment("d1", {"NEW": "n"})


def test_an_update_that_changes_nothing() -> None:
    remote = {"enabled": True, "remoteApiUrl": "u", "allowedIpAddressRanges": []}
    body = update_body(deployment_item(remoteExecution=remote, effectiveWorkloadIdentity="arn:x"))
    assert body["workerQueues"] == [{"id": "q1", "name": "default", "isDefault": True, "maxWorkerCount": 5}]
    assert body["remoteExecution"] == {"enabled": True, "allowedIpAddressRanges": []}
    assert body["workloadIdentity"] == "arn:x"
    assert "status" not in body
    assert "workerQueues" not in update_body(deployment_item(workerQueues=None))


async def test_a_deploy_from_upload_to_rollback(pair: Fakes) -> None:
    fake, astro = pair
    started = await astro.create_deploy("d1", description="ours")
    assert started.status == "INITIALIZED"
    assert "abcd" not in repr(started)
    assert "sig=abcd" not in redact(started.upload_url)
    version = await astro.upload(started.upload_url, b"tar")
    finished = await astro.finalize_deploy("d1", started.id, version)
    assert (finished.status, finished.dag_tarball_version) == ("DEPLOYED", "v9")
    await astro.create_deploy("d1")
    assert [each.id for each in await astro.deploys("d1")] == ["p2", "p1"]
    assert (await astro.deploy("d1", "p1")).description == "ours"
    back = await astro.rollback_deploy("d1", "p1", "undo")
    assert (back.rollback_from_id, back.description) == ("p1", "undo")
    with pytest.raises(NotTheApiError, match="names no version"):
        await astro.upload("https://blob.example.com/broken", b"tar")
    assert len(fake.deploys) == 3


async def test_options_clusters_people_objects(pair: Fakes) -> None:
    fake, astro = pair
    sizes = {"cpu": {"default": "0.25"}, "memory": {"default": "0.5Gi"}}
    fake.fixed["/deployment-options"] = {
        "runtimeReleases": [{"version": "3.3-8", "airflowVersion": "3.3.2", "channel": "stable"}],
        "executors": ["CELERY"],
        "workerMachines": [{"name": "A5", "spec": {"cpu": "1"}, "concurrency": {"default": 5.0}}],
        "schedulerMachines": [{"name": "SMALL", "spec": {}}],
        "resourceQuotas": {"defaultPodSize": sizes, "resourceQuota": {"cpu": {"default": "10"}}},
    }
    options = await astro.deployment_options(executor="CELERY")
    assert options.runtime_releases[0].version == "3.3-8"
    assert (options.default_pod_cpu, options.default_pod_memory) == ("0.25", "0.5Gi")
    assert (options.quota_cpu, options.quota_memory) == ("10", "")
    assert (options.worker_machines[0].concurrency, options.scheduler_machines[0].concurrency) == (5, None)
    cluster = {"id": "c", "name": "own", "cloudProvider": "AWS", "region": "r", "status": "CREATED"}
    cluster["vpcSubnetRange"] = "172.20.0.0/20"
    fake.fixed["/clusters"] = {"clusters": [cluster], "totalCount": 1}
    (seen,) = await astro.clusters()
    assert (seen.name, seen.cloud) == ("own", "AWS")
    assert seen.ranges == {"vpc_subnet_range": cluster["vpcSubnetRange"]}
    fake.fixed["/cluster-options"] = [{"provider": "AWS"}]
    assert await astro.cluster_options("AWS") == [{"provider": "AWS"}]
    fake.fixed["/users"] = {"users": [{"id": "u", "username": "me", "organizationRole": "X"}], "totalCount": 1}
    assert [(each.username, each.role) for each in await astro.users()] == [("me", "X")]
    thing: dict[str, Any] = {
        "objectKey": "k",
        "objectType": "CONNECTION",
        "scope": "WORKSPACE",
        "scopeEntityId": "w1",
    }
    fake.fixed["/environment-objects"] = {"environmentObjects": [thing, thing], "totalCount": 2, "id": "o1"}
    assert [each.key for each in await astro.environment_objects(workspace_id="w1")] == ["k", "k"]
    assert await astro.create_environment_object(thing) == "o1"


@pytest.mark.parametrize(
    ("told", "base"),
    [
        ("org.astronomer.run/abc/api/v1", "https://org.astronomer.run/abc"),
        ("org.astronomer.run/abc/api/v2?mode=x", "https://org.astronomer.run/abc"),
        ("127.0.0.1:8080/dabc/api/v2", "http://127.0.0.1:8080/dabc"),
        ("localhost:8080/dabc", "http://localhost:8080/dabc"),
        ("http://localhost:8080/dabc/api/v2", "http://localhost:8080/dabc"),
        ("http://org.astronomer.run/abc/api/v2", "https://org.astronomer.run/abc"),
        ("", ""),
    ],
)
def test_the_address_of_a_deployments_airflow(told: str, base: str) -> None:
    assert airflow_base(told) == base


def test_what_a_token_claims() -> None:
    permissions = ["organizationId:o1", "workspaceId:w1", "workspaceId:w2", "deploymentId:d1", 7]
    seen = token_seen(Secret(token(permissions=permissions, scope="WORKSPACE", exp=1_795_000_000)))
    assert (seen.organization_id, seen.workspace_ids, seen.deployment_ids) == ("o1", ("w1", "w2"), ("d1",))
    assert (seen.scope, seen.is_api_token) == ("WORKSPACE", True)
    assert seen.expires_at == datetime.fromtimestamp(1_795_000_000, UTC)
    assert not token_seen(Secret(token(scope=["email"]))).is_api_token


@pytest.mark.parametrize("text", ["opaque", "a.b", "a.!!!!.c", "a.WzFd.c", ""])
def test_a_token_that_tells_nothing(text: str) -> None:
    assert token_seen(Secret(text)) == TokenSeen()
