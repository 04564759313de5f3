"""The wizard driven by keys: what it writes, where it goes, what it refuses, how it ends."""

from __future__ import annotations

import asyncio
import dataclasses
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.faces.tui.tui_driving import at, running, settled, text_of
from textual.widgets import Input

from astroferry.carry.journal import Journal
from astroferry.carry.prerequisites import Prerequisite
from astroferry.errors import Exit, NotAllowedError, PlanInUseError, UnreachableError
from astroferry.faces.navigator import POSITION
from astroferry.faces.reading import Reading
from astroferry.faces.session import Session
from astroferry.faces.tui.panels.carry import CarryPanel
from astroferry.faces.tui.panels.cutover import CutoverPanel
from astroferry.faces.tui.panels.review import Page
from astroferry.faces.tui.screens.checklist import ChecklistScreen
from astroferry.faces.tui.screens.modals import AskScreen, ConfirmScreen, EditScreen, ErrorScreen, MenuScreen
from astroferry.faces.tui.screens.seen import SeenScreen
from astroferry.faces.tui.screens.wizard import WizardScreen
from astroferry.faces.tui.widgets.question_field import QuestionField
from astroferry.faces.tui.widgets.row_list import RowList
from astroferry.faces.work import Work
from astroferry.model import planfile
from astroferry.model.plan import Wave
from astroferry.sources.progress import Progress
from astroferry.stages import DECIDING

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.pilot import Pilot

    from astroferry.carry.journal import Event
    from astroferry.faces.tui.app import Ferry
    from astroferry.faces.work import Kind
    from astroferry.model.inventory import Inventory
    from astroferry.model.organization import OrganizationFacts

    Saved = Callable[..., Path]

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
ALL = tuple(stage.key for stage in DECIDING)


async def until(pilot: Pilot[None], so: Callable[[], bool]) -> None:
    for _ in range(100):
        await pilot.pause()
        if so():
            return
    raise AssertionError(text_of(pilot.app))


async def keys(pilot: Pilot[None], *pressed: str) -> None:
    for key in pressed:
        await pilot.press(key)
        await settled(pilot)


async def test_a_new_migration_is_saved_at_once_and_goes_on_where_it_was_left(folder: Path) -> None:
    async with running(folder) as (app, pilot):
        await keys(pilot, "enter")
        assert isinstance(app.screen, AskScreen)
        await pilot.press(*"acme", "enter")
        await settled(pilot)
        assert isinstance(app.screen, WizardScreen)
        assert planfile.load(folder / "migration.toml", unfinished=True).name == "acme"
        await keys(pilot, "tab", "tab")
        await pilot.press(*"cl1")
        await keys(pilot, "f2")
        assert "2 of 19" in text_of(app)
        await pilot.press(*"http://a")
        await pilot.pause()
        await app.leave()
    plan = planfile.load(folder / "migration.toml", unfinished=True)
    assert plan.target.organization == "cl1"
    assert plan.source.url == "http://a", "what was typed and fits is kept on leaving"
    assert plan.decided == ("prerequisites",)
    async with running(folder) as (app, pilot):
        assert "Go on with acme" in text_of(app)
        await keys(pilot, "enter")
        assert "2 of 19" in text_of(app)


async def test_what_is_typed_survives_going_back_and_forth(saved: Saved, facts: OrganizationFacts) -> None:
    async with at(saved(decided=ALL[:5]), "cluster", facts=facts) as (wizard, pilot):
        await keys(pilot, "tab", "tab")
        await pilot.press(*"-x")
        await keys(pilot, "escape", "f2")
        shown = {field.key: field.asked.value for field in wizard.query(QuestionField)}
        assert shown["decisions.region"] == "us-east-1-x"
        assert wizard.session.desk.plan.decisions.region == "us-east-1", "only Next writes"


async def test_a_later_question_follows_an_answer_at_once(saved: Saved, facts: OrganizationFacts) -> None:
    async with at(saved(decided=ALL[:5]), "cluster", facts=facts) as (wizard, pilot):
        there = {field.key for field in wizard.query(QuestionField)}
        await keys(pilot, "down" if "decisions.cluster_name" not in there else "up")
        assert ("decisions.cluster_name" in {field.key for field in wizard.query(QuestionField)}) != (
            "decisions.cluster_name" in there
        )


async def test_next_leads_to_the_problem_and_says_it(saved: Saved, facts: OrganizationFacts) -> None:
    async with at(saved(decided=("prerequisites",), code=dataclasses.replace(_code())), "source", facts=facts) as (
        wizard,
        pilot,
    ):
        await keys(pilot, "f2")
        assert wizard.session.nav.stop.key == "source"
        active = next(field for field in wizard.query(QuestionField) if field.active)
        assert active.key == "code.dags_folder"
        assert "! This needs an answer." in text_of(wizard.app)


