"""The room that a DAG's `max_active_runs` leaves: what our own runs take of it, and what comes due meanwhile.

A manual run counts towards the limit on every version, a run of a backfill on Airflow 3 does not. While ours fill the
DAG, its scheduler passes over what comes due (without catchup it goes on with the latest), which then is ours to run.
Tried on 2026-11-26 between 2.11.2 and 3.3.2, there and back, with runs of 75 s each minute, one at a time: what fell
between ran once, no two runs overlapped, and it came to an end with three and four ticks listed.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from astroferry.advice.schedule import tick_of
from astroferry.model.cutover import GAP_PREFIX

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from astroferry.advice.kinds import MarkerPlan
    from astroferry.carry.context import Context
    from astroferry.carry.handover.ends import Handover
    from astroferry.model.cutover import Side
    from astroferry.model.inventory import Run


async def takes_the_room(ctx: Context, handover: Handover, side: Side) -> bool:
    """Whether the runs that we started may take the room of what comes due; manual runs count towards the limit.

    Then the scheduler passes ticks over for them, which are to be run too. A few beside many places do not.
    """
    plan = await handover.plan(ctx)
    if plan.catchup or plan.max_active_runs is None or not handover.was_active(ctx):
        return False
    active = await (await handover.airflow(ctx, side)).active_runs(handover.dag_id)
    ours = [run for run in active if run.run_id.startswith(GAP_PREFIX)]
    return bool(ours) and (is_full(plan, active) or 2 * len(ours) >= plan.max_active_runs)


async def is_crowded(ctx: Context, handover: Handover, side: Side, since: datetime) -> bool:
    """Whether our runs take longer than the DAG's room for them: then each takes the place of one that comes due.

    To run that too would take the place of another, and so on for ever. Such a DAG passes ticks over whoever runs
    it, so those are told and counted as listed.
    """
    plan = await handover.plan(ctx)
    taken = periods = timedelta(0)
    for run in await handover.rows(ctx, side, since):
        tick, begun = tick_of(run), run.start_date
        following = plan.ticks.after(tick) if tick is not None else None
        if run.run_id.startswith(GAP_PREFIX) and tick is not None and begun is not None and following is not None:
            taken += (run.end_date or ctx.clock.now()) - begun
            periods += following.moment - tick
    return bool(periods) and taken >= periods * (plan.max_active_runs or 1)


def is_full(plan: MarkerPlan, active: Sequence[Run]) -> bool:
    """Whether as many runs are under way as may be."""
    return plan.max_active_runs is not None and len(active) >= plan.max_active_runs
