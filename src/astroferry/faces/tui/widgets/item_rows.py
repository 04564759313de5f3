"""Items with one of several values each: the control of a question that asks per item."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message

from astroferry.faces.tables import as_tables
from astroferry.faces.tui.widgets.row_list import RowList

if TYPE_CHECKING:
    from textual.geometry import Size

    from astroferry.faces.navigator import Asked


class ItemRows(RowList):
    """Items with one of several values each; left and right change the row, or all that are marked."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right,l", "turn(1)", show=False),
        Binding("left,h", "turn(-1)", show=False),
    ]

    @dataclass
    class Turned(Message):
        """A value was changed."""

        rows: ItemRows

    def __init__(self, asked: Asked) -> None:
        super().__init__(("place", "path", "why"), marks=True)
        self.values = tuple(option.value for option in asked.question.options)
        self.chosen: dict[str, str] = {}
        self.notes = asked.question.notes
        self.take_over(asked)

    def take_over(self, asked: Asked) -> None:
        """Show these values."""
        given = {entry["host"]: entry["path"] for entry in as_tables(asked.value)}
        self.chosen = {item: str(given.get(item, self.values[-1])) for item in asked.question.items}
        self._fill()

    def answer(self) -> list[dict[str, str]]:
        """As the plan takes it."""
        return [{"host": item, "path": path} for item, path in self.chosen.items()]

    def action_turn(self, step: int) -> None:
        """The next value."""
        if self.row is None:
            return
        items = list(self.chosen)
        following = (self.values.index(self.chosen[items[self.row]]) + step) % len(self.values)
        for number in self.selected or {self.row}:
            self.chosen[items[number]] = self.values[following]
        cursor = self.cursor
        self._fill()
        self.cursor = cursor
        self.post_message(self.Turned(self))

    def _fill(self) -> None:
        self.set_rows([(item, value, self.notes.get(item, "")) for item, value in self.chosen.items()])

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """All rows, as far as they are few."""
        del container, viewport, width
        return min(9, len(self.chosen) + 1)
