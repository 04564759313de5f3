"""How the headless face follows the carrying: a line per item, and what a long wait tells."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

from astroferry import diagnostics

if TYPE_CHECKING:
    from astroferry.carry.runner import Step


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
