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
    when_cancelled: str = "Cancelled."
    what: str = "Read"
    """what was done where it ends well"""
    phases: dict[str, Progress] = field(default_factory=dict)
    begins: dict[str, float] = field(default_factory=dict)

    def tell(self, progress: Progress) -> None:
        """A phase moved on."""
        self.begins.setdefault(progress.phase, time.monotonic())
        self.phases[progress.phase] = progress
        self.changes += 1

    def counts(self) -> list[tuple[str, str]]:
        """(phase, "12 of 400") for each phase so far, the one in hand last."""
        return [(phase, _counted(progress)) for phase, progress in self.phases.items()]

    def pace(self) -> str:
        """Rate and what is left of the phase in hand, and how long all of it has taken."""
        parts = [f"{lasting(self.elapsed)} so far"]
        if self.phases:
            phase, progress = next(reversed(self.phases.items()))
            seconds = time.monotonic() - self.begins[phase]
            done = progress.done - progress.kept
            rest = progress.total - progress.kept if progress.total is not None else None
            parts = [rate(done, seconds), left(done, rest, seconds), *parts]
        return " · ".join(part for part in parts if part)

    def summary(self) -> str:
        """One line: how long, and how it stands."""
        if self.running:
            return self.title
        if self.cancelled:
            return self.when_cancelled
        return self.error or f"{self.what} in {lasting(self.elapsed)}."


def _counted(progress: Progress) -> str:
    total = f" of {progress.total:,}" if progress.total is not None else ""
    return f"{progress.done:,}{total}"
