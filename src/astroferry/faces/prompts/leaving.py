"""Decommission on lines: may the old side go? live checks, the last backup, people's words, then a name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from astroferry.carry.decommission.leaving import people_checks
from astroferry.carry.readiness import open_checks
from astroferry.errors import PlanError
from astroferry.faces.confirming import before_release
from astroferry.faces.prompts.checks import confirm_checks
from astroferry.faces.prompts.menu_step import MenuStep
from astroferry.faces.prompts.menus import confirmed
from astroferry.faces.prompts.spoken import SpokenWork
from astroferry.model.words import several
from astroferry.stages.question import Option

if TYPE_CHECKING:
    from astroferry.carry.prerequisites import Prerequisite


class LeaveStep(MenuStep):
    """The last step of the walk."""

    helps = "Nothing is deleted by astroferry: it looks, backs up and takes people's words."

    def default(self) -> str:
        """Looking harms nothing."""
        return "check"

    async def do(self, what: str) -> None:
        """One of them."""
        if what == "check":
            work = SpokenWork("leave", "Looking whether the old side may go", console=self._console)
            await self.attend(work, self._carrier.leave)
            await confirm_checks(self._session, self._console, self._checks())
        elif what == "people":
            await confirm_checks(self._session, self._console, tuple(people_checks(self._session.desk.plan)))
        elif await confirmed(self._console, before_release(self._session)):
            try:
                self._session.release()
            except PlanError as error:
                self._console.say(f"  ! {error}")
            else:
                self._console.say("  The old side may be forgotten. Keep the backup, the journal and the plan.")

    def options(self) -> tuple[Option, ...]:
        """Look, confirm, release."""
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
