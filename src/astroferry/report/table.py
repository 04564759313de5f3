"""Plain text tables that fit a terminal: columns as wide as needed, wrapped where the screen ends, never cut."""

from __future__ import annotations

import shutil
import sys
import textwrap
from itertools import zip_longest
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def page_width(most: int) -> int:
    """`most` characters, or as many as the terminal has that stdout is, where those are fewer; 60 at least."""
    if sys.stdout is None or not sys.stdout.isatty():
        return most
    return max(60, min(most, shutil.get_terminal_size().columns))


def table(head: Sequence[str], rows: Sequence[Sequence[str]], *, width: int = 100, indent: str = "") -> list[str]:
    """Lines of a table; the widest columns are wrapped until a line fits `width` characters."""
    if not rows:
        return []
    cells = [[" ".join(str(cell).split()) for cell in row] for row in (head, *rows)]
    sizes = [max(len(row[column]) for row in cells) for column in range(len(head))]
    room = width - len(indent) - 2 * (len(head) - 1)
    words = [max(len(word) for row in cells for word in row[column].split() or [""]) for column in range(len(head))]
    while sum(sizes) > room and max(sizes) > 8:
        # The widest that needs to break no word (a key, an id), as long as there is one.
        whole = [column for column, size in enumerate(sizes) if size > max(words[column], 8)]
        sizes[max(whole or range(len(sizes)), key=sizes.__getitem__)] -= 1
    lines = [*_lines(cells[0], sizes), "  ".join("-" * size for size in sizes).rstrip()]
    lines += [line for row in cells[1:] for line in _lines(row, sizes)]
    return [indent + line for line in lines]


def fitting(
    head: Sequence[str], rows: Sequence[Sequence[str]], *, width: int, least: int, indent: str = ""
) -> list[str]:
    """A table, where `width` is at least `least` and no word needs to be broken for it; else the rows stacked."""
    longest = [
        max(len(word) for row in (head, *rows) for word in str(row[column]).split() or [""])
        for column in range(len(head))
    ]
    fits = width >= least and len(indent) + sum(longest) + 2 * (len(head) - 1) <= width
    return (table if fits else stacked)(head, rows, width=width, indent=indent)


def stacked(head: Sequence[str], rows: Sequence[Sequence[str]], *, width: int, indent: str = "") -> list[str]:
    """The same rows for a screen too narrow for columns: two cells on a line, the others by name below them."""
    lines: list[str] = []
    for row in rows:
        cells = [" ".join(str(cell).split()) for cell in row]
        others = " · ".join(f"{name} {cell}" for name, cell in zip(head[2:], cells[2:], strict=True) if cell)
        below = indent + "  "
        for text, first in (("  ".join(cells[:2]), indent), (others, below)):
            lines += textwrap.wrap(text, width, initial_indent=first, subsequent_indent=below, break_on_hyphens=False)
    return lines


def _lines(row: Sequence[str], sizes: Sequence[int]) -> list[str]:
    """One row, as many lines as its fullest cell needs; the first has no blanks to its right, nor has any other."""
    wrapped = [
        textwrap.wrap(cell, max(size, 1), break_on_hyphens=False) for cell, size in zip(row, sizes, strict=True)
    ]
    return [
        "  ".join(text.ljust(size) for text, size in zip(line, sizes, strict=True)).rstrip()
        for line in zip_longest(*wrapped, fillvalue="")
    ] or [""]
