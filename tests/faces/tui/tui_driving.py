"""Opening the wizard in a test, waiting until it is settled, and reading its screen."""

from __future__ import annotations

from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from astroferry.faces.navigator import POSITION
from astroferry.faces.session import Session
from astroferry.faces.tui.app import Ferry

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from textual.pilot import Pilot

    from astroferry.faces.tui.screens.wizard import WizardScreen
    from astroferry.model.organization import OrganizationFacts

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@asynccontextmanager
async def running(folder: Path, size: tuple[int, int] = (80, 24)) -> AsyncIterator[tuple[Ferry, Pilot[None]]]:
    """The application at its first screen."""
    app = Ferry(folder, now=lambda: NOW, pace=0.01)
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        yield app, pilot
        if app.session is not None:
            app.session.close()


@asynccontextmanager
async def at(
    path: Path, stop: str, size: tuple[int, int] = (80, 24), facts: OrganizationFacts | None = None
) -> AsyncIterator[tuple[WizardScreen, Pilot[None]]]:
    """The wizard at one stop of a saved plan."""
    async with running(path.parent, size) as (app, pilot):
        session = Session.open(path, now=lambda: NOW)
        session.desk.facts = facts
        session.nav.index = POSITION[stop]
        app.work_on(session)
        await settled(pilot)
        wizard = app.wizard
        assert wizard is not None
        yield wizard, pilot


async def settled(pilot: Pilot[None]) -> None:
    """Until no key is in hand, and nothing is left to mount or to draw."""
    await pilot.pause()
    while isinstance(pilot.app, Ferry) and pilot.app.keys.busy:
        await pilot.pause()
    if any(worker.is_running for worker in pilot.app.workers):
        await pilot.app.workers.wait_for_complete()
        await pilot.pause()


async def sized(pilot: Pilot[None], width: int, height: int) -> None:
    """The terminal in another size, if it has not that one."""
    if pilot.app.size != (width, height):
        await pilot.resize_terminal(width, height)
        await settled(pilot)


def text_of(app: Any) -> str:
    """The screen as text, without trailing blanks."""
    strips = app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip).rstrip() for strip in strips) + "\n"
