"""The ticks of a wave's DAGs, counted from both sides' rows once a cutover or a rollback has ended: how it ended.

Every face asks here before it says that a wave runs on one side alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from astroferry.carry.handover.begun import counted
from astroferry.carry.handover.watch import tally, ticks_of
from astroferry.carry.handover.wave import standings_of
from astroferry.carry.runner import ends_the_run
from astroferry.errors import NotAllowedError, RemoteError
from astroferry.model.words import names

if TYPE_CHECKING:
    from collections.abc import Callable

    from astroferry.carry.opening import Opened
    from astroferry.model.cutover import TickCount, TickRow

LOOK = "Look at what it did before anything else runs."
RUN = "Run by hand what matters of it, on the side that runs the DAG now."


def what_to_do(ticks: Tallied) -> str:
    """What a person does about ticks that ran twice or not at all; empty where there are none."""
    return " ".join(todo for seen, todo in ((ticks.twice, LOOK), (ticks.missed, RUN)) if seen)


@dataclass
class Tallied:
    """DAG id -> its table of expected and actual ticks since its cutover began, and what that comes to."""

    rows: dict[str, tuple[TickRow, ...]] = field(default_factory=dict)
    counts: dict[str, TickCount] = field(default_factory=dict)

    @property
    def twice(self) -> tuple[str, ...]:
        """The DAGs of which a tick ran on both sides: nothing has ended well then."""
        return tuple(dag_id for dag_id, count in self.counts.items() if count.twice)

    @property
    def missed(self) -> tuple[str, ...]:
        """The DAGs of which a tick ran nowhere, though the plan has all of them run: not what it only lists."""
        return tuple(dag_id for dag_id, count in self.counts.items() if count.missed)

    @property
    def amiss(self) -> str:
        """A sentence for each kind of tick that did not run exactly once, naming DAGs; empty where all did."""
        found = [f"A tick ran on both sides: {names(self.twice)}."] if self.twice else []
        found += [f"A tick ran on neither side: {names(self.missed)}."] if self.missed else []
        return " ".join(found)


async def tallied(way: Opened, wave: str, warn: Callable[[str], None]) -> Tallied:
    """Every DAG of the wave that was begun and whose ticks can be counted.

    One that cannot be counted any more (its schedule was changed, it is closed to us) is told to `warn` and left out.
    Raises what the clients raise where an end is away.
    """
    standings, found = standings_of(way.journal, wave), Tallied()
    for handover in await counted(way, wave, standings):
        dag_id = handover.dag_id
        try:
            rows = await ticks_of(way.ctx, handover, standings[dag_id].at, way.ctx.clock.now())
            catches_up = (await handover.plan(way.ctx)).catchup
            count = tally(way.ctx, handover, rows, catches_up=catches_up)
        except (RemoteError, NotAllowedError) as error:
            if ends_the_run(error) and not isinstance(error, NotAllowedError):
                raise
            warn(str(error))
        else:
            found.rows[dag_id], found.counts[dag_id] = rows, count
    return found
