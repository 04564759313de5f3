"""Backfills on an Airflow 3: asked for until they are taken, never twice for the same date."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from astroferry.errors import RemoteError, RequestFailedError
from astroferry.model.cutover import opposite

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from astroferry.advice.kinds import MarkerPlan
    from astroferry.advice.ticks import Tick
    from astroferry.carry.context import Context
    from astroferry.clients.airflow import Airflow
    from astroferry.model.cutover import Side
    from astroferry.model.inventory import Run


async def open_backfill(
    ctx: Context,
    airflow: Airflow,
    plan: MarkerPlan,
    first: Tick,
    last: Tick,
    *,
    side: Side = "target",
    made: Callable[[], Awaitable[Run | None]] | None = None,
) -> None:
    """Start a backfill on `side` over the ticks from `first` to `last`, once an earlier one of the DAG is complete.

    Asked again on 409 (another is open) and on 503 (3.3.2 on SQLite: "Database is locked", seen 2026-11-22): that is
    safe, because a date that has a run which did not fail never gets a second one. `made` tells before asking again
    whether the refused request did its work after all. Where a task depends on past runs "reprocess failed" is asked
    for, which 3.3.2 demands; callers see to it that no date in between has a failed run. Raises RemoteError where it
    stays refused for `parse_timeout`, and where that side's own timetable has other dates there; nothing is made
    then.
    """
    await _see_what_it_would_run(airflow, plan, first, last, side)
    deadline = ctx.clock.now() + timedelta(seconds=ctx.plan.cutover.parse_timeout)
    reprocess = _reprocess(plan)
    timetable = plan.timetable_on(side)
    dates = (first.logical_date(timetable), last.logical_date(timetable))
    while True:
        try:
            await airflow.create_backfill(plan.dag_id, *dates, reprocess=reprocess)
        except RequestFailedError as error:
            if error.status not in {409, 503}:
                raise
            if ctx.clock.now() >= deadline:
                raise RemoteError(
                    f'The {side} takes no backfill of "{plan.dag_id}": {error.message}',
                    hint="Where another backfill is open there, let it finish or cancel it, then run this again.",
                ) from error
        else:
            return
        ctx.tell(f"{plan.dag_id}: waiting until the {side} takes a backfill")
        await ctx.clock.sleep(ctx.plan.cutover.poll)
        if made is not None and await made() is not None:
            return


def _reprocess(plan: MarkerPlan) -> str:
    return "failed" if plan.depends_on_past else "none"


async def _see_what_it_would_run(airflow: Airflow, plan: MarkerPlan, first: Tick, last: Tick, side: Side) -> None:
    """RemoteError where that side's timetable has dates in this stretch that the schedule has not."""
    timetable = plan.timetable_on(side)
    dates = (first.logical_date(timetable), last.logical_date(timetable))
    meant = {dates[0], *(tick.logical_date(timetable) for tick in plan.ticks.between(first.moment, last.moment))}
    would = await airflow.backfill_dates(plan.dag_id, *dates, reprocess=_reprocess(plan))
    if other := sorted(set(would) - meant):
        dates_shown = ", ".join(date.isoformat() for date in other[:3])
        raise RemoteError(
            f'For the ticks of "{plan.dag_id}" from {first.moment.isoformat()} to {last.moment.isoformat()} the '
            f"{side} would make runs dated {dates_shown}, which the {opposite(side)} does not have.",
            hint="Its timetable there differs (another schedule, zone, or data interval); nothing was started.",
        )
