"""How far carrying out is: its phases with their counts, and the items that did not go well; from session and run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from astroferry.faces.navigator import STOPS

if TYPE_CHECKING:
    from astroferry.faces.session import Session
    from astroferry.faces.work import Work

PHASES = ("prepare", "configuration", "dags", "test")
WORDS = {
    "prepare": "Workspaces, Deployments, environment variables",
    "configuration": "pools, variables, connections",
    "dags": "the DAG folder; every DAG arrives paused",
    "test": "every value compared on the target, by a probe",
}
"""phase -> what it brings over"""
PhaseState = Literal["now", "failed", "done", "in part", "open"]


@dataclass(frozen=True, slots=True)
class Phase:
    """One phase, by numbers of items."""

    key: str
    title: str
    state: PhaseState
    done: int
    total: int
    failed: int


@dataclass(frozen=True, slots=True)
class Failed:
    """One item that did not go well: failed, or held because of one that did."""

    id: str
    title: str
    outcome: str
    why: str


def phases(session: Session, work: Work | None) -> list[Phase]:
    """All four, the one in hand as the run counts it."""
    return [_phase(key, session, work) for key in PHASES]


def _phase(key: str, session: Session, work: Work | None) -> Phase:
    done, total, failed = session.counts.get(key, (0, 0, 0))
    title = next(stop.title for stop in STOPS if stop.key == key)
    if work is not None and work.running and work.stage == key:
        failed = sum(step.info.stage == key for step in work.failed)
        return Phase(key, title, "now", work.stage_done, work.stage_total, failed)
    state: PhaseState = "open"
    if failed:
        state = "failed"
    elif total and done == total:
        state = "done"
    elif done:
        state = "in part"
    return Phase(key, title, state, done, total, failed)


def failed_items(session: Session, work: Work | None) -> list[Failed]:
    """From the run in hand; else from the journal, with what was held by the last run."""
    if work is not None and work.running:
        return [Failed(step.info.id, step.info.title, step.outcome, step.why) for step in work.failed]
    # An error that ended the run is in the journal, but no step of it.
    held = {step.info.id: step.why for step in work.failed if step.outcome == "held"} if work else {}
    found = []
    for info in session.infos:
        standing = session.standings.get(info.id)
        if standing is not None and standing.event == "failed":
            found.append(Failed(info.id, info.title, "failed", standing.why))
        elif info.id in held:
            found.append(Failed(info.id, info.title, "held", held[info.id]))
    return found
