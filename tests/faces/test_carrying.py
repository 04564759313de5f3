"""What the faces with pages run: tries again only what failed, stops in time, and tells nothing of an earlier run."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from tests.harness import NOW, World

from astroferry.errors import AstroferryError
from astroferry.faces.carrying import Carrier
from astroferry.faces.work import Work
from astroferry.model.cutover import TickCount

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

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
