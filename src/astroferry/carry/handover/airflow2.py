"""A boundary marker on an Airflow 2, which has no backfill API: a finished row that says "the other side ran this".

With Starship there, the row is one of run type "scheduled", from which the scheduler counts on (facts in
`clients/starship.py`). Without it, a manual run with the tick's own logical date, set to success before it could
start: the scheduler counts on from further back, but makes no run where a row of that logical date stands. Tried on
2.11.2 on 2026-11-22 and 2026-11-25, catchup on and off, cron and trigger timetables. Where a task depends on past
runs, Starship's row is given its skipped tasks too: a run without any would hold up the next one for ever.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from astroferry.errors import ConflictError
from astroferry.model.cutover import MARKER_PREFIX

if TYPE_CHECKING:
    from astroferry.advice.kinds import MarkerPlan
    from astroferry.advice.ticks import Tick, Timetable
    from astroferry.clients.airflow import Airflow
    from astroferry.clients.starship import Starship


async def mark_on_2(
    airflow: Airflow, starship: Starship | None, plan: MarkerPlan, tick: Tick, *, timetable: Timetable, note: str
) -> str:
    """Make the marker of `tick` on a paused DAG; its run id. Harmless where it is there already, whole or half.

    Raises ConflictError where a row of that logical date stands there under another id: that is somebody else's.
    """
    dag_id = plan.dag_id
    run_id = f"{MARKER_PREFIX}{tick.moment.isoformat()}"
    date, interval = tick.logical_date(timetable), tick.data_interval(timetable)
    try:
        if starship is not None:
            await starship.add_run(dag_id, run_id, logical_date=date, data_interval=interval)
        else:
            await airflow.trigger(dag_id, run_id=run_id, logical_date=date, data_interval=interval, note=note)
    except ConflictError:
        # Made before a crash; then its state is set now.
        if await airflow.run(dag_id, run_id) is None:
            raise
    if starship is not None and plan.depends_on_past and not await airflow.task_instances(dag_id, run_id):
        operators = {task.task_id: task.operator for task in await airflow.tasks(dag_id)}
        await starship.add_skipped_tasks(dag_id, run_id, operators)
    if starship is not None:
        await airflow.set_run_note(dag_id, run_id, note)
    else:
        await airflow.set_run_state(dag_id, run_id, "success")
    return run_id