def _code() -> Any:
    from astroferry.model.plan import Code  # noqa: PLC0415 - only here

    return Code("")


async def test_enter_alone_walks_through_a_stage(saved: Saved, facts: OrganizationFacts) -> None:
    async with at(saved(decided=ALL[:3]), "version", facts=facts) as (wizard, pilot):
        await keys(pilot, "enter", "enter", "enter")
        assert wizard.session.nav.stop.key == "execution"
        assert "version" in planfile.load(wizard.session.path, unfinished=True).decided


async def test_tables_are_edited_as_text_and_wrong_ones_are_not_taken(saved: Saved, facts: OrganizationFacts) -> None:
    async with at(saved(decided=ALL[:10]), "waves", facts=facts) as (wizard, pilot):
        await keys(pilot, "e")
        screen = wizard.app.screen
        assert isinstance(screen, EditScreen)
        area = screen.query_one("TextArea")
        area.text = '[[waves]]\nname = "all"\ntest = "data-test"\nprodction = "data-prod"\n'  # type: ignore[attr-defined] # by name
        await keys(pilot, "f2")
        assert isinstance(wizard.app.screen, EditScreen)
        assert "production" in text_of(wizard.app)
        area.text = '[[waves]]\nname = "all"\ntest = "data-test"\nproduction = "data-prod"\n'  # type: ignore[attr-defined] # by name
        await keys(pilot, "f2", "f2")
        assert [wave.name for wave in planfile.load(wizard.session.path).waves] == ["all"]


async def test_dags_are_put_into_a_new_wave(saved: Saved, facts: OrganizationFacts) -> None:
    async with at(saved(decided=ALL[:10]), "waves", facts=facts) as (wizard, pilot):
        await keys(pilot, "f7", "slash")
        await pilot.press(*"hourly", "enter")
        await keys(pilot, "a", "w", "end", "enter")
        await keys(pilot, *"pi/lot", "enter")
        assert 'name must not hold a "/"' in text_of(wizard.app)
        await pilot.press(*"pilot ", "enter")
        await keys(pilot, "f2", "f2")
        waves = {wave.name: wave.dags for wave in planfile.load(wizard.session.path).waves}
        assert waves == {"first": ("by_hand",), "pilot": ("hourly_stock",), "rest": ("*",)}


async def test_dags_are_put_into_no_wave(saved: Saved, facts: OrganizationFacts) -> None:
    async with at(saved(decided=ALL[:10]), "waves", facts=facts) as (wizard, pilot):
        await keys(pilot, "f7", "slash")
        await pilot.press(*"hourly", "enter")
        await keys(pilot, "w", "end", "up", "enter")
        assert "into no wave" in text_of(wizard.app)
        await keys(pilot, "f2", "f2")
        plan = planfile.load(wizard.session.path)
        assert plan.divided(["by_hand", "hourly_stock"])["hourly_stock"] == ()


@pytest.mark.parametrize(
    ("stage", "shows"), [("networking", "places"), ("secrets", "connections"), ("source", "DAGs")]
)
async def test_what_the_source_has_opens_at_what_the_stage_is_about(
    saved: Saved, facts: OrganizationFacts, stage: str, shows: str
) -> None:
    async with at(saved(decided=ALL[:9]), stage, facts=facts) as (wizard, pilot):
        await keys(pilot, "f7")
        assert isinstance(wizard.app.screen, SeenScreen)
        assert wizard.app.screen.table.title == shows


async def test_places_change_their_path_several_at_once(saved: Saved, facts: OrganizationFacts) -> None:
    async with at(saved(decided=ALL[:6]), "networking", facts=facts) as (wizard, pilot):
        await keys(pilot, "up", "up", "up", "tab", "space", "space", "right", "f2")
        assert wizard.session.nav.stop.key != "networking", text_of(wizard.app)
        paths = {place.host: place.path for place in planfile.load(wizard.session.path, unfinished=True).places}
        assert len(set(paths.values())) == 1
        assert set(paths) == {"10.1.2.3", "sftp.example.com"}


async def test_the_review_leads_to_a_stage_and_back(saved: Saved, facts: OrganizationFacts) -> None:
    async with at(saved(decided=ALL), "review", facts=facts) as (wizard, pilot):
        for _ in range(40):
            if "to Secrets backend" in text_of(wizard.app):
                break
            await pilot.press("down")
            await pilot.pause()
        await keys(pilot, "enter")
        assert wizard.session.nav.stop.key == "secrets"
        await keys(pilot, "f2")
        assert wizard.session.nav.stop.key == "review"


