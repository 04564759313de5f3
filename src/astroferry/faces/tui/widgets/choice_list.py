"""A list of options with their consequences, of which one is chosen; arrows choose, Enter takes."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.containers import ScrollableContainer
from textual.content import Content
from textual.geometry import Region
from textual.message import Message
from textual.widget import Widget

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual import events
    from textual.geometry import Size

    from astroferry.stages.question import Option

LONGEST_LABEL = 18
"""cells; with longer labels the consequence stands on lines of its own"""


NARROWEST = 28
"""cells that a consequence needs beside its label; with fewer it stands below"""


class ChoiceList(Widget, can_focus=True):
    """Options one under the other; what is chosen is marked by a sign, and what is suggested by the word.

    Posts Chosen when the choice moves, Taken when Enter is pressed on it.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", show=False),
        Binding("down,j", "move(1)", show=False),
        Binding("home", "move(-99)", show=False),
        Binding("end", "move(99)", show=False),
        Binding("enter,space", "take", show=False),
    ]

    @dataclass
    class Chosen(Message):
        """The choice moved."""

        choice: ChoiceList
        value: str

    @dataclass
    class Taken(Message):
        """Enter on the choice."""

        choice: ChoiceList
        value: str | None

    @dataclass
    class Left(Message):
        """An arrow led out of the list: -1 above its first option, 1 below its last."""

        choice: ChoiceList
        step: int

    def __init__(
        self,
        options: Sequence[Option],
        value: str | None = None,
        suggested: str | None = None,
        *,
        id: str | None = None,  # noqa: A002 - Textual's word
    ) -> None:
        super().__init__(id=id)
        self.options = tuple(options)
        self.suggested = suggested
        self.index: int | None = None
        self.show(value)

    @property
    def value(self) -> str | None:
        """What is chosen."""
        return None if self.index is None else self.options[self.index].value

    def show(self, value: str | None) -> None:
        """Choose without telling anybody."""
        self.index = next((number for number, option in enumerate(self.options) if option.value == value), None)
        self.refresh()

    def action_move(self, step: int) -> None:
        """Choose the next one up or down."""
        if not self.options:
            return
        last = len(self.options) - 1
        if self.index is None:
            wanted = 0 if step > 0 else last
        else:
            wanted = self.index + step
            if not 0 <= wanted <= last and abs(step) == 1:
                self.post_message(self.Left(self, step))
                return
        self._choose(min(last, max(0, wanted)))

    def action_take(self) -> None:
        """Take what is chosen."""
        self.post_message(self.Taken(self, self.value))

    def _choose(self, index: int) -> None:
        if index != self.index:
            self.index = index
            self.refresh()
            self.reveal()
            self.post_message(self.Chosen(self, self.options[index].value))

    @property
    def reach(self) -> int:
        """Lines up to the end of what is chosen; one where nothing is."""
        rows = self._rows(self.size.width)
        return max((number + 1 for number, (option, _, _) in enumerate(rows) if option == self.index), default=1)

    def reveal(self) -> None:
        """Scroll what is around it, so that the chosen option is seen."""
        self.scroll_visible(animate=False)
        room = self.parent
        if isinstance(room, ScrollableContainer) and self.index is not None:
            lines = [
                number for number, (option, _, _) in enumerate(self._rows(self.size.width)) if option == self.index
            ]
            region = Region(0, self.virtual_region.y + lines[0], 1, len(lines))
            room.scroll_to_region(region, animate=False, force=True)

    def on_click(self, event: events.Click) -> None:
        """The mouse chooses too."""
        rows = [number for number, _, _ in self._rows(self.size.width)]
        if 0 <= event.y < len(rows):
            self._choose(rows[event.y])

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """As many lines as the consequences need."""
        del container, viewport
        return len(self._rows(width))

    def render(self) -> Content:
        """The options."""
        lines: list[Content] = []
        for number, label, rest in self._rows(self.size.width):
            option = self.options[number]
            chosen = number == self.index
            style = "bold" if chosen else ""
            if option.refused:
                style = "$text-muted"
            elif chosen and self.has_focus:
                style = "bold $accent"
            lines.append(Content.assemble((label, style), (rest, "" if chosen else "$text-muted")))
        return Content("\n").join(lines)

    def _rows(self, width: int) -> list[tuple[int, str, str]]:
        """(option's number, what stands in its column, the rest) for each line."""
        longest = max((len(option.label) for option in self.options), default=0)
        column = longest + 4 if longest <= LONGEST_LABEL and width - longest - 4 >= NARROWEST else 0
        rows: list[tuple[int, str, str]] = []
        for number, option in enumerate(self.options):
            chosen = number == self.index
            sign = f"{'●' if chosen else '○'} "
            words = option.consequence
            if option.refused:
                words = f"not possible: {option.refused}"
            elif option.value == self.suggested:
                words = f"{words} (suggested)" if words else "(suggested)"
            head = f"{sign}{option.label}"
            if column:
                wrapped = textwrap.wrap(words, max(20, width - column)) or [""]
                rows.append((number, head.ljust(column), wrapped[0]))
                rows += [(number, " " * column, line) for line in wrapped[1:]]
            else:
                rows += [(number, line, "") for line in textwrap.wrap(head, max(20, width), subsequent_indent="  ")]
                rows += [(number, "  ", line) for line in textwrap.wrap(words, max(20, width - 2))]
        return rows
