"""Dataset events that a scheduler is about to turn into a run: a drain waits for it, since pausing would lose them.

A scheduler takes a queued set within its next round (some seconds) and passes paused DAGs by (2.11.2, 3.3.2).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from astroferry.advice.kinds import SwitchPlan

if TYPE_CHECKING:
    from astroferry.carry.context import Context
    from astroferry.carry.handover.ends import Handover
    from astroferry.clients.airflow_seen import QueuedEvent
    from astroferry.model.cutover import Side


@dataclass
class Arriving:
    """What one drain has seen waiting for its DAG on that side."""

    handover: Handover
    side: Side
    _seen: frozenset[QueuedEvent] = field(default_factory=frozenset)

    async def is_near(self, ctx: Context) -> bool:
        """Whether a run is about to be made: each of its datasets has an event, or one came since the last look.

        One alone is enough where the DAG asks for this dataset or that, which REST does not tell apart from a list;
        what is still there at the next look waits for others.
        """
        kind = await self.handover.kind(ctx)
        if not isinstance(kind, SwitchPlan) or kind.kind != "dataset":
            return False
        airflow = await self.handover.airflow(ctx, self.side)
        waiting = frozenset(await airflow.queued_events(self.handover.dag_id))
        came, self._seen = waiting - self._seen, waiting
        dag = ctx.inventory.dag(self.handover.dag_id)
        wanted = set(dag.consumes) if dag is not None else set()
        return bool(came) or bool(wanted and wanted <= {event.uri for event in waiting})
