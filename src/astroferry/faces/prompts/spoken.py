"""Reads and runs that tell of themselves on lines: throttled, with counts, rate and what is left."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from astroferry.faces.clock import left, rate
from astroferry.faces.reading import Reading
from astroferry.faces.work import Work

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from astroferry.carry.runner import Step
    from astroferry.faces.prompts.console import Console
    from astroferry.sources.progress import Progress

EVERY = 2.0
"""seconds between two lines that differ in numbers only"""
ENDED = float("inf")


@dataclass
class SpokenReading(Reading):
    """A read whose phases are told."""

    console: Console | None = None
    _told: dict[str, float] = field(default_factory=dict)

    def tell(self, progress: Progress) -> None:
        """A phase moved on: said now and then while it lasts, and once when it has ended."""
        super().tell(progress)
        now = time.monotonic()
        last = self._told.setdefault(progress.phase, self.begins[progress.phase])
        ended = progress.total is not None and progress.done >= progress.total
        if self.console is None or last == ENDED or (now - last < EVERY and not ended):
            return
        self._told[progress.phase] = ENDED if ended else now
        self.console.say(f"  {progress.phase}: {dict(self.lines())[progress.phase]}")


@dataclass
class SpokenWork(Work):
    """A run whose items and waits are told."""

    console: Console | None = None
    _shape: str = ""
    _at: float = 0.0

    def follow(self, step: Step, done: int, total: int) -> None:
        """An item ended: one line, with rate and what is left now and then."""
        super().follow(step, done, total)
        pace = [rate(self.done, self.elapsed), left(self.done, self.total, self.elapsed)]
        if self.console is not None and self.done % 20 == 0 and any(pace):
            counts = f"{self.done:,} of {self.total:,}, {len(self.failed):,} failed"
            self.console.say(f"  -- {', '.join(part for part in (counts, *pace) if part)}")

    def tell(self, line: str) -> None:
        """One line; where only numbers move, every few seconds."""
        super().tell(line)
        shape = "".join("0" if letter.isdigit() else letter for letter in self.now_at)
        now = time.monotonic()
        if self.console is not None and (shape != self._shape or now - self._at >= EVERY):
            self.console.say(f"  {self.now_at}")
            self._shape, self._at = shape, now


async def attend(
    running: SpokenReading | SpokenWork,
    run: Callable[[SpokenReading], Awaitable[None]] | Callable[[SpokenWork], Awaitable[None]],
    console: Console,
) -> None:
    """Let it run to its end. Ctrl+C: a read is cancelled; a run ends after the item in hand, then at once.

    Where this is cancelled itself (hang-up, termination), what runs is ended cleanly first.
    """
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    tasks: set[asyncio.Task[None]] = set()

    def interrupted() -> None:
        if isinstance(running, SpokenWork) and not running.stopping:
            running.stop()
            console.say("  Stopping after the item in hand; Ctrl+C once more stops now.")
        else:
            tasks.add(asyncio.ensure_future(running.cancel()))

    with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):
        # Only the main thread hears signals.
        loop.add_signal_handler(signal.SIGINT, interrupted)
    running.start(run, lambda _: ended.set())  # type: ignore[arg-type] # each is started with its own kind
    try:
        await ended.wait()
    finally:
        await running.cancel()
        with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):
            loop.remove_signal_handler(signal.SIGINT)
