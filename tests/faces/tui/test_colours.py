"""Whatever colours a terminal has or shall not show: what is written on it can be read."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import pyte
import pytest
from tests.faces.tui.tui_driving import at

from astroferry.stages import DECIDING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from textual.strip import Strip

    from astroferry.faces.tui.app import Ferry
    from astroferry.model.organization import OrganizationFacts

TERMINALS = (
    {"TERM": "linux"},
    {"TERM": "screen"},
    {"TERM": "xterm-256color"},
    {"TERM": "xterm-256color", "COLORTERM": "truecolor"},
)


def painted(app: Ferry) -> set[tuple[str, str]]:
    """Foreground and background of all letters and digits, as the sequences make them that this terminal gets."""
    screen = pyte.Screen(*app.size)
    stream = pyte.Stream(screen)
    for number, strip in enumerate(app.screen._compositor.render_strips(), start=1):
        with first_time(strip):
            stream.feed(f"\x1b[{number}H{strip.render(app.console)}")
    cells = (screen.buffer[row][column] for row in range(screen.lines) for column in range(screen.columns))
    return {(cell.fg, cell.bg) for cell in cells if cell.data.isalnum()}


@contextmanager
def first_time(strip: Strip) -> Iterator[None]:
    """Rich keeps the sequence of a style as it was for the first terminal of the process."""
    styles = [segment.style for segment in strip if segment.style is not None]
    for style in styles:
        style._ansi = None
    yield
    for style in styles:
        style._ansi = None


@pytest.mark.parametrize(
    ("given", "no_color"),
    [*((given, "1") for given in TERMINALS), *((given, "") for given in TERMINALS[::3])],
    ids=lambda given: " ".join(given.values()) if isinstance(given, dict) else "NO_COLOR" if given else "colours",
)
async def test_it_can_be_read(
    saved: Callable[..., Path],
    facts: OrganizationFacts,
    monkeypatch: pytest.MonkeyPatch,
    given: dict[str, str],
    no_color: str,
) -> None:
    for name in ("TERM", "COLORTERM", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {**given, "NO_COLOR": no_color}.items():
        if value:
            monkeypatch.setenv(name, value)
    decided = tuple(stage.key for stage in DECIDING[:4])
    async with at(saved(decided=decided), "execution", facts=facts) as (wizard, _):
        found = painted(wizard.ferry)
        if no_color:
            assert found == {("default", "default")}
        else:
            assert len(found) > 1, "colours mean something"
            assert all(ink != paper for ink, paper in found - {("default", "default")})
