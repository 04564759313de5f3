"""Carrying out on lines: what is left, what failed and why, the comparison; then on to the cutover."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from astroferry.carry.compare import HEADINGS
from astroferry.carry.compare import findings as findings_of
from astroferry.carry.compare import table as rows_of
from astroferry.faces.phases import WORDS, failed_items, phases
from astroferry.faces.prompts import pages
from astroferry.faces.prompts.menu_step import MenuStep
from astroferry.faces.prompts.spoken import SpokenWork
from astroferry.model.words import several
from astroferry.report.table import table
from astroferry.stages.question import Option

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from astroferry.faces.carrying import Carrier
    from astroferry.faces.prompts.console import Console
    from astroferry.faces.session import Session
    from astroferry.faces.work import Work


class CarryStep(MenuStep):
    """Prepare, configuration, DAGs and test: they run one after the other, so they share one step of the walk."""

    leads: ClassVar[Mapping[str, str]] = {"back": "review", "go": "cutover"}
    helps = (
        "Everything is looked at before it is touched, noted in the journal, and read back afterwards. Ctrl+C pauses "
        "after the item in hand, and asks whether to go on or to stop. What is left can be carried out at any time."
    )

    def __init__(self, session: Session, console: Console, carrier: Carrier, *, first: str = "") -> None:
        super().__init__(session, console, carrier, first=first)
        self._work: SpokenWork | None = None

    # -- what stands -------------------------------------------------------------------------------------------

    def show(self) -> None:
        """The phases, and what failed."""
        for phase in phases(self._session, self._work):
            count = f"{phase.done:,} of {phase.total:,}" + (f", {phase.failed:,} failed" if phase.failed else "")
            begin = f"  {phase.title:<14}{phase.state:<9}{count:<22}"
            for line in pages.wrapped(WORDS[phase.key], begin, " " * len(begin)):
                self._console.say(line)
        for item in failed_items(self._session, self._work)[: pages.MOST]:
            for line in pages.wrapped(f"{item.outcome}: {item.title}. {item.why}", "  ! ", "    "):
                self._console.say(line)

    def options(self) -> tuple[Option, ...]:
        """Carry out, or go on."""
        failed = len(failed_items(self._session, self._work))
        carried = self._session.nav.carried
        arrived = carried.get("dags") == "done"
        tested = carried.get("test") == "done"
        return (
            Option("carry", "carry out", "all that is left; what is done is found and left as it is"),
            Option(
                "retry",
                "retry",
                f"just the {several(failed, 'item')} that failed",
                "" if failed else "no item has failed",
            ),
            Option(
                "compare",
                "compare",
                "every value, once more",
                "" if arrived else "the DAGs are not on Astro yet",
            ),
            Option("go", "go on", "to the cutover", "" if tested else "first all values must be found the same"),
        )

    def default(self) -> str:
        """What one goes on with."""
        return "go" if self._session.nav.carried.get("test") == "done" else "carry"

    # -- what is done ------------------------------------------------------------------------------------------

    async def do(self, what: str) -> None:
        """One of them."""
        carrier = self._carrier
        if what == "carry":
            await self._run(SpokenWork("carry", "Carrying out", console=self._console), carrier.carry)
        elif what == "retry":
            ids = [item.id for item in failed_items(self._session, self._work)]

            async def again(work: Work) -> None:
                await carrier.retry(work, ids)

            await self._run(SpokenWork("carry", "Trying again", console=self._console), again)
        else:
            await self._run(SpokenWork("compare", "Comparing", console=self._console), carrier.compare)

    async def _run(self, work: SpokenWork, run: Callable[[Work], Awaitable[None]]) -> None:
        self._work = work
        await self.attend(work, run)
        if work.stage == "test":
            self._compared()

    def _compared(self) -> None:
        for item in self._carrier.compared:
            self._console.say(f"  Values on {item.deployment}")
            for line in table(HEADINGS, rows_of(item.rows), width=pages.WIDTH, indent="  "):
                self._console.say(line)
            for finding in findings_of(item.rows):
                for line in pages.wrapped(f"{finding.severity}: {finding.message} {finding.todo}", "  ! ", "    "):
                    self._console.say(line)
