"""Executor, worker queues and sizes of the Deployments, held against what the tasks need."""

from __future__ import annotations

from typing import TYPE_CHECKING

from astroferry.advice.rules.rule import Book, Case, Hit, listed
from astroferry.advice.sizing import ORDINARY, long_running, queues_of, tasks_at_once, with_overrides

if TYPE_CHECKING:
    from collections.abc import Iterator

BOOK = Book("executor")
WHERE = "deployments"


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
            f"{len(asking)} DAG(s) give tasks an executor_config, which {listed(others)} would not act on: "
            f"{listed(asking)}.",
            'Set their executor to "KUBERNETES", or give these tasks a queue of larger workers.',
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
    "EXE-size",
    "advise",
    about=WHERE,
    reads=("plan.deployments", "inventory.config.core", "inventory.pools"),
    source="what the source may run at once; our own measure",
    confidence="medium",
)
def fewer_than_today(case: Case) -> Iterator[Hit]:
    """The Deployment runs fewer tasks at once than the source may.

    The source's bound is the least of core.parallelism, the DAGs' max_active_tasks and the slots of their pools.
    Fewer workers cost less, and make busy hours longer.
    """
    most = tasks_at_once(case, [dag for dag in case.inventory.dags if not dag.is_paused])[0]
    for item in case.plan.deployments:
        here = item.worker_max * item.worker_concurrency
        if len(case.plan.workspaces) == 1 and item.executor != "KUBERNETES" and item.role != "test" and here < most:
            yield Hit(
                f"{item.name} runs at most {here:,} tasks at once, the source may run {most:,}.",
                "Raise worker_max or take a larger machine, unless that is meant.",
                item.name,
            )
