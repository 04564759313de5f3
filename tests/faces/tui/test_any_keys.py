"""No sequence of keys loses an answer or raises: any keys, pressed in the whole wizard at any stage."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.faces.tui.tui_driving import NOW, running, settled
from textual.pilot import WaitForScreenTimeout

from astroferry.errors import UnreachableError
from astroferry.faces.navigator import POSITION, STOPS
from astroferry.faces.session import Session
from astroferry.model import inventoryfile, planfile
from astroferry.model.planedit import value_at
from astroferry.stages import DECIDING

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pytest

    from astroferry.faces.navigator import Navigator
    from astroferry.faces.work import Work
    from astroferry.model.inventory import Inventory
    from astroferry.model.organization import OrganizationFacts
    from astroferry.model.plan import Plan

ALL = tuple(stage.key for stage in DECIDING)
MOVES = ("f2", "escape", "f3", "enter", "tab", "shift+tab", "up", "down", "left", "right", "home", "end", "space")
SCREENS = ("f1", "question_mark", "f4", "f5", "f6", "f7", "f8", "f10", "ctrl+x", "ctrl+l", "pageup", "pagedown")
LETTERS = (
    "a",
    "b",
    "c",
    "d",
    "e",
    "r",
    "s",
    "v",
    "w",
    "x",
    "3",
    "slash",
    "minus",
    "full_stop",
    "backspace",
    "delete",
)
SIZES = ((80, 24), (60, 16), (120, 40), (20, 5))
KEYS = st.lists(st.one_of(st.sampled_from(MOVES), st.sampled_from(SCREENS), st.sampled_from(LETTERS)), max_size=24)


async def nothing_remote(work: Work, *_: Any) -> None:
    """What any work does here."""
    work.stage = "prepare"
    await asyncio.sleep(0)
    raise UnreachableError("There is no server in this test.")


def kept(nav: Navigator, key: str, value: Any) -> bool:
    """Whether what was typed is still there: as a draft, or in the plan by Next or by leaving."""
    if key in nav.drafts:
        return bool(nav.drafts[key] == value)
    # Tables become objects in the plan; one line of text, a choice and a yes or no stay what they were.
    return not isinstance(value, str | bool) or value_at(nav.desk.plan, key) == value


async def walk(folder: Path, stop: str, keys: Sequence[str], size: tuple[int, int], facts: OrganizationFacts) -> None:
    """Press them all; look after each what became of the drafts."""
    async with running(folder, size) as (app, pilot):
        session = Session.open(folder / "migration.toml", now=lambda: NOW)
        session.desk.facts = facts
        session.nav.index = POSITION[stop]
        app.work_on(session)
        await settled(pilot)
        wizard = app.wizard
        assert wizard is not None
        for name in ("carry", "retry", "compare", "cut_over", "roll_back"):
            setattr(wizard.runs.carrier, name, nothing_remote)
        nav = session.nav
        for key in keys:
            if app.return_code is not None or app.session is None:
                break
            drafts = dict(nav.drafts)
            # A widget that is removed while Pilot waits for it never answers (Textual 8.2.8); the app has gone on.
            with contextlib.suppress(WaitForScreenTimeout):
                await pilot.press(key)
                await settled(pilot)
            assert app.bug is None, key
            if key in LETTERS or key in {
                "up",
                "down",
                "left",
                "right",
                "home",
                "end",
                "space",
                "enter",
                "question_mark",
            }:
                continue  # these may change the draft that they type into
            for draft, value in drafts.items():
                assert kept(nav, draft, value), f"{key} lost {draft} = {value!r}"
        drafts = dict(nav.drafts)
        if app.session is not None:
            await app.leave()
        plan = planfile.load(folder / "migration.toml", unfinished=True)
        assert plan == session.desk.plan, "what is left is what was saved"
        for draft, value in drafts.items():
            assert kept(nav, draft, value), f"leaving lost {draft} = {value!r}"


@settings(
    max_examples=10,
    deadline=None,
    # Other keys at each desk; the same ones where others wait for the result.
    derandomize="CI" in os.environ,
    phases=(Phase.explicit, Phase.generate, Phase.target, Phase.shrink),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(stop=st.sampled_from([stop.key for stop in STOPS]), keys=KEYS, size=st.sampled_from(SIZES))
def test_no_sequence_of_keys_loses_an_answer_or_raises(
    *,
    plan: Plan,
    seen: Inventory,
    facts: OrganizationFacts,
    monkeypatch: pytest.MonkeyPatch,
    stop: str,
    keys: list[str],
    size: tuple[int, int],
) -> None:
    async def unreachable(self: Session, *_: Any) -> None:
        raise UnreachableError("There is no server in this test.")

    monkeypatch.setattr(Session, "read_organization", unreachable)
    monkeypatch.setattr(Session, "read_source", unreachable)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        monkeypatch.setenv("ASTROFERRY_REPORTS", name)
        planfile.save(dataclasses.replace(plan, decided=(*ALL, "review")), folder / "migration.toml")
        inventoryfile.save(seen, folder / "inventory.json")
        asyncio.run(walk(folder, stop, keys, size, facts))
