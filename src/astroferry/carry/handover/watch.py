"""Watching the first ticks after a switch: each has its run on the side that runs now, and the other is quiet."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from astroferry.advice.schedule import ACTIVE, count_ticks, is_marker, rows_by_tick, tick_table
from astroferry.carry.action import Observation
from astroferry.errors import RemoteError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from astroferry.carry.action import ActionInfo, Facts
    from astroferry.carry.context import Context
    from astroferry.carry.handover.ends import Handover
    from astroferry.model.cutover import Side, TickRow


LONGEST_PAUSE = 60.0
"""seconds; how long an alarm may wait at most"""


async def ticks_of(ctx: Context, handover: Handover, after: datetime, until: datetime) -> tuple[TickRow, ...]:
    """The table of expected and actual ticks of one DAG in (`after`, `until`], from both servers' rows."""
    plan = await handover.plan(ctx)
    return tick_table(
        plan,
        after,
        until,
        await handover.rows(ctx, "source", after),
        await handover.rows(ctx, "target", after),
    )


def table_facts(table: Iterable[TickRow]) -> list[dict[str, Any]]:
    """A table as the journal and `--json` keep it: times as ISO text."""
    return [
        {
            **asdict(row),
            "tick": row.tick.isoformat(),
            "logical_date": row.logical_date.isoformat() if row.logical_date else None,
        }
        for row in table
    ]


