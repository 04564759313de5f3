"""Every screen in the states that matter, as text at two sizes; looked at by a person, compared by a machine."""

from __future__ import annotations

import dataclasses
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.faces.tui.tui_driving import at, running, settled, sized, text_of

from astroferry.carry.action import ActionInfo
from astroferry.carry.journal import Journal
from astroferry.carry.prerequisites import Prerequisite
from astroferry.carry.runner import Step
from astroferry.carry.verifying import NOTE, Verified
from astroferry.faces.reading import Reading
from astroferry.faces.tui.screens.checklist import ChecklistScreen
from astroferry.faces.tui.screens.modals import AskScreen, TextScreen
from astroferry.faces.work import Work
from astroferry.model.comparison import Comparison
from astroferry.model.cutover import TickCount
from astroferry.model.inventory import Dag, Pool, Schedule
from astroferry.model.watching import DagVerdict, Usual
from astroferry.sources.progress import Progress
from astroferry.stages import DECIDING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from astroferry.model.organization import OrganizationFacts

    Saved = Callable[..., Path]
    Same = Callable[..., Awaitable[None]]

ALL = tuple(stage.key for stage in DECIDING)
EVERY_SIZE = ((80, 24), (120, 40), (60, 16))
NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def until(stage: str) -> tuple[str, ...]:
    return ALL[: ALL.index(stage)]


def still(work: Work, seconds: float = 90.0, *, ended: bool = False) -> Work:
    """A run whose clock stands."""
    work.began = time.monotonic() - seconds
    if ended:
        work.ended = work.began + seconds
    return work


class TestOpening:
    async def test_in_an_empty_folder(self, folder: Path, same_screen: Same) -> None:
        async with running(folder) as (_, pilot):
            await same_screen(pilot, "opening-empty")

    async def test_with_plans(self, folder: Path, saved: Saved, same_screen: Same) -> None:
        saved(decided=until("cluster"))
        (folder / "old.toml").write_text("format = 99\n[source]\n", encoding="utf-8")
        async with running(folder) as (_, pilot):
            await same_screen(pilot, "opening-plans")

    async def test_a_plan_that_cannot_be_opened(self, folder: Path, same_screen: Same) -> None:
        (folder / "migration.toml").write_text("format = 1\nnaem = 3\n[source]\nurl = 3\n", encoding="utf-8")
        async with running(folder) as (_, pilot):
            await pilot.press("enter")
            await settled(pilot)
            await same_screen(pilot, "opening-error")


