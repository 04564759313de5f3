"""Which wave takes which DAG: names, beginnings of names, and "*" for the rest; the nearest one wins."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

REST = "*"
"""all DAGs that no other wave takes"""


def begins(pattern: str) -> str | None:
    """What a DAG id must begin with ("sales_" for "sales_*"; "" for "*"), or None where it is a whole id."""
    return pattern[:-1] if pattern.endswith(REST) else None


def divided(
    waves: Iterable[tuple[str, Iterable[str], Collection[str]]], everything: Iterable[str]
) -> dict[str, tuple[str, ...]]:
    """DAG id -> the waves that take it, for all of `everything`, in one pass over it.

    `waves`: (name, dags, without). A whole id wins over a beginning, a longer beginning over a shorter one, and "*"
    is the shortest. Two waves take a DAG only where both name it whole. `without` takes a DAG out of that wave, and
    then no other gets it by a shorter beginning.
    """
    whole: dict[str, list[str]] = {}
    by_beginning: dict[str, str] = {}
    left_out: dict[str, set[str]] = {}
    for name, dags, without in waves:
        left_out[name] = set(without)
        for dag in dags:
            start = begins(dag)
            if start is None:
                whole.setdefault(dag, []).append(name)
            else:
                by_beginning.setdefault(start, name)
    lengths = sorted({len(start) for start in by_beginning}, reverse=True)
    found: dict[str, tuple[str, ...]] = {}
    for dag in everything:
        takers = whole.get(dag)
        if takers is None:
            takers = []
            for length in lengths:
                if (taker := by_beginning.get(dag[:length])) is not None:
                    takers = [taker]
                    break
        found[dag] = tuple(name for name in takers if dag not in left_out[name])
    return found
