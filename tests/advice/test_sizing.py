"""Executor, workers and scheduler from what the source runs."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tests.advice.rules.rulecase import CRON, NOW, case, facts, source

from astroferry.advice.sizing import (
    NONE_RAN,
    NOT_READ,
    Workers,
    against_limits,
    executor,
    sizing,
    tasks_at_once,
    workers,
)
from astroferry.model.activity import Activity, Ran
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
            "core.parallelism 64",
            "max_active_tasks of active DAGs 20",
            "slots of the pools in use 3",
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
    told = sizing(made, dags[20:]).evidence
    assert told[0] == f"{NOT_READ}: sized by the limits."
    assert told[1].endswith(", twice their share of the source's runs 6.")
    assert sizing(made, [replace(item, is_paused=True) for item in dags]).workers.most == 1


@pytest.mark.parametrize(("count", "size"), [(1, "SMALL"), (101, "MEDIUM"), (501, "LARGE"), (2_001, "EXTRA_LARGE")])
def test_the_scheduler_follows_the_number_of_dags(count: int, size: str) -> None:
    assert sizing(case(), [dag()] * count).scheduler == size


def test_each_queue_has_its_own_workers() -> None:
    dags = (dag(queues=("default", "heavy"), max_active_tasks=30), dag())
    found = sizing(case(inventory=replace(parallel(100), dags=dags)), dags)
    assert found.queues == {"heavy": Workers("A5", 6, 5)}
    assert found.workers == Workers("A5", 10, 5)


def ran(dag_id: str, count: int, queue: str = "default", at: int = 0) -> Ran:
    """So many tasks for a minute, side by side."""
    return Ran(dag_id, queue, "default_pool", ((at, at + 60_000),) * count)


def busy(*tasks: Ran, whole: bool = True, limit: int = 64) -> Any:
    """The source with 40 DAGs, of which these tasks were seen to run."""
    dags = tuple(dag(dag_id=f"d{number}", schedule=HOURLY if number < 20 else CRON) for number in range(40))
    since = NOW - timedelta(hours=24 if whole else 1)
    seen = Activity(since, NOW, 90, 90, 90 if whole else 5_000, tasks)
    return case(inventory=replace(parallel(limit), dags=dags, activity=seen))


def test_what_ran_at_once_counts_and_each_has_its_own_busiest_moment() -> None:
    made = busy(ran("d0", 9), ran("d30", 7, at=3_600_000))
    dags = made.inventory.dags
    one, other = sizing(made, dags[:20]), sizing(made, dags[20:])
    assert (one.workers, other.workers) == (Workers("A5", 4, 5), Workers("A5", 3, 5)), "twice 9, twice 7"
    assert other.evidence[0] == (
        "7 tasks ran at once at 01:00 UTC on 2026-11-21 (seen: 90 task instances of the last 24 hours)."
    )
    assert against_limits(made).startswith("9 tasks ran at once at 00:00 UTC on 2026-11-21 (seen: 90 ")
    assert against_limits(made).endswith("; the source's limits let 64 tasks run.")


def test_the_limits_bound_it_and_what_ran_is_never_too_much() -> None:
    assert sizing(busy(ran("d0", 9), limit=10), busy().inventory.dags).workers == Workers("A5", 2, 5)
    # More ran than the limits say, as with a task that draws from no pool: what was seen is true.
    assert sizing(busy(ran("d0", 30), limit=10), busy().inventory.dags).workers == Workers("A5", 6, 5)


def test_where_nothing_was_seen_the_limits_are_told() -> None:
    made = busy(ran("d0", 9))
    told = sizing(made, made.inventory.dags[20:]).evidence
    assert told[0] == f"{NONE_RAN}: sized by the limits."
    assert told[1].endswith(", twice their share of the source's runs 6.")
    assert against_limits(busy()).startswith(f"{NONE_RAN}; limits of the source: ")
    assert against_limits(case()).startswith(f"{NOT_READ}; limits of the source: ")


def test_a_part_of_the_day_only_raises_what_the_limits_give() -> None:
    made = busy(ran("d0", 1), ran("d30", 9), whole=False)
    dags = made.inventory.dags
    unseen = case(inventory=replace(made.inventory, activity=None))
    # Its own busiest moment may lie elsewhere.
    assert sizing(made, dags[:20]).workers == sizing(unseen, dags[:20]).workers
    assert sizing(made, dags[20:]).workers == Workers("A5", 4, 5)
    assert sizing(made, dags[20:]).evidence[0] == (
        "9 tasks ran at once at 23:00 UTC on 2026-11-21 "
        "(seen: 90 of 90 from 23:00 to 00:00; 5,000 task instances in 24 hours)."
    )


def test_a_queue_has_what_ran_in_it_and_the_default_the_rest() -> None:
    made = busy(ran("d0", 8, "heavy"), ran("d0", 2), ran("d1", 1))
    dags = [replace(item, queues=("default", "heavy") if item.dag_id == "d0" else ()) for item in made.inventory.dags]
    found = sizing(made, dags)
    assert (found.queues, found.workers) == ({"heavy": Workers("A5", 4, 5)}, Workers("A5", 2, 5))
    pods = [replace(item, pod_overrides=True) for item in dags]
    assert (sizing(made, pods).queues, sizing(made, pods).executor) == ({}, "KUBERNETES")
    assert sizing(made, pods).evidence[0].startswith("11 tasks ran at once")
