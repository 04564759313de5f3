"""Which failures of the journal still stand: not those of a DAG that was begun anew, or given back, since."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from astroferry.carry.journal import Entry, Journal, Standing

_OF_A_DAG = frozenset({"cutover", "rollback", "watch"})
_ENDED = frozenset({"done", "found"})
_MOVED = (("cutover/", "/unpause-target"), ("rollback/", "/unpause-source"))
"""the step of either way that moves a DAG"""


def failures(journal: Journal) -> dict[str, str]:
    """Action id -> why it failed, of each whose last line says so and that nothing later has settled."""
    lines = journal.standing()
    last = {entry.action: entry.number for entry in journal.entries if entry.event == "failed"}
    settled = _settled(journal.entries, lines)
    return {
        action: line.why
        for action, line in lines.items()
        if line.event == "failed" and last[action] > settled.get(_concerned(action), 0)
    }


def _concerned(action: str) -> str:
    """Whose failure it is: the DAG's ("dag/ID"), the window's of a wave ("window/WAVE"), or the action's own."""
    parts = action.split("/")
    return f"dag/{parts[2]}" if parts[0] in _OF_A_DAG and len(parts) == 4 else action


def _settled(entries: Iterable[Entry], lines: Mapping[str, Standing]) -> dict[str, int]:
    """Whose failures are over -> the number of the line that ended them."""
    found: dict[str, int] = {}
    for concerned, number in (*_of_dags(lines), *_of_windows(entries)):
        found[concerned] = max(found.get(concerned, 0), number)
    return found


def _of_dags(lines: Mapping[str, Standing]) -> Iterator[tuple[str, int]]:
    """A cutover that begins anew looks at the DAG first, one that goes on does not.

    It is over when the target runs the DAG, a rollback when the source does.
    """
    for action, line in lines.items():
        if action.startswith("cutover/") and action.endswith("/record"):
            yield _concerned(action), line.begun
        elif line.event in _ENDED and any(action.startswith(way) and action.endswith(step) for way, step in _MOVED):
            yield _concerned(action), line.ended


def _of_windows(entries: Iterable[Entry]) -> Iterator[tuple[str, int]]:
    """A window that could not put everything back is over when its wave was moved on, or back, by a verb."""
    for entry in entries:
        if entry.action.startswith("wave/"):
            yield f"window/{entry.action.removeprefix('wave/')}", entry.number
