"""What went wrong last, in full: to copy, to save, to try again; the menu leads to it from every page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from astroferry.faces.tui.screens.modals import ErrorScreen

if TYPE_CHECKING:
    from collections.abc import Callable

    from astroferry.faces.tui.app import Ferry

IN_FULL = "F10 has it in full: copy, save, try again."


@dataclass(frozen=True, slots=True)
class Wrong:
    """A read or a run that did not go well; `again` begins it once more."""

    title: str
    text: str
    again: Callable[[], None]

    def show(self, ferry: Ferry) -> None:
        """Over whatever page is shown."""

        def chosen(what: str | None) -> None:
            if what == "retry":
                self.again()

        ferry.push_screen(ErrorScreen(self.title, self.text, ferry.save_report, can_retry=True), chosen)
