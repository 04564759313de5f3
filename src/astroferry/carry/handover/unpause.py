"""Letting one side run: only what was active before, and never while the other side could run the same tick."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from astroferry.advice.kinds import SwitchPlan
from astroferry.advice.schedule import is_of_a_tick
from astroferry.carry.action import Observation
from astroferry.carry.handover.alone import MOST, strayed
from astroferry.carry.handover.back import HandBack
from astroferry.carry.handover.boundary import MarkBoundary
from astroferry.carry.handover.ends import ALL_ROWS
from astroferry.carry.handover.gap import RunGap
from astroferry.errors import RemoteError
from astroferry.model.cutover import opposite
from astroferry.model.words import names, several

if TYPE_CHECKING:
    from astroferry.carry.action import ActionInfo, Facts
    from astroferry.carry.context import Context
    from astroferry.carry.handover.ends import Handover
    from astroferry.clients.airflow import Airflow
    from astroferry.model.cutover import Side


@dataclass
class Unpause:
    """Unpause the DAG on `side`, with one last look at the other. Facts: `unpaused` (bool), `at` (ISO time)."""

    handover: Handover
    side: Side = "target"
    way: str = "cutover"
    after: str = "mark"

    @property
    def info(self) -> ActionInfo:
        """The step that switches one side on."""
        info = self.handover.info(
            f"unpause-{self.side}",
            f"Unpause {self.handover.dag_id} on the {self.side}",
            way=self.way,
            after=self.after,
            note=f"It is paused on the {self.side}; ticks it has run stay run, and `rollback` hands them back.",
        )
        # Once the source runs it again, how it stood before the cutover says nothing any more. Broken off half-way it
        # would be in doubt who runs it, and so nobody would go on with it.
        return replace(info, closes=self.way == "rollback", whole=True)

    @property
    def _other(self) -> Side:
        return opposite(self.side)

    async def observe(self, ctx: Context) -> Observation:
        """Done where it runs, or where it was not active before and stays paused."""
        return self.handover.judged(await self._look(ctx), self._other)

    async def _look(self, ctx: Context) -> Observation:
        dag_id = self.handover.dag_id
        if not self.handover.was_active(ctx):
            return Observation("done", f"{dag_id} was paused on the source, so it stays paused", {"unpaused": False})
        here = await self.handover.dag(ctx, self.side)
        there = await self.handover.dag(ctx, self._other)
        if not there.is_paused:
            return Observation("doubt", await self._both(ctx, here_paused=here.is_paused))
        if not here.is_paused:
            return Observation("done", facts={"unpaused": True})
        if await self._ran_for_good(ctx):
            return Observation(
                "done",
                f"{dag_id} is @once and has run on the {self._other}, so it stays paused",
                {"unpaused": False},
            )
        active = await self.handover.unfinished(ctx, self._other)
        if active:
            why = (
                f'"{dag_id}" has {several(len(active), "unfinished run")} on the {self._other}, which is paused; '
                "drain it again."
            )
            return Observation("doubt", why)
        return Observation("todo", facts=await self.handover.before_it_runs(ctx, self.side))

    async def _both(self, ctx: Context, *, here_paused: bool) -> str:
        """What is said where the other side was switched on again."""
        dag_id, verb = self.handover.dag_id, "cutover" if self.side == "target" else "rollback"
        if here_paused:
            return (
                f'"{dag_id}" was unpaused on the {self._other}, which goes on with it; it stays paused on the '
                f"{self.side}, so no tick is in doubt. Run {verb} again to drain it there anew."
            )
        ran = await strayed(ctx, self.handover, self.side)
        return (
            f'"{dag_id}" is unpaused on both sides; pause it on the {self._other} at once. '
            f"In doubt is what the {self._other} ran since its boundary: {names(ran, MOST) or 'nothing yet'}."
        )

    async def apply(self, ctx: Context) -> Facts:
        """Unpause; raises RemoteError where the other side is not quiet any more."""
        seen = await self._look(ctx)
        if seen.state == "doubt":
            raise RemoteError(seen.why)
        if seen.state == "todo":
            await self._see_that_it_still_follows(ctx)
            if not isinstance(await self.handover.kind(ctx), SwitchPlan):
                await RunGap(self.handover, self.side).queue_what_comes_first(ctx)
            airflow = await self.handover.airflow(ctx, self.side)
            await self._tell_what_waits(ctx, airflow)
            await airflow.set_paused(self.handover.dag_id, False)
            ctx.tell(f"{self.handover.dag_id}: unpaused on the {self.side}")
        return {
            "unpaused": seen.facts.get("unpaused", self.handover.was_active(ctx)),
            "at": ctx.clock.now().isoformat(),
        }

    async def _tell_what_waits(self, ctx: Context, airflow: Airflow) -> None:
        """Name the runs that somebody queued there by hand since the first look: they start now."""
        active = await airflow.active_runs(self.handover.dag_id)
        if queued := [run.run_id for run in active if run.state == "queued" and not is_of_a_tick(run)]:
            ctx.tell(f"{self.handover.dag_id}: {names(queued, MOST)} waited on the {self.side} and starts too")

    async def _ran_for_good(self, ctx: Context) -> bool:
        """Whether it runs only once, and the other side has done it; this side would do it again (2.11.2, 3.3.2)."""
        kind = await self.handover.kind(ctx)
        if not isinstance(kind, SwitchPlan) or kind.kind != "once":
            return False
        ran = {
            side: any(
                run.run_type == "scheduled"
                for run in await (await self.handover.airflow(ctx, side)).runs(self.handover.dag_id, limit=ALL_ROWS)
            )
            for side in (self.side, self._other)
        }
        return ran[self._other] and not ran[self.side]

    async def _see_that_it_still_follows(self, ctx: Context) -> None:
        """RemoteError where this side would not go on right after the other: of DAGs with ticks, whatever was done.

        More may have come due since the boundary was marked than may be passed over, or the schedule was changed.
        """
        if isinstance(await self.handover.kind(ctx), SwitchPlan):
            return
        if self.side == "source":
            back = await HandBack(self.handover).look(ctx)
            if back.state != "done":
                raise RemoteError(
                    f'"{self.handover.dag_id}" is not unpaused on the source: what the target has run is not all '
                    f"marked there. {back.why}".rstrip(),
                    hint="Run the same command again.",
                )
            return
        seen = await MarkBoundary(self.handover).look(ctx)
        if seen.state != "done":
            raise RemoteError(
                f'"{self.handover.dag_id}" is not unpaused: the target shows {seen.facts.get("next")} as its next '
                "run, which is not what follows the source's last one any more.",
                hint="Run the same command again: the boundary is then marked anew.",
            )

    async def verify(self, ctx: Context) -> Observation:
        """As seen on the server."""
        return await self.observe(ctx)

    async def undo(self, ctx: Context, before: Observation, facts: Facts) -> str:
        """Pause it again, where it was this step that unpaused it."""
        if before.state == "done" or not facts.get("unpaused"):
            return f"{self.handover.dag_id} on the {self.side} is left as it is."
        await (await self.handover.airflow(ctx, self.side)).set_paused(self.handover.dag_id, True)
        return f"{self.handover.dag_id} is paused on the {self.side} again."
