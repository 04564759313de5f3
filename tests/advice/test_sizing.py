"""Executor, workers and scheduler from what the source runs."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tests.advice.rules.rulecase import CRON, NOW, case, facts, source

from astroferry.advice.sizing import Workers, executor, sizing, tasks_at_once, workers
from astroferry.model.inventory import Dag, Pool, Run, Schedule
from astroferry.model.organization import Machine


def dag(**changes: Any) -> Dag:
    return replace(Dag("a", CRON, is_paused=False), **changes)


HOURLY = Schedule("cron", "@hourly")


def parallel(number: int | str) -> Any:
    return source(config={"core": {"parallelism": str(number)}})


def test_the_least_bound_counts_and_all_are_told() -> None:
    pools = source(pools=(Pool("default_pool", 128), Pool("db", 3)), config={"core": {"parallelism": "64"}})
    using = [dag(pools=("db",)), dag(pools=("db",), max_active_tasks=4)]
    assert tasks_at_once(case(inventory=pools), using) == (
        3,
        (
            "tasks at once by core.parallelism: 64",
            "by max_active_tasks of active DAGs: 20",
            "by slots of the pools in use: 3",
        ),
    )
    assert tasks_at_once(case(), [dag(max_active_tasks=500)])[0] == 32
    assert tasks_at_once(case(), [])[0] == 1
    assert tasks_at_once(case(inventory=parallel("0")), [dag(max_active_tasks=500)])[0] == 32
    unlimited = replace(pools, pools=(Pool("db", -1),))
    assert tasks_at_once(case(inventory=unlimited), using)[0] == 20


@pytest.mark.parametrize(
    ("demand", "expected"),
    [
        (1, Workers("A5", 1, 5)),
        (50, Workers("A5", 10, 5)),
        (51, Workers("A10", 6, 10)),
        (600, Workers("A60", 10, 60)),
        (16_000, Workers("A160", 100, 160)),
    ],
)
def test_the_smallest_machine_of_which_ten_carry_it(demand: int, expected: Workers) -> None:
    assert workers(case(), demand) == expected


def test_live_machines_win() -> None:
    live = facts()
    live = replace(live, options=replace(live.options, worker_machines=(Machine("B8", concurrency=8),)))
    assert workers(case(facts=live), 20) == Workers("B8", 3, 8)


def test_the_executor_follows_the_tasks() -> None:
    long = dag(last_run=Run("r", "scheduled", "success", start_date=NOW, end_date=NOW + timedelta(hours=30)))
    assert executor(case(), [dag()])[0] == "ASTRO"
    assert executor(case(airflow="2"), [dag()])[0] == "CELERY"
    assert executor(case(), [dag(pod_overrides=True)])[0] == "KUBERNETES"
    assert executor(case(), [long])[0] == "KUBERNETES"
    assert executor(case(execution="remote"), [long])[0] == "ASTRO"


def test_a_deployment_among_several_gets_twice_its_share() -> None:
    dags = tuple(dag(dag_id=f"d{number}", schedule=HOURLY if number < 20 else CRON) for number in range(40))
    made = case(inventory=replace(parallel(64), dags=dags))
    # 20 x 24 of 500 runs a day: more than half of them.
    assert sizing(made, dags[:20]).workers == sizing(made, dags).workers == Workers("A10", 7, 10)
    assert sizing(made, dags[20:]).workers == Workers("A5", 2, 5)
    assert sizing(made, dags[20:]).evidence[-1] == "by twice their share of the source's runs: 6"
    assert sizing(made, [replace(item, is_paused=True) for item in dags]).workers.most == 1


@pytest.mark.parametrize(("count", "size"), [(1, "SMALL"), (101, "MEDIUM"), (501, "LARGE"), (2_001, "EXTRA_LARGE")])
def test_the_scheduler_follows_the_number_of_dags(count: int, size: str) -> None:
    assert sizing(case(), [dag()] * count).scheduler == size


def test_each_queue_has_its_own_workers() -> None:
    dags = (dag(queues=("default", "heavy"), max_active_tasks=30), dag())
    found = sizing(case(inventory=replace(parallel(100), dags=dags)), dags)
    assert found.queues == {"heavy": Workers("A5", 6, 5)}
    assert found.workers == Workers("A5", 10, 5)
