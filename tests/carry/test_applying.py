"""`apply` goes stage by stage on every face: what failed holds the stages after it, and the same is said of it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import httpx
from tests.harness import DEPLOYMENT, VARIABLES, World

from astroferry.errors import Exit
from astroferry.faces.carrying import Carrier
from astroferry.faces.work import Work
from astroferry.simulator.source.estate import SimVariable

if TYPE_CHECKING:
    from tests.harness import World


def with_theirs(world: World) -> None:
    """Somebody else's variable of the same name stands where ours should go."""
    world.planned(conflicts={"variables": "fail"})
    ran = world.on_plan("apply", "--stage", "prepare")
    assert ran.code == 0, ran.err
    world.target.fake.variables["region"] = SimVariable("region", "theirs")


def deployed(world: World) -> bool:
    return any(entry.action.startswith("deploy/") for entry in world.entries())


def test_what_failed_holds_the_stages_after_it(world: World) -> None:
    with_theirs(world)
    ran = world.on_plan("apply", "--json")
    assert ran.code == Exit.IN_PART
    assert "1 item of 11 failed; 2 items of later stages wait for that." in ran.err
    counts = ran.json["counts"]
    assert (counts["failed"], counts["waiting"], counts["held"]) == (1, 2, 0)
    waiting = [step for step in ran.json["steps"] if step["outcome"] == "waiting"]
    assert [step["id"].partition("/")[0] for step in waiting] == ["deploy", "arrived"]
    assert {step["why"] for step in waiting} == {"the stage before it is not done"}
    assert not deployed(world)
    assert {wave.state for wave in world.plan.waves} == {"planned"}


def test_the_faces_with_pages_do_the_same(world: World) -> None:
    with_theirs(world)
    work = Work("carry", "Carrying out")
    asyncio.run(Carrier(world.plan_path, None).carry(work))
    assert work.outcome == ("1 item did not go well; the stages after it wait for that.", False)
    assert (work.done, work.total, work.stage, work.stage_done, work.stage_total) == (9, 11, "configuration", 5, 5)
    assert not deployed(world)
    assert {wave.state for wave in world.plan.waves} == {"planned"}

    # Mended, tried again by itself, and on.
    del world.target.fake.variables["region"]
    again = Work("carry", "Trying again")
    asyncio.run(Carrier(world.plan_path, None).retry(again, [step.info.id for step in work.failed]))
    assert again.outcome[1], again.outcome
    assert (again.done, again.total, again.stage_done, again.stage_total) == (1, 1, 1, 1)
    last = Work("carry", "Carrying out")
    asyncio.run(Carrier(world.plan_path, None).carry(last))
    assert last.outcome[1], last.outcome
    assert {wave.state for wave in world.plan.waves} == {"tested"}
    assert world.target.fake.variables.keys() == {item.key for item in VARIABLES}


def test_trying_again_has_the_same_gates(world: World) -> None:
    world.planned(conflicts={"variables": "fail"})
    for stage in ("prepare", "configuration"):
        assert world.on_plan("apply", "--stage", stage).code == 0
    world.wire.before = lambda sent: (
        httpx.Response(400, json={"message": "no"}) if sent.method == "POST" and "/deploys" in sent.url.path else None
    )
    assert world.on_plan("apply").code == Exit.IN_PART  # yesterday: no deploy
    world.wire.before = lambda _sent: None
    region = world.target.fake.variables.pop("region")
    world.target.fake.variables["region"] = SimVariable("region", "theirs")
    work = Work("carry", "Carrying out")
    asyncio.run(Carrier(world.plan_path, None).carry(work))
    assert [step.info.id for step in work.failed] == [f"variable/{DEPLOYMENT}/region"]
    before = len(world.entries())
    failed = [
        f"{kind}/{DEPLOYMENT}{name}" for kind, name in (("variable", "/region"), ("deploy", ""), ("arrived", ""))
    ]
    again = Work("carry", "Trying again")
    asyncio.run(Carrier(world.plan_path, None).retry(again, failed))
    assert again.outcome == ("1 item still did not go well; the stages after it wait for that.", False)
    assert list(again.steps) == failed[:1]
    assert {entry.action for entry in world.entries()[before:]} == {failed[0]}

    # What was never tried holds the later stages as well; the journal says so.
    alone = Work("carry", "Trying again")
    asyncio.run(Carrier(world.plan_path, None).retry(alone, failed[1:]))
    text = "2 items not tried: something of an earlier stage is not done. Carry out instead."
    assert (alone.outcome, alone.steps) == ((text, False), {})

    world.target.fake.variables["region"] = region
    last = Work("carry", "Trying again")
    asyncio.run(Carrier(world.plan_path, None).retry(last, failed))
    assert last.outcome[1], last.outcome
    assert list(last.steps) == failed


def test_positions_count_on_from_stage_to_stage(world: World) -> None:
    world.planned()
    ran = world.on_plan("apply")
    assert ran.code == 0, ran.err
    places = [line.split()[1] for line in ran.err.splitlines() if line.startswith(("+ ", "= "))]
    assert places == [f"{number}/11" for number in range(1, 12)]


def test_a_stop_between_two_items_tells_no_failure(world: World) -> None:
    world.planned()
    work = Work("carry", "Carrying out")
    work.stop()
    asyncio.run(Carrier(world.plan_path, None).carry(work))
    assert work.outcome == ("Stopped after the item in hand; what is done is in the journal.", False)
    assert work.failed == ()
    assert {wave.state for wave in world.plan.waves} == {"planned"}
