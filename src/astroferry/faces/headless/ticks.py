"""The table of expected and actual ticks of both sides, after a cutover or a rollback."""

from __future__ import annotations

from typing import TYPE_CHECKING

from astroferry import diagnostics
from astroferry.advice.schedule import count_ticks
from astroferry.carry.handover.begun import counted
from astroferry.carry.handover.watch import table_facts, ticks_of
from astroferry.carry.handover.wave import standings_of
from astroferry.carry.runner import ends_the_run
from astroferry.errors import NotAllowedError, RemoteError
from astroferry.report.table import table

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence
    from datetime import datetime

    from astroferry.carry.opening import Opened
    from astroferry.model.cutover import TickRow
    from astroferry.model.finding import Finding

LAST = 12
"""rows of a DAG that are shown; all are in --json"""


async def tell_ticks(way: Opened, wave: str, arguments: argparse.Namespace, stay: Sequence[Finding]) -> list[str]:
    """Read both sides and show, for each DAG, every tick since its cutover began, and what ran it.

    Returns the DAGs of which a tick ran on both sides: nothing may end well then.
    """
    standings = standings_of(way.journal, wave)
    found: dict[str, tuple[TickRow, ...]] = {}
    for handover in await counted(way, wave, standings):
        since = standings[handover.dag_id].at
        try:
            found[handover.dag_id] = await ticks_of(way.ctx, handover, since, way.ctx.clock.now())
        except (RemoteError, NotAllowedError) as error:
            if ends_the_run(error) and not isinstance(error, NotAllowedError):
                raise
            # What cannot be counted any more (its schedule was changed, it is closed to us) keeps no other away.
            diagnostics.say(f"warn: {error}")
    if arguments.json:
        diagnostics.data_json(
            {
                "wave": wave,
                "ticks": {dag: table_facts(rows) for dag, rows in found.items()},
                "exact": all(count_ticks(rows).exact for rows in found.values()),
                "not_handed_over": [finding.subject for finding in stay],
            }
        )
        return [dag for dag, rows in found.items() if count_ticks(rows).twice]
    for dag, rows in found.items():
        count = count_ticks(rows)
        words = f"{len(count.once)} once, {len(count.twice)} twice, {len(count.missed)} missed"
        shown = [(_time(row.tick), row.side or "nobody", row.state, "marker" if row.marker else "") for row in rows]
        lines = [f"{dag}: {words}", *table(("tick (UTC)", "ran on", "state", ""), shown[-LAST:], indent="  ")]
        diagnostics.data("\n".join(lines))
    return [dag for dag, rows in found.items() if count_ticks(rows).twice]


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}"