@dataclass
class WatchTicks:
    """Wait until `side` has finished `count` ticks of its own, and see that every tick ran exactly once.

    Alarm (doubt, or RemoteError while waiting) when the other side is unpaused or runs, or when a tick ran twice or
    not at all. Facts: `ticks` (rows of the table), `once`, `twice`, `missed` (numbers).
    """

    handover: Handover
    count: int
    side: Side = "target"
    way: str = "cutover"
    after: str = "gap-target"

    @property
    def info(self) -> ActionInfo:
        """The last step of either way."""
        return self.handover.info(
            f"watch-{self.side}",
            f"Watch {self.count} ticks of {self.handover.dag_id} on the {self.side}",
            way=self.way,
            after=self.after,
            note="It changes nothing.",
        )

    @property
    def _other(self) -> Side:
        return "source" if self.side == "target" else "target"

    async def observe(self, ctx: Context) -> Observation:
        """Done after `count` finished ticks, each once; doubt when the other side wakes up, or one is amiss."""
        return self.handover.judged(await self._look(ctx), self._other)

    async def _look(self, ctx: Context) -> Observation:
        dag_id = self.handover.dag_id
        if not self.handover.was_active(ctx):
            return Observation("done", f"{dag_id} stays paused, so there is nothing to watch")
        if self.count <= 0:
            return Observation("done", "the plan watches no ticks")
        other = await self.handover.dag(ctx, self._other)
        if not other.is_paused:
            return Observation("doubt", f'"{dag_id}" was unpaused on the {self._other}; pause it there at once.')
        active = await self.handover.unfinished(ctx, self._other)
        if active:
            return Observation("doubt", f'"{dag_id}" has {len(active)} unfinished runs on the {self._other}.')
        since = await self._since(ctx)
        if since is None:
            return Observation("todo", "no tick has come yet")
        table = await ticks_of(ctx, self.handover, since, ctx.clock.now())
        counted = count_ticks(table)
        facts: Facts = {
            "ticks": table_facts(table),
            "once": len(counted.once),
            "twice": len(counted.twice),
            "missed": len(counted.missed),
        }
        if counted.twice:
            when = ", ".join(moment.isoformat() for moment in counted.twice)
            return Observation("doubt", f'"{dag_id}" ran twice for {when}.', facts)
        finished = [row for row in table if row.side == self.side and not row.marker and row.state not in ACTIVE]
        if await self._has_ended(ctx, since, table):
            return Observation("done", "its end date has passed, so no tick comes any more", facts)
        if len(finished) < self.count:
            return Observation("todo", f"{len(finished)} of {self.count} ticks are finished", facts)
        # A tick that is due this moment is not missed yet; one with a later one finished is, unless it was listed.
        newest = max(row.tick for row in finished)
        missed = [moment for moment in counted.missed if moment < newest]
        if missed and ctx.plan.cutover.gap == "run":
            when = ", ".join(moment.isoformat() for moment in missed)
            return Observation("doubt", f'"{dag_id}" did not run for {when}.', facts)
        return Observation("done", facts=facts)

    async def _has_ended(self, ctx: Context, since: datetime, table: Iterable[TickRow]) -> bool:
        """Whether no tick is left to wait for: the last one that the end date allows has run, or is behind both."""
        rows = list(table)
        newest = max((row.tick for row in rows), default=since)
        following = (await self.handover.plan(ctx)).ticks.after(newest)
        return following is None and all(row.side is not None and row.state not in ACTIVE for row in rows)

    async def apply(self, ctx: Context) -> Facts:
        """Wait; raises RemoteError on an alarm, or where a tick is `parse_timeout` late."""
        told = ""
        newest: datetime | None = None
        moved = ctx.clock.now()
        while (seen := await self._look(ctx)).state != "done":
            if seen.state == "doubt":
                raise RemoteError(seen.why, hint="`astroferry status` shows the ticks of both sides.")
            latest = await self._newest(ctx)
            if latest != newest:
                newest, moved = latest, ctx.clock.now()
            await self._see_that_none_is_late(ctx, newest, moved)
            if seen.why != told:
                told = seen.why
                ctx.tell(f"{self.handover.dag_id}: {told}")
            await ctx.clock.sleep(await self._pause(ctx, newest))
        return seen.facts

    async def _pause(self, ctx: Context, newest: datetime | None) -> float:
        """Seconds until the next look: longer where the next tick is far away, for many DAGs are watched at once."""
        following = (await self.handover.plan(ctx)).ticks.after(newest) if newest is not None else None
        away = (following.moment - ctx.clock.now()).total_seconds() if following is not None else 0.0
        return max(ctx.plan.cutover.poll, min(away / 10, LONGEST_PAUSE))

    async def _newest(self, ctx: Context) -> datetime | None:
        """The newest tick that has a row here, or the last one of the side that ran before."""
        since = await self._since(ctx)
        if since is None:
            return None
        return max(rows_by_tick(await self.handover.rows(ctx, self.side, since)), default=since)

    async def _see_that_none_is_late(self, ctx: Context, newest: datetime | None, moved: datetime) -> None:
        """RemoteError where the next tick is long due and none has come since `moved`; catching up takes time."""
        following = (await self.handover.plan(ctx)).ticks.after(newest) if newest is not None else None
        grace = timedelta(seconds=ctx.plan.cutover.parse_timeout)
        if following is not None and max(following.moment, moved) + grace < ctx.clock.now():
            raise RemoteError(
                f'"{self.handover.dag_id}" should have run on the {self.side} at {following.moment.isoformat()}.',
                hint="Look at the scheduler's health and the DAG's import errors there.",
            )

    async def _since(self, ctx: Context) -> datetime | None:
        """From where on this side runs: the newest marker here, which stands still whatever the other side does.

        Without one, the last tick of the other side; where that has never run, the tick before the first one here.
        """
        here = await self.handover.rows(ctx, self.side, None)
        if marked := [moment for moment, run in rows_by_tick(here).items() if is_marker(run)]:
            return max(marked)
        tick = await self.handover.boundary(ctx, self._other)
        if tick is not None:
            return tick.moment
        return (await self.handover.plan(ctx)).ticks.before(min(rows_by_tick(here))) if here else None

    async def verify(self, ctx: Context) -> Observation:
        """As seen on the servers."""
        return await self.observe(ctx)

    async def undo(self, ctx: Context, before: Observation, facts: Facts) -> str:
        """Nothing was changed."""
        del ctx, before, facts
        return "Nothing was changed by watching."
