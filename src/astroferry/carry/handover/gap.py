"""The gap: ticks due while both sides were paused, which a DAG without catchup passes over.

Airflow runs only the latest of them by itself, and which one that is depends on when it last parsed the file. So we
unpause first, let the scheduler make its run, and then run exactly what lies before it and has no row: nothing is
guessed, nothing doubled. Tried on 2026-11-22: Airflow 3.3.2 runs the missing ticks by a backfill over each stretch
of them while the scheduler goes on; Airflow 2.11.2, which has no backfill API, by a manual run with the tick's own
logical date and data interval (a row of that logical date keeps the scheduler from making another).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from astroferry.advice.schedule import boundary, holes, rows_by_tick, stretches
from astroferry.carry.action import Observation
from astroferry.carry.handover.backfill import open_backfill
from astroferry.errors import ConflictError, RemoteError
from astroferry.model.cutover import GAP_PREFIX, opposite

if TYPE_CHECKING:
    from datetime import datetime

    from astroferry.advice.ticks import Tick
    from astroferry.carry.action import ActionInfo, Facts
    from astroferry.carry.context import Context
    from astroferry.carry.handover.ends import Handover
    from astroferry.model.cutover import Side


@dataclass
class RunGap:
    """Run on `side`, on purpose, what its scheduler passed over; or list it, where the plan says `gap = "list"`.

    Facts: `missed` (ticks, ISO) and `run` (bool).
    """

    handover: Handover
    side: Side = "target"
    way: str = "cutover"
    after: str = "unpause-target"

    @property
    def info(self) -> ActionInfo:
        """The step after one side was switched on."""
        return self.handover.info(
            f"gap-{self.side}",
            f"Run what fell between the two sides of {self.handover.dag_id}",
            way=self.way,
            after=self.after,
            undo="irreversible",
            note="Runs that have run stay run.",
        )

    async def observe(self, ctx: Context) -> Observation:
        """Done where nothing is missing before the newest run and the latest due tick has its run."""
        if not self.handover.was_active(ctx):
            return Observation("done", "it stays paused, so nothing is run")
        since = await self._since(ctx)
        if since is None:
            return Observation("done", "nothing ran before, so nothing is missing", {"missed": [], "run": False})
        # In this order: the scheduler's run may come in between, and only then is anything seen to be missing.
        settled = await self._settled(ctx, since, ctx.clock.now())
        missing = await self._missing(ctx, since)
        facts: Facts = {"missed": [tick.moment.isoformat() for tick in missing], "run": ctx.plan.cutover.gap == "run"}
        if not settled:
            return Observation("todo", "the scheduler has not made the latest run yet", facts)
        if missing and ctx.plan.cutover.gap == "run":
            return Observation("todo", f"{len(missing)} ticks fell between", facts)
        return Observation("done", f"{len(missing)} ticks fell between" if missing else "", facts)

    async def apply(self, ctx: Context) -> Facts:
        """Wait for the scheduler's own run, then run the ticks before it that have none.

        Raises RemoteError where the scheduler makes no run of a due tick within `parse_timeout`.
        """
        seen = await self.observe(ctx)
        since = await self._since(ctx)
        if seen.state == "done" or since is None:
            return seen.facts
        now = ctx.clock.now()
        deadline = now + timedelta(seconds=ctx.plan.cutover.parse_timeout)
        while not await self._settled(ctx, since, now):
            if ctx.clock.now() >= deadline:
                raise RemoteError(
                    f'The scheduler on the {self.side} has not started the latest run of "{self.handover.dag_id}".',
                    hint="Look at the scheduler's health and the DAG's import errors there.",
                )
            await ctx.clock.sleep(ctx.plan.cutover.poll)
        missing = await self._missing(ctx, since)
        for first, last in stretches((await self.handover.plan(ctx)).ticks, missing):
            ctx.tell(f"{self.handover.dag_id}: {first.moment:%H:%M:%S} to {last.moment:%H:%M:%S} fell between")
        if ctx.plan.cutover.gap == "run":
            await self._run(ctx, missing)
        return {"missed": [tick.moment.isoformat() for tick in missing], "run": ctx.plan.cutover.gap == "run"}

    async def verify(self, ctx: Context) -> Observation:
        """As seen on the server."""
        return await self.observe(ctx)

    async def undo(self, ctx: Context, before: Observation, facts: Facts) -> str:
        """What has run stays run."""
        del ctx, before
        return f"{len(facts.get('missed') or ())} runs of {self.handover.dag_id} stay run on the {self.side}."

    async def _since(self, ctx: Context) -> datetime | None:
        """The last tick of the side that ran before, which stands still, being paused."""
        tick = await self.handover.boundary(ctx, opposite(self.side))
        if tick is None and self.side == "source" and self.handover.standing is not None:
            # The cutover stopped before the target was marked: count from what the source had run when it began.
            at = self.handover.standing.at
            return (await self.handover.plan(ctx)).ticks.at_or_before(at)
        return tick.moment if tick is not None else None

    async def _missing(self, ctx: Context, since: datetime) -> list[Tick]:
        here = await self.handover.rows(ctx, self.side, since)
        there = await self.handover.rows(ctx, opposite(self.side), since)
        return holes(await self.handover.plan(ctx), since, here, there)

    async def _settled(self, ctx: Context, since: datetime, now: datetime) -> bool:
        """Whether the latest tick due at `now` has its row: then all before it are decided."""
        plan = await self.handover.plan(ctx)
        latest = plan.ticks.latest(now)
        # Catching up it runs all that come after its newest row, and nothing before that.
        if plan.catchup or latest is None or latest.moment <= since:
            return True
        newest = boundary(await self.handover.rows(ctx, self.side, since))
        return newest is not None and newest.moment >= latest.moment

    async def _run(self, ctx: Context, missing: list[Tick]) -> None:
        airflow = await self.handover.airflow(ctx, self.side)
        plan = await self.handover.plan(ctx)
        if airflow.major >= 3:
            for first, last in stretches(plan.ticks, missing):
                await open_backfill(ctx, airflow, plan, first, last)
            return
        timetable = plan.ticks.timetable
        for tick in missing:
            try:
                await airflow.trigger(
                    self.handover.dag_id,
                    run_id=f"{GAP_PREFIX}{tick.moment.isoformat()}",
                    logical_date=tick.logical_date(timetable),
                    data_interval=tick.data_interval(timetable),
                    note="astroferry started this run: it was due while both sides were paused.",
                )
            except ConflictError:
                # A run of that logical date came in the meantime; then it must be the tick's own.
                if tick.moment not in rows_by_tick(await self.handover.rows(ctx, self.side, tick.start)):
                    raise
