"""The size of a Deployment in words, for whoever looks over a plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from astroferry.model.plan import Deployment, Plan


def workers(plan: Plan, deployment: Deployment) -> str:
    """`0 to 4 A5`, and each queue beside the default one; what runs the tasks where there are no workers."""
    if plan.decisions.execution == "remote":
        return "your agents"
    if deployment.executor == "KUBERNETES":
        return "a pod for each task"
    queues = [
        f"{queue.name}: {queue.worker_min} to {queue.worker_max} {queue.machine}"
        for queue in deployment.worker_queues
    ]
    own = f"{deployment.worker_min} to {deployment.worker_max} {deployment.worker_machine}"
    return "; ".join([own, *queues])


def scheduler(deployment: Deployment) -> str:
    """`medium`, and whether it may hibernate."""
    size = deployment.scheduler_size.replace("_", " ").lower()
    return f"{size}, development" if deployment.development_mode else size
