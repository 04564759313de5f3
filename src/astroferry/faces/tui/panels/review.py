"""The review page: all decisions and all that will be done, from the plan alone; Enter leads to a stage and back."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, ClassVar

from rich.segment import Segment
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from astroferry.faces.confirming import before_carrying
from astroferry.faces.reviewing import TITLES, Line, against, page, stands
from astroferry.faces.tui.panels.panel import Keys, Panel
from astroferry.faces.tui.screens.modals import ConfirmScreen
from astroferry.model.words import several

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from astroferry.faces.session import Session


class Page(ScrollView, can_focus=True):
    """Lines with a cursor. Posts Wanted on Enter."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", show=False),
        Binding("down,j", "move(1)", show=False),
        Binding("pageup", "move(-15)", show=False),
        Binding("pagedown", "move(15)", show=False),
        Binding("home", "move(-9999)", show=False),
        Binding("end", "move(9999)", show=False),
        Binding("enter", "go", show=False),
    ]
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "page--head",
        "page--quiet",
        "page--bad",
        "page--warn",
        "page--cursor",
    }

    class Wanted(Message):
        """Enter on a line."""

        def __init__(self, stage: str) -> None:
            super().__init__()
            self.stage = stage

    class Moved(Message):
        """The cursor stands elsewhere."""

    def __init__(self) -> None:
        super().__init__(id="page")
        self.lines: list[Line] = []
        self.cursor = 0

    def show(self, lines: list[Line], width: int) -> None:
        """Other lines; long ones are wrapped."""
        self.lines = []
        for line in lines:
            indent = " " * (len(line.text) - len(line.text.lstrip()) + 2)
            wrapped = (
                [line.text]
                if len(line.text) <= width
                else textwrap.wrap(line.text, max(20, width), subsequent_indent=indent)
            )
            self.lines += [Line(text, line.stage, line.tone) for text in wrapped or [""]]
        self.cursor = min(self.cursor, max(0, len(self.lines) - 1))
        if self.cursor == 0:
            # What stands against carrying out comes first, and Enter on it leads there.
            self.cursor = next((number for number, line in enumerate(self.lines[:2]) if line.tone == "bad"), 0)
        self.virtual_size = Size(self.size.width, len(self.lines))
        self.call_after_refresh(self._see_cursor)
        self.refresh()

    @property
    def stage(self) -> str:
        """Where Enter leads from here."""
        return self.lines[self.cursor].stage if self.lines else ""

    def action_move(self, step: int) -> None:
        """Another line."""
        before, self.cursor = self.cursor, max(0, min(len(self.lines) - 1, self.cursor + step))
        self._see_cursor()
        for line in (before, self.cursor):
            self.refresh(Region(0, line - round(self.scroll_y), self.size.width, 1))
        self.post_message(self.Moved())

    def _see_cursor(self) -> None:
        top, height = round(self.scroll_y), self.size.height
        if self.cursor < top:
            self.scroll_to(y=self.cursor, animate=False, force=True)
        elif self.cursor >= top + height:
            self.scroll_to(y=self.cursor - height + 1, animate=False, force=True)

    def action_go(self) -> None:
        """Enter."""
        self.post_message(self.Wanted(self.stage))

    def render_line(self, y: int) -> Strip:
        """One line, with the cursor's sign."""
        index = y + round(self.scroll_y)
        if index >= len(self.lines):
            return Strip.blank(self.size.width, self.rich_style)
        line = self.lines[index]
        here = index == self.cursor and self.has_focus
        name = "page--cursor" if here else f"page--{line.tone}" if line.tone != "plain" else ""
        style = self.get_component_rich_style(name) if name else self.rich_style
        strip = Strip([Segment(("› " if here else "  ") + line.text, style)])
        return strip.adjust_cell_length(self.size.width, style)


class ReviewPanel(Panel):
    """See the module."""

    wide = True

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.page = Page()

    def compose(self) -> ComposeResult:
        """Title and page."""
        yield self.page

    def take_focus(self) -> None:
        """Arrows read."""
        self.page.focus()

    def on_resize(self) -> None:
        """Tables are cut to the width."""
        self.settled()

    def settled(self) -> None:
        """Render from the plan as it is now."""
        desk = self.session.desk
        if desk.inventory is None:
            return
        width = max(40, self.size.width - 6)
        self.page.show(page(desk, self.session.infos, width, self.session.standings), width)
        self.wizard.say(stands(self.session.infos, self.session.standings))

    def on_page_moved(self, event: Page.Moved) -> None:
        """Say where Enter leads."""
        event.stop()
        self.wizard.show_keys()

    def on_page_wanted(self, event: Page.Wanted) -> None:
        """To the stage, and back with Next."""
        event.stop()
        if event.stage:
            self.wizard.go(event.stage, returning=True)

    def forward(self) -> None:
        """Confirm by the production Deployment's name, then carry out."""
        desk = self.session.desk
        if desk.inventory is None:
            return
        standing = against(desk)
        if standing:
            self.wizard.say(f"{several(len(standing), 'thing')} must be settled first: see above.", bad=True)
            self.page.action_move(-9999)
            self.page.action_move(1)
            return
        question = before_carrying(self.session)
        if question is None:
            self.wizard.say("The plan has no wave yet.", bad=True)
            return

        def done(yes: bool | None) -> None:
            if yes:
                self.session.nav.confirm_review()
                self.wizard.went_on()
                self.wizard.runs.carry_out()

        self.app.push_screen(ConfirmScreen(question), done)

    def keys(self) -> Keys:
        """Where Enter leads is said by name."""
        stage = self.page.stage
        go = (("Enter", f"to {TITLES[stage]}"),) if stage else ()
        return (("↑↓", "read"), *go, ("F2", "carry out"), ("Esc", "back"))

    def help(self) -> str:
        """The page in words."""
        return (
            "The review page is made from the plan alone, so it shows what was edited by hand too.\n\n"
            "Enter on a line goes to the stage that decides it; Next there comes back here.\n"
            "F2 asks you to type the production Deployment's name (where the plan overwrites, that of every "
            "Deployment), then carries the plan out up to DAGs that lie compared and paused on Astro. Nothing on "
            "either end is changed before that."
        )
