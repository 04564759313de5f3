"""How far a plan has been carried out by its journal alone: for whoever offers it before it is opened."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from astroferry.carry.journal import Journal
from astroferry.model.words import several

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from astroferry.model.plan import Plan

_STAGES = {
    "workspace": "prepare",
    "deployment": "prepare",
    "healthy": "prepare",
    "environment": "prepare",
    "pool": "configuration",
    "variable": "configuration",
    "connection": "configuration",
    "deploy": "dags",
    "arrived": "dags",
    "verify": "test",
}
"""how an action's id begins -> its stage, in the order in which stages are carried out"""
_ORDER = tuple(dict.fromkeys(_STAGES.values()))
_WELL = frozenset({"done", "found"})


@dataclass(frozen=True, slots=True)
class SoFar:
    """`stage` is the one that was begun last ("" where the plan alone tells it), `words` what stands where, or "".

    `at` is the time of the journal's last line.
    """

    stage: str
    words: str
    at: datetime | None = None


def so_far(plan: Plan, path: Path) -> SoFar:
    """Read the journal at `path`; PlanError where it cannot be read."""
    journal = Journal(path)
    if not journal.entries:
        return SoFar("", "")
    standings, at = journal.standing(), journal.entries[-1].at
    begun = any(key.startswith("cutover/") for key in standings)
    if begun and (handed := _halfway(plan, journal)):
        return SoFar("cutover", "; ".join(handed), at)
    if any(wave.state != "planned" for wave in plan.waves):
        return SoFar("", "", at)
    carried = {key: item for key, item in standings.items() if key.partition("/")[0] in _STAGES}
    reached = {_STAGES[key.partition("/")[0]] for key in carried}
    done = sum(item.event in _WELL for item in carried.values())
    failed = sum(item.event == "failed" for item in carried.values())
    words = f"{several(done, 'item')} carried out" + (f", {failed} failed" if failed else "")
    return SoFar(max(reached, key=_ORDER.index), words, at) if reached else SoFar("", "", at)


def _halfway(plan: Plan, journal: Journal) -> list[str]:
    """`cutover of pilot halfway: 1 on Astro, 1 on neither side`, for each wave whose state does not tell all."""
    # Only where something was begun: these bring the schedules with them (0.12 s, more than twice what this module
    # takes without them), and this is before the first screen.
    from astroferry.carry.handover.begun import waves_begun  # noqa: PLC0415 - 0.12 s before the first screen
    from astroferry.carry.handover.wave_state import state_in_words  # noqa: PLC0415 - 0.12 s before the first screen
    from astroferry.faces.handed import latest_way  # noqa: PLC0415 - 0.12 s before the first screen

    standings, waves, found = journal.standing(), {wave.name: wave for wave in plan.waves}, []
    for name in waves_begun(journal):
        records = (key for key in standings if key.startswith(f"cutover/{name}/") and key.endswith("/record"))
        dags = tuple(key.split("/")[2] for key in records)
        words = state_in_words(waves[name], standings, dags) if name in waves else ""
        if words.startswith("halfway"):
            found.append(f"{latest_way(standings, name, dags)} of {name} {words}")
    return found
