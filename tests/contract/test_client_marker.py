"""The boundary marker on Airflow 3: a backfill of one date on a paused DAG, which nobody runs."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from astroferry.errors import ConflictError, NotFoundError, RequestFailedError

if TYPE_CHECKING:
    from astroferry.clients.airflow import Airflow
    from astroferry.model.inventory import Dag

pytestmark = pytest.mark.asyncio(loop_scope="session")  # clients live as long as their servers

DATE = datetime(2026, 11, 1, 5, tzinfo=UTC)


async def next_run_is(airflow: Airflow, dag_id: str, date: datetime) -> Dag:
    """The DAG, once its file has been parsed again: a real server takes its time, on a busy machine minutes."""
    until = time.monotonic() + 300
    while (dag := await airflow.dag(dag_id)).next_run != date:
        assert time.monotonic() < until, f"{dag_id} shows {dag.next_run}, not {date}, as its next run."
        await asyncio.sleep(0.5)
    return dag


async def test_the_marker_moves_the_next_run_and_nothing_runs(airflow_3: Airflow) -> None:
    hour = timedelta(hours=1)
    assert await airflow_3.backfill_dates("by_cron_catchup", DATE, DATE + hour) == (DATE, DATE + hour)
    number = await airflow_3.create_backfill("by_cron_catchup", DATE, DATE)
    (run,) = [each for each in await airflow_3.active_runs("by_cron_catchup") if each.run_type == "backfill"]
    # Named by the end of its interval, dated by its start.
    end = DATE + timedelta(hours=1)
    assert (run.run_id, run.state, run.logical_date) == (f"backfill__{end.isoformat()}", "queued", DATE)
    with pytest.raises(ConflictError):
        await airflow_3.create_backfill("by_cron_catchup", DATE, DATE)
    await airflow_3.set_run_state("by_cron_catchup", run.run_id, "success", note="boundary marker")
    tasks = await airflow_3.task_instances("by_cron_catchup", run.run_id)
    assert {task.state for task in tasks} == {"skipped"}
    dag = await next_run_is(airflow_3, "by_cron_catchup", DATE + timedelta(hours=1))
    assert dag.is_paused
    assert number in {each.id for each in await airflow_3.backfills("by_cron_catchup")}


async def test_the_tasks_of_a_marker_can_count_as_done_for_a_sensor_that_watches_them(airflow_3: Airflow) -> None:
    date = DATE.replace(hour=6)
    await airflow_3.create_backfill("by_period", date, date)
    (run,) = await airflow_3.active_runs("by_period")
    for task in ("first", "second"):
        await airflow_3.set_task_state("by_period", run.run_id, task, "success")
    with pytest.raises(ConflictError):
        await airflow_3.set_task_state("by_period", run.run_id, "first", "success")
    with pytest.raises(NotFoundError):
        await airflow_3.set_task_state("by_period", run.run_id, "third", "success")
    # The run still waits for its own state, and keeps the tasks' when it gets it.
    (run,) = await airflow_3.active_runs("by_period")
    assert run.state == "queued"
    await airflow_3.set_run_state("by_period", run.run_id, "success", note="boundary marker")
    tasks = await airflow_3.task_instances("by_period", run.run_id)
    assert {task.state for task in tasks} == {"success"}


async def test_a_dag_that_time_does_not_start_takes_no_marker(airflow_3: Airflow) -> None:
    for dag_id in ("by_hand", "by_dataset"):
        with pytest.raises(RequestFailedError) as refused:
            await airflow_3.create_backfill(dag_id, DATE, DATE)
        assert refused.value.status == 422


async def test_a_dag_that_depends_on_its_past_takes_no_marker_without_reprocessing(airflow_3: Airflow) -> None:
    midnight = DATE.replace(hour=0)
    with pytest.raises(RequestFailedError) as refused:
        await airflow_3.create_backfill("in_order", midnight, midnight)
    assert refused.value.status == 422


async def test_a_range_without_a_tick_is_refused(airflow_3: Airflow) -> None:
    with pytest.raises(RequestFailedError) as refused:
        await airflow_3.create_backfill("by_cron", DATE, DATE + timedelta(minutes=1))
    assert refused.value.status == 422


async def test_a_missing_dag_and_a_missing_backfill_are_not_found(airflow_3: Airflow) -> None:
    with pytest.raises(NotFoundError):
        await airflow_3.create_backfill("no_such_dag", DATE, DATE)
    with pytest.raises(NotFoundError):
        await airflow_3.cancel_backfill(4711)


async def test_a_backfill_can_be_cancelled_once(airflow_3: Airflow) -> None:
    night = datetime(2026, 10, 1, 2, 30, tzinfo=UTC)
    number = await airflow_3.create_backfill("by_cron", night, night)
    await airflow_3.cancel_backfill(number)
    assert await airflow_3.active_runs("by_cron") == ()
    with pytest.raises(ConflictError):
        await airflow_3.cancel_backfill(number)
