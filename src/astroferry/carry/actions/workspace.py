"""A Workspace on Astro: found by its name, or made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from astroferry.carry.action import ActionInfo, Facts, Observation

if TYPE_CHECKING:
    from astroferry.carry.context import Context
    from astroferry.model.plan import Workspace


@dataclass(frozen=True)
class MakeWorkspace:
    """Make the Workspace unless there is one of that name.

    Creating is not idempotent (Astro API v1: a repeated POST makes a second object), so it is looked for by name
    first, also after a crash; two of the same name are a doubt that only a person can settle.
    """

    workspace: Workspace

    @property
    def info(self) -> ActionInfo:
        """Undone by deleting it, while it is ours and empty."""
        return ActionInfo(
            id=f"workspace/{self.workspace.name}",
            title=f'Workspace "{self.workspace.name}"',
            stage="prepare",
            undo="undo",
            undo_note="deleted, if astroferry made it and nothing else is in it",
        )

    async def observe(self, ctx: Context) -> Observation:
        """Look for it by name."""
        found = await ctx.astro.workspaces(name=self.workspace.name)
        if not found:
            return Observation("todo", facts={"existed": False})
        if len(found) > 1:
            return Observation(
                "doubt",
                f'there are {len(found)} Workspaces named "{self.workspace.name}"; rename all but one on Astro',
            )
        ctx.workspaces[self.workspace.name] = found[0].id
        return Observation("done", facts={"existed": True, "workspace_id": found[0].id})

    async def apply(self, ctx: Context) -> Facts:
        """Create it."""
        made = await ctx.astro.create_workspace(self.workspace.name, self.workspace.description)
        ctx.workspaces[self.workspace.name] = made.id
        return {"workspace_id": made.id}

    async def verify(self, ctx: Context) -> Observation:
        """Find it by name."""
        return await self.observe(ctx)

    async def undo(self, ctx: Context, before: Observation, facts: Facts) -> str:
        """Delete what we made, unless somebody put a Deployment into it."""
        found = await ctx.astro.workspaces(name=self.workspace.name)
        ours = [item for item in found if item.id == facts.get("workspace_id")]
        if before.facts.get("existed") or not ours:
            return "left as it is: astroferry did not make it, or it is gone"
        if await ctx.astro.deployments(workspace_id=ours[0].id):
            return "left as it is: there is a Deployment in it"
        await ctx.astro.delete_workspace(ours[0].id)
        ctx.workspaces.pop(self.workspace.name, None)
        return "deleted"
