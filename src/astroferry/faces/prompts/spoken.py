"""Reads and runs that tell of themselves on lines: throttled, with counts, rate and what is left."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from astroferry.faces.clock import left, rate
from astroferry.faces.prompts.console import EndOfInputError, InterruptedAskingError
from astroferry.faces.prompts.menus import choose
from astroferry.faces.reading import Reading
from astroferry.faces.work import Work
from astroferry.stages.question import Option

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

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
        counted = dict(self.counts())[progress.phase]
        self.console.say(f"  {progress.phase}: {counted if ended else f'{counted} · {self.pace()}'}")


@dataclass
class SpokenWork(Work):
    """A run whose items and waits are told."""

    console: Console | None = None
    _shape: str = ""
    _at: float = 0.0

    def follow(self, step: Step, done: int, total: int) -> None:
        """An item ended: one line, with rate and what is left now and then."""
        super().follow(step, done, total)
        pace = [rate(self.done, self.worked), left(self.done, self.total, self.worked)]
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
    """Let it run to its end. Ctrl+C cancels a read; a run is paused after the item in hand, and asks how to go on.

    What must not wait for a person (`Work.can_pause`) is stopped after the item in hand instead. Ctrl+C once more
    ends it at once. Where this is cancelled itself (hang-up, termination), what runs is ended cleanly first.
    """
    ended, paused = asyncio.Event(), asyncio.Event()
    tasks: set[asyncio.Task[None]] = set()

    def interrupted() -> None:
        if not isinstance(running, SpokenWork) or running.stopping or running.pausing:
            tasks.add(asyncio.ensure_future(running.cancel()))
        elif running.can_pause:
            running.pause()
            console.say("  Pausing after the item in hand; Ctrl+C once more stops now.")
        else:
            running.stop()
            console.say("  Stopping after the item in hand; Ctrl+C once more stops now.")

    if isinstance(running, SpokenWork):
        running.reached = paused.set
    running.start(run, lambda _: ended.set())  # type: ignore[arg-type] # each is started with its own kind
    try:
        while not ended.is_set():
            with _listening(interrupted):
                await _first(ended, paused)
            if isinstance(running, SpokenWork) and running.paused:
                await _rest(running, console)
            paused.clear()
    finally:
        await running.cancel()


async def _first(*events: asyncio.Event) -> None:
    """Until one of them is set."""
    waits = [asyncio.ensure_future(event.wait()) for event in events]
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()


@contextlib.contextmanager
def _listening(interrupted: Callable[[], None]) -> Iterator[None]:
    """Ctrl+C is heard here, and not while a question hears it itself."""
    loop = asyncio.get_running_loop()
    with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):
        # Only the main thread hears signals.
        loop.add_signal_handler(signal.SIGINT, interrupted)
    try:
        yield
    finally:
        with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):
            loop.remove_signal_handler(signal.SIGINT)


async def _rest(work: SpokenWork, console: Console) -> None:
    """Paused: go on, or stop here. Nobody answering, and Ctrl+C, stop."""
    options = (
        Option("go", "go on", "with the next item"),
        Option("stop", "stop", "here; the next run looks at everything again and goes on"),
    )
    try:
        what = await choose(console, "Paused", options, default="go")
    except (InterruptedAskingError, EndOfInputError):
        what = "stop"
    if what == "go":
        work.go_on()
    else:
        work.stop()
