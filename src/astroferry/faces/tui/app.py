"""The Textual application: look, signals, leaving; what it works on is the session."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import tempfile
import traceback
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.app import App
from textual.binding import Binding, BindingType
from textual.events import Event, Key, Paste, Resize
from textual.geometry import Size
from textual.theme import Theme

from astroferry.diagnostics import redact
from astroferry.errors import AstroferryError, Exit
from astroferry.faces.tui.asking import Asker
from astroferry.faces.tui.frame import Changes, Frame
from astroferry.faces.tui.in_turn import InTurn
from astroferry.faces.tui.lost_line import lasting
from astroferry.faces.tui.screens.modals import ErrorScreen, MenuScreen, WelcomeScreen
from astroferry.faces.tui.screens.opening import OpeningScreen
from astroferry.faces.tui.steering import NothingSteers
from astroferry.stages.question import Option

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from rich.console import RenderableType
    from textual.driver import Driver
    from textual.filter import LineFilter
    from textual.screen import Screen
    from textual.timer import Timer

    from astroferry.faces.session import Session
    from astroferry.faces.tui.screens.wizard import WizardScreen

RESIZED = 0.3
"""seconds after the last of many sizes, when it is looked at again"""

# Slate, bone and brass: three quiet tones, and a colour only where it means something.
FERRY = Theme(
    name="ferry",
    primary="#7fa6b8",
    secondary="#5f7f8e",
    accent="#d7b46a",
    foreground="#d5dadd",
    background="#12181c",
    surface="#161d22",
    panel="#1d262c",
    success="#8fb98a",
    warning="#d9a35b",
    error="#d9776c",
    dark=True,
    variables={
        "block-cursor-background": "#d7b46a",
        "block-cursor-foreground": "#12181c",
        # Textual's own is "auto 60%", which text (not CSS) shows as full white: louder than what matters.
        "text-muted": "#8d9aa2",
    },
)


def few_colours() -> bool:
    """Whether the terminal's own 16 colours are to be used: asked for by NO_COLOR, or no more are there."""
    if os.environ.get("NO_COLOR"):
        return True
    if os.environ.get("COLORTERM", "").lower() in {"truecolor", "24bit"}:
        return False
    return "256" not in os.environ.get("TERM", "")


