"""SIGHUP and SIGTERM in every stage of the wizard, each in a real terminal: saved, ended cleanly, and said where.

No server is needed; it lies here because forty starts take their time.
"""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest
from tests.faces.tui.conftest import desk, facts, folder, quiet, saved, seen  # noqa: F401 - fixtures
from tests.terminal import DOWN, ENTER, F6, UP, terminal

from astroferry.faces.navigator import POSITION, STOPS
from astroferry.model import planfile
from astroferry.stages import DECIDING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

EVERYTHING = (*(stage.key for stage in DECIDING), "review")


@pytest.mark.parametrize(("number", "code"), [(signal.SIGHUP, 129), (signal.SIGTERM, 143)], ids=["HUP", "TERM"])
@pytest.mark.parametrize("stop", [stop.key for stop in STOPS])
def test_a_signal_in_every_stage(
    saved: Callable[..., Path],  # noqa: F811 - the fixture
    stop: str,
    number: signal.Signals,
    code: int,
) -> None:
    path = saved(decided=EVERYTHING)
    before = path.read_bytes()
    with terminal(path.parent) as screen:
        screen.wait_for("Go on with sales")
        screen.send(ENTER)
        screen.wait_for(f"of {len(STOPS)} · Prepare")
        steps = POSITION[stop] - POSITION["prepare"]
        if steps:
            screen.press(F6)
            screen.wait_for("to a stage you have been to")
            screen.send(*([DOWN] * steps if steps > 0 else [UP] * -steps), ENTER)
            title = next(item.title for item in STOPS if item.key == stop)
            screen.wait_for(f"{POSITION[stop] + 1} of {len(STOPS)} · {title}")
        screen.signal(number)
        assert screen.ends() == code
        assert b"Saved to" in screen.seen
        assert b"Traceback" not in screen.seen
    assert path.read_bytes() == before, "nothing was typed, so nothing changes"
    assert planfile.load(path).decided == EVERYTHING
