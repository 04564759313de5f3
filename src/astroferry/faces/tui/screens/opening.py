"""The first screen: go on with a plan that lies here, begin a new one, or open another."""

from __future__ import annotations

import importlib
import threading
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Static

from astroferry.errors import AstroferryError, PlanError
from astroferry.faces.found import FoundPlan, free_name, plans_in
from astroferry.faces.navigator import STOPS
from astroferry.faces.tui.screens.modals import AskScreen, ErrorScreen, TextScreen
from astroferry.faces.tui.widgets.bars import in_line
from astroferry.faces.tui.widgets.choice_list import ChoiceList
from astroferry.model.files import must_be_writable
from astroferry.stages.question import Option

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from astroferry.faces.tui.app import Ferry

NEW, OTHER = "\0new", "\0other"
SHOWN = 5
"""plans that are listed; others can be opened by their path"""
CROSSING = 38


def preload() -> None:
    """Import the wizard and the clients behind it beside the first screen: they take as long as Textual itself."""
    threading.Thread(
        target=importlib.import_module, args=("astroferry.faces.tui.screens.wizard",), daemon=True
    ).start()


def crossing(step: int) -> Content:
    """How far over the newest plan is, as a line from shore to shore; 0: not begun."""
    over = round((CROSSING - 1) * step / len(STOPS))
    return Content.assemble(
        ("Airflow ", "$text-muted"),
        ("━" * over, "$accent"),
        ("●", "bold $accent"),
        ("─" * (CROSSING - 1 - over), "$text-muted"),
        (" Astro", "$text-muted"),
    )


class OpeningScreen(Screen[None]):
    """See the module."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f1,question_mark", "help", show=False),
        Binding("escape,q", "leave", show=False),
    ]

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder
        self.plans: list[FoundPlan] = plans_in(folder)

    def compose(self) -> ComposeResult:
        """A word of welcome, and what to do."""
        with Vertical(id="welcome"):
            yield Static(Content.styled("astroferry", "bold $accent"))
            yield Static(crossing(next((plan.step for plan in self.plans if not plan.problem), 0)), classes="name")
            yield Static(
                "Carries an Apache Airflow to Astro: it looks, asks, writes a plan, carries it out, compares every "
                "value, and cuts over so that each tick runs exactly once.",
                markup=False,
                id="what",
            )
            yield Static(Content.styled(f"In {self.folder}", "$text-muted"), classes="where")
            options = self._options()
            yield ChoiceList(options, options[0].value)
            yield Static(id="wrong", markup=False)
        keys = (("↑↓", "choose"), ("Enter", "take"), ("F1", "help"), ("F10", "menu"))
        yield Static(Content.assemble(" ", in_line(keys)), id="keys")

    def on_mount(self) -> None:
        """Choose at once; what comes next is loaded meanwhile."""
        self.call_after_refresh(preload)
        self.query_one(ChoiceList).focus()

    @property
    def ferry(self) -> Ferry:
        """The application."""
        from astroferry.faces.tui.app import Ferry  # noqa: PLC0415 - they know each other

        if not isinstance(self.app, Ferry):
            raise TypeError("this screen lives in its own application")
        return self.app

    def _options(self) -> tuple[Option, ...]:
        now = self.ferry.now().astimezone()
        going_on = [
            Option(
                str(plan.path),
                plan.path.name if plan.problem else f"Go on with {plan.name}",
                "cannot be opened as it is; Enter says why"
                if plan.problem
                else " · ".join((*plan.told(now), plan.path.name)),
            )
            for plan in self.plans[:SHOWN]
        ]
        return (
            *going_on,
            Option(NEW, "Start a new migration", f"its plan becomes {free_name(self.folder)} in this folder"),
            Option(OTHER, "Open another plan", "by its path"),
        )

    def on_choice_list_taken(self, event: ChoiceList.Taken) -> None:
        """Enter."""
        event.stop()
        if event.value == NEW:
            note = "A short name, such as that of the company or team: Workspaces and Deployments are named after it."
            self.app.push_screen(AskScreen("What shall this migration be called?", note=note), self._begin)
        elif event.value == OTHER:
            self.app.push_screen(AskScreen("Path of the plan", value=f"{self.folder}/"), self._asked)
        elif event.value is not None:
            self._open(Path(event.value))

    def _begin(self, name: str | None) -> None:
        if name is None:
            return
        called = " ".join(name.split())
        if not called:
            self._wrong("A migration needs a name.")
            return
        from astroferry.faces.session import Session  # noqa: PLC0415 - see `preload`

        path = self.folder / free_name(self.folder)
        try:
            must_be_writable(path)
            session = Session.new(path, called, now=self.ferry.now)
        except AstroferryError as error:
            self._wrong(str(error))
        else:
            self.ferry.work_on(session)

    def _asked(self, name: str | None) -> None:
        if name:
            self._open(Path(name).expanduser())

    def _open(self, path: Path) -> None:
        from astroferry.faces.session import Session  # noqa: PLC0415 - see `preload`

        try:
            session = Session.open(path, now=self.ferry.now)
        except PlanError as error:
            self.app.push_screen(ErrorScreen(f"{path.name} cannot be opened", str(error), self.ferry.save_report))
        except AstroferryError as error:
            self._wrong(str(error))
        else:
            self.ferry.work_on(session)

    def _wrong(self, text: str) -> None:
        self.query_one("#wrong", Static).update(Content.styled(f"! {text}", "$text-error"))
        # On a low screen it stands below the edge, all lines of it.
        self.query_one("#welcome", Vertical).scroll_end(animate=False)

    def action_help(self) -> None:
        """F1."""
        self.app.push_screen(
            TextScreen(
                "Help",
                "A plan is a file, migration.toml, that you can read and edit. It is saved after each stage, and "
                "leaving at any time loses nothing.\n\n"
                "The source is only read until you cut a wave over; nothing on Astro is changed before the review "
                "page, where you confirm it by name.\n\n"
                "Keys alone suffice; the mouse works too (hold Shift, or Option on a Mac, to select text as usual).\n"
                "astroferry --plain asks the same on single lines; astroferry --help lists the verbs for scripts.",
            )
        )

    async def action_leave(self) -> None:
        """Esc."""
        await self.ferry.leave()