class Ferry(App[None]):
    """The wizard. `saved` names the plan that was worked on, `reports` the files of saved errors."""

    TITLE = "astroferry"
    CSS_PATH = "look.tcss"
    ENABLE_COMMAND_PALETTE = False
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (76, "-normal"), (110, "-wide")]  # noqa: RUF012 - Textual's own shape
    VERTICAL_BREAKPOINTS = [(0, "-short"), (21, "-tall"), (30, "-high")]  # noqa: RUF012 - likewise
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f10,ctrl+x", "menu", show=False, priority=True),
        Binding("ctrl+c", "interrupt", show=False, priority=True),
        Binding("ctrl+q", "menu", show=False, priority=True),
        Binding("ctrl+l", "redraw", show=False, priority=True),
    ]

    def __init__(
        self,
        folder: Path,
        *,
        session: Session | None = None,
        welcome: tuple[str, Sequence[str]] | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        pace: float | None = None,
    ) -> None:
        few = few_colours()
        # Said at once: Textual chooses here, by NO_COLOR, between no colours at all and greys, and greys of the
        # terminal's own colours would be black on black.
        super().__init__(ansi_color=few or None)
        self.folder = folder
        self._given = session
        self._welcome = welcome
        self.now = now
        # Over SSH a screen is drawn once a second at most.
        self.pace = pace or (1.0 if os.environ.get("SSH_CONNECTION") else 0.25)
        self.session: Session | None = None
        self._wizard: WizardScreen | None = None
        self.saved: Path | None = None
        self.reports: list[Path] = []
        self.bug: BaseException | None = None
        self._interrupted = False
        self._leaving: Exit | None = None
        self._frame = Frame()
        self._resizing: Timer | None = None
        self._nothing_steers = NothingSteers()
        self.keys = InTurn(self)
        self.animation_level = "none"
        self.register_theme(FERRY)
        self.theme = "ansi-dark" if few else "ferry"

    @property
    def ask(self) -> Asker:
        """What asks for credentials."""
        return self._ask

    def on_mount(self) -> None:
        """Watch for hang-up and termination, and open."""
        self._ask = Asker(self)
        loop = asyncio.get_running_loop()
        for number, code in ((signal.SIGHUP, Exit.HANGUP), (signal.SIGTERM, Exit.TERMINATED)):
            with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):
                loop.add_signal_handler(number, self._signalled, code)
        self.push_screen(OpeningScreen(self.folder))
        if self._given is not None:
            self.work_on(self._given)
        if self._welcome is not None:
            self.push_screen(WelcomeScreen(*self._welcome))

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Textual's own, and ours."""
        return (*super().get_line_filters(), self._nothing_steers)

    def get_driver_class(self) -> type[Driver]:
        """The platform's, which outlasts its terminal."""
        return lasting(super().get_driver_class())

    async def on_event(self, event: Event) -> None:
        """Keys are handled one at a time; everything else as it comes."""
        if isinstance(event, Key | Paste) and not event.is_forwarded and not self.keys.take(event):
            return
        await super().on_event(event)

    def has_variable(self, name: str) -> bool:
        """Whether the environment gives it."""
        return bool(os.environ.get(name, "").strip())

    def work_on(self, session: Session) -> None:
        """Open the wizard on a plan."""
        from astroferry.faces.carrying import Carrier  # noqa: PLC0415 - half of all imports; see `preload`
        from astroferry.faces.tui.screens.wizard import WizardScreen  # noqa: PLC0415 - likewise

        self.session = session
        self.saved = session.path
        carrier = Carrier(session.path, self.ask, self.ask.value)
        self._wizard = WizardScreen(session, carrier)
        self.switch_screen(self._wizard)

    @property
    def wizard(self) -> WizardScreen | None:
        """The wizard's screen, also under a small one."""
        return self._wizard if self._wizard in self.screen_stack else None

    # -- drawing -----------------------------------------------------------------------------------------------

    def _display(self, screen: Screen[Any], renderable: RenderableType | None) -> None:
        """Send only what has changed; Textual's own display writes it."""
        drawn = self._running and not self._closed and not self._batch_count and self._driver is not None
        if drawn and screen.outer_size != self.size:
            # A small screen hands its resize on to those below, late: an older size may be the last one they heard.
            screen.post_message(Resize(self.size, self.size))
        if drawn and not self.is_headless and renderable is not None:
            if isinstance(renderable, LayoutUpdate | ChopsUpdate):
                text = self._frame.changes(renderable, self.size, self.console)
                renderable = Changes(text) if text or self.cursor_position != self._previous_cursor_position else None
            else:
                self._frame.forget()
        super()._display(screen, renderable)

    def on_resize(self) -> None:
        """Another size, or back from the shell: nobody knows what the terminal shows."""
        self._frame.forget()
        if not self.is_headless:
            if self._resizing is not None:
                self._resizing.stop()
            self._resizing = self.set_timer(RESIZED, self._see_that_it_fits)

    def _see_that_it_fits(self) -> None:
        """After the last of many sizes: of those that come close together Textual (8.2.8) may lose one."""
        with contextlib.suppress(OSError):
            size = Size(*os.get_terminal_size(sys.__stdin__.fileno() if sys.__stdin__ else 0))
            if size != self.size:
                self.post_message(Resize(size, size))
                return
        for screen in self.screen_stack:
            if screen.outer_size != self.size:
                screen.post_message(Resize(self.size, self.size))
        self._frame.forget()
        self.screen.refresh(layout=True)

    def action_redraw(self) -> None:
        """Ctrl+L: all of it once more, where something else has written over it."""
        self._frame.forget()
        self.screen.refresh()

    # -- leaving -----------------------------------------------------------------------------------------------

    def action_menu(self) -> None:
        """F10."""
        if isinstance(self.screen, MenuScreen):
            return
        options = [Option("back", "Go on", "back to where you were")]
        note = ""
        if self.session is not None:
            options.append(Option("leave", "Save and leave", f"the plan is {self.session.path.name}"))
            note = f"The plan lies in {self.session.path.absolute()}"
            wizard = self.wizard
            if wizard is not None and wizard.runs.work is not None and wizard.runs.work.running:
                note = f"{wizard.runs.work.title} goes on; leaving stops it, and the journal keeps where it stood."
        else:
            options.append(Option("leave", "Leave", "nothing has been begun"))
        if self.wizard is not None and self.wizard.wrong is not None:
            # The last, so that the keys that leave are always the same.
            options.append(Option("wrong", "What went wrong last", "in full: to copy, to save, to try again"))
        self.push_screen(MenuScreen("Menu", options, note), self._chosen)

    def _show_wrong(self) -> None:
        if self.wizard is not None and self.wizard.wrong is not None:
            self.wizard.wrong.show(self)

    def _chosen(self, what: str | None) -> None:
        if what == "leave":
            self.run_worker(self.leave(), group="leave")
        elif what == "wrong":
            self._show_wrong()

    async def action_interrupt(self) -> None:
        """Ctrl+C: first stop what goes on; where nothing does, ask whether to leave; a second time leaves."""
        wizard = self.wizard
        if wizard is not None and await wizard.interrupt():
            return
        if self._interrupted or self.session is None:
            await self.leave(Exit.INTERRUPTED if self.session is not None else Exit.DONE)
            return
        self._interrupted = True
        self.action_menu()

    @property
    def leaving(self) -> bool:
        """Whether it is being left: nothing new begins."""
        return self._leaving is not None

    async def leave(self, code: Exit = Exit.DONE) -> None:
        """Stop what goes on, save, and end. Asked again meanwhile, it goes on; of signals the first is told."""
        again = self.leaving
        if self._leaving in {None, Exit.DONE, Exit.INTERRUPTED}:
            self._leaving = code
        if again:
            return
        wizard = self.wizard
        if wizard is not None:
            await wizard.reads.cancel()
            await wizard.runs.end()
        if self.session is not None:
            try:
                self.session.keep()
            except AstroferryError as error:
                if self._leaving in {Exit.DONE, Exit.INTERRUPTED}:
                    self._leaving = None
                    self.push_screen(ErrorScreen("The plan could not be saved", str(error), self.save_report))
                    return
            self.session.close()
            self.session = None
        self.exit(return_code=int(self._leaving))

    def _signalled(self, code: Exit) -> None:
        """Hang-up or termination: the same, without a question."""
        # Kept in an attribute: a task that nobody holds may be collected before it ends.
        self._ending = asyncio.ensure_future(self.leave(code))

    # -- errors ------------------------------------------------------------------------------------------------

    def save_report(self, text: str) -> str:
        """Keep an error in a file of the user's own, redacted; its path is said again after the end."""
        folder = Path(os.environ.get("ASTROFERRY_REPORTS", tempfile.gettempdir()))
        path = folder / f"astroferry-error-{self.now():%Y%m%dT%H%M%S}-{os.getpid()}.txt"
        try:
            path.write_text(redact(text) + "\n", encoding="utf-8", errors="backslashreplace")
        except OSError as error:
            return f"nowhere: {path} cannot be written ({error.strerror})"
        self.reports.append(path)
        return str(path)

    def report_bug(self, bug: BaseException) -> str:
        """Keep the traceback of what is no sentence of ours; where."""
        return self.save_report("".join(traceback.format_exception(bug)))

    def _fatal_error(self) -> None:
        """A bug: end without Textual's own report, which shows local variables, secrets among them."""
        self.bug = self._exception
        self._close_messages_no_wait()
