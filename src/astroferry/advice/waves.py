"""Waves proposed from real dependencies and risk: what belongs together stays together, low risk moves first.

Up to `FINE` DAGs each group of linked DAGs is placed by its own risk. Beyond, a plan that names every DAG could not
be read any more, so families of DAGs (those whose names begin alike) are placed as wholes, and only what is marked
critical is taken out of them.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING

from astroferry.advice.dependencies import dependencies, groups, inside
from astroferry.advice.risk import LEVELS, risks, runs_per_day
from astroferry.advice.shorthand import shorthand
from astroferry.model.words import names, several

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Mapping, Sequence

    from astroferry.advice.dependencies import Dependencies, Together
    from astroferry.advice.risk import Level, Risk
    from astroferry.model.inventory import Dag, Inventory

FINE = 300
"""most DAGs that are placed one by one"""
SINGLE = 4
"""fewer DAGs than this move in one wave"""
SMALL, WAVES = 10, 12
"""a wave has at most this many DAGs, or a twelfth of all: a quarter of a year at a wave a week"""
PILOT = 3
"""DAGs of the first wave, which tries the way"""
SHARED = 0.2
"""a pool that more of all DAGs use than this share does not bind them"""
CRITICAL = 200
"""most DAGs that are taken out of their families for being critical"""


@dataclass(frozen=True, slots=True)
class Proposed:
    """A wave as proposed: its DAG ids, how they are written in a plan, the highest risk in it, how many have it."""

    name: str
    dags: tuple[str, ...]
    written: tuple[str, ...]
    level: Level
    counts: tuple[int, int, int]
    """DAGs of low, medium and high risk"""


@dataclass(frozen=True, slots=True)
class Division:
    """All proposed waves, in order; `told`: what the user should know about them, one sentence each."""

    waves: tuple[Proposed, ...]
    groups: int
    """groups of two or more linked DAGs; none of them is divided"""
    told: tuple[str, ...] = ()


@dataclass(slots=True)
class _Unit:
    """DAGs that are placed together; `rank` orders units by risk, `family` by name."""

    dags: list[str]
    rank: float
    family: str


def divide(inventory: Inventory, where: Mapping[str, str] | None = None) -> Division:
    """Waves for all DAGs of an inventory.

    `where`: DAG id -> Workspace, where there are several. Links between Workspaces bind nothing then: a wave moves
    into one Deployment, so they are cut whatever the waves are.
    """
    dags, where = inventory.dags, where or {}
    links = dependencies(dags)
    risk = risks(dags, links)
    links = inside(links, where) if where else links
    together = groups(dags, links)
    members = _members(dags, together)
    number = sum(len(ids) > 1 for ids in members.values())
    told = list(_about_large(dags, links, members, limit := size_limit(len(dags))))
    paused = bool(dags) and all(dag.is_paused for dag in dags)
    if len(dags) < SINGLE or paused:
        batches = [("all", [dag.dag_id for dag in dags])]
    elif len(dags) <= FINE:
        told += _join_pools(dags, together, limit)
        members = _members(dags, together)
        batches = _filled(_units(members, risk), limit, where)
    else:
        batches, more = _coarse(dags, members, risk, limit, where)
        told += more
    if paused:
        told.append("Every DAG is paused on the source, so no schedule is handed over, and one wave does.")
    elif len(dags) >= SMALL:
        batches, tries = _with_pilot(batches, _units(members, risk), dags)
        told += tries
    waves = _proposed([(name, ids) for name, ids in batches if ids], risk)
    return Division(waves, number, tuple(told))


def size_limit(number: int) -> int:
    """How many DAGs a wave should have at most, of that many in all."""
    return max(SMALL, ceil(number / WAVES))


def _members(dags: Iterable[Dag], together: Together) -> dict[Hashable, list[str]]:
    found: dict[Hashable, list[str]] = {}
    for dag in dags:
        found.setdefault(together.root(dag.dag_id), []).append(dag.dag_id)
    return found


def _about_large(
    dags: Sequence[Dag], links: Dependencies, members: dict[Hashable, list[str]], limit: int
) -> Iterable[str]:
    """A sentence for each group larger than a wave should be, with the DAG that holds most of it together."""
    degree: Counter[str] = Counter()
    for link in links.direct:
        degree.update((link.earlier, link.later))
    for writers, readers in links.datasets.values():
        degree.update({dag: len(readers) for dag in writers})
        degree.update({dag: len(writers) for dag in readers})
    for ids in members.values():
        if len(ids) <= limit:
            continue
        hub = max(ids, key=lambda dag: (degree[dag], dag))
        inside = set(ids)
        without = groups([dag for dag in dags if dag.dag_id in inside], links, without=hub)
        pieces = {without.root(dag) for dag in ids if dag != hub}
        largest = max(without.size(dag) for dag in ids if dag != hub)
        fall = f"; without {hub} it would fall into {len(pieces):,} parts, the largest of {largest:,}"
        yield (
            f"{len(ids):,} DAGs depend on each other, so they move in one wave, larger than the others"
            f"{fall if len(pieces) > 1 else ''}."
        )


def _join_pools(dags: Sequence[Dag], together: Together, limit: int) -> list[str]:
    """Put DAGs that share a pool into one group while that stays small; a sentence for each pool that is divided."""
    users: dict[str, list[str]] = {}
    for dag in dags:
        for pool in set(dag.pools) - {"default_pool"}:
            users.setdefault(pool, []).append(dag.dag_id)
    told = []
    for pool, ids in sorted(users.items(), key=lambda item: (len(item[1]), item[0])):
        if len(ids) > max(2, SHARED * len(dags)):
            continue
        joined = sum(together.size(root) for root in {together.root(dag_id) for dag_id in ids})
        if joined <= limit:
            for dag_id in ids[1:]:
                together.join(ids[0], dag_id)
        else:
            told.append(
                f'The pool "{pool}" limits DAGs of several waves; until all have moved, each side counts its own.'
            )
    return told


def _units(members: dict[Hashable, list[str]], risk: dict[str, Risk]) -> list[_Unit]:
    units = [
        _Unit(ids, max(LEVELS.index(risk[dag].level) for dag in ids), family(min(ids))) for ids in members.values()
    ]
    return sorted(units, key=lambda unit: (unit.rank, unit.family, unit.dags[0]))


def _with_pilot(
    batches: list[tuple[str, list[str]]], units: Sequence[_Unit], dags: Sequence[Dag]
) -> tuple[list[tuple[str, list[str]]], list[str]]:
    """A few DAGs before all others, to try the way; and a sentence where they try less than all of it.

    What shows whether schedules are handed over is a cron DAG that runs: one of low risk if there is such, else one
    of medium risk that nothing else needs; that too where those of low risk run less than daily, so that the first
    cycle does not take weeks to watch. Paused ones are only moved.
    """
    per_day = {
        dag.dag_id: runs_per_day(dag.schedule) for dag in dags if not dag.is_paused and dag.schedule.kind == "cron"
    }
    low = [unit for unit in units if unit.rank == 0]
    running = [unit for unit in low if any(dag in per_day for dag in unit.dags)]
    alone = [unit for unit in units if unit.rank == 1 and len(unit.dags) == 1 and unit.dags[0] in per_day]

    catching_up = {dag.dag_id for dag in dags if dag.catchup}

    def order(unit: _Unit) -> tuple[float, bool, bool, int, str]:
        # Daily or more often shows its first ticks soonest; hourly ones are missed soonest; and where the boundary
        # were not taken, one that catches up would run all its past again.
        often = max(per_day.get(dag, 0.0) for dag in unit.dags)
        catches_up = not catching_up.isdisjoint(unit.dags)
        return -min(often, 1.0), often >= 24, catches_up, len(unit.dags), unit.dags[0]

    chosen: list[str] = []
    candidates = sorted(running, key=order) or sorted(alone, key=order) or sorted(low, key=order)
    if running and not any(per_day.get(dag, 0.0) >= 1 for unit in running for dag in unit.dags):
        candidates += sorted(alone, key=order)
    for unit in candidates:
        if len(chosen) + len(unit.dags) <= PILOT:
            chosen += unit.dags
    told = []
    if chosen and not any(dag in per_day for dag in chosen):
        told.append("The pilot holds no DAG that runs by a cron schedule, so it tries deploying, but no handover.")
    taken = set(chosen)
    others = [(name, [dag for dag in ids if dag not in taken]) for name, ids in batches]
    return [("pilot", chosen), *others], told


def _filled(units: Sequence[_Unit], limit: int, where: Mapping[str, str]) -> list[tuple[str, list[str]]]:
    """The units of each level into as few waves as the limit allows, about as large; a larger unit has its own.

    A wave moves into one Workspace, so one is not divided only to fill up the wave of another.
    """
    found: list[tuple[str, list[str]]] = []
    for rank, level in enumerate(LEVELS):
        mine = [unit for unit in units if unit.rank == rank]
        blocks: dict[str, list[_Unit]] = {}
        for unit in mine:
            if len(unit.dags) <= limit:
                blocks.setdefault(where.get(unit.dags[0], ""), []).append(unit)
        whole: list[list[str]] = []
        divided: list[list[str]] = []
        for block in blocks.values():
            parts = _parts(block, limit)
            if len(parts) > 1:
                divided += parts
            elif whole and len(whole[-1]) + len(parts[0]) <= limit:
                whole[-1] += parts[0]
            else:
                whole += parts
        waves = [*whole, *divided, *(unit.dags for unit in mine if len(unit.dags) > limit)]
        found += [(f"{level}-{place}" if len(waves) > 1 else level, ids) for place, ids in enumerate(waves, 1)]
    return found


def _parts(units: Sequence[_Unit], limit: int) -> list[list[str]]:
    number = sum(len(unit.dags) for unit in units)
    each = number / max(1, ceil(number / limit))
    fill: list[list[str]] = []
    for unit in units:
        if not fill or len(fill[-1]) + len(unit.dags) > limit or len(fill[-1]) >= each:
            fill.append([])
        fill[-1] += unit.dags
    return fill


def _coarse(
    dags: Sequence[Dag],
    members: dict[Hashable, list[str]],
    risk: dict[str, Risk],
    limit: int,
    where: Mapping[str, str],
) -> tuple[list[tuple[str, list[str]]], list[str]]:
    """Families into waves by their mean risk; then groups that lie in several are brought together in the latest."""
    units = sorted(_families(dags, risk, limit, where), key=lambda unit: (unit.rank, unit.family))
    batches: list[tuple[str, list[str]]] = []
    for unit in units:
        if not batches or len(batches[-1][1]) + len(unit.dags) > limit:
            batches.append((f"wave-{len(batches) + 1:02}-{_named(unit.family)}", []))
        batches[-1][1].extend(unit.dags)
    wave_of = {dag: number for number, (_, ids) in enumerate(batches) for dag in ids}
    told = []
    critical = [dag for dag, found in risk.items() if found.critical]
    if critical and len(critical) <= CRITICAL:
        # As many as belong to them; a group larger than a wave is not drawn to the end by one critical DAG in it.
        roots = {dag: root for root, ids in members.items() for dag in ids}
        last = {root for dag in critical if len(members[root := roots[dag]]) <= limit}
        wave_of |= {dag: len(batches) for root in last for dag in members[root]}
        batches.append((f"wave-{len(batches) + 1:02}-critical", []))
        told.append(
            f"{several(sum(len(members[root]) for root in last), 'DAG')} marked critical, with what belongs to them, "
            "move last."
        )
    elif critical:
        told.append(
            f"{len(critical):,} DAGs are marked critical; they are too many to be named, and move with theirs."
        )
    high = sum(found.level == "high" for found in risk.values()) - len(critical) * (len(critical) <= CRITICAL)
    if high > 0:
        told.append(f"{high:,} DAGs of high risk move with the families that they belong to.")
    moved = 0
    for ids in members.values():
        places = {wave_of[dag] for dag in ids}
        if len(places) > 1:
            latest = max(places)
            moved += sum(wave_of[dag] != latest for dag in ids)
            wave_of |= dict.fromkeys(ids, latest)
    if moved:
        later = "moves later than its family" if moved == 1 else "move later than their family"
        told.append(f"{several(moved, 'DAG')} {later}, to stay with linked ones.")
    sorted_out: list[tuple[str, list[str]]] = [(name, []) for name, _ in batches]
    for dag in dags:
        sorted_out[wave_of[dag.dag_id]][1].append(dag.dag_id)
    return sorted_out, told


def _families(dags: Sequence[Dag], risk: dict[str, Risk], limit: int, where: Mapping[str, str]) -> list[_Unit]:
    """DAGs of one Workspace, or whose names begin with the same word; cut where larger than a wave, by name."""
    by_name: dict[str, list[str]] = {}
    for dag in sorted(item.dag_id for item in dags):
        by_name.setdefault(where.get(dag) or family(dag), []).append(dag)
    if len(by_name) > max(limit, len(dags) // 4):
        by_name = {"": sorted(item.dag_id for item in dags)}
    units = []
    for name, ids in by_name.items():
        parts = ceil(len(ids) / limit)
        size = ceil(len(ids) / parts)
        for first in range(0, len(ids), size):
            part = ids[first : first + size]
            rank = sum(LEVELS.index(risk[dag].level) for dag in part) / len(part)
            units.append(_Unit(part, rank, name))
    return units


def _proposed(batches: Sequence[tuple[str, list[str]]], risk: dict[str, Risk]) -> tuple[Proposed, ...]:
    wave_of = {dag: name for name, ids in batches for dag in ids}
    written = shorthand(wave_of, batches[-1][0]) if batches else {}
    found = []
    for name, ids in batches:
        counted = Counter(risk[dag].level for dag in ids)
        highest: Level = next((level for level in reversed(LEVELS) if counted[level]), "low")
        counts = (counted["low"], counted["medium"], counted["high"])
        found.append(Proposed(name, tuple(ids), written[name], highest, counts))
    return tuple(found)


def in_words(wave: Proposed) -> str:
    """`low-1: 10 DAGs, 8 low and 2 medium risk: a, b, c and 7 more`."""
    counted = [f"{count:,} {level}" for level, count in zip(LEVELS, wave.counts, strict=True) if count]
    return f"{wave.name}: {several(len(wave.dags), 'DAG')}, {', '.join(counted)} risk: {names(wave.dags, 3)}"


def family(dag_id: str) -> str:
    """The first word of a DAG's id: what a team, a product or a domain usually is called."""
    return re.split(r"[_.-]", dag_id, maxsplit=1)[0]


def _named(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())[:20] or "mixed"
