"""What the journal keeps of the last comparison of a Deployment, and of the deploy that was found good by it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from astroferry.model.words import several

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from astroferry.carry.journal import Journal
    from astroferry.model.comparison import Comparison

NOTE = "verify"
"""prefix of the journal's notes on comparisons: `verify/DEPLOYMENT`"""
KNOWN_GOOD = "known-good"
"""prefix of the journal's notes on the deploy that the values were found equal with: `known-good/DEPLOYMENT`"""


@dataclass(frozen=True, slots=True)
class LastComparison:
    """The last comparison of one Deployment.

    `counts`: outcome -> how many. `found`: how many values a task on the target got, None where the journal is older
    than this. `not_found`: names it did not get. `reach`: connection -> how its host answered.
    """

    at: datetime
    equal: bool
    counts: dict[str, int]
    found: int | None = None
    not_found: tuple[str, ...] = ()
    reach: dict[str, str] = field(default_factory=dict)

    @property
    def summary(self) -> str:
        """`12 same, 1 differs`."""
        return ", ".join(f"{number} {outcome}" for outcome, number in self.counts.items()) or "nothing to compare"

    @property
    def equal_in_words(self) -> str:
        """`23 same; 4 places did not answer`: where all are equal, what did not answer is among the same."""
        away = self.counts.get("unreachable", 0)
        same = f"{self.counts.get('same', 0) + away} same"
        return f"{same}; {several(away, 'place')} did not answer" if away else same

    @property
    def when(self) -> str:
        """The moment, as people read it."""
        return f"{self.at:%Y-%m-%d %H:%M} UTC"


def facts_of(rows: Iterable[Comparison]) -> dict[str, Any]:
    """What the journal keeps of a comparison: counts and names, never a value or a digest."""
    rows = tuple(rows)
    counts: dict[str, int] = {}
    for row in rows:
        counts[row.outcome] = counts.get(row.outcome, 0) + 1
    return {
        "counts": counts,
        "not_compared": [row.id for row in rows if row.outcome == "not compared"],
        "found": sum(row.outcome != "missing" for row in rows),
        "not_found": [row.id for row in rows if row.outcome == "missing"],
        "differs": [f"{row.kind}/{row.id}" for row in rows if row.outcome == "differs"],
        "reach": {row.id: row.reach for row in rows if row.kind == "connection"},
    }


def last_comparison(journal: Journal, deployment: str) -> LastComparison | None:
    """The last comparison of a Deployment; None where there was none."""
    standing = journal.standing().get(f"{NOTE}/{deployment}")
    if standing is None or standing.at is None:
        return None
    made = standing.made
    return LastComparison(
        at=standing.at,
        equal=standing.event == "done",
        counts=dict(made.get("counts", {})),
        found=made.get("found"),
        not_found=tuple(made.get("not_found", ())),
        reach=dict(made.get("reach", {})),
    )
