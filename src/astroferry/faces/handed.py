"""How far the handover of each DAG of a wave is, from the journal and the run in hand; pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from astroferry.advice.kinds import MarkerPlan
from astroferry.carry.handover.wave_state import PLACES, side_of, sides
from astroferry.carry.handover.whereabouts import latest
from astroferry.model.words import names, several

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from astroferry.advice.kinds import HandoverKind
    from astroferry.carry.handover.wave_state import Side
    from astroferry.carry.handover.whereabouts import Way
    from astroferry.carry.journal import Standing
    from astroferry.model.cutover import TickCount
    from astroferry.model.inventory import Dag

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
        ("", "looked"),
        ("drain-target", "drained"),
        ("mark-source", "marked"),
        ("unpause-source", "started"),
        ("gap-source", "gap"),
        ("watch-source", "watched"),
    ),
}
"""way -> (step as the actions call it, heading); the headings are the same, so that one table shows both ways"""
_DOING = {
    "looked": "looking",
    "drained": "draining",
    "marked": "marking",
    "started": "starting",
    "gap": "filling gap",
    "watched": "watching",
}
"""a heading -> the step while it is not done"""
HEADINGS = ("DAG", "runs on", *(heading for _, heading in STEPS["cutover"]), "ticks")
SHORT_HEADINGS = ("DAG", "runs on", "steps", "ticks")
_SIGNS = {
    "done": "✓ done",
    "found": "✓ done",
    "failed": "× failed",
    "refused": "× failed",
    "held": "- held",
    "begin": "› now",
    "applied": "› now",
    "undone": "< undone",
    "undo-begin": "< now",
}
_BEGUN = "› begun"
"""a step that a run which has ended left open"""


@dataclass(frozen=True, slots=True)
class Handed:
    """One DAG: where it runs, and a word for each step."""

    dag_id: str
    side: Side | Literal["starting"]
    steps: tuple[str, ...]

    @property
    def in_short(self) -> str:
        """All steps in one cell: a sign each, and the last that was begun by name."""
        begun = [number for number, word in enumerate(self.steps) if word]
        if not begun:
            return ""
        last = begun[-1]
        word = self.steps[last]
        heading = STEPS["cutover"][last][1]
        state = word[2:]
        said = heading if state == "done" else _DOING[heading] if state == "now" else f"{_DOING[heading]} {state}"
        return f"{''.join(word[:1] or '·' for word in self.steps)} {said}"


def event_in_words(event: str) -> str:
    """What the journal says of a step, as the screens say it: "done", "failed", "begun"."""
    word = _SIGNS.get(event, "")
    return (_BEGUN if word == _SIGNS["begin"] else word)[2:] or event


def way_of(standings: Mapping[str, Standing], wave: str, dag_id: str) -> Way:
    """Which way a DAG of a wave went last."""
    return latest_way(standings, wave, (dag_id,))


def latest_way(standings: Mapping[str, Standing], wave: str, dags: Sequence[str]) -> Way:
    """Which way the one of them went that moved last."""
    seen = [
        (latest(standing), way)
        for dag_id in dags
        for way in STEPS
        for step, _ in STEPS[way]
        if (standing := standings.get(f"{way}/{wave}/{dag_id}/{step}")) is not None
    ]
    return max(seen)[1] if seen else "cutover"


def is_left(standings: Mapping[str, Standing], wave: str, dag_id: str) -> bool:
    """Whether the last handover of a DAG was broken off: it is between the sides, or one was let go on with it."""
    if side_of(standings, wave, dag_id) in {"neither", "in doubt"}:
        return True
    lets = [standings.get(f"{way}/{wave}/{dag_id}/let-{side}-run") for way, side in _LETS]
    steps = [standings.get(f"{way}/{wave}/{dag_id}/{step}") for way in STEPS for step, _ in STEPS[way]]
    last_let, last_step = (max((latest(line) for line in lines if line), default=0) for lines in (lets, steps))
    return last_let > last_step


_LETS = (("cutover", "source"), ("rollback", "target"))


def broken_off(standings: Mapping[str, Standing], wave: str, dags: Sequence[str]) -> str:
    """What stands where of a handover that an earlier run did not bring to its end; nothing where there is none."""
    left = [dag for dag in dags if is_left(standings, wave, dag)]
    return f"The last handover was broken off: {standing_in_words(sides(standings, wave, left))}" if left else ""


NAMED = 3
"""DAGs that are named where somebody has to act"""


def standing_in_words(found: Mapping[str, Side]) -> str:
    """Which DAG runs where, after a run that did not come to its end; names where they help to act."""
    on = Counter(found.values())
    parts = [f"{several(on[side], 'DAG')} {words}" for side, words in PLACES[:2] if on[side]]
    parts += [
        f"{words}: {names([dag for dag, where in found.items() if where == side], NAMED)}"
        for side, words in PLACES[2:]
        if on[side]
    ]
    return f"{'; '.join(parts)}." if parts else ""


def handed(
    standings: Mapping[str, Standing],
    wave: str,
    dags: Sequence[str],
    outcomes: Mapping[str, str],
    *,
    since: int | None = None,
) -> list[Handed]:
    """A row for each DAG, each by the way it went last.

    `outcomes` of the run in hand (action id -> outcome) come before the journal's; `since`: the number of the
    journal's last line before that run began, None where none goes on. What an earlier run left open goes on no more.
    """
    rows = []
    for dag in dags:
        way = way_of(standings, wave, dag)
        words = []
        lines = [standings[key] for step, _ in STEPS[way] if (key := f"{way}/{wave}/{dag}/{step}") in standings]
        running = since is not None and max((latest(line) for line in lines), default=0) > since
        for step, _ in STEPS[way]:
            key = f"{way}/{wave}/{dag}/{step}"
            event = outcomes.get(key) or (standings[key].event if key in standings else "")
            word = _SIGNS.get(event, "")
            words.append(_BEGUN if word == _SIGNS["begin"] and not running else word)
        side = side_of(standings, wave, dag) or "source"
        # What this run is just switching on is in no doubt as long as it runs.
        rows.append(Handed(dag, "starting" if running and side == "in doubt" else side, tuple(words)))
    return rows


def in_full(standings: Mapping[str, Standing], wave: str, dag: Dag, kind: HandoverKind, now: datetime) -> list[str]:
    """One DAG in lines: its boundary, and the next tick on both sides; times are UTC."""
    lines = []
    way, side = way_of(standings, wave, dag.dag_id), side_of(standings, wave, dag.dag_id)
    place = f"{way}/{wave}/{dag.dag_id}"
    drained = standings.get(f"{place}/{STEPS[way][1][0]}")
    marked = standings.get(f"{place}/{STEPS[way][2][0]}")
    if drained is not None and "waited" in drained.made:
        slipped = int(drained.made.get("slipped", 0))
        lines.append(f"drained in {float(drained.made['waited']):g} s, {several(slipped, 'run')} slipped in")
    if marked is not None and "boundary" in marked.made:
        lines.append(f"boundary: {_moment(marked.made['boundary']) or 'none, it has never run'}")
    following = next_tick(kind, now)
    if side is None:
        state = "paused" if dag.is_paused else f"next {following:%d %b %H:%M:%S}" if following else "active"
        lines.append(f"on the source: {state} · on Astro: paused, waiting")
    elif side == "in doubt":
        lines.append("whether it is switched on already is not known; going on looks first")
    else:
        active = f"next {following:%d %b %H:%M:%S}" if following else "active"
        waits = f" · the tick {following:%d %b %H:%M:%S} waits" if side == "neither" and following else ""
        here, there = (active if side == place else "paused" for place in ("source", "Astro"))
        lines.append(f"on the source: {here} · on Astro: {there}{waits}")
    return lines


def next_tick(kind: HandoverKind, now: datetime) -> datetime | None:
    """When the schedule is due next; None where it has no ticks of its own, or none any more."""
    tick = kind.ticks.after(now) if isinstance(kind, MarkerPlan) else None
    return tick.moment if tick is not None else None


def _moment(text: object) -> str:
    return f"{datetime.fromisoformat(str(text)):%d %b %H:%M:%S}" if text else ""


def ticks_in_words(
    counted: Mapping[str, TickCount], standings: Mapping[str, Standing], wave: str, dag_id: str
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
        way = way_of(standings, wave, dag_id)
        standing = standings.get(f"{way}/{wave}/{dag_id}/{STEPS[way][-1][0]}")
        if standing is None or "once" not in standing.made:
            return ""
        once, twice, missed = (int(standing.made.get(name, 0)) for name in ("once", "twice", "missed"))
    wrong = [f"{twice} TWICE"] if twice else []
    wrong += [f"{missed} missed"] if missed else []
    return ", ".join([*wrong, f"{once} of {once + twice + missed}"])
