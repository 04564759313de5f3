"""How the headless face follows the carrying: a line per item, and the waves' states in the plan."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

from astroferry import diagnostics
from astroferry.model.planfile import save_wave_state

if TYPE_CHECKING:
    from astroferry.carry.opening import Opened
    from astroferry.carry.runner import Step
    from astroferry.model.plan import WaveState


def advance(way: Opened, wave: str | None, before: WaveState, after: WaveState) -> None:
    """Move waves from one state to the next, in the plan and in its file."""
    for item in way.plan.waves:
        if wave in {None, item.name} and item.state == before:
            set_state(way, item.name, after)


def set_state(way: Opened, wave: str, state: WaveState) -> None:
    """Write one wave's state into the plan's file and the journal."""
    way.plan = way.plan.with_wave_state(wave, state)
    way.ctx.plan = way.plan
    save_wave_state(way.plan, way.path, wave)
    way.journal.write(f"wave/{wave}", "note", facts={"state": state})


_MARKS = {"done": "+", "found": "=", "failed": "!", "held": "-", "todo": "?", "undone": "<"}


def follow(step: Step, done: int, total: int) -> None:
    """One line for each item: mark, position, title, and why where there is something to say."""
    why = f": {step.why}" if step.why else ""
    diagnostics.say(f"{_MARKS[step.outcome]} {done:>{len(str(total))}}/{total} {step.info.title}{why}")


class Narrator:
    """Says what a long wait tells of itself: nothing twice in a row; where only numbers move, every few seconds."""

    def __init__(self, every: float = 5.0) -> None:
        self._every = every
        self._last = ""
        self._at = 0.0

    def __call__(self, line: str) -> None:
        """Say one line, or leave it out."""
        shape = re.sub(r"\d+", "0", line)
        now = time.monotonic()
        if shape == self._last and now - self._at < self._every:
            return
        if line != self._last:
            diagnostics.say(f"  {line}")
        self._last, self._at = shape, now
