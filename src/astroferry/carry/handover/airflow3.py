"""A boundary marker on an Airflow 3, on either side: a backfill's run over one date of a paused DAG, set to success.

What such a row does, and what it does not, stands in `boundary.py`. Tried on 3.3.2 as a target, and on 2026-11-26
between two 3.3.2 as a source that gets its DAGs back (cron, triggers, timedelta on and off the grid, depends_on_past;
catchup on and off): 8 DAGs there and back, 47 ticks once, none twice, none missed, 16 markers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from astroferry.carry.handover.backfill import open_backfill
from astroferry.carry.handover.halfmade import end_marker, finish, is_half_made
from astroferry.errors import RemoteError
from astroferry.model.cutover import opposite

if TYPE_CHECKING:
    from astroferry.advice.ticks import Tick
    from astroferry.carry.context import Context
    from astroferry.carry.handover.ends import Handover
    from astroferry.model.cutover import Side


async def mark_on_3(ctx: Context, handover: Handover, side: Side, tick: Tick, note: str) -> None:
    """Make the marker of `tick` on that paused side, unless a row stands there; one that is half made is finished.

    RemoteError where a backfill makes no row there.
    """
    airflow, plan = await handover.airflow(ctx, side), await handover.plan(ctx)
    row = await handover.row_of(ctx, side, tick)
    if row is None:
        await open_backfill(ctx, airflow, plan, tick, tick, side=side, made=lambda: handover.row_of(ctx, side, tick))
        row = await handover.row_of(ctx, side, tick)
    if row is None:
        raise RemoteError(
            f'The {side} took the backfill of "{handover.dag_id}" for {tick.moment.isoformat()}, but made no run of '
            "it.",
            hint=f"See that its start date there is not later than on the {opposite(side)}.",
        )
    if is_half_made(row):
        await end_marker(ctx, airflow, handover.dag_id, row, note)


async def fill(ctx: Context, handover: Handover, side: Side, marked: Tick) -> None:
    """Where a DAG's order or phase is at stake, let what was missed run on that side before anything later does.

    While another tick comes due before the side has shown what follows, it is asked again: then what was opened
    before, and has not begun, is withdrawn first, since a second backfill is refused while one is open. RemoteError
    where the plan says that missed ticks are only listed.
    """
    plan = await handover.plan(ctx)
    if not plan.fills_first or not handover.was_active(ctx):
        return
    newest = await handover.newest(ctx, side, marked)
    overdue = list(plan.ticks.between(newest.moment, ctx.clock.now()))
    # One that is due may still be the scheduler's own; a second one would make it pass over the first.
    if len(overdue) < 2:
        return
    if newest != marked:
        await finish(ctx, handover, side, withdraw=True)
        newest = await handover.newest(ctx, side, marked)
        overdue = list(plan.ticks.between(newest.moment, ctx.clock.now()))
    if ctx.plan.cutover.gap == "list":
        raise RemoteError(
            f'{len(overdue)} ticks of "{handover.dag_id}" fell between, and its '
            f"{'ticks would move' if plan.drifts else 'tasks depend on past runs'}: they cannot only be listed.",
            hint='Set cutover.gap = "run" in the plan, or roll back to let the source go on.',
        )
    ctx.tell(f"{handover.dag_id}: {len(overdue)} ticks fell between; the {side} runs them first")
    await open_backfill(ctx, await handover.airflow(ctx, side), plan, overdue[0], overdue[-1], side=side)
