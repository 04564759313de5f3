"""DAG code on a Deployment: packed, uploaded, finalized."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from astroferry.carry.action import ActionInfo, Facts, Observation
from astroferry.carry.actions.deployment import is_there
from astroferry.code.pack import digest, pack
from astroferry.errors import NotAllowedError, RemoteError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from astroferry.carry.context import Context
    from astroferry.model.plan import Deployment

PATIENCE = 900.0
LABEL = "astroferry: DAGs"
UNPAUSED = "unpaused"
"""fact of a deploy: the DAGs that were unpaused on the Deployment when it was begun"""


async def deploy_folder(ctx: Context, deployment: str, folder: Path, extra: Mapping[str, bytes], label: str) -> Facts:
    """Deploy a DAG folder by Astro's upload-and-finalize protocol, and wait until the Deployment runs it.

    Returns the deploy's id and the tarball's version. Raises RemoteError where Astro calls it failed or it does not
    come up in time. A deploy that a crash left unfinalized stays INITIALIZED and harms nothing.
    """
    deployment_id = ctx.deployments[deployment]
    tarball = pack(folder, extra)
    started = await ctx.astro.create_deploy(deployment_id, description=label)
    if not started.upload_url:
        raise RemoteError(
            f'DAG-only deploys are switched off on the Deployment "{deployment}".', hint="Enable them on Astro."
        )
    version = await ctx.astro.upload(started.upload_url, tarball)
    await ctx.astro.finalize_deploy(deployment_id, started.id, version)
    end = ctx.clock.now().timestamp() + PATIENCE
    while True:
        seen = await ctx.astro.deploy(deployment_id, started.id)
        up = await ctx.astro.deployment(deployment_id)
        if seen.status == "FAILED":
            raise RemoteError(f'Astro could not deploy the DAGs to "{deployment}" (deploy {started.id}).')
        if seen.status == "DEPLOYED" and up.dag_tarball_version == version and up.status == "HEALTHY":
            return {"deploy_id": started.id, "tarball_version": version}
        if ctx.clock.now().timestamp() >= end:
            raise RemoteError(
                f'The DAGs are not live on "{deployment}" after {PATIENCE:.0f} s: deploy {seen.status}, '
                f"Deployment {up.status}."
            )
        await ctx.clock.sleep(ctx.plan.cutover.poll)


@dataclass(frozen=True)
class DeployDags:
    """Deploy the plan's DAG folder to one Deployment.

    What is live is known by the folder's digest in the deploy's description: the same folder is not deployed twice.
    """

    deployment: Deployment
    folder: Path

    @property
    def info(self) -> ActionInfo:
        """Undone by Astro's deploy rollback where there was an earlier deploy."""
        return ActionInfo(
            id=f"deploy/{self.deployment.name}",
            title=f'DAG code on "{self.deployment.name}"',
            stage="dags",
            needs=(f"environment/{self.deployment.name}",),
            undo="compensate",
            undo_note="rolled back to the deploy before it; where there was none, the DAGs stay, paused",
        )

    @property
    def label(self) -> str:
        """The deploy's description: ours, and which content."""
        return f"{LABEL} {digest(self.folder)[:16]}"

    async def observe(self, ctx: Context) -> Observation:
        """Whether the newest finalized deploy is this folder's."""
        if not await is_there(ctx, self.deployment):
            return Observation("todo", "the Deployment is not there yet")
        deploys = await ctx.astro.deploys(ctx.deployments[self.deployment.name])
        live = next((deploy for deploy in deploys if deploy.status == "DEPLOYED"), None)
        if live is not None and live.description == self.label:
            return Observation("done", facts={"deploy_id": live.id})
        facts: Facts = {"live_deploy_id": live.id if live else None}
        unpaused = await self._unpaused(ctx)
        return Observation("todo", facts=facts if unpaused is None else {**facts, UNPAUSED: unpaused})

    async def _unpaused(self, ctx: Context) -> list[str] | None:
        """What runs there before we come; None where its Airflow does not say, which a deploy may mend."""
        try:
            airflow = await ctx.target(self.deployment.name)
            return [dag.dag_id async for dag in airflow.dags() if not dag.is_paused]
        except (NotAllowedError, RemoteError):
            return None

    async def apply(self, ctx: Context) -> Facts:
        """Pack, upload, finalize, wait."""
        return await deploy_folder(ctx, self.deployment.name, self.folder, {}, self.label)

    async def verify(self, ctx: Context) -> Observation:
        """The newest deploy is ours."""
        return await self.observe(ctx)

    async def undo(self, ctx: Context, before: Observation, facts: Facts) -> str:
        """Roll back to what was live before."""
        del facts
        former = before.facts.get("live_deploy_id")
        if not await is_there(ctx, self.deployment):
            return "the Deployment is gone"
        if former is None:
            return "nothing was deployed before it; its DAGs stay there, paused"
        await ctx.astro.rollback_deploy(ctx.deployments[self.deployment.name], former, "astroferry: undo")
        return "rolled back to the deploy before it"
