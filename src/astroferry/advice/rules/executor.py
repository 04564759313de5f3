"""Executor, worker queues and sizes of the Deployments, held against what the tasks need."""

from __future__ import annotations

from typing import TYPE_CHECKING

from astroferry.advice.cost import amount
from astroferry.advice.rules.rule import Book, Case, Hit, listed
from astroferry.advice.sizing import (
    HEADROOM,
    ORDINARY,
    by_workspace,
    long_running,
    queues_of,
    seen_at_once,
    tasks_at_once,
    with_overrides,
)
from astroferry.model.prices import HOURS_A_MONTH
from astroferry.model.words import several

if TYPE_CHECKING:
    from collections.abc import Iterator

    from astroferry.model.plan import Deployment

BOOK = Book("executor")
WHERE = "deployments"
FEW = 5
"""Deployments for tests up to which nobody asks what they cost; our own measure"""
_FAR = 2 * HEADROOM
"""times what the source may run at once: twice what is proposed at most, whole workers aside"""


@BOOK.rule(
    "EXE-004",
    "refuse",
    about=WHERE,
    reads=("plan.decisions.execution", "plan.deployments"),
    source="Astro API: remote execution takes the Astro executor only",
)
def needs_the_astro_executor(case: Case) -> Iterator[Hit]:
    """Remote execution runs with the Astro executor only.

    Celery and Kubernetes executors run tasks on Astro's side. Set the executor of these Deployments to ASTRO.
    """
    others = [item.name for item in case.plan.deployments if item.executor != "ASTRO"]
    if case.plan.decisions.execution == "remote" and others:
        yield Hit(
            f"Remote execution runs with the Astro executor only; {listed(others)} have another.",
            'Set their executor to "ASTRO".',
            listed(others),
        )


@BOOK.rule(
    "EXE-005",
    "refuse",
    about=WHERE,
    reads=("plan.deployments", "plan.decisions.airflow"),
    source="Astro CLI 1.45: IsValidExecutor",
)
def astro_executor_needs_airflow_3(case: Case) -> Iterator[Hit]:
    """The Astro executor needs Airflow 3.

    It is built on the task execution API, which Airflow 2 does not have. Use CELERY or KUBERNETES there.
    """
    wrong = [item.name for item in case.plan.deployments if item.executor == "ASTRO"]
    if case.plan.decisions.airflow != "3" and wrong:
        yield Hit(f"The Astro executor needs Airflow 3; {listed(wrong)} have it.", 'Set their executor to "CELERY".')


@BOOK.rule(
    "EXE-022",
    "warn",
    about=WHERE,
    reads=("plan.deployments", "inventory.dags.pod_overrides"),
    source="docs of 2024: executors-overview",
    confidence="medium",
)
def overrides_need_kubernetes(case: Case) -> Iterator[Hit]:
    """pod_override acts with the Kubernetes executor only.

    Other executors run tasks on shared workers and leave executor_config aside: a task that asked for more memory
    gets the worker's. Use KUBERNETES, a worker queue of larger machines, or KubernetesPodOperator.
    """
    asking = with_overrides(case.inventory.dags)
    others = [item.name for item in case.plan.deployments if item.executor != "KUBERNETES"]
    if asking and others:
        yield Hit(
            f"Tasks of {several(len(asking), 'DAG')} have an executor_config ({listed(asking)}), on which "
            f"{listed(others)} would not act.",
            'Set their executor to "KUBERNETES", or give these tasks a queue of larger workers.',
            dags=tuple(asking),
        )


@BOOK.rule(
    "HAZ-012",
    "warn",
    about=WHERE,
    reads=("plan.deployments", "inventory.dags.last_run"),
    source="docs of 2024: executors-overview",
    confidence="medium",
)
def longer_than_a_day(case: Case) -> Iterator[Hit]:
    """Workers give their tasks a day when they are replaced.

    A code deploy replaces Celery workers; a task that needs more than 24 hours then is killed. Known is how long the
    last run took, which is an upper bound for its tasks. Use the Kubernetes executor, deferrable operators, or
    shorter tasks.
    """
    long = long_running(case.inventory.dags)
    others = [item.name for item in case.plan.deployments if item.executor != "KUBERNETES"]
    if long and others and case.plan.decisions.execution == "hosted":
        yield Hit(
            f"The last run of {listed(long)} took more than a day; {listed(others)} would cut them at a deploy.",
            'Set their executor to "KUBERNETES", or divide these tasks.',
            dags=tuple(long),
        )


