"""A Deployment on Astro: found by its name in its Workspace, or made; then waited for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from astroferry.carry.action import ActionInfo, Facts, Observation
from astroferry.errors import RemoteError

if TYPE_CHECKING:
    from astroferry.carry.context import Context
    from astroferry.clients.astro import DeploymentOptions, DeploymentSeen
    from astroferry.model.plan import Deployment, Plan

HEALTHY = frozenset({"HEALTHY", "HIBERNATING"})
"""Astro API v1 names no failed state; these two count as up (see the API notes: CLI waits for the same)"""
PATIENCE = 1800.0


async def find(ctx: Context, deployment: Deployment) -> list[DeploymentSeen]:
    """The Deployments of that name in the plan's Workspace; none while the Workspace is not there."""
    workspaces = await ctx.astro.workspaces(name=deployment.workspace)
    if not workspaces:
        return []
    ctx.workspaces[deployment.workspace] = workspaces[0].id
    found = await ctx.astro.deployments(workspace_id=workspaces[0].id, name=deployment.name)
    if len(found) == 1:
        ctx.deployments[deployment.name] = found[0].id
    return list(found)


async def is_there(ctx: Context, deployment: Deployment) -> bool:
    """Whether the Deployment is on Astro; asked once a run, since hundreds of items want to know."""
    return deployment.name in ctx.deployments or len(await find(ctx, deployment)) == 1


@dataclass(frozen=True)
class MakeDeployment:
    """Make the Deployment unless there is one of that name in the Workspace."""

    deployment: Deployment
    plan: Plan

    @property
    def info(self) -> ActionInfo:
        """Undone by deleting it, while it is ours."""
        return ActionInfo(
            id=f"deployment/{self.deployment.name}",
            title=f'Deployment "{self.deployment.name}"',
            stage="prepare",
            needs=(f"workspace/{self.deployment.workspace}",),
            undo="undo",
            undo_note="deleted with all that is in it, if astroferry made it",
        )

    async def observe(self, ctx: Context) -> Observation:
        """Look for it by name; one of that name with another Airflow is a doubt."""
        found = await find(ctx, self.deployment)
        if not found:
            return Observation("todo", facts={"existed": False})
        if len(found) > 1:
            return Observation(
                "doubt",
                f'there are {len(found)} Deployments named "{self.deployment.name}" in '
                f'"{self.deployment.workspace}"; rename all but one on Astro',
            )
        seen = found[0]
        wanted = self.plan.decisions.airflow
        if seen.airflow_version not in {"", "NA"} and not seen.airflow_version.startswith(f"{wanted}."):
            return Observation(
                "doubt", f'"{seen.name}" runs Airflow {seen.airflow_version}, but the plan says Airflow {wanted}'
            )
        return Observation("done", facts={"existed": True, "deployment_id": seen.id})

    async def apply(self, ctx: Context) -> Facts:
        """Create it, on the Runtime of the plan, with DAG-only deploys enabled."""
        decisions = self.plan.decisions
        if decisions.execution == "remote":
            raise RemoteError(
                f'There is no Deployment "{self.deployment.name}" yet, and astroferry makes hosted ones only.',
                hint="Make it on Astro with remote execution and its agents, under this name; then run it again.",
            )
        cluster_id = await _cluster(ctx) if decisions.cluster == "dedicated" else ""
        options = await ctx.astro.deployment_options(
            deploymentType="DEDICATED" if cluster_id else "STANDARD",
            executor=self.deployment.executor,
            cloudProvider=decisions.cloud,
        )
        runtimes = [release.version for release in options.runtime_releases]
        if decisions.runtime not in runtimes:
            raise RemoteError(
                f'Astro does not offer Runtime "{decisions.runtime}" for a new Deployment (decisions.runtime).',
                hint=f"On offer: {', '.join(runtimes[:8])}.",
            )
        made = await ctx.astro.create_deployment(
            create_body(self.plan, self.deployment, ctx.workspaces[self.deployment.workspace], options, cluster_id)
        )
        ctx.deployments[self.deployment.name] = made.id
        return {"deployment_id": made.id}

    async def verify(self, ctx: Context) -> Observation:
        """Find it by name."""
        return await self.observe(ctx)

    async def undo(self, ctx: Context, before: Observation, facts: Facts) -> str:
        """Delete what we made."""
        found = [item for item in await find(ctx, self.deployment) if item.id == facts.get("deployment_id")]
        if before.facts.get("existed") or not found:
            return "left as it is: astroferry did not make it, or it is gone"
        await ctx.astro.delete_deployment(found[0].id)
        ctx.deployments.pop(self.deployment.name, None)
        return "deleted"


