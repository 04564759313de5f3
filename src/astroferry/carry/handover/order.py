"""The order inside a wave: who must be drained before whom, and unpaused before whom.

A paused DAG gets no dataset events (2.11.2 and 3.3.2), and a run that somebody triggers waits in it without ever
starting. So whoever starts another DAG (a producer, a parent) is drained first and unpaused last. A DAG whose sensor
watches another is drained before it, because its last run still waits for the other's, and unpaused after it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from astroferry.model.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from astroferry.carry.handover.ends import Handover
    from astroferry.model.inventory import Dag, Inventory

Pair = tuple[str, str]
"""(first, second): `first` is drained before `second`, and unpaused after it"""


def pairs(dags: Iterable[Dag]) -> list[Pair]:
    """Which of these DAGs must be drained before which, without circles: what would close one is left out."""
    found: list[Pair] = []
    before: dict[str, set[str]] = {}
    for first, second in sorted(wanted(dags)):
        if first == second or _reaches(before, second, first):
            continue
        before.setdefault(first, set()).add(second)
        found.append((first, second))
    return found


def wanted(dags: Iterable[Dag]) -> set[Pair]:
    """All such pairs, circles and all."""
    listed = list(dags)
    ids = {dag.dag_id for dag in listed}
    makers: dict[str, set[str]] = {}
    for dag in listed:
        for uri in dag.produces:
            makers.setdefault(uri, set()).add(dag.dag_id)
    found: set[Pair] = set()
    for dag in listed:
        found |= {(maker, dag.dag_id) for uri in dag.consumes for maker in makers.get(uri, ())}
        found |= {(dag.dag_id, child) for child in dag.triggers if child in ids}
        found |= {(dag.dag_id, watched) for watched in dag.waits_for if watched in ids}
    return found


def put_in_order(handovers: Iterable[Handover], dags: Iterable[Dag]) -> None:
    """Let each handover's drain and unpause wait for those of the others, on both ways."""
    of = {handover.dag_id: handover for handover in handovers}
    needs: dict[tuple[str, str], list[str]] = {}
    for first, second in pairs(dag for dag in dags if dag.dag_id in of):
        for way, here, there in (("cutover", "source", "target"), ("rollback", "target", "source")):
            wave = of[first].wave
            drained = f"{way}/{wave}/{first}/drain-{here}"
            needs.setdefault((second, f"drain-{here}"), []).append(drained)
            unpaused = f"{way}/{wave}/{second}/unpause-{there}"
            needs.setdefault((first, f"unpause-{there}"), []).append(unpaused)
    for (dag_id, step), ids in needs.items():
        of[dag_id].also_needs[step] = tuple(ids)


def torn(inventory: Inventory, moving: Iterable[str]) -> list[Finding]:
    """A finding for each DAG that moves while one that starts it, or that it watches, stays: its events stay too."""
    ids = set(moving)
    by_id: Mapping[str, Dag] = {dag.dag_id: dag for dag in inventory.dags}
    found: list[Finding] = []
    for first, second in sorted(wanted(inventory.dags)):
        if (first in ids) == (second in ids):
            continue
        mover, stays = (first, second) if first in ids else (second, first)
        how = "watches" if second in by_id[first].waits_for else "starts"
        found.append(
            Finding(
                code="CUT-torn",
                severity="warn",
                message=f'"{first}" {how} "{second}", but only "{mover}" is handed over: neither sees the other.',
                subject=mover,
                todo=f'Move "{stays}" in the same wave, or bridge the two until it follows.',
            )
        )
    return found


def _reaches(before: Mapping[str, set[str]], start: str, goal: str) -> bool:
    open_, seen = [start], set[str]()
    while open_:
        here = open_.pop()
        if here == goal:
            return True
        if here not in seen:
            seen.add(here)
            open_ += before.get(here, ())
    return False
