"""The same walk to its end gives the same plan, byte for byte: carried out, confirmed, cut over, given back, watched.

Each face has both ends of its own; what is asked of them is the same, so what they write into the plan is too. Only a
page that a person has read and confirmed (the review) is marked by the two faces that show one.
"""

from __future__ import annotations

import asyncio
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING, Any

import pytest
from tests.faces.prompts.scripted import Scripted
from tests.faces.test_same_walk import by_headless, by_keys, by_plain
from tests.faces.tui.tui_driving import settled, text_of
from tests.harness import DEPLOYMENT, NOW, World

from astroferry.carry import approving
from astroferry.faces.navigator import POSITION
from astroferry.faces.prompts.run import run as run_plain
from astroferry.faces.prompts.walk import PlainWalk
from astroferry.faces.session import Session
from astroferry.faces.tui.app import Ferry
from astroferry.faces.tui.panels.cutover import CutoverPanel
from astroferry.faces.tui.panels.leave import LeavePanel
from astroferry.faces.tui.panels.watch import WatchPanel
from astroferry.faces.tui.screens.checklist import ChecklistScreen
from astroferry.faces.tui.screens.modals import AskScreen, ConfirmScreen
from astroferry.model import planfile

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from textual.pilot import Pilot

    from astroferry.faces.tui.screens.wizard import WizardScreen
    from astroferry.faces.tui.widgets.check_list import CheckList

PERSON = "Olivia Owner"
BEFORE = ("alerts", "people-invited", "rollback-plan")
AFTER = ("old-services-stopped", "old-database-removed", "old-infrastructure-removed", "old-access-revoked")
GIVEN_BACK = "ticks_now"
ANSWERS: dict[str, Any] = {
    "source.url": "http://source.test",
    "code.dags_folder": "dags",
    # A page that is taken confirms what it shows; without a page, an answer does.
    "places": [{"host": "api.example.com", "path": "public"}, {"host": "pg.example.com", "path": "public"}],
    "workspaces": [{"name": "Quay"}],
    "deployments": [{"name": DEPLOYMENT, "workspace": "Quay", "executor": "ASTRO"}],
    "values.connections": "starship",
    "waves": [
        {"name": "pilot", "test": DEPLOYMENT, "production": DEPLOYMENT, "dags": ["ticks_on", GIVEN_BACK]},
        {"name": "rest", "test": DEPLOYMENT, "production": DEPLOYMENT, "dags": ["*"]},
    ],
}
HASTY = {
    "poll = 5.0": "poll = 60.0",
    "parse_timeout = 900": "parse_timeout = 240",
    "watch_ticks = 3": "watch_ticks = 1",
}
"""limits for a clock that goes through hours in no time"""


