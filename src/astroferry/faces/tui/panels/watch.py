"""The watch: the first full cycle of every DAG that was cut over, beside how it ran before; and the way back."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content

from astroferry.carry.handover.wave_state import side_of
from astroferry.carry.watching import last_verdicts
from astroferry.faces.confirming import before_rollback
from astroferry.faces.navigator import POSITION
from astroferry.faces.tui.panels.following import FollowingPanel
from astroferry.faces.tui.screens.modals import ConfirmScreen, TextScreen
from astroferry.faces.tui.widgets.row_list import RowList
from astroferry.faces.watched import HEADINGS, rows, verdict_in_words
from astroferry.model.watching import worst

if TYPE_CHECKING:
    from collections.abc import Sequence

    from astroferry.faces.session import Session
    from astroferry.faces.tui.panels.panel import Keys
    from astroferry.model.watching import DagVerdict


class WatchPanel(FollowingPanel):
    """See the module. A rollback that was begun here is shown here too."""

    lead = "Each DAG is followed through its first full cycle on Astro, and compared with how it ran before."
    kinds = frozenset({"watch", "rollback"})
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("w", "watch", show=False),
        Binding("d", "roll_back", show=False),
        Binding("s", "stop", show=False),
    ]

    def __init__(self, session: Session) -> None:
        self.dags = RowList(HEADINGS, keep=3, id="watched")
        super().__init__(session, self.dags)
        self.can_focus = True

    def take_focus(self) -> None:
        """Arrows read the list, where there is one."""
        (self.dags if self.dags.display else self).focus()

    def _listed(self, shown: bool) -> None:
        """The list, once there is something in it; the keys go where they do something."""
        if self.dags.display != shown:
            had = self.has_focus or self.dags.has_focus
            self.dags.display = shown
            if had:
                self.take_focus()

    def _verdicts(self) -> list[tuple[str, DagVerdict]]:
        """(wave, verdict), the newest that is known of each DAG; what was given back is no longer watched."""
        found, standings = [], self.session.standings
        for wave in self.session.desk.plan.waves:
            seen = last_verdicts(self.session.journal, wave.name)
            seen |= {item.dag_id: item for item in self.wizard.runs.carrier.verdicts.get(wave.name, ())}
            gone = {dag for dag in seen if side_of(standings, wave.name, dag) == "source"}
            found += [(wave.name, item) for dag, item in seen.items() if dag not in gone]
        return found

    def tick(self) -> None:
        """Verdicts and pace."""
        verdicts = [item for _, item in self._verdicts()]
        self.dags.set_rows(rows(verdicts))
        self._listed(bool(verdicts))
        if verdicts:
            self.show_pace(_in_words(verdicts))
        else:
            self.show_pace(Content.styled("Nothing has been watched yet. w begins.", "$text-muted"))

    def settled(self) -> None:
        """A watch ended."""
        self.session.look_back()
        self.tick()
        work = self.work
        told = Content("")
        # How a watch ended that came to its end, the verdicts say.
        if work is not None and not work.running and (work.error or work.cancelled or work.kind != "watch"):
            text, good = work.outcome
            told = Content.styled(f"{'✓' if good else '!'} {text}", "$text-success" if good else "$text-warning")
        self.show_result(told)
        self.wizard.show_keys()

    def on_row_list_moved(self, event: RowList.Moved) -> None:
        """What there is no room for in the list stands below it."""
        event.stop()
        rows_shown = event.rows.rows
        row = rows_shown[event.row] if event.row is not None and event.row < len(rows_shown) else ()
        told = " · ".join(f"{head} {cell}" for head, cell in zip(HEADINGS[3:-1], row[3:-1], strict=False) if cell)
        self.show_detail(told, *((Content(row[-1]),) if row and row[-1] else ()))

    def on_row_list_taken(self, event: RowList.Taken) -> None:
        """A DAG in full."""
        event.stop()
        row = event.rows.rows[event.row]
        self.app.push_screen(TextScreen(row[0], tuple(zip(HEADINGS, row, strict=True))))

    def action_watch(self) -> None:
        """Until the cycle is over, or an alarm."""
        self.wizard.runs.watch()

    def action_stop(self) -> None:
        """A watch changes nothing, so it ends at once; a rollback after the step in hand."""
        if self.work is not None and self.work.kind != "watch":
            self.wizard.runs.stop()
            return
        self.wizard.run_worker(self.wizard.runs.end_now(), group="stop")

    def action_roll_back(self) -> None:
        """Give the DAG under the cursor back."""
        if self.dags.row is None:
            self.wizard.say("There is no DAG to give back.", bad=True)
            return
        dag_id = self.dags.rows[self.dags.row][0]
        name = next(name for name, item in self._verdicts() if item.dag_id == dag_id)
        wave = self.session.desk.plan.wave(name)
        self.app.push_screen(
            ConfirmScreen(before_rollback(self.session, wave, dag_id)),
            lambda yes: self.wizard.runs.roll_back(name, dag_id) if yes else None,
        )

    def forward(self) -> None:
        """To decommission."""
        self.session.nav.index = POSITION["decommission"]
        self.wizard.arrived()

    def keys(self) -> Keys:
        """What can be done now."""
        work = self.work
        if work is not None and work.running:
            stop = "stop watching" if work.kind == "watch" else "stop"
            return (("s", stop), ("Enter", "a DAG in full"), ("Esc", "look back"), ("F4", "log"))
        return (
            ("w", "watch"),
            ("F2", "decommission"),
            *((("d", "one DAG back"),) if self.dags.rows else ()),
            ("Esc", "back"),
            *((("Enter", "a DAG in full"),) if self.dags.rows else ()),
            ("F4", "log"),
        )

    def help(self) -> str:
        """The panel in words."""
        return (
            "well: the first full cycle is over, each tick ran once, as often and as fast as before.\n"
            "watching: nothing is amiss so far.\n"
            "amiss: it runs on Astro alone, but not as it did before; the reason stands behind it.\n"
            "alarm: both sides may run the same tick. Act at once.\n\n"
            "w watches until every cycle is over. Watching changes nothing and can be stopped at any time.\n"
            "d gives the DAG under the cursor back; whole waves are given back at the cutover (Esc)."
        )


def _in_words(verdicts: Sequence[DagVerdict]) -> Content:
    """How many stand how, with the sign of the worst."""
    text, how = verdict_in_words(verdicts), worst(tuple(verdicts))
    if how == "well":
        return Content.styled(f"✓ {text}", "$text-success")
    if how == "watching":
        return Content.styled(f"› {text}", "bold")
    return Content.styled(f"! {text}", "$text-error" if how == "alarm" else "$text-warning")
