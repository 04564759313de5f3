"""The boundary marker: a row on the paused target which says "up to here the source has run it".

Airflow 3 counts on from the newest scheduled or backfill run, and takes no scheduled run by its API; but it takes a
backfill over one date of a paused DAG, whose queued run never starts, and whose state may be set to success. Tried on
3.3.2 on 2026-11-22 with CREATE_CRON_DATA_INTERVALS, catchup on and off: the next run was the tick after the marker as
soon as the file was parsed again (3 s with a parse interval of 5 s), and after unpausing every tick came once. The
marker's task instances become "skipped", no task runs; its backfill is marked complete by the scheduler within 30 s,
and until then another backfill of the DAG is refused with 409.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from astroferry.advice.schedule import acceptable_next, is_marker, rows_by_tick, unfinished
from astroferry.carry.action import Observation
from astroferry.errors import RemoteError, RequestFailedError
from astroferry.model.cutover import MARKER_NOTE

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from astroferry.advice.ticks import Tick
    from astroferry.carry.action import ActionInfo, Facts
    from astroferry.carry.context import Context
    from astroferry.carry.handover.ends import Handover
    from astroferry.clients.airflow import Airflow
    from astroferry.model.inventory import Run


def is_half_made(row: Run) -> bool:
    """Whether this is a marker whose state was not set yet: on a paused DAG a queued backfill run waits for ever."""
    return row.run_type == "backfill" and row.state == "queued"


def marker_note(tick: Tick, ran_on: str) -> str:
    """What people read on the marker's row in the grid."""
    due = f"{tick.moment:%Y-%m-%d %H:%M:%S} UTC"
    return f"{MARKER_NOTE}: the run due at {due} already ran on {ran_on}; nothing ran here."


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
        return self.handover.judged(await self._look(ctx), "source")

    async def _look(self, ctx: Context) -> Observation:
        source, target = await self.handover.dag(ctx, "source"), await self.handover.dag(ctx, "target")
        tick = await self.handover.boundary(ctx, "source")
        facts: Facts = {
            "boundary": tick.moment.isoformat() if tick else None,
            "next": target.next_run_after.isoformat() if target.next_run_after else None,
        }
        if not source.is_paused:
            return Observation(
                "doubt", f'"{source.dag_id}" is not paused on the source any more; drain it again.', facts
            )
        if tick is None:
            same = source.next_run_after == target.next_run_after and target.next_run_after is not None
            return Observation("done" if same else "todo", "it has never run on the source", facts)
        row = await self._row(ctx, tick)
        settled = (
            row is not None and not unfinished([row]) and (is_marker(row) or await self._was_taken_over(ctx, tick))
        )
        if not target.is_paused and not settled:
            return Observation(
                "doubt",
                f'"{target.dag_id}" was unpaused on the target before its boundary was marked; pause it there and '
                "see which ticks it has run.",
                facts,
            )
        if row is None or is_half_made(row):
            return Observation("todo", facts=facts)
        facts["marker"] = row.run_id if is_marker(row) else None
        if not settled:
            return Observation(
                "doubt",
                f'"{target.dag_id}" has a run of its own on the target for the tick {tick.moment.isoformat()}, which '
                "the source ran too; compare both runs, then delete the target's.",
                facts,
            )
        plan = await self.handover.plan(ctx)
        if not target.is_paused:
            # It runs there already, so its next run is far beyond the boundary by now; the row is the proof.
            return Observation("done", facts=facts)
        right = acceptable_next(plan, tick, target.next_run_after, ctx.clock.now())
        return Observation("done" if right else "todo", "" if right else "the next run is not shown yet", facts)

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
            await self._mark(ctx, target, tick)
        deadline = ctx.clock.now() + timedelta(seconds=ctx.plan.cutover.parse_timeout)
        while (seen := await self._look(ctx)).state != "done":
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
        ctx.tell(f"{dag_id}: the target continues with {seen.facts['next']}")
        return seen.facts

    async def _row(self, ctx: Context, tick: Tick) -> Run | None:
        """The target's row of that tick, whoever made it."""
        plan = await self.handover.plan(ctx)
        return rows_by_tick(await self.handover.rows(ctx, "target", plan.ticks.before(tick.moment))).get(tick.moment)

    async def _was_taken_over(self, ctx: Context, tick: Tick) -> bool:
        """Whether the source has only a marker there: after a rollback the target's run of it is the real one."""
        runs = await ctx.source.runs(self.handover.dag_id, since=tick.start)
        row = rows_by_tick(runs).get(tick.moment)
        return row is not None and is_marker(row)

    async def _mark(self, ctx: Context, target: Airflow, tick: Tick) -> None:
        dag_id = self.handover.dag_id
        row = await self._row(ctx, tick)
        if row is None:
            await open_backfill(ctx, target, dag_id, tick, tick, made=lambda: self._row(ctx, tick))
            row = await self._row(ctx, tick)
        if row is None:
            raise RemoteError(
                f'The target took the backfill of "{dag_id}" for {tick.moment.isoformat()}, but made no run of it.',
                hint="See that its start date there is not later than on the source.",
            )
        if is_half_made(row):
            await target.set_run_state(dag_id, row.run_id, "success", marker_note(tick, ctx.source.url))

    async def verify(self, ctx: Context) -> Observation:
        """As seen on the server."""
        return await self.observe(ctx)

    async def undo(self, ctx: Context, before: Observation, facts: Facts) -> str:
        """The row stays; nothing depends on it while the target is paused."""
        del ctx, before
        if not facts.get("marker"):
            return f"{self.handover.dag_id} had no marker."
        return (
            f"The marker {facts['marker']} of {self.handover.dag_id} stays in the target's history; it is harmless."
        )


async def open_backfill(
    ctx: Context,
    target: Airflow,
    dag_id: str,
    first: Tick,
    last: Tick,
    *,
    made: Callable[[], Awaitable[Run | None]] | None = None,
) -> None:
    """Start a backfill over the ticks from `first` to `last`, once an earlier one of the DAG is complete.

    Asked again on 409 (another is open) and on 503 (3.3.2 on SQLite: "Database is locked", seen 2026-11-22): that is
    safe, because with reprocess "none" a date never gets a second run. `made` tells before asking again whether the
    refused request did its work after all. Raises RemoteError where it stays refused for `parse_timeout`.
    """
    deadline = ctx.clock.now() + timedelta(seconds=ctx.plan.cutover.parse_timeout)
    while True:
        try:
            await target.create_backfill(dag_id, first.logical_date(), last.logical_date())
        except RequestFailedError as error:
            if error.status not in {409, 503}:
                raise
            if ctx.clock.now() >= deadline:
                raise RemoteError(
                    f'The target takes no backfill of "{dag_id}": {error.message}',
                    hint="Where another backfill is open there, let it finish or cancel it, then run this again.",
                ) from error
        else:
            return
        ctx.tell(f"{dag_id}: waiting until the target takes a backfill")
        await ctx.clock.sleep(ctx.plan.cutover.poll)
        if made is not None and await made() is not None:
            return