@BOOK.rule(
    "HAZ-006",
    "warn",
    about=WHERE,
    reads=("plan.deployments", "inventory.dags.queues"),
    source="docs of 2024: configure-worker-queues",
    confidence="medium",
)
def queue_is_not_there(case: Case) -> Iterator[Hit]:
    """Tasks name a queue that no Deployment has.

    Such tasks stay queued for ever. Add the queue to `worker_queues` of the Deployment, or change the code. The
    Kubernetes executor has no queues and leaves the name aside.
    """
    wanted = queues_of(case.inventory.dags)
    if not wanted or case.plan.decisions.execution == "remote":
        return
    for item in case.plan.deployments:
        there = {queue.name for queue in item.worker_queues} | ORDINARY
        lacking = [queue for queue in wanted if queue not in there]
        # With several Workspaces a Deployment need not have the queues of all.
        if item.executor != "KUBERNETES" and lacking and len(case.plan.workspaces) == 1:
            yield Hit(
                f"Tasks name the queue {listed(lacking)}, which {item.name} does not have: they would never start.",
                "Add it to worker_queues of the Deployment.",
                item.name,
            )


@BOOK.rule(
    "EXE-queue",
    "advise",
    about=WHERE,
    reads=("plan.deployments", "inventory.dags.queues"),
    source="docs of 2024: executors-overview; the Kubernetes executor has no queues",
    confidence="medium",
)
def queue_means_nothing(case: Case) -> Iterator[Hit]:
    """The Kubernetes executor leaves queues aside.

    A task that names a queue gets a pod like every other. Where the queue stood for larger machines, a GPU or another
    network, that has to be said by resources or a pod_override of the task, and Astro has to offer it.
    """
    pods = [item.name for item in case.plan.deployments if item.executor == "KUBERNETES" and item.role != "test"]
    wanted = set(queues_of(case.inventory.dags))
    naming = tuple(dag.dag_id for dag in case.inventory.dags if wanted.intersection(dag.queues))
    if pods and naming and case.plan.decisions.execution == "hosted":
        yield Hit(
            f"Tasks of {listed(naming, 3)} name the queue {listed(sorted(wanted))}, which {listed(pods, 3)} would "
            "leave aside: the Kubernetes executor has none.",
            "Find out what the queue stood for, and say it by resources or a pod_override of these tasks.",
            evidence=naming,
        )


@BOOK.rule(
    "EXE-size",
    "advise",
    about=WHERE,
    reads=(
        "plan.deployments",
        "plan.decisions.execution",
        "inventory.activity",
        "inventory.config.core",
        "inventory.pools",
    ),
    source="what ran at once on the source's last day, else what it may run at once; our own measure",
    confidence="medium",
)
def fewer_than_today(case: Case) -> Iterator[Hit]:
    """The Deployment runs fewer tasks at once than the source.

    Held against it is the busiest moment that its DAGs were seen to have in the source's last 24 hours. Where none
    was, the source's bound: the least of core.parallelism, the DAGs' max_active_tasks and the slots of their pools.
    Fewer workers cost less, and make busy hours longer.
    """
    most = tasks_at_once(case, [dag for dag in case.inventory.dags if not dag.is_paused])[0]
    divided = by_workspace(case)
    for item in case.plan.deployments:
        if item.executor == "KUBERNETES" or item.role == "test" or case.plan.decisions.execution == "remote":
            continue
        here = _at_once(item)
        peak = seen_at_once(case, divided.get(item.workspace, ()))
        if peak is not None and here < peak.count:
            yield Hit(
                f"{item.name} runs at most {several(here, 'task')} at once; of its DAGs {peak.count:,} ran at once "
                f"at {peak.at:%H:%M} UTC on {peak.at:%Y-%m-%d}.",
                "Raise worker_max or take a larger machine.",
                item.name,
            )
        elif peak is None and len(case.plan.workspaces) == 1 and here < most:
            yield Hit(
                f"{item.name} runs at most {several(here, 'task')} at once, the source may run {most:,}.",
                "Raise worker_max or take a larger machine, unless that is meant.",
                item.name,
            )


