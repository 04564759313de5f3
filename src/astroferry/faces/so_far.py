"""How far a plan has been carried out by its journal alone: for whoever offers it before it is opened."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from astroferry.carry.journal import Journal
from astroferry.model.words import several

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from pathlib import Path

    from astroferry.carry.journal import Standing
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
    handed = [words for name in _begun(standings) if (words := _halfway(plan, name, standings))]
    if handed:
        return SoFar("cutover", "; ".join(handed), at)
    if any(wave.state != "planned" for wave in plan.waves):
        return SoFar("", "", at)
    carried = {key: item for key, item in standings.items() if key.partition("/")[0] in _STAGES}
    reached = {_STAGES[key.partition("/")[0]] for key in carried}
    done = sum(item.event in _WELL for item in carried.values())
    failed = sum(item.event == "failed" for item in carried.values())
    words = f"{several(done, 'item')} carried out" + (f", {failed} failed" if failed else "")
    return SoFar(max(reached, key=_ORDER.index), words, at) if reached else SoFar("", "", at)


def _begun(standings: Mapping[str, Standing]) -> tuple[str, ...]:
    """The waves of which a cutover was begun."""
    ids = (key.split("/") for key in standings)
    return tuple(dict.fromkeys(parts[1] for parts in ids if parts[0] == "cutover" and len(parts) > 3))


def _halfway(plan: Plan, name: str, standings: Mapping[str, Standing]) -> str:
    """`cutover of pilot halfway: 1 on Astro, 1 on neither side`, or nothing where its state tells all."""
    from astroferry.faces.handed import state_in_words, way_of  # noqa: PLC0415 - the schedules behind it take a while

    wave = next((wave for wave in plan.waves if wave.name == name), None)
    if wave is None:
        return ""
    begins, ends = f"cutover/{name}/", "/record"
    dags = [key.removeprefix(begins).removesuffix(ends) for key in standings if _is_record(key, begins, ends)]
    words = state_in_words(wave, standings, dags)
    if not words.startswith("halfway"):
        return ""
    last = max(dags, key=lambda dag: max(_numbers(standings, name, dag)))
    return f"{way_of(standings, name, last)} of {name} {words}"


def _is_record(key: str, begins: str, ends: str) -> bool:
    return key.startswith(begins) and key.endswith(ends)


def _numbers(standings: Mapping[str, Standing], wave: str, dag: str) -> list[int]:
    """Of the lines of one DAG, either way."""
    places = (f"cutover/{wave}/{dag}/", f"rollback/{wave}/{dag}/")
    return [max(item.begun, item.ended) for key, item in standings.items() if key.startswith(places)]
