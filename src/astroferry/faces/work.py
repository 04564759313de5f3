"""A run of something that changes servers: its counts, its lines of narration, its outcome."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from astroferry.diagnostics import redact
from astroferry.faces.running import Running

if TYPE_CHECKING:
    from collections.abc import Callable

    from astroferry.carry.runner import Step

Kind = Literal["carry", "compare", "check", "cutover", "rollback", "watch", "leave"]
LINES = 2000
"""lines of narration that are kept; the journal has what matters"""
PAUSES: frozenset[Kind] = frozenset({"carry", "compare"})
"""kinds that can be paused. A handover is not: between two steps a DAG may run on neither side, which must not last
until somebody comes back; it is stopped, which says so, or it goes on. What only looks is ended and begun again."""
NOT_PAUSED = "No pause: a DAG half handed over must not wait. s stops."


def _nothing() -> None:
    """Nobody waits for a pause."""


@dataclass
class Work(Running):
    """One run of something that changes servers.

    `steps` are the items that ended, by id.
    """

    kind: Kind
    title: str
    wave: str = ""
    page: str = ""
    """the stop that it was begun on, and which tells how it ended; "" where any of its kind does"""
    stage: str = ""
    """the stage that is in hand"""
    done: int = 0
    total: int = 0
    stage_done: int = 0
    stage_total: int = 0
    steps: dict[str, Step] = field(default_factory=dict)
    lines: deque[str] = field(default_factory=lambda: deque(maxlen=LINES))
    now_at: str = ""
    told: dict[str, str] = field(default_factory=dict)
    """DAG or other subject -> the last that was said of it"""
    result: str = ""
    bad: bool = False
    """whether `result` tells of something that did not go well"""
    since: int = 0
    """the number of the journal's last line before a handover began: what came before is not of this run"""
    stopping: bool = False
    pausing: bool = False
    """a pause was asked for"""
    paused: bool = False
    """and reached: nothing is under way, every item that was begun has its last line in the journal"""
    reached: Callable[[], None] = field(default=_nothing, repr=False)
    """called when a pause is reached"""
    _rested: float = 0.0
    _rests_since: float | None = field(default=None, repr=False)
    _on: asyncio.Event = field(default_factory=asyncio.Event, repr=False)

    def closing(self) -> None:
        """The last line of the narration."""
        if self.error:
            self.tell(f"! {self.error}")
        elif self.cancelled:
            self.tell("Stopped; what is done is in the journal.")
        self.now_at = ""

    @property
    def outcome(self) -> tuple[str, bool]:
        """How it ended, in a sentence, and whether that is good."""
        if self.error:
            return self.error, False
        if self.cancelled:
            return "Stopped; what is done is in the journal, and the next run goes on from there.", False
        return self.result or "Done.", not (self.bad or self.failed)

    @property
    def failed(self) -> tuple[Step, ...]:
        """Items that did not go well, held ones too."""
        return tuple(step for step in self.steps.values() if step.outcome in {"failed", "held"})

    def tell(self, line: str) -> None:
        """One line of narration."""
        self.now_at = redact(line)
        self.lines.append(self.now_at)
        subject, colon, rest = self.now_at.partition(": ")
        if colon:
            self.told[subject] = rest
        self.changes += 1

    def follow(self, step: Step, done: int, total: int) -> None:
        """An item ended."""
        self.stage_done, self.stage_total = done, total
        self.done += 1
        # Letting a side go on with what a handover left between the sides adds steps to those it began with.
        self.total = max(self.total, self.done)
        self.steps[step.info.id] = step
        why = f": {step.why}" if step.why else ""
        self.tell(f"{_WORDS[step.outcome]:<7} {step.info.title}{why}")

    def stop(self) -> None:
        """Finish the item in hand, then end; where it is paused, there is none."""
        self.stopping = True
        self._on.set()
        self.changes += 1

    def should_stop(self) -> bool:
        """Asked between two items."""
        return self.stopping

    @property
    def can_pause(self) -> bool:
        """Whether a pause between two of its items harms nobody."""
        return self.kind in PAUSES

    def pause(self) -> None:
        """Finish the item in hand, then wait for `go_on` or `stop`; the plan stays locked, and nothing is asked."""
        self.pausing = True
        self._on.clear()
        self.changes += 1

    def go_on(self) -> None:
        """No pause any more, whether it was reached or not."""
        self.pausing = False
        self._on.set()
        self.changes += 1

    async def pass_by(self) -> None:
        """Awaited between two items: goes by at once, unless a pause was asked for."""
        if not self.pausing or self.stopping:
            return
        self.paused, self._rests_since = True, time.monotonic()
        self.tell("Paused; nothing is under way.")
        self.reached()
        try:
            await self._on.wait()
        finally:
            self._rested += time.monotonic() - self._rests_since
            self.paused, self._rests_since = False, None
            self.changes += 1

    @property
    def worked(self) -> float:
        """Seconds that it worked: without its pauses."""
        rests = time.monotonic() - self._rests_since if self._rests_since is not None else 0.0
        return self.elapsed - self._rested - rests


_WORDS = {
    "done": "done",
    "found": "as is",
    "failed": "FAILED",
    "held": "held",
    "todo": "to do",
    "undone": "undone",
}
