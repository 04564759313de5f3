"""Carrying out: phases with counts, rate and what is left, failed items with their reasons, the last comparison."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content

from astroferry.carry.compare import equal_in_words, findings, result_in_words
from astroferry.faces.clock import lasting, left, rate
from astroferry.faces.navigator import POSITION
from astroferry.faces.phases import WORDS, failed_items, phases
from astroferry.faces.tui.panels.panel import Keys, Panel
from astroferry.faces.tui.screens.modals import TextScreen
from astroferry.faces.tui.widgets.fitting import cut
from astroferry.faces.tui.widgets.quiet import Quiet
from astroferry.faces.tui.widgets.row_list import RowList

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from astroferry.faces.phases import Phase, PhaseState
    from astroferry.faces.session import Session
    from astroferry.faces.work import Work
    from astroferry.model.comparison import Comparison

BAR = 20
NARROW_BAR = 10
PAUSED = "nothing is under way. p goes on, s stops; leaving loses nothing."
_SIGNS: dict[PhaseState, tuple[str, str]] = {
    "now": ("›", "bold $accent"),
    "failed": ("×", "$text-error"),
    "done": ("✓", "$text-success"),
    "in part": ("~", "$text-warning"),
    "open": ("·", "$text-muted"),
}
COMPARED = ("kind", "id", "result", "fields", "host and port", "why")
"""of a compared item, as `_cells` gives them"""


class CarryPanel(Panel):
    """One panel for prepare, configuration, DAGs and test: they run one after the other."""

    wide = True
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("c", "carry", show=False),
        Binding("r", "retry", show=False),
        Binding("s", "stop", show=False),
        Binding("p", "pause", show=False),
        Binding("v", "compare", show=False),
        Binding("enter", "go_on", show=False),
    ]

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.can_focus = True
        self._drawn_for = 0
        self.results = RowList(("item", "how it ended", "why"), id="failed")
        self._rows: list[Comparison] = []
        self.compared = RowList(COMPARED, keep=3, id="compared")

    def compose(self) -> ComposeResult:
        """Title, phases, the item in hand, failed items, comparison."""
        yield Quiet(id="phases")
        yield Quiet(id="pace")
        yield Quiet(id="result")
        yield self.results
        yield self.compared

    def on_mount(self) -> None:
        """As the journal tells it."""
        self.settled()

    def heading(self, room: int) -> Content:
        """One for the four stages that it shows."""
        del room
        return Content.assemble(
            ("Carry out", "bold $accent"), ("  up to DAGs that lie compared and paused on Astro", "$text-muted")
        )

    @property
    def work(self) -> Work | None:
        """The run in hand, or the last one."""
        work = self.wizard.runs.work
        return work if work is not None and work.kind in {"carry", "compare"} else None

    def take_focus(self) -> None:
        """The rows, what failed before what was compared; letters do things here."""
        listed = next((rows for rows in (self.results, self.compared) if rows.display), None)
        (listed or self).focus()

    # -- showing -----------------------------------------------------------------------------------------------

    def on_resize(self) -> None:
        """Bars are as wide as there is room; a scrollbar that comes and goes changes nothing."""
        if self._drawn_for != self.app.size.width:
            self._drawn_for = self.app.size.width
            self.call_after_refresh(self.tick)

    def tick(self) -> None:
        """Counts, pace, the item in hand."""
        work = self.work
        lines = [self._phase(phase) for phase in phases(self.session, work)]
        self.query_one("#phases", Quiet).update(Content("\n").join(lines))
        self.query_one("#pace", Quiet).update(self._pace(work))

    def settled(self) -> None:
        """A run ended: failed items, comparison."""
        self.tick()
        work = self.work
        result = self.query_one("#result", Quiet)
        if work is not None and not work.running:
            text, good = work.outcome
            result.update(
                Content.styled(f"{'✓' if good else '!'} {text}", "$text-success" if good else "$text-error")
            )
        elif work is None and (rows := self._equal_rows()):
            # What was run since took its place; what the comparison found still holds.
            result.update(Content.styled(f"✓ {equal_in_words(rows)}", "$text-success"))
        result.display = (work is not None and not work.running) or (work is None and bool(self._equal_rows()))
        had = self.has_focus or self.results.has_focus or self.compared.has_focus
        failed = [(item.title, item.outcome, item.why) for item in failed_items(self.session, work)]
        self.results.display = bool(failed)
        self.results.set_rows(failed)
        self._show_compared()
        if had:
            # Where there are rows, arrows read them; letters come up to here from there too.
            self.take_focus()

    def _show_compared(self) -> None:
        """What needs a look comes first; of several Deployments each row names its own."""
        compared = self.wizard.runs.carrier.compared
        found = sorted(
            ((item.deployment, row) for item in compared for row in item.rows),
            key=lambda pair: (pair[1].outcome == "same", not pair[1].is_finding),
        )
        self._rows = [row for _, row in found]
        self.compared.display = bool(found)
        if len(compared) > 1:
            self.compared.headings = (*COMPARED[:2], "Deployment", *COMPARED[2:])
            self.compared.set_rows(
                [(*cells[:2], deployment, *cells[2:]) for deployment, row in found if (cells := _cells(row))]
            )
        else:
            self.compared.headings = COMPARED
            self.compared.set_rows([_cells(row) for row in self._rows])

    def _equal_rows(self) -> list[Comparison]:
        """The rows of the last comparison, where all of it was equal."""
        compared = self.wizard.runs.carrier.compared
        return [row for item in compared for row in item.rows] if all(item.equal for item in compared) else []

    def _phase(self, phase: Phase) -> Content:
        sign, colour = _SIGNS[phase.state]
        # The list of stages beside it (F6) takes 22 columns of it.
        bar = BAR if (self.size.width or self.app.size.width) >= 66 else NARROW_BAR
        filled = round(bar * phase.done / phase.total) if phase.total else 0
        count = f"{phase.done:,} of {phase.total:,}" + (f", {phase.failed:,} failed" if phase.failed else "")
        what = "" if self.size.width < 100 else f"  {WORDS[phase.key]}"
        return Content.assemble(
            (f"{sign} {phase.title:<14}", colour),
            (f"{phase.state:<8}", colour),
            ("━" * filled, "$text-warning" if phase.failed else "$text-success"),
            ("─" * (bar - filled), "$text-muted"),
            f"  {count:<20}" if what else f"  {count}",
            (what, "$text-muted"),
        )

    def _pace(self, work: Work | None) -> Content:
        going = self.wizard.runs.going
        if work is None and going is not None:
            return Content.styled(f"{going.title} goes on; F2 shows it.", "$accent")
        if work is None:
            left_over = "c carries out what is left; what is done already is found and left as it is."
            if self.session.nav.carried.get("test") == "done":
                left_over = "All is carried out and compared; c looks at all of it once more."
            return Content.styled(f"Nothing runs. {left_over}", "$text-muted")
        parts = [f"{work.done:,} of {work.total:,} items" if work.total else work.title]
        if work.failed:
            parts.append(f"{len(work.failed):,} failed")
        if work.running and work.stage == "test":
            parts.append("comparing every value")
        elif work.running and not work.paused:
            parts += [rate(work.done, work.worked), left(work.done, work.total, work.worked)]
        parts.append(f"{lasting(work.worked)}{' so far' if work.running else ''}")
        if work.running and work.stopping:
            parts.append("stopping after the item in hand")
        elif work.running and work.pausing and not work.paused:
            parts.append("pausing after the item in hand")
        counted = Content.styled(" · ".join(part for part in parts if part), "bold")
        if work.paused:
            return Content.assemble(counted, ("\n‖ paused", "bold $text-warning"), (f": {PAUSED}", "$text-muted"))
        now = f"\n{cut(work.now_at, max(20, self.size.width - 4))}" if work.running else ""
        return Content.assemble(counted, (now, "$text-muted"))

    # -- keys --------------------------------------------------------------------------------------------------

    def action_carry(self) -> None:
        """All that is left."""
        self.wizard.runs.carry_out()

    def action_retry(self) -> None:
        """Just those that failed."""
        ids = [item.id for item in failed_items(self.session, self.work)]
        if ids:
            self.wizard.runs.retry(ids)
        else:
            self.wizard.say("No item has failed.")

    def action_stop(self) -> None:
        """After the item in hand."""
        self.wizard.runs.stop()

    def action_pause(self) -> None:
        """After the item in hand, or go on."""
        self.wizard.runs.pause()

    def action_compare(self) -> None:
        """Compare once more."""
        if self.session.nav.carried.get("dags") == "done":
            self.wizard.runs.compare()
        else:
            self.wizard.say("Nothing to compare before the DAGs are on Astro.", bad=True)

    def action_go_on(self) -> None:
        """Begin, or go on to the cutover."""
        if self.session.nav.carried.get("test") == "done":
            self.forward()
        else:
            self.action_carry()

    def on_row_list_taken(self, event: RowList.Taken) -> None:
        """A row in full."""
        event.stop()
        row = event.rows.rows[event.row]
        facts = list(zip(event.rows.headings, row, strict=True))
        if event.rows is self.compared:
            # Of this row alone; the outcome's finding stands before the hook's.
            facts += [("what to do", finding.todo) for finding in findings((self._rows[event.row],))]
        self.app.push_screen(TextScreen(row[0] if event.rows is self.results else row[1], facts))

    def forward(self) -> None:
        """To the next carrying stage, when this one is done."""
        nav = self.session.nav
        if nav.carried.get("test") != "done":
            self.wizard.say("First all values must be the same: c goes on with it.", bad=True)
            return
        nav.index = POSITION["cutover"]
        self.wizard.arrived()

    def keys(self) -> Keys:
        """What can be done now."""
        work = self.work
        if work is not None and work.running and work.stopping:
            return (("^C", "stop now"), ("Esc", "look back"), ("F4", "log"))
        if work is not None and work.running:
            on = ("p", "go on") if work.pausing else ("p", "pause")
            return (on, ("s", "stop"), ("Esc", "look back"), ("F4", "log"))
        found: list[tuple[str, str]] = [("c", "carry out")]
        if failed := failed_items(self.session, work):
            found.append(("r", f"retry {len(failed)} failed"))
        if self.session.nav.carried.get("dags") == "done":
            found.append(("v", "compare"))
        if self.session.nav.carried.get("test") == "done":
            # What one goes on with comes first.
            found = [("F2", "cutover"), *found[1:], ("c", "carry out again")]
        listed = self.results.display or self.compared.display
        return (*found, *((("↑↓ Enter", "a row"),) if listed else ()), ("Esc", "back"), ("F4", "log"))

    def help(self) -> str:
        """The panel in words."""
        return (
            "Everything is looked at before it is touched, noted in the journal, and read back afterwards. Stop "
            "or close the terminal at any time: the next run finds what is done and goes on.\n\n"
            "c carries out what is left. r tries only what failed. s finishes the item in hand and stops. v compares "
            "every value once more.\n"
            "p pauses after the item in hand, and goes on again where it stood; the plan stays locked meanwhile, and "
            "nothing is asked of either end. Stopping ends the run; the next one looks at everything again.\n\n"
            f"The journal: {self.session.path.with_suffix('.journal.jsonl')}"
        )


def _cells(row: Comparison) -> tuple[str, ...]:
    """A row of the comparison under its headings."""
    is_variable = row.kind == "variable"
    why = f"{row.why} The hook's test: {row.hook_error}.".strip() if row.hook_error else row.why
    return (row.kind, row.id, result_in_words(row), ", ".join(row.differing), "" if is_variable else row.reach, why)
