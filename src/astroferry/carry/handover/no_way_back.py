"""A DAG that was begun and cannot be given back by us: named, rather than left out of a rollback in silence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from astroferry.carry.action import Observation
from astroferry.errors import RemoteError

if TYPE_CHECKING:
    from astroferry.carry.action import ActionInfo, Facts
    from astroferry.carry.context import Context
    from astroferry.carry.handover.ends import Handover

AGAIN = "Deploy it on the source again, then run the same command again."
"""what to do about one that the source has no more"""


@dataclass
class NotGivenBack:
    """Fails at once, in the place of a rollback's first step, with the reason; nothing is changed on either side."""

    handover: Handover
    reason: str
    todo: str = "`astroferry explain CUT-refused` says how a DAG is moved by hand without running ticks twice."

    @property
    def info(self) -> ActionInfo:
        """The step in whose place it stands."""
        return self.handover.info("drain-target", f"Give {self.handover.dag_id} back to the source", way="rollback")

    @property
    def _why(self) -> str:
        return (
            f'The DAG "{self.handover.dag_id}" was begun by this wave and cannot be given back: {self.reason}. '
            f"It was left as it is on both sides. {self.todo}"
        )

    async def observe(self, ctx: Context) -> Observation:
        """It cannot be."""
        del ctx
        return Observation("failed", self._why)

    async def apply(self, ctx: Context) -> Facts:
        """RemoteError, with the reason."""
        del ctx
        raise RemoteError(self._why)

    async def verify(self, ctx: Context) -> Observation:
        """It is not."""
        return await self.observe(ctx)

    async def undo(self, ctx: Context, before: Observation, facts: Facts) -> str:
        """Nothing was changed."""
        del ctx, before, facts
        return "Nothing was changed."
