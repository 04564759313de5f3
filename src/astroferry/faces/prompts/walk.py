"""The plain walk: one step for each stop, on the same Session and Navigator as the full screen."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from astroferry.faces.carrying import Carrier
from astroferry.faces.prompts import pages
from astroferry.faces.prompts.carrying import CarryStep
from astroferry.faces.prompts.console import EndOfInputError, InterruptedAskingError
from astroferry.faces.prompts.cutover import CutoverStep
from astroferry.faces.prompts.deciding import DecidingStep
from astroferry.faces.prompts.leaving import LeaveStep
from astroferry.faces.prompts.reviewing import ReviewStep
from astroferry.faces.prompts.watching import WatchStep
from astroferry.model.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Sequence

    from astroferry.faces.prompts.console import Console
    from astroferry.faces.session import Session
    from astroferry.secrets.contract import Question


class Asking:
    """Asks for credentials and for typed values on the console; what was typed is kept in memory only."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._answers: dict[str, Secret] = {}

    async def __call__(self, prompt: str, hidden: bool) -> str:
        """The answer, now or from before."""
        if prompt not in self._answers:
            answer = await self._console.line(prompt, hidden=hidden)
            self._answers[prompt] = Secret(answer, ordinary=not hidden)
        return self._answers[prompt].reveal()

    async def value(self, question: Question) -> Secret | None:
        """A secret value of a connection or variable; None where it is left out by "-"."""
        hint = f" ({question.hint})" if question.hint else ""
        prompt = f"{question.kind.capitalize()} {question.name}: {question.field}{hint}, or - to leave it out"
        answer = await self._console.line(prompt, hidden=True)
        return None if answer == "-" else Secret(answer)

    def forget(self) -> None:
        """What was typed did not do: ask again next time."""
        self._answers.clear()


class PlainWalk:
    """The walk over one session, until somebody leaves."""

    def __init__(self, session: Session, console: Console) -> None:
        self._session = session
        self._console = console
        self._asking = Asking(console)
        self._carrier = Carrier(session.path, self._asking, self._asking.value)
        self._begins = False
        """whether carrying out was confirmed a moment ago"""

    async def run(self) -> None:
        """Step after step; EndOfInputError and InterruptedAskingError where nobody answers any more."""
        self._console.say("")
        self._console.say(pages.EVERYWHERE)
        leaving = False
        while True:
            try:
                moved = await self._step().run()
                if moved == "save":
                    return
                self._begins = moved == "begin"
                leaving = False
            except InterruptedAskingError:
                if leaving:
                    raise
                leaving = True
                self._session.keep()
                self._console.say("")
                self._console.say("  Interrupted; the plan is saved. Ctrl+C once more leaves, or answer to go on.")

    def _step(self) -> Any:
        session, console, stop = self._session, self._console, self._session.nav.stop
        if stop.kind == "deciding":
            return DecidingStep(session, console, self._asking, os.environ)
        if stop.kind == "review":
            return ReviewStep(session, console)
        if stop.key == "cutover":
            return CutoverStep(session, console, self._carrier)
        if stop.key == "watch":
            return WatchStep(session, console, self._carrier)
        if stop.key == "decommission":
            return LeaveStep(session, console, self._carrier)
        # Once only: an interrupt leads back to this step, and then it asks.
        begins, self._begins = self._begins, False
        return CarryStep(session, console, self._carrier, first="carry" if begins else "")


def unanswered(session: Session) -> Sequence[str]:
    """The plan key that was asked for when the input ended, and what else the stage asks."""
    return [item.question.key for item in session.nav.trial().asked if item.problem]


__all__ = ["Asking", "EndOfInputError", "InterruptedAskingError", "PlainWalk", "unanswered"]
