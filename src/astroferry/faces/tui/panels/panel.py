"""What all panels have in common: the session, a title, and the keys that do something here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.containers import VerticalScroll
from textual.content import Content

if TYPE_CHECKING:
    from astroferry.faces.session import Session
    from astroferry.faces.tui.screens.wizard import WizardScreen
    from astroferry.faces.work import Work

Keys = tuple[tuple[str, str], ...]


class Panel(VerticalScroll, can_focus=False):
    """One stop of the walk on the screen. `wide`: it wants the whole width."""

    wide = False

    def __init__(self, session: Session) -> None:
        super().__init__(id="panel")
        self.session = session

    @property
    def wizard(self) -> WizardScreen:
        """The screen that shows it."""
        from astroferry.faces.tui.screens.wizard import WizardScreen  # noqa: PLC0415 - they know each other

        screen = self.screen
        if not isinstance(screen, WizardScreen):
            raise TypeError("a panel lives in the wizard alone")
        return screen

    def heading(self, room: int) -> Content:
        """Title and, where both fit into `room` cells, the part of the guide; help says that anyway."""
        stop = self.session.nav.stop
        fits = stop.guide != stop.title and len(stop.title) + len(stop.guide) + 2 <= room
        guide = f"  {stop.guide}" if fits else ""
        return Content.assemble((stop.title, "bold $accent"), (guide, "$text-muted"))

    def keys(self) -> Keys:
        """(key, word) for the line at the bottom."""
        return ()

    def help(self) -> str:
        """What F1 says of this stop."""
        return ""

    def forward(self) -> None:
        """F2."""

    def read(self) -> None:
        """F5."""

    def listed(self) -> None:
        """F7."""

    def skip(self) -> None:
        """F8."""

    @property
    def work(self) -> Work | None:
        """The run that this panel shows, in hand or ended."""
        return None

    def tick(self) -> None:
        """Something that runs has moved on; called at most a few times a second, and only while it runs."""

    def settled(self) -> None:
        """Something that ran has ended, or both ends are known better now."""

    def take_focus(self) -> None:
        """Put the keys where they are wanted first."""
