"""Executor, workers and scheduler of a Deployment from what its DAGs ran at once, their queues and long runs.

What ran at once is read from the task instances of the source's last day: each Deployment has a busiest moment of its
own. A day is not a month's end, so it gets twice that, as far as the source's limits (parallelism, max_active_tasks,
pools) would let it. Where nothing was seen it is sized by those limits, among several Deployments by its share.

The machine table is Astro's (docs of 2024: worker types; live options win where they were read); where a bound is our
own measure, it says so.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from math import ceil
from operator import eq
from typing import TYPE_CHECKING, Literal

from astroferry.advice.assignment import assigned
from astroferry.advice.risk import runs_per_day
from astroferry.advice.rules.rule import listed
from astroferry.model.words import several

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from astroferry.advice.rules.rule import Case
    from astroferry.model.activity import Activity, Peak
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
"""times what it was seen to run at once that a Deployment gets; where nothing was seen, times its share (by runs) of
what the source may run at once, since its busy hour is not that of the others; our own measure"""
TEST_SHARE = 4
"""part of the workers of production that one for tests gets: a quarter; our own measure"""
AT_ONCE = 16
"""max_active_tasks of a DAG that sets none (Airflow's default)"""
PARALLELISM = 32
"""core.parallelism where the source does not tell (Airflow's default)"""
NOT_READ = "Which tasks ran at once was not read"
NONE_RAN = "No task was seen to run in the last 24 hours"
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
    chosen, why = executor(case, dags)
    source = whole or whole_of(case)
    # The Kubernetes executor has no queues: what names one gets a pod as well.
    named = () if chosen == "KUBERNETES" else queues_of(dags)
    demand, seen = _demand(case, dags, source, lambda queue: queue not in named)
    queues = {}
    for name in named:
        using = [dag for dag in dags if name in dag.queues]
        wanted, _ = _demand(case, using, source, partial(eq, name))
        queues[name] = workers(case, wanted)
    size: SchedulerSize = next((name for most, name in SCHEDULERS if len(dags) <= most), "EXTRA_LARGE")
    return Sizing(chosen, workers(case, demand), size, queues, (*seen, *why))


def _demand(
    case: Case, dags: Sequence[Dag], whole: Whole, in_queue: Callable[[str], bool]
) -> tuple[int, tuple[str, ...]]:
    """How many tasks of these DAGs the workers should run at once, and from what that follows."""
    active = [dag for dag in dags if not dag.is_paused]
    most, bounds = tasks_at_once(case, active)
    share = min(1.0, HEADROOM * runs_of(active) / whole.runs) if whole.runs else 1.0
    by_share = max(1, ceil(whole.tasks * share))
    if by_share < most:
        bounds = (*bounds, f"twice their share of the source's runs {by_share:,}")
    seen = case.inventory.activity
    peak = seen.peak({dag.dag_id for dag in dags}, in_queue) if seen else None
    limits = f"Limits of the source: {', '.join(bounds)}."
    if seen is None or peak is None:
        return min(by_share, most), (f"{NOT_READ if seen is None else NONE_RAN}: sized by the limits.", limits)
    wanted = min(HEADROOM * peak.count, most)
    # Where only a part of the day was seen, their own busiest moment may lie elsewhere.
    wanted = max(peak.count, wanted if seen.is_whole_day else max(wanted, min(by_share, most)))
    return wanted, (f"{in_words(peak, seen)}.", limits)


def seen_at_once(case: Case, dags: Iterable[Dag]) -> Peak | None:
    """The busiest moment of these DAGs; None where it was not read, or none of them ran in what was."""
    seen = case.inventory.activity
    return seen.peak({dag.dag_id for dag in dags}) if seen else None


def by_workspace(case: Case) -> dict[str, list[Dag]]:
    """Workspace -> the DAGs whose Deployments it holds; all, where there is one."""
    plan = case.plan
    if len(plan.workspaces) == 1:
        return {plan.workspaces[0].name: list(case.inventory.dags)}
    where = assigned(plan, case.inventory)
    found: dict[str, list[Dag]] = {item.name: [] for item in plan.workspaces}
    for dag in case.inventory.dags:
        if dag.dag_id in where:
            found[where[dag.dag_id]].append(dag)
    return found


def against_limits(case: Case) -> str:
    """What ran at once on the whole source, or that nobody knows, against what its limits let run."""
    most, bounds = tasks_at_once(case, [dag for dag in case.inventory.dags if not dag.is_paused])
    seen, peak = case.inventory.activity, seen_at_once(case, case.inventory.dags)
    if seen is None or peak is None:
        return f"{NOT_READ if seen is None else NONE_RAN}; limits of the source: {', '.join(bounds)}."
    return f"{in_words(peak, seen)}; the source's limits let {several(most, 'task')} run."


def in_words(peak: Peak, seen: Activity) -> str:
    """As evidence: `12 tasks ran at once at 03:10 UTC on 2026-11-25`, and among how many that was seen."""
    ran = f"{several(peak.count, 'task')} ran at once at {peak.at:%H:%M} UTC on {peak.at:%Y-%m-%d}"
    if seen.is_whole_day:
        return f"{ran} (seen: {several(seen.read, 'task instance')} of the last 24 hours)"
    part = "at that moment" if seen.is_moment else f"from {seen.since:%H:%M} to {seen.until:%H:%M}"
    return f"{ran} (seen: {seen.read:,} of {seen.total:,} {part}; {several(seen.day, 'task instance')} in 24 hours)"


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
    return max(1, least), tuple(f"{text} {count:,}" for count, text in bounds)


def _bounds(case: Case, active: Sequence[Dag]) -> Iterator[tuple[int, str]]:
    told = case.inventory.config.get("core", {}).get("parallelism", "")
    limit = int(told) if told.isdigit() and int(told) else PARALLELISM
    yield limit, "core.parallelism" + ("" if told else " (Airflow's default)")
    yield sum(dag.max_active_tasks or AT_ONCE for dag in active), "max_active_tasks of active DAGs"
    used = {pool for dag in active for pool in dag.pools}
    slots = [pool.slots for pool in case.inventory.pools if pool.name in used]
    if slots and all(count > 0 for count in slots):
        yield sum(slots), "slots of the pools in use"


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
