"""The same walk as data gives the same plan, byte for byte, whichever face asks: headless, plain, full screen."""

from __future__ import annotations

import argparse
import asyncio
from typing import TYPE_CHECKING, Any

import pytest
import tomli_w
from tests.faces.prompts.scripted import Scripted
from tests.faces.tui.tui_driving import settled
from tests.harness import NOW, World
from textual.widgets import Input, TextArea

from astroferry.faces.headless import plan as headless_plan
from astroferry.faces.navigator import POSITION, REVIEW
from astroferry.faces.prompts.run import run as run_plain
from astroferry.faces.tables import to_text
from astroferry.faces.tui.app import Ferry
from astroferry.faces.tui.panels.deciding import DecidingPanel
from astroferry.faces.tui.screens.modals import AskScreen, EditScreen

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from textual.pilot import Pilot

    from astroferry.faces.tui.screens.wizard import WizardScreen
    from astroferry.stages.question import Question

pytestmark = pytest.mark.slow
Answers = dict[str, Any]
DEPLOYMENTS = [
    {"name": "quay-test", "workspace": "Quay", "role": "test", "executor": "ASTRO"},
    {"name": "quay-production", "workspace": "Quay", "role": "production", "executor": "ASTRO"},
]
# Most of it as suggested, and on to the end: test_same_end.py.
WALKS: dict[str, Answers] = {
    "all decided otherwise": {
        "source.url": "http://source.test",
        "code.dags_folder": "dags",
        "decisions.runtime": "3.2-10",
        "decisions.cron_data_intervals": False,
        "decisions.cloud": "GCP",
        "decisions.region": "europe-west4",
        "places": [
            {"host": "api.example.com", "path": "public"},
            {"host": "pg.example.com", "path": "unknown"},
        ],
        "decisions.workspaces": "team",
        "workspaces": [{"name": "Quay", "description": "Ships and berths"}],
        "deployments": DEPLOYMENTS,
        "values.connections": "export-file",
        "values.connections_file": "connections.json",
        "values.variables": "typed",
        "conflicts.connections": "skip",
        "conflicts.pools": "overwrite",
        "waves": [
            {"name": "pilot", "test": "quay-test", "production": "quay-production", "dags": ["ticks_on"]},
            {
                "name": "rest",
                "test": "quay-test",
                "production": "quay-production",
                "dags": ["*"],
                "without": ["nightly"],
            },
        ],
    },
}


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.chdir(tmp_path)
    made = World(tmp_path, monkeypatch)
    yield made
    assert made.astro.contract_violations == []


# -- headless: an answers file ------------------------------------------------------------------------------------


def by_headless(world: World, answers: Answers) -> bytes:
    assert world.assess().code == 0
    raw: dict[str, Any] = {"name": "quay"}
    for key, value in answers.items():
        section, _, name = key.partition(".")
        if name:
            raw.setdefault(section, {})[name] = value
        else:
            raw[section] = value
    path = world.folder / "answers.toml"
    path.write_text(tomli_w.dumps(raw), encoding="utf-8")
    arguments = argparse.Namespace(
        inventory=str(world.inventory_path),
        answers=str(path),
        out=str(world.plan_path),
        no_input=True,
        json=False,
    )
    asyncio.run(headless_plan.run(arguments, now=lambda: NOW))
    return world.plan_path.read_bytes()


# -- plain: a line for each question -------------------------------------------------------------------------------


class Answering(Scripted):
    """Knows which question is asked by its prompt, and answers from the data."""

    def __init__(self, answers: Answers, folder: Path) -> None:
        super().__init__(())
        self.data = answers
        self.folder = folder
        self.session: Any = None
        self.done = 0

    async def line(self, prompt: str, default: str = "", **_: Any) -> str:
        self.asked.append(prompt)
        assert len(self.asked) < 200, "\n".join(self.said[-60:])
        if prompt == "What shall it be":
            return "new"
        if prompt == "What shall this migration be called":
            return "quay"
        if prompt.startswith("Carry it out"):
            return "save"
        if prompt.startswith("Enter goes on"):
            return ""
        question = self._question()
        value = self.data.get(question.key)
        if value is None or (question.kind in {"tables", "per-item"} and self._given(question.key)):
            return ""
        if question.kind == "tables":
            (self.folder / "table.toml").write_text(to_text(question.key, value), encoding="utf-8")
            return "file table.toml"
        if question.kind == "per-item":
            if not (changed := [row for row in value if row["path"] != "public"]):
                return ""
            number = [row["host"] for row in value].index(changed[0]["host"]) + 1
            return f"{number} {changed[0]['path']}"
        if isinstance(value, bool):
            return "yes" if value else "no"
        return str(value)

    def _question(self) -> Question:
        """The one whose prompt was said last."""
        prompts = {question.prompt: question for question in QUESTIONS}
        return next(prompts[line] for line in reversed(self.said) if line in prompts)

    def _given(self, key: str) -> bool:
        last = getattr(self, "_last", "")
        self._last = key
        return bool(last == key)


