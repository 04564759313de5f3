"""The watch on lines: the first full cycle of each DAG, and the way back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from astroferry.carry.watching import last_verdicts
from astroferry.faces.navigator import POSITION
from astroferry.faces.prompts import pages
from astroferry.faces.prompts.menus import choose
from astroferry.faces.prompts.spoken import SpokenWork, attend
from astroferry.faces.watched import HEADINGS, rows
from astroferry.report.table import table
from astroferry.stages.question import Option

if TYPE_CHECKING:
    from astroferry.faces.carrying import Carrier
    from astroferry.faces.prompts.console import Console
    from astroferry.faces.session import Session

Moved = Literal["moved", "save"]


class WatchStep:
    """The step of the walk where one looks whether all goes well on Astro."""

    def __init__(self, session: Session, console: Console, carrier: Carrier) -> None:
        self._session = session
        self._console = console
        self._carrier = carrier

    async def run(self) -> Moved:
        """Until the walk has moved on or back."""
        for line in pages.head(self._session.nav):
            self._console.say(line)
        while True:
            self._session.look_back()
            self._show()
            done = self._session.nav.carried.get("watch") == "done"
            options = (
                Option("watch", "watch", "until every DAG's cycle is over or something is amiss; Ctrl+C ends it"),
                Option("rollback", "roll back", "at the cutover, wave by wave or DAG by DAG"),
                Option("go", "go on", "to decommission", "" if done else "not every DAG has gone well to its end"),
            )
            what = await choose(self._console, "What now", options, default="go" if done else "watch")
            if what == "save":
                return "save"
            if what in {"back", "rollback"}:
                self._session.nav.index = POSITION["cutover"]
                return "moved"
            if what == "go":
                self._session.nav.index = POSITION["decommission"]
                return "moved"
            if what == "watch":
                work = SpokenWork("watch", "Watching", console=self._console)
                await attend(work, self._carrier.watch, self._console)
                text, good = work.outcome
                self._console.say(f"  {'Done' if good else '!'}: {text}")
            else:
                self._console.say("  Each DAG is compared with how it ran on the source: ticks, success, time.")

    def _show(self) -> None:
        for wave in self._session.desk.plan.waves:
            seen = last_verdicts(self._session.journal, wave.name)
            if seen:
                self._console.say(f'  The first full cycle of "{wave.name}"')
                for line in table(HEADINGS, rows(seen.values()), width=pages.WIDTH, indent="  "):
                    self._console.say(line)
