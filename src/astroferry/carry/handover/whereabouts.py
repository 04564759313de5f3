"""Which side runs each DAG of a wave, by the journal alone: for when a server is away and cannot be asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from astroferry.carry.journal import Standing

Way = Literal["cutover", "rollback"]


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
    let = lines.get(f"cutover/{wave}/{dag}/let-source-run")
    if way == "cutover" and let is not None and drained is not None and max(let.begun, let.ended) > drained.ended:
        return "the source goes on with it, and the target does not run it, so no tick is in doubt"
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
    if line is None or line.at is None or record.at is None or line.at < record.at:
        return None
    return line
