"""Watching the first ticks after a switch: each has its run on the side that runs now, and the other is quiet."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from astroferry.advice.schedule import ACTIVE, count_ticks, rows_by_tick, skipped, tick_table
from astroferry.carry.action import Observation
from astroferry.carry.handover.alone import WatchAlone, newest_marker
from astroferry.carry.handover.ends import ALL_ROWS, FIRST_ROWS
from astroferry.errors import RemoteError
from astroferry.model.words import several

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from astroferry.carry.action import Facts
    from astroferry.carry.context import Context
    from astroferry.carry.handover.ends import Handover
    from astroferry.model.cutover import Side, TickCount, TickRow


LONGEST_RUN = timedelta(days=1)
"""how long before a tick a run may have begun that left no room for it, where there are many runs"""
LONGEST_PAUSE = 60.0
"""seconds; how long an alarm may wait at most"""


async def ticks_of(ctx: Context, handover: Handover, after: datetime, until: datetime) -> tuple[TickRow, ...]:
    """The table of expected and actual ticks of one DAG in (`after`, `until`], from both servers' rows."""
    table = tick_table(
        await handover.plan(ctx),
        after,
        until,
        await handover.rows(ctx, "source", after),
        await handover.rows(ctx, "target", after),
    )
    if not (none := [row.tick for row in table if row.side is None]):
        return table
    sides: tuple[Side, ...] = ("source", "target")
    by_itself = set[datetime]().union(*[await passed_over(ctx, handover, side, none) for side in sides])
    return tuple(row for row in table if row.side is not None or row.tick not in by_itself)


async def passed_over(ctx: Context, handover: Handover, side: Side, moments: list[datetime]) -> set[datetime]:
    """Those of `moments` that this side passed over by itself, having as many runs under way as may be."""
    plan = await handover.plan(ctx)
    if plan.catchup or plan.max_active_runs is None:
        return set()
    airflow = await handover.airflow(ctx, side)
    found = await airflow.runs(handover.dag_id, limit=FIRST_ROWS)
    if len(found) == FIRST_ROWS:
        found += await airflow.runs(handover.dag_id, limit=ALL_ROWS, since=min(moments) - LONGEST_RUN)
    runs = {run.run_id: run for run in found}.values()
    return skipped(plan, moments, runs, ctx.clock.now(), handover.between(ctx).stood.get(side))


def tally(ctx: Context, handover: Handover, table: tuple[TickRow, ...], *, catches_up: bool = False) -> TickCount:
    """What the table of a DAG that was begun comes to by now; of one that stays paused nobody expects a tick.

    One that `catches_up` runs all that come after its newest row, however long that takes: those are only waited for.
    """
    late = None if catches_up else ctx.clock.now() - timedelta(seconds=ctx.plan.cutover.parse_timeout)
    if not handover.was_active(ctx):
        table = tuple(row for row in table if row.side is not None)
    return count_ticks(table, listed=handover.listed(ctx), late=late)


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


def _due(moment: datetime | None) -> str:
    return f"the next is due {moment:%Y-%m-%d %H:%M:%S}" if moment is not None else "none comes any more"


