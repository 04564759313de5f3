"""What Workspaces, Deployments and waves may be called: their names stand in the journal and on screens."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

_STEERS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
"""control characters, tabs and all that breaks a line"""
_UNFIT = re.compile(rf"{_STEERS.pattern}|/")


def unfit(name: str) -> str:
    """What is wrong with a name, as the end of a sentence that begins with what it names; "" where it will do."""
    if not name.strip():
        return "is empty"
    return "must not hold a tab, a line break or another control character" if _STEERS.search(name) else ""


def unfit_for_a_wave(name: str) -> str:
    """The same of a wave: the journal says `cutover/WAVE/DAG/step`, and people type the name after --wave.

    An id of a DAG has no slash either: Airflow allows letters, digits, "_", "-" and "." in it (`validate_key`).
    """
    if wrong := unfit(name):
        return wrong
    if "/" in name:
        return f'must not hold a "/", which parts the words of the journal; "{as_wave(name)}" would do'
    return "must not begin or end with a space" if name != name.strip() else ""


def as_wave(name: str) -> str:
    """A name of another thing as a wave may have it: "team/prod" as "team-prod"."""
    return _UNFIT.sub("-", name).strip() or "wave"


def free(name: str, taken: Collection[str]) -> str:
    """The name, or with the first number from 2 behind it that nothing else has."""
    number, found = 2, name
    while found in taken:
        found, number = f"{name}-{number}", number + 1
    return found
