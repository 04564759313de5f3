"""Counts and lists of names as a sentence wants them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def several(count: int, one: str, many: str = "") -> str:
    """`1 DAG`, `4,072 DAGs`."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def names(items: Sequence[str], most: int = 6) -> str:
    """`a, b, c and 12 more`."""
    if len(items) <= most:
        return ", ".join(items)
    return f"{', '.join(items[:most])} and {len(items) - most:,} more"