@dataclass
class WatchTicks(WatchAlone):
    """Wait until `side` has finished `count` ticks of its own, and see that every tick ran exactly once.

    A tick that comes only after `cutover.watch_within` is not waited for: `astroferry watch` sees the first full
    cycle. An alarm also when a tick ran twice or not at all, or is `parse_timeout` late. Facts: `ticks` (rows of the
    table), `once`, `twice`, `missed`, `listed` (numbers).
    """

    handover: Handover
    count: int
    side: Side = "target"
    way: str = "cutover"
    after: str = "gap-target"
    _told: str = field(default="", init=False)
    _last: tuple[datetime | None, datetime | None] = field(default=(None, None), init=False)
    """the newest tick that has a row here, and when it was first seen"""
    _first: datetime | None = field(default=None, init=False)
    """what was shown as the next run while neither side had had any"""

    def _title(self) -> str:
        return f"Watch {several(self.count, 'tick')} of {self.handover.dag_id} on the {self.side}"

    def _nothing_to_watch(self) -> str:
        return "" if self.count > 0 else "the plan watches no ticks"

    async def _seen(self, ctx: Context) -> Observation:
        dag_id = self.handover.dag_id
        since = await self._since(ctx)
        if since is None:
            following = (await self.handover.dag(ctx, self.side)).next_run_after
            if self._is_for_later(ctx, (), following):
                return Observation("done", f"no tick has come yet; {_due(following)}, which `watch` sees")
            return Observation("todo", "no tick has come yet")
        table = await ticks_of(ctx, self.handover, since, ctx.clock.now())
        counted = count_ticks(table, listed=self.handover.listed(ctx))
        facts: Facts = {
            "ticks": table_facts(table),
            "once": len(counted.once),
            "twice": len(counted.twice),
            "missed": len(counted.missed),
            "listed": len(counted.listed),
        }
        if counted.twice:
            when = ", ".join(moment.isoformat() for moment in counted.twice)
            return Observation("doubt", f'"{dag_id}" ran twice for {when}.', facts)
        finished = [row for row in table if row.side == self.side and not row.marker and row.state not in ACTIVE]
        if await self._has_ended(ctx, since, table):
            return Observation("done", "its end date has passed, so no tick comes any more", facts)
        if len(finished) < self.count:
            seen = f"{len(finished)} of {self.count} ticks are finished"
            following = await self._following(ctx, since, table)
            # What is due and has not come may be late, which is waited for.
            if counted.waiting or not self._is_for_later(ctx, table, following):
                return Observation("todo", f"{seen}; {_due(following)}" if following else seen, facts)
            return self._whole(counted.missed, facts, f"{seen}; {_due(following)}, which `watch` sees")
        # A tick that is due this moment is not missed yet; one with a later one finished is.
        newest = max(row.tick for row in finished)
        return self._whole([moment for moment in counted.missed if moment < newest], facts)

    def _whole(self, missed: Sequence[datetime], facts: Facts, why: str = "") -> Observation:
        """Done, unless a tick was passed over."""
        if not missed:
            return Observation("done", why, facts)
        when = ", ".join(moment.isoformat() for moment in missed)
        return Observation("doubt", f'"{self.handover.dag_id}" did not run for {when}.', facts)

    async def _has_ended(self, ctx: Context, since: datetime, table: Iterable[TickRow]) -> bool:
        """Whether no tick is left to wait for: the last one that the end date allows has run, or is behind both."""
        rows = list(table)
        following = await self._following(ctx, since, rows)
        return following is None and all(row.side is not None and row.state not in ACTIVE for row in rows)

    async def _following(self, ctx: Context, since: datetime, table: Iterable[TickRow]) -> datetime | None:
        """The first tick that is not due yet; None where none comes any more."""
        newest = max((row.tick for row in table), default=since)
        tick = (await self.handover.plan(ctx)).ticks.after(newest)
        return tick.moment if tick is not None else None

    @staticmethod
    def _is_for_later(ctx: Context, table: Iterable[TickRow], following: datetime | None) -> bool:
        """Whether neither the next tick nor the end of one under way can be waited for."""
        now, soon = ctx.clock.now(), timedelta(seconds=ctx.plan.cutover.watch_within)
        if following is None or following - now <= soon:
            return False
        return all(row.tick + soon < now for row in table if row.state in ACTIVE)

    async def _wait(self, ctx: Context, seen: Observation, begun: datetime) -> None:
        newest, moved = self._last
        latest = await self._newest(ctx)
        if moved is None or moved < begun:
            newest, moved = latest, begun
        elif latest != newest:
            newest, moved = latest, ctx.clock.now()
        self._last = (newest, moved)
        await self._see_that_none_is_late(ctx, newest, moved)
        if seen.why != self._told:
            self._told = seen.why
            ctx.tell(f"{self.handover.dag_id}: {seen.why}")
        await ctx.clock.sleep(await self._pause(ctx, newest))

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
        if newest is None:
            # What is shown moves on with the time where somebody has paused it: the first is the one to come.
            self._first = self._first or (await self.handover.dag(ctx, self.side)).next_run_after
            due = self._first
        else:
            tick = (await self.handover.plan(ctx)).ticks.after(newest)
            due = tick.moment if tick is not None else None
        grace = timedelta(seconds=ctx.plan.cutover.parse_timeout)
        if due is not None and max(due, moved) + grace < ctx.clock.now():
            raise RemoteError(
                f'"{self.handover.dag_id}" should have run on the {self.side} at {due.isoformat()}.',
                hint="Look at the scheduler's health and the DAG's import errors there.",
            )

    async def _since(self, ctx: Context) -> datetime | None:
        """From where on this side runs: the newest marker here, which stands still whatever the other side does.

        Without one, the last tick of the other side; where that has never run, the tick before the first one here.
        """
        marked = await newest_marker(ctx, self.handover, self.side)
        if marked is not None:
            return marked
        tick = await self.handover.boundary(ctx, self._other)
        if tick is not None:
            return tick.moment
        here = await self.handover.rows(ctx, self.side, None)
        return (await self.handover.plan(ctx)).ticks.before(min(rows_by_tick(here))) if here else None
