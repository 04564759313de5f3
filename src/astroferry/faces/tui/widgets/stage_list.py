"""The list of stages: a sign for each, a word where something is to be looked at, and where one is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.widget import Widget

from astroferry.faces.navigator import STOPS
from astroferry.faces.tui.widgets.fitting import cut

if TYPE_CHECKING:
    from textual import events
    from textual.geometry import Size

    from astroferry.faces.navigator import Navigator, StopState

SIGNS: dict[StopState, tuple[str, str, str]] = {
    "done": ("✓", "", "$text-success"),
    "open": ("·", "", "$text-muted"),
    "again": ("!", "again", "$text-warning"),
    "part": ("~", "part", "$text-warning"),
    "failed": ("×", "failed", "$text-error"),
}
"""state -> sign, word, colour"""


class StageList(Widget, can_focus=True):
    """All stops; arrows and Enter go to one that can be reached yet. Posts Wanted."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", show=False),
        Binding("down,j", "move(1)", show=False),
        Binding("enter,space", "go", show=False),
    ]

    @dataclass
    class Wanted(Message):
        """Somebody wants to go there."""

        key: str

    def __init__(self, nav: Navigator) -> None:
        super().__init__(id="stages")
        self.nav = nav
        self.cursor = nav.index

    def update(self) -> None:
        """The walk has moved."""
        self.cursor = self.nav.index
        self.refresh()

    def action_move(self, step: int) -> None:
        """To the next stop up or down that can be reached."""
        wanted = self.cursor + step
        while 0 <= wanted < len(STOPS) and not self.nav.reachable(wanted):
            wanted += step
        if 0 <= wanted < len(STOPS):
            self.cursor = wanted
            self.refresh()

    def action_go(self) -> None:
        """Go where the cursor is."""
        self.post_message(self.Wanted(STOPS[self.cursor].key))

    def on_focus(self) -> None:
        """Begin where one is."""
        self.update()

    def on_blur(self) -> None:
        """On small screens it goes away with the keys."""
        self.screen.remove_class("-stages")

    def on_click(self, event: events.Click) -> None:
        """The mouse goes too."""
        number = event.get_content_offset_capture(self).y + self._top
        if 0 <= number < len(STOPS):
            self.post_message(self.Wanted(STOPS[number].key))

    @property
    def _top(self) -> int:
        """The first stop that is shown: where not all have room, the cursor stays in view."""
        return max(0, min(self.cursor - self.size.height // 2, len(STOPS) - self.size.height))

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """A line for each stop."""
        del container, viewport, width
        return len(STOPS)

    def render(self) -> Content:
        """Sign, title, word."""
        room = self.size.width - 3
        lines = []
        for number, stop in enumerate(STOPS):
            sign, word, colour = SIGNS[self.nav.state_of(stop)]
            here = number == self.nav.index
            style = "bold $accent" if here else "" if self.nav.reachable(number) else "$text-muted"
            if self.has_focus and number == self.cursor:
                style += " reverse"
            title = cut(stop.title, room - len(word) - bool(word)).ljust(room - len(word))
            lines.append(
                Content.assemble(
                    ("›" if here else sign, "bold $accent" if here else colour), " ", (title + word, style.strip())
                )
            )
        return Content("\n").join(lines[self._top :])
