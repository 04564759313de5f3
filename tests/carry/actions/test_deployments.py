"""Workspaces, Deployments, their environment and their DAGs: doubts, failures, and what undoing means."""

from __future__ import annotations

import asyncio
import copy
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import httpx
import pytest
from tests.carry.handover.two_airflows import SteppedClock
from tests.harness import DEPLOYMENT

from astroferry.carry.action import Observation
from astroferry.carry.actions.deploy import DagsArrived
from astroferry.errors import Exit, NotAllowedError
from astroferry.model.inventory import Dag, Schedule
from astroferry.model.plan import Deployment

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.harness import World

    from astroferry.carry.context import Context

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
    undone = world.on_plan("rollback", "--stage", "prepare", *CONFIRM)
    assert undone.code == 0, undone.err
    assert "5 variables put back" in undone.err


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


def test_a_dag_that_arrives_running_is_paused_and_named(world: World) -> None:
    path = world.dags_folder / "quay" / "ticks_on.py"
    text = path.read_text(encoding="utf-8").replace("catchup=True", "is_paused_upon_creation=False, catchup=True")
    path.write_text(text, encoding="utf-8")
    world.applied()
    assert world.target.dags["ticks_on"].is_paused
    paused = [item for item in world.target.sent if item.method == "PATCH" and item.path == "/api/v2/dags/ticks_on"]
    assert len(paused) == 1
    arrived = [entry.facts for entry in world.entries() if entry.action == f"arrived/{DEPLOYMENT}"]
    assert [facts["absent"] for facts in arrived if facts.get("paused_by_us") == ["ticks_on"]] == [[]]
    # Nothing ran before it was paused but what was due at once; of that no task is left waiting.
    assert world.on_plan("apply").code == 0


class Parser:
    """A target whose broken files are tried anew at each look; `refuses`: our role may not see which they are.

    `folder`: what is before their names, "" on an Airflow 3.
    """

    def __init__(self, broken: list[str], *, refuses: bool = False, folder: str = "") -> None:
        self.broken, self.refuses, self.folder, self.looks = broken, refuses, folder, 0

    async def failed_to_parse(self) -> dict[str, str]:
        self.looks += 1
        if self.refuses:
            raise NotAllowedError("may not see import errors")
        return {f"{self.folder}{name}.py": str(self.looks) for name in self.broken}


async def waited(monkeypatch: pytest.MonkeyPatch, target: Parser, ids: tuple[str, ...], arrive_at: int) -> list[str]:
    """Those that are absent when the wait for these DAGs ends; what is not broken arrives at that look."""
    clock = SteppedClock()

    async def observe(_self: DagsArrived, _ctx: Context) -> Observation:
        absent = [dag for dag in ids if dag in target.broken or target.looks < arrive_at]
        facts = {"absent": absent[:50], "arrived": [dag for dag in ids if dag not in absent]}
        return Observation("todo" if absent else "done", facts=facts)

    async def to_target(_name: str) -> Parser:
        return target

    monkeypatch.setattr(DagsArrived, "observe", observe)
    found = {dag: Dag(dag, Schedule("none"), is_paused=True, fileloc=f"/dags/{dag}.py") for dag in ids}
    cutover = SimpleNamespace(parse_timeout=120, poll=5.0)
    ctx = SimpleNamespace(
        clock=clock,
        target=to_target,
        tell=print,
        plan=SimpleNamespace(cutover=cutover),
        inventory=SimpleNamespace(dag=found.get),
    )
    action = DagsArrived(Deployment("prod", "w"), ids)
    return list((await action.apply(cast("Context", ctx)))["absent"])


async def test_of_many_dags_those_that_are_only_late_are_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    ids = tuple(f"d{number:02}" for number in range(60))
    broken = list(ids[:50])
    assert await waited(monkeypatch, target := Parser(broken), ids, 5) == broken
    # The late ones are there after the fifth look; the sixth finds only broken ones left.
    assert target.looks == 6, "fifty are named, sixty are waited for"


@pytest.mark.parametrize("folder", ["", "/usr/local/airflow/dags/"])
async def test_a_file_of_the_same_name_in_another_folder_is_waited_for(
    monkeypatch: pytest.MonkeyPatch, folder: str
) -> None:
    ids = ("sales/load", "stock/load")
    target = Parser(["sales/load"], folder=folder)
    assert await waited(monkeypatch, target, ids, 5) == ["sales/load"]
    assert target.looks == 6


async def test_a_role_that_may_not_see_import_errors_waits_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    assert await waited(monkeypatch, Parser([], refuses=True), ("a", "b"), 3) == []


def test_a_dag_that_does_not_arrive_is_named_with_the_import_errors(world: World) -> None:
    prepared(world)
    world.target.broken.add("nightly")
    ran = world.on_plan("apply")
    assert ran.code == Exit.IN_PART
    assert "waiting for nightly to be parsed on quay-production; import errors there: nightly.py" in ran.err
    assert ran.err.count("waiting for nightly") == 1, "tried again it is not waited for"
    assert "not there: nightly; files with import errors on the target: nightly.py" in ran.err
    world.target.broken.clear()
    assert world.on_plan("apply").code == 0


def test_dags_already_handed_over_may_run(world: World) -> None:
    world.applied(cutover={"poll": 60.0, "parse_timeout": 240, "drain_timeout": 1200, "watch_ticks": 1})
    assert world.on_plan("cutover", "--wave", "pilot", *CONFIRM).code == 0
    ran = world.on_plan("apply", "--stage", "dags")
    assert ran.code == 0, ran.err
    assert "2 found" in ran.out
    assert not world.target.dags["ticks_on"].is_paused


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
