"""Executor, workers and scheduler of a Deployment from what its DAGs may run at once, their queues and long runs.

What the source may run at once is read from its limits (parallelism, max_active_tasks, pools), not from its busiest
hour: no API tells that one. A Deployment among several gets its share of it.

The machine table is Astro's (docs of 2024: worker types; live options win where they were read); where a bound is our
own measure, it says so.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import ceil
from typing import TYPE_CHECKING, Literal

from astroferry.advice.risk import runs_per_day
from astroferry.advice.rules.rule import listed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from astroferry.advice.rules.rule import Case
    from astroferry.model.inventory import Dag
    from astroferry.model.plan import Executor

SchedulerSize = Literal["SMALL", "MEDIUM", "LARGE", "EXTRA_LARGE"]
DAY = 86_400
"""seconds that a Celery worker gives its tasks when it is replaced (docs of 2024: executors-overview)"""
MACHINES = {"A5": 5, "A10": 10, "A20": 20, "A40": 40, "A60": 60, "A120": 120, "A160": 160}
"""worker machine -> tasks at once by default"""
WORKERS = 10
"""workers of one queue that are still easy to start together; our own measure"""
SCHEDULERS: tuple[tuple[int, SchedulerSize], ...] = ((100, "SMALL"), (500, "MEDIUM"), (2_000, "LARGE"))
"""DAGs up to which a scheduler of that size is proposed; our own measure, beyond it EXTRA_LARGE"""
HEADROOM = 2
"""times its share of the runs that a Deployment gets of what the source may run at once: its busy hour is not that of
the others; our own measure"""
TEST_SHARE = 4
"""part of the workers of production that one for tests gets: a quarter; our own measure"""
AT_ONCE = 16
"""max_active_tasks of a DAG that sets none (Airflow's default)"""
PARALLELISM = 32
"""core.parallelism where the source does not tell (Airflow's default)"""
ORDINARY = frozenset({"default", "default_queue", "celery", ""})
"""queues that stand for the default one"""


@dataclass(frozen=True, slots=True)
class Workers:
    """A queue as proposed: machine, most workers, tasks at once on each."""

    machine: str
    most: int
    at_once: int


@dataclass(frozen=True, slots=True)
class Sizing:
    """What a Deployment needs; `evidence` says from what, one line each."""

    executor: Executor
    workers: Workers
    scheduler: SchedulerSize
    queues: dict[str, Workers] = field(default_factory=dict)
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Whole:
    """All active DAGs of the source: the tasks that may run at once, and the runs that are made a day."""

    tasks: int
    runs: float


def whole_of(case: Case) -> Whole:
    """What Deployments share."""
    active = [dag for dag in case.inventory.dags if not dag.is_paused]
    return Whole(tasks_at_once(case, active)[0], runs_of(active))


def runs_of(dags: Iterable[Dag]) -> float:
    """Runs a day; a DAG that time does not start counts as one a day, since what starts it is not known here."""
    return sum(runs_per_day(dag.schedule) or 1.0 for dag in dags)


def sizing(case: Case, dags: Sequence[Dag], whole: Whole | None = None) -> Sizing:
    """A Deployment for these DAGs; paused ones count for the scheduler, which parses them, not for the workers.

    `whole`: that of the source, where several Deployments are sized; else it is counted.
    """
    active = [dag for dag in dags if not dag.is_paused]
    chosen, why = executor(case, dags)
    source = whole or whole_of(case)
    demand, bounds = _share(case, active, source)
    queues = {
        name: workers(case, _share(case, [dag for dag in active if name in dag.queues], source)[0])
        for name in queues_of(dags)
    }
    size: SchedulerSize = next((name for most, name in SCHEDULERS if len(dags) <= most), "EXTRA_LARGE")
    return Sizing(chosen, workers(case, demand), size, queues, (*why, *bounds))


def _share(case: Case, active: Sequence[Dag], whole: Whole) -> tuple[int, tuple[str, ...]]:
    """What these DAGs may run at once by their own bounds, and by their share of what the source may run."""
    most, bounds = tasks_at_once(case, active)
    share = min(1.0, HEADROOM * runs_of(active) / whole.runs) if whole.runs else 1.0
    by_share = max(1, ceil(whole.tasks * share))
    if by_share < most:
        return by_share, (*bounds, f"by twice their share of the source's runs: {by_share:,}")
    return most, bounds


def executor(case: Case, dags: Sequence[Dag]) -> tuple[Executor, tuple[str, ...]]:
    """The executor, and what was seen that asks for it."""
    if case.plan.decisions.execution == "remote":
        return "ASTRO", ("Remote execution runs with the Astro executor only.",)
    overriding, long = with_overrides(dags), long_running(dags)
    why = []
    if overriding:
        gives = "DAG gives" if len(overriding) == 1 else "DAGs give"
        why.append(f"{len(overriding):,} {gives} tasks an executor_config: {listed(overriding)}.")
    if long:
        why.append(f"Runs of {listed(long)} took more than a day.")
    if why:
        return "KUBERNETES", (*why, "Only the Kubernetes executor gives each task a pod of its own.")
    if case.plan.decisions.airflow == "3":
        return "ASTRO", ("The Astro executor is the default with Airflow 3.",)
    return "CELERY", ("The Celery executor is the default with Airflow 2.",)


def with_overrides(dags: Sequence[Dag]) -> list[str]:
    """DAGs whose code gives tasks an executor_config."""
    return [dag.dag_id for dag in dags if dag.pod_overrides]


def long_running(dags: Sequence[Dag]) -> list[str]:
    """DAGs whose last run took more than a day: an upper bound of each of its tasks."""
    return [dag.dag_id for dag in dags if _seconds(dag) > DAY]


def queues_of(dags: Sequence[Dag]) -> tuple[str, ...]:
    """The queues that tasks name, beside the default one."""
    return tuple(sorted({queue for dag in dags for queue in dag.queues} - ORDINARY))


def tasks_at_once(case: Case, active: Sequence[Dag]) -> tuple[int, tuple[str, ...]]:
    """How many tasks may run at the same time on the source: the least of three bounds, each told."""
    bounds = list(_bounds(case, active))
    least = min(count for count, _ in bounds)
    return max(1, least), tuple(f"{text}: {count:,}" for count, text in bounds)


def _bounds(case: Case, active: Sequence[Dag]) -> Iterator[tuple[int, str]]:
    told = case.inventory.config.get("core", {}).get("parallelism", "")
    limit = int(told) if told.isdigit() and int(told) else PARALLELISM
    yield limit, "tasks at once by core.parallelism" + ("" if told else " (Airflow's default)")
    yield sum(dag.max_active_tasks or AT_ONCE for dag in active), "by max_active_tasks of active DAGs"
    used = {pool for dag in active for pool in dag.pools}
    slots = [pool.slots for pool in case.inventory.pools if pool.name in used]
    if slots and all(count > 0 for count in slots):
        yield sum(slots), "by slots of the pools in use"


def workers(case: Case, demand: int) -> Workers:
    """The smallest machine of which ten or fewer carry that many tasks; more of the largest beyond."""
    options = case.facts.options.worker_machines if case.facts is not None else ()
    live = {item.name: item.concurrency for item in options if item.concurrency}
    machines = sorted((live or MACHINES).items(), key=lambda item: item[1] or 0)
    name, at_once = next(
        ((name, count) for name, count in machines if ceil(demand / (count or 1)) <= WORKERS), machines[-1]
    )
    return Workers(name, max(1, ceil(demand / (at_once or 1))), at_once or 1)


def _seconds(dag: Dag) -> float:
    run = dag.last_run
    if run is None or run.start_date is None or run.end_date is None:
        return 0.0
    return (run.end_date - run.start_date).total_seconds()
