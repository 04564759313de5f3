"""What the watch over a first full cycle saw of each DAG, and what it comes to."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from astroferry.model.cutover import TickRow
    from astroferry.model.inventory import Run

Verdict = Literal[
    "well",  # the cycle is over and nothing is amiss
    "watching",  # nothing is amiss so far, the cycle is not over
    "amiss",  # it runs on the target alone, but not as it did before
    "alarm",  # both sides may run the same tick: somebody has to act at once
]
ORDER: tuple[Verdict, ...] = ("well", "watching", "amiss", "alarm")


@dataclass(frozen=True, slots=True)
class Usual:
    """How a DAG's finished runs went. `success`: share of them, 0 to 1; seconds; None where there were none."""

    runs: int = 0
    success: float | None = None
    median_seconds: float | None = None
    longest_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class WaitingTask:
    """A task of the target that is queued or scheduled and has not begun; `since`: when it was queued (UTC)."""

    dag_id: str
    task_id: str
    since: datetime | None
    pool: str = "default_pool"
    queue: str = "default"


@dataclass(frozen=True, slots=True)
class DagWatched:
    """All that was read of one DAG at `now`.

    `since`: when its cutover began. `cycle_ends`: when its first full cycle is over. `active`: whether it was running
    before. `ticks`: expected and actual ticks of both sides; empty where its schedule has no ticks (`timed`).
    `target_runs`: runs there since. `source_stray`: ids of runs that began on the source since, markers apart.
    `listed`: ticks between the sides that the plan only lists (`cutover.gap`); nobody expects them to run.
    `source_gone`, `target_gone`: it was deleted there. `target_due`: when the target says that its next run is due.
    """

    dag_id: str
    active: bool
    timed: bool
    since: datetime
    cycle_ends: datetime
    now: datetime
    ticks: tuple[TickRow, ...] = ()
    target_runs: tuple[Run, ...] = ()
    target_paused: bool = False
    target_import_error: bool = False
    target_gone: bool = False
    target_due: datetime | None = None
    source_gone: bool = False
    source_paused: bool = True
    source_stray: tuple[str, ...] = ()
    source_usual: Usual = Usual()
    waiting: tuple[WaitingTask, ...] = ()
    outputs_failed: tuple[str, ...] = ()
    listed: frozenset[datetime] = frozenset()


@dataclass(frozen=True, slots=True)
class DagVerdict:
    """What it comes to, with reasons in sentences; `success` and seconds as in `Usual`."""

    dag_id: str
    verdict: Verdict
    reasons: tuple[str, ...] = ()
    expected: int = 0
    once: int = 0
    twice: int = 0
    missed: int = 0
    target: Usual = field(default_factory=Usual)
    source: Usual = field(default_factory=Usual)
    cycle_ends: datetime | None = None

    def to_facts(self) -> dict[str, Any]:
        """As the journal and `--json` keep it: times as ISO text."""
        facts = asdict(self)
        facts["cycle_ends"] = self.cycle_ends.isoformat() if self.cycle_ends else None
        return facts

    @classmethod
    def from_facts(cls, facts: Mapping[str, Any]) -> DagVerdict:
        """Out of the journal; KeyError or TypeError where the facts are another's."""
        ends = facts["cycle_ends"]
        return cls(
            **{
                **facts,
                "reasons": tuple(facts["reasons"]),
                "target": Usual(**facts["target"]),
                "source": Usual(**facts["source"]),
                "cycle_ends": datetime.fromisoformat(ends) if ends else None,
            }
        )


def worst(verdicts: tuple[DagVerdict, ...]) -> Verdict:
    """The verdict over all of them; "well" where there is none."""
    return max((item.verdict for item in verdicts), key=ORDER.index, default="well")
