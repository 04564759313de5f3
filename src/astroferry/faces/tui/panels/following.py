"""What cutover, watch and decommission have in common: a sentence, what goes on, a list, and its row in full."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.content import Content
from textual.widgets import Static

from astroferry.faces.clock import lasting
from astroferry.faces.tui.panels.panel import Panel
from astroferry.faces.tui.widgets.fitting import cut
from astroferry.faces.tui.widgets.quiet import Quiet

if TYPE_CHECKING:
    from collections.abc import Iterable

    from textual.app import ComposeResult
    from textual.widget import Widget

    from astroferry.faces.session import Session
    from astroferry.faces.tui.widgets.row_list import RowList
    from astroferry.faces.work import Work


class FollowingPanel(Panel):
    """See the module. `lead` is the sentence, `kinds` are the runs that it shows."""

    wide = True
    lead: ClassVar[str] = ""
    kinds: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, session: Session, rows: RowList) -> None:
        super().__init__(session)
        self.listed_rows = rows

    def above(self) -> Iterable[Widget]:
        """What stands between the sentence and what goes on."""
        return ()

    def compose(self) -> ComposeResult:
        """The sentence, what goes on, how it ended, the list, the row under the cursor."""
        yield Static(self.lead, classes="lead", markup=False)
        yield from self.above()
        yield Quiet(id="pace")
        yield Quiet(id="result")
        yield self.listed_rows
        yield Quiet(id="detail")

    def on_mount(self) -> None:
        """As plan and journal tell it."""
        self.settled()

    @property
    def work(self) -> Work | None:
        """The run in hand, or the last one, if it is one of these; how it ended tells the page that began it."""
        work = self.wizard.runs.work
        if work is None or work.kind not in self.kinds:
            return None
        return work if work.running or work.page in {"", self.session.nav.stop.key} else None

    def show_pace(self, stands: Content) -> None:
        """What goes on; else `stands`."""
        work = self.work
        pace = self.query_one("#pace", Quiet)
        # Once it goes on, its rows need the room.
        self.query_one(".lead").display = work is None or not work.running
        if work is not None and work.running:
            counted = f"{work.done:,} of {work.total:,} steps" if work.total else ""
            stopping = "stopping after the step in hand" if work.stopping else ""
            parts = (work.title, counted, f"{lasting(work.elapsed)} so far", stopping)
            now = cut(work.now_at, max(20, self.size.width - 4))
            stands = Content.assemble(
                (" · ".join(part for part in parts if part), "bold"), (f"\n{now}", "$text-muted")
            )
        pace.update(stands)
        pace.display = bool(stands.plain)

    def show_result(self, told: Content) -> None:
        """How it ended, or what is to be said before it begins."""
        result = self.query_one("#result", Quiet)
        result.update(told)
        result.display = bool(told.plain)

    def show_detail(self, *lines: str | Content) -> None:
        """What the list has no room for."""
        shown = (line if isinstance(line, Content) else Content.styled(line, "$text-muted") for line in lines)
        self.query_one("#detail", Quiet).update(Content("\n").join(shown))
