"""The wizard: where one is, the stages, the panel of this stop, what Next would write, and the keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import Screen

from astroferry.clients.credentials import ASTRO_VARIABLE, SOURCE_TOKEN_VARIABLE, SOURCE_USERNAME_VARIABLE
from astroferry.errors import PlanError
from astroferry.faces.tui.navigator import POSITION, REVIEW, STOPS
from astroferry.faces.tui.panels.carry import PHASES, CarryPanel
from astroferry.faces.tui.panels.cutover import CutoverPanel
from astroferry.faces.tui.panels.deciding import DecidingPanel
from astroferry.faces.tui.panels.review import ReviewPanel
from astroferry.faces.tui.reading import Reading
from astroferry.faces.tui.screens.modals import ErrorScreen, TextScreen
from astroferry.faces.tui.widgets.quiet import Quiet
from astroferry.faces.tui.widgets.stage_list import StageList
from astroferry.faces.tui.work import Work

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from textual.app import ComposeResult

    from astroferry.faces.tui.app import Ferry
    from astroferry.faces.tui.carrying import Carrier
    from astroferry.faces.tui.panels.panel import Panel
    from astroferry.faces.tui.preview import Mark
    from astroferry.faces.tui.session import Session

LOG_LINES = 8


class WizardScreen(Screen[None]):
    """One screen for the whole walk; only the panel changes, so that little goes over the wire."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f2", "next", show=False),
        Binding("enter", "next", show=False),
        Binding("escape,f3", "back", show=False),
        Binding("f1,question_mark", "help", show=False),
        Binding("f4", "log", show=False),
        Binding("f5", "read", show=False),
        Binding("f6", "stages", show=False),
        Binding("f7", "dags", show=False),
        Binding("f8", "skip", show=False),
    ]

    def __init__(self, session: Session, carrier: Carrier) -> None:
        super().__init__()
        self.session = session
        self.carrier = carrier
        self.work: Work | None = None
        self.readings: dict[str, Reading] = {}
        self.stages = StageList(session.nav)
        self._panel: Panel | None = None
        self._seen = (-1, -1)

    def compose(self) -> ComposeResult:
        """Head, stages, panel, preview, a line to say something, keys."""
        yield Quiet(one_line=True, id="head")
        with Horizontal(id="middle"):
            yield self.stages
            with Vertical(id="main"):
                yield Vertical(id="place")
                yield Quiet(id="preview")
        yield Quiet(id="log")
        yield Quiet(one_line=True, id="say")
        yield Quiet(one_line=True, id="keys")

    async def on_mount(self) -> None:
        """Show where one is."""
        self.query_one("#log").display = False
        # Nothing is drawn by the clock unless something runs.
        self.pulse = self.set_interval(self.ferry.pace, self._tick, pause=True)
        await self._show()

    @property
    def ferry(self) -> Ferry:
        """The application."""
        from astroferry.faces.tui.app import Ferry  # noqa: PLC0415 - they know each other

        if not isinstance(self.app, Ferry):
            raise TypeError("the wizard lives in its own application")
        return self.app

    @property
    def panel(self) -> Panel:
        """What is shown now."""
        if self._panel is None:
            raise RuntimeError("nothing is shown yet")
        return self._panel

    # -- showing -----------------------------------------------------------------------------------------------

    async def _show(self) -> None:
        place = self.query_one("#place", Vertical)
        await place.remove_children()
        nav = self.session.nav
        if nav.stop.kind == "deciding":
            panel: Panel = DecidingPanel(self.session)
        elif nav.stop.key == REVIEW:
            self.session.look_back()
            panel = ReviewPanel(self.session)
        elif nav.stop.key == "cutover":
            panel = CutoverPanel(self.session)
        else:
            panel = CarryPanel(self.session)
        self._panel = panel
        self.set_class(panel.wide, "-wide-panel")
        self.preview([])
        self.say("")
        await place.mount(panel)
        panel.take_focus()
        self.show_head()
        self.show_keys()
        self.stages.update()
        self._begin_reading()

    def show_head(self) -> None:
        """Name of the migration, where one is, when it was saved."""
        session = self.session
        index = session.nav.index
        left = Content.assemble((" astroferry ", "bold $accent"), (f" {session.desk.plan.name}", "bold"))
        saved = f" · saved {session.saved_at.astimezone():%H:%M}" if session.saved_at else ""
        where = f"{index + 1} of {len(STOPS)} · {session.nav.stop.title}"
        room = self.app.size.width - left.cell_length
        right = next((text for text in (f"{where}{saved} ", f"{where} ") if len(text) < room), "")
        gap = max(0, room - len(right))
        self.query_one("#head", Quiet).update(Content.assemble(left, " " * gap, (right, "$text-muted")))

    def show_keys(self) -> None:
        """The keys that do something here; help and menu always."""
        if self._panel is None:
            return
        keys = (*self.panel.keys(), ("F1", "help"), ("F10", "menu"))
        room = self.app.size.width - 2
        parts: list[Content] = []
        used = 0
        for number, (key, word) in enumerate(keys):
            length = len(key) + len(word) + 1 + (3 if parts else 0)
            last = number >= len(keys) - 2
            if used + length + (0 if last else 22) > room:
                continue
            parts.append(Content.assemble((key, "bold"), (f" {word}", "$text-muted")))
            used += length
        line = Content.styled(" · ", "$text-muted").join(parts)
        self.query_one("#keys", Quiet).update(Content.assemble(" ", line))

    def say(self, text: str, *, bad: bool = False) -> None:
        """One line above the keys."""
        room = max(20, self.app.size.width - 4)
        shown = text if len(text) <= room else f"{text[: room - 1]}…"
        style = "$text-error" if bad else "$text-muted"
        self.query_one("#say", Quiet).update(Content.styled(f" {'! ' if bad else ''}{shown}", style))

    def preview(self, lines: Sequence[tuple[Mark, str]]) -> None:
        """What Next would change in migration.toml."""
        shown = self.query_one("#preview", Quiet)
        if self._panel is not None and self._panel.wide:
            return
        room = 30 if self.app.size.width >= 110 else 3
        head = Content.assemble(("In ", "$text-muted"), (self.session.path.name, "bold"))
        if not lines:
            shown.update(Content.assemble(head, ("  nothing changes here", "$text-muted")))
            return
        head = Content.assemble(head, ("  Next writes", "$text-muted"))
        styles = {"+": "$text-success", "-": "$text-error", " ": "$text-muted"}
        body = [Content.styled(f"{mark} {text}", styles[mark]) for mark, text in lines[:room]]
        if len(lines) > room:
            body.append(Content.styled(f"  and {len(lines) - room} lines more", "$text-muted"))
        shown.update(Content("\n").join([head, *body]))

    def on_resize(self) -> None:
        """Head and keys are cut to the width."""
        if self._panel is not None:
            self.show_head()
            self.show_keys()

    # -- moves -------------------------------------------------------------------------------------------------

    def action_next(self) -> None:
        """F2, or Enter where nothing else takes it."""
        self.panel.forward()

    def went_on(self, said: str = "") -> None:
        """The walk moved forward: save, and show where one is."""
        try:
            self.session.save()
        except PlanError as error:
            self.trouble("The plan could not be saved", str(error))
        self.session.look_back()
        self.arrived(said)

    def arrived(self, said: str = "") -> None:
        """Show where one is now."""

        async def show() -> None:
            await self._show()
            if said:
                self.say(said)

        self.run_worker(show(), group="show", exclusive=True)

    def action_back(self) -> None:
        """Esc."""
        if self.stages.has_focus:
            self.panel.take_focus()
            return
        if self.session.nav.index == 0 and not self.session.nav.returning:
            self.say("This is the first stage. F10 leaves; everything is saved.")
            return
        self.session.nav.back()
        # The four carrying stages share one panel.
        while self.session.nav.stop.key in {"configuration", "dags", "test"}:
            self.session.nav.back()
        self.arrived()

    def go(self, key: str, *, returning: bool = False) -> None:
        """Straight to a stop."""
        if self.session.nav.jump(key, returning=returning):
            self.arrived("Next comes back to the review." if returning else "")
        else:
            self.say("The stages before it come first.", bad=True)

    def on_stage_list_wanted(self, event: StageList.Wanted) -> None:
        """From the list."""
        event.stop()
        self.go(event.key)

    def action_stages(self) -> None:
        """F6: to the list and back."""
        if self.stages.has_focus:
            self.panel.take_focus()
        elif self.stages.display:
            self.stages.focus()
            self.say("Enter goes to a stage; Esc comes back here.")

    def action_read(self) -> None:
        """F5."""
        self.panel.read()

    def action_dags(self) -> None:
        """F7."""
        self.panel.listed()

    def action_skip(self) -> None:
        """F8."""
        self.panel.skip()

    def action_help(self) -> None:
        """F1."""
        keys = (
            "\n\nEverywhere\n  F2 next · Esc or F3 back · Tab the next question · F6 the list of stages\n"
            "  F4 log · F10 or Ctrl+X menu (save and leave) · F1 or ? this page\n\n"
            f"The plan: {self.session.path.absolute()}"
        )
        stop = self.session.nav.stop
        self.app.push_screen(TextScreen(f"Help: {stop.title}", self.panel.help().rstrip() + keys))

    def action_log(self) -> None:
        """F4: the last lines of what runs."""
        log = self.query_one("#log")
        log.display = not log.display
        self._log()

    def _log(self) -> None:
        log = self.query_one("#log", Quiet)
        if not log.display:
            return
        lines = list(self.work.lines)[-LOG_LINES:] if self.work else []
        room = max(20, self.app.size.width - 4)
        head = Content.assemble(("Log", "bold"), ("  F4 closes · all of it is in the journal", "$text-muted"))
        body = [Content(line.replace("\n", " ")[:room]) for line in lines] or [Content("Nothing has run yet.")]
        log.update(Content("\n").join([head, *body]))

    # -- reading both ends -------------------------------------------------------------------------------------

    def reading_of(self, stage: str) -> Reading | None:
        """The read that belongs to a stage."""
        return self.readings.get(stage)

    def _begin_reading(self) -> None:
        """Connect or read without being asked, where nothing has to be typed for it."""
        key, desk = self.session.nav.stop.key, self.session.desk
        if key == "prerequisites" and desk.facts is None and "prerequisites" not in self.readings:
            target = desk.plan.target
            if target.credentials == "environment" and self.ferry.has_variable(ASTRO_VARIABLE):
                self.read_organization(target.api, target.credentials)
            else:
                self.say("F5 connects to Astro.")
        elif key == "inventory" and desk.inventory is None and "inventory" not in self.readings:
            self.read_source()

    def read_organization(self, api: str, credentials: str) -> None:
        """Connect to Astro; where the environment has no token, it is asked for from now on."""
        if credentials == "environment" and not self.ferry.has_variable(ASTRO_VARIABLE):
            credentials = "prompt"
            self.session.nav.draft("target.credentials", credentials)
            self.panel.settled()
            self.say(f"{ASTRO_VARIABLE} is not set, so the token is asked for each time.")

        async def run(reading: Reading) -> None:
            del reading
            await self.session.read_organization(self.ferry.ask, api, credentials)

        self._read("prerequisites", "Connecting to Astro", run)

    def read_source(self) -> None:
        """Take the inventory; where the environment has no credentials, they are asked for from now on."""
        desk = self.session.desk
        variables = (SOURCE_TOKEN_VARIABLE, SOURCE_USERNAME_VARIABLE)
        if desk.plan.source.credentials == "environment" and not any(map(self.ferry.has_variable, variables)):
            desk.answer("source.credentials", "prompt")
            self.say("The environment has no credentials of the source, so they are asked for each time.")

        async def run(reading: Reading) -> None:
            await self.session.read_source(self.ferry.ask, reading.tell)

        self._read("inventory", "Reading the source; nothing is changed there", run)

    def _read(self, stage: str, title: str, run: Callable[[Reading], Awaitable[None]]) -> None:
        there = self.readings.get(stage)
        if there is not None and there.running:
            self.say("It is being read already.")
            return
        reading = self.readings[stage] = Reading(title)

        def then(done: Reading) -> None:
            if done.error:
                self.ferry.ask.forget()
            if self.is_attached and self.session.nav.stop.key == stage:
                self.panel.settled()
                self.show_head()
                self.show_keys()
                self.stages.update()
                self.say(done.error.split("\n")[0] if done.error else "", bad=bool(done.error))

        reading.start(run, then)
        self.pulse.resume()
        self.panel.tick()
        self.show_keys()

    # -- carrying out ------------------------------------------------------------------------------------------

    def carry_out(self) -> None:
        """All that is left, up to compared values."""
        self._run(Work("carry", "Carrying out"), self.carrier.carry)

    def retry(self, ids: list[str]) -> None:
        """Just these."""
        self._run(Work("carry", "Trying again"), lambda work: self.carrier.retry(work, ids))

    def compare(self) -> None:
        """Every value, once more."""
        self._run(Work("compare", "Comparing"), self.carrier.compare)

    def cut_over(self, wave: str) -> None:
        """Hand a wave over."""
        self._run(Work("cutover", f'Cutting "{wave}" over', wave=wave), self.carrier.cut_over)

    def roll_back(self, wave: str, dag: str | None) -> None:
        """Give a wave or a DAG back."""
        title = f'Rolling "{dag or wave}" back'
        self._run(Work("rollback", title, wave=wave), lambda work: self.carrier.roll_back(work, dag))

    def _run(self, work: Work, run: Callable[[Work], Awaitable[None]]) -> None:
        if self.work is not None and self.work.running:
            self.say(f"{self.work.title} goes on; s stops it.", bad=True)
            return
        self.work = work
        work.start(run, self._ended)
        self.pulse.resume()
        self.panel.settled()
        self.show_keys()

    def _ended(self, work: Work) -> None:
        """Whatever screen is shown: the plan's states follow what was done."""
        self.session.take_wave_states()
        self.session.look_back()
        if not self.is_attached:
            return
        self.panel.settled()
        self.stages.update()
        self.show_keys()
        self._log()
        if work.error:
            self.ferry.ask.forget()
        if self.session.nav.stop.kind != "carrying":
            self.say(f"{work.title}: {work.result or 'stopped'}")

    def stop_work(self) -> None:
        """After the item in hand."""
        if self.work is not None and self.work.running:
            self.work.stop()
            self.say("Stopping after the item in hand. Ctrl+C once more stops now; the journal keeps where it stood.")
        else:
            self.say("Nothing runs.")

    async def interrupt(self) -> bool:
        """Ctrl+C: a read is cancelled; work is first stopped, then cancelled; False where nothing goes on."""
        for reading in self.readings.values():
            if reading.running:
                await reading.cancel()
                return True
        if self.work is None or not self.work.running:
            return False
        if self.work.stopping:
            await self.work.cancel()
        else:
            self.stop_work()
        return True

    def _tick(self) -> None:
        """Only while something runs, and only where it has moved on or a second passed."""
        going = [reading for reading in self.readings.values() if reading.running]
        if not going and not (self.work is not None and self.work.running):
            self.pulse.pause()
        changes = sum(reading.changes for reading in self.readings.values()) + (self.work.changes if self.work else 0)
        seconds = int(max([*(reading.elapsed for reading in going), self.work.elapsed if self.work else 0]))
        if (changes, seconds) != self._seen:
            self._seen = (changes, seconds)
            self._follow()
            self.panel.tick()
            self._log()

    def _follow(self) -> None:
        """The list of stages follows what is carried out, as long as one looks at it."""
        nav, work = self.session.nav, self.work
        if work is None or not work.running or work.stage not in PHASES or nav.stop.key not in PHASES:
            return
        if nav.stop.key != work.stage:
            nav.index = POSITION[work.stage]
            self.session.look_back()
            self.show_head()
            self.stages.update()

    def trouble(self, title: str, text: str) -> None:
        """An error in full, to copy or to save."""
        self.app.push_screen(ErrorScreen(title, text, self.ferry.save_report))
