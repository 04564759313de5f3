"""What servers say comes to the screen without what would steer the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import cell_len
from tests.faces.tui.tui_driving import running
from textual.widgets import Log, Static

if TYPE_CHECKING:
    from pathlib import Path

MEAN = "own\x1b[2Jer\x9b31m\x07"


async def test_no_widget_lets_a_control_character_through(tmp_path: Path) -> None:
    async with running(tmp_path) as (app, pilot):
        log = Log()
        await app.screen.mount(Static(MEAN, markup=False), log)
        log.write_line(MEAN)
        await pilot.pause()
        lines = [strip.text for strip in app.screen._compositor.render_strips()]
        assert sum("own[2Jer31m" in line for line in lines) == 2
        assert not [line for line in lines if any(ord(letter) < 32 or 127 <= ord(letter) < 160 for letter in line)]
        assert {cell_len(line) for line in lines} == {app.size.width}
