"""Work that goes on whatever screen is shown: one task of the application, its counts, its lines, its end."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from astroferry.diagnostics import redact
from astroferry.errors import AstroferryError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from astroferry.carry.runner import Step

Kind = Literal["carry", "compare", "cutover", "rollback"]
LINES = 2000
"""lines of narration that are kept; the journal has what matters"""


@dataclass
class Work:
    """One run of something that changes servers.

    `steps` are the items that ended, by id. `error` says why the run as a whole ended early, "" where it did not.
    """

    kind: Kind
    title: str
    wave: str = ""
    stage: str = ""
    """the stage that is in hand"""
    done: int = 0
    total: int = 0
    stage_done: int = 0
    stage_total: int = 0
    steps: dict[str, Step] = field(default_factory=dict)
    lines: deque[str] = field(default_factory=lambda: deque(maxlen=LINES))
    now_at: str = ""
    error: str = ""
    result: str = ""
    bad: bool = False
    """whether `result` tells of something that did not go well"""
    stopping: bool = False
    cancelled: bool = False
    began: float = field(default_factory=time.monotonic)
    ended: float | None = None
    changes: int = 0
    """grows with everything that a screen would show"""
    _task: asyncio.Task[None] | None = None

    def start(self, run: Callable[[Work], Awaitable[None]], then: Callable[[Work], None]) -> None:
        """Run it in a task of its own; `then` is called once, however it ended."""
        self._task = asyncio.create_task(self._guarded(run, then))

    async def _guarded(self, run: Callable[[Work], Awaitable[None]], then: Callable[[Work], None]) -> None:
        try:
            await run(self)
        except AstroferryError as error:
            self.error = redact(str(error))
            self.tell(f"! {self.error}")
        except asyncio.CancelledError:
            # Asked for by us: the journal has where it stood.
            self.cancelled = True
            self.tell("Stopped; what is done is in the journal.")
        finally:
            self.ended = time.monotonic()
            self.now_at = ""
            self.changes += 1
            then(self)

    @property
    def running(self) -> bool:
        """Whether it goes on."""
        return self.ended is None

    @property
    def elapsed(self) -> float:
        """Seconds since it began, or until it ended."""
        return (self.ended or time.monotonic()) - self.began

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
        self.changes += 1

    def follow(self, step: Step, done: int, total: int) -> None:
        """An item ended."""
        self.stage_done, self.stage_total = done, total
        self.done += 1
        self.steps[step.info.id] = step
        why = f": {step.why}" if step.why else ""
        self.tell(f"{_WORDS[step.outcome]:<7} {step.info.title}{why}")

    def stop(self) -> None:
        """Finish the item in hand, then end."""
        self.stopping = True
        self.changes += 1

    def should_stop(self) -> bool:
        """Asked between two items."""
        return self.stopping

    async def cancel(self) -> None:
        """End now, between two journal lines or inside a wait; waits until it has ended."""
        if self._task is not None and not self._task.done():
            self._task.cancel()
            await asyncio.wait([self._task])


_WORDS = {
    "done": "done",
    "found": "as is",
    "failed": "FAILED",
    "held": "held",
    "todo": "to do",
    "undone": "undone",
}
