"""Decommission: may the old side go? live checks, the last backup, people's words, then a name."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content

from astroferry.carry.decommission.leaving import people_checks
from astroferry.carry.readiness import open_checks
from astroferry.errors import PlanError
from astroferry.faces.confirming import before_release
from astroferry.faces.tui.panels.checking import in_full, look_at
from astroferry.faces.tui.panels.following import FollowingPanel
from astroferry.faces.tui.screens.modals import ConfirmScreen
from astroferry.faces.tui.widgets.check_list import CheckList
from astroferry.model.words import several

if TYPE_CHECKING:
    from astroferry.carry.prerequisites import Prerequisite
    from astroferry.faces.session import Session
    from astroferry.faces.tui.panels.panel import Keys
    from astroferry.faces.tui.widgets.row_list import RowList


class LeavePanel(FollowingPanel):
    """See the module."""

    lead = "Nothing is deleted by astroferry: it looks, takes a last backup, and takes people's words."
    kinds = frozenset({"leave"})
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("c", "check", show=False),
        Binding("r", "release", show=False),
        Binding("s", "stop", show=False),
    ]

    def __init__(self, session: Session) -> None:
        self.checks = CheckList()
        super().__init__(session, self.checks)

    def take_focus(self) -> None:
        """Arrows read the list."""
        self.checks.focus()

    def _everything(self) -> tuple[Prerequisite, ...]:
        return (*self.wizard.runs.carrier.leaving, *people_checks(self.session.desk.plan))

    def tick(self) -> None:
        """How it stands."""
        self.show_pace(self._stands())

    def _stands(self) -> Content:
        work, left = self.work, len(open_checks(self._everything()))
        if work is not None and work.error:
            return Content.styled(f"! {work.error}", "$text-error")
        if self.session.nav.carried.get("decommission") == "done":
            return Content.styled("✓ Every wave is released: the old side may be forgotten.", "$text-success")
        if not self.wizard.runs.carrier.leaving:
            return Content.styled("c asks both ends and takes the last backup; it changes nothing.", "$text-muted")
        if left:
            return Content.styled(f"! {several(left, 'check')} not met", "$text-warning")
        return Content.styled("✓ All met: r releases the old side.", "$text-success")

    def settled(self) -> None:
        """A check ended, or somebody confirmed one."""
        self.session.look_back()
        self.checks.show(self._everything())
        self.tick()
        self.show_result(Content(""))
        self.wizard.show_keys()

    def on_row_list_moved(self, event: RowList.Moved) -> None:
        """The evidence of the check under the cursor."""
        event.stop()
        self.show_detail(in_full(self.checks.check))

    def on_row_list_taken(self, event: RowList.Taken) -> None:
        """The evidence, or a person's word."""
        event.stop()
        if self.checks.check is not None:
            look_at(self.app, self.session, self.checks.check, self._said)

    def _said(self, text: str, bad: bool) -> None:
        self.settled()
        self.wizard.say(text, bad=bad)

    def action_check(self) -> None:
        """Ask both ends."""
        self.wizard.runs.leave()

    def action_stop(self) -> None:
        """Looking ends at once."""
        self.wizard.run_worker(self.wizard.runs.end_now(), group="stop")

    def action_release(self) -> None:
        """Confirm by the name."""
        left = len(open_checks(self._everything()))
        if left or not self.wizard.runs.carrier.leaving:
            self.wizard.say("First every check must be met: c asks both ends.", bad=True)
            return

        def done(yes: bool | None) -> None:
            if yes:
                try:
                    self.session.release()
                except PlanError as error:
                    self._said(str(error), True)
                    return
                self._said("Released. Keep the backup, the journal and the plan.", False)

        self.app.push_screen(ConfirmScreen(before_release(self.session)), done)

    def keys(self) -> Keys:
        """What can be done now."""
        if self.work is not None and self.work.running:
            return (("s", "stop looking"), ("Esc", "look back"), ("F4", "log"))
        return (
            ("c", "check"),
            ("r", "release"),
            ("Enter", "confirm"),
            ("Esc", "back"),
            ("F4", "log"),
        )

    def help(self) -> str:
        """The panel in words."""
        return (
            "The old side may go when every DAG has moved, its first cycle was watched to the end, nothing has run "
            "on the source over a full cycle, a backup was taken and read back, and Starship is gone.\n\n"
            "c asks both ends; it changes nothing. Enter on a check shows its evidence; on one that no machine can "
            "see, it asks whose word it is.\n"
            "r marks every wave released, once all checks are met; astroferry deletes nothing."
        )
