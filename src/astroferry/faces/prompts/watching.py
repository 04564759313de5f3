"""The watch on lines: the first full cycle of each DAG, and the way back."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from astroferry.carry.watching import last_verdicts
from astroferry.faces.prompts import pages
from astroferry.faces.prompts.menu_step import MenuStep
from astroferry.faces.prompts.spoken import SpokenWork
from astroferry.faces.watched import HEADINGS, rows
from astroferry.report.table import table
from astroferry.stages.question import Option

if TYPE_CHECKING:
    from collections.abc import Mapping


class WatchStep(MenuStep):
    """The step of the walk where one looks whether all goes well on Astro."""

    leads: ClassVar[Mapping[str, str]] = {"rollback": "cutover", "go": "decommission"}
    helps = "Each DAG is compared with how it ran on the source: ticks, success, time."

    @property
    def _done(self) -> bool:
        return self._session.nav.carried.get("watch") == "done"

    def options(self) -> tuple[Option, ...]:
        """Watch, or go on."""
        return (
            Option("watch", "watch", "until every DAG's cycle is over or something is amiss; Ctrl+C ends it"),
            Option("rollback", "roll back", "at the cutover, wave by wave or DAG by DAG"),
            Option("go", "go on", "to decommission", "" if self._done else "not every DAG has gone well to its end"),
        )

    def default(self) -> str:
        """What one goes on with."""
        return "go" if self._done else "watch"

    async def do(self, what: str) -> None:
        """Watch."""
        del what
        await self.attend(SpokenWork("watch", "Watching", console=self._console), self._carrier.watch)

    def show(self) -> None:
        """The verdicts of each wave."""
        for wave in self._session.desk.plan.waves:
            seen = last_verdicts(self._session.journal, wave.name)
            if seen:
                self._console.say(f'  The first full cycle of "{wave.name}"')
                for line in table(HEADINGS, rows(seen.values()), width=pages.WIDTH, indent="  "):
                    self._console.say(line)
