"""A run of something that changes servers: its counts, its lines of narration, its outcome."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from astroferry.diagnostics import redact
from astroferry.faces.running import Running

if TYPE_CHECKING:
    from astroferry.carry.runner import Step

Kind = Literal["carry", "compare", "check", "cutover", "rollback", "watch", "leave"]
LINES = 2000
"""lines of narration that are kept; the journal has what matters"""


@dataclass
class Work(Running):
    """One run of something that changes servers.

    `steps` are the items that ended, by id.
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
    told: dict[str, str] = field(default_factory=dict)
    """DAG or other subject -> the last that was said of it"""
    result: str = ""
    bad: bool = False
    """whether `result` tells of something that did not go well"""
    stopping: bool = False

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


_WORDS = {
    "done": "done",
    "found": "as is",
    "failed": "FAILED",
    "held": "held",
    "todo": "to do",
    "undone": "undone",
}
