"""The part of migration.toml that a stage changes, as lines with a mark; pure."""

from __future__ import annotations

import difflib
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from astroferry.model.planfile import dump

if TYPE_CHECKING:
    from astroferry.model.plan import Plan

Mark = Literal["+", "-", " "]


def changes(before: Plan, after: Plan) -> list[tuple[Mark, str]]:
    """Lines that go and come, each group under the header of its section; empty where nothing changes."""
    old, new = _lines(before), _lines(after)
    found: list[tuple[Mark, str]] = []
    header = ""
    matcher = difflib.SequenceMatcher(a=old, b=new, autojunk=False)
    for tag, old_from, old_to, new_from, new_to in matcher.get_opcodes():
        if tag == "equal":
            continue
        above = _header(new, new_from) if new_to > new_from else _header(old, old_from)
        first = next((line for line in new[new_from:new_to] if line not in _NOTHING), "")
        if above and above != header and not _is_header(first):
            found.append((" ", above))
            header = above
        found += [("-", line) for line in old[old_from:old_to] if line not in _NOTHING]
        found += [("+", line) for line in new[new_from:new_to] if line not in _NOTHING]
    return [
        (mark, text)
        for number, (mark, text) in enumerate(found)
        # A header under which nothing is left to say is left out.
        if mark != " " or (number + 1 < len(found) and found[number + 1][0] != " ")
    ]


_NOTHING = ("", "]")


def _lines(plan: Plan) -> list[str]:
    """Without what the walk itself notes, and without the words of explanation."""
    text = dump(replace(plan, decided=(), review_again=()))
    return [line for line in text.split("\n") if not line.startswith("#")]


def _is_header(line: str) -> bool:
    return line.startswith("[") or line.endswith(" = [")


def _header(lines: list[str], index: int) -> str:
    """The nearest section header above a line."""
    return next((line for line in reversed(lines[:index]) if _is_header(line)), "")
