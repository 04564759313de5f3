"""Giving a DAG back to the source: what the target has run must not run there again.

An Airflow 3 source takes a marker as an Airflow 3 target does (`airflow3.py`), and counts on from it.

Airflow 2 has no backfill in its API, it reserves the ids `scheduled__...` and `backfill__...` (400), and a manual run
does not move what it counts from. But its scheduler makes no run where a row of that logical date exists, whoever
made it: it skips on to the next. So every tick that the target has run gets a manual run with that logical date and
data interval on the paused source, set to success before it could start. Tried on 2.11.2 on 2026-11-22 with catchup
on and off: after unpausing, every tick but those came once, and nothing of the marked ones ran. But with catchup on
each parse of the file goes back to the first marked tick, and each round of the scheduler (about a second) passes
one: 41 markers were not passed with a parse interval of 5 s. So more than `passable` are not left to luck.

Without catchup only the newest tick needs its row, since the scheduler never looks further back. And where Starship
answers on the source, one row of run type "scheduled" at the newest tick is enough with catchup too: the scheduler
counts on from it, and keeps the phase of a timedelta (tried on 2.11.2 on PostgreSQL on 2026-11-25).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from astroferry.advice.schedule import acceptable_next, is_marker, rows_by_tick, unfinished
from astroferry.carry.action import Observation
from astroferry.carry.handover.airflow2 import mark_on_2
from astroferry.carry.handover.airflow3 import fill, mark_on_3
from astroferry.carry.handover.halfmade import finish, is_half_made
from astroferry.errors import ConflictError, RemoteError, RequestFailedError
from astroferry.model.cutover import MARKER_NOTE
from astroferry.model.words import several

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from astroferry.carry.action import ActionInfo, Facts
    from astroferry.carry.context import Context
    from astroferry.carry.handover.ends import Handover
    from astroferry.clients.starship import Starship
    from astroferry.model.inventory import Dag, Inventory


PARSE_INTERVAL = 30
"""seconds; Airflow 2's default of scheduler.min_file_process_interval"""


