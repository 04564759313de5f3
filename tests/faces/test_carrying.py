"""What the faces with pages run: tries again only what failed, stops in time, and tells nothing of an earlier run."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from tests.harness import DEPLOYMENT, NOW, World

from astroferry.carry import acts
from astroferry.carry.handover.wave import hand_over
from astroferry.errors import AstroferryError
from astroferry.faces.carrying import Carrier
from astroferry.faces.work import Work
from astroferry.model.cutover import TickCount

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from astroferry.carry.action import Action
    from astroferry.carry.context import Context
    from astroferry.carry.journal import Journal
    from astroferry.carry.runner import Report

CONFIRMED = ("approve", "--by", "Ada", "--what", "alerts", "--what", "people-invited", "--what", "rollback-plan")


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    made = World(tmp_path, monkeypatch)
    yield made
    assert made.astro.contract_violations == []


def carried(world: World) -> list[str]:
    """Ids of what lies on Astro."""
    return [
        entry.action for entry in world.entries() if entry.event == "done" and entry.action.startswith("variable/")
    ]


def test_a_retry_that_is_stopped_is_no_success(world: World) -> None:
    world.applied()
    carrier, ids = Carrier(world.plan_path, None), carried(world)
    work = Work("carry", "Trying again")
    asyncio.run(carrier.retry(work, ids))
    assert work.outcome == ("All of them went well now. Carry out once more for what comes after them.", True)
    assert {step.info.id for step in work.steps.values()} == set(ids), "only these"
    work = Work("carry", "Trying again")
    work.stop()
    asyncio.run(carrier.retry(work, ids))
    assert work.outcome == ("Stopped after the item in hand; what is done is in the journal.", False)


def test_a_retry_needs_the_same_approval_as_the_first_try(world: World) -> None:
    world.applied()
    ids = carried(world)
    text = world.plan_path.read_text(encoding="utf-8")
    world.plan_path.write_text(f'{text}\n[approval]\nbefore = ["apply"]\n', encoding="utf-8")
    with pytest.raises(AstroferryError, match="approve"):
        asyncio.run(Carrier(world.plan_path, None).retry(Work("carry", "Trying again"), ids))


def test_a_new_run_tells_no_ticks_of_the_last_one(world: World) -> None:
    world.applied()
    assert world.on_plan(*CONFIRMED).code == 0
    carrier = Carrier(world.plan_path, None)
    wave = world.plan.waves[0].name
    dag = world.plan.dags_of(world.plan.waves[0], tuple(world.estate.engine.dags))[0]
    carrier.ticks[dag] = TickCount(missed=(NOW,))
    work = Work("cutover", "Cutting over", wave=wave)
    work.stop()
    asyncio.run(carrier.cut_over(work))
    text, good = work.outcome
    assert not good
    assert text.startswith("Stopped; no DAG runs on both sides.")
    assert dag not in carrier.ticks


def ran_by_both(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the steps end, the source has a run of a tick that the target ran too."""

    async def doubled(actions: list[Action], ctx: Context, journal: Journal, **more: Any) -> Report:
        report = await hand_over(actions, ctx, journal, **more)
        ran = [run for run in world.target.dags["ticks_now"].runs.values() if run.run_type == "scheduled"]
        world.estate.engine.dags["ticks_now"].runs["again"] = replace(ran[-1], run_id="again")
        return report

    monkeypatch.setattr(acts, "hand_over", doubled)


def test_a_tick_that_ran_twice_is_no_good_end_on_any_face(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.applied(cutover={"poll": 60.0, "parse_timeout": 240, "watch_ticks": 1})
    assert world.on_plan(*CONFIRMED).code == 0
    ran_by_both(world, monkeypatch)
    ran = world.on_plan("cutover", "--wave", "pilot", "--confirm", DEPLOYMENT)
    assert ran.code == 6
    assert "A tick ran on both sides: ticks_now. The table above shows which." in ran.err
    assert world.plan.waves[0].state == "tested"
    work = Work("cutover", "Cutting over", wave="pilot")
    asyncio.run(Carrier(world.plan_path, None).cut_over(work))
    text, good = work.outcome
    assert not good
    assert text.startswith("A tick ran on both sides: ticks_now. Look at what it did")
    assert world.plan.waves[0].state == "tested"
