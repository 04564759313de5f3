"""Sizes of Deployments in words: workers, queues, and what runs tasks without them."""

from __future__ import annotations

from dataclasses import replace

from tests.advice.rules.rulecase import PLAN

from astroferry.model.plan import Decisions, Deployment, WorkerQueue
from astroferry.report.sizes import scheduler, workers


def test_workers_and_what_runs_tasks_without_them() -> None:
    plain = Deployment("d", "w", worker_max=4)
    queued = replace(plain, worker_queues=(WorkerQueue("large", "A20", 1, 2),))
    assert workers(PLAN, plain) == "0 to 4 A5"
    assert workers(PLAN, queued) == "0 to 4 A5; large: 1 to 2 A20"
    assert workers(PLAN, replace(queued, executor="KUBERNETES")) == "a pod for each task"
    assert workers(replace(PLAN, decisions=Decisions(execution="remote")), queued) == "your agents"


def test_the_scheduler_and_whether_it_may_hibernate() -> None:
    assert scheduler(Deployment("d", "w", scheduler_size="EXTRA_LARGE")) == "extra large"
    assert scheduler(Deployment("d", "w", development_mode=True)) == "small, development"
