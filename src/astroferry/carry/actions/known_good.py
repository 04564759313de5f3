"""DAG code back to the deploy that was found good: Astro's own deploy rollback, across Runtime versions too."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from astroferry.carry.action import ActionInfo, Facts, Observation
from astroferry.carry.actions.deploy import PATIENCE
from astroferry.carry.actions.deployment import is_there
from astroferry.carry.probed import KNOWN_GOOD
from astroferry.errors import NotFoundError, RemoteError, RequestFailedError

if TYPE_CHECKING:
    from astroferry.carry.context import Context
    from astroferry.model.organization import DeploySeen
    from astroferry.model.plan import Deployment

LABEL = "astroferry: back to the deploy that was found good"
RESTORED = "image, DAGs, Runtime version and whether DAG-only deploys are on"
NOT_RESTORED = (
    "environment variables, connections, variables and pools (rollback --stage puts those of ours back)",
    "the size, executor and queues of the Deployment",
    "runs, and which DAGs are paused: rows of the metadata database stay as they are",
)
"""Astro's deploy rollback (its page on deploy history); only deploys of the last 90 days can be gone back to"""


def is_live(deploys: tuple[DeploySeen, ...], deploy_id: str) -> bool:
    """Whether what runs is that deploy, or a rollback to it; `deploys` come newest first."""
    live = next((deploy for deploy in deploys if deploy.status == "DEPLOYED"), None)
    return live is not None and deploy_id in {live.id, live.rollback_from_id}


@dataclass(frozen=True)
class RollBackCode:
    """Roll one Deployment's code back to the deploy that the journal names as good (`known-good/DEPLOYMENT`)."""

    deployment: Deployment

    @property
    def info(self) -> ActionInfo:
        """A step of its own: nothing comes before it."""
        return ActionInfo(
            id=f"code-rollback/{self.deployment.name}",
            title=f'DAG code on "{self.deployment.name}" back to the deploy that was found good',
            stage="rollback",
            undo="irreversible",
            undo_note="deploy again: apply --stage dags",
        )

    async def observe(self, ctx: Context) -> Observation:
        """Done where it is live already; failed where none is recorded or Astro does not have it any more."""
        standing = ctx.standing(f"{KNOWN_GOOD}/{self.deployment.name}")
        known = standing.made.get("deploy_id") if standing is not None else None
        if not known:
            return Observation(
                "failed", "no deploy is recorded as good; verify records one when all values are equal"
            )
        if not await is_there(ctx, self.deployment):
            return Observation("failed", "the Deployment is not on Astro")
        deployment_id = ctx.deployments[self.deployment.name]
        if is_live(await ctx.astro.deploys(deployment_id), known):
            return Observation("done", "it is live already", {"deploy_id": known})
        try:
            good = await ctx.astro.deploy(deployment_id, known)
        except NotFoundError:
            return Observation("failed", f"Astro does not have deploy {known} any more (it keeps 90 days)")
        now = await ctx.astro.deployment(deployment_id)
        return Observation(
            "todo", facts={"deploy_id": known, "runtime": good.runtime_version, "runtime_now": now.runtime_version}
        )

    async def apply(self, ctx: Context) -> Facts:
        """Ask for it and wait until it is live; RemoteError where Astro refuses, or it does not come up in time."""
        seen = await self.observe(ctx)
        if seen.state != "todo":
            raise RemoteError(seen.why or "it is live already")
        deployment_id = ctx.deployments[self.deployment.name]
        good, current = seen.facts["runtime"], seen.facts["runtime_now"]
        if good != current:
            ctx.tell(
                f"{self.deployment.name}: that deploy brings Runtime {good} back, in place of {current}: tasks that "
                "run now fail"
            )
        try:
            made = await ctx.astro.rollback_deploy(deployment_id, seen.facts["deploy_id"], LABEL)
        except RequestFailedError as error:
            raise RemoteError(
                f'Astro does not roll "{self.deployment.name}" back: {error.message}',
                hint="Only deploys of the last 90 days can be gone back to; deploy the code of then instead.",
            ) from error
        end = ctx.clock.now().timestamp() + PATIENCE
        while True:
            up = await ctx.astro.deployment(deployment_id)
            whole = not made.dag_tarball_version or up.dag_tarball_version == made.dag_tarball_version
            if up.status == "HEALTHY" and whole:
                break
            if ctx.clock.now().timestamp() >= end:
                raise RemoteError(f'"{self.deployment.name}" is {up.status} after {PATIENCE:.0f} s.')
            await ctx.clock.sleep(ctx.plan.cutover.poll)
        before, after = seen.facts["runtime_now"], up.runtime_version
        across = f"; Runtime {before} became {after}" if before != after else ""
        ctx.tell(f"{self.deployment.name}: back at deploy {seen.facts['deploy_id']}{across}. Restored: {RESTORED}.")
        for item in NOT_RESTORED:
            ctx.tell(f"not restored: {item}")
        return {
            "rollback_id": made.id,
            "runtime": after,
            "runtime_before": before,
            "not_restored": list(NOT_RESTORED),
        }

    async def verify(self, ctx: Context) -> Observation:
        """As seen on Astro."""
        return await self.observe(ctx)

    async def undo(self, ctx: Context, before: Observation, facts: Facts) -> str:
        """Deploying again is the way forward."""
        del ctx, before, facts
        return "deploy again: apply --stage dags"
