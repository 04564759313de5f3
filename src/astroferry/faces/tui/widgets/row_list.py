"""A list for thousands of rows: only the lines on the screen exist; filter, sort and selection are list operations.

Textual's DataTable measures every cell (more than a second for 14,000 rows, and again when a filter goes); here a
list of indexes is the view, and an arrow key redraws two lines.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from rich.segment import Segment
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rich.style import Style
    from textual import events


LEAST = 12
"""cells to which a column gives way before it is left out"""
WHOLE = 18
"""cells up to which a column gives no way"""


class RowList(ScrollView, can_focus=True):
    """Rows of text under headings.

    The first `keep` columns stay whole as long as others can give way. `view` lists the rows that pass the filter,
    in the order shown; `selected` holds row numbers, whatever is shown.
    Posts Taken on Enter, Moved and Marked when cursor or selection change.
    """

    DEFAULT_CSS = "RowList { overflow-x: hidden; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", show=False),
        Binding("down,j", "move(1)", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("pagedown", "page(1)", show=False),
        Binding("home,g", "edge(-1)", show=False),
        Binding("end,G", "edge(1)", show=False),
        Binding("space", "mark", show=False),
        Binding("a", "mark_all", show=False),
        Binding("s", "sort", show=False),
        Binding("enter", "take", show=False),
    ]
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "row-list--head",
        "row-list--cursor",
        "row-list--marked",
        "row-list--quiet",
    }

    @dataclass
    class Taken(Message):
        """Enter on a row."""

        rows: RowList
        row: int

    @dataclass
    class Moved(Message):
        """The cursor stands on another row, or on none."""

        rows: RowList
        row: int | None

        def can_replace(self, message: Message) -> bool:
            """Only the last of many matters."""
            return isinstance(message, RowList.Moved)

    @dataclass
    class Marked(Message):
        """The selection changed."""

        rows: RowList

    def __init__(
        self,
        headings: Sequence[str],
        rows: Sequence[Sequence[str]] = (),
        *,
        marks: bool = False,
        keep: int = 1,
        sorts: bool = False,
        id: str | None = None,  # noqa: A002 - Textual's word
    ) -> None:
        super().__init__(id=id)
        self.headings = tuple(headings)
        self.marks = marks
        self.keep = keep
        self.sorts = sorts
        self.rows: list[tuple[str, ...]] = []
        self.view: list[int] = []
        self.selected: set[int] = set()
        self.cursor = 0
        self.wanted = ""
        self.sorted_by: int | None = None
        self._widths: list[int] = []
        self._searched: list[str] = []
        self.set_rows(rows)

    # -- what is shown -----------------------------------------------------------------------------------------

    def set_rows(self, rows: Iterable[Sequence[str]]) -> None:
        """Other rows; filter, order and selection stay where they can."""
        self.rows = [tuple(row) for row in rows]
        self.selected &= set(range(len(self.rows)))
        self._searched = [" ".join(row).lower() for row in self.rows]
        self._widths = [
            max([len(heading), *(len(row[number]) for row in self.rows)], default=0)
            for number, heading in enumerate(self.headings)
        ]
        self._look()

    def filter(self, text: str) -> None:
        """Show rows that hold all words of `text`, whatever their case."""
        self.wanted = text.lower()
        self._look()

    def sort_by(self, column: int | None) -> None:
        """Order by a column, or as given."""
        self.sorted_by = column
        self._look()

    def select(self, rows: Iterable[int]) -> None:
        """Select exactly these."""
        self.selected = set(rows) & set(range(len(self.rows)))
        self.refresh()
        self.post_message(self.Marked(self))

    @property
    def row(self) -> int | None:
        """The row under the cursor."""
        return self.view[self.cursor] if self.view else None

    def _look(self) -> None:
        current = self.row if self.cursor < len(self.view) else None
        words = self.wanted.split()
        searched = self._searched
        self.view = (
            [number for number in range(len(self.rows)) if all(word in searched[number] for word in words)]
            if words
            else list(range(len(self.rows)))
        )
        if (column := self.sorted_by) is not None:
            self.view.sort(key=lambda number: _natural(self.rows[number][column]))
        self.cursor = self.view.index(current) if current in self.view else 0
        self._resize()
        self.refresh()
        self.post_message(self.Moved(self, self.row))

    def _resize(self) -> None:
        self.virtual_size = Size(self.size.width, len(self.view) + 1)
        self._scroll_to_cursor()

    def on_resize(self) -> None:
        """Rows are cut to the width, so there is never anything to the right."""
        self._resize()

    # -- keys --------------------------------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Letters that do nothing in this list are left to the panel around it."""
        del parameters
        if action == "sort":
            return self.sorts
        return self.marks if action in {"mark", "mark_all"} else True

    def action_move(self, step: int) -> None:
        """One row up or down."""
        self._go(self.cursor + step)

    def action_page(self, step: int) -> None:
        """A page up or down."""
        self._go(self.cursor + step * max(1, self.size.height - 2))

    def action_edge(self, step: int) -> None:
        """The first or the last row."""
        self._go(len(self.view) if step > 0 else 0)

    def action_mark(self) -> None:
        """Select the row, or not; then on to the next."""
        if self.marks and self.row is not None:
            self.selected ^= {self.row}
            self._redraw(self.cursor)
            self._go(self.cursor + 1)
            self.post_message(self.Marked(self))

    def action_mark_all(self) -> None:
        """Select all that are shown, or none of them."""
        if self.marks:
            shown = set(self.view)
            self.select(self.selected - shown if shown <= self.selected else self.selected | shown)

    def action_sort(self) -> None:
        """Order by the next column; after the last, as given."""
        following = 0 if self.sorted_by is None else self.sorted_by + 1
        self.sort_by(following if following < len(self.headings) else None)

    def action_take(self) -> None:
        """Enter on the row."""
        if self.row is not None:
            self.post_message(self.Taken(self, self.row))

    def on_click(self, event: events.Click) -> None:
        """The mouse moves the cursor."""
        self._go(event.y - 1 + round(self.scroll_y))

    def _go(self, index: int) -> None:
        before, self.cursor = self.cursor, max(0, min(len(self.view) - 1, index))
        if self.cursor == before:
            return
        self._scroll_to_cursor()
        self._redraw(before)
        self._redraw(self.cursor)
        self.post_message(self.Moved(self, self.row))

    def _scroll_to_cursor(self) -> None:
        room = max(1, self.size.height - 1)
        top = round(self.scroll_y)
        if self.cursor < top:
            self.scroll_to(y=self.cursor, animate=False, force=True)
        elif self.cursor >= top + room:
            self.scroll_to(y=self.cursor - room + 1, animate=False, force=True)

    def _redraw(self, index: int) -> None:
        line = index + 1 - round(self.scroll_y)
        if 0 < line < self.size.height:
            self.refresh(Region(0, line, self.size.width, 1))

    # -- drawing -----------------------------------------------------------------------------------------------

    def on_focus(self) -> None:
        """The cursor shows where the keys go."""
        self._redraw(self.cursor)

    def on_blur(self) -> None:
        """It fades."""
        self._redraw(self.cursor)

    def render_line(self, y: int) -> Strip:
        """The head stays; the rest is a window on the view."""
        width = self.size.width
        if y == 0:
            heads = list(self.headings)
            if self.sorted_by is not None:
                heads[self.sorted_by] += "↓"
            return self._strip(
                self._before("", "") + self._columns(heads, width - self._edge),
                self.get_component_rich_style("row-list--head"),
            )
        index = y - 1 + round(self.scroll_y)
        if index >= len(self.view):
            empty = "  Nothing matches the filter." if self.rows else "  Nothing."
            quiet = self.get_component_rich_style("row-list--quiet")
            return self._strip(empty if y == 1 and not self.view else "", quiet)
        number = self.view[index]
        marked = number in self.selected
        name = "row-list--marked" if marked else ""
        if index == self.cursor and self.has_focus:
            name = "row-list--cursor"
        style = self.get_component_rich_style(name) if name else self.rich_style
        # Of two lists on a page one alone has a cursor that looks like one.
        pointer = " " if index != self.cursor else "›" if self.has_focus else "·"
        before = self._before(pointer, "✓" if marked else "")
        return self._strip(before + self._columns(self.rows[number], width - self._edge), style)

    @property
    def _edge(self) -> int:
        """Cells before the first column."""
        return 4 if self.marks else 2

    def _before(self, pointer: str, sign: str) -> str:
        return f"{pointer:<2}{sign:<2}"[: self._edge]

    def _columns(self, cells: Sequence[str], width: int) -> str:
        """Cells in columns as wide as needed; what finds no room is left out: Enter shows a row in full."""
        sizes = self._fitted(width)
        return "  ".join(
            _cut(cell, size, within=not number)
            for number, (cell, size) in enumerate(zip(cells, sizes, strict=True))
            if size
        )

    def _fitted(self, width: int) -> list[int]:
        sizes = list(self._widths)
        while sum(sizes) + 2 * (sum(size > 0 for size in sizes) - 1) + 1 > max(9, width):
            later = range(self.keep, len(sizes))
            # Half a number or a date tells nothing: short cells stand whole or not at all.
            wide = [number for number in later if sizes[number] > max(LEAST, min(self._widths[number], WHOLE))]
            shown = [number for number in later if sizes[number]]
            if wide:
                sizes[max(wide, key=lambda number: sizes[number])] -= 1
            elif shown:
                sizes[shown[-1]] = 0
            else:
                sizes[sizes.index(max(sizes))] -= 1
        # What a column that was left out has freed goes to those that gave way for it.
        spare = max(0, width) - sum(sizes) - 2 * (sum(size > 0 for size in sizes) - 1) - 1
        for number, size in enumerate(sizes):
            more = min(max(0, spare), self._widths[number] - size) if size else 0
            sizes[number] += more
            spare -= more
        return sizes

    def _strip(self, text: str, style: Style) -> Strip:
        return Strip([Segment(text, style)]).adjust_cell_length(self.size.width, style)


def _cut(text: str, size: int, *, within: bool) -> str:
    """`within`: ids are told apart by their ends, since many begin alike."""
    if len(text) <= size:
        return text.ljust(size)
    tail = (size - 1) // 2 if within else 0
    return f"{text[: size - 1 - tail]}…{text[len(text) - tail :]}"


def _natural(text: str) -> tuple[int, float, str]:
    """Numbers in the order of numbers, before words."""
    try:
        return (0, float(text.replace(",", "")), "")
    except ValueError:
        return (1, 0.0, text.lower())
