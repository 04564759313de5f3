"""The gap: ticks due while both sides were paused, which a DAG without catchup passes over.

Airflow runs only the latest of them by itself, and which one that is depends on when it last parsed the file. So we
unpause first, let the scheduler make its run, and then run exactly what lies before it and has no row: nothing is
guessed, nothing doubled. Tried on 2026-11-22: Airflow 3.3.2 runs the missing ticks by a backfill over each stretch
of them while the scheduler goes on; Airflow 2.11.2, which has no backfill API, by a manual run with the tick's own
logical date and data interval (a row of that logical date keeps the scheduler from making another).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from astroferry.advice.schedule import boundary, has_ended, holes, rows_by_tick, stretches
from astroferry.carry.action import Observation
from astroferry.carry.handover.backfill import open_backfill
from astroferry.carry.handover.ends import CROWDED
from astroferry.carry.handover.room import is_crowded, is_full, takes_the_room
from astroferry.carry.handover.watch import passed_over
from astroferry.errors import ConflictError, RemoteError
from astroferry.model.cutover import GAP_PREFIX, opposite
from astroferry.model.words import several

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

    It is about what was due when it began: what comes due later is the scheduler's own, and may take it a moment.
    Facts: `missed` (ticks, ISO) and `run` (bool); `crowded`, ticks (ISO) for which those runs left no room.
    """

    handover: Handover
    side: Side = "target"
    way: str = "cutover"
    after: str = "unpause-target"
    _began: datetime | None = field(default=None, init=False)

    @property
    def info(self) -> ActionInfo:
        """The step after one side was switched on."""
        info = self.handover.info(
            f"gap-{self.side}",
            f"Run what fell between the two sides of {self.handover.dag_id}",
            way=self.way,
            after=self.after,
            undo="irreversible",
            note="Runs that have run stay run.",
        )
        # Its end pays what was owed since the unpausing (`Between.owed_since`), also where nothing fell between.
        return replace(info, closes=True)

    async def observe(self, ctx: Context) -> Observation:
        """Done where nothing is missing before the newest run and the latest due tick has its run."""
        seen = await self._look(ctx, ctx.clock.now())
        if seen.state == "done" and await takes_the_room(ctx, self.handover, self.side):
            return Observation("todo", "what fell between takes the room of what comes due", seen.facts)
        return seen

    async def _look(self, ctx: Context, due_by: datetime) -> Observation:
        """`observe`, of what was due by then."""
        if not self.handover.was_active(ctx):
            return Observation("done", "it stays paused, so nothing is run")
        if (
            self.side == "source"
            and not self.handover.was_drained(ctx)
            and self.handover.between(ctx).owed_since is None
        ):
            return Observation("done", "it was never paused there", {"missed": [], "run": False})
        since = await self._since(ctx)
        if since is None:
            return Observation("done", "nothing ran before, so nothing is missing", {"missed": [], "run": False})
        # In this order: the scheduler's run may come in between, and only then is anything seen to be missing.
        settled = await self._settled(ctx, since, due_by)
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
        now = self._began = ctx.clock.now()
        seen = await self.observe(ctx)
        since = await self._since(ctx)
        if seen.state == "done" or since is None:
            return seen.facts
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
        facts: Facts = {"missed": [tick.moment.isoformat() for tick in missing], "run": ctx.plan.cutover.gap == "run"}
        if ctx.plan.cutover.gap == "run":
            await self._run(ctx, missing)
            if await takes_the_room(ctx, self.handover, self.side):
                more, crowded = await self._until_none_is_missing(ctx, since)
                facts |= {"missed": facts["missed"] + more, CROWDED: crowded}
        return facts

    async def _takes_turns(self, ctx: Context) -> bool:
        """Whether only one run of it may be under way: then what fell between takes turns with the scheduler's own.

        A backfill of Airflow 3 would run beside it (its runs do not count); a manual run of the tick's own dates does
        count, so that the scheduler passes over what comes due meanwhile, and that has to be run after it. Tried on
        3.3.2 on 2026-11-26: such a run started in the second in which the scheduler's own had ended.
        """
        return (await self.handover.plan(ctx)).max_active_runs == 1

    async def _until_none_is_missing(self, ctx: Context, since: datetime) -> tuple[list[str], list[str]]:
        """Wait for the runs that were started, and run what was passed over for them; those ticks, and the crowded.

        RemoteError where it does not come to an end within `drain_timeout`.
        """
        deadline = ctx.clock.now() + timedelta(seconds=ctx.plan.cutover.drain_timeout)
        more: list[str] = []
        while True:
            # In this order: once our last run has ended the scheduler makes its own, and only then is seen what it
            # passed over. While ours takes up the room, nothing is settled by that.
            ours = any(run.run_id.startswith(GAP_PREFIX) for run in await self.handover.unfinished(ctx, self.side))
            settled = await self._settled(ctx, since, ctx.clock.now())
            missing = await self._missing(ctx, since)
            crowded = (
                [tick.moment.isoformat() for tick in missing]
                if await is_crowded(ctx, self.handover, self.side, since)
                else []
            )
            if settled and not ours and (crowded or not missing):
                if crowded:
                    what = several(len(crowded), "tick")
                    ctx.tell(
                        f"{self.handover.dag_id}: {what} came due while those runs took the room, and are listed"
                    )
                return more, crowded
            if not crowded:
                await self._run(ctx, missing)
                more += [tick.moment.isoformat() for tick in missing]
            if ctx.clock.now() >= deadline:
                raise RemoteError(
                    f'What fell between of "{self.handover.dag_id}" is still being run on the {self.side}, and takes '
                    "the room of what comes due.",
                    hint="Run this again later; the count of ticks at the end names what is still missing.",
                )
            await ctx.clock.sleep(ctx.plan.cutover.poll)

    async def queue_what_comes_first(self, ctx: Context) -> None:
        """Before a DAG is unpaused on an Airflow 2 whose tasks depend on past runs: start what would be passed over.

        The runs wait until it is unpaused. Started afterwards, as those of other DAGs are, they come between the
        scheduler's own run and the one it depends on: its task then fails without having run (2.11.2, 2026-11-26:
        "Dependencies not met ... previous task instance(s) are not in a successful state").
        """
        airflow = await self.handover.airflow(ctx, self.side)
        plan = await self.handover.plan(ctx)
        if airflow.major >= 3 or plan.catchup or not plan.depends_on_past or ctx.plan.cutover.gap == "list":
            return
        since = await self._since(ctx)
        if since is None:
            return
        known = {
            tick
            for side in (self.side, opposite(self.side))
            for tick in rows_by_tick(await self.handover.rows(ctx, side, since))
        }
        # The latest one is the scheduler's own.
        overdue = list(plan.ticks.between(since, ctx.clock.now()))[:-1]
        await self._run(ctx, [tick for tick in overdue if tick.moment not in known])

    async def verify(self, ctx: Context) -> Observation:
        """As seen on the server, of what was due when it began."""
        return await self._look(ctx, self._began or ctx.clock.now())

    async def undo(self, ctx: Context, before: Observation, facts: Facts) -> str:
        """What has run stays run."""
        del ctx, before
        ran = several(len(facts.get("missed") or ()), "run")
        return f"{self.handover.dag_id}: what ran on the {self.side} stays ({ran})."

    async def _since(self, ctx: Context) -> datetime | None:
        """The last tick of the side that ran before, which stands still, being paused.

        Where a cutover stopped before the target ran anything, it is the source's own last one when it was drained;
        where even that is not known, or neither has ever run, the last that was due when the cutover began. Where
        ticks are owed since before that, by a way that was turned round before it had run them, it is the last tick
        before those.
        """
        owed = self.handover.between(ctx).owed_since
        tick = await self.handover.boundary(ctx, opposite(self.side))
        last = self.handover.between(ctx).source_ended if self.side == "source" else None
        if last is None and tick is None and self.handover.standing is not None:
            last = (await self.handover.plan(ctx)).ticks.at_or_before(self.handover.standing.at)
        found = [tick.moment] if tick is not None else []
        found += [last] if last is not None else []
        since = max(found, default=None)
        return min((moment for moment in (since, owed) if moment is not None), default=None)

    async def _missing(self, ctx: Context, since: datetime) -> list[Tick]:
        plan = await self.handover.plan(ctx)
        here = await self.handover.rows(ctx, self.side, since)
        there = await self.handover.rows(ctx, opposite(self.side), since)
        missing = holes(plan, since, here, there, decided=await self._decided(ctx))
        if not missing:
            return []
        moments = [tick.moment for tick in missing]
        by_itself = await passed_over(ctx, self.handover, self.side, moments)
        by_itself |= await passed_over(ctx, self.handover, opposite(self.side), moments)
        return [tick for tick in missing if tick.moment not in by_itself | self.handover.crowded(ctx)]

    async def _decided(self, ctx: Context) -> datetime | None:
        """Up to when it is decided, where no later row tells it.

        Past its end date no scheduler makes a run. Where a run that stood still fills the DAG again, the latest comes
        after it.
        """
        plan, now = await self.handover.plan(ctx), ctx.clock.now()
        if has_ended(plan, now):
            return now
        stood = self.handover.between(ctx).stood.get(self.side)
        # Catching up it runs all that come after its newest row, however full it is.
        if not stood or plan.catchup:
            return None
        active = await (await self.handover.airflow(ctx, self.side)).active_runs(self.handover.dag_id)
        latest = plan.ticks.latest(now)
        fill = latest is not None and is_full(plan, active) and any(run.run_id in stood for run in active)
        return latest.start if fill and latest is not None else None

    async def _settled(self, ctx: Context, since: datetime, now: datetime) -> bool:
        """Whether the latest tick due at `now` has its row: then all before it are decided."""
        plan = await self.handover.plan(ctx)
        latest = plan.ticks.latest(now)
        # Catching up it runs all that come after its newest row, and nothing before that.
        if plan.catchup or latest is None or latest.moment <= since:
            return True
        newest = boundary(await self.handover.rows(ctx, self.side, since))
        if newest is not None and newest.moment >= latest.moment:
            return True
        # With as many runs under way as may be, the scheduler goes on by itself once there is room.
        airflow = await self.handover.airflow(ctx, self.side)
        return is_full(plan, await airflow.active_runs(self.handover.dag_id))

    async def _run(self, ctx: Context, missing: list[Tick]) -> None:
        airflow = await self.handover.airflow(ctx, self.side)
        plan = await self.handover.plan(ctx)
        if airflow.major >= 3 and not await self._takes_turns(ctx):
            for first, last in stretches(plan.ticks, missing):
                await open_backfill(ctx, airflow, plan, first, last, side=self.side)
            return
        timetable = plan.timetable_on(self.side)
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
