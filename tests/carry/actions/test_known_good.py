"""DAG code back to the deploy that was found good, and parts of a stage taken back alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.harness import DEPLOYMENT, World

from astroferry.carry.journal import Journal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CONFIRM = ("--confirm", DEPLOYMENT)


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    made = World(tmp_path, monkeypatch)
    yield made
    assert made.astro.contract_violations == []


def deployed_anew(world: World) -> Any:
    """Another deploy after the comparison; gives the Deployment."""
    world.applied()
    (world.dags_folder / "more.py").write_text("# a regression", encoding="utf-8")
    assert world.on_plan("apply", "--stage", "dags").code == 0
    (found,) = world.astro.deployments.values()
    assert "more.py" in found.dags
    return found


def test_the_code_goes_back_and_what_is_not_restored_is_said(world: World) -> None:
    there = deployed_anew(world)
    asked = world.on_plan("rollback", "--code")
    assert asked.code == 3
    assert f"Confirm with --confirm and the Deployment: {DEPLOYMENT}" in asked.err
    ran = world.on_plan("rollback", "--code", *CONFIRM)
    assert ran.code == 0, ran.err
    assert "more.py" not in there.dags
    assert "Restored: image, DAGs, Runtime version" in ran.err
    assert "not restored: environment variables" in ran.err
    made = Journal(world.journal_path).standing()[f"code-rollback/{DEPLOYMENT}"]
    assert made.event == "done"
    assert made.made["runtime"] == made.made["runtime_before"]
    ready = world.on_plan("check", "--json").json["cutover"]["pilot"]
    assert {item["key"]: item["outcome"] for item in ready}["known-good-deploy"] == "met"
    again = world.on_plan("rollback", "--code", *CONFIRM)
    assert again.code == 0
    assert world.astro.count("deployRollback") == 1


def test_across_versions_it_says_so(world: World) -> None:
    there = deployed_anew(world)
    there.runtime = "3.2-10"  # an image deploy changed it meanwhile
    ran = world.on_plan("rollback", "--code", *CONFIRM)
    assert ran.code == 0, ran.err
    warned = "that deploy brings Runtime 3.3-8 back, in place of 3.2-10: tasks that run now fail"
    assert ran.err.index(warned) < ran.err.index("Runtime 3.2-10 became 3.3-8")


def test_why_it_cannot_go_back(world: World) -> None:
    world.planned()
    assert world.on_plan("apply", "--stage", "prepare").code == 0
    ran = world.on_plan("rollback", "--code", *CONFIRM)
    assert ran.code == 6
    assert "no deploy is recorded as good" in ran.err
    there = deployed_anew(world)
    world.astro.fail_next("POST *rollback", 400)
    ran = world.on_plan("rollback", "--code", *CONFIRM)
    assert ran.code == 6
    assert "Only deploys of the last 90 days" in ran.err
    there.deploys[:] = there.deploys[-1:]
    ran = world.on_plan("rollback", "--code", *CONFIRM)
    assert ran.code == 6
    assert "does not have deploy" in ran.err
    wrong = world.on_plan("rollback", "--code", "--stage", "dags", *CONFIRM)
    assert wrong.code == 2


def test_parts_of_a_stage_are_taken_back_alone(world: World) -> None:
    world.applied()
    (there,) = world.astro.deployments.values()
    assert "AIRFLOW__SCHEDULER__CREATE_CRON_DATA_INTERVALS" in there.environment
    assert world.on_plan("rollback", "--stage", "variables", *CONFIRM).code == 0
    assert not world.target.fake.variables
    assert world.target.fake.connections.keys() == {"quay_pg", "plain_http"}
    assert world.on_plan("rollback", "--stage", "connections", *CONFIRM).code == 0
    assert not world.target.fake.connections
    assert world.on_plan("rollback", "--stage", "pools", *CONFIRM).code == 0
    assert world.target.fake.pools.keys() == {"default_pool"}
    assert world.on_plan("rollback", "--stage", "environment", *CONFIRM).code == 0
    assert "AIRFLOW__SCHEDULER__CREATE_CRON_DATA_INTERVALS" not in there.environment
    assert world.astro.deployments  # the Deployment itself stays
    assert "Stages and parts of them" in world.on_plan("rollback", "--stage", "nothing").err
