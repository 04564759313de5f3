"""Leaving the safe side running: where a cutover fails before the target ran anything, the source goes on at once.

Between the pause on the source and the unpausing on the target neither side runs the DAG. A step that fails there
must not leave it so until somebody comes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from astroferry.advice.kinds import MarkerPlan
from astroferry.carry.action import Observation
from astroferry.carry.handover.gap import RunGap
from astroferry.carry.handover.halfmade import finish
from astroferry.errors import AstroferryError, RemoteError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from astroferry.carry.action import Action, ActionInfo, Facts
    from astroferry.carry.context import Context
    from astroferry.carry.handover.ends import Handover
    from astroferry.carry.runner import Step

BETWEEN = ("/drain-source", "/mark", "/unpause-target")
"""how the ids of the steps end after which neither side may be running"""


@dataclass
class LetSourceRun:
    """Unpause a DAG on the source again whose cutover failed before the target was unpaused. Facts: `unpaused`."""

    handover: Handover

    @property
    def info(self) -> ActionInfo:
        """A step that only a failed cutover has."""
        return self.handover.info(
            "let-source-run",
            f"Let the source go on with {self.handover.dag_id}",
            undo="irreversible",
            note="The next cutover drains it again.",
        )

    async def observe(self, ctx: Context) -> Observation:
        """Done where the source runs it, or it was not active; doubt where the target runs it or may have done so."""
        dag_id = self.handover.dag_id
        if not self.handover.was_active(ctx):
            return Observation("done", f"{dag_id} was paused on the source, so it stays paused", {"unpaused": False})
        if not (await self.handover.dag(ctx, "source")).is_paused:
            return Observation("done", "the source runs it", {"unpaused": True})
        if self.handover.was_let_run(ctx, "target") or not (await self.handover.dag(ctx, "target")).is_paused:
            return Observation(
                "doubt",
                f'The target may have run "{dag_id}", so the source does not go on by itself. See `status`, '
                "then run cutover or rollback.",
            )
        return Observation("todo")

    async def apply(self, ctx: Context) -> Facts:
        """Unpause it, then run there what fell between; what is half made on the target is cleared away first.

        Where the target cannot be asked for that, the marker waits there, which does no harm while it is paused.
        """
        seen = await self.observe(ctx)
        if seen.state == "doubt":
            raise RemoteError(seen.why)
        kind = await self.handover.kind(ctx)
        timed = isinstance(kind, MarkerPlan)
        try:
            if timed:
                await finish(ctx, self.handover, "target", withdraw=True)
        except AstroferryError:
            if isinstance(kind, MarkerPlan) and kind.fills_first:
                # Ticks may wait there that the source would take for run.
                raise
        await ctx.source.set_paused(self.handover.dag_id, False)
        ctx.tell(f"{self.handover.dag_id}: the source goes on with it")
        if timed:
            await RunGap(self.handover, "source").apply(ctx)
        return {"unpaused": True}

    async def verify(self, ctx: Context) -> Observation:
        """As seen on the servers."""
        return await self.observe(ctx)

    async def undo(self, ctx: Context, before: Observation, facts: Facts) -> str:
        """It goes on as before the cutover."""
        del ctx, before, facts
        return f"{self.handover.dag_id} runs on the source."


def stranded(actions: Sequence[Action], failed: Iterable[Step] | None, ctx: Context) -> list[Action]:
    """What lets the source go on with each DAG whose cutover failed between the sides.

    `failed` None: the run ended by an error, so any DAG may be there whose source was drained and whose target was
    not unpaused.
    """
    ids = None if failed is None else {step.info.id for step in failed if step.outcome == "failed"}
    found: dict[str, Handover] = {}
    for action in actions:
        handover: Handover | None = getattr(action, "handover", None)
        if handover is None or not action.info.id.startswith("cutover/") or not action.info.id.endswith(BETWEEN):
            continue
        may_be = (
            handover.was_drained(ctx) and not handover.was_let_run(ctx, "target")
            if ids is None
            else action.info.id in ids
        )
        if may_be:
            found[handover.dag_id] = handover
    return [LetSourceRun(handover) for handover in found.values()]