async def _cluster(ctx: Context) -> str:
    """The id of the plan's dedicated cluster; RemoteError where it is not there or not ready."""
    name = ctx.plan.decisions.cluster_name
    found = [cluster for cluster in await ctx.astro.clusters() if cluster.name == name]
    if len(found) != 1:
        raise RemoteError(
            f'Astro has {len(found) or "no"} dedicated clusters named "{name}" (decisions.cluster_name).',
            hint="Create it on Astro first (it takes up to hours), or correct the name.",
        )
    if found[0].status != "CREATED":
        raise RemoteError(f'The cluster "{name}" is {found[0].status}.', hint="Run it again when it is CREATED.")
    return found[0].id


def create_body(
    plan: Plan, deployment: Deployment, workspace_id: str, options: DeploymentOptions, cluster_id: str = ""
) -> dict[str, Any]:
    """The create request (Astro API v1: CreateStandardDeploymentRequest, or ...Dedicated... with a cluster).

    The environment is not sent here but set by an update of its own: sources disagree on whether v1 takes it on
    create. Quotas come from the live options, since memory must be exactly twice the cores in Gi.
    """
    decisions = plan.decisions
    where = (
        {"clusterId": cluster_id} if cluster_id else {"cloudProvider": decisions.cloud, "region": decisions.region}
    )
    body: dict[str, Any] = {
        "type": "DEDICATED" if cluster_id else "STANDARD",
        **where,
        "name": deployment.name,
        "description": deployment.description or f"Made by astroferry for {plan.name}.",
        "workspaceId": workspace_id,
        "astroRuntimeVersion": decisions.runtime,
        "executor": deployment.executor,
        "schedulerSize": deployment.scheduler_size,
        "isHighAvailability": deployment.high_availability,
        "isDevelopmentMode": deployment.development_mode,
        "isCicdEnforced": False,
        "isDagDeployEnabled": True,
        "defaultTaskPodCpu": options.default_pod_cpu,
        "defaultTaskPodMemory": options.default_pod_memory,
        "resourceQuotaCpu": options.quota_cpu,
        "resourceQuotaMemory": options.quota_memory,
    }
    if deployment.executor in {"CELERY", "ASTRO"}:
        body["workerQueues"] = [
            {
                "name": "default",
                "isDefault": True,
                "astroMachine": deployment.worker_machine,
                "minWorkerCount": deployment.worker_min,
                "maxWorkerCount": deployment.worker_max,
                "workerConcurrency": deployment.worker_concurrency,
            },
            *(
                {
                    "name": queue.name,
                    "isDefault": False,
                    "astroMachine": queue.machine,
                    "minWorkerCount": queue.worker_min,
                    "maxWorkerCount": queue.worker_max,
                    "workerConcurrency": queue.worker_concurrency,
                }
                for queue in deployment.worker_queues
            ),
        ]
    return body


async def wait_healthy(ctx: Context, deployment_id: str, *, patience: float = PATIENCE) -> str:
    """Wait until the Deployment is up; its last status either way. RemoteError never: the caller judges."""
    end = ctx.clock.now().timestamp() + patience
    told = ""
    while True:
        seen = await ctx.astro.deployment(deployment_id)
        if seen.status in HEALTHY or ctx.clock.now().timestamp() >= end:
            return seen.status
        if seen.status != told:
            told = seen.status
            reason = f" ({seen.status_reason})" if seen.status_reason else ""
            ctx.tell(f'Deployment "{seen.name}" is {told}{reason}; waiting')
        await ctx.clock.sleep(ctx.plan.cutover.poll)


@dataclass(frozen=True)
class DeploymentHealthy:
    """Wait until the Deployment is healthy; a wait survives a restart because it is looked at anew."""

    deployment: Deployment

    @property
    def info(self) -> ActionInfo:
        """A wait: nothing to undo."""
        return ActionInfo(
            id=f"healthy/{self.deployment.name}",
            title=f'Deployment "{self.deployment.name}" is healthy',
            stage="prepare",
            needs=(f"deployment/{self.deployment.name}",),
            undo_note="there is nothing to undo, this only waits",
        )

    async def observe(self, ctx: Context) -> Observation:
        """Look at the status once."""
        found = await find(ctx, self.deployment)
        if len(found) != 1:
            return Observation("todo", "it is not there yet")
        status = found[0].status
        return Observation("done" if status in HEALTHY else "todo", facts={"status": status})

    async def apply(self, ctx: Context) -> Facts:
        """Wait."""
        return {"status": await wait_healthy(ctx, ctx.deployments[self.deployment.name])}

    async def verify(self, ctx: Context) -> Observation:
        """Healthy now, or failed with its last status."""
        seen = await self.observe(ctx)
        if seen.state == "done":
            return seen
        return Observation(
            "failed", f"it is still {seen.facts.get('status', 'unknown')}; look at it on Astro, run again"
        )

    async def undo(self, ctx: Context, before: Observation, facts: Facts) -> str:
        """Nothing to undo."""
        del ctx, before, facts
        return "nothing to undo"
