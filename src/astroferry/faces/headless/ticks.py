"""The table of expected and actual ticks of both sides, after a cutover or a rollback."""

from __future__ import annotations

from typing import TYPE_CHECKING

from astroferry import diagnostics
from astroferry.carry.handover.watch import table_facts
from astroferry.report.table import table

if TYPE_CHECKING:
    import argparse
    from datetime import datetime

    from astroferry.carry.acts import Ended
    from astroferry.model.cutover import TickCount, TickRow

LAST = 12
"""rows of a DAG that are shown; all are in --json"""


def tell_ticks(ended: Ended, arguments: argparse.Namespace) -> None:
    """Show, for each DAG that this was about, every tick since its cutover began, and what ran it."""
    if arguments.json:
        diagnostics.data_json(ticks_facts(ended))
        return
    found = ended.ticks
    counts = found.counts
    for dag in (dag for dag in found.rows if dag in ended.moving):
        rows, count = found.rows[dag], counts[dag]
        words = f"{len(count.once)} once, {len(count.twice)} twice, {len(count.missed)} missed"
        words += f", {len(count.listed)} listed" if count.listed else ""
        shown = [
            (_time(row.tick), row.side or "nobody", _state(row, count), "marker" if row.marker else "")
            for row in rows
        ]
        lines = [f"{dag}: {words}", *table(("tick (UTC)", "ran on", "state", ""), shown[-LAST:], indent="  ")]
        diagnostics.data("\n".join(lines))


def ticks_facts(ended: Ended) -> dict[str, object]:
    """The same as data.

    "exact" says whether all ran once, but for those just due and those "listed", which the plan does not run
    (`cutover.gap`).
    """
    counts = ended.ticks.counts
    return {
        "wave": ended.wave,
        "ticks": {dag: table_facts(rows) for dag, rows in ended.ticks.rows.items()},
        "exact": all(count.exact for count in counts.values()),
        "listed": {dag: [tick.isoformat() for tick in count.listed] for dag, count in counts.items() if count.listed},
        "not_handed_over": [finding.subject for finding in ended.stay],
    }


def _state(row: TickRow, count: TickCount) -> str:
    return "listed" if row.tick in count.listed else row.state


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}"
