"""Decommission: may the old side go? live checks, the last backup, people's words, then a name."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Static

from astroferry.carry.decommission.leaving import people_checks
from astroferry.carry.readiness import open_checks
from astroferry.errors import PlanError
from astroferry.faces.clock import lasting
from astroferry.faces.confirming import before_release
from astroferry.faces.tui.panels.checking import in_full, look_at
from astroferry.faces.tui.panels.panel import Keys, Panel
from astroferry.faces.tui.screens.modals import ConfirmScreen
from astroferry.faces.tui.widgets.check_list import CheckList
from astroferry.faces.tui.widgets.quiet import Quiet
from astroferry.model.words import several

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from astroferry.carry.prerequisites import Prerequisite
    from astroferry.faces.session import Session
    from astroferry.faces.tui.widgets.row_list import RowList
    from astroferry.faces.work import Work


class LeavePanel(Panel):
    """See the module."""

    wide = True
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("c", "check", show=False),
        Binding("r", "release", show=False),
        Binding("s", "stop", show=False),
    ]

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.checks = CheckList()

    def compose(self) -> ComposeResult:
        """Title, how it stands, checks."""
        yield self.heading()
        yield Static(
            "Nothing is deleted by astroferry: it looks, takes a last backup, and takes people's words.",
            classes="lead",
            markup=False,
        )
        yield Quiet(id="pace")
        yield self.checks
        yield Quiet(id="detail")

    def on_mount(self) -> None:
        """As plan and journal tell it."""
        self.settled()

    @property
    def work(self) -> Work | None:
        """The check in hand, or the last one."""
        work = self.wizard.runs.work
        return work if work is not None and work.kind == "leave" else None

    def take_focus(self) -> None:
        """Arrows read the list."""
        self.checks.focus()

    def _everything(self) -> tuple[Prerequisite, ...]:
        return (*self.wizard.runs.carrier.leaving, *people_checks(self.session.desk.plan))

    def tick(self) -> None:
        """How it stands."""
        work = self.work
        pace = self.query_one("#pace", Quiet)
        left = len(open_checks(self._everything()))
        if work is not None and work.running:
            words = f"{work.title} · {lasting(work.elapsed)} so far"
            pace.update(Content.assemble((words, "bold"), (f"\n{work.now_at}", "$text-muted")))
        elif work is not None and work.error:
            pace.update(Content.styled(f"! {work.error}", "$text-error"))
        elif self.session.nav.carried.get("decommission") == "done":
            pace.update(Content.styled("✓ Every wave is released: the old side may be forgotten.", "$text-success"))
        elif not self.wizard.runs.carrier.leaving:
            pace.update(
                Content.styled("c asks both ends and takes the last backup; it changes nothing.", "$text-muted")
            )
        elif left:
            pace.update(Content.styled(f"! {several(left, 'check')} not met", "$text-warning"))
        else:
            pace.update(Content.styled("✓ All met: r releases the old side.", "$text-success"))

    def settled(self) -> None:
        """A check ended, or somebody confirmed one."""
        self.session.look_back()
        self.checks.show(self._everything())
        self.tick()
        self.wizard.show_keys()

    def on_row_list_moved(self, event: RowList.Moved) -> None:
        """The evidence of the check under the cursor."""
        event.stop()
        self.query_one("#detail", Quiet).update(in_full(self.checks.check))

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
                self._said("The old side may be forgotten. Keep the backup, the journal and the plan.", False)

        self.app.push_screen(ConfirmScreen(before_release(self.session)), done)

    def keys(self) -> Keys:
        """What can be done now."""
        if self.work is not None and self.work.running:
            return (("s", "stop looking"), ("Esc", "look back"), ("F4", "log"))
        return (
            ("c", "check and back up"),
            ("r", "release"),
            ("Enter", "look, confirm"),
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
