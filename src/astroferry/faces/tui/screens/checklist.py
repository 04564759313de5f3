"""The checklist before a cutover: live checks with their evidence, and what people have to confirm."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from astroferry.carry.readiness import open_checks
from astroferry.faces.tui.panels.checking import as_confirmed, in_full, look_at
from astroferry.faces.tui.widgets.bars import Foot
from astroferry.faces.tui.widgets.check_list import CheckList
from astroferry.faces.tui.widgets.quiet import Quiet
from astroferry.model.words import several

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from astroferry.carry.prerequisites import Prerequisite
    from astroferry.faces.session import Session
    from astroferry.faces.tui.widgets.row_list import RowList


class ChecklistScreen(ModalScreen[None]):
    """See the module."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,l", "close", show=False)]

    def __init__(self, title: str, checks: tuple[Prerequisite, ...], session: Session) -> None:
        super().__init__()
        self.heading = title
        self.checks = checks
        self.session = session
        self.list = CheckList()

    def compose(self) -> ComposeResult:
        """Heading, how it stands, checks, keys."""
        with Vertical(classes="box tall"):
            yield Static(Content.styled(self.heading, "bold $accent"))
            yield Quiet(id="stands")
            yield self.list
            yield Quiet(id="detail")
            yield Foot(("↑↓", "choose"), ("Enter", "the evidence, or confirm it"), ("Esc", "close"))

    def on_mount(self) -> None:
        """The first that is open has the cursor."""
        self._fill()
        self.list.focus()

    def _fill(self) -> None:
        self.checks = as_confirmed(self.checks, self.session.desk.plan)
        self.list.show(self.checks)
        self.list.go_to_open()
        left = len(open_checks(self.checks))
        text = (f"! {several(left, 'check')} not met", "$text-warning") if left else ("✓ all met", "$text-success")
        self.query_one("#stands", Quiet).update(Content.styled(*text))

    def on_row_list_moved(self, event: RowList.Moved) -> None:
        """The evidence of the check under the cursor."""
        event.stop()
        self.query_one("#detail", Quiet).update(in_full(self.list.check))

    def on_row_list_taken(self, event: RowList.Taken) -> None:
        """The evidence, or a person's word."""
        event.stop()
        check = self.list.check
        if check is not None:
            look_at(self.app, self.session, check, lambda _said, _bad: self._fill())

    def action_close(self) -> None:
        """Esc."""
        self.dismiss(None)
