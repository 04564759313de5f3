"""Tables of the plan as they would be written: the control of a question whose answer is structured."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.widget import Widget

from astroferry.faces.tables import rows_of_tables
from astroferry.faces.tui.widgets.fitting import cut, hanging

if TYPE_CHECKING:
    from textual.geometry import Size


class Tables(Widget, can_focus=True):
    """Tables of the plan (Workspaces, Deployments, waves) as they would be written; Enter takes them, e edits."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "take", show=False),
        Binding("e", "edit", show=False),
        Binding("up,k", "leave(-1)", show=False),
        Binding("down,j", "leave(1)", show=False),
    ]

    @dataclass
    class Taken(Message):
        """As they are."""

    @dataclass
    class Edit(Message):
        """Somebody wants to change them."""

    @dataclass
    class Left(Message):
        """An arrow led out."""

        step: int

    def __init__(self, value: Any) -> None:
        super().__init__()
        self.value = value

    def show(self, value: Any) -> None:
        """Other tables."""
        self.value = value
        self.refresh(layout=True)

    def action_take(self) -> None:
        """Take them."""
        self.post_message(self.Taken())

    def action_edit(self) -> None:
        """Edit them."""
        self.post_message(self.Edit())

    def action_leave(self, step: int) -> None:
        """To the question above or below."""
        self.post_message(self.Left(step))

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """A line for each table, and as many more as its words take."""
        del container, viewport
        return len(self._lines(width))

    def render(self) -> Content:
        """One block for each table."""
        return Content("\n").join(self._lines(self.size.width))

    def _lines(self, width: int) -> list[Content]:
        rows = rows_of_tables(self.value)
        if not rows:
            return [Content.styled("None yet: press e to write them.", "$text-muted")]
        lines = []
        for name, words in rows:
            lines.append(Content.assemble(("▪ ", "$accent"), (cut(name, width - 2), "bold")))
            if words:
                lines += [Content.styled(line, "$text-muted") for line in hanging(f"  {words}", width)]
        return lines
