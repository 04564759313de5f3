"""Rows of ours that a crash or an error left queued on a paused side, and that would run once it is unpaused.

A marker is made in two requests: the row, then its state. In between it is a queued run like any other, which a
paused DAG never starts (2.11.2 and 3.3.2), and an unpaused one at once: a tick that the other side has run would
run again. So is a backfill over ticks that fell between, opened before the unpausing that never came: the way back
must not take its runs for runs that ran. Tried on 3.3.2 on 2026-11-26: a queued run of a backfill can be deleted, and
once the last one is gone the scheduler marks the backfill complete (24 s later; till then a new one is refused, 409).
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from astroferry.advice.schedule import is_marker, rows_by_tick, tick_of
from astroferry.errors import ConflictError
from astroferry.model.cutover import MARKER_NOTE, opposite

if TYPE_CHECKING:
    from datetime import datetime

    from astroferry.carry.context import Context
    from astroferry.carry.handover.ends import Handover
    from astroferry.clients.airflow import Airflow
    from astroferry.model.cutover import Side
    from astroferry.model.inventory import Run

ALL_ROWS = 100_000


def is_half_made(row: Run) -> bool:
    """Whether this may be a marker whose state was not set yet: on a paused DAG a queued run waits for ever."""
    return row.state == "queued" and (row.run_type == "backfill" or is_marker(row))


def marker_note(moment: datetime, ran_on: str) -> str:
    """What people read on the marker's row in the grid."""
    due = f"{moment:%Y-%m-%d %H:%M:%S} UTC"
    return f"{MARKER_NOTE}: the run due at {due} already ran on {ran_on}; nothing ran here."


@dataclass(frozen=True, slots=True)
class HalfMade:
    """`markers`: of ticks that the other side has run. `unstarted`: backfill runs of ticks that nobody has run."""

    markers: tuple[Run, ...] = ()
    unstarted: tuple[Run, ...] = ()


async def half_made(ctx: Context, handover: Handover, side: Side) -> HalfMade:
    """What lies half made on that side, which must be paused."""
    airflow = await handover.airflow(ctx, side)
    rows = [run for run in await airflow.active_runs(handover.dag_id) if is_half_made(run)]
    if not rows:
        return HalfMade()
    there = await (await handover.airflow(ctx, opposite(side))).runs(handover.dag_id, limit=ALL_ROWS)
    ran = {moment for moment, run in rows_by_tick(there).items() if not is_marker(run)}
    markers = tuple(run for run in rows if is_marker(run) or tick_of(run) in ran)
    return HalfMade(markers, tuple(run for run in rows if run not in markers))


async def finish(ctx: Context, handover: Handover, side: Side, *, withdraw: bool = False) -> None:
    """Finish the half-made markers of a paused side; with `withdraw`, delete the backfill runs that never started."""
    found = await half_made(ctx, handover, side)
    airflow = await handover.airflow(ctx, side)
    ran_on = ctx.source.url if side == "target" else f"{handover.deployment} on Astro"
    for run in found.markers:
        moment = tick_of(run)
        note = marker_note(moment, ran_on) if moment is not None else MARKER_NOTE
        await end_marker(ctx, airflow, handover.dag_id, run, note)
        ctx.tell(f"{handover.dag_id}: the marker {run.run_id} on the {side} was only half made; it is finished")
    # The newest first: broken off here, what is left has no hole.
    for run in reversed(found.unstarted if withdraw else ()):
        await airflow.delete_run(handover.dag_id, run.run_id)
        ctx.tell(f"{handover.dag_id}: {run.run_id} had not begun on the {side}; it is withdrawn")


async def end_marker(ctx: Context, airflow: Airflow, dag_id: str, row: Run, note: str) -> None:
    """Set the state of a marker's row, and where a sensor may watch one of its tasks, theirs first."""
    if airflow.major >= 3 and any(dag_id in dag.waits_for for dag in ctx.inventory.dags):
        seen = await airflow.task_instances(dag_id, row.run_id)
        for task_id in sorted({task.task_id for task in seen if task.state != "success"}):
            with contextlib.suppress(ConflictError):  # an answer was lost, and it was asked again
                await airflow.set_task_state(dag_id, row.run_id, task_id, "success")
    await airflow.set_run_state(dag_id, row.run_id, "success", note)