QUESTIONS: list[Question] = []


def by_plain(world: World, answers: Answers, monkeypatch: pytest.MonkeyPatch) -> bytes:
    from astroferry.faces.prompts import pages  # noqa: PLC0415 - looked at while it speaks

    QUESTIONS.clear()
    original = pages.question

    def seen(asked: Any) -> list[str]:
        QUESTIONS.append(asked.question)
        return original(asked)

    monkeypatch.setattr(pages, "question", seen)
    console = Answering(answers, world.folder)
    asyncio.run(run_plain(console=console, now=lambda: NOW))
    assert set(answers) <= {question.key for question in QUESTIONS}, console.page
    return world.plan_path.read_bytes()


# -- full screen: keys ---------------------------------------------------------------------------------------------


async def by_keys(world: World, answers: Answers) -> bytes:
    app = Ferry(world.folder, now=lambda: NOW, pace=0.01)
    async with app.run_test(size=(100, 40)) as pilot:
        await pilot.pause()
        await pilot.press("enter")
        await settled(pilot)
        assert isinstance(app.screen, AskScreen)
        await pilot.press(*"quay", "enter")
        await settled(pilot)
        wizard = app.wizard
        assert wizard is not None
        while wizard.session.nav.index < POSITION[REVIEW]:
            await read(pilot, wizard)
            before = wizard.session.nav.index
            await stage(pilot, wizard, answers)
            await pilot.press("f2")
            await settled(pilot)
            assert wizard.session.nav.index == before + 1, wizard.session.nav.trial().first_problem
        await app.leave()
    return world.plan_path.read_bytes()


async def read(pilot: Pilot[None], wizard: WizardScreen) -> None:
    """Until nothing is read any more."""
    for _ in range(600):
        if not wizard.reads.going:
            break
        await pilot.pause(0.02)
    await settled(pilot)


async def stage(pilot: Pilot[None], wizard: WizardScreen, answers: Answers) -> None:
    """Each question in turn, as later ones may come and go with earlier answers."""
    handled: set[str] = set()
    panel = wizard.panel
    assert isinstance(panel, DecidingPanel)
    while True:
        field = next((field for field in panel.fields if field.key not in handled), None)
        if field is None:
            return
        handled.add(field.key)
        if field.key not in answers:
            continue
        while panel.active is not field:
            await pilot.press("tab")
            await settled(pilot)
        await answered(pilot, field.asked.question, answers[field.key])


async def answered(pilot: Pilot[None], question: Question, value: Any) -> None:
    """By the keys of its control."""
    if question.kind in {"choice", "yes-no"}:
        wanted = ("yes" if value else "no") if question.kind == "yes-no" else value
        steps = [option.value for option in question.options].index(wanted)
        await pilot.press("home", *["down"] * steps)
    elif question.kind in {"text", "path"}:
        focused = pilot.app.focused
        assert isinstance(focused, Input)
        await pilot.press("end", "ctrl+u", *value)
    elif question.kind == "per-item":
        paths = [option.value for option in question.options]
        for row in value:
            shown = next(item for item in question.suggested if item["host"] == row["host"])
            steps = paths.index(row["path"]) - paths.index(shown["path"])
            await pilot.press(*["right"] * (steps % len(paths)), "down")
    else:
        await pilot.press("e")
        await settled(pilot)
        assert isinstance(pilot.app.screen, EditScreen)
        # As if pasted: thousands of single keys prove nothing more.
        pilot.app.screen.query_one(TextArea).text = to_text(question.key, value)
        await settled(pilot)
        await pilot.press("f2")
    await settled(pilot)


# -- all three -----------------------------------------------------------------------------------------------------


def cleared(world: World) -> None:
    """As before the first walk."""
    for path in (world.plan_path, world.inventory_path, world.folder / "answers.toml", world.folder / "table.toml"):
        path.unlink(missing_ok=True)


@pytest.mark.parametrize("name", WALKS)
def test_three_faces_one_plan(world: World, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    answers = WALKS[name]
    (world.folder / "connections.json").write_text("{}", encoding="utf-8")
    # Not parsed by the source: what the DAG folder alone tells is known to each face too.
    (world.folder / "dags").mkdir(exist_ok=True)
    (world.folder / "dags" / ".airflowignore").write_text("old/.*\n", encoding="utf-8")
    headless = by_headless(world, answers)
    assert (b"DAG_IGNORE_FILE_SYNTAX" in headless) is ("deployments" not in answers), headless.decode()
    cleared(world)
    plain = by_plain(world, answers, monkeypatch)
    cleared(world)
    keys = asyncio.run(by_keys(world, answers))
    assert plain.decode().splitlines() == headless.decode().splitlines()
    assert keys.decode().splitlines() == headless.decode().splitlines()
    assert plain == keys == headless
