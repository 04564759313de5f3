"""`astroferry show`: the review page, rendered only from the plan and its inventory."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from astroferry import diagnostics
from astroferry.advice.repeated import once
from astroferry.advice.suggest import problems
from astroferry.carry.graph import build
from astroferry.carry.handover.wave_state import states_in_words
from astroferry.carry.journal import Journal
from astroferry.carry.planfiles import dags_folder, journal_path, read_plan
from astroferry.errors import Exit
from astroferry.model.words import several
from astroferry.report.review import HELD, as_data, review

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from astroferry.model.finding import Finding


async def run(arguments: argparse.Namespace) -> Exit:
    """Show it; 3 where the plan is invalid."""
    path = Path(arguments.plan)
    plan, inventory = read_plan(path)
    infos = [action.info for action in build(plan, inventory, dags_folder(plan, path))]
    if arguments.json:
        diagnostics.data_json(as_data(plan, inventory, infos))
    else:
        states = states_in_words(plan, inventory, Journal(journal_path(path)).standing())
        held = problems(plan, inventory)
        *page, blank, last = review(plan, inventory, infos, states=states, held=held)
        diagnostics.data("\n".join([*page, *against(held), blank, last]))
    return Exit.DONE


def against(held: Sequence[Finding]) -> list[str]:
    """What the rules hold against the plan, Astro not being asked; of mere advice only how much there is."""
    found = once(held)
    grave = [item for item in found if item.severity != "advise"]
    lines = ["", HELD] if found else []
    lines += [f"  {item.severity}: {item.message} {item.todo}".rstrip() + f" [{item.code}]" for item in grave]
    if left := len(found) - len(grave):
        lines.append(f"  {several(left, 'piece')} of advice: see `astroferry report`.")
    return lines
