"""`astroferry verify`: compare both ends now, value by value."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from astroferry import diagnostics
from astroferry.carry.actions.deployment import find
from astroferry.carry.compare import HEADINGS, findings, summary
from astroferry.carry.compare import table as rows_of
from astroferry.carry.opening import opened
from astroferry.carry.verifying import verify
from astroferry.carry.waves import advance
from astroferry.errors import CarriedInPartError, Exit
from astroferry.faces.headless.asking import asker
from astroferry.faces.headless.progress import Narrator
from astroferry.report.table import table

if TYPE_CHECKING:
    import argparse

    from astroferry.carry.opening import Opened
    from astroferry.carry.verifying import Verified


async def run(arguments: argparse.Namespace) -> Exit:
    """0 where every value is the same, 6 where one differs, is missing or could not be compared."""
    async with opened(Path(arguments.plan), ask=asker(arguments), tell=Narrator()) as way:
        done = await verify_all(way, None)
        if arguments.json:
            diagnostics.data_json([_data(item) for item in done])
        else:
            _print(done)
    if not all(item.equal for item in done):
        raise CarriedInPartError("Not every value is the same on both ends.", hint="See the table above.")
    return Exit.DONE


async def verify_all(way: Opened, wave: str | None) -> list[Verified]:
    """Compare every Deployment that a wave names."""
    names = {name for item in way.plan.waves if wave in {None, item.name} for name in (item.test, item.production)}
    done = []
    for deployment in way.plan.deployments:
        if deployment.name in names:
            await find(way.ctx, deployment)
            done.append(await verify(way.ctx, way.journal, deployment, way.dags_folder))
    return done


async def verify_deployments(way: Opened, wave: str | None) -> bool:
    """Compare, print the table, and move waves on to `tested` where all is equal."""
    done = await verify_all(way, wave)
    _print(done)
    equal = all(item.equal for item in done)
    if equal:
        advance(way, wave, "deployed to test", "tested")
    return equal


def _print(done: list[Verified]) -> None:
    for item in done:
        lines = [f"Values on {item.deployment}", *table(HEADINGS, rows_of(item.rows), width=118), summary(item.rows)]
        lines += [f"{finding.severity}: {finding.message} {finding.todo}" for finding in findings(item.rows)]
        diagnostics.data("\n".join(lines))


def _data(item: Verified) -> dict[str, object]:
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
