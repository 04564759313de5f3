"""Backfills on an Airflow 3: asked for until they are taken, never twice for the same date."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from astroferry.errors import RemoteError, RequestFailedError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from astroferry.advice.kinds import MarkerPlan
    from astroferry.advice.ticks import Tick
    from astroferry.carry.context import Context
    from astroferry.clients.airflow import Airflow
    from astroferry.model.inventory import Run


async def open_backfill(
    ctx: Context,
    target: Airflow,
    plan: MarkerPlan,
    first: Tick,
    last: Tick,
    *,
    made: Callable[[], Awaitable[Run | None]] | None = None,
) -> None:
    """Start a backfill over the ticks from `first` to `last`, once an earlier one of the DAG is complete.

    Asked again on 409 (another is open) and on 503 (3.3.2 on SQLite: "Database is locked", seen 2026-11-22): that is
    safe, because a date that has a run which did not fail never gets a second one. `made` tells before asking again
    whether the refused request did its work after all. Where a task depends on past runs "reprocess failed" is asked
    for, which 3.3.2 demands; callers see to it that no date in between has a failed run. Raises RemoteError where it
    stays refused for `parse_timeout`.
    """
    deadline = ctx.clock.now() + timedelta(seconds=ctx.plan.cutover.parse_timeout)
    reprocess = "failed" if plan.depends_on_past else "none"
    dates = (first.logical_date(plan.target), last.logical_date(plan.target))
    while True:
        try:
            await target.create_backfill(plan.dag_id, *dates, reprocess=reprocess)
        except RequestFailedError as error:
            if error.status not in {409, 503}:
                raise
            if ctx.clock.now() >= deadline:
                raise RemoteError(
                    f'The target takes no backfill of "{plan.dag_id}": {error.message}',
                    hint="Where another backfill is open there, let it finish or cancel it, then run this again.",
                ) from error
        else:
            return
        ctx.tell(f"{plan.dag_id}: waiting until the target takes a backfill")
        await ctx.clock.sleep(ctx.plan.cutover.poll)
        if made is not None and await made() is not None:
            return
