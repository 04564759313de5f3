"""The boundary marker: a row on the paused target which says "up to here the source has run it".

Airflow 3 counts on from the newest scheduled or backfill run, and takes no scheduled run by its API; but it takes a
backfill over one date of a paused DAG, whose queued run never starts, and whose state may be set to success. Tried on
3.3.2 on 2026-11-22 and 2026-11-25 for cron with data intervals and with triggers, presets, timedelta, zones, and a
DAG whose end date has passed, catchup on and off: the next run was the tick after the marker as soon as the file was
parsed again (3 s with a parse interval of 5 s), and after unpausing every tick came once. Where a task depends on
past runs a backfill must be told to "reprocess failed" ones (else 422); there being none, it makes the same row.

What the marker does besides, tried on 3.3.2: its task instances become "skipped", no task runs, no asset event is
made, no callback of the DAG is called; the grid shows it as a successful backfill with our note. A task that depends
on past runs takes it for done; a sensor that watches one task of that run does not, since it is skipped: where
another DAG's sensor watches this one, its tasks are set to success before the run is. Its backfill is marked complete
by the scheduler within 30 s, and until then another backfill of the DAG is refused with 409; one that is open already
refuses the marker's. A listener plugin in the API server hears of its success once, and of that of tasks set to it.

A timedelta of Airflow 2 without catchup keeps its phase while fewer than two ticks were missed; after that both
versions round to a grid from 1970 (`MarkerPlan.drifts`). Then what was missed is run by a backfill of its own before
the target is unpaused, which keeps the phase; so it is where a task depends on past runs, which must come in order.
Where that backfill still waits when more ticks have come due (we were killed in between), it is withdrawn run by run
and asked for anew over all of them; the new one was taken once the scheduler had closed the first (2026-11-26).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from astroferry.advice.schedule import acceptable_next, copied, is_marker, rows_by_tick, tick_of, unfinished
from astroferry.carry.action import Observation
from astroferry.carry.handover.airflow2 import mark_on_2
from astroferry.carry.handover.airflow3 import fill, mark_on_3
from astroferry.carry.handover.alone import in_doubt, newest_marker, strayed
from astroferry.carry.handover.halfmade import finish, is_half_made, marker_note
from astroferry.errors import RemoteError

if TYPE_CHECKING:
    from astroferry.advice.kinds import MarkerPlan
    from astroferry.advice.ticks import Tick
    from astroferry.carry.action import ActionInfo, Facts
    from astroferry.carry.context import Context
    from astroferry.carry.handover.ends import Handover
    from astroferry.clients.airflow import Airflow
    from astroferry.model.inventory import Dag, Run


@dataclass
class MarkBoundary:
    """Put the marker at the source's boundary on the paused target, and see that the next run is the right one.

    A DAG that has never run on the source gets no marker: both sides must then show the same first run.
    Facts: `boundary` (the tick, or None), `marker` (run id), `next` (the tick that the target runs next).
    """

    handover: Handover

    @property
    def info(self) -> ActionInfo:
        """The step between the two sides."""
        return self.handover.info(
            "mark",
            f"Mark on the target what the source has run of {self.handover.dag_id}",
            after="drain-source",
            undo="compensate",
            note="The marker's row stays in the target's history; it does nothing while the DAG is paused there.",
        )

    async def observe(self, ctx: Context) -> Observation:
        """Done where the target would continue after the boundary; todo without a (whole) marker."""
        return self.handover.judged(await self.look(ctx), "source")

    async def look(self, ctx: Context) -> Observation:
        """`observe`, where a doubt is a doubt also before anything was drained."""
        source, target = await self.handover.dag(ctx, "source"), await self.handover.dag(ctx, "target")
        tick = await self.handover.boundary(ctx, "source")
        facts: Facts = {
            "boundary": tick.moment.isoformat() if tick else None,
            "next": target.next_run_after.isoformat() if target.next_run_after else None,
        }
        if not source.is_paused:
            return Observation(
                "doubt",
                f'"{source.dag_id}" is not paused on the source any more, which goes on with it; drain it again.',
                facts,
            )
        if tick is None:
            ran = not target.is_paused or await self.handover.boundary(ctx, "target") is not None
            if ran and self.handover.was_let_run(ctx, "target"):
                return Observation("done", "it has run on the target alone", facts)
            if not target.is_paused:
                return Observation("doubt", await self._awake(ctx, None), facts)
            same = source.next_run_after == target.next_run_after and target.next_run_after is not None
            return Observation("done" if same else "todo", "it has never run on the source", facts)
        row = await self.handover.row_of(ctx, "target", tick)
        # One that a drain of ours left half-way there goes on once it is unpaused.
        left = self.handover.between(ctx).stood.get("target", {})
        settled = (
            row is not None
            and (not unfinished([row]) or row.run_id in left)
            and (is_marker(row) or await self._was_taken_over(ctx, tick, row))
        )
        if not target.is_paused and not settled:
            return Observation("doubt", await self._awake(ctx, row), facts)
        if row is None or await self._lies_half_made(ctx, tick):
            return Observation("todo", facts=facts)
        facts["marker"] = row.run_id if is_marker(row) else None
        if not settled:
            return Observation(
                "doubt",
                f'"{target.dag_id}" has a run of its own on the target for the tick {tick.moment.isoformat()}, which '
                "the source ran too; compare both runs, then delete the target's.",
                facts,
            )
        if not target.is_paused:
            # It runs there already, so its next run is far beyond the boundary by now; the row is the proof.
            return Observation("done", facts=facts)
        return await self._next(ctx, target, tick, row, facts)

    async def _next(self, ctx: Context, target: Dag, tick: Tick, row: Run, facts: Facts) -> Observation:
        """Whether what the target shows as its next run follows the boundary, with the data it should have."""
        plan = await self.handover.plan(ctx)
        shown = target.next_run_after
        on_3 = (await self.handover.airflow(ctx, "target")).major >= 3
        # Beyond the boundary it may have run ticks itself, which a rollback that was broken off has not handed back.
        newest = await self.handover.newest(ctx, "target", tick)
        if not self.handover.was_active(ctx):
            # It stays paused on both sides; whoever unpauses it later gets what Airflow makes of the time till then.
            right = shown is None or shown > newest.moment
        elif on_3 and plan.fills_first:
            # An Airflow 2 has no backfill: there it is queued at the unpausing (`RunGap.queue_what_comes_first`).
            following = plan.ticks.after(newest.moment)
            right = shown == (following.moment if following else None)
        else:
            passes = row.run_type == "manual"
            right = acceptable_next(plan, newest, shown, ctx.clock.now(), passes=passes)
        if not right:
            return Observation("todo", "the next run is not shown yet", facts)
        if shown is not None and (wrong := _other_data(plan, target)):
            return Observation("doubt", wrong, facts)
        return Observation("done", facts=facts)

    async def apply(self, ctx: Context) -> Facts:
        """Make the marker, unless it is there, and wait until the target shows the run that follows it.

        Raises RemoteError where it does not within `parse_timeout`: then nothing has been unpaused.
        """
        target = await self.handover.airflow(ctx, "target")
        dag_id = self.handover.dag_id
        tick = await self.handover.boundary(ctx, "source")
        if not (await target.dag(dag_id)).is_paused:
            raise RemoteError(f'The DAG "{dag_id}" is not paused on the target; a marker there would run.')
        if tick is not None:
            # Those of an earlier try would run as soon as it is unpaused.
            await finish(ctx, self.handover, "target")
            await self._mark(ctx, target, tick)
        deadline = ctx.clock.now() + timedelta(seconds=ctx.plan.cutover.parse_timeout)
        while True:
            if tick is not None and target.major >= 3:
                await fill(ctx, self.handover, "target", tick)
            if (seen := await self.look(ctx)).state == "done":
                break
            if seen.state == "doubt":
                raise RemoteError(seen.why)
            if ctx.clock.now() >= deadline:
                raise RemoteError(
                    f'The target does not show the expected next run of "{dag_id}": it shows {seen.facts["next"]}, '
                    f"and the source's last one was {seen.facts['boundary'] or 'none'}. Nothing was unpaused.",
                    hint="Compare start date, zone and schedule on both sides; roll back to let the source go on.",
                )
            ctx.tell(f"{dag_id}: waiting until the target has parsed it again")
            await ctx.clock.sleep(ctx.plan.cutover.poll)
        shown = datetime.fromisoformat(seen.facts["next"]) if seen.facts["next"] else None
        following = f"{shown:%Y-%m-%d %H:%M:%S} UTC" if shown else "nothing, as its end date has passed"
        ctx.tell(f"{dag_id}: the target continues with {following}")
        return seen.facts

    async def _lies_half_made(self, ctx: Context, tick: Tick) -> bool:
        """Whether a row at the boundary or before it waits on the target, to run as soon as that is unpaused."""
        target = await self.handover.airflow(ctx, "target")
        left = self.handover.between(ctx).stood.get("target", {})
        active = await target.active_runs(self.handover.dag_id)
        waiting = [run for run in active if is_half_made(run) and run.run_id not in left]
        return any((moment := tick_of(run)) is not None and moment <= tick.moment for run in waiting)

    async def _awake(self, ctx: Context, row: Run | None) -> str:
        """What is said of a target that is unpaused although its boundary is not the source's last tick."""
        dag_id = self.handover.dag_id
        if (row is None or is_marker(row)) and await newest_marker(ctx, self.handover, "target") is None:
            return (
                f'"{dag_id}" was unpaused on the target before its boundary was marked; pause it there and see which '
                "ticks it has run."
            )
        return str(in_doubt(dag_id, "target", await strayed(ctx, self.handover, "target")))

    async def _was_taken_over(self, ctx: Context, tick: Tick, here: Run) -> bool:
        """Whether only one of both rows ran: the target's, where the source has a marker since a rollback.

        Or the source's, where `here` is history of it: Starship's own page brings the newest tick too.
        """
        runs = await ctx.source.runs(self.handover.dag_id, since=tick.start)
        row = rows_by_tick(runs).get(tick.moment)
        return row is not None and (is_marker(row) or bool(copied([here], [row])))

    async def _mark(self, ctx: Context, target: Airflow, tick: Tick) -> None:
        plan = await self.handover.plan(ctx)
        note = marker_note(tick.moment, ctx.source.url)
        if target.major >= 3:
            await mark_on_3(ctx, self.handover, "target", tick, note)
            return
        row = await self.handover.row_of(ctx, "target", tick)
        if row is None or is_half_made(row):
            starship = await ctx.starship(self.handover.deployment)
            await mark_on_2(target, starship, plan, tick, timetable=plan.target, note=note)

    async def verify(self, ctx: Context) -> Observation:
        """As seen on the server; what came due between two looks is filled like what came before it."""
        seen = await self.observe(ctx)
        if seen.state == "todo":
            await self.apply(ctx)
            seen = await self.observe(ctx)
        return seen

    async def undo(self, ctx: Context, before: Observation, facts: Facts) -> str:
        """The row stays; nothing depends on it while the target is paused."""
        del ctx, before
        if not facts.get("marker"):
            return f"{self.handover.dag_id} had no marker."
        return (
            f"The marker {facts['marker']} of {self.handover.dag_id} stays in the target's history; it is harmless."
        )


def _other_data(plan: MarkerPlan, target: Dag) -> str:
    """What the run shown next would be given that the source would not have given it; empty where all is the same."""
    shown = target.next_run_after
    tick = plan.ticks.at(shown) if shown is not None else None
    if tick is None or target.next_data_interval_end is None:
        return ""
    given = (target.next_data_interval_start, target.next_data_interval_end)
    meant = tick.data_interval(plan.target)
    if given == meant:
        return ""
    return (
        f'The target would give the run of "{plan.dag_id}" due at {tick.moment.isoformat()} the data from '
        f"{given[0]} to {given[1]}; the source would have given {meant[0]} to {meant[1]}. See that "
        "CREATE_CRON_DATA_INTERVALS and CREATE_DELTA_DATA_INTERVALS are set there as the plan says."
    )
