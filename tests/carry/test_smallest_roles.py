"""The roles that `check` prints are enough for their stage, and a smaller one is not (by the embedded Astro)."""

from __future__ import annotations

import pytest
from tests.harness import DEPLOYMENT, World

from astroferry.carry.prerequisites import ROLES
from astroferry.errors import Exit

CONFIRM = ("--confirm", DEPLOYMENT)


def use(world: World, role: str) -> None:
    """A token of that role for what the plan has made."""
    (workspace,) = world.astro.workspaces
    (deployment,) = world.astro.deployments or ("",)
    if role.startswith("DEPLOYMENT"):
        token = world.astro.token(role=role, deployment=deployment)
    else:
        token = world.astro.token(role=role, workspace=workspace)
    world.monkeypatch.setenv("ASTRO_API_TOKEN", token)


@pytest.mark.parametrize("role", ["WORKSPACE_OPERATOR", "DEPLOYMENT_ADMIN"])
def test_everything_after_prepare(world: World, role: str) -> None:
    world.planned()
    assert world.on_plan("apply", "--stage", "prepare").code == 0
    use(world, role)
    for stage in ("configuration", "dags", "test"):
        ran = world.on_plan("apply", "--stage", stage)
        assert ran.code == 0, (stage, ran.err)
    ran = world.on_plan("cutover", "--wave", "pilot", *CONFIRM)
    assert ran.code == 0, ran.err


def test_prepare_in_a_workspace_that_is_there(world: World) -> None:
    world.planned()
    world.astro.fail_next("POST /organizations/*/deployments", 400)
    assert world.on_plan("apply", "--stage", "prepare").code == Exit.IN_PART
    use(world, "WORKSPACE_OWNER")
    ran = world.on_plan("apply", "--stage", "prepare")
    assert ran.code == 0, ran.err


@pytest.mark.parametrize(
    ("role", "stage"), [("WORKSPACE_AUTHOR", "configuration"), ("WORKSPACE_MEMBER", "configuration")]
)
def test_a_smaller_one_is_refused_in_a_sentence(world: World, role: str, stage: str) -> None:
    world.planned()
    assert world.on_plan("apply", "--stage", "prepare").code == 0
    use(world, role)
    ran = world.on_plan("apply", "--stage", stage)
    assert ran.code == Exit.NOT_ALLOWED, ran.err
    assert "does not allow" in ran.err
    assert "Ask for a role that may do this" in ran.err


def test_no_stage_is_without_its_roles() -> None:
    assert [stage for stage, *_ in ROLES] == ["assess", "prepare", "configuration", "dags, test", "cutover, rollback"]
    assert all(all(row) for row in ROLES)
