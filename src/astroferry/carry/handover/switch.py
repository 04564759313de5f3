"""DAGs without ticks to count: what a handover cannot promise of them, and seeing that only one side runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from astroferry.advice.kinds import SwitchPlan
from astroferry.carry.action import Observation
from astroferry.carry.handover.alone import WatchAlone, late
from astroferry.errors import RemoteError
from astroferry.model.finding import Finding

if TYPE_CHECKING:
    from datetime import datetime

    from astroferry.carry.action import Facts
    from astroferry.carry.context import Context
    from astroferry.carry.handover.ends import Handover
    from astroferry.model.cutover import Side
    from astroferry.model.inventory import Dag


_ACCEPTED = {
    "none": (
        "has no schedule: whoever starts it by hand or by API starts it where they ask",
        "Point its callers at the target; what they start on the source after the pause waits there and never runs.",
    ),
    "once": (
        "is @once: it runs once, on one side",
        "Where it has run on the source it stays paused on the target; otherwise it runs there when it is unpaused.",
    ),
    "continuous": (
        "is @continuous: it has no ticks that could be counted",
        "Its runs on the source end or are named; its first run on the target has data from the start date on.",
    ),
    "dataset": (
        "is started by datasets: events that wait for others on the source are listed and not carried",
        "Start it on the target by hand for what was waiting, if that matters.",
    ),
}


def to_accept(dag: Dag, kind: SwitchPlan) -> Finding:
    """What the user accepts by handing this DAG over."""
    what, todo = _ACCEPTED[kind.kind]
    return Finding(
        code="CUT-uncounted",
        severity="advise",
        message=f'The DAG "{dag.dag_id}" {what}.',
        subject=dag.dag_id,
        todo=todo,
    )


@dataclass
class WatchSwitch(WatchAlone):
    """See that the other side stays paused and quiet, and for @continuous that this one runs.

    While waiting RemoteError also where no run ends within `parse_timeout`. Facts: `queued_events` (URIs that wait on
    the side that is paused now, for a DAG that datasets start).
    """

    handover: Handover
    side: Side = "target"
    way: str = "cutover"
    after: str = "unpause-target"

    def _title(self) -> str:
        return f"See that {self.handover.dag_id} runs on the {self.side} alone"

    async def _seen(self, ctx: Context) -> Observation:
        dag_id = self.handover.dag_id
        kind = await self.handover.kind(ctx)
        facts: Facts = {"kind": kind.kind if isinstance(kind, SwitchPlan) else "timed"}
        if facts["kind"] == "dataset":
            waiting = await (await self.handover.airflow(ctx, self._other)).queued_events(dag_id)
            facts["queued_events"] = [event.uri for event in waiting]
        here = await self.handover.dag(ctx, self.side)
        if facts["kind"] == "continuous" and not here.is_paused and not await self._has_run(ctx):
            return Observation("todo", "no run has ended yet", facts)
        return Observation("done", facts=facts)

    async def _has_run(self, ctx: Context) -> bool:
        """Whether a run of this side has ended since the other one's last began."""
        other = await (await self.handover.airflow(ctx, self._other)).runs(self.handover.dag_id, limit=1)
        since = other[0].start_date if other else None
        ended = await (await self.handover.airflow(ctx, self.side)).runs(
            self.handover.dag_id, states=("success", "failed"), limit=1
        )
        return bool(ended) and _later(ended[0].start_date, since)

    async def _wait(self, ctx: Context, seen: Observation, begun: datetime) -> None:
        del seen
        if late(ctx, begun):
            raise RemoteError(
                f'No run of "{self.handover.dag_id}" has ended on the {self.side} yet.',
                hint="Look at the scheduler's health and the DAG's import errors there.",
            )
        await ctx.clock.sleep(ctx.plan.cutover.poll)


def _later(moment: datetime | None, since: datetime | None) -> bool:
    return moment is not None and (since is None or moment > since)
