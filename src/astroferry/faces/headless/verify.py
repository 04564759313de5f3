"""`astroferry verify`: compare both ends now, value by value."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from astroferry import diagnostics
from astroferry.carry.acts import compare
from astroferry.carry.compare import HEADINGS, findings, summary
from astroferry.carry.compare import table as rows_of
from astroferry.carry.opening import opened
from astroferry.errors import CarriedInPartError, Exit
from astroferry.faces.headless.asking import asker
from astroferry.faces.headless.progress import Narrator
from astroferry.report.table import page_width, table

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from astroferry.carry.acts import Compared
    from astroferry.carry.verifying import Verified


async def run(arguments: argparse.Namespace) -> Exit:
    """0 where every value is the same, 6 where one differs, is missing or could not be compared."""
    async with opened(Path(arguments.plan), ask=asker(arguments), tell=Narrator()) as way:
        compared = await compare(way)
        if arguments.json:
            diagnostics.data_json([comparison_facts(item) for item in compared.done])
        else:
            print_comparison(compared.done)
    must_be_equal(compared)
    return Exit.DONE


def must_be_equal(compared: Compared) -> None:
    """CarriedInPartError where one value is not."""
    if not compared.equal:
        raise CarriedInPartError("Not every value is the same on both ends.", hint="See the table above.")


def print_comparison(done: Sequence[Verified]) -> None:
    """A table of every value for each Deployment, and what to do about those that differ."""
    for item in done:
        lines = [
            f"Values on {item.deployment}",
            *table(HEADINGS, rows_of(item.rows), width=page_width(118)),
            summary(item.rows),
        ]
        lines += [f"{finding.severity}: {finding.message} {finding.todo}" for finding in findings(item.rows)]
        diagnostics.data("\n".join(lines))


def comparison_facts(item: Verified) -> dict[str, object]:
    """The same as data."""
    return {
        "deployment": item.deployment,
        "equal": item.equal,
        "rows": [
            {
                "kind": row.kind,
                "id": row.id,
                "outcome": row.outcome,
                "differing": row.differing,
                "compared": row.compared,
                "reach": row.reach,
                "hook": row.hook,
                "why": row.why,
            }
            for row in item.rows
        ],
        "findings": [finding.message for finding in findings(item.rows)],
    }
