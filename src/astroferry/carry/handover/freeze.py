"""What becomes of the runs of a DAG that was paused while they ran: ended, or left standing half-way."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from astroferry.errors import RemoteError

if TYPE_CHECKING:
    from astroferry.carry.context import Context
    from astroferry.clients.airflow import Airflow

AT_WORK = frozenset({"queued", "running", "restarting"})
"""task states that end by themselves although the DAG is paused (2.11.2 and 3.3.2)"""
WELL = frozenset({"success", "skipped"})


async def frozen_runs(
    ctx: Context, airflow: Airflow, dag_id: str, *, then: str = "it was unpaused again"
) -> tuple[list[str], dict[str, tuple[str, ...]]]:
    """Wait until no task of a paused DAG is at work; the runs that have ended, and what the others have not run.

    A run all of whose tasks ended well is set to success, as its scheduler would have done. Raises RemoteError where
    a task is still at work after `drain_timeout`; `then`: what the caller does about it.
    """
    deadline = ctx.clock.now() + timedelta(seconds=ctx.plan.cutover.drain_timeout)
    while True:
        runs = await airflow.active_runs(dag_id)
        tasks = {run.run_id: await airflow.task_instances(dag_id, run.run_id) for run in runs}
        busy = [task.task_id for instances in tasks.values() for task in instances if task.state in AT_WORK]
        if not busy:
            break
        if ctx.clock.now() >= deadline:
            raise RemoteError(
                f'Tasks of "{dag_id}" still run after {ctx.plan.cutover.drain_timeout} s: {", ".join(busy[:5])}; '
                f"{then}.",
                hint="Raise cutover.drain_timeout in the plan, or choose a quieter hour.",
            )
        await ctx.clock.sleep(ctx.plan.cutover.poll)
    ended: list[str] = []
    frozen: dict[str, tuple[str, ...]] = {}
    for run in runs:
        left = tuple(sorted({task.task_id for task in tasks[run.run_id] if task.state not in WELL}))
        if run.state == "running" and tasks[run.run_id] and not left:
            await airflow.set_run_state(dag_id, run.run_id, "success")
            ended.append(run.run_id)
        else:
            frozen[run.run_id] = left or ("all tasks",)
    return ended, frozen
