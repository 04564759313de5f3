"""What the source has, kind by kind, to look at: filter, sort, a row in full; also while it is still being read."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from astroferry.faces.tui.screens.modals import TextScreen
from astroferry.faces.tui.widgets.bars import Foot
from astroferry.faces.tui.widgets.quiet import Quiet
from astroferry.faces.tui.widgets.row_list import RowList

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.app import ComposeResult

    from astroferry.faces.seen import Table

EVERY = 1.0
"""seconds between two looks at a read that goes on: thousands of rows are measured each time"""


class SeenScreen(ModalScreen[None]):
    """The tables that `look` gives, and what it says of them ("" where all is whole).

    `goes_on`: whether more may come; then it is looked at again, and the cursor stays where it is. `first`: the title
    of the table that is shown first, if it is there.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", show=False, priority=True),
        Binding("f1,question_mark", "help", show=False),
        Binding("slash", "filter", show=False),
        Binding("right,tab", "kind(1)", show=False),
        Binding("left,shift+tab", "kind(-1)", show=False),
    ]

    def __init__(
        self,
        look: Callable[[], tuple[tuple[Table, ...], str]],
        goes_on: Callable[[], bool] = lambda: False,
        first: str = "",
    ) -> None:
        super().__init__()
        self._look = look
        self._goes_on = goes_on
        self.tables, self.note = look()
        self.at = next((number for number, table in enumerate(self.tables) if table.title == first), 0)
        self.list = RowList(self.table.headings, self.table.rows, sorts=True)

    @property
    def table(self) -> Table:
        """The kind that is shown."""
        return self.tables[self.at]

    def compose(self) -> ComposeResult:
        """Kinds, what is to be said, filter, list, keys."""
        yield Static(Content.styled("What the source has", "bold $accent"), classes="title")
        yield Quiet(id="kinds")
        yield Quiet(id="partial")
        field = Input(placeholder="/ filters: words of any column", compact=True, id="filter")
        field.cursor_blink = False
        yield field
        yield self.list
        yield Foot(("←→", "kind"), ("/", "filter"), ("s", "sort"), ("Enter", "in full"), ("Esc", "close"))

    def on_mount(self) -> None:
        """The list has the keys."""
        self.list.focus()
        self._tell()
        if self._goes_on():
            self.set_interval(EVERY, self._again)

    def _again(self) -> None:
        tables, note = self._look()
        if (tables, note) == (self.tables, self.note):
            return
        cursor, same = self.list.cursor, tables[self.at].rows == self.table.rows
        self.tables, self.note = tables, note
        if not same:
            self.list.set_rows(self.table.rows)
            self.list.action_move(cursor - self.list.cursor)
        self._tell()

    def _tell(self) -> None:
        parts = [
            Content.styled(table.counted, "bold $accent" if number == self.at else "$text-muted")
            for number, table in enumerate(self.tables)
        ]
        self.query_one("#kinds", Quiet).update(Content.styled(" · ", "$text-muted").join(parts))
        partial = self.query_one("#partial", Quiet)
        partial.display = bool(self.note)
        partial.update(Content.styled(f"! {self.note}", "$text-warning"))

    def action_kind(self, step: int) -> None:
        """Another kind of thing; the filter is taken off."""
        self.at = (self.at + step) % len(self.tables)
        self.query_one(Input).value = ""
        self.list.sort_by(None)
        self.list.headings = self.table.headings
        self.list.set_rows(self.table.rows)
        self.list.action_edge(-1)
        self.list.focus()
        self._tell()

    def action_filter(self) -> None:
        """To the filter."""
        self.query_one(Input).focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Filter while it is typed."""
        self.list.filter(event.value)

    def on_input_submitted(self) -> None:
        """Back to the list."""
        self.list.focus()

    def on_row_list_taken(self, event: RowList.Taken) -> None:
        """A row in full."""
        row = event.rows.rows[event.row]
        facts = tuple(zip(event.rows.headings, row, strict=True))
        self.app.push_screen(TextScreen(row[0], facts))

    def action_help(self) -> None:
        """F1."""
        self.app.push_screen(
            TextScreen(
                "What the source has",
                "All that was read of the source, one kind of thing at a time. It is only looked at here: what "
                "becomes of it is decided by the stages.\n\n"
                "← and → (or Tab) show another kind. / filters by words of any column; Esc takes the filter off. s "
                "sorts by the next column. Enter shows a row in full. Esc closes.\n\n"
                "While the source is still being read, rows are added as they come; ! says what is missing.",
            )
        )

    def action_leave(self) -> None:
        """From the filter to the list; from the list away."""
        field = self.query_one(Input)
        if field.has_focus:
            field.value = ""
            self.list.focus()
        else:
            self.dismiss(None)
