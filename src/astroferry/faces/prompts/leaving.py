"""Decommission on lines: may the old side go? live checks, the last backup, people's words, then a name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from astroferry.carry.decommission.leaving import people_checks
from astroferry.carry.readiness import open_checks
from astroferry.errors import PlanError
from astroferry.faces.confirming import before_release
from astroferry.faces.prompts import pages
from astroferry.faces.prompts.checks import confirm_checks
from astroferry.faces.prompts.menus import choose, confirmed
from astroferry.faces.prompts.spoken import SpokenWork, attend
from astroferry.model.words import several
from astroferry.stages.question import Option

if TYPE_CHECKING:
    from astroferry.carry.prerequisites import Prerequisite
    from astroferry.faces.carrying import Carrier
    from astroferry.faces.prompts.console import Console
    from astroferry.faces.session import Session

Moved = Literal["moved", "save"]


class LeaveStep:
    """The last step of the walk."""

    def __init__(self, session: Session, console: Console, carrier: Carrier) -> None:
        self._session = session
        self._console = console
        self._carrier = carrier

    async def run(self) -> Moved:
        """Until somebody leaves or goes back."""
        for line in pages.head(self._session.nav):
            self._console.say(line)
        while True:
            options = self._options()
            what = await choose(self._console, "What now", options, default="check")
            if what == "save":
                return "save"
            if what == "back":
                self._session.nav.back()
                return "moved"
            if what == "check":
                work = SpokenWork("leave", "Looking whether the old side may go", console=self._console)
                await attend(work, self._carrier.leave, self._console)
                self._console.say(f"  {work.outcome[0]}")
                await confirm_checks(self._session, self._console, self._checks())
            elif what == "people":
                await confirm_checks(self._session, self._console, tuple(people_checks(self._session.desk.plan)))
            elif what == "release" and await confirmed(self._console, before_release(self._session)):
                try:
                    self._session.release()
                except PlanError as error:
                    self._console.say(f"  ! {error}")
                    continue
                self._console.say("  The old side may be forgotten. Keep the backup, the journal and the plan.")
            elif what in {"help", "skip"}:
                self._console.say("  Nothing is deleted by astroferry: it looks, backs up and takes people's words.")

    def _options(self) -> tuple[Option, ...]:
        left = len(open_checks(self._checks()))
        refused = "" if self._carrier.leaving else "not looked yet"
        if left:
            refused = f"{several(left, 'check')} not met"
        if self._session.nav.carried.get("decommission") == "done":
            refused = "done already"
        return (
            Option("check", "check", "ask both ends, take the last backup; changes nothing"),
            Option("people", "people", "what only people can see, confirmed by name"),
            Option("release", "release", "the old side may be forgotten", refused),
        )

    def _checks(self) -> tuple[Prerequisite, ...]:
        return (*self._carrier.leaving, *people_checks(self._session.desk.plan))
