"""Waves as a plan writes them: the fewest beginnings of names and whole ids that say which wave takes which DAG."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from astroferry.model.division import REST

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    End = Callable[[str, int], int]
    """(id, position) -> where the next part of the id ends"""

_TOKEN_END = re.compile(r"[_.-]")
_CROWD = 64
"""children of one beginning from which on names are also parted inside a word ("dag_1*")"""


@dataclass(slots=True)
class _Node:
    """All ids with one beginning; `choices`: the waves that need the fewest entries below it."""

    start: str
    children: list[_Node | str] = field(default_factory=list)
    choices: frozenset[str] = frozenset()


def shorthand(wave_of: Mapping[str, str], rest: str) -> dict[str, tuple[str, ...]]:
    """Wave -> its `dags`: whole ids, beginnings ("sales_*"), and "*" for the wave `rest`; each list is sorted.

    The fewest entries for a tree of beginnings that part at _ . and - (Hartigan's algorithm: upwards each beginning
    keeps the waves that most of its children can have, downwards it takes its parent's where it may). Linear in the
    length of all ids.
    """
    top = _tree(sorted(wave_of), "")
    _upwards(top, wave_of)
    found: dict[str, list[str]] = {rest: [REST]}
    work = [(top, rest)]
    while work:
        node, taken = work.pop()
        for child in node.children:
            if isinstance(child, str):
                if wave_of[child] != taken:
                    found.setdefault(wave_of[child], []).append(child)
                continue
            wave = taken
            if taken not in child.choices:
                wave = min(child.choices)
                found.setdefault(wave, []).append(child.start + REST)
            work.append((child, wave))
    return {wave: tuple(sorted(entries)) for wave, entries in found.items()}


def _tree(ids: Sequence[str], start: str) -> _Node:
    """The ids, all of which begin with `start`, parted at the next end of a word."""
    return _grown(start, _parted(ids, start, _end_of_word))


def _grown(start: str, parts: dict[str, list[str]]) -> _Node:
    node = _Node(start)
    if len(parts) > _CROWD:
        crowd = [dag for ids in parts.values() for dag in ids]
        parts = _parted(crowd, start, lambda _, at: at + 1)
    for beginning, ids in parts.items():
        if len(ids) == 1:
            node.children.append(ids[0])
        elif beginning == start:
            node.children += ids
        else:
            node.children.append(_tree(ids, beginning))
    return node


def _parted(ids: Sequence[str], start: str, end: End) -> dict[str, list[str]]:
    parts: dict[str, list[str]] = {}
    for dag in ids:
        parts.setdefault(dag[: end(dag, len(start))], []).append(dag)
    return parts


def _end_of_word(text: str, at: int) -> int:
    found = _TOKEN_END.search(text, at)
    return found.end() if found else len(text)


def _upwards(top: _Node, wave_of: Mapping[str, str]) -> None:
    order = [top]
    for node in order:
        order += [child for child in node.children if isinstance(child, _Node)]
    for node in reversed(order):
        counted: Counter[str] = Counter()
        for child in node.children:
            counted.update((wave_of[child],) if isinstance(child, str) else child.choices)
        most = max(counted.values(), default=0)
        node.choices = frozenset(wave for wave, count in counted.items() if count == most)
