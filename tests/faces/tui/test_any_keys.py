"""No sequence of keys loses an answer or raises: any keys, at any pace, pressed in the whole wizard at any stage.

ANY_KEYS=500 tries more of them (`make keys`).
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import os
import tempfile
import unicodedata
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st
from tests.faces.tui.tui_driving import NOW, running, settled
from textual.events import Key
from textual.pilot import WaitForScreenTimeout

from astroferry.carry.journal import Journal
from astroferry.carry.prerequisites import Prerequisite
from astroferry.carry.watching import note_of
from astroferry.errors import UnreachableError
from astroferry.faces.navigator import POSITION, STOPS
from astroferry.faces.session import Session
from astroferry.faces.tables import as_tables
from astroferry.model import inventoryfile, planfile
from astroferry.model.planedit import value_at
from astroferry.model.watching import DagVerdict
from astroferry.sources.progress import Progress
from astroferry.stages import DECIDING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from astroferry.faces.navigator import Navigator
    from astroferry.faces.tui.app import Ferry
    from astroferry.faces.work import Work
    from astroferry.model.inventory import Inventory
    from astroferry.model.organization import OrganizationFacts
    from astroferry.model.plan import Plan, WaveState

ALL = tuple(stage.key for stage in DECIDING)
MOVES = ("f2", "escape", "f3", "enter", "tab", "shift+tab", "up", "down", "left", "right", "home", "end", "space")
SCREENS = ("f1", "question_mark", "f4", "f5", "f6", "f7", "f8", "f9", "f10", "ctrl+x", "ctrl+l", "pageup", "pagedown")
ENDS = ("ctrl+c", "ctrl+q", "ctrl+d", "ctrl+u")
SIGNS = {"slash": "/", "minus": "-", "full_stop": ".", "question_mark": "?", "space": " "}
LETTERS = (*"abcdeghjklpqrsvwx3", "slash", "minus", "full_stop", "backspace", "delete")
SIZES = ((80, 24), (60, 16), (120, 40), (20, 5))
KEYS = st.lists(
    st.one_of(*(st.sampled_from(some) for some in (MOVES, SCREENS, LETTERS, MOVES, LETTERS, ENDS))), max_size=24
)
STATES: tuple[WaveState, ...] = ("planned", "tested", "cut over")
MAY_CHANGE = {
    *LETTERS,
    "up",
    "down",
    "left",
    "right",
    "home",
    "end",
    "space",
    "enter",
    "question_mark",
    "ctrl+u",
    "f2",
}
"""keys that may change the draft that they type into, or close a list or an editor with what was changed there"""
CHECKS = (
    Prerequisite("values-verified", "All values are equal", "met", "23 the same"),
    Prerequisite("alerts", "Somebody hears alerts", "to be confirmed", "Astro shows none", "an owner"),
    Prerequisite("dags-imported", "Every DAG is parsed", "missing", "not there: daily_sales", "you"),
)


async def nothing_remote(work: Work, *_: Any) -> None:
    """What any work does here."""
    work.stage = "prepare"
    await asyncio.sleep(0)
    raise UnreachableError("There is no server in this test.")


async def without_end(*_: Any) -> None:
    """A read or a run that goes on until it is cancelled."""
    await asyncio.Event().wait()


async def restless(app: Ferry) -> None:
    """Whatever goes on moves on, and the clock looks at it, at every moment at which it could; until no key waits."""
    await asyncio.sleep(0)
    numbers = count()
    while app.keys.busy and app.is_running and (wizard := app.wizard) is not None:
        number = next(numbers)
        for reading in wizard.reads.going:
            reading.tell(Progress("dags", number))
        if wizard.runs.going is not None:
            wizard.runs.going.tell(f"daily_sales: {number}")
        wizard._tick()
        await asyncio.sleep(0)


def kept(nav: Navigator, key: str, value: Any) -> bool:
    """Whether what was typed is still there: as a draft, or in the plan by Next or by leaving."""
    if key in nav.drafts:
        return bool(nav.drafts[key] == value)
    there = value_at(nav.desk.plan, key)
    # Tables become objects in the plan; one line of text, a choice and a yes or no stay what they were.
    return bool(there == value if isinstance(value, str | bool) else as_tables(there) == as_tables(value))


def nothing_reached(app: Ferry, run: Callable[..., Awaitable[None]]) -> None:
    """No server: every run is `run`, but the checklists are there."""
    wizard = app.wizard
    assert wizard is not None
    carrier = wizard.runs.carrier
    for name in ("carry", "retry", "compare", "cut_over", "roll_back", "watch"):
        setattr(carrier, name, run)

    async def look(work: Work) -> None:
        carrier.ready[work.wave] = CHECKS

    async def leave(work: Work) -> None:
        del work
        carrier.leaving = CHECKS[:1]

    carrier.look_whether_ready = look  # type: ignore[method-assign] # nothing remote here
    carrier.leave = leave  # type: ignore[method-assign] # likewise


def key_event(key: str) -> Key:
    """As the terminal's reader makes it."""
    character = SIGNS.get(key, key if len(key) == 1 else None)
    assert character is None or unicodedata.category(character) != "Cc"
    return Key(key, character)