def _at_once(item: Deployment) -> int:
    """Tasks that all workers of a Deployment together run at once."""
    queues = sum(queue.worker_max * queue.worker_concurrency for queue in item.worker_queues)
    return item.worker_max * item.worker_concurrency + queues


@BOOK.rule(
    "EXE-more",
    "advise",
    about=WHERE,
    reads=("plan.deployments", "plan.decisions.execution", "inventory.config.core", "inventory.pools"),
    source="what the source may run at once; our own measure",
    confidence="medium",
)
def far_more_than_today(case: Case) -> Iterator[Hit]:
    """The Deployments together may run far more tasks at once than the source.

    The source's bound is the least of core.parallelism, the DAGs' max_active_tasks and the slots of their pools.
    Workers come and go with the tasks, so a high bound costs only while it is used: but a backfill or a burst uses
    it, and what tasks call (databases, APIs) may not bear it.
    """
    most = tasks_at_once(case, [dag for dag in case.inventory.dags if not dag.is_paused])[0]
    hosted = case.plan.decisions.execution == "hosted"
    counted = [item for item in case.plan.deployments if item.executor != "KUBERNETES" and item.role != "test"]
    here = sum(_at_once(item) for item in counted)
    a_worker_each = sum(item.worker_concurrency for item in counted)
    if hosted and here > _FAR * most + a_worker_each:
        largest = max(counted, key=lambda item: item.worker_max * item.worker_concurrency)
        yield Hit(
            f"Workers of {several(len(counted), 'Deployment')} may run {here:,} tasks at once, the source {most:,}.",
            f"Lower worker_max, beginning with {largest.name}, where that many are not wanted.",
            largest.name,
            evidence=tuple(f"{item.name}: {item.worker_max * item.worker_concurrency:,}" for item in counted),
        )


@BOOK.rule(
    "DEP-tests",
    "advise",
    about=WHERE,
    reads=("plan.deployments", "plan.prices"),
    source="migration guide, Phases 2 and 5: Workspaces control access, each batch is tested on a Deployment for it",
    confidence="medium",
)
def a_test_deployment_each(case: Case) -> Iterator[Hit]:
    """Many Workspaces have a Deployment for tests of their own.

    The guide tests each batch on a development Deployment and divides access by Workspace; both together mean a
    second one in each, which is what is proposed: a shared one holds the connections of all teams, and whoever may
    see it may use them. It costs: a Deployment is billed for as long as it exists, in development mode less while it
    hibernates. Where one team tests for all, one will do: keep a single Deployment with the role "test" and name it
    in `test` of every wave; waves that are proposed anew take it by themselves. Each may also be deleted after its
    last cutover.
    """
    plan = case.plan
    tests = [item for item in plan.deployments if item.role == "test"]
    if len(tests) <= FEW:
        return
    hourly = [plan.prices.deployment_hour.get(item.scheduler_size) for item in tests]
    known = sum(price for price in hourly if price is not None) * HOURS_A_MONTH
    price = f", at most {amount(known, plan.prices.currency)} a month" if known else ""
    idle = sum(item.development_mode for item in tests)
    yield Hit(
        f"{several(len(plan.deployments), 'Deployment')}, {len(tests):,} of them for tests: each is billed for as "
        f"long as it exists{price}; {idle:,} are in development mode and cost less while they hibernate.",
        "Keep one per Workspace where teams must not see each other's connections; else leave one with the role "
        '"test" for all, and name it in `test` of every wave.',
        evidence=tuple(item.name for item in tests),
    )
