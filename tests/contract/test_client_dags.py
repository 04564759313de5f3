"""DAGs and runs: what our client sees is the same on simulated and on real servers."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from tests.contract.sides import BROKEN, DAGS, DATASET

from astroferry.errors import ConflictError, NotFoundError, RequestFailedError, UnsupportedVersionError

if TYPE_CHECKING:
    from tests.contract.sides import Side

    from astroferry.clients.airflow import Airflow

pytestmark = pytest.mark.asyncio(loop_scope="session")  # clients live as long as their servers

IDS = [spec.dag_id for spec in DAGS]
KINDS = {"by_dataset": "dataset", "by_hand": "none", "by_period": "timedelta", "makes_dataset": "none"}
MISSING = "no_such_dag"


async def test_the_version_is_told_and_the_api_is_chosen_by_it(airflow: Airflow, side: Side) -> None:
    assert (airflow.api, airflow.major) == (side.api, 2 if side.is_2 else 3)


async def test_every_dag_is_counted(airflow: Airflow) -> None:
    assert await airflow.count_dags() == len(DAGS)


@pytest.mark.parametrize("page", [3, 100])
async def test_every_dag_is_listed_once_and_by_id_whatever_the_page(airflow: Airflow, page: int) -> None:
    assert [dag.dag_id async for dag in airflow.dags(page=page)] == IDS


@pytest.mark.parametrize("spec", DAGS, ids=IDS)
async def test_details_tell_what_the_file_declares(airflow: Airflow, spec: object) -> None:
    wanted = next(each for each in DAGS if each is spec)
    dag = await airflow.dag(wanted.dag_id)
    assert dag.schedule.kind == KINDS.get(wanted.dag_id, "cron")
    assert (dag.catchup, dag.max_active_runs, dag.is_paused) == (wanted.catchup, wanted.max_active_runs, True)
    assert (dag.start_date, dag.end_date) == (wanted.start_date, wanted.end_date)
    assert (set(dag.tags), dag.owners) == (set(wanted.tags), (wanted.owner,))
    assert dag.description == wanted.description
    # Both versions say UTC for every DAG, also where its ticks follow another zone's clock.
    assert dag.schedule.timezone == "UTC"
    assert dag.fileloc.endswith(f"/{wanted.file}")


async def test_a_cron_dag_that_never_ran_shows_the_first_interval_with_catchup(airflow: Airflow) -> None:
    dag = await airflow.dag("by_cron_catchup")
    assert dag.next_run == datetime(2026, 3, 1, tzinfo=UTC)
    assert dag.next_run_after == datetime(2026, 3, 1, 1, tzinfo=UTC)


async def test_a_cron_dag_that_never_ran_shows_the_latest_interval_without_catchup(airflow: Airflow) -> None:
    dag = await airflow.dag("by_cron")
    now = datetime.now(UTC)
    assert dag.next_run_after is not None
    assert dag.next_run is not None
    assert now - timedelta(days=1, minutes=2) < dag.next_run_after <= now
    assert (dag.next_run_after.hour, dag.next_run_after.minute) == (2, 30)
    assert dag.next_run_after - dag.next_run == timedelta(days=1)


async def test_a_tick_keeps_the_wall_clock_of_its_zone(airflow: Airflow) -> None:
    dag = await airflow.dag("in_berlin")
    assert dag.next_run_after is not None
    offset = (
        2 if datetime(2026, 3, 29, 1, tzinfo=UTC) <= dag.next_run_after < datetime(2026, 10, 25, 1, tzinfo=UTC) else 1
    )
    assert (dag.next_run_after.hour, dag.next_run_after.minute) == (4 - offset, 15)


@pytest.mark.parametrize("dag_id", ["by_hand", "by_dataset"])
async def test_a_dag_that_time_does_not_start_has_no_next_run(airflow: Airflow, dag_id: str) -> None:
    dag = await airflow.dag(dag_id)
    assert (dag.next_run, dag.next_run_after) == (None, None)


async def test_a_dag_that_ended_and_never_ran_has_no_next_run_without_catchup(airflow: Airflow) -> None:
    assert (await airflow.dag("until_spring")).next_run is None


async def test_a_missing_dag_is_not_found(airflow: Airflow) -> None:
    with pytest.raises(NotFoundError):
        await airflow.dag(MISSING)


async def test_tasks_tell_operator_pool_and_dependence_on_the_past(airflow: Airflow) -> None:
    tasks = await airflow.tasks("by_cron")
    assert [(task.task_id, task.operator, task.pool) for task in tasks] == [
        ("first", "BashOperator", "default_pool"),
        ("second", "PythonOperator", "default_pool"),
    ]
    assert [task.depends_on_past for task in await airflow.tasks("in_order")] == [True]


async def test_tasks_of_a_missing_dag_are_not_found(airflow: Airflow) -> None:
    with pytest.raises(NotFoundError):
        await airflow.tasks(MISSING)


async def test_the_source_text_is_the_file(airflow: Airflow) -> None:
    text = await airflow.dag_source("by_hand")
    assert 'dag_id="by_hand"' in text
    assert "except ImportError:  # Airflow 2" in text


async def test_pausing_goes_back_and_forth(airflow: Airflow) -> None:
    await airflow.set_paused("by_hand", False)
    assert not (await airflow.dag("by_hand")).is_paused
    await airflow.set_paused("by_hand", True)
    assert (await airflow.dag("by_hand")).is_paused


async def test_pausing_a_missing_dag_is_not_found(airflow: Airflow) -> None:
    with pytest.raises(NotFoundError):
        await airflow.set_paused(MISSING, True)


async def test_a_dag_that_never_ran_has_no_runs(airflow: Airflow) -> None:
    assert await airflow.runs("by_period") == ()
    assert await airflow.active_runs("by_period") == ()


async def test_a_run_by_hand_of_a_paused_dag_stays_queued_until_it_is_said_to_be_over(
    airflow: Airflow, side: Side
) -> None:
    run = await airflow.trigger("makes_dataset", run_id="by-contract", conf={"a": 1})
    assert (run.run_type, run.state, run.run_id) == ("manual", "queued", "by-contract")
    assert [each.run_id for each in await airflow.active_runs("makes_dataset")] == ["by-contract"]
    assert (await airflow.active_run_counts())["makes_dataset"] == 1
    with pytest.raises(ConflictError):
        await airflow.trigger("makes_dataset", run_id="by-contract")
    over = await airflow.set_run_state("makes_dataset", "by-contract", "success", note="said by the contract")
    assert over.state == "success"
    seen = await airflow.run("makes_dataset", "by-contract")
    assert seen is not None
    assert (seen.state, seen.note) == ("success", "said by the contract")
    # Tasks that never ran count as successful on 2.11, as skipped on 3.3.
    states = [task.state for task in await airflow.task_instances("makes_dataset", "by-contract")]
    assert states == ["success" if side.is_2 else "skipped"]
    assert await airflow.active_runs("makes_dataset") == ()
    assert "makes_dataset" not in await airflow.active_run_counts()
    assert [each.run_id for each in await airflow.runs("makes_dataset", states=("success",))] == ["by-contract"]
    assert await airflow.runs("makes_dataset", states=("failed",)) == ()


async def test_tasks_are_found_by_when_they_ran(airflow: Airflow) -> None:
    before = datetime.now(UTC) - timedelta(seconds=1)
    await airflow.set_paused("by_hand", False)
    try:
        await airflow.trigger("by_hand", run_id="really")
        for _ in range(1200):
            run = await airflow.run("by_hand", "really")
            if run is not None and run.state == "success":
                break
            await asyncio.sleep(0.05)  # a server has its own time
        after = datetime.now(UTC) + timedelta(seconds=1)
        rows, total = await airflow.ran(before, after)
        mine = sorted((row for row in rows if row.key[1] == "really"), key=lambda row: row.start)
        assert [(row.dag_id, row.key[2]) for row in mine] == [("by_hand", "first"), ("by_hand", "second")]
        assert {(row.queue, row.pool, row.on_worker) for row in mine} == {("default", "default_pool", True)}
        assert all(row.end is not None and before < row.start <= row.end < after for row in mine)
        one, counted = await airflow.ran(before, after, limit=1)
        assert (len(one), counted) == (1, total)
        assert await airflow.ran(before, after, still=True) == ((), 0)
        earlier, _ = await airflow.ran(before - timedelta(hours=1), before)
        assert "really" not in {row.key[1] for row in earlier}
    finally:
        await airflow.set_paused("by_hand", True)
        await airflow.http.answer("DELETE", f"/api/{airflow.api}/dags/by_hand/dagRuns/really")


async def test_two_runs_of_one_logical_date_are_a_conflict(airflow: Airflow) -> None:
    date = datetime(2026, 4, 1, 7, tzinfo=UTC)
    run = await airflow.trigger("in_berlin", run_id="dated", logical_date=date)
    assert run.logical_date == date
    with pytest.raises(ConflictError):
        await airflow.trigger("in_berlin", run_id="dated-too", logical_date=date)
    await airflow.set_run_state("in_berlin", "dated", "failed")
    assert await airflow.active_runs("in_berlin") == ()


async def test_a_manual_run_does_not_move_the_schedule(airflow: Airflow) -> None:
    before = (await airflow.dag("by_cron_catchup")).next_run
    await airflow.trigger("by_cron_catchup", run_id="aside", logical_date=datetime(2026, 6, 1, tzinfo=UTC))
    await airflow.set_run_state("by_cron_catchup", "aside", "success")
    assert (await airflow.dag("by_cron_catchup")).next_run == before


@pytest.mark.parametrize("kind", ["scheduled", "backfill"])
async def test_ids_of_the_scheduler_are_refused_for_a_manual_run(airflow: Airflow, kind: str) -> None:
    with pytest.raises(RequestFailedError) as refused:
        await airflow.trigger("by_cron", run_id=f"{kind}__2026-04-01T02:30:00+00:00",
                              logical_date=datetime(2026, 4, 1, 2, 30, tzinfo=UTC))  # fmt: skip
    assert refused.value.status == 400


async def test_a_run_of_a_missing_dag_is_not_found(airflow: Airflow) -> None:
    with pytest.raises(NotFoundError):
        await airflow.trigger(MISSING)


async def test_a_missing_run_is_none(airflow: Airflow) -> None:
    assert await airflow.run("by_hand", "no_such_run") is None


async def test_a_broken_file_is_told_with_its_reason(airflow: Airflow) -> None:
    (broken,) = await airflow.import_errors()
    assert broken.filename.endswith(BROKEN.file)
    assert "nowhere_to_be_found" in broken.message


async def test_a_broken_file_that_is_tried_again_says_so(airflow: Airflow) -> None:
    (file, first), *more = (await airflow.failed_to_parse()).items()
    assert file.endswith(BROKEN.file)
    assert not more
    until = time.monotonic() + 300
    while (await airflow.failed_to_parse())[file] == first:
        assert time.monotonic() < until, "never tried again"
        await asyncio.sleep(1)


async def test_the_standard_provider_is_listed(airflow: Airflow) -> None:
    assert "apache-airflow-providers-standard" in {each.package for each in await airflow.providers()}


async def test_health_tells_of_database_and_scheduler(airflow: Airflow) -> None:
    health = await airflow.health()
    assert (health["metadatabase"], health["scheduler"]) == ("healthy", "healthy")


async def test_datasets_tie_their_producer_to_their_consumer(airflow_2: Airflow) -> None:
    consumes, produces = await airflow_2.datasets()
    assert (consumes["by_dataset"], produces["makes_dataset"]) == ((DATASET,), (DATASET,))


async def test_the_configuration_is_told_where_it_is_exposed(airflow_2: Airflow) -> None:
    config = await airflow_2.config()
    assert config["core"]["executor"].endswith("Executor")
    assert "fernet_key" not in config["core"]


async def test_airflow_2_has_no_backfills(airflow_2: Airflow) -> None:
    assert await airflow_2.backfills("by_cron") == ()
    with pytest.raises(UnsupportedVersionError):
        await airflow_2.create_backfill("by_cron", datetime(2026, 4, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC))
