"""How much it would hurt if a DAG stood still: low, medium or high, with the reasons, as the guide stages them.

The guide's words (Phase 5): low are "reporting, non-critical ETL, or paused DAGs", medium "production pipelines with
known behavior", high "pipelines where downtime has business impact". What a source shows of that are schedules, tags,
names, dependants and the last run.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from croniter import croniter
from croniter.croniter import CroniterError

from astroferry.advice.ticks import PRESETS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from astroferry.advice.dependencies import Dependencies
    from astroferry.model.inventory import Dag, Schedule

Level = Literal["low", "medium", "high"]
LEVELS: tuple[Level, ...] = ("low", "medium", "high")

_CRITICAL = frozenset({"critical", "tier0", "tier1", "p0", "p1", "sev0", "sev1", "sla"})
_HARMLESS = frozenset(
    "report reports reporting dashboard newsletter test sandbox poc experimental demo dev adhoc backfill".split()
)
_WORD = re.compile(r"[a-z]+\d*")
_MANY_DEPENDANTS = 5


@dataclass(frozen=True, slots=True)
class Risk:
    """The level of a DAG, and why, in a few words each; `critical`: someone marked it so, or many depend on it."""

    level: Level
    why: tuple[str, ...] = ()
    critical: bool = False


def risks(dags: Sequence[Dag], links: Dependencies) -> dict[str, Risk]:
    """DAG id -> its risk."""
    dependants = links.dependants()
    return {dag.dag_id: risk_of(dag, dependants.get(dag.dag_id, 0)) for dag in dags}


def risk_of(dag: Dag, dependants: int = 0) -> Risk:
    """The risk of one DAG on which that many others depend."""
    if dag.is_paused:
        return Risk("low", ("paused",))
    points = 0
    why: list[str] = []

    def counts(number: int, reason: str) -> None:
        nonlocal points
        points += number
        why.append(reason)

    if dag.schedule.kind == "none":
        why.append("only started by hand or by others")
    else:
        points += 1
    per_day = runs_per_day(dag.schedule)
    if per_day >= 96:
        counts(2, "runs every 15 minutes or more often")
    elif per_day >= 24:
        counts(1, "runs every hour or more often")
    words = _words(dag)
    marked = sorted(words & _CRITICAL)
    if marked:
        counts(3, f"marked {marked[0]}")
    elif harmless := sorted(words & _HARMLESS):
        counts(-2, f"named {harmless[0]}")
    if dependants >= _MANY_DEPENDANTS:
        counts(2, f"{dependants:,} others depend on it")
    elif dependants:
        counts(1, f"{dependants} other{'s' if dependants > 1 else ''} depend{'s' if dependants == 1 else ''} on it")
    if dag.last_run is not None and dag.last_run.state == "failed":
        counts(1, "its last run failed")
    if dag.dependencies == "unknown until code is read":
        counts(1, "what it depends on is unknown")
    level: Level = "low" if points < 1 else "medium" if points < 3 else "high"
    return Risk(level, tuple(why), bool(marked) or dependants >= _MANY_DEPENDANTS)


def runs_per_day(schedule: Schedule) -> float:
    """How often time starts it, on average; 0 where time does not, or its timetable does not tell."""
    if schedule.kind == "continuous":
        return 24 * 60.0
    if schedule.kind == "timedelta":
        try:
            return 86400 / max(float(schedule.expression), 1.0)
        except ValueError:
            return 0.0
    return _cron_per_day(schedule.expression) if schedule.kind == "cron" else 0.0


@lru_cache(maxsize=4096)
def _cron_per_day(expression: str) -> float:
    try:
        fields, _ = croniter.expand(PRESETS.get(expression, expression))
    except (CroniterError, ValueError, KeyError):
        return 0.0
    sizes = [len(field) if field != ["*"] else None for field in fields]
    number = float(sizes[0] or 60) * (sizes[1] or 24)
    days, months, weekdays = sizes[2], sizes[3], sizes[4]
    if days is not None and weekdays is not None:
        number *= min(1.0, days / 30.4 + weekdays / 7)
    else:
        number *= (1.0 if days is None else days / 30.4) * (1.0 if weekdays is None else weekdays / 7)
    seconds = sizes[5] or 60 if len(sizes) > 5 else 1
    return number * (1.0 if months is None else months / 12) * seconds


def _words(dag: Dag) -> set[str]:
    found: set[str] = set()
    for text in (dag.dag_id, *dag.tags):
        lower = text.lower()
        found.update(_WORD.findall(lower))
        # "tier-1", "tier_1", "Tier 1"
        found.add(re.sub(r"[^a-z0-9]", "", lower))
    return found
