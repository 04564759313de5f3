"""The wizard: where one is, the stages, the panel of this stop, what Next would write, and the keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import Screen

from astroferry.errors import PlanError
from astroferry.faces.navigator import POSITION, REVIEW
from astroferry.faces.phases import PHASES
from astroferry.faces.tui.panels.assigning import AssigningPanel
from astroferry.faces.tui.panels.carry import CarryPanel
from astroferry.faces.tui.panels.cutover import CutoverPanel
from astroferry.faces.tui.panels.deciding import DecidingPanel
from astroferry.faces.tui.panels.leave import LeavePanel
from astroferry.faces.tui.panels.reading import ReadingPanel
from astroferry.faces.tui.panels.review import ReviewPanel
from astroferry.faces.tui.panels.watch import WatchPanel
from astroferry.faces.tui.reads import Reads
from astroferry.faces.tui.runs import Runs
from astroferry.faces.tui.screens.modals import ErrorScreen, TextScreen
from astroferry.faces.tui.widgets.bars import Head, KeyLine, Log, Preview, Said, Title
from astroferry.faces.tui.widgets.stage_list import StageList
from astroferry.faces.tui.wrong import IN_FULL, Wrong

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from textual.app import ComposeResult

    from astroferry.faces.carrying import Carrier
    from astroferry.faces.preview import Mark
    from astroferry.faces.reading import Reading
    from astroferry.faces.running import Running
    from astroferry.faces.session import Session
    from astroferry.faces.tui.app import Ferry
    from astroferry.faces.tui.panels.panel import Panel
    from astroferry.faces.work import Work


PANELS: dict[str, type[Panel]] = {
    "prerequisites": ReadingPanel,
    "source": ReadingPanel,
    "inventory": ReadingPanel,
    "waves": AssigningPanel,
    REVIEW: ReviewPanel,
    "cutover": CutoverPanel,
    "watch": WatchPanel,
    "decommission": LeavePanel,
}
"""stop -> its panel, where that is none of all deciding or all carrying stages"""

EVERYWHERE = """Everywhere
  F2 next · Esc or F3 back · Tab next question · F6 list of stages
  F5 connect or read, where something is read · F7 look at the source
  F8 skip the stage, where it can be · F9 all that was found
  F4 log · F10 or Ctrl+X menu: save and leave
  Ctrl+C stop what goes on, else the menu
  F1 this page; ? too, where no text is typed"""


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
        self.reads = Reads(self)
        self.runs = Runs(self, carrier)
        self.stages = StageList(session.nav)
        self._panel: Panel | None = None
        self._seen = (-1, -1)
        self.wrong: Wrong | None = None
        """the last read or run that did not go well"""

    def compose(self) -> ComposeResult:
        """Head, stages, panel, preview, a line to say something, keys."""
        yield Head()
        with Horizontal(id="middle"):
            yield self.stages
            with Vertical(id="main"):
                with Vertical(id="place"):
                    yield Title()
                    yield Vertical(id="shown")
                yield Preview()
        yield Log()
        yield Said()
        yield KeyLine()

    async def on_mount(self) -> None:
        """Show where one is."""
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
        """What is shown now; there is none while one stage gives way to another (RuntimeError)."""
        if self._panel is None:
            raise RuntimeError("nothing is shown yet")
        return self._panel

    # -- showing -----------------------------------------------------------------------------------------------

    async def _show(self) -> None:
        # Drawn once, when all of it is there: halves of two stages would only be read as one.
        with self.app.batch_update():
            await self._change()
        if not self._is_left():
            self.reads.begin()

    def _is_left(self) -> bool:
        """Whether the plan was saved and closed meanwhile, as when the line is lost: nothing is shown any more."""
        return self.session is not self.ferry.session

    async def _change(self) -> None:
        # What goes on meanwhile must not be told to one that is being taken apart: it still counts as mounted.
        self._panel = None
        self.say("")
        place = self.query_one("#shown", Vertical)
        await place.remove_children()
        if self._is_left():
            return
        stop = self.session.nav.stop
        if stop.key == REVIEW:
            self.session.look_back()
        panel = PANELS.get(stop.key, DecidingPanel if stop.kind == "deciding" else CarryPanel)(self.session)
        self._panel = panel
        self.set_class(panel.wide, "-wide-panel")
        self.preview([])
        await place.mount(panel)
        if self._is_left():
            return
        panel.take_focus()
        self.show_head()
        self.show_keys()
        self.stages.update()

    def show_head(self) -> None:
        """Name, place, saved when; and what runs, where the panel does not show it."""
        going = self.runs.going
        self.query_one(Head).show(self.session, None if self._shows(going) else going)
        if self._panel is not None:
            self.query_one(Title).show(self._panel.heading)

    def show_keys(self) -> None:
        """The keys of this panel."""
        if self._panel is not None:
            self.query_one(KeyLine).show(self._panel.keys())

    def say(self, text: str, *, bad: bool = False) -> None:
        """One line above the keys."""
        self.query_one(Said).show(text, bad=bad)

    def forgive(self) -> None:
        """A complaint stands until something has been done."""
        if self.query_one(Said).is_bad:
            self.say("")

    def preview(self, lines: Sequence[tuple[Mark, str]]) -> None:
        """What Next would change in migration.toml."""
        if self._panel is None or not self._panel.wide:
            self.query_one(Preview).show(self.session.path.name, lines)

    def show_log(self) -> None:
        """The last lines of what runs."""
        self.query_one(Log).show(list(self.runs.work.lines) if self.runs.work else [])

    def on_resize(self) -> None:
        """Head and keys are cut to the width."""
        if self._panel is not None:
            self.show_head()
            self.show_keys()

    # -- moves -------------------------------------------------------------------------------------------------

    def action_next(self) -> None:
        """F2, or Enter where nothing else takes it."""
        self._to_panel(lambda panel: panel.forward())

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
            self._to_panel(lambda panel: panel.take_focus())
            return
        if self.session.nav.index == 0 and not self.session.nav.returning:
            self.say("This is the first stage. F10 leaves; all is saved.")
            return
        nav = self.session.nav
        # The four carrying stages share one panel: back from any of them is the review.
        shared = nav.stop.key in PHASES
        nav.back()
        while shared and nav.stop.key in PHASES:
            nav.back()
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
            self._to_panel(lambda panel: panel.take_focus())
        else:
            # Where there is no room for it, it stands there as long as it has the keys.
            self.add_class("-stages")
            self.call_after_refresh(self.stages.focus)
            self.say("Enter: to a stage you have been to; Esc comes back here.")

    def action_read(self) -> None:
        """F5."""
        self._to_panel(lambda panel: panel.read())

    def action_dags(self) -> None:
        """F7."""
        self._to_panel(lambda panel: panel.listed())

    def action_skip(self) -> None:
        """F8."""
        self._to_panel(lambda panel: panel.skip())

    def action_help(self) -> None:
        """F1."""
        keys = f"\n\n{EVERYWHERE}\n\nThe plan: {self.session.path.absolute()}"
        title = f"Help: {self.session.nav.stop.title}"
        self._to_panel(lambda panel: self.app.push_screen(TextScreen(title, panel.help().rstrip() + keys)))

    def action_log(self) -> None:
        """F4."""
        log = self.query_one(Log)
        log.display = not log.display
        self.show_log()

    # -- what goes on behind it ----------------------------------------------------------------------------------

    def begun(self) -> None:
        """A read or a run has begun: follow it; what was said before is over."""
        self.say("")
        self.pulse.resume()
        self._to_panel(lambda panel: panel.settled())
        self.show_keys()

    def moved(self) -> None:
        """A pause was asked for, reached, or ended."""
        if self.is_attached:
            self._to_panel(lambda panel: panel.tick())
            self.show_keys()
            self.show_log()

    def read_ended(self, stage: str, reading: Reading) -> None:
        """Both ends are known better, or a sentence says why not."""
        self._report(reading)
        if reading.error:
            self.wrong = Wrong(reading.title, reading.error, lambda: self._read_again(stage))
        here = self.session.nav.stop
        if self.is_attached and stage == "source" and here.key != stage and here.kind != "carrying":
            # What the DAG code says changes the advice of every stage.
            self._settle()
            if reading.error:
                self.say("The DAG folder was not read. F10 has it in full.", bad=True)
        elif self.is_attached and here.key == stage:
            self._settle()
            # The panel has the sentence; here stands what can be done with it.
            self.say(f"Not read. {IN_FULL}" if reading.error else "", bad=bool(reading.error))

    def work_ended(self, work: Work) -> None:
        """The plan's states follow what was done."""
        self._report(work)
        # A checklist that is not met is no error: what is missing stands in it.
        went_wrong = work.error or (not work.outcome[1] and work.kind != "check")
        if went_wrong and not (work.cancelled or work.stopping):
            self.wrong = Wrong(work.title, work.outcome[0], self.runs.again)
        self.session.take_wave_states()
        self.session.look_back()
        if not self.is_attached:
            return
        # What was said while it went on is over; the panel may have more to say.
        self.say("")
        self._settle()
        self.show_log()
        if not self._shows(work):
            text, good = work.outcome
            self.say(f"{work.title}: {text}", bad=not good)

    def _read_again(self, stage: str) -> None:
        """Where it is read from, once more."""
        if self.session.nav.stop.key == stage:
            self._to_panel(lambda panel: panel.read())
        else:
            self.reads.by_stage.pop(stage, None)
            self.go(stage)

    def _report(self, ended: Running) -> None:
        """A bug's traceback goes into a file; the sentence says which."""
        if ended.bug is not None:
            ended.error += f" Report: {self.ferry.report_bug(ended.bug)}"

    def _to_panel(self, tell: Callable[[Panel], object]) -> None:
        """Tell the panel, once it stands: one that is being built looks at everything by itself when it is."""
        if self._panel is not None and self._panel.is_mounted:
            tell(self._panel)

    def _shows(self, work: Work | None) -> bool:
        """Whether the panel shows this run."""
        return self._panel is not None and self._panel.work is work

    def _settle(self) -> None:
        self._to_panel(lambda panel: panel.settled())
        self.show_head()
        self.show_keys()
        self.stages.update()

    async def interrupt(self) -> bool:
        """Ctrl+C: a read is cancelled; work is first stopped, then cancelled; False where nothing goes on."""
        return await self.reads.cancel() or await self.runs.interrupt()

    def _tick(self) -> None:
        """Only while something runs, and only where it has moved on or a second passed."""
        going, work = self.reads.going, self.runs.work
        if not going and self.runs.going is None:
            self.pulse.pause()
        changes = self.reads.changes + (work.changes if work else 0)
        seconds = int(max([*(reading.elapsed for reading in going), work.worked if work else 0]))
        if (changes, seconds) != self._seen:
            self._seen = (changes, seconds)
            self._follow()
            self._to_panel(lambda panel: panel.tick())
            self.show_log()
            if self.runs.going is not None and not self._shows(self.runs.going):
                self.show_head()

    def _follow(self) -> None:
        """The list of stages follows what is carried out, as long as one looks at it."""
        nav, work = self.session.nav, self.runs.going
        if work is None or work.stage not in PHASES or nav.stop.key not in PHASES:
            return
        if nav.stop.key != work.stage:
            nav.index = POSITION[work.stage]
            self.session.look_back()
            self.show_head()
            self.stages.update()

    def trouble(self, title: str, text: str) -> None:
        """An error in full, to copy or to save."""
        self.app.push_screen(ErrorScreen(title, text, self.ferry.save_report))
