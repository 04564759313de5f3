"""Which side runs each DAG of a wave, by the journal alone: for when a server is away and cannot be asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

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
        if line.event in FINISHED:
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


def whereabouts(lines: Mapping[str, Standing], wave: str, way: Way = "cutover") -> list[str]:
    """A sentence for each DAG whose cutover was begun, as `way` left it; `lines` are those of `Journal.standing`."""
    begins, ends = f"cutover/{wave}/", "/record"
    dags = sorted(
        name.removeprefix(begins).removesuffix(ends)
        for name, line in lines.items()
        if name.startswith(begins) and name.endswith(ends) and line.made
    )
    return [f"{dag}: {_whereabouts(lines, wave, dag, way)}" for dag in dags]


def _whereabouts(lines: Mapping[str, Standing], wave: str, dag: str, way: Way) -> str:
    here, there = ("source", "target") if way == "cutover" else ("target", "source")
    record = lines[f"cutover/{wave}/{dag}/record"]
    if record.made.get("source_paused"):
        return "it was paused before, and stays so on both sides"
    drained = _since(lines.get(f"{way}/{wave}/{dag}/drain-{here}"), record)
    unpaused = _since(lines.get(f"{way}/{wave}/{dag}/unpause-{there}"), record)
    if unpaused is not None and unpaused.event in {"done", "found"}:
        runs = unpaused.made.get("unpaused") is not False
        return (
            f"the {there} runs it alone; no tick is in doubt" if runs else "it has run once, and does not run again"
        )
    let = lines.get(f"{way}/{wave}/{dag}/let-{here}-run")
    if let is not None and drained is not None and latest(let) > drained.ended:
        if let.event in FINISHED:
            return f"the {here} goes on with it, and the {there} does not run it, so no tick is in doubt"
        if let.event != "refused":
            return (
                f"the {there} does not run it; it was being unpaused on the {here} again, and whether that was done "
                f"is not known: run {way} again"
            )
    if drained is None or drained.event not in {"done", "found"}:
        return f"the {here} runs it, or it is just being paused there; the {there} does not, so no tick is in doubt"
    since = f" at {drained.at:%Y-%m-%d %H:%M:%S} UTC" if drained.at is not None else ""
    if unpaused is None:
        return (
            f"it was paused on the {here}{since} and is not switched on on the {there} yet: the ticks since then "
            f"wait, and the {there} runs them once {way} is run again"
        )
    return (
        f"it was paused on the {here}{since}; whether the {there} runs it already is not known, and nobody but the "
        f"{there} runs the ticks since then"
    )


def _since(line: Standing | None, record: Standing) -> Standing | None:
    """A line of the cutover that began with `record`, or of the way back from it; None for an earlier one's."""
    if line is None or latest(line) < latest(record):
        return None
    return line