class Noon(datetime):
    """Whoever gives a word gives it at noon."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> Noon:
        return cls.fromtimestamp(NOW.timestamp(), tz)


def headless(world: World) -> None:
    for words, code in (
        (("apply",), 0),
        (("approve", *(word for key in BEFORE for word in ("--what", key)), "--by", PERSON), 0),
        (("cutover", "--wave", "pilot", "--confirm", DEPLOYMENT), 0),
        (("rollback", "--wave", "pilot", "--dag", GIVEN_BACK, "--confirm", DEPLOYMENT), 0),
        (("watch",), 0),
        (("decommission",), 3),
        (("approve", *(word for key in AFTER for word in ("--what", key)), "--by", PERSON), 0),
    ):
        ran = world.on_plan(*words)
        assert ran.code == code, (words, ran.err)
    # The verbs add to the file and leave every byte of it as a person has it; a face with pages writes it anew.
    planfile.save(planfile.load(world.plan_path), world.plan_path)


def plain(world: World) -> None:
    console = Scripted(
        ("carry", DEPLOYMENT, "go", "pilot", "check", "all", PERSON, "cutover", DEPLOYMENT,
         "dag", GIVEN_BACK, "1", DEPLOYMENT, "back", "go", "watch", "back", "save")
    )  # fmt: skip
    asyncio.run(run_plain(plan=world.plan_path, console=console, now=lambda: NOW))
    assert console.answers == [], console.page
    # On lines one comes there only once all has moved.
    session = Session.open(world.plan_path, now=lambda: NOW)
    session.nav.index = POSITION["decommission"]
    console = Scripted(("check", "all", PERSON, "save"))
    asyncio.run(PlainWalk(session, console).run())
    session.close()
    assert console.answers == [], console.page


async def keys(world: World) -> None:
    app = Ferry(world.folder, now=lambda: NOW, pace=0.01)
    async with app.run_test(size=(100, 40)) as pilot:
        await settled(pilot)
        await pilot.press("enter")
        await settled(pilot)
        wizard = app.wizard
        assert wizard is not None
        assert wizard.session.nav.index == POSITION["review"]
        await named(pilot, "f2")
        await ended(pilot, wizard)
        await pilot.press("f2")
        await settled(pilot)
        panel = wizard.panel
        assert isinstance(panel, CutoverPanel), text_of(app)
        await pilot.press("l")
        await ended(pilot, wizard)
        assert isinstance(app.screen, ChecklistScreen)
        await words(pilot, app.screen.list)
        await pilot.press("escape")
        await settled(pilot)
        await named(pilot, "c")
        await ended(pilot, wizard)
        steps = [row[0] for row in panel.dags.rows].index(GIVEN_BACK)
        await pilot.press("tab", "home", *["down"] * steps)
        await settled(pilot)
        await named(pilot, "d")
        await ended(pilot, wizard)
        await pilot.press("f2")
        await settled(pilot)
        assert isinstance(wizard.panel, WatchPanel), text_of(app)
        await pilot.press("w")
        await ended(pilot, wizard)
        await pilot.press("f2")
        await settled(pilot)
        assert isinstance(wizard.panel, LeavePanel), text_of(app)
        await pilot.press("c")
        await ended(pilot, wizard)
        await words(pilot, wizard.panel.checks)
        await pilot.press("r")
        await settled(pilot)
        await app.leave()


async def named(pilot: Pilot[None], key: str) -> None:
    """A key that asks for the Deployment's name, and the name."""
    await pilot.press(key)
    await settled(pilot)
    assert isinstance(pilot.app.screen, ConfirmScreen), text_of(pilot.app)
    await pilot.press(*DEPLOYMENT, "enter")
    await settled(pilot)


async def words(pilot: Pilot[None], checks: CheckList) -> None:
    """A person's word on all that no machine can see."""
    # The cursor goes on to the next open one by itself where there is any.
    for number in range(len(checks.checks)):
        if checks.checks[number].outcome == "to be confirmed":
            await pilot.press("home", *["down"] * number, "enter")
            await settled(pilot)
            assert isinstance(pilot.app.screen, AskScreen), text_of(pilot.app)
            await pilot.press(*PERSON, "enter")
            await settled(pilot)


async def ended(pilot: Pilot[None], wizard: WizardScreen) -> None:
    """Until nothing runs any more."""
    for _ in range(3000):
        await pilot.pause(0.01)
        if wizard.runs.work is not None and not wizard.runs.work.running:
            break
    work = wizard.runs.work
    assert work is not None
    assert not work.running
    assert not work.error, work.error
    await settled(pilot)


def walked(folder: Path, monkeypatch: pytest.MonkeyPatch, decide: Callable[[World], bytes], way: Any) -> list[str]:
    """The plan's lines after the whole walk, the organization's random id apart."""
    folder.mkdir()
    monkeypatch.chdir(folder)
    world = World(folder, monkeypatch)
    decide(world)
    for old, new in HASTY.items():
        world.edit_plan(old, new)
    way(world)
    assert world.astro.contract_violations == []
    text = world.plan_path.read_text(encoding="utf-8")
    return text.replace(world.astro.organization, "ORGANIZATION").splitlines(keepends=True)


@pytest.mark.slow
def test_three_faces_one_plan_to_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(approving, "datetime", Noon)
    by_verbs = walked(tmp_path / "verbs", monkeypatch, lambda world: by_headless(world, ANSWERS), headless)
    on_lines = walked(tmp_path / "lines", monkeypatch, lambda world: by_plain(world, ANSWERS, monkeypatch), plain)
    pressed = walked(
        tmp_path / "keys",
        monkeypatch,
        lambda world: asyncio.run(by_keys(world, ANSWERS)),
        lambda world: asyncio.run(keys(world)),
    )
    assert pressed == on_lines
    read = '    "review",\n'
    assert read in pressed
    assert [line for line in pressed if line != read] == by_verbs
    text = "".join(pressed)
    assert ('state = "cut over"' in text, 'state = "tested"' in text) == (True, True)
    assert [key for key in (*BEFORE, *AFTER) if f'what = "{key}", by = "{PERSON}"' not in text] == []
