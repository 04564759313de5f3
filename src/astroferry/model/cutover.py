"""What a cutover writes down: how a DAG stood before, and which side ran which tick."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

Side = Literal["source", "target"]

MARKER_PREFIX = "astroferry_boundary__"
"""begins the run id of a marker on Airflow 2, where we choose the id"""
GAP_PREFIX = "astroferry_gap__"
"""begins the run id of a missed tick that we start on Airflow 2"""
MARKER_NOTE = "astroferry boundary marker"
"""begins the note of every marker, on either version"""


def opposite(side: Side) -> Side:
    """The other of the two."""
    return "source" if side == "target" else "target"


@dataclass(frozen=True, slots=True)
class DagStanding:
    """How a DAG stood on both sides before the cutover changed anything; `at` is when (UTC).

    `deployment` and `deployment_id`: the plan's name and Astro's id of the target, as the plan had it then; empty in
    journals that do not tell it.
    """

    dag_id: str
    source_paused: bool
    target_paused: bool
    at: datetime
    deployment: str = ""
    deployment_id: str = ""

    def to_facts(self) -> dict[str, Any]:
        """As the journal keeps it."""
        return {
            "dag_id": self.dag_id,
            "source_paused": self.source_paused,
            "target_paused": self.target_paused,
            "at": self.at.isoformat(),
            "deployment": self.deployment,
            "deployment_id": self.deployment_id,
        }

    @classmethod
    def from_facts(cls, facts: Mapping[str, Any]) -> DagStanding:
        """Out of the journal; KeyError where the facts are another action's."""
        return cls(
            dag_id=str(facts["dag_id"]),
            source_paused=bool(facts["source_paused"]),
            target_paused=bool(facts["target_paused"]),
            at=datetime.fromisoformat(facts["at"]),
            deployment=str(facts.get("deployment", "")),
            deployment_id=str(facts.get("deployment_id", "")),
        )


@dataclass(frozen=True, slots=True)
class TickRow:
    """One tick of one DAG as one side knows it; a row of the table of expected and actual ticks.

    `side` None: neither has it. `state`: the run's, or "due". `marker`: the row only says that the other side ran it,
    as a boundary marker does, and a row of history that was carried to the target.
    `logical_date` is what that side calls it.
    """

    dag_id: str
    tick: datetime
    side: Side | None
    state: str
    marker: bool = False
    run_id: str = ""
    run_type: str = ""
    logical_date: datetime | None = None


@dataclass(frozen=True, slots=True)
class TickCount:
    """What a table of ticks comes to: ticks run once, run by both sides (`twice`), passed over by both (`missed`).

    `listed`: run by none, as the plan has it (`cutover.gap`). `waiting`: due a moment ago, and nothing is amiss yet.
    """

    once: tuple[datetime, ...] = ()
    twice: tuple[datetime, ...] = ()
    missed: tuple[datetime, ...] = ()
    listed: tuple[datetime, ...] = ()
    waiting: tuple[datetime, ...] = ()

    @property
    def exact(self) -> bool:
        """Whether every tick ran exactly once, but for those that were only to be listed."""
        return not self.twice and not self.missed
