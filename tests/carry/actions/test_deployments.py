"""Workspaces, Deployments, their environment and their DAGs: doubts, failures, and what undoing means."""

from __future__ import annotations

import asyncio
import copy
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from tests.harness import DEPLOYMENT

from astroferry.errors import Exit

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.harness import World

CONFIRM = ("--confirm", DEPLOYMENT)


async def _ask(world: World, method: str, path: str, body: Any) -> Any:
    async with httpx.AsyncClient(transport=world.wire, base_url="http://astro.localhost") as http:
        where = f"/v1/organizations/{world.astro.organization}{path}"
        answer = await http.request(method, where, json=body, headers={"Authorization": f"Bearer {world.token}"})
        assert answer.status_code < 300, answer.text
        return answer.json() if answer.content else None


@pytest.fixture
def somebody(world: World) -> Callable[[str, str, Any], Any]:
    """Somebody else at Astro's API."""
    return lambda method, path, body: asyncio.run(_ask(world, method, path, body))


def prepared(world: World, **changes: Any) -> None:
    world.planned(**changes)
    ran = world.on_plan("apply", "--stage", "prepare")
    assert ran.code == 0, ran.err


def test_two_workspaces_of_one_name_are_a_doubt(world: World, somebody: Callable[..., Any]) -> None:
    world.planned()
    for _ in range(2):
        somebody("POST", "/workspaces", {"name": "Quay"})
    ran = world.on_plan("apply")
    assert ran.code == Exit.IN_PART
    assert 'there are 2 Workspaces named "Quay"; rename all but one on Astro' in ran.err
    assert world.astro.deployments == {}


def test_two_deployments_of_one_name_are_a_doubt(world: World) -> None:
    prepared(world)
    first = next(iter(world.astro.deployments.values()))
    twin = copy.copy(first)
    twin.id, twin.plane = world.astro.new_id(), None
    world.astro.deployments[twin.id] = twin
    ran = world.on_plan("apply")
    assert ran.code == Exit.IN_PART
    assert f'there are 2 Deployments named "{DEPLOYMENT}" in "Quay"' in ran.err
    # Which of them is ours is not guessed at either.
    undone = world.on_plan("rollback", "--stage", "prepare", *CONFIRM)
    assert "the Deployment is gone" in undone.err


def test_a_deployment_with_another_airflow_is_a_doubt(world: World) -> None:
    prepared(world)
    world.journal_path.unlink()
    world.edit_plan('airflow = "3"', 'airflow = "2"')
    world.edit_plan('runtime = "3.3-8"', 'runtime = "13.11.0"')
    world.edit_plan('executor = "ASTRO"', 'executor = "CELERY"')
    ran = world.on_plan("apply")
    assert ran.code == Exit.IN_PART
    assert f'"{DEPLOYMENT}" runs Airflow 3.3' in ran.err
    assert "but the plan says Airflow 2" in ran.err


def test_a_workspace_and_deployment_that_are_there_are_used_and_left(
    world: World, somebody: Callable[..., Any]
) -> None:
    somebody("POST", "/workspaces", {"name": "Quay"})
    world.applied()
    assert len(world.astro.workspaces) == 1
    for stage in ("dags", "configuration", "prepare"):
        assert world.on_plan("rollback", "--stage", stage, *CONFIRM).code == 0
    assert len(world.astro.workspaces) == 1
    assert world.astro.deployments == {}


def test_our_workspace_stays_while_somebody_uses_it(world: World) -> None:
    prepared(world)
    deployment = next(iter(world.astro.deployments.values()))
    deployment.settings["name"] = "renamed-by-hand"
    ran = world.on_plan("rollback", "--stage", "prepare", *CONFIRM)
    assert ran.code == 0
    assert 'Workspace "Quay": left as it is: there is a Deployment in it' in ran.err
    assert "left as it is: astroferry did not make it, or it is gone" in ran.err