async def walk(
    folder: Path,
    stop: str,
    keys: Sequence[str],
    size: tuple[int, int],
    facts: OrganizationFacts,
    *,
    at_once: bool,
    goes_on: bool,
) -> None:
    """Press them all, one by one or as they come over a slow line; look what became of the drafts.

    `goes_on`: reads and runs do not end by themselves, and move on all the time.
    """
    async with running(folder, size) as (app, pilot):
        session = Session.open(folder / "migration.toml", now=lambda: NOW)
        session.desk.facts = facts
        session.nav.index = POSITION[stop]
        app.work_on(session)
        await settled(pilot)
        nothing_reached(app, without_end if goes_on else nothing_remote)
        nav = session.nav
        confirmed = set(session.desk.plan.confirmed)
        if at_once:
            for key in keys:
                app.post_message(key_event(key))
            await restless(app)
            with contextlib.suppress(WaitForScreenTimeout):
                await settled(pilot)
        for key in () if at_once else keys:
            if app.return_code is not None or app.session is None:
                break
            drafts = dict(nav.drafts)
            # A widget that is removed while Pilot waits for it never answers (Textual 8.2.8); the app has gone on.
            with contextlib.suppress(WaitForScreenTimeout):
                if goes_on:
                    app.post_message(key_event(key))
                    await restless(app)
                else:
                    await pilot.press(key)
                await settled(pilot)
            assert app.bug is None, key
            assert confirmed <= set(session.desk.plan.confirmed), f"{key} took back a person's word"
            confirmed = set(session.desk.plan.confirmed)
            if key not in MAY_CHANGE:
                for draft, value in drafts.items():
                    assert kept(nav, draft, value), f"{key} lost {draft} = {value!r}"
        drafts = dict(nav.drafts)
        if app.session is not None:
            await app.leave()
        assert app.bug is None
        plan = planfile.load(folder / "migration.toml", unfinished=True)
        assert plan == session.desk.plan, "what is left is what was saved"
        for draft, value in drafts.items():
            assert kept(nav, draft, value), f"leaving lost {draft} = {value!r}"


@pytest.mark.slow
@settings(
    max_examples=int(os.environ.get("ANY_KEYS", "8")),
    deadline=None,
    # Other keys at each desk; the same ones where others wait for the result.
    derandomize="CI" in os.environ,
    phases=(Phase.explicit, Phase.generate, Phase.target, Phase.shrink),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    stop=st.sampled_from([stop.key for stop in STOPS]),
    keys=KEYS,
    size=st.sampled_from(SIZES),
    state=st.sampled_from(STATES),
    at_once=st.booleans(),
    goes_on=st.booleans(),
)
@example(stop="cutover", keys=["l", "down", "enter", "j", "enter", "q", "c", "x", "enter", "escape", "tab", "enter"],
         size=(80, 24), state="tested", at_once=False, goes_on=False)  # fmt: skip
@example(stop="watch", keys=["w", "down", "enter", "escape", "d", "x", "enter", "escape", "f1", "q", "f2", "c", "end",
                             "enter", "j", "enter", "r", "escape"],
         size=(80, 24), state="cut over", at_once=True, goes_on=False)  # fmt: skip
@example(stop="inventory", keys=["f5", "escape", "f2"], size=(80, 24), state="tested", at_once=True, goes_on=True)
@example(stop="watch", keys=["w", "escape"], size=(80, 24), state="cut over", at_once=True, goes_on=True)
def test_no_sequence_of_keys_loses_an_answer_or_raises(
    *,
    plan: Plan,
    seen: Inventory,
    facts: OrganizationFacts,
    monkeypatch: pytest.MonkeyPatch,
    stop: str,
    keys: list[str],
    size: tuple[int, int],
    state: WaveState,
    at_once: bool,
    goes_on: bool,
) -> None:
    async def unreachable(self: Session, *_: Any) -> None:
        raise UnreachableError("There is no server in this test.")

    for reads in ("read_organization", "read_source"):
        monkeypatch.setattr(Session, reads, without_end if goes_on else unreachable)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        monkeypatch.setenv("ASTROFERRY_REPORTS", name)
        waves = tuple(dataclasses.replace(wave, state=state) for wave in plan.waves)
        planfile.save(dataclasses.replace(plan, decided=(*ALL, "review"), waves=waves), folder / "migration.toml")
        inventoryfile.save(seen, folder / "inventory.json")
        if state == "cut over":
            _watched(folder, plan, seen)
        asyncio.run(walk(folder, stop, keys, size, facts, at_once=at_once, goes_on=goes_on))


def _watched(folder: Path, plan: Plan, seen: Inventory) -> None:
    """A watch that has seen something, so that its list has rows."""
    journal = Journal(folder / "migration.journal.jsonl")
    for dag in seen.dags:
        verdict = DagVerdict(dag.dag_id, "watching", expected=3, once=2)
        journal.write(note_of(plan.waves[0].name, dag.dag_id), "found", facts=verdict.to_facts())
