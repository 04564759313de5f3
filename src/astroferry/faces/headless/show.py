"""`astroferry show`: the review page, rendered only from the plan and its inventory."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from astroferry import diagnostics
from astroferry.carry.graph import build
from astroferry.carry.planfiles import dags_folder, read_plan
from astroferry.errors import Exit
from astroferry.report.review import as_data, review

if TYPE_CHECKING:
    import argparse


async def run(arguments: argparse.Namespace) -> Exit:
    """Show it; 3 where the plan is invalid."""
    path = Path(arguments.plan)
    plan, inventory = read_plan(path)
    infos = [action.info for action in build(plan, inventory, dags_folder(plan, path))]
    if arguments.json:
        diagnostics.data_json(as_data(plan, inventory, infos))
    else:
        diagnostics.data("\n".join(review(plan, inventory, infos)))
    return Exit.DONE
