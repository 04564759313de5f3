"""A wave that is half-way, or whose plan was edited since: what the journal says of it is what counts."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import httpx
import pytest
from tests.faces.headless.test_rollback import BACK, CONFIRM, MOVED, SLOWLY, cut_over, paused
from tests.harness import DEPLOYMENT

from astroferry.carry.handover.watch import WatchTicks
from astroferry.carry.journal import Journal
from astroferry.errors import Exit, RemoteError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.harness import World

CUTOVER = ("cutover", "--wave", "pilot", *CONFIRM)
NEITHER = (True, True)


def refuses(
    status: int, dag: str, *, on_source: bool = False, way: str = "unpause"
) -> Callable[[httpx.Request], httpx.Response | None]:
    """One side answers so to the unpausing of a DAG, or to a backfill of it."""

    def before(request: httpx.Request) -> httpx.Response | None:
        if (request.url.host == "source.test") != on_source:
            return None
        if way == "unpause":
            meant = request.method == "PATCH" and request.url.path.endswith(f"/dags/{dag}")
            meant = meant and json.loads(request.content) == {"is_paused": False}
        else:
            meant = request.url.path.endswith("/backfills") and request.method == "POST"
            meant = meant and dag.encode() in request.content
        return httpx.Response(status, json={"detail": "no"}) if meant else None

    return before


def test_carrying_out_again_leaves_dags_that_run_on_the_target_alone(world: World) -> None:
    world.applied(cutover=SLOWLY)

    async def late(*_: object) -> None:
        raise RemoteError("late")

    with world.monkeypatch.context() as patch:
        patch.setattr(WatchTicks, "_wait", late)
        assert world.on_plan("cutover", "--wave", "pilot", *CONFIRM).code == Exit.IN_PART
    assert [wave.state for wave in world.plan.waves] == ["tested", "tested"]
    # A person moved one that is in no cutover, as people are told where one is refused; another was just unpaused.
    world.estate.engine.dags["by_hand"].is_paused = True
    world.target.dags["by_hand"].is_paused = False
    world.target.dags["by_dataset"].is_paused = False
    ran = world.on_plan("apply")
    assert ran.code == 0, ran.err
    assert set(paused(world).values()) == {MOVED}
    assert paused(world, "by_hand", "by_dataset") == {"by_hand": MOVED, "by_dataset": (False, True)}
    assert f"unpaused on {DEPLOYMENT}, and paused there by us: by_dataset" in ran.err
    seen = world.on_plan("status")
    assert (seen.code, "2 items failed" in seen.out) == (Exit.IN_PART, True), seen.out
    assert "pilot  on Astro  ticks_now, ticks_on" in seen.out
    # Given back, its failures are over.
    assert world.on_plan("rollback", "--wave", "pilot", *CONFIRM).code == 0
    seen = world.on_plan("status")
    assert (seen.code, "items failed" in seen.out) == (0, False), seen.out
    assert "pilot  on the source  ticks_now, ticks_on" in seen.out


def test_a_plan_that_was_edited_or_has_lost_its_journal(world: World) -> None:
    cut_over(world, "pilot")
    journal = world.journal_path.rename(world.folder / "kept")
    for verb, more in (
        ("rollback", CONFIRM), ("cutover", ("--wave", "pilot", *CONFIRM)), ("status", ()), ("watch", ("--once",)),
        ("decommission", ()), ("apply", ()),
    ):  # fmt: skip
        ran = world.on_plan(verb, *more)
        assert ran.code == Exit.PLAN, (verb, ran.out, ran.err)
        assert 'The plan says that the wave "pilot" is cut over, and the journal ' in ran.err
    journal.rename(world.journal_path)
    world.edit_plan('"ticks_on",', '"nobody",')  # moved to the rest
    ran = world.on_plan("cutover", "--wave", "rest", *CONFIRM)
    assert (ran.code, 'The wave "pilot" has handed ticks_on over, and "rest" takes' in ran.err) == (3, True), ran.err
    world.edit_plan('"nobody",', '"ticks_on",')
    world.edit_plan(f'"{DEPLOYMENT}"', '"quay-two"')
    ran = world.on_plan("cutover", "--wave", "pilot", "--confirm", "quay-two")
    assert ran.code == Exit.PLAN
    assert f'The wave "pilot" was begun on the Deployment "{DEPLOYMENT}"' in ran.err
    assert 'the plan names "quay-two" (not on Astro) for it now' in ran.err
    ran = world.on_plan("watch", "--once")
    assert ran.code == 0, ran.err
    assert world.on_plan("rollback", "--wave", "pilot", "--confirm", "quay-two").code == Exit.PLAN
    key, there = world.astro.deployments.popitem()
    ran = world.on_plan("rollback", "--wave", "pilot", *CONFIRM)
    assert (ran.code, f'"{DEPLOYMENT}" ({key}) that the wave "pilot" was handed over to' in ran.err) == (5, True)
    world.astro.deployments[key] = there
    ran = world.on_plan("rollback", "--wave", "pilot", *CONFIRM)
    assert ran.code == 0, ran.err
    assert set(paused(world).values()) == {(False, True)}


def test_status_names_what_runs_on_neither_side(world: World) -> None:
    world.planned()
    journal = Journal(world.journal_path, now=world.clock.now)
    at = world.clock.now().isoformat()
    for dag, event in (("ticks_on", "done"), ("ticks_now", "begin")):
        facts = {"dag_id": dag, "source_paused": False, "target_paused": True, "at": at}
        journal.write(f"cutover/pilot/{dag}/record", "begin")
        journal.write(f"cutover/pilot/{dag}/record", "applied", facts=facts)
        journal.write(f"cutover/pilot/{dag}/record", "done")
        journal.write(f"cutover/pilot/{dag}/drain-source", "begin", facts={"x": 1})
        journal.write(f"cutover/pilot/{dag}/drain-source", "done" if event == "done" else "begin")
    ran = world.on_plan("status")
    assert ran.code == Exit.IN_PART
    assert "pilot  on neither side  ticks_on" in ran.out
    halfway = "halfway: 1 on the source, 1 on neither side"
    assert f"pilot  {halfway}" in ran.out
    assert halfway in " ".join(world.on_plan("show").out.split())
    world.on_plan("report", "--out", str(world.folder / "report.md"))
    assert halfway in (world.folder / "report.md").read_text(encoding="utf-8")
    assert "pilot  on the source    ticks_now" in ran.out
    assert "  ticks_on: it was paused on the source at 2026-11-22 12:00" in ran.out
    assert f"Go on at once: astroferry cutover {world.plan_path} --wave pilot, or give ticks_on back:" in ran.out
    assert [item["side"] for item in world.on_plan("status", "--json").json["where"]] == ["source", "neither"]
    assert "Half-way" in world.on_plan("check").out


@pytest.mark.parametrize("dag", ["ticks_on", "ticks_now"])
def test_where_an_unpausing_is_surely_refused_the_source_goes_on_whatever_else_moves(world: World, dag: str) -> None:
    """The other DAG is unpaused at the same time, which says nothing about this one."""
    world.applied(cutover=SLOWLY)
    world.wire.before = refuses(400, dag)
    ran = world.on_plan(*CUTOVER)
    assert ran.code == Exit.IN_PART
    other = "ticks_now" if dag == "ticks_on" else "ticks_on"
    assert paused(world) == {dag: BACK, other: MOVED}
    assert f"{dag}: the source goes on with it" in ran.err


@pytest.mark.slow
def test_half_way_it_goes_on_though_the_values_have_come_to_differ(world: World) -> None:
    world.applied(cutover=SLOWLY)
    world.wire.before = refuses(500, "ticks_on")
    ran = world.on_plan(*CUTOVER)
    assert (ran.code, paused(world, "ticks_on")) == (Exit.IN_PART, {"ticks_on": NEITHER})
    # It may have been unpaused, and then paused again; the command says so at its end, by name.
    assert "ticks_on: it was paused on the source at " in ran.err
    assert "whether the target runs it already is not known" in ran.err
    world.wire.before = lambda _: None
    world.target.fake.variables["region"].value = "elsewhere"
    assert world.on_plan("verify").code == Exit.IN_PART
    ran = world.on_plan(*CUTOVER)
    assert ran.code == 0, ran.err
    assert set(paused(world).values()) == {MOVED}
    # A wave that nothing was begun of still keeps its gate.
    ran = world.on_plan("cutover", "--wave", "rest", *CONFIRM)
    assert (ran.code, "not been found equal" in ran.err) == (Exit.PLAN, True), ran.err


def test_one_that_cannot_go_on_holds_no_other(world: World) -> None:
    world.applied(cutover=SLOWLY)
    marking, going_on = refuses(409, "ticks_on", way="backfill"), refuses(500, "ticks_on", on_source=True)
    world.wire.before = lambda request: marking(request) or going_on(request)
    ran = world.on_plan(*CUTOVER)
    assert (ran.code, paused(world)) == (Exit.IN_PART, {"ticks_on": NEITHER, "ticks_now": MOVED})
    assert "Let the source go on with ticks_on" in ran.err
    # Neither way works for it, and why is said; the other DAG comes back.
    ran = world.on_plan("rollback", "--wave", "pilot", *CONFIRM)
    assert (ran.code, paused(world)) == (Exit.IN_PART, {"ticks_on": NEITHER, "ticks_now": BACK})
    assert "what was begun before comes first, and could not be done: " in ran.err
    world.wire.before = lambda _: None
    ran = world.on_plan("rollback", "--wave", "pilot", *CONFIRM)
    assert ran.code == 0, ran.err
    assert set(paused(world).values()) == {BACK}


@pytest.mark.slow
def test_what_fell_between_is_run_on_the_way_back_too(world: World) -> None:
    """More than one tick comes due before the unpausing, and the target takes no backfill for them."""
    world.applied(cutover={**SLOWLY, "poll": 20.0})
    unpausing, filling = refuses(0, "ticks_now"), refuses(409, "ticks_now", way="backfill")
    unpaused: list[httpx.Request] = []

    def late(request: httpx.Request) -> httpx.Response | None:
        if unpausing(request) is not None and not unpaused:
            unpaused.append(request)
            world.clock.pass_by(900)
        return filling(request) if unpaused else None

    world.wire.before = late
    assert world.on_plan(*CUTOVER).code == Exit.IN_PART
    world.wire.before = lambda _: None
    ran = world.on_plan("rollback", "--wave", "pilot", *CONFIRM)
    assert ran.code == 0, ran.err
    assert "ticks_now: 12:05:00 to 12:10:00 fell between" in ran.err
    assert "0 twice, 0 missed" in ran.out
    assert set(paused(world).values()) == {BACK}
