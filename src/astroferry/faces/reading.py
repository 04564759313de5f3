"""A long read of one end: counts per phase while it goes on, an error or a cancellation at its end; it only reads."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from astroferry.faces.clock import lasting, left, rate
from astroferry.faces.running import Running

if TYPE_CHECKING:
    from astroferry.sources.progress import Progress


@dataclass
class Reading(Running):
    """One read. `phases` keeps the last progress of each phase, in the order in which they began."""

    title: str
    phases: dict[str, Progress] = field(default_factory=dict)
    begins: dict[str, float] = field(default_factory=dict)

    def tell(self, progress: Progress) -> None:
        """A phase moved on."""
        self.begins.setdefault(progress.phase, time.monotonic())
        self.phases[progress.phase] = progress
        self.changes += 1

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
            return "Cancelled. What was read is kept: reading again goes on from there."
        return self.error or f"Read in {lasting(self.elapsed)}."
