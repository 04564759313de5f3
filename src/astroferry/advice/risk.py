"""How much it would hurt if a DAG stood still: low, medium or high, with the reasons, as the guide stages them.

The guide's words (Phase 5): low are "reporting, non-critical ETL, or paused DAGs", medium "production pipelines with
known behavior", high "pipelines where downtime has business impact". What a source shows of that are schedules, SLAs
in the code, failed runs, tags, names, owners and dependants.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from croniter import croniter
from croniter.croniter import CroniterError

from astroferry.advice.ticks import PRESETS
from astroferry.model.words import several

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from astroferry.advice.dependencies import Dependencies
    from astroferry.model.inventory import Dag, Schedule

Level = Literal["low", "medium", "high"]
LEVELS: tuple[Level, ...] = ("low", "medium", "high")

_CRITICAL = frozenset({"critical", "tier0", "tier1", "p0", "p1", "sev0", "sev1", "sla"})
_HARMLESS = frozenset(
    {
        *("report", "reports", "reporting", "dashboard", "newsletter", "backfill", "adhoc"),
        *("test", "sandbox", "poc", "experimental", "demo", "dev"),
    }
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
    marked = _words(dag) & _CRITICAL
    signs = [*_of_schedule(dag.schedule), *_of_name(dag), *_of_dependants(dependants)]
    signs += _of_failures(dag)
    if dag.sla:
        signs.append((2, "has an SLA"))
    if dag.dependencies == "unknown until code is read":
        signs.append((1, "what it depends on is unknown"))
    points = sum(number for number, _ in signs)
    level: Level = "low" if points < 1 else "medium" if points < 3 else "high"
    return Risk(level, tuple(why for _, why in signs if why), bool(marked) or dependants >= _MANY_DEPENDANTS)


def _of_schedule(schedule: Schedule) -> Iterator[tuple[int, str]]:
    if schedule.kind == "none":
        yield 0, "only started by hand or by others"
        return
    per_day = runs_per_day(schedule)
    if per_day >= 96:
        yield 3, "runs every 15 minutes or more often"
    elif per_day >= 24:
        yield 2, "runs every hour or more often"
    else:
        yield 1, ""


def _of_failures(dag: Dag) -> Iterator[tuple[int, str]]:
    """Failed runs of the last thirty days, against how many runs time alone makes in them."""
    last_failed = dag.last_run is not None and dag.last_run.state == "failed"
    if not dag.failed_runs:
        if last_failed:
            yield 1, "its last run failed"
        return
    expected = round(30 * runs_per_day(dag.schedule))
    share = dag.failed_runs / max(expected, dag.failed_runs)
    times = f"failed {several(dag.failed_runs, 'time')} in 30 days" + (f" of about {expected:,}" if expected else "")
    points = 2 if share >= 0.2 and dag.failed_runs >= 3 else 1 if share >= 0.05 or last_failed else 0
    yield points, f"{times}, its last run too" if last_failed else times


def _of_name(dag: Dag) -> Iterator[tuple[int, str]]:
    words = _words(dag)
    if marked := sorted(words & _CRITICAL):
        yield 3, f"marked {marked[0]}"
    elif harmless := sorted(words & _HARMLESS):
        yield -2, f"named {harmless[0]}"


def _of_dependants(number: int) -> Iterator[tuple[int, str]]:
    if number:
        yield 2 if number >= _MANY_DEPENDANTS else 1, f"{number:,} depend{'s' if number == 1 else ''} on it"


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
    for text in (dag.dag_id, *dag.tags, *dag.owners):
        lower = text.lower()
        found.update(_WORD.findall(lower))
        # "tier-1", "tier_1", "Tier 1"
        found.add(re.sub(r"[^a-z0-9]", "", lower))
    return found