def test_a_dedicated_cluster_by_its_name(world: World, somebody: Callable[..., Any]) -> None:
    decisions = {"cluster": "dedicated", "cluster_name": "harbour", "networking": "public"}
    world.planned(decisions=decisions)
    ran = world.on_plan("apply")
    assert ran.code == Exit.IN_PART
    assert 'Astro has no dedicated clusters named "harbour" (decisions.cluster_name).' in ran.err
    somebody(
        "POST",
        "/clusters",
        {
            "type": "DEDICATED",
            "name": "harbour",
            "cloudProvider": "AWS",
            "region": "us-east-1",
            "vpcSubnetRange": "172.20.0.0/20",
        },
    )
    ran = world.on_plan("apply")
    assert ran.code == Exit.IN_PART
    assert 'The cluster "harbour" is CREATING.' in ran.err
    world.clock.pass_by(60)
    ran = world.on_plan("apply", "--stage", "prepare")
    assert ran.code == 0, ran.err
    (deployment,) = world.astro.deployments.values()
    assert deployment.settings["clusterId"] in world.astro.clusters


def test_a_deployment_that_does_not_become_healthy(world: World) -> None:
    world.planned()
    world.monkeypatch.setattr(world.astro, "status_of", lambda _deployment: "DEPLOYING")
    ran = world.on_plan("apply")
    assert ran.code == Exit.IN_PART
    assert "it is still DEPLOYING; look at it on Astro, run again" in ran.err


def test_environment_variables_are_set_kept_and_put_back(world: World) -> None:
    environment = {"AIRFLOW__CORE__PARALLELISM": "8", "OURS": "1"}
    deployment = {"name": DEPLOYMENT, "workspace": "Quay", "executor": "ASTRO", "environment": environment}
    world.planned(deployments=[deployment])
    assert world.on_plan("apply", "--stage", "prepare").code == 0
    (made,) = world.astro.deployments.values()
    assert made.values()["OURS"] == "1"
    # Somebody adds one of their own, and changes one of ours.
    variables = made.environment
    variables["OURS"].value = "2"
    type_of = type(variables["OURS"])
    variables["THEIRS"] = type_of("THEIRS", "their-Secret-0x5", True, variables["OURS"].updated_at)
    ran = world.on_plan("apply", "--stage", "prepare")
    assert ran.code == 0, ran.err
    assert made.values()["OURS"] == "1"
    assert made.values()["THEIRS"] == "their-Secret-0x5"
    undone = world.on_plan("rollback", "--stage", "environment", *CONFIRM)
    assert "5 variables put back" in undone.err
    assert made.values() == {"THEIRS": "their-Secret-0x5"}
    # What was there before us comes back as it was.
    there = made.environment
    there["OURS"] = type_of("OURS", "theirs", False, there["THEIRS"].updated_at)
    assert world.on_plan("apply", "--stage", "prepare").code == 0
    assert made.values()["OURS"] == "1"
    assert world.on_plan("rollback", "--stage", "environment", *CONFIRM).code == 0
    assert made.values() == {"THEIRS": "their-Secret-0x5", "OURS": "theirs"}


def test_a_secret_environment_variable_must_be_there_first(world: World) -> None:
    deployment = {"name": DEPLOYMENT, "workspace": "Quay", "executor": "ASTRO", "secret_environment": ["SLACK_HOOK"]}
    world.planned(deployments=[deployment])
    ran = world.on_plan("apply")
    assert ran.code == Exit.IN_PART
    assert "secret environment variables must be set on Astro by hand first: SLACK_HOOK" in ran.err


def test_a_variable_that_is_secret_on_astro_and_plain_in_the_plan_is_a_doubt(world: World) -> None:
    prepared(world)
    (made,) = world.astro.deployments.values()
    made.environment["AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION"].is_secret = True
    ran = world.on_plan("apply", "--stage", "prepare")
    assert ran.code == Exit.IN_PART
    assert "secret on Astro, plain in the plan: AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION" in ran.err


def test_a_former_value_that_looks_secret_is_neither_replaced_nor_journalled(world: World) -> None:
    theirs = "postgres://ada:hunter2-Own@db/x"
    environment = {"REPORT_DSN": "postgres://db/x"}
    prepared(world, deployments=[{"name": DEPLOYMENT, "workspace": "Quay", "environment": environment}])
    (made,) = world.astro.deployments.values()
    made.environment["REPORT_DSN"].value = theirs
    ran = world.on_plan("apply", "--stage", "prepare")
    assert ran.code == Exit.IN_PART
    assert "what stands on Astro now looks secret, so it is neither replaced nor kept: REPORT_DSN." in ran.err
    assert made.values()["REPORT_DSN"] == theirs
    assert "hunter2" not in world.journal_path.read_text(encoding="utf-8") + ran.err
    del made.environment["REPORT_DSN"]
    assert world.on_plan("apply", "--stage", "prepare").code == 0
    assert made.values()["REPORT_DSN"] == "postgres://db/x"