class TestDeciding:
    @pytest.mark.parametrize("stage", ALL)
    async def test_each_stage(self, saved: Saved, same_screen: Same, facts: OrganizationFacts, stage: str) -> None:
        async with at(saved(decided=until(stage)), stage, (80, 24), facts) as (_wizard, pilot):
            await same_screen(pilot, f"stage-{ALL.index(stage) + 1:02}-{stage}")

    async def test_a_problem_stands_beside_its_field(
        self, saved: Saved, same_screen: Same, facts: OrganizationFacts
    ) -> None:
        async with at(saved(decided=until("cluster")), "cluster", (80, 24), facts) as (_wizard, pilot):
            await pilot.press("down", "f2")
            await settled(pilot)
            await same_screen(pilot, "stage-problem")

    async def test_looking_again(self, saved: Saved, same_screen: Same, facts: OrganizationFacts) -> None:
        path = saved(decided=ALL, review_again=("execution", "cluster"))
        async with at(path, "version", (80, 24), facts) as (_wizard, pilot):
            await same_screen(pilot, "stage-again")

    async def test_reading_and_its_failure(self, saved: Saved, same_screen: Same) -> None:
        path = saved(decided=until("inventory"))
        async with at(path, "inventory") as (wizard, pilot):
            await pilot.press("f7")
            await settled(pilot)
            await same_screen(pilot, "seen")
            await pilot.press("escape")
            wizard.session.desk.inventory = None
            reading = Reading("Reading the source; nothing is changed there")
            wizard.reads.by_stage["inventory"] = reading
            reading.tell(Progress("dags", 14_000, 14_000))
            reading.tell(Progress("connections", 312, 312))
            reading.tell(Progress("dag details", 3_500, 14_000))
            reading.began -= 100
            reading.begins["dag details"] -= 100
            wizard.panel.settled()
            wizard.show_keys()
            await same_screen(pilot, "inventory-reading")
            reading.ended = reading.began + 100
            reading.error = "The source could not be reached at http://127.0.0.1:8080: the connection was refused."
            wizard.panel.settled()
            wizard.show_keys()
            await same_screen(pilot, "inventory-failed")
            unfinished = wizard.session.unfinished
            unfinished.total = 14_000
            unfinished.listed += [
                Dag(f"dag_{number:05}", Schedule("cron", "0 * * * *"), is_paused=False, fileloc=f"/dags/{number}.py")
                for number in range(14_000)
            ]
            unfinished.each |= {("dag details", dag.dag_id): dag for dag in unfinished.listed[:3_500]}
            unfinished.answers |= {"connections": (), "variables": (), "pools": (Pool("default_pool", 128),)}
            reading.error, reading.cancelled = "", True
            reading.when_cancelled = "Cancelled. What was read is kept while astroferry runs: F5 goes on from there."
            wizard.panel.settled()
            wizard.show_keys()
            await same_screen(pilot, "inventory-cancelled", EVERY_SIZE)
            await pilot.press("f7")
            await settled(pilot)
            await same_screen(pilot, "seen-partial", EVERY_SIZE)

    async def test_help(self, saved: Saved, same_screen: Same, facts: OrganizationFacts) -> None:
        async with at(saved(decided=until("execution")), "execution", (80, 24), facts) as (wizard, pilot):
            wizard.session.desk.path = Path("/home/ada/acme/migration.toml")
            await pilot.press("f1")
            await settled(pilot)
            await same_screen(pilot, "help")

    async def test_editing_tables(self, saved: Saved, same_screen: Same, facts: OrganizationFacts) -> None:
        async with at(saved(decided=until("waves")), "waves", (80, 24), facts) as (_wizard, pilot):
            await pilot.press("e")
            await settled(pilot)
            await same_screen(pilot, "edit-tables")
            await pilot.press(*"no toml", "f2")
            await settled(pilot)
            await same_screen(pilot, "edit-wrong")

    async def test_assigning_dags(self, saved: Saved, same_screen: Same, facts: OrganizationFacts) -> None:
        async with at(saved(decided=until("waves")), "waves", (80, 24), facts) as (wizard, pilot):
            assert wizard.session.desk.inventory is not None
            dags = tuple(
                Dag(f"dag_{number:05}", Schedule("cron", f"{number % 60} * * * *"), is_paused=number % 3 == 0)
                for number in range(14_000)
            )
            wizard.session.desk.inventory = dataclasses.replace(wizard.session.desk.inventory, dags=dags)
            await pilot.press("f7")
            await settled(pilot)
            await pilot.press("space", "space", "down")
            await settled(pilot)
            await same_screen(pilot, "dags")
            await pilot.press("slash", *"nobody")
            await settled(pilot)
            await same_screen(pilot, "dags-no-hit")


