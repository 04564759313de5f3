"""The plan's environment variables on a Deployment; what it has besides stays as it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from astroferry.carry.action import ActionInfo, Facts, Observation
from astroferry.carry.actions.deployment import find, wait_healthy
from astroferry.model.environment import environment_of
from astroferry.model.plancheck import looks_secret
from astroferry.model.words import names

if TYPE_CHECKING:
    from astroferry.carry.context import Context
    from astroferry.model.plan import Deployment, Plan


@dataclass(frozen=True)
class SetEnvironment:
    """Set the plan's environment variables on the Deployment; others that it has stay as they are.

    Astro replaces the whole list on update, so it is read, changed and written back; secrets are kept by sending
    their key without a value (Astro API v1).
    """

    deployment: Deployment
    plan: Plan

    @property
    def info(self) -> ActionInfo:
        """Undone from what was observed; secret values that were there cannot be read and are kept."""
        return ActionInfo(
            id=f"environment/{self.deployment.name}",
            title=f'Environment variables of "{self.deployment.name}"',
            stage="prepare",
            needs=(f"healthy/{self.deployment.name}",),
            undo="undo",
            undo_note="the variables that were there before are put back",
        )

    async def observe(self, ctx: Context) -> Observation:
        """Compare names and plain values."""
        found = await find(ctx, self.deployment)
        if len(found) != 1:
            return Observation("todo", "the Deployment is not there yet", {"before": {}})
        has = {item.key: item for item in found[0].environment}
        wanted = environment_of(self.plan, self.deployment)
        missing_secrets = [name for name in self.deployment.secret_environment if name not in has]
        if missing_secrets:
            return Observation(
                "failed",
                f"secret environment variables must be set on Astro by hand first: {', '.join(missing_secrets)}",
            )
        clash = [key for key in wanted if key in has and has[key].is_secret]
        if clash:
            return Observation("doubt", f"secret on Astro, plain in the plan: {', '.join(sorted(clash))}")
        before = {key: has[key].value if key in has else None for key in wanted}
        changed = [key for key, value in wanted.items() if before[key] != value]
        if not changed:
            return Observation("done", facts={"names": sorted(wanted)})
        # To be put back it would be written into the journal, which holds no secret.
        secret = [key for key in changed if looks_secret(key, before[key] or "")]
        if secret:
            return Observation(
                "doubt",
                f"what stands on Astro now looks secret, so it is neither replaced nor kept: {names(sorted(secret))}"
                ". Take it away there, or make it secret there and name it in secret_environment instead",
            )
        return Observation("todo", facts={"before": before})

    async def apply(self, ctx: Context) -> Facts:
        """Write the list, and wait until the Deployment is healthy with it."""
        deployment_id = ctx.deployments[self.deployment.name]
        wanted = environment_of(self.plan, self.deployment)
        await ctx.astro.set_environment(deployment_id, wanted)
        await wait_healthy(ctx, deployment_id)
        return {"names": sorted(wanted)}

    async def verify(self, ctx: Context) -> Observation:
        """Read the list back."""
        return await self.observe(ctx)

    async def undo(self, ctx: Context, before: Observation, facts: Facts) -> str:
        """Put the former values back; drop those that were not there."""
        del facts
        if len(await find(ctx, self.deployment)) != 1:
            return "the Deployment is gone"
        former: dict[str, str | None] = before.facts.get("before", {})
        await ctx.astro.set_environment(
            ctx.deployments[self.deployment.name],
            {key: value for key, value in former.items() if value is not None},
            drop=tuple(key for key, value in former.items() if value is None),
        )
        return f"{len(former)} variables put back"
