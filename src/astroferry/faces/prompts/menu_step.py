"""A step of the walk that is a menu: it shows how things stand, asks what now, does it, and asks again."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar, Literal

from astroferry import diagnostics
from astroferry.faces.ending import ALONE
from astroferry.faces.navigator import POSITION
from astroferry.faces.prompts import pages
from astroferry.faces.prompts.menus import choose
from astroferry.faces.prompts.spoken import attend

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from astroferry.faces.carrying import Carrier
    from astroferry.faces.prompts.console import Console
    from astroferry.faces.prompts.spoken import SpokenWork
    from astroferry.faces.session import Session
    from astroferry.faces.work import Work
    from astroferry.stages.question import Option

Moved = Literal["moved", "save"]


class MenuStep(ABC):
    """See the module. `asks` is the question, `leads` where a choice leads to, `helps` what "help" says."""

    asks: ClassVar[str] = "What now"
    leads: ClassVar[Mapping[str, str]] = {}
    helps: ClassVar[str] = ""

    def __init__(self, session: Session, console: Console, carrier: Carrier, *, first: str = "") -> None:
        self._session = session
        self._console = console
        self._carrier = carrier
        self._first = first
        """what is done before anything is asked"""

    async def run(self) -> Moved:
        """Until the walk has moved on or back."""
        for line in pages.head(self._session.nav):
            self._console.say(line)
        while True:
            self._session.look_back()
            if self._first:
                first, self._first = self._first, ""
                await self.do(first)
            self.show()
            what = await choose(self._console, self.asks, self.options(), default=self.default())
            if what == "save":
                return "save"
            if what in self.leads:
                self._session.nav.index = POSITION[self.leads[what]]
                return "moved"
            if what == "back":
                self._session.nav.back()
                return "moved"
            if what in {"help", "skip"}:
                for line in pages.wrapped(self.helps):
                    self._console.say(line)
            elif await self.do(what) == "save":
                return "save"

    def show(self) -> None:  # noqa: B027 - two of the four have nothing to show before they ask
        """How it stands."""

    @abstractmethod
    def options(self) -> tuple[Option, ...]:
        """What can be done now."""

    def default(self) -> str:
        """What an empty line takes; nothing where it is asked again."""
        return ""

    @abstractmethod
    async def do(self, what: str) -> Literal["save"] | None:
        """One of the options; "save" where somebody leaves meanwhile."""

    async def attend(self, work: SpokenWork, run: Callable[[Work], Awaitable[None]]) -> None:
        """A run to its end, which is told; the plan's states follow."""
        await attend(work, run, self._console)
        if work.kind in ALONE:
            diagnostics.ring()
        self._session.take_wave_states()
        self._session.look_back()
        text, good = work.outcome
        self._console.say(f"  {'Done' if good else '!'}: {text}")
