"""Plain text tables that fit a terminal: columns as wide as needed, the last ones cut where the screen ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def table(head: Sequence[str], rows: Sequence[Sequence[str]], *, width: int = 100, indent: str = "") -> list[str]:
    """Lines of a table; the widest columns are cut with an ellipsis until a line fits `width` characters."""
    if not rows:
        return []
    cells = [[" ".join(str(cell).split()) for cell in row] for row in (head, *rows)]
    sizes = [max(len(row[column]) for row in cells) for column in range(len(head))]
    room = width - len(indent) - 2 * (len(head) - 1)
    while sum(sizes) > room and max(sizes) > 8:
        sizes[sizes.index(max(sizes))] -= 1
    lines = [
        indent + "  ".join(_fit(cell, size) for cell, size in zip(row, sizes, strict=True)).rstrip() for row in cells
    ]
    return [lines[0], indent + "  ".join("-" * size for size in sizes), *lines[1:]]


def _fit(text: str, size: int) -> str:
    return text.ljust(size) if len(text) <= size else text[: size - 1] + "…"
