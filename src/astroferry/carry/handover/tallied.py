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
    from collections.abc import Callable, Sequence

    from astroferry.carry.opening import Opened
    from astroferry.model.cutover import TickCount, TickRow

LOOK = "Look at what it did before anything else runs."


@dataclass
class Tallied:
    """DAG id -> its table of expected and actual ticks since its cutover began, and what that comes to."""

    rows: dict[str, tuple[TickRow, ...]] = field(default_factory=dict)
    counts: dict[str, TickCount] = field(default_factory=dict)

    @property
    def twice(self) -> tuple[str, ...]:
        """The DAGs of which a tick ran on both sides: nothing has ended well then."""
        return tuple(dag_id for dag_id, count in self.counts.items() if count.twice)


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
            count = tally(way.ctx, handover, rows)
        except (RemoteError, NotAllowedError) as error:
            if ends_the_run(error) and not isinstance(error, NotAllowedError):
                raise
            warn(str(error))
        else:
            found.rows[dag_id], found.counts[dag_id] = rows, count
    return found


def in_words(twice: Sequence[str]) -> str:
    """The sentence about DAGs of which a tick ran twice."""
    return f"A tick ran on both sides: {names(twice)}."