async def test_only_the_very_name_confirms(saved: Saved, facts: OrganizationFacts) -> None:
    async with at(saved(decided=ALL), "review", facts=facts) as (wizard, pilot):
        begun: list[str] = []
        wizard.runs.carry_out = lambda: begun.append("carry")  # type: ignore[method-assign] # nothing remote here
        await keys(pilot, "f2")
        assert isinstance(wizard.app.screen, ConfirmScreen)
        assert wizard.app.screen.query_one(Input).value == "", "nothing is filled in beforehand"
        await pilot.press(*"data-test", "enter")
        await settled(pilot)
        assert isinstance(wizard.app.screen, ConfirmScreen)
        assert not begun
        wizard.app.screen.query_one(Input).value = ""
        await pilot.press(*"data-prod", "enter")
        await settled(pilot)
        assert begun == ["carry"]
        assert "review" in planfile.load(wizard.session.path).decided


async def test_a_plan_with_problems_is_not_confirmed(saved: Saved, plan: Any, facts: OrganizationFacts) -> None:
    wrong = dataclasses.replace(plan.decisions, networking="vpc-peering")
    async with at(saved(decided=ALL, decisions=wrong), "review", facts=facts) as (wizard, pilot):
        await keys(pilot, "f2")
        assert wizard.app.screen is wizard
        assert "must be settled first" in text_of(wizard.app)


