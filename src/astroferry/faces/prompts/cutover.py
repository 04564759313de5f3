"""Cutover and rollback on lines: the waves, each DAG's steps, ticks; the way back at any moment."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from astroferry.carry.handover.wave import refusals, standings_of
from astroferry.carry.handover.wave_state import state_in_words
from astroferry.carry.waves import READY
from astroferry.faces.confirming import before_cutover, before_rollback
from astroferry.faces.handed import HEADINGS, broken_off, handed, ticks_in_words
from astroferry.faces.prompts import pages
from astroferry.faces.prompts.checks import confirm_checks
from astroferry.faces.prompts.listing import pick
from astroferry.faces.prompts.menu_step import MenuStep
from astroferry.faces.prompts.menus import choose, confirmed
from astroferry.faces.prompts.spoken import SpokenWork, attend
from astroferry.model.plan import MOVED
from astroferry.model.words import several
from astroferry.report.table import table
from astroferry.stages.question import Option

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from astroferry.faces.work import Work
    from astroferry.model.plan import Wave


class CutoverStep(MenuStep):
    """The step of the walk where waves move, and move back."""

    asks = "Which wave, or go on"
    leads: ClassVar[Mapping[str, str]] = {"go": "watch"}
    helps = (
        "A DAG is drained on the source, marked on Astro, started there and watched. Ctrl+C stops after the steps in "
        "hand. There is no pause: a DAG half handed over must not wait for a person."
    )

    def options(self) -> tuple[Option, ...]:
        """The waves, and the watch."""
        plan, inventory = self._session.desk.plan, self._session.desk.inventory
        everything = tuple(dag.dag_id for dag in inventory.dags) if inventory else ()
        moved = any(wave.state in MOVED for wave in plan.waves)
        further = Option("go", "go on", "to the watch", "" if moved else "no wave has been cut over yet")
        waves = tuple(
            Option(
                f"wave {wave.name}",
                wave.name,
                f"{state_in_words(wave, self._session.standings, dags)}, {several(len(dags), 'DAG')}, "
                f"on {wave.production}",
            )
            for wave in plan.waves
            for dags in (plan.dags_of(wave, everything),)
        )
        return (*waves, further)

    async def do(self, what: str) -> Literal["save"] | None:
        """What is to be done with a wave, until somebody goes back."""
        name = what.removeprefix("wave ")
        while True:
            wave = self._session.desk.plan.wave(name)
            self._show(wave)
            begun = any(key.startswith(f"cutover/{name}/") for key in self._session.standings)
            nothing = "" if begun else "nothing of it has been handed over"
            ready = "" if wave.state in READY else f"it is {wave.state}, not tested yet"
            options = (
                Option("check", "checklist", "what must hold before; what no machine can see is confirmed by name"),
                Option("cutover", "cut over", "move its schedules to Astro", ready),
                Option("rollback", "roll back", "give the wave back to the source", nothing),
                Option("dag", "one DAG back", "give one DAG back to the source", nothing),
            )
            what = await choose(self._console, f'Wave "{name}"', options)
            if what in {"back", "save"}:
                return "save" if what == "save" else None
            if what == "check":
                await self._look(name)
                await confirm_checks(self._session, self._console, self._carrier.ready.get(name, ()))
            elif what == "cutover":
                if await self._may_begin(name) and await confirmed(
                    self._console, before_cutover(self._session, wave)
                ):
                    await self._run("cutover", f'Cutting "{name}" over', name, self._carrier.cut_over)
            elif what in {"rollback", "dag"}:
                dag = await self._one(wave) if what == "dag" else None
                if (what == "dag" and dag is None) or not await confirmed(
                    self._console, before_rollback(self._session, wave, dag)
                ):
                    continue

                async def back(work: Work, which: str | None = dag) -> None:
                    await self._carrier.roll_back(work, which)

                await self._run("rollback", f'Rolling "{dag or name}" back', name, back)

    async def _look(self, name: str) -> bool:
        """Look through the checklist; whether all of it is met."""
        work = SpokenWork("check", "Looking whether it is ready", wave=name, console=self._console)
        await attend(work, self._carrier.look_whether_ready, self._console)
        text, good = work.outcome
        self._console.say(f"  {text}")
        return good

    async def _may_begin(self, name: str) -> bool:
        """Before the name is asked for: the checklist, where what people know can be confirmed at once."""
        if standings_of(self._session.journal, name, given_back=False):
            return True  # it was begun: halfway is the worst place to be kept by a checklist
        if await self._look(name):
            return True
        await confirm_checks(self._session, self._console, self._carrier.ready.get(name, ()))
        return await self._look(name)

    async def _one(self, wave: Wave) -> str | None:
        rows = [(dag, "") for dag in self._dags(wave)]
        chosen = await pick(rows, "DAG", self._console)
        if isinstance(chosen, str) or len(chosen) != 1:
            self._console.say("  ! Name one DAG.")
            return None
        return rows[chosen[0]][0]

    def _dags(self, wave: Wave) -> tuple[str, ...]:
        inventory = self._session.desk.inventory
        everything = tuple(dag.dag_id for dag in inventory.dags) if inventory else ()
        return tuple(self._session.desk.plan.dags_of(wave, everything))

    def _show(self, wave: Wave) -> None:
        """Each DAG's steps, and those that stay with the reason."""
        session, inventory = self._session, self._session.desk.inventory
        rows = [
            (
                item.dag_id,
                item.side,
                *item.steps,
                ticks_in_words(self._carrier.ticks, session.standings, wave.name, item.dag_id),
            )
            for item in handed(session.standings, wave.name, self._dags(wave)[: pages.MOST], {})
        ]
        for line in table(HEADINGS, rows, width=pages.WIDTH, indent="  "):
            self._console.say(line)
        told = broken_off(session.standings, wave.name, self._dags(wave))
        for line in pages.wrapped(told, "  ! ", "    ") if told else ():
            self._console.say(line)
        stay = refusals(session.desk.plan, inventory, wave.name) if inventory else ()
        for finding in stay[: pages.MOST]:
            for line in pages.wrapped(f"stays: {finding.message} {finding.todo}", "  ! ", "    "):
                self._console.say(line)

    async def _run(
        self, kind: Literal["cutover", "rollback"], title: str, wave: str, run: Callable[[Work], Awaitable[None]]
    ) -> None:
        await self.attend(SpokenWork(kind, title, wave=wave, console=self._console), run)