class TestAfterDeciding:
    async def test_review(self, saved: Saved, same_screen: Same, facts: OrganizationFacts) -> None:
        async with at(saved(decided=ALL), "review", (80, 24), facts) as (wizard, pilot):
            await settled(pilot)
            await same_screen(pilot, "review")
            await pilot.press(*["pagedown"] * 4)
            await settled(pilot)
            assert "\u203a" in text_of(wizard.app).split("\n", 3)[3], "the cursor is seen"
            await same_screen(pilot, "review-undo")
            await pilot.press("f6")
            await settled(pilot)
            await same_screen(pilot, "review-stages")

    async def test_review_of_a_plan_that_contradicts_itself(
        self, saved: Saved, plan: Any, same_screen: Same, facts: OrganizationFacts
    ) -> None:
        wrong = dataclasses.replace(plan.decisions, networking="vpc-peering")
        path = saved(decided=ALL, decisions=wrong, review_again=("values",))
        async with at(path, "review", (80, 24), facts) as (_wizard, pilot):
            await settled(pilot)
            await same_screen(pilot, "review-problems")

    async def test_confirming(self, saved: Saved, same_screen: Same, facts: OrganizationFacts) -> None:
        async with at(saved(decided=ALL), "review", (80, 24), facts) as (_wizard, pilot):
            await pilot.press("f2")
            await settled(pilot)
            await pilot.press(*"data", "enter")
            await settled(pilot)
            await same_screen(pilot, "confirm")

    async def test_carrying_out(self, saved: Saved, same_screen: Same) -> None:
        path = saved(decided=(*ALL, "review"))
        async with at(path, "prepare") as (wizard, pilot):
            await same_screen(pilot, "carry-idle")
            work = wizard.runs.work = still(Work("carry", "Carrying out"))
            work.total, work.stage, work.stage_done, work.stage_total = 100, "configuration", 30, 80
            for number in range(48):
                info = ActionInfo(f"variable/data-test/v{number}", f"Variable v{number}", "configuration")
                work.follow(Step(info, "done"), 30, 80)
            failed = ActionInfo("connection/data-test/files_sftp", "Connection files_sftp", "configuration")
            work.follow(Step(failed, "failed", "It is there with another host, and the plan says fail."), 30, 80)
            wizard.panel.settled()
            wizard.show_keys()
            await same_screen(pilot, "carry-running")
            await pilot.press("f4")
            await settled(pilot)
            await same_screen(pilot, "carry-log")
            await pilot.press("f4")
            work.pausing = work.paused = True
            wizard.panel.tick()
            wizard.show_keys()
            await same_screen(pilot, "carry-paused", EVERY_SIZE)
            work.pausing = work.paused = False
            still(work, ended=True)
            work.result = "1 item did not go well; the stages after it wait for that."
            Journal(path.with_suffix(".journal.jsonl")).write(
                "connection/data-test/files_sftp", "failed", why="It is there with another host."
            )
            wizard.session.look_back()
            wizard.panel.settled()
            wizard.show_keys()
            await settled(pilot)
            await same_screen(pilot, "carry-failed")

    async def test_carried_out(self, saved: Saved, same_screen: Same) -> None:
        path = saved(decided=(*ALL, "review"))
        async with at(path, "prepare") as (wizard, pilot):
            journal = Journal(path.with_suffix(".journal.jsonl"), now=lambda: NOON)
            infos = wizard.session.infos
            for info in infos[: len(infos) // 2]:
                journal.write(info.id, "done")
            work = wizard.runs.work = still(Work("carry", "Carrying out"), ended=True)
            work.done, work.total = len(infos) // 2, len(infos)
            work.bad, work.result = True, "Stopped after the item in hand; what is done is in the journal."
            wizard.panel.settled()
            wizard.session.look_back()
            wizard.panel.settled()
            wizard.show_keys()
            await same_screen(pilot, "carry-stopped")
            for info in infos[len(infos) // 2 :]:
                journal.write(info.id, "done")
            work.done = work.total
            work.bad, work.result = False, "Every value was compared on the target and is the same."
            for name in ("data-test", "data-prod"):
                journal.write(f"{NOTE}/{name}", "done")
            wizard.session.look_back()
            wizard.panel.settled()
            wizard.show_keys()
            await same_screen(pilot, "carry-done")
            await pilot.press("escape")
            await settled(pilot)
            await same_screen(pilot, "review-carried")

    async def test_comparison(self, saved: Saved, same_screen: Same) -> None:
        async with at(saved(decided=(*ALL, "review")), "test") as (wizard, pilot):
            wizard.runs.work = still(Work("compare", "Comparing"), ended=True)
            wizard.runs.work.bad = True
            wizard.runs.work.result = "Not every value is the same on both ends: 2 connections: 1 same, 1 differs"
            rows = (
                Comparison("connection", "warehouse_pg", "same", (), ("host",), reach="reachable", hook="ok"),
                Comparison(
                    "connection", "booking_pg", "same", reach="reachable", hook="failed", hook_error="OSError"
                ),
                Comparison("connection", "files_sftp", "differs", ("port",), ("port",), reach="refused"),
                Comparison(
                    "variable", "region", "not compared", why="No source value: it was skipped when asked for."
                ),
            )
            wizard.runs.carrier.compared = [Verified("data-prod", rows[:1])]
            work, wizard.runs.work = wizard.runs.work, None
            wizard.panel.settled()
            await settled(pilot)
            assert "✓ Every value was compared" in text_of(wizard.app), "whatever else has run since"
            wizard.runs.work = work
            wizard.runs.carrier.compared = [Verified("data-prod", rows)]
            wizard.panel.settled()
            await settled(pilot)
            await same_screen(pilot, "comparison")
            for step, todo in (
                ("", "Set conflicts.connections"),
                ("down", "Supply its value"),
                ("down", "its extras"),
            ):
                await settled(pilot)
                if step:
                    await pilot.press(step)
                await pilot.press("enter")
                await settled(pilot)
                assert todo in text_of(wizard.app), "what to do about this row, and not about another"
                await pilot.press("escape")
            wizard.runs.carrier.compared = [Verified("sales-test", rows), Verified("sales-production", rows)]
            wizard.panel.settled()
            await settled(pilot)
            await same_screen(pilot, "comparison-of-two")

    async def test_cutover(self, saved: Saved, plan: Any, same_screen: Same) -> None:
        waves = tuple(dataclasses.replace(wave, state="tested") for wave in plan.waves)
        path = saved(decided=(*ALL, "review"), waves=waves)
        async with at(path, "cutover") as (wizard, pilot):
            await pilot.press("down")
            await settled(pilot)
            await same_screen(pilot, "cutover-idle")
            journal = Journal(path.with_suffix(".journal.jsonl"), now=lambda: NOON)
            for dag in ("daily_sales", "hourly_stock"):
                journal.write(f"cutover/rest/{dag}/record", "done", facts={})
                journal.write(f"cutover/rest/{dag}/drain-source", "begin")
            work = wizard.runs.work = still(Work("cutover", 'Cutting "rest" over', wave="rest"))
            work.done, work.total = 2, 12
            work.tell("hourly_stock: waiting for 2 runs on the source")
            work.tell("daily_sales: waiting for 3 runs on the source")
            wizard.panel.settled()
            await settled(pilot)
            await same_screen(pilot, "cutover-draining")
            journal.write("cutover/rest/daily_sales/drain-source", "done")
            journal.write("cutover/rest/daily_sales/mark", "begin")
            journal.write("cutover/rest/hourly_stock/drain-source", "failed", why="A run did not end in an hour.")
            work.done = 5
            work.tell("daily_sales: waiting until the target shows the next run after the marker")
            wizard.runs.carrier.ticks = {
                "daily_sales": TickCount(once=(NOON,) * 3),
                "hourly_stock": TickCount(twice=(NOON,)),
            }
            wizard.panel.settled()
            await settled(pilot)
            await same_screen(pilot, "cutover-running")
            journal.write("cutover/rest/daily_sales/mark", "failed", why="The target answered 500.")
            still(work, ended=True)
            work.bad = True
            work.result = (
                "1 step did not go well; no DAG runs on both sides. Go on, or roll back. 1 DAG on the source; on "
                "neither side: daily_sales."
            )
            wizard.panel.settled()
            await settled(pilot)
            await same_screen(pilot, "cutover-stopped")
            journal.write("cutover/rest/daily_sales/unpause-target", "done")
            wizard.panel.tick()
            await settled(pilot)
            assert "halfway: 1 on Astro" in text_of(wizard.app), "the list of waves follows while a run goes on"
            journal.write("rollback/rest/daily_sales/drain-target", "done", facts={"waited": 3.5, "slipped": 1})
            journal.write("rollback/rest/daily_sales/mark-source", "begin")
            work = wizard.runs.work = still(Work("rollback", 'Rolling "daily_sales" back', wave="rest"))
            work.done, work.total = 1, 5
            work.tell("daily_sales: marked on the source what the target ran: 3 ticks")
            wizard.runs.carrier.ticks = {}
            wizard.panel.settled()
            await settled(pilot)
            await same_screen(pilot, "cutover-rolling-back")
            journal.write("rollback/rest/daily_sales/mark-source", "done")
            journal.write("rollback/rest/daily_sales/unpause-source", "done")
            still(work, ended=True)
            work.result = "daily_sales runs on the source again."
            wizard.panel.settled()
            await settled(pilot)
            await same_screen(pilot, "cutover-given-back")

    async def test_many_waves(self, saved: Saved, plan: Any, same_screen: Same) -> None:
        waves = tuple(
            dataclasses.replace(
                plan.waves[0], name=f"wave-{number:02}", dags=("*",) if number == 20 else (f"x{number}",)
            )
            for number in range(1, 21)
        )
        async with at(saved(decided=(*ALL, "review"), waves=waves), "cutover") as (_, pilot):
            await pilot.press("end")
            await settled(pilot)
            await same_screen(pilot, "cutover-many-waves")


class TestAfterTheCutover:
    async def test_the_checklist(self, saved: Saved, same_screen: Same) -> None:
        async with at(saved(decided=(*ALL, "review")), "cutover") as (wizard, pilot):
            await wizard.app.push_screen(ChecklistScreen('Before "first" is cut over', CHECKS, wizard.session))
            await settled(pilot)
            await same_screen(pilot, "checklist")
            # The cursor stands on the first that people can settle.
            await pilot.press("enter")
            await settled(pilot)
            await pilot.press(*"Olivia Owner", "enter")
            await settled(pilot)
            assert wizard.session.desk.plan.confirmed[0].what == "people-invited"
            await same_screen(pilot, "checklist-confirmed")
            await pilot.press("escape")
            met = (CHECKS[0], dataclasses.replace(CHECKS[1], outcome="met", detail="1 alert, last tried today"))
            await wizard.app.push_screen(ChecklistScreen('Before "first" is cut over', met, wizard.session))
            await settled(pilot)
            await same_screen(pilot, "checklist-met")

    async def test_watching(self, saved: Saved, plan: Any, same_screen: Same) -> None:
        waves = tuple(dataclasses.replace(wave, state="cut over") for wave in plan.waves)
        async with at(saved(decided=(*ALL, "review"), waves=waves), "watch") as (wizard, pilot):
            await same_screen(pilot, "watch-idle")
            wizard.runs.carrier.verdicts = {"rest": VERDICTS}
            work = wizard.runs.work = still(Work("watch", "Watching"))
            work.tell("First full cycle: 1 amiss, 1 watching.")
            wizard.panel.settled()
            await settled(pilot)
            await same_screen(pilot, "watch-running")
            still(work, ended=True)
            work.bad, work.result = True, "First full cycle: 1 amiss, 1 well."
            wizard.panel.settled()
            await settled(pilot)
            await same_screen(pilot, "watch-amiss")
            well = dataclasses.replace(VERDICTS[0], verdict="well", cycle_ends=None)
            wizard.runs.carrier.verdicts = {"rest": (well, dataclasses.replace(well, dag_id="hourly_stock"))}
            work.bad, work.result = False, "First full cycle: 2 well."
            wizard.panel.settled()
            await settled(pilot)
            await same_screen(pilot, "watch-well")
            journal = Journal(wizard.session.path.with_suffix(".journal.jsonl"))
            for step in ("cutover/{}/record", "cutover/{}/unpause-target", "rollback/{}/unpause-source"):
                journal.write(step.format("rest/daily_sales"), "done")
            back = wizard.runs.work = still(Work("rollback", 'Rolling "daily_sales" back', wave="rest"))
            wizard.session.look_back()
            wizard.panel.settled()
            await pilot.press("s")
            await settled(pilot)
            assert back.stopping, "after the step in hand: a watch alone may be broken off"
            assert back.running
            assert "hourly_stock" in text_of(wizard.app)
            assert "daily_sales   ✓" not in text_of(wizard.app), "what was given back is no longer watched"

    async def test_leaving(self, saved: Saved, same_screen: Same) -> None:
        async with at(saved(decided=(*ALL, "review")), "decommission") as (wizard, pilot):
            await same_screen(pilot, "leave-idle")
            wizard.runs.carrier.leaving = CHECKS[:2]
            wizard.panel.settled()
            await settled(pilot)
            await same_screen(pilot, "leave-checked")
            work = wizard.runs.work = still(Work("leave", "Looking whether the old side may go"))
            work.tell("Asking the source for runs of the last day")
            wizard.panel.settled()
            wizard.show_keys()
            await settled(pilot)
            await same_screen(pilot, "leave-looking")
            await pilot.press("f10")
            await settled(pilot)
            await same_screen(pilot, "menu-while-it-runs")


CHECKS = (
    Prerequisite("values-verified", 'All values on "data-prod" were compared and are equal', "met", "21 of 21 items"),
    Prerequisite("alerts", "Alerts reach the people on call", "missing", "no alert there; make one in the Workspace"),
    Prerequisite("people-invited", "Those who work with it are in the Workspace", "to be confirmed", "2 people seen"),
)
VERDICTS = (
    DagVerdict(
        "daily_sales", "watching", (), 3, 3, 0, 0, Usual(3, 1.0, 12.5), Usual(30, 0.97, 11.0), cycle_ends=NOON
    ),
    DagVerdict("hourly_stock", "amiss", ("neither side ran the tick of 11:00 UTC",), 4, 3, 0, 1, Usual(3, 1.0, 61.0)),
)


class TestSmallOnes:
    async def test_menu(self, saved: Saved, same_screen: Same, facts: OrganizationFacts) -> None:
        async with at(saved(decided=until("secrets")), "secrets", (80, 24), facts) as (wizard, pilot):
            assert wizard.ferry.session is not None
            wizard.ferry.session.desk.path = Path("/home/ada/acme/migration.toml")
            await pilot.press("f10")
            await settled(pilot)
            await same_screen(pilot, "menu")

    async def test_sixty_by_sixteen_is_usable(
        self, saved: Saved, same_screen: Same, facts: OrganizationFacts
    ) -> None:
        async with at(saved(decided=until("values")), "values", (60, 16), facts) as (_wizard, pilot):
            await same_screen(pilot, "stage-10-values", sizes=((60, 16),))

    async def test_one_over_another_stands_inside_its_sides(self, folder: Path) -> None:
        async with running(folder) as (app, pilot):
            await app.push_screen(TextScreen("Before it is cut over", "A check."))
            await app.push_screen(AskScreen("Who says so?"))
            for width, height in ((80, 24), (120, 40), (60, 16), (81, 24), (76, 24), (75, 24)):
                await sized(pilot, width, height)
                under, over = (screen.query_one(".box").region for screen in app.screen_stack[-2:])
                assert under.x < over.x, width
                assert over.right < under.right, width

    async def test_asking_for_a_token(self, saved: Saved, same_screen: Same) -> None:
        async with at(saved(), "prerequisites") as (_wizard, pilot):
            await pilot.press("f5")
            await pilot.pause()
            await pilot.press(*"sesame")
            await pilot.pause()
            await same_screen(pilot, "ask-hidden")
            await pilot.press("escape")
            await pilot.pause()
