"""A long read of one end: counts per phase while it goes on, an error or a cancellation at its end; it only reads."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from astroferry.diagnostics import redact
from astroferry.errors import AstroferryError
from astroferry.faces.tui.clock import lasting, left, rate

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from astroferry.sources.progress import Progress


@dataclass
class Reading:
    """One read. `phases` keeps the last progress of each phase, in the order in which they began."""

    title: str
    phases: dict[str, Progress] = field(default_factory=dict)
    begins: dict[str, float] = field(default_factory=dict)
    error: str = ""
    cancelled: bool = False
    began: float = field(default_factory=time.monotonic)
    ended: float | None = None
    changes: int = 0
    _task: asyncio.Task[None] | None = None

    def start(self, run: Callable[[Reading], Awaitable[None]], then: Callable[[Reading], None]) -> None:
        """Run it in a task of its own; `then` is called once, however it ended."""
        self._task = asyncio.create_task(self._guarded(run, then))

    async def _guarded(self, run: Callable[[Reading], Awaitable[None]], then: Callable[[Reading], None]) -> None:
        try:
            await run(self)
        except AstroferryError as error:
            self.error = redact(str(error))
        except asyncio.CancelledError:
            self.cancelled = True
        finally:
            self.ended = time.monotonic()
            self.changes += 1
            then(self)

    def tell(self, progress: Progress) -> None:
        """A phase moved on."""
        self.begins.setdefault(progress.phase, time.monotonic())
        self.phases[progress.phase] = progress
        self.changes += 1

    @property
    def running(self) -> bool:
        """Whether it goes on."""
        return self.ended is None

    @property
    def elapsed(self) -> float:
        """Seconds."""
        return (self.ended or time.monotonic()) - self.began

    async def cancel(self) -> None:
        """Stop reading; what was read of this time is let go."""
        if self._task is not None and not self._task.done():
            self._task.cancel()
            await asyncio.wait([self._task])

    def lines(self) -> list[tuple[str, str]]:
        """(phase, words) for each phase so far; the last one with rate and what is left."""
        found = []
        for number, (phase, progress) in enumerate(self.phases.items(), 1):
            total = f" of {progress.total:,}" if progress.total is not None else ""
            words = f"{progress.done:,}{total}"
            if number == len(self.phases) and self.running:
                seconds = time.monotonic() - self.begins[phase]
                more = (rate(progress.done, seconds), left(progress.done, progress.total, seconds))
                words = " · ".join(part for part in (words, *more) if part)
            found.append((phase, words))
        if self.running:
            found.append(("", f"{lasting(self.elapsed)} so far"))
        return found

    def summary(self) -> str:
        """One line: how long, and how it stands."""
        if self.running:
            return self.title
        if self.cancelled:
            return "Cancelled. Nothing is lost; F5 reads again."
        return self.error or f"Read in {lasting(self.elapsed)}."
