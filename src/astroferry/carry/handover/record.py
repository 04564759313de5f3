"""Before anything changes: can this DAG be handed over, and how does it stand on both sides?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from astroferry.advice.schedule import Refusal, handover_kind
from astroferry.carry.action import Observation
from astroferry.errors import NotFoundError, RemoteError
from astroferry.model.cutover import DagStanding

if TYPE_CHECKING:
    from astroferry.carry.action import ActionInfo, Facts
    from astroferry.carry.context import Context
    from astroferry.carry.handover.ends import Handover


@dataclass
class Record:
    """Look at both sides and keep, in the journal, what was paused there; changes nothing."""

    handover: Handover

    @property
    def info(self) -> ActionInfo:
        """The first step of a DAG's cutover."""
        return self.handover.info(
            "record", f"Look at {self.handover.dag_id} on both sides", note="It changes nothing."
        )

    async def observe(self, ctx: Context) -> Observation:
        """Done where the journal has it: looking again after a pause of ours would record the wrong thing."""
        del ctx
        if self.handover.standing is None:
            return Observation("todo")
        return Observation("done", facts=self.handover.standing.to_facts())

    async def apply(self, ctx: Context) -> Facts:
        """Check once more, on the servers, that the DAG can be handed over; facts are those of `DagStanding`.

        Raises RemoteError where it cannot: refused by its kind, not on the target, or already running there.
        """
        dag_id = self.handover.dag_id
        source = await self.handover.dag(ctx, "source")
        target_airflow = await self.handover.airflow(ctx, "target")
        try:
            target = await target_airflow.dag(dag_id)
        except NotFoundError as error:
            raise RemoteError(
                f'The DAG "{dag_id}" is not on the Deployment "{self.handover.deployment}".',
                hint="Deploy its code first, and look at the import errors there.",
            ) from error
        tasks = await ctx.source.tasks(dag_id)
        kind = handover_kind(
            source,
            target_airflow.major,
            cron_data_intervals=ctx.plan.decisions.cron_data_intervals,
            depends_on_past=any(task.depends_on_past or task.wait_for_downstream for task in tasks),
            now=ctx.clock.now(),
        )
        if isinstance(kind, Refusal):
            raise RemoteError(f'The DAG "{dag_id}" is not handed over: {kind.reason}.')
        if not target.is_paused:
            raise RemoteError(
                f'The DAG "{dag_id}" is already unpaused on the Deployment "{self.handover.deployment}".',
                hint="Pause it there, see which ticks it has run, then run the same command again.",
            )
        self.handover.standing = DagStanding(dag_id, source.is_paused, target.is_paused, ctx.clock.now())
        return self.handover.standing.to_facts()

    async def verify(self, ctx: Context) -> Observation:
        """It is known."""
        return await self.observe(ctx)

    async def undo(self, ctx: Context, before: Observation, facts: Facts) -> str:
        """Nothing was changed."""
        del ctx, before, facts
        return "Nothing was changed by looking."
