"""The review page on lines: everything from the plan alone; a number leads to a stage and back; a name confirms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from astroferry.faces.confirming import before_carrying
from astroferry.faces.navigator import STOPS
from astroferry.faces.prompts import pages
from astroferry.faces.prompts.menus import choose, confirmed
from astroferry.faces.reviewing import against, page
from astroferry.model.words import several
from astroferry.stages.question import Option

if TYPE_CHECKING:
    from astroferry.faces.prompts.console import Console
    from astroferry.faces.session import Session

Moved = Literal["moved", "save", "begin"]
"""begin: what was just confirmed by name is not asked for once more"""


class ReviewStep:
    """Between deciding and carrying out."""

    def __init__(self, session: Session, console: Console) -> None:
        self._session = session
        self._console = console

    def _show(self) -> None:
        session = self._session
        session.look_back()
        lines = page(session.desk, session.infos, pages.WIDTH, session.standings)
        for line in (*pages.head(session.nav), *(part for item in lines for part in pages.told(item.text))):
            self._console.say(line)

    async def run(self) -> Moved:
        """Until the walk has moved on or back."""
        self._show()
        nav = self._session.nav
        stages = tuple(
            Option(stop.key, stop.title, "look at it again, then come back here")
            for stop in STOPS
            if stop.kind == "deciding"
        )
        while True:
            standing = against(self._session.desk)
            refused = f"{several(len(standing), 'thing')} must be settled first, see above" if standing else ""
            options = (Option("carry", "carry out", "asks for a name first", refused), *stages)
            self._console.say("")
            what = await choose(self._console, "Carry it out, or look at a stage again", options)
            if what == "save":
                return "save"
            if what == "back":
                nav.back()
                return "moved"
            if what == "carry":
                question = before_carrying(self._session)
                if question is None:
                    self._console.say("  ! The plan has no wave yet.")
                elif await confirmed(self._console, question):
                    nav.confirm_review()
                    self._session.save()
                    return "begin"
            elif nav.jump(what, returning=True):
                return "moved"
            else:
                self._console.say("  Nothing has been changed on either end yet; a stage's number leads there.")
