"""Which side runs each DAG of a wave, by the journal alone: for when a server is away and cannot be asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from astroferry.model.cutover import opposite

if TYPE_CHECKING:
    from collections.abc import Mapping

    from astroferry.carry.journal import Standing
    from astroferry.model.cutover import Side

Way = Literal["cutover", "rollback"]
Place = Literal["source", "target", "neither", "paused", "in doubt"]
"""where a DAG runs; "paused": nowhere, and rightly so; "in doubt": somebody was just switching it on"""
OWED = "owed"
"""fact of a side that was let go on: what fell between the sides is still to be run there"""
FINISHED = frozenset({"done", "found", "applied"})
"""events of a line that say that its step was carried out"""
_MOVES: tuple[tuple[Way, str, Place, Place], ...] = (
    ("cutover", "drain-source", "neither", "source"),
    ("cutover", "unpause-target", "target", "in doubt"),
    ("cutover", "let-source-run", "source", "in doubt"),
    ("rollback", "drain-target", "neither", "target"),
    ("rollback", "let-target-run", "target", "in doubt"),
    ("rollback", "unpause-source", "source", "in doubt"),
    ("rollback", "start-untouched-source", "source", "in doubt"),
)
"""(way, step, where the DAG runs once the step is done, and where as long as it is not)"""


def place_of(lines: Mapping[str, Standing], wave: str, dag: str) -> Place | None:
    """Where a DAG runs by the last step that moved it, as the journal's lines follow one another.

    `lines` are those of `Journal.standing`. None where its cutover was never begun.
    """
    record = lines.get(f"cutover/{wave}/{dag}/record")
    if record is None:
        return None
    if record.made.get("source_paused"):
        return "paused"
    place: Place = "source"
    last = 0
    for way, step, after, before in _MOVES:
        line = lines.get(f"{way}/{wave}/{dag}/{step}")
        if line is None or latest(line) <= last:
            continue
        last = latest(line)
        if line.event in FINISHED or line.holds:
            # Unpausing leaves what has run once (@once) as it is.
            place = "paused" if line.made.get("unpaused") is False else after
        else:
            place = "neither" if line.event == "refused" and before == "in doubt" else before
    return place


def may_stand_still(lines: Mapping[str, Standing], wave: str, dag: str, way: Way) -> bool:
    """Whether neither side may run a DAG that was active, `way` having been the last to move it.

    Also where a drain was begun and not ended: it pauses before it is sure.
    """
    moved = _last_move(lines, wave, dag)
    if moved is None or moved[0] != way or place_of(lines, wave, dag) in {"paused", None}:
        return False
    step, line = moved[1:]
    return step.startswith("drain-") or line.event not in FINISHED


def is_half_let(lines: Mapping[str, Standing], wave: str, dag: str, side: Side) -> bool:
    """Whether the last that moved it was that side being let go on, and that did not come to its end."""
    moved = _last_move(lines, wave, dag)
    if moved is None or moved[1] != f"let-{side}-run":
        return False
    return moved[2].event not in {"done", "found"} or bool(moved[2].made.get(OWED))


def _last_move(lines: Mapping[str, Standing], wave: str, dag: str) -> tuple[Way, str, Standing] | None:
    """(way, step, its line) of the last step that moved a DAG whose cutover was begun."""
    if f"cutover/{wave}/{dag}/record" not in lines:
        return None
    moves = [
        (way, step, line) for way, step, *_ in _MOVES if (line := lines.get(f"{way}/{wave}/{dag}/{step}")) is not None
    ]
    return max(moves, key=lambda move: latest(move[2]), default=None)


def let_run(unpause: Standing | None, record: Standing | None) -> bool:
    """Whether a side has been unpaused since `record`, or may have been: begun, and not refused."""
    if unpause is None:
        return False
    ended = unpause.ended if unpause.made.get("unpaused") else 0
    return max(unpause.begun, ended) > (record.ended if record is not None else 0)


def latest(line: Standing) -> int:
    """The number of an action's last line: what came last is told by it, since clocks are set back."""
    return max(line.begun, line.ended)


_ONCE = "it has run once, and does not run again"


def halfway(lines: Mapping[str, Standing], wave: str) -> list[str]:
    """A sentence for each DAG of the wave that no side runs, or of which it is not known."""
    between = [dag for dag in _begun(lines, wave) if place_of(lines, wave, dag) in {"neither", "in doubt"}]
    return [f"{dag}: {where_in_words(lines, wave, dag)}" for dag in between]


def whereabouts(lines: Mapping[str, Standing], wave: str) -> list[str]:
    """A sentence for each DAG whose cutover was begun; `lines` are those of `Journal.standing`."""
    return [f"{dag}: {where_in_words(lines, wave, dag)}" for dag in _begun(lines, wave)]


def _begun(lines: Mapping[str, Standing], wave: str) -> list[str]:
    begins, ends = f"cutover/{wave}/", "/record"
    return sorted(
        name.removeprefix(begins).removesuffix(ends)
        for name, line in lines.items()
        if name.startswith(begins) and name.endswith(ends) and line.made
    )


def where_in_words(lines: Mapping[str, Standing], wave: str, dag: str) -> str:
    """`place_of` as a sentence: who runs a DAG whose cutover was begun, and what its ticks wait for."""
    place, moved = place_of(lines, wave, dag), _last_move(lines, wave, dag)
    if place == "paused":
        before_too = lines[f"cutover/{wave}/{dag}/record"].made.get("source_paused")
        return "it was paused before, and stays so on both sides" if before_too else _ONCE
    if moved is None:
        return "the source runs it, and the target does not, so no tick is in doubt"
    way, step, line = moved
    before, after = ("source", "target") if way == "cutover" else ("target", "source")
    if place in {"source", "target"}:
        other = opposite(place)
        if step.startswith("drain-"):
            return (
                f"the {place} runs it, or it is just being paused there; the {other} does not, so no tick is in doubt"
            )
        if step.startswith("unpause-"):
            return f"the {place} runs it alone; no tick is in doubt"
        return f"the {place} goes on with it, and the {other} does not run it, so no tick is in doubt"
    if place == "in doubt" and not step.startswith("unpause-"):
        side: Side = "target" if step == "let-target-run" else "source"
        return (
            f"the {opposite(side)} does not run it; it was being unpaused on the {side} again, and whether that was "
            f"done is not known: run {way} again"
        )
    drained = lines.get(f"{way}/{wave}/{dag}/drain-{before}", line)
    since = f" at {drained.at:%Y-%m-%d %H:%M:%S} UTC" if drained.at is not None else ""
    if place == "neither":
        return (
            f"it was paused on the {before}{since} and is not switched on on the {after} yet: the ticks since then "
            f"wait, and the {after} runs them once {way} is run again"
        )
    return (
        f"it was paused on the {before}{since}; whether the {after} runs it already is not known, and nobody but the "
        f"{after} runs the ticks since then"
    )