def test_new_code_is_deployed_and_rolled_back_to_what_was_before(world: World) -> None:
    world.applied()
    first = (world.dags_folder / "office" / "by_hand.py").read_text(encoding="utf-8")
    (world.dags_folder / "office" / "by_hand.py").write_text(first + "# new\n", encoding="utf-8")
    lines = world.journal_path.read_text(encoding="utf-8").splitlines(keepends=True)
    theirs = [line for line in lines if f'"deploy/{DEPLOYMENT}"' not in line]
    world.journal_path.write_text("".join(theirs), encoding="utf-8")  # as if somebody else had deployed the first
    stale = world.on_plan("verify")
    assert stale.code == Exit.REMOTE
    assert "are not those of" in stale.err
    assert "Run apply --stage dags first." in stale.err
    ran = world.on_plan("apply")
    assert ran.code == 0, ran.err
    file = world.target.seat.dags_folder / "office" / "by_hand.py"
    assert file.read_text(encoding="utf-8").endswith("# new\n")
    undone = world.on_plan("rollback", "--stage", "dags", *CONFIRM)
    assert undone.code == 0, undone.err
    assert "rolled back to the deploy before it" in undone.err
    world.clock.pass_by(10)
    world.astro.settle()
    assert file.read_text(encoding="utf-8") == first


def test_a_deploy_that_astro_calls_failed(world: World) -> None:
    prepared(world)

    def fail(request: httpx.Request) -> None:
        if request.method == "GET" and "/deploys/" in request.url.path:
            for deployment in world.astro.deployments.values():
                deployment.deploys[-1].shown["status"] = "FAILED"

    world.wire.before = fail
    ran = world.on_plan("apply")
    assert ran.code == Exit.IN_PART
    assert f'Astro could not deploy the DAGs to "{DEPLOYMENT}"' in ran.err


def test_a_deploy_that_does_not_come_up_in_time(world: World) -> None:
    prepared(world)
    world.astro.pace = type(world.astro.pace)(creating=1, deploying=1, dags=5000)
    ran = world.on_plan("apply")
    assert ran.code == Exit.IN_PART
    assert f'The DAGs are not live on "{DEPLOYMENT}" after 900 s' in ran.err


def test_dag_deploys_that_are_switched_off(world: World) -> None:
    prepared(world)
    for deployment in world.astro.deployments.values():
        deployment.settings["isDagDeployEnabled"] = False
    ran = world.on_plan("apply")
    assert ran.code == Exit.IN_PART
    assert "DAG-only deploys are not enabled for this Deployment" in ran.err


def test_undoing_after_the_deployment_is_gone(world: World, somebody: Callable[..., Any]) -> None:
    world.applied()
    (made,) = world.astro.deployments
    somebody("DELETE", f"/deployments/{made}", None)
    for stage, said in (("dags", "the Deployment is gone"), ("configuration", "the Deployment is gone")):
        ran = world.on_plan("rollback", "--stage", stage, *CONFIRM)
        assert ran.code == 0, ran.err
        assert said in ran.err
    ran = world.on_plan("rollback", "--stage", "prepare", *CONFIRM)
    assert ran.code == 0, ran.err
    assert world.astro.workspaces == {}
    refused = world.on_plan("verify")
    assert refused.code == Exit.REMOTE
    assert f'"{DEPLOYMENT}" is not on Astro yet. Run apply first.' in refused.err


def test_worker_queues_are_made_with_the_deployment(world: World) -> None:
    queue = {"name": "heavy", "machine": "A20", "worker_max": 3, "worker_concurrency": 10}
    made = {"name": DEPLOYMENT, "workspace": "Quay", "executor": "ASTRO", "worker_queues": [queue]}
    prepared(world, deployments=[made])
    settings = next(iter(world.astro.deployments.values())).settings
    assert [(item["name"], item["astroMachine"], item["isDefault"]) for item in settings["workerQueues"]] == [
        ("default", "A5", True),
        ("heavy", "A20", False),
    ]
