"""A wave that is half-way, or whose plan was edited since: what the journal says of it is what counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.faces.headless.test_rollback import CONFIRM, MOVED, SLOWLY, cut_over, paused
from tests.harness import DEPLOYMENT

from astroferry.carry.handover.watch import WatchTicks
from astroferry.carry.journal import Journal
from astroferry.errors import Exit, RemoteError

if TYPE_CHECKING:
    from tests.harness import World


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
    assert "pilot  on the source    ticks_now" in ran.out
    assert "  ticks_on: it was paused on the source at 2026-11-22 12:00" in ran.out
    assert f"Go on at once: astroferry cutover {world.plan_path} --wave pilot, or give ticks_on back:" in ran.out
    assert [item["side"] for item in world.on_plan("status", "--json").json["where"]] == ["source", "neither"]
    assert "Half-way" in world.on_plan("check").out
