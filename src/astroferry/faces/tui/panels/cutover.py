"""Cutover and watch: the waves, each DAG's steps, ticks expected and run, and the way back at any moment."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, ClassVar, Literal

from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content

from astroferry.carry.handover.wave import refusals, standings_of
from astroferry.carry.handover.wave_state import state_in_words, states_in_words
from astroferry.carry.readiness import open_checks
from astroferry.carry.waves import READY
from astroferry.faces.confirming import before_cutover, before_rollback
from astroferry.faces.handed import broken_off
from astroferry.faces.navigator import POSITION
from astroferry.faces.tui.panels.checking import as_confirmed
from astroferry.faces.tui.panels.following import FollowingPanel
from astroferry.faces.tui.screens.checklist import ChecklistScreen
from astroferry.faces.tui.screens.modals import ConfirmScreen, TextScreen
from astroferry.faces.tui.widgets.choice_list import ChoiceList
from astroferry.faces.tui.widgets.handed_list import HandedList
from astroferry.model.words import several
from astroferry.stages.question import Option

if TYPE_CHECKING:
    from collections.abc import Iterable

    from textual.timer import Timer
    from textual.widget import Widget

    from astroferry.faces.session import Session
    from astroferry.faces.tui.panels.panel import Keys
    from astroferry.faces.tui.widgets.row_list import RowList
    from astroferry.faces.work import Work
    from astroferry.model.plan import Wave


READY_NOW = "Every check is met: c cuts the wave over."


class CutoverPanel(FollowingPanel):
    """See the module."""

    lead = "A DAG is drained on the source, marked on Astro, started there and watched: every tick runs once."
    kinds = frozenset({"cutover", "rollback", "check"})
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("c", "cut_over", show=False),
        Binding("b", "roll_back(False)", show=False),
        Binding("d", "roll_back(True)", show=False),
        Binding("l", "check", show=False),  # not k: both lists take that as "up"
        Binding("s", "stop", show=False),
        Binding("p", "pause", show=False),  # says why there is none
        Binding("tab", "other", show=False),
        Binding("shift+tab", "other", show=False),
    ]

    def __init__(self, session: Session) -> None:
        self.dags = HandedList(session)
        super().__init__(session, self.dags)
        self.waves = ChoiceList((), id="waves")
        self._looks: Literal["", "list", "begin"] = ""
        """what follows when the checklist has been looked through"""
        self._timer: Timer | None = None

    def above(self) -> Iterable[Widget]:
        """The waves."""
        yield VerticalScroll(self.waves, id="waves-room")

    def on_mount(self) -> None:
        """As plan and journal tell it."""
        plan = self.session.desk.plan
        first = self._halfway() or next((wave.name for wave in plan.waves if wave.state != "cut over"), None)
        self.waves.options = self._options()
        self.waves.show(first or (plan.waves[0].name if plan.waves else None))
        self.settled()

    def on_resize(self) -> None:
        """Once there is room, and with every other size: the wave that is chosen is seen."""
        self.call_after_refresh(self.waves.reveal)

    def _halfway(self) -> str | None:
        """The wave that was left in the middle of a cutover or a rollback: it is the one to go on with."""
        for key, standing in self.session.standings.items():
            parts = key.split("/")
            if parts[0] in {"cutover", "rollback"} and len(parts) > 2 and standing.event in {"begin", "failed"}:
                return parts[1]
        # Ended between two steps, no step of it is open.
        plan, inventory = self.session.desk.plan, self.session.desk.inventory
        stand = states_in_words(plan, inventory, self.session.standings) if inventory else {}
        return next((name for name, words in stand.items() if words.startswith("halfway")), None)

    def _options(self) -> tuple[Option, ...]:
        plan, inventory = self.session.desk.plan, self.session.desk.inventory
        everything = tuple(dag.dag_id for dag in inventory.dags) if inventory else ()
        return tuple(
            Option(
                wave.name,
                wave.name,
                f"{state_in_words(wave, self.session.standings, dags)} · {several(len(dags), 'DAG')} · "
                f"on {wave.production}",
            )
            for wave in plan.waves
            for dags in (plan.dags_of(wave, everything),)
        )

    @property
    def wave(self) -> Wave | None:
        """The one that is chosen."""
        name = self.waves.value
        return next((wave for wave in self.session.desk.plan.waves if wave.name == name), None)

    def take_focus(self) -> None:
        """First the wave is chosen."""
        # The list is longer than its room: its beginning is not what is to be seen.
        self.waves.focus(scroll_visible=False)
        self.call_after_refresh(self.waves.reveal)

    def on_descendant_focus(self) -> None:
        """Waves and DAGs have keys of their own."""
        self.wizard.show_keys()

    def action_other(self) -> None:
        """Between waves and DAGs."""
        if self.waves.has_focus:
            self.dags.focus()
        else:
            self.take_focus()

    def on_choice_list_chosen(self, event: ChoiceList.Chosen) -> None:
        """Another wave."""
        event.stop()
        self.settled()

    def on_choice_list_taken(self, event: ChoiceList.Taken) -> None:
        """To its DAGs."""
        event.stop()
        self.dags.focus()

    def on_choice_list_left(self, event: ChoiceList.Left) -> None:
        """Below the waves are the DAGs."""
        event.stop()
        if event.step > 0:
            self.dags.focus()

    # -- showing -----------------------------------------------------------------------------------------------

    def tick(self) -> None:
        """Steps, pace, ticks."""
        self.session.follow_journal()
        if (options := self._options()) != self.waves.options:
            # A DAG has moved: what stands where is true while a run goes on, too.
            self.waves.options = options
            self.waves.refresh(layout=True)
        self.dags.show(self.wave, self.work, self.wizard.runs.carrier.ticks)
        self._in_full()
        self.show_pace(Content(""))

    def settled(self) -> None:
        """A run ended, or another wave was chosen."""
        self.session.look_back()
        wave, work = self.wave, self.work
        self.tick()
        if work is not None and not work.running and wave is not None and work.wave == wave.name:
            text, good = self._checked(work) or work.outcome
            text = text.replace("Go on, or roll back.", "c goes on, b gives the wave back.")
            told = Content.styled(f"{'✓' if good else '!'} {text}", "$text-success" if good else "$text-error")
        else:
            told = self._broken_off() or self._stay()
        self.show_result(told)
        self.wizard.show_keys()
        if work is not None and not work.running and work.kind == "check" and self._looks:
            self._looked(work)

    def _checked(self, work: Work) -> tuple[str, bool] | None:
        """How the checklist stands now, with what was confirmed since it was looked through."""
        ready = self.wizard.runs.carrier.ready.get(work.wave)
        if work.kind != "check" or work.error or work.cancelled or ready is None:
            return None
        left = len(open_checks(as_confirmed(ready, self.session.desk.plan)))
        return (f"{several(left, 'check')} not met: l shows them.", False) if left else (READY_NOW, True)

    def _looked(self, work: Work) -> None:
        """The checklist has been looked through: show it, or go on to the confirmation where all of it is met."""
        follows, self._looks = self._looks, ""
        checks = self.wizard.runs.carrier.ready.get(work.wave)
        if work.error or work.cancelled or checks is None:
            return
        if follows == "begin" and not open_checks(checks):
            self._confirm(work.wave)
            return
        self.app.push_screen(
            ChecklistScreen(f'Before "{work.wave}" is cut over', checks, self.session), lambda _: self.settled()
        )

    def _broken_off(self) -> Content | None:
        """A handover that an earlier run did not bring to its end: where its DAGs are."""
        wave = self.wave
        if wave is None or self.wizard.runs.going is not None:
            return None
        told = broken_off(self.session.standings, wave.name, [row[0] for row in self.dags.rows])
        return Content.styled(f"! {told} c takes it up again.", "$text-warning") if told else None

    def _stay(self) -> Content:
        """DAGs that are not handed over, with the reason, before anything begins."""
        inventory, wave = self.session.desk.inventory, self.wave
        if inventory is None or wave is None:
            return Content("")
        stay = refusals(self.session.desk.plan, inventory, wave.name)
        if not stay:
            return Content("")
        return Content.styled(
            f"! {several(len(stay), 'DAG')} of this wave stay on the source: Enter on one says why.", "$text-warning"
        )

    def _in_full(self) -> None:
        """The DAG under the cursor; made anew when its next tick has passed."""
        now = self.wizard.ferry.now()
        lines, due = self.dags.detail(self.work, now)
        self.show_detail(*lines)
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        if due is not None and due - now < timedelta(days=1):
            self._timer = self.set_timer(max(1.0, (due - now).total_seconds()), self._in_full)

    def on_row_list_moved(self, event: RowList.Moved) -> None:
        """Another DAG in full."""
        event.stop()
        self._in_full()

    def on_row_list_taken(self, event: RowList.Taken) -> None:
        """A DAG in full: each step with its reason."""
        event.stop()
        dag_id = event.rows.rows[event.row][0]
        self.app.push_screen(TextScreen(dag_id, self.dags.steps_in_full(dag_id)))

    # -- keys --------------------------------------------------------------------------------------------------

    def action_cut_over(self) -> None:
        """Confirm by the name, then begin."""
        wave = self.wave
        if wave is None or self._busy():
            return
        if wave.state not in READY:
            self.wizard.say(f'"{wave.name}" is not tested yet: first compare it.', bad=True)
            return
        if standings_of(self.session.journal, wave.name, given_back=False):
            # It was begun: halfway is the worst place to be kept by a checklist.
            self._confirm(wave.name)
            return
        self._looks = "begin"
        self.wizard.runs.look_whether_ready(wave.name)

    def _confirm(self, name: str) -> None:
        self.app.push_screen(
            ConfirmScreen(before_cutover(self.session, self.session.desk.plan.wave(name))),
            lambda yes: self.wizard.runs.cut_over(name) if yes else None,
        )

    def action_roll_back(self, one: bool) -> None:
        """Confirm by the name, then give back: the wave, or the DAG under the cursor."""
        wave = self.wave
        if wave is None:
            return
        name = wave.name
        if not any(key.startswith(f"cutover/{name}/") for key in self.session.standings):
            self.wizard.say(f'Nothing of "{name}" has been handed over.', bad=True)
            return
        dag = self.dags.dag_id if one else None
        self.app.push_screen(
            ConfirmScreen(before_rollback(self.session, wave, dag)),
            lambda yes: self.wizard.runs.roll_back(name, dag) if yes else None,
        )

    def action_check(self) -> None:
        """The checklist: looked at once more, then shown."""
        wave = self.wave
        if wave is not None and not self._busy():
            self._looks = "list"
            self.wizard.runs.look_whether_ready(wave.name)

    def forward(self) -> None:
        """To the watch, once a wave has moved."""
        if self.session.nav.carried.get("cutover", "open") == "open":
            self.wizard.say("No wave is cut over yet: c cuts the chosen one over.", bad=True)
            return
        self.session.nav.index = POSITION["watch"]
        self.wizard.arrived()

    def action_stop(self) -> None:
        """After the step in hand."""
        self.wizard.runs.stop()

    def action_pause(self) -> None:
        """There is none while DAGs are handed over."""
        self.wizard.runs.pause()

    def _busy(self) -> bool:
        work = self.wizard.runs.work
        if work is not None and work.running:
            self.wizard.say(f"{work.title} goes on; s stops it.", bad=True)
            return True
        return False

    def keys(self) -> Keys:
        """What can be done now."""
        work = self.work
        listed = self.dags.has_focus
        other: Keys = (("Enter", "a DAG"), ("Tab", "waves")) if listed else (("Tab", "DAGs"),)
        if work is not None and work.running:
            back = ("d", "stop, one DAG back") if listed else ("b", "stop and roll back")
            return (("s", "stop"), back, *other, ("Esc", "back"), ("F4", "log"))
        if listed:
            return (
                ("c", "cut over"),
                ("d", "one DAG back"),
                *other,
                ("l", "checks"),
                ("Esc", "back"),
                ("F4", "log"),
            )
        moved = self.wave is not None and self.wave.state == "cut over"
        # What one goes on with comes first.
        first = (
            (("F2", "watch"), ("b", "roll back"))
            if moved
            else (("c", "cut over"), ("b", "roll back"), ("F2", "watch"))
        )
        return (
            *first,
            ("l", "checks"),
            *other,
            ("Esc", "back"),
            ("d", "one DAG back"),
            ("F4", "log"),
        )

    def help(self) -> str:
        """The panel in words."""
        return (
            "runs on: where the DAG runs now; neither: it is paused on both sides, halfway.\n"
            "looked: how the DAG stands on both sides.\n"
            "drained: no run is queued or running on the source, and it is paused there.\n"
            "marked: Astro knows the last tick that the source has run.\n"
            "started: the DAG is unpaused on Astro.\n"
            "gap: ticks that fell between are run, or listed.\n"
            "watched: the first ticks on Astro ended, each once.\n"
            "ticks: how many of those expected ran exactly once.\n\n"
            "l looks through the checklist before a cutover; what no machine can see is confirmed there by name.\n"
            "Enter on a DAG shows each step. c looks through the checklist and begins, s stops between two steps.\n"
            "b and d give back; while a cutover runs they stop it first.\n"
            "Stopping or closing the terminal harms nothing: no DAG ever runs on both sides.\n"
            "There is no pause: between two steps a DAG may run on neither side, which must not last until somebody "
            "comes back. A stop ends the run, and this page shows which DAG stands where."
        )