def passable(inventory: Inventory) -> int:
    """How many marked ticks the source's scheduler can pass between two parses of the file, with some room."""
    shown = inventory.config.get("scheduler", {}).get("min_file_process_interval", "")
    interval = int(shown) if shown.isdigit() else PARSE_INTERVAL
    return max(5, interval * 2 // 3)


@dataclass
class HandBack:
    """Mark on the paused source each tick that the target has run. Facts: `marked` (ticks, ISO)."""

    handover: Handover

    @property
    def info(self) -> ActionInfo:
        """The step between the two sides, on the way back."""
        return self.handover.info(
            "mark-source",
            f"Mark on the source what the target has run of {self.handover.dag_id}",
            way="rollback",
            after="drain-target",
            undo="compensate",
            note="The rows stay in the source's history; they only keep it from running those ticks again.",
        )

    async def observe(self, ctx: Context) -> Observation:
        """Done where every tick the target ran has a finished row on the source."""
        return self.handover.judged(await self.look(ctx), "target")

    async def look(self, ctx: Context) -> Observation:
        """`observe`, where a doubt is a doubt also before anything was drained."""
        source, target = await self.handover.dag(ctx, "source"), await self.handover.dag(ctx, "target")
        todo = await self._todo(ctx)
        facts: Facts = {"todo": [tick.isoformat() for tick in todo]}
        if todo and not source.is_paused:
            return Observation(
                "doubt",
                f'"{source.dag_id}" runs on the source, where {several(len(todo), "tick")} that the target ran '
                "got no mark; pause it and see which of them it has repeated.",
                facts,
            )
        if not target.is_paused:
            return Observation("doubt", f'"{target.dag_id}" is not paused on the target; drain it first.', facts)
        if not todo and source.is_paused and (await self._ran(ctx) or await self._fills(ctx)):
            if await self._one_is_enough(ctx):
                if not await self._is_shown(ctx, source):
                    return Observation("todo", "the next run is not shown yet", facts)
            elif stuck := await self._stuck(ctx, source):
                return Observation("doubt", stuck, facts)
        return Observation("todo" if todo else "done", facts=facts)

    async def apply(self, ctx: Context) -> Facts:
        """Mark them, oldest first; raises RemoteError where one side is not quiet."""
        seen = await self.look(ctx)
        if seen.state == "doubt":
            raise RemoteError(seen.why)
        if ctx.source.major >= 3:
            # Those of an earlier try would run as soon as it is unpaused.
            await finish(ctx, self.handover, "source")
        todo = await self._todo(ctx)
        if not await self._mark(ctx, todo):
            return await self.apply(ctx)
        ctx.tell(f"{self.handover.dag_id}: marked on the source what the target ran: {several(len(todo), 'tick')}")
        if not await self._ran(ctx) and not await self._fills(ctx):
            return {"marked": []}
        if await self._one_is_enough(ctx):
            await self._wait_until_shown(ctx)
        elif stuck := await self._stuck(ctx, await self.handover.dag(ctx, "source")):
            raise RemoteError(stuck)
        return {"marked": [moment.isoformat() for moment in todo]}

    async def _mark(self, ctx: Context, moments: Iterable[datetime]) -> bool:
        """Mark these ticks; False where Starship turns out to write no rows there, and more of them may need one."""
        plan = await self.handover.plan(ctx)
        starship = await self._starship(ctx)
        note = f"{MARKER_NOTE}: {self.handover.deployment} on Astro ran this tick; nothing ran here."
        for moment in moments:
            tick = plan.ticks.at(moment)
            if tick is None:
                raise RemoteError(
                    f'The target ran "{plan.dag_id}" at {moment.isoformat()}, which the source\'s schedule does not '
                    "have.",
                    hint="The schedule was changed on the target; the source keeps its own, so nothing was unpaused.",
                )
            if ctx.source.major >= 3:
                await mark_on_3(ctx, self.handover, "source", tick, note)
                continue
            try:
                await mark_on_2(ctx.source, starship, plan, tick, timetable=plan.ticks.timetable, note=note)
            except RequestFailedError as error:
                if starship is None or isinstance(error, ConflictError):
                    raise
                # It writes no rows there (on SQLite it answers 400); then it goes as it does without it.
                ctx.tell(
                    f"{plan.dag_id}: Starship {starship.version} on the source does not take the marker "
                    f"({error.status})"
                )
                ctx.without_starship("")
                return False
        return True

    async def _wait_until_shown(self, ctx: Context) -> None:
        """RemoteError where the source does not go on after the newest marker within `parse_timeout`."""
        deadline = ctx.clock.now() + timedelta(seconds=ctx.plan.cutover.parse_timeout)
        ran = await self._ran(ctx)
        newest = (await self.handover.plan(ctx)).ticks.at(ran[-1]) if ran else None
        newest = newest or await self.handover.boundary(ctx, "source")
        while True:
            if ctx.source.major >= 3 and newest is not None:
                await fill(ctx, self.handover, "source", newest)
            if await self._is_shown(ctx, source := await self.handover.dag(ctx, "source")):
                break
            if ctx.clock.now() >= deadline:
                plan = await self.handover.plan(ctx)
                drifts = " Its ticks have moved to another phase there." if plan.drifts else ""
                shown = source.next_run_after.isoformat() if source.next_run_after else "none"
                raise RemoteError(
                    f'The source shows {shown} as the next run of "{source.dag_id}", which does not follow what the '
                    f"target has run.{drifts} It was not unpaused.",
                    hint="Compare start date, zone and schedule on both sides, then run the same command again."
                    if ctx.source.major >= 3
                    else "Set start_date in the DAG's code on the source to the last tick that the target ran, wait "
                    "until it is parsed, then run the same command again.",
                )
            await ctx.clock.sleep(ctx.plan.cutover.poll)

    async def _is_shown(self, ctx: Context, source: Dag) -> bool:
        """Whether the source's next run follows the newest tick that either side has run."""
        plan = await self.handover.plan(ctx)
        last = await self.handover.boundary(ctx, "source")
        if await self._fills(ctx):
            following = plan.ticks.after(last.moment) if last is not None else plan.ticks.first_tick()
            return source.next_run_after == (following.moment if following else None)
        passes = ctx.source.major < 3 and await self._starship(ctx) is None
        return acceptable_next(plan, last, source.next_run_after, ctx.clock.now(), passes=passes)

    async def _one_is_enough(self, ctx: Context) -> bool:
        """Whether one marker at the newest tick keeps the source from running any tick again."""
        if ctx.source.major >= 3 or await self._starship(ctx) is not None:
            return True
        return not (await self.handover.plan(ctx)).catchup

    async def _fills(self, ctx: Context) -> bool:
        """Whether what fell between must run there first, also where the target has run nothing."""
        return ctx.source.major >= 3 and (await self.handover.plan(ctx)).fills_first and self.handover.was_active(ctx)

    async def _starship(self, ctx: Context) -> Starship | None:
        """The one that sets the marker on an Airflow 2 source; an Airflow 3 takes it by its own API."""
        return await ctx.starship("") if ctx.source.major < 3 else None

    async def verify(self, ctx: Context) -> Observation:
        """As seen on the server; what came due between two looks is filled like what came before it."""
        seen = await self.observe(ctx)
        if seen.state == "todo" and ctx.source.major >= 3:
            await self.apply(ctx)
            seen = await self.observe(ctx)
        return seen

    async def undo(self, ctx: Context, before: Observation, facts: Facts) -> str:
        """The rows stay: they say what is true."""
        del ctx, before
        marked = several(len(facts.get("marked") or ()), "marker")
        return f"{self.handover.dag_id}: {marked} of ours in the source's history, which do nothing there."

    async def no_way_back(self, ctx: Context) -> str:
        """Why it cannot be given back, asked before the target is paused; empty where it can."""
        return await self._elsewhen(ctx) or await self._too_many(ctx)

    async def _elsewhen(self, ctx: Context) -> str:
        """What is said where the target ran last at a moment that the source's schedule does not have."""
        ran = await self._ran(ctx)
        if not ran or (await self.handover.plan(ctx)).ticks.at(ran[-1]) is not None:
            return ""
        return (
            f'The target ran "{self.handover.dag_id}" last at {ran[-1].isoformat()}, which '
            "the source's schedule does not have, so the source could not be told what has run. Nothing was changed, "
            "the target goes on. Give its code on the source the same schedule, wait until it is parsed, then run "
            "the same command again."
        )

    async def _too_many(self, ctx: Context) -> str:
        plan = await self.handover.plan(ctx)
        source = await self.handover.dag(ctx, "source")
        if source.next_run_after is None or await self._one_is_enough(ctx):
            return ""
        before = plan.ticks.before(source.next_run_after)
        ahead = [moment for moment in await self._ran(ctx) if before is None or moment > before]
        limit = passable(ctx.inventory)
        if len(ahead) <= limit:
            return ""
        return (
            f'The target has run {len(ahead)} ticks of "{source.dag_id}"; without Starship the source\'s scheduler '
            f"gets past {limit} at most; nothing was changed, the target goes on. Add astronomer-starship to the "
            f"source, or set start_date={ahead[-1].isoformat()} in the DAG's code there and wait until it is parsed; "
            "then run the same command again."
        )

    async def _stuck(self, ctx: Context, source: Dag) -> str:
        """Why the source's scheduler would not get past the markers; empty where it will."""
        if source.next_run_after is None:
            return ""
        before = (await self.handover.plan(ctx)).ticks.before(source.next_run_after)
        ahead = [run for run in await self.handover.rows(ctx, "source", before) if is_marker(run)]
        if len(ahead) <= passable(ctx.inventory):
            return ""
        last = max(run.data_interval_end for run in ahead if run.data_interval_end is not None)
        return (
            f'The target ran {len(ahead)} ticks of "{source.dag_id}"; they are marked on the source, but its '
            f"scheduler would not get past so many. Set start_date={last.isoformat()} in the DAG's code there, "
            "wait until its next run is shown after that, then run the same command again."
        )

    async def _todo(self, ctx: Context) -> list[datetime]:
        """Ticks that the target ran and the source needs a finished row of but has none, oldest first."""
        ran = await self._ran(ctx)
        if not ran:
            return []
        before = (await self.handover.plan(ctx)).ticks.before(ran[0])
        source = rows_by_tick(await self.handover.rows(ctx, "source", before))
        on_3 = ctx.source.major >= 3
        # One that the source's schedule does not have (any more) will not be run there; the newest must be told it.
        ticks = (await self.handover.plan(ctx)).ticks
        if await self._one_is_enough(ctx):
            ran = ran[-1:]
        return [
            moment
            for moment in ran
            if (moment == ran[-1] or ticks.at(moment) is not None)
            if (row := source.get(moment)) is None
            or (is_marker(row) and unfinished([row]))
            or (on_3 and is_half_made(row))
        ]

    async def _ran(self, ctx: Context) -> list[datetime]:
        """Ticks that the target itself ran, oldest first."""
        return sorted(rows_by_tick(await self.handover.ran_itself(ctx, "target", None)))