async def test_reading_fails_with_a_sentence_and_is_tried_again(
    saved: Saved, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASTRO_API_TOKEN", "a-token")
    answers: list[Exception | None] = [UnreachableError("No such host.", hint="Check DNS."), None]

    async def read(self: Session, ask: Any, api: str, credentials: str) -> None:
        answer = answers.pop(0)
        if answer is not None:
            raise answer

    monkeypatch.setattr(Session, "read_organization", read)
    async with at(saved(), "prerequisites") as (wizard, pilot):
        await until(pilot, lambda: not wizard.reads.by_stage["prerequisites"].running)
        await settled(pilot)
        assert "No such host. Check DNS." in text_of(wizard.app)
        await keys(pilot, "f5")
        await until(pilot, lambda: not wizard.reads.by_stage["prerequisites"].running)
        assert not wizard.reads.by_stage["prerequisites"].error


async def test_an_address_that_is_none_is_said_beside_it_before_a_token_is_asked(saved: Saved) -> None:
    async with at(saved(), "prerequisites") as (wizard, pilot):
        wizard.query_one(QuestionField).query_one(Input).value = "htp://nowhere.invalid"
        await keys(pilot, "f5")
        assert wizard.app.screen is wizard, "no token is asked"
        assert "! It must begin with https:// or http://." in text_of(wizard.app)
        await keys(pilot, "f2")
        assert wizard.session.nav.stop.key == "prerequisites"
        active = next(field for field in wizard.query(QuestionField) if field.active)
        assert active.key == "target.api"


async def test_what_another_address_told_is_over(saved: Saved, facts: OrganizationFacts) -> None:
    async with at(saved(), "prerequisites", facts=facts) as (wizard, pilot):
        session = wizard.session
        session.desk.facts_from = session.desk.plan.target.api
        done = wizard.reads.by_stage["prerequisites"] = Reading("Connecting to Astro")
        done.ended = done.began
        wizard.panel.settled()
        await settled(pilot)
        assert "✓ Read in" in text_of(wizard.app)
        assert f"Organization {facts.organization.name}" in text_of(wizard.app)
        wizard.query_one(QuestionField).query_one(Input).value = "https://other.example.com/v1"
        await settled(pilot)
        assert "✓ Read in" not in text_of(wizard.app)
        assert "The organization has not been asked yet." in text_of(wizard.app)


async def test_the_address_that_the_environment_sets_is_told(saved: Saved, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASTRO_API_URL", "http://127.0.0.1:9/v1")
    async with at(saved(), "prerequisites") as (wizard, _):
        assert "ASTRO_API_URL is set: http://127.0.0.1:9/v1 is" in text_of(wizard.app)
    monkeypatch.setenv("ASTRO_API_URL", "nonsense")
    async with at(saved(), "prerequisites") as (wizard, pilot):
        assert wizard.session.desk.plan.target.api.startswith("https://"), "the plan keeps its own"
        await keys(pilot, "f5")
        await until(pilot, lambda: not wizard.reads.by_stage["prerequisites"].running)
        await settled(pilot)
        assert "! ASTRO_API_URL must begin with" in text_of(wizard.app)


async def test_how_the_old_address_answered_is_over_once_it_is_corrected(
    saved: Saved, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASTROFERRY_SOURCE_TOKEN", "a-token")
    asked: list[str] = []

    async def read(self: Session, ask: Any, tell: Any) -> None:
        del ask, tell
        asked.append(self.desk.plan.source.url)
        raise UnreachableError(f"Nothing answers at {asked[-1]}.")

    monkeypatch.setattr(Session, "read_source", read)
    path = saved(decided=ALL[:2])
    (path.parent / "inventory.json").unlink()
    async with at(path, "inventory") as (wizard, pilot):
        await until(pilot, lambda: "Nothing answers" in text_of(wizard.app))
        await keys(pilot, "escape", "f2")
        assert len(asked) == 1, "nothing has changed"
        await keys(pilot, "escape", "backspace", "f2")
        await until(pilot, lambda: not wizard.reads.going)
        await settled(pilot)
        assert asked[1] == asked[0][:-1], "it is read again by itself"
        assert f"{asked[0]}." not in text_of(wizard.app)


async def test_a_token_is_asked_for_hidden_and_again_when_refused(
    saved: Saved, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[str] = []

    async def read(self: Session, ask: Any, api: str, credentials: str) -> None:
        assert credentials == "prompt"
        given.append(await ask("Token for Astro", True))
        if given[-1] == "wrong-token":
            raise NotAllowedError("Astro refuses this token.")

    monkeypatch.setattr(Session, "read_organization", read)
    async with at(saved(), "prerequisites") as (wizard, pilot):
        await pilot.press("f5")
        await until(pilot, lambda: isinstance(wizard.app.screen, AskScreen))
        await pilot.press(*"wrong-token")
        await pilot.pause()
        assert "wrong" not in text_of(wizard.app)
        await pilot.press("enter")
        await until(pilot, lambda: not wizard.reads.by_stage["prerequisites"].running)
        await pilot.press("f5")
        await until(pilot, lambda: isinstance(wizard.app.screen, AskScreen))
        await pilot.press(*"right-token", "enter")
        await until(pilot, lambda: len(given) == 2)
        assert given == ["wrong-token", "right-token"]
        await until(pilot, lambda: not wizard.reads.by_stage["prerequisites"].running)
    assert "right-token" not in wizard.session.path.read_text(encoding="utf-8")


async def test_work_goes_on_whatever_is_shown_and_stops_between_items(saved: Saved) -> None:
    async with at(saved(decided=(*ALL, "review")), "prepare") as (wizard, pilot):
        go = asyncio.Event()
        seen: list[str] = []

        async def carry(work: Work) -> None:
            work.stage = "prepare"
            while not work.should_stop():
                seen.append("item")
                await go.wait()
            work.result = "Stopped after the item in hand."

        wizard.runs.carrier.carry = carry  # type: ignore[method-assign] # nothing remote here
        await keys(pilot, "c", "escape")
        assert wizard.session.nav.stop.key == "review"
        assert wizard.runs.work is not None
        assert wizard.runs.work.running
        await keys(pilot, "f10")
        assert isinstance(wizard.app.screen, MenuScreen)
        assert "goes on" in text_of(wizard.app)
        await keys(pilot, "escape", "ctrl+c")
        assert wizard.runs.work.stopping
        assert "Stops after this item. Ctrl+C stops now." in text_of(wizard.app)
        wizard.go("prepare")
        await settled(pilot)
        await keys(pilot, "s")
        assert "^C stop now" in text_of(wizard.app)
        assert "p pause" not in text_of(wizard.app), "nothing is paused any more"
        go.set()
        await until(pilot, lambda: wizard.runs.work is not None and not wizard.runs.work.running)
        await settled(pilot)
        assert seen == ["item"]
        assert "Stopped after the item in hand." in text_of(wizard.app)
        assert "Stops after" not in text_of(wizard.app), "it is over"


async def test_carrying_out_pauses_between_items_and_goes_on_or_stops(saved: Saved) -> None:
    async with at(saved(decided=(*ALL, "review")), "prepare") as (wizard, pilot):
        item, seen = asyncio.Event(), []

        async def carry(work: Work) -> None:
            work.stage = "prepare"
            while True:
                await work.pass_by()
                if work.should_stop():
                    work.result = "Stopped after the item in hand."
                    return
                seen.append("item")
                await item.wait()
                item.clear()

        wizard.runs.carrier.carry = carry  # type: ignore[method-assign] # nothing remote here
        await keys(pilot, "c", "p")
        work = wizard.runs.work
        assert work is not None
        assert "pausing after the item in hand" in text_of(wizard.app)
        item.set()
        await until(pilot, lambda: work.paused)
        await settled(pilot)
        assert "paused: nothing is under way" in text_of(wizard.app)
        assert "p go on" in text_of(wizard.app)
        before = wizard._seen
        await asyncio.sleep(0.05)
        assert wizard._seen == before, "nothing is drawn while it is paused"
        await keys(pilot, "p")
        await until(pilot, lambda: len(seen) == 2)
        await keys(pilot, "p")
        item.set()
        await until(pilot, lambda: work.paused)
        await keys(pilot, "s")
        await until(pilot, lambda: not work.running)
        assert len(seen) == 2
        assert work.outcome[0] == "Stopped after the item in hand."


async def test_hung_up_while_paused_it_saves_and_ends(saved: Saved) -> None:
    async with at(saved(decided=(*ALL, "review")), "prepare") as (wizard, pilot):

        async def carry(work: Work) -> None:
            await work.pass_by()

        wizard.runs.carrier.carry = carry  # type: ignore[method-assign] # nothing remote here
        work = Work("carry", "Carrying out")
        work.pause()
        wizard.runs._run(work, carry)
        await until(pilot, lambda: work.paused)
        await wizard.ferry.leave(Exit.HANGUP)
        assert work.cancelled
        assert wizard.app.return_code == Exit.HANGUP


async def test_a_cutover_is_stopped_but_never_paused(saved: Saved) -> None:
    async with at(saved(decided=(*ALL, "review")), "cutover") as (wizard, pilot):
        work = Work("cutover", 'Cutting "rest" over', wave="rest")

        stopped = asyncio.Event()

        async def hand(work: Work) -> None:
            await stopped.wait()
            assert work.should_stop()

        wizard.runs._run(work, hand)
        await keys(pilot, "p")
        assert "must not wait. s stops." in text_of(wizard.app)
        assert not work.pausing
        await keys(pilot, "s")
        stopped.set()
        await until(pilot, lambda: not work.running)


async def test_a_second_interrupt_ends_work_at_once(saved: Saved) -> None:
    async with at(saved(decided=(*ALL, "review")), "prepare") as (wizard, pilot):

        async def carry(work: Work) -> None:
            del work
            await asyncio.Event().wait()

        wizard.runs.carrier.carry = carry  # type: ignore[method-assign] # nothing remote here
        await keys(pilot, "c", "ctrl+c", "ctrl+c")
        assert wizard.runs.work is not None
        assert wizard.runs.work.cancelled


async def test_a_failed_run_says_why(saved: Saved, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASTROFERRY_REPORTS", str(tmp_path))
    async with at(saved(decided=(*ALL, "review")), "prepare") as (wizard, pilot):
        failed: list[Work] = []

        async def carry(work: Work) -> None:
            failed.append(work)
            raise UnreachableError("Astro could not be reached.", hint="Run it again.")

        wizard.runs.carrier.carry = carry  # type: ignore[method-assign] # nothing remote here
        await keys(pilot, "c")
        await until(pilot, lambda: wizard.runs.work is not None and not wizard.runs.work.running)
        await settled(pilot)
        assert "Astro could not be reached. Run it again." in text_of(wizard.app)
        # In full from every page, to be tried again.
        await keys(pilot, "escape", "f10", "down", "down", "enter")
        assert isinstance(wizard.app.screen, ErrorScreen)
        assert "Astro could not be reached. Run it again." in text_of(wizard.app)
        await keys(pilot, "s")
        assert "Saved to" in text_of(wizard.app)
        tries = len(failed)
        await keys(pilot, "r")
        await until(pilot, lambda: len(failed) == tries + 1)


async def test_a_cutover_needs_tested_values_met_checks_and_the_name(saved: Saved, plan: Any) -> None:
    path = saved(decided=(*ALL, "review"), waves=(plan.waves[0], dataclasses.replace(plan.waves[1], state="tested")))
    async with at(path, "cutover") as (wizard, pilot):
        begun: list[str] = []
        carrier = wizard.runs.carrier
        met = Prerequisite("values", "Values are the same", "met", "9 same")
        checks = [dataclasses.replace(met, outcome="missing", detail="1 differs"), met]

        async def look(work: Work) -> None:
            carrier.ready[work.wave] = (checks.pop(0),)

        async def cut_over(work: Work) -> None:
            begun.append(work.wave)

        carrier.look_whether_ready = look  # type: ignore[method-assign] # nothing remote here
        carrier.cut_over = cut_over  # type: ignore[method-assign] # likewise
        await keys(pilot, "up", "c")
        assert "not tested yet" in text_of(wizard.app)
        await keys(pilot, "down", "c")
        await until(pilot, lambda: isinstance(wizard.app.screen, ChecklistScreen))
        assert "1 check not met" in text_of(wizard.app), "the name is not asked for in vain"
        await keys(pilot, "escape", "c")
        await until(pilot, lambda: isinstance(wizard.app.screen, ConfirmScreen))
        await pilot.press(*"data-prod", "enter")
        await until(pilot, lambda: bool(begun))
        assert begun == ["rest"]


@pytest.mark.parametrize("kind", ["cutover", "watch"])
async def test_a_rollback_waits_for_the_step_in_hand_and_no_longer(saved: Saved, kind: Kind) -> None:
    path = saved(decided=(*ALL, "review"))
    journal = Journal(path.with_suffix(".journal.jsonl"), now=lambda: NOON)
    journal.write("cutover/rest/daily_sales/record", "done")
    async with at(path, "cutover") as (wizard, pilot):
        order: list[str] = []

        async def hand(work: Work) -> None:
            try:
                await work._on.wait()  # set by a stop
            finally:
                order.append(f"{kind} ended")

        async def roll_back(work: Work, dag: str | None) -> None:
            order.append(f"back: {work.wave} {dag}")

        wizard.runs.carrier.roll_back = roll_back  # type: ignore[method-assign, assignment] # nothing remote here
        wizard.runs._run(Work(kind, "Going on", wave="rest"), hand)
        await keys(pilot, "down", "b")
        await pilot.press(*"data-prod", "enter")
        await until(pilot, lambda: len(order) == 2)
        assert order == [f"{kind} ended", "back: rest None"]


async def test_every_page_tells_what_goes_on_and_how_it_ended(saved: Saved, monkeypatch: pytest.MonkeyPatch) -> None:
    async with at(saved(decided=(*ALL, "review")), "cutover") as (wizard, pilot):
        ends = asyncio.Event()
        rang: list[str] = []
        monkeypatch.setattr(wizard.app, "bell", lambda: rang.append("bell"))

        async def hand(work: Work) -> None:
            await ends.wait()
            work.result = "All of it moved."

        wizard.runs._run(Work("cutover", 'Cutting "rest" over', wave="rest"), hand)
        await keys(pilot, "escape")
        await until(pilot, lambda: 'Cutting "rest" over goes on' in text_of(wizard.app))
        await keys(pilot, "escape")
        assert wizard.session.nav.stop.key == "review"
        assert '› Cutting "rest" over' in text_of(wizard.app)  # noqa: RUF001 - the sign of what goes on
        ends.set()
        await until(pilot, lambda: "All of it moved." in text_of(wizard.app))
        wizard.session.nav.index = POSITION["cutover"]
        wizard.arrived()
        await settled(pilot)

        async def back(work: Work) -> None:
            work.bad, work.result = True, "Stopped between two steps."

        wizard.runs._run(Work("rollback", 'Rolling "first" back', wave="first"), back)
        await until(pilot, lambda: "! Stopped between two steps." in text_of(wizard.app))
        wizard.session.nav.index = POSITION["watch"]
        wizard.arrived()
        await settled(pilot)
        assert "Nothing has been watched yet" in text_of(wizard.app)
        assert "Stopped" not in text_of(wizard.app), "the cutover's page tells it"
        assert rang == ["bell"] * 2, "whoever looked away is called back"


async def test_the_cursor_stays_in_sight_however_fast_the_keys_come(saved: Saved, facts: OrganizationFacts) -> None:
    async with at(saved(decided=ALL), "review", (80, 24), facts) as (wizard, pilot):
        page = wizard.query_one(Page)
        for step in (15, 15, 15, -15, -15, -15):
            page.action_move(step)
            assert 0 <= page.cursor - round(page.scroll_y) < page.size.height
        rows = RowList(("number",), [(str(number),) for number in range(200)])
        await wizard.query_one("#place").mount(rows)
        await settled(pilot)
        for step in (1, 1, 1, -1, -1, -1):
            rows.action_page(step)
            assert 0 <= rows.cursor - round(rows.scroll_y) < max(1, rows.size.height - 1)


async def test_a_panel_that_is_being_built_is_told_nothing(saved: Saved) -> None:
    async with at(saved(decided=(*ALL, "review")), "prepare") as (wizard, pilot):
        built = wizard._panel = CarryPanel(wizard.session)
        place = wizard.query_one("#shown")
        await place.remove_children()
        ready = place.mount(built)
        # Between two stages something begins, moves on and ends.
        wizard.begun()
        wizard.moved()
        wizard._settle()
        await ready
        assert wizard.panel is built
        await settled(pilot)
        assert "Nothing runs" in text_of(wizard.app)


async def test_what_skipping_means_is_said_before(saved: Saved, facts: OrganizationFacts) -> None:
    path = saved(decided=ALL[: ALL.index("networking")])
    async with at(path, "networking", (100, 30), facts) as (wizard, pilot):
        await keys(pilot, "f8")
        assert wizard.session.nav.stop.key == "networking"
        assert "Skipped, paths stay as guessed" in text_of(wizard.app)
        await keys(pilot, "f8")
        assert wizard.session.nav.stop.key == "workspaces"


async def test_a_bug_ends_without_showing_local_variables(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    apps: list[Ferry] = []

    def broken() -> None:
        password = "hunter2-hunter2"
        raise ZeroDivisionError(len(password))

    async def walk() -> None:
        async with running(folder) as (app, pilot):
            apps.append(app)
            app.call_later(broken)
            await pilot.pause()
            await pilot.pause()

    with pytest.raises(ZeroDivisionError):
        await walk()
    out = capsys.readouterr()
    assert "hunter2" not in out.out + out.err
    assert isinstance(apps[0].bug, ZeroDivisionError)


async def test_a_plan_in_use_cannot_be_opened_twice(saved: Saved) -> None:
    path = saved()
    session = Session.open(path)
    try:
        with pytest.raises(PlanInUseError):
            Session.open(path)
    finally:
        session.close()


async def test_an_error_is_saved_to_a_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASTROFERRY_REPORTS", str(folder))
    (folder / "migration.toml").write_text("format = 99\n[source]\n", encoding="utf-8")
    async with running(folder) as (app, pilot):
        await keys(pilot, "enter")
        assert isinstance(app.screen, ErrorScreen)
        await keys(pilot, "c", "s", "escape")
        (report,) = app.reports
        assert "format 99" in report.read_text(encoding="utf-8")


async def test_leaving_by_the_menu_ends_with_0(saved: Saved, facts: OrganizationFacts) -> None:
    async with at(saved(decided=ALL[:3]), "version", facts=facts) as (wizard, pilot):
        app = wizard.app
        await keys(pilot, "f10", "down", "enter")
        assert app.return_code == Exit.DONE


async def test_a_plan_in_use_is_told_on_a_low_screen_too(saved: Saved) -> None:
    path = saved(decided=ALL[:10])
    # Three plans on offer, so that what is said of the first stands below the edge.
    plans = [path, *(Path(shutil.copy(path, path.with_name(f"other-{number}.toml"))) for number in range(2))]
    held = [Session.open(plan) for plan in plans]
    try:
        async with running(path.parent, (60, 16)) as (app, pilot):
            await keys(pilot, "enter")
            assert "look with `astroferry status`" in " ".join(text_of(app).split())
            await keys(pilot, "end")
            assert "● Open another plan" in text_of(app)
    finally:
        for session in held:
            session.close()


@pytest.mark.slow
async def test_no_size_breaks_it(saved: Saved, facts: OrganizationFacts) -> None:
    async with at(saved(decided=ALL[:10]), "waves", facts=facts) as (wizard, pilot):
        for size in ((20, 5), (60, 16), (200, 60)):
            await pilot.resize_terminal(*size)
            await keys(pilot, "f1", "escape", "f7", "escape", "f10", "escape")
            assert wizard.session.nav.stop.key == "waves"


@pytest.mark.parametrize("size", [(80, 24), (60, 16), (120, 40)])
async def test_the_list_of_stages_is_one_key_away_at_any_size(
    saved: Saved, facts: OrganizationFacts, size: tuple[int, int]
) -> None:
    async with at(saved(decided=(*ALL, "review")), "prepare", size, facts=facts) as (wizard, pilot):
        there = wizard.stages.display
        await keys(pilot, "f6")
        await until(pilot, lambda: wizard.stages.has_focus)
        assert " here" in text_of(wizard.app)
        await keys(pilot, *["up"] * 4)
        assert "How values" in text_of(wizard.app)
        await keys(pilot, "escape")
        await until(pilot, lambda: wizard.stages.display is there)
        await keys(pilot, "f6")
        await until(pilot, lambda: wizard.stages.has_focus)
        await keys(pilot, *["up"] * 3, "enter")
        await until(pilot, lambda: wizard.session.nav.stop.key == "values")


async def test_the_checklist_is_a_key_away_from_either_list(saved: Saved, plan: Any) -> None:
    waves = tuple(dataclasses.replace(wave, state="tested") for wave in plan.waves)
    async with at(saved(decided=(*ALL, "review"), waves=waves), "cutover") as (wizard, pilot):
        looked: list[str] = []
        wizard.runs.look_whether_ready = looked.append  # type: ignore[method-assign,assignment] # nothing remote here
        await keys(pilot, "end", "l")
        assert "b roll back · F2 watch · l checks · Tab DAGs" in text_of(wizard.app)
        await keys(pilot, "tab", "l")
        assert looked == ["rest", "rest"]
        assert "d one DAG back · Enter a DAG · Tab waves" in text_of(wizard.app), "of the list that has the keys"


@pytest.mark.parametrize(
    "last",
    [
        (("drain-source", "begin"),),
        # Ended between two steps, none of them is open.
        (("drain-source", "done"), ("mark", "done"), ("unpause-target", "done"), ("gap-target", "found")),
    ],
)
async def test_a_wave_that_was_left_halfway_has_the_cursor(
    saved: Saved, plan: Any, last: tuple[tuple[str, Event], ...]
) -> None:
    waves = tuple(dataclasses.replace(wave, state="tested") for wave in plan.waves)
    path = saved(decided=(*ALL, "review"), waves=waves)
    journal = Journal(path.with_suffix(".journal.jsonl"))
    journal.write("cutover/rest/daily_sales/record", "done", facts={})
    for step, event in last:
        journal.write(f"cutover/rest/daily_sales/{step}", event)
    async with at(path, "cutover") as (wizard, _):
        assert isinstance(wizard.panel, CutoverPanel)
        assert wizard.panel.wave is not None
        assert wizard.panel.wave.name == "rest"


async def test_a_signal_while_a_stage_is_built_is_no_bug(saved: Saved) -> None:
    async with running(saved(decided=(*ALL, "review")).parent) as (app, pilot):
        app.work_on(Session.open(app.folder / "migration.toml"))
        wizard = app.wizard
        assert wizard is not None
        await pilot.pause()
        wizard.arrived()
        await app.leave(Exit.TERMINATED)
    assert app.bug is None
    assert app.return_code == Exit.TERMINATED


def test_a_wave_that_takes_no_dag_keeps_no_stage_open(saved: Saved, seen: Inventory) -> None:
    ids = tuple(dag.dag_id for dag in seen.dags)
    waves = (Wave("named", "data-test", "data-prod", ids, state="cut over"), Wave("rest", "data-test", "data-prod"))
    session = Session.open(saved(decided=(*ALL, "review"), waves=waves))
    try:
        assert session.nav.carried["cutover"] == "done"
    finally:
        session.close()


async def test_what_a_broken_off_read_has_given_is_looked_at_kept_and_completed(
    saved: Saved, inventory: Inventory, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = saved(decided=ALL[:2])
    (path.parent / "inventory.json").unlink()
    monkeypatch.setenv("ASTROFERRY_SOURCE_TOKEN", "a-token")
    reads: list[int] = []
    go = asyncio.Event()

    async def read(self: Session, ask: Any, tell: Any) -> None:
        del ask
        reads.append(len(self.unfinished.listed))
        self.unfinished.total = 14_000
        self.unfinished.answers["pools"] = inventory.pools
        for dag in inventory.dags[len(self.unfinished.listed) :]:
            self.unfinished.listed.append(dag)
            tell(Progress("dags", len(self.unfinished.listed), 14_000))
            await go.wait()
            go.clear()
        self.desk.inventory = inventory

    monkeypatch.setattr(Session, "read_source", read)
    async with at(path, "inventory") as (wizard, pilot):
        await until(pilot, lambda: bool(wizard.session.unfinished.listed))
        await keys(pilot, "f7")
        assert isinstance(wizard.app.screen, SeenScreen)
        assert "DAGs 1 · connections not read yet" in text_of(wizard.app)
        assert "Partial. Still to be read: 13,999 of 14,000 DAGs" in text_of(wizard.app)
        go.set()
        await until(pilot, lambda: len(wizard.session.unfinished.listed) == 2)
        wizard.app.screen._again()
        await settled(pilot)
        assert "DAGs 2 ·" in text_of(wizard.app), "it goes on while one looks"
        await keys(pilot, "f1")
        assert "Esc takes the filter off" in text_of(wizard.app)
        await keys(pilot, "escape")
        await keys(pilot, "left", "left", "left", "left")
        assert "default_pool" in text_of(wizard.app)
        await keys(pilot, "escape", "f1")
        assert "What the source has is read over its API" in text_of(wizard.app)
        await keys(pilot, "escape", "ctrl+c")
        assert "Cancelled. What was read is kept" in text_of(wizard.app)
        assert "F5 go on reading" in text_of(wizard.app)
        await keys(pilot, "f2")
        assert wizard.session.nav.stop.key == "inventory", "nothing rests on a part"
        await keys(pilot, "escape", "f2", "f7")
        assert isinstance(wizard.app.screen, SeenScreen), "it is kept when one leaves and comes back"
        await keys(pilot, "escape", "f5")
        assert reads == [0, 2]
        while wizard.reads.going:
            go.set()
            await pilot.pause()
        await settled(pilot)
        assert "Partial" not in text_of(wizard.app)
        assert "F7 look at it" in text_of(wizard.app)
    assert not (path.parent / "inventory.json").exists(), "a part is never written"
