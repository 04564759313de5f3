"""Pools, variables and connections on a Deployment's Airflow API: an action per item, one conflict policy."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from astroferry.carry.action import ActionInfo, Facts, Observation
from astroferry.carry.actions.deployment import is_there
from astroferry.carry.probed import NOTE
from astroferry.errors import ConflictError, RemoteError

if TYPE_CHECKING:
    from astroferry.carry.context import Context
    from astroferry.clients.airflow import Airflow
    from astroferry.model.plan import Conflict, Deployment

Compared = Literal["absent", "same", "different", "cannot be seen"]


@dataclass(frozen=True)
class ConfigItem(ABC):
    """One item to be on the target.

    What is there already is treated by the plan's conflict policy, unless the journal says that we put it there; so
    is what somebody changed there since, a connection that was pointed at test data, say.
    Airflow 3 hides what was written, so "same" is only said of what can be seen; the values probe compares the rest.
    """

    name: str
    deployment: Deployment
    conflict: Conflict
    kind = "item"
    is_compared = True
    """whether the values probe compares it"""

    @property
    def info(self) -> ActionInfo:
        """Undone by deleting what we made; what we overwrote cannot be read back from Airflow 3."""
        overwrites = self.conflict == "overwrite"
        return ActionInfo(
            id=f"{self.kind}/{self.deployment.name}/{self.name}",
            title=f'{self.kind.capitalize()} "{self.name}" on "{self.deployment.name}"',
            stage="configuration",
            needs=(f"environment/{self.deployment.name}",),
            undo="compensate" if overwrites else "undo",
            undo_note="deleted if astroferry made it"
            + ("; if it overwrote one, the former value cannot be read back from Airflow" if overwrites else ""),
        )

    @abstractmethod
    async def compare(self, ctx: Context, airflow: Airflow) -> Compared:
        """What the target shows of it."""

    @abstractmethod
    async def create(self, ctx: Context, airflow: Airflow) -> None:
        """Make it; ConflictError if one is there."""

    @abstractmethod
    async def replace(self, ctx: Context, airflow: Airflow) -> None:
        """Put it in the place of the one that is there, field by field, never merged."""

    @abstractmethod
    async def delete(self, airflow: Airflow) -> bool:
        """Take it away; False if it was not there."""

    async def missing(self, ctx: Context) -> str:
        """Why there is no value to write, or nothing."""
        del ctx
        return ""

    async def observe(self, ctx: Context) -> Observation:
        """Look at the target, the journal, and the policy, in this order."""
        if why := await self.missing(ctx):
            return Observation("failed", why)
        if not await is_there(ctx, self.deployment):
            return Observation("todo", "the Deployment is not there yet", {"existed": False})
        seen = await self.compare(ctx, await ctx.target(self.deployment.name))
        if seen == "absent":
            return Observation("todo", facts={"existed": False})
        anew = self.conflict == "overwrite" and self._was_found_to_differ(ctx)
        if self._ours(ctx) and seen != "different" and not anew:
            return Observation("done", facts={"existed": True})
        if seen == "same":
            return Observation("done", "is there already", {"existed": True})
        if self.conflict == "skip":
            return Observation("done", "is there already and was left as it is (conflicts: skip)", {"existed": True})
        if self.conflict == "overwrite" or (self._ours(ctx) and not self._held(ctx)):
            return Observation("todo", facts={"existed": True})
        if self._ours(ctx):
            return Observation(
                "doubt",
                "has another content there than was written: somebody changed it on Astro, or it has changed on the "
                f'source. Set conflicts.{self.kind}s to "overwrite" to write it anew, or remove it there, and it is '
                f"made anew; or {self._to_keep}",
            )
        hidden = "; Airflow hides its value" if seen == "cannot be seen" else " with another content"
        return Observation(
            "doubt",
            f'is on the target already{hidden}: set conflicts.{self.kind}s to "skip" or "overwrite", or remove it'
            + (f"; {self._to_keep}" if self.is_compared else ""),
        )

    @property
    def _to_keep(self) -> str:
        """What to do where the target's own is right; what is only not written would be found to differ."""
        if not self.is_compared:
            return f'set conflicts.{self.kind}s to "skip" to leave it'
        add = f'add "{self.name}" to values.skip_{self.kind}s'
        return f"where what is there is right, {add}, by which it is not compared any more either"

    def _ours(self, ctx: Context) -> bool:
        """Whether what lies there was put there by us.

        A replacing that began but was not answered may not have happened: it is done again, which does no harm.
        """
        standing = ctx.standing(self.info.id)
        if standing is None or not standing.ours or standing.event == "undo-begin":
            return False
        replaced = bool(standing.before.get("observed", {}).get("existed"))
        return not (replaced and standing.event == "begin")

    def _held(self, ctx: Context) -> bool:
        """Whether it was read back as it was last written; what differs since then was changed by somebody."""
        standing = ctx.standing(self.info.id)
        return standing is not None and standing.held > standing.begun

    def _was_found_to_differ(self, ctx: Context) -> bool:
        """Whether a task there got another value at the last comparison, and it was not written since.

        What Airflow hides may have been changed on either end; only that shows it.
        """
        compared, own = ctx.standing(f"{NOTE}/{self.deployment.name}"), ctx.standing(self.info.id)
        if compared is None or f"{self.kind}/{self.name}" not in compared.made.get("differs", ()):
            return False
        return own is None or own.begun < compared.ended

    async def apply(self, ctx: Context) -> Facts:
        """Create or replace; a clash that appeared in between is an error, not a guess."""
        airflow = await ctx.target(self.deployment.name)
        if await self.compare(ctx, airflow) == "absent":
            try:
                await self.create(ctx, airflow)
            except ConflictError as error:
                raise RemoteError(f"{self.info.title} appeared on the target while it was being made.") from error
            return {"created": True}
        await self.replace(ctx, airflow)
        return {"created": False}

    async def verify(self, ctx: Context) -> Observation:
        """It is there, and nothing that can be seen differs."""
        seen = await self.compare(ctx, await ctx.target(self.deployment.name))
        if seen in {"same", "cannot be seen"}:
            return Observation("done", facts={"seen": seen})
        return Observation("failed", f"after writing, the target shows it as {seen}")

    async def undo(self, ctx: Context, before: Observation, facts: Facts) -> str:
        """Delete it if we made it."""
        if not await is_there(ctx, self.deployment):
            return "the Deployment is gone"
        if before.facts.get("existed") or facts.get("created") is False:
            return "left as it is: it overwrote one whose former value Airflow does not show"
        gone = await self.delete(await ctx.target(self.deployment.name))
        return "deleted" if gone else "was gone already"
