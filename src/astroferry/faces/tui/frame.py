"""What the terminal shows, so that only cells that have changed are sent to it.

Textual draws whole widgets anew whenever something is laid out again: one Tab through a form is 16 kB at 80x24. A
terminal behind a slow line shows that; the same Tab is some hundred bytes of cells that are other than before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.cells import cell_len
from rich.control import Control
from rich.segment import Segment
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual.strip import Strip

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rich.console import Console, ConsoleOptions, RenderResult

Cell = tuple[str, str, str]
"""what stands there, and what the terminal is told before and after it; the first text of a wide cell, then TAILs"""
UNKNOWN: Final[Cell] = ("", "unknown", "")
TAIL: Final[Cell] = ("", "tail", "")
BRIDGE = 6
"""equal cells that are written again rather than jumped over: a jump takes as many bytes"""


class Frame:
    """The cells of the terminal as they were last written. `forget` after anything else may have written to it."""

    def __init__(self) -> None:
        self._rows: list[list[Cell]] = []
        self._width = 0

    def forget(self) -> None:
        """Nothing is known of what the terminal shows: all of it is sent next time."""
        self._rows = []

    def changes(self, update: LayoutUpdate | ChopsUpdate, size: tuple[int, int], console: Console) -> str:
        """Take over what Textual would draw on a terminal of (width, height); the text that draws the differences."""
        width, height = size
        if len(self._rows) != height or self._width != width:
            self._rows = [[UNKNOWN] * width for _ in range(height)]
            self._width = width
        touched: dict[int, list[Cell]] = {}
        for x, y, strips in _pieces(update):
            if 0 <= y < height:
                row = touched.get(y) or list(self._rows[y])
                touched[y] = row
                _put(row, x, (cell for strip in strips for cell in _cells(strip, console)))
        found = []
        for y, row in touched.items():
            found += [_written(row[begin:end], begin, y) for begin, end in _runs(self._rows[y], row)]
            self._rows[y] = row
        return "".join(found)


class Changes(CompositorUpdate):
    """Text for the terminal that is ready already, as Textual's own display takes it."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Only `render_segments` is ever asked of it."""
        raise NotImplementedError

    def render_segments(self, console: Console) -> str:
        """As it is."""
        del console
        return self.text


def _pieces(update: LayoutUpdate | ChopsUpdate) -> Iterator[tuple[int, int, Iterable[Strip]]]:
    """(x, y, what is drawn there), as the update's own `render_segments` draws it."""
    if isinstance(update, LayoutUpdate):
        for y, strips in enumerate(update.strips, update.region.y):
            yield update.region.x, y, strips
        return
    for y, x1, x2 in update.spans:
        for end, (x, strip) in zip(update.chop_ends[y], update.chops[y].items(), strict=False):
            if strip is not None and x <= x2 and end > x1:
                yield x, y, (strip.crop(0, min(end, x2) - x),)


def _cells(strip: Strip, console: Console) -> Iterator[Cell]:
    for segment in strip:
        text, style, control = segment
        if control or not text:
            continue
        if style is None:
            before = after = ""
        else:
            # Textual's own rendering, colours of this terminal included, taken apart around the text.
            before, _, after = Strip([Segment("\0", style)]).render(console).partition("\0")
        if text.isascii() or all(cell_len(sign) == 1 for sign in text):
            for sign in text:
                yield (sign, before, after)
        else:
            # Wide or joined signs are written whole, never from their middle.
            yield (text, before, after)
            for _ in range(cell_len(text) - 1):
                yield TAIL


def _put(row: list[Cell], x: int, cells: Iterable[Cell]) -> None:
    begin, width = x, len(row)
    if 0 < begin < width and row[begin] is TAIL:
        # A wide text is cut here: what is left of it cannot be known.
        _break(row, begin - 1)
    for cell in cells:
        if x >= width:
            break
        row[x] = cell
        x += 1
    if x < width and row[x] is TAIL:
        for number in range(x, width):
            if row[number] is not TAIL:
                break
            row[number] = UNKNOWN


def _break(row: list[Cell], x: int) -> None:
    while x >= 0:
        tail, row[x] = row[x] is TAIL, UNKNOWN
        if not tail:
            break
        x -= 1


def _runs(old: list[Cell], new: list[Cell]) -> list[tuple[int, int]]:
    """[begin, end) of what is to be written: other cells, and few equal ones between them."""
    runs: list[tuple[int, int]] = []
    for x, cell in enumerate(new):
        if cell == old[x] or cell is UNKNOWN:
            continue
        begin = x
        while begin > 0 and new[begin] is TAIL:
            begin -= 1
        if runs and begin - runs[-1][1] <= BRIDGE and UNKNOWN not in new[runs[-1][1] : begin]:
            runs[-1] = (runs[-1][0], x + 1)
        else:
            runs.append((begin, x + 1))
    return runs


def _written(cells: list[Cell], x: int, y: int) -> str:
    parts = [Control.move_to(x, y).segment.text]
    style = ("", "")
    for text, before, after in cells:
        if not text:
            continue
        if (before, after) != style:
            parts += [style[1], before]
            style = (before, after)
        parts.append(text)
    parts.append(style[1])
    return "".join(parts)
