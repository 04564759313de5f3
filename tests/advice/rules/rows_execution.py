"""Cases of the rules in advice/rules/execution.py and advice/rules/executor.py."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from tests.advice.rules.rulecase import CRON, NOW, PLAN, case, facts, no, source, yes

from astroferry.model.activity import DAY, Activity, Ran
from astroferry.model.inventory import Dag, Run
from astroferry.model.plan import Deployment, Plan, WorkerQueue, Workspace


def dag(**changes: Any) -> Dag:
    return replace(Dag("a", CRON, is_paused=False), **changes)


def executor(name: Any, **changes: Any) -> Plan:
    return replace(PLAN, deployments=(replace(PLAN.deployments[0], executor=name, **changes),))


REMOTE: dict[str, Any] = {"execution": "remote"}
PODS = source(dags=(dag(pod_overrides=True),))
LONG = source(
    dags=(dag(last_run=Run("r", "scheduled", "success", start_date=NOW, end_date=NOW + timedelta(hours=25))),)
)
SHORT = source(
    dags=(dag(last_run=Run("r", "scheduled", "success", start_date=NOW, end_date=NOW + timedelta(hours=23))),)
)
HEAVY = source(dags=(dag(queues=("default", "heavy")),))
WITH_QUEUE = executor("ASTRO", worker_queues=(WorkerQueue("heavy"),))
IN_PODS = replace(PLAN, deployments=(replace(PLAN.deployments[1], executor="KUBERNETES"),))
MANY_WORKERS = replace(
    PLAN,
    deployments=(
        Deployment("a", "w", executor="ASTRO", worker_max=40),
        Deployment("b", "w", executor="ASTRO", worker_max=20),
        Deployment("c", "w", "test", executor="ASTRO", worker_max=90),
        Deployment("d", "w", executor="KUBERNETES", worker_max=90),
    ),
)
TWO_WORKSPACES = replace(WITH_QUEUE, deployments=PLAN.deployments, workspaces=(Workspace("w"), Workspace("v")))
BUSY = source(dags=(dag(max_active_tasks=100),), config={"core": {"parallelism": "80"}})
SEEN = source(activity=Activity(NOW - DAY, NOW, 60, 60, 60, (Ran("a", "default", "default_pool", ((0, 9),) * 60),)))

ROWS = (
    yes("EXE-003", case(airflow="2", runtime="13.11.0", **REMOTE)),
    no("EXE-003", case(**REMOTE)),
    no("EXE-003", case(airflow="2", runtime="13.11.0")),
    yes("EXE-001", case(facts=facts("TEAM"), **REMOTE), "(TEAM)"),
    no("EXE-001", case(facts=facts("ENTERPRISE"), **REMOTE)),
    no("EXE-001", case(facts=facts("BUSINESS"), **REMOTE)),
    no("EXE-001", case(**REMOTE)),
    yes("EXE-002", case(facts=facts("BUSINESS_V2"), **REMOTE), "newer documents from Enterprise on"),
    no("EXE-002", case(facts=facts("ENTERPRISE"), **REMOTE)),
    no("EXE-002", case(facts=facts("BUSINESS"))),
    yes("EXE-006", case(**REMOTE)),
    no("EXE-006", case(cluster="dedicated", **REMOTE)),
    no("EXE-006", case()),
    yes("EXE-009", case(**REMOTE)),
    no("EXE-009", case()),
    yes("EXE-010", case(**REMOTE), "Kubernetes 1.30"),
    no("EXE-010", case()),
    yes("EXE-017", case(cloud="GCP", **REMOTE)),
    no("EXE-017", case(**REMOTE)),
    yes("EXE-004", case(executor("CELERY"), **REMOTE), "test"),
    no("EXE-004", case(executor("CELERY"))),
    no("EXE-004", case(**REMOTE)),
    yes("EXE-005", case(airflow="2", runtime="13.11.0"), "test, prod"),
    no("EXE-005", case()),
    no("EXE-005", case(executor("CELERY"), airflow="2", runtime="13.11.0")),
    yes("EXE-022", case(inventory=PODS), "(a)"),
    no("EXE-022", case(executor("KUBERNETES"), PODS)),
    no("EXE-022", case()),
    yes("HAZ-012", case(inventory=LONG), "of a took"),
    no("HAZ-012", case(inventory=SHORT)),
    no("HAZ-012", case(executor("KUBERNETES"), LONG)),
    no("HAZ-012", case(inventory=LONG, **REMOTE)),
    yes("HAZ-006", case(inventory=HEAVY), "the queue heavy, which test"),
    no("HAZ-006", case(WITH_QUEUE, HEAVY)),
    no("HAZ-006", case(executor("KUBERNETES"), HEAVY)),
    no("HAZ-006", case(TWO_WORKSPACES, HEAVY)),
    no("HAZ-006", case(inventory=HEAVY, **REMOTE)),
    no("HAZ-006", case()),
    yes("EXE-queue", case(IN_PODS, HEAVY), "name the queue heavy, which prod"),
    no("EXE-queue", case(inventory=HEAVY)),
    no("EXE-queue", case(IN_PODS, HEAVY, execution="remote")),
    no("EXE-queue", case(IN_PODS)),
    yes("EXE-size", case(inventory=BUSY), "at most 50 tasks at once, the source may run 80"),
    no("EXE-size", case(executor("ASTRO", worker_concurrency=10), BUSY)),
    no("EXE-size", case()),
    yes("EXE-size", case(inventory=SEEN), "of its DAGs 60 ran at once at 00:00 UTC on 2026-11-21"),
    no("EXE-size", case(replace(PLAN, deployments=(replace(PLAN.deployments[1], worker_max=20),)), SEEN)),
    no("EXE-size", case(inventory=SEEN, execution="remote")),
    yes("EXE-more", case(MANY_WORKERS), "2 Deployments may run 300 tasks at once, the source 16"),
    no("EXE-more", case(MANY_WORKERS, execution="remote")),
    no("EXE-more", case()),
)
