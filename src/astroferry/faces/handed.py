"""How far the handover of each DAG of a wave is, from the journal and the run in hand; pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from astroferry.carry.journal import Standing
    from astroferry.model.cutover import TickCount
    from astroferry.model.inventory import Dag

Way = Literal["cutover", "rollback"]
STEPS: dict[Way, tuple[tuple[str, str], ...]] = {
    "cutover": (
        ("record", "looked"),
        ("drain-source", "drained"),
        ("mark", "marked"),
        ("unpause-target", "started"),
        ("gap-target", "gap"),
        ("watch-target", "watched"),
    ),
    "rollback": (
        ("drain-target", "drained"),
        ("mark-source", "marked"),
        ("unpause-source", "started"),
        ("gap-source", "gap"),
        ("watch-source", "watched"),
    ),
}
"""way -> (step as the actions call it, heading)"""
_SIGNS = {
    "done": "✓ done",
    "found": "✓ done",
    "failed": "× failed",
    "held": "- held",
    "begin": "› now",
    "applied": "› now",
    "undone": "< undone",
    "undo-begin": "< now",
}


@dataclass(frozen=True, slots=True)
class Handed:
    """One DAG: a word for each step."""

    dag_id: str
    steps: tuple[str, ...]


def way_of(standings: Mapping[str, Standing], wave: str) -> Way:
    """Which way a wave went last."""
    seen = [
        (standing.at, way)
        for way in STEPS
        for key, standing in standings.items()
        if key.startswith(f"{way}/{wave}/") and standing.at is not None
    ]
    return max(seen)[1] if seen else "cutover"


def handed(
    standings: Mapping[str, Standing], wave: str, dags: Sequence[str], way: Way, outcomes: Mapping[str, str]
) -> list[Handed]:
    """A row for each DAG; `outcomes` of the run in hand (action id -> outcome) come before the journal's."""
    rows = []
    for dag in dags:
        words = []
        for step, _ in STEPS[way]:
            key = f"{way}/{wave}/{dag}/{step}"
            event = outcomes.get(key) or (standings[key].event if key in standings else "")
            words.append(_SIGNS.get(event, ""))
        rows.append(Handed(dag, tuple(words)))
    return rows


def in_full(standings: Mapping[str, Standing], way: Way, wave: str, dag: Dag, said: str) -> list[str]:
    """One DAG in lines: what is being waited for, its boundary, and the next tick on both sides.

    `said`: the last narration about it, from the run in hand. Times are UTC.
    """
    lines = [said] if said else []
    drained = standings.get(f"{way}/{wave}/{dag.dag_id}/{STEPS[way][1 if way == 'cutover' else 0][0]}")
    marked = standings.get(f"cutover/{wave}/{dag.dag_id}/mark")
    if drained is not None and "waited" in drained.made:
        lines.append(
            f"drained in {float(drained.made['waited']):g} s, {drained.made.get('slipped', 0)} runs slipped in"
        )
    if marked is not None and "next" in marked.made:
        boundary = _moment(marked.made.get("boundary")) or "none, it has never run"
        lines.append(f"boundary {boundary} · next on Astro {_moment(marked.made['next'])} · paused on the source")
    elif dag.next_run_after is not None:
        state = "paused" if dag.is_paused else f"next {dag.next_run_after:%d %b %H:%M:%S}"
        lines.append(f"on the source: {state} (when the inventory was taken) · on Astro: paused, waiting")
    return lines


def _moment(text: object) -> str:
    return f"{datetime.fromisoformat(str(text)):%d %b %H:%M:%S}" if text else ""


def ticks_in_words(
    counted: Mapping[str, TickCount], standings: Mapping[str, Standing], way: Way, wave: str, dag_id: str
) -> str:
    """`3 of 3`: how many of the ticks expected ran exactly once, and what went wrong before it; from the last count.

    Without one, from what the last watching wrote into the journal; nothing where nothing was watched. "paused" where
    the DAG was paused before.
    """
    record = standings.get(f"cutover/{wave}/{dag_id}/record")
    if record is not None and record.made.get("source_paused"):
        # It was paused on the source and stays so on Astro: no tick of it is expected anywhere.
        return "paused"
    count = counted.get(dag_id)
    if count is not None:
        once, twice, missed = len(count.once), len(count.twice), len(count.missed)
    else:
        side = "target" if way == "cutover" else "source"
        standing = standings.get(f"{way}/{wave}/{dag_id}/watch-{side}")
        if standing is None or "once" not in standing.made:
            return ""
        once, twice, missed = (int(standing.made.get(name, 0)) for name in ("once", "twice", "missed"))
    wrong = [f"{twice} TWICE"] if twice else []
    wrong += [f"{missed} missed"] if missed else []
    return ", ".join([*wrong, f"{once} of {once + twice + missed}"])
