"""A wave that is half-way, or whose plan was edited since: what the journal says of it is what counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.faces.headless.test_rollback import CONFIRM, MOVED, SLOWLY, cut_over, paused
from tests.harness import DEPLOYMENT

from astroferry.carry.handover.watch import WatchTicks
from astroferry.errors import Exit, RemoteError

if TYPE_CHECKING:
    from tests.harness import Ran, World


def cut_over_but_late(world: World) -> Ran:
    """The pilot runs on the target alone, and its state in the plan is still "tested": one watch was late."""
    world.applied(cutover=SLOWLY)

    async def late(*_: object) -> None:
        raise RemoteError("late")

    with world.monkeypatch.context() as patch:
        patch.setattr(WatchTicks, "_wait", late)
        return world.on_plan("cutover", "--wave", "pilot", *CONFIRM)


def test_carrying_out_again_leaves_dags_that_run_on_the_target_alone(world: World) -> None:
    assert cut_over_but_late(world).code == Exit.IN_PART
    assert [wave.state for wave in world.plan.waves] == ["tested", "tested"]
    # A person has moved one that is in no cutover, as people are told where one is refused; another was just started.
    world.estate.engine.dags["by_hand"].is_paused = True
    world.target.dags["by_hand"].is_paused = False
    world.target.dags["by_dataset"].is_paused = False
    ran = world.on_plan("apply")
    assert ran.code == 0, ran.err
    assert set(paused(world).values()) == {MOVED}
    assert paused(world, "by_hand", "by_dataset") == {"by_hand": MOVED, "by_dataset": (False, True)}
    assert f"by_dataset: it was unpaused on {DEPLOYMENT}, and was paused there" in ran.err


def test_a_wave_is_gone_on_with_where_it_was_begun(world: World) -> None:
    cut_over(world, "pilot")
    world.edit_plan(f'"{DEPLOYMENT}"', '"quay-two"')
    refused = world.on_plan("cutover", "--wave", "pilot", "--confirm", "quay-two")
    assert refused.code == Exit.PLAN
    assert f'The wave "pilot" was begun on the Deployment "{DEPLOYMENT}"' in refused.err
    assert 'the plan names "quay-two" (not on Astro) for it now' in refused.err
    seen = world.on_plan("watch", "--once")
    assert seen.code == 0, seen.err
    ran = world.on_plan("rollback", "--wave", "pilot", "--confirm", "quay-two")
    assert ran.code != 0
    ran = world.on_plan("rollback", "--wave", "pilot", *CONFIRM)
    assert ran.code == 0, ran.err
    assert set(paused(world).values()) == {(False, True)}


def test_a_deployment_that_is_gone_with_its_wave_is_told(world: World) -> None:
    cut_over(world, "pilot")
    gone = next(iter(world.astro.deployments))
    del world.astro.deployments[gone]
    ran = world.on_plan("rollback", "--wave", "pilot", *CONFIRM)
    assert ran.code != 0
    assert f'"{DEPLOYMENT}" ({gone}) that the wave "pilot" was handed over to is not on Astro any more' in ran.err
