"""`astroferry rollback` goes by what was begun, whatever plan and inventory have become since."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import httpx
from tests.harness import DEPLOYMENT, NOW, World

from astroferry.carry import acts
from astroferry.carry.handover.tallied import Tallied
from astroferry.model.cutover import TickCount

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

    from astroferry.carry.opening import Opened

SLOWLY = {"poll": 60.0, "parse_timeout": 240, "drain_timeout": 1200, "watch_ticks": 1}
CONFIRM = ("--confirm", DEPLOYMENT)
BACK, MOVED = (False, True), (True, False)


def cut_over(world: World, *waves: str, **changes: Any) -> None:
    world.applied(cutover={**SLOWLY, **changes.pop("cutover", {})}, **changes)
    for wave in waves:
        ran = world.on_plan("cutover", "--wave", wave, *CONFIRM)
        assert ran.code == 0, ran.err


def paused(world: World, *dags: str) -> dict[str, tuple[bool, bool]]:
    here, there = world.estate.engine.dags, world.target.dags
    return {dag: (here[dag].is_paused, there[dag].is_paused) for dag in dags or ("ticks_on", "ticks_now")}


def edit_inventory(world: World, edit: Callable[[list[dict[str, Any]]], list[dict[str, Any]]]) -> None:
    data = json.loads(world.inventory_path.read_text(encoding="utf-8"))
    data["dags"] = edit(data["dags"])
    world.inventory_path.write_text(json.dumps(data), encoding="utf-8")


def test_what_plan_and_inventory_have_lost_since_is_given_back_all_the_same(world: World) -> None:
    cut_over(world, "pilot")
    refused = world.on_plan("rollback", "--stage", "prepare", *CONFIRM)  # which would delete what runs there
    assert refused.code == 3
    assert "ticks_now, ticks_on run on Astro by a cutover" in refused.err
    edit_inventory(world, lambda dags: [dag for dag in dags if dag["dag_id"] != "ticks_now"])
    world.edit_plan('"ticks_on",', '"nobody",')  # moved to the rest
    ran = world.on_plan("rollback", "--wave", "pilot", *CONFIRM)
    assert ran.code == 0, ran.err
    assert set(paused(world).values()) == {BACK}
    assert "ticks_now: " in ran.out  # its ticks are counted as well
    assert "ticks_on: " in ran.out


def test_one_that_the_source_has_no_more_is_named_and_the_others_go_back(world: World) -> None:
    cut_over(world, "pilot")
    del world.estate.engine.dags["ticks_now"]

    def closed(request: httpx.Request) -> httpx.Response | None:
        """Our role may not touch this DAG (any more); that keeps no other from going back."""
        return httpx.Response(403) if request.url.path.endswith("/dags/ticks_on") else None

    world.wire.before = closed
    ran = world.on_plan("rollback", *CONFIRM)
    assert (ran.code, "cannot be given back" in ran.err) == (6, True)
    world.wire.before = lambda _: None
    ran = world.on_plan("rollback", *CONFIRM)
    assert ran.code == 6
    assert '"ticks_now" was begun by this wave and cannot be given back: the source does not show it' in ran.err
    assert paused(world, "ticks_on") == {"ticks_on": BACK}
    assert not world.target.dags["ticks_now"].is_paused  # the safe side is left running
    assert [wave.state for wave in world.plan.waves] == ["cut over", "tested"]


def test_a_tick_that_both_sides_ran_keeps_no_other_wave_from_going_back(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut_over(world, "pilot", "rest")

    async def twice(way: Opened, wave: str, _warn: object) -> Tallied:
        del way
        return Tallied(counts={"by_hand": TickCount(twice=(NOW,))} if wave == "rest" else {})

    monkeypatch.setattr(acts, "tallied", twice)
    ran = world.on_plan("rollback", "--json", *CONFIRM)
    assert ran.code == 6
    assert [item["wave"] for item in ran.json["waves"]] == ["rest", "pilot"], "one document, whatever is raised"
    assert "rollback/pilot/ticks_now/unpause-source" in {step["id"] for step in ran.json["steps"]}
    assert "A tick ran on both sides: by_hand." in ran.err
    assert [wave.state for wave in world.plan.waves] == ["tested", "tested"]
    assert set(paused(world).values()) == {BACK}
    named = world.on_plan("rollback", "--dag", "ticks_now", *CONFIRM)  # `rest` was begun later, and lacks it
    assert named.code == 0, named.err
    assert "was not handed over by any wave" in world.on_plan("rollback", "--dag", "other", *CONFIRM).err
    for steps in ([{"id": f"pool/{DEPLOYMENT}/berths", "outcome": "undone", "why": "deleted"}], []):
        undone = world.on_plan("rollback", "--stage", "pools", "--json", *CONFIRM)
        assert undone.json == {"waves": [], "steps": steps}
    world.edit_plan('name = "rest"', 'name = "renamed"')
    assert world.on_plan("rollback", "--wave", "rest", *CONFIRM).code == 2


def test_every_deployment_that_is_overwritten_or_undone_is_named(world: World) -> None:
    other, both = "quay-office", f"{DEPLOYMENT},quay-office"
    world.planned(
        conflicts={"pools": "overwrite"},
        deployments=[{"name": name, "workspace": "Quay", "executor": "ASTRO"} for name in (DEPLOYMENT, other)],
        waves=[
            {"name": "pilot", "test": DEPLOYMENT, "production": DEPLOYMENT, "dags": ["ticks_on"]},
            {"name": "rest", "test": DEPLOYMENT, "production": other, "dags": ["*"]},
        ],
    )
    undo, one = ("rollback", "--stage", "prepare"), ("apply", "--stage", "prepare", "--wave", "pilot")
    assert f"Confirm with --confirm {both}." in world.on_plan("apply", *CONFIRM).err
    assert f"Confirm with --confirm {DEPLOYMENT}." in world.on_plan(*one, "--confirm", other).err
    assert world.on_plan(*one, *CONFIRM).code == 0
    assert f"Confirm with --confirm {DEPLOYMENT}." in world.on_plan(*undo).err, "nothing was made on the other"
    assert world.on_plan("apply", "--stage", "prepare", "--confirm", f"{other}, {DEPLOYMENT}").code == 0
    assert len(world.astro.deployments) == 2
    ran = world.on_plan(*undo, *CONFIRM)
    assert (ran.code, len(world.astro.deployments)) == (3, 2)
    assert f"the stage prepare made on {DEPLOYMENT}, {other}. Confirm with --confirm {both}." in ran.err
    assert world.on_plan(*undo, "--confirm", both).code == 0
    assert world.astro.deployments == {}
