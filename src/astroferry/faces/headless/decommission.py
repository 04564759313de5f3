"""`astroferry decommission`: may the old side go? live checks, a last backup, then what people confirm."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from astroferry import diagnostics
from astroferry.carry.decommission.leaving import held_before, moved_checks, people_checks
from astroferry.carry.decommission.release import live_checks, release
from astroferry.carry.journal import Journal
from astroferry.carry.opening import opened
from astroferry.carry.planfiles import journal_path, read_plan
from astroferry.carry.readiness import must_be_approved, open_checks
from astroferry.errors import Exit, NotAllowedError, NotTheApiError, PlanError, Problem, UnreachableError
from astroferry.faces.headless.asking import asker
from astroferry.faces.headless.progress import Narrator
from astroferry.model import planfile
from astroferry.model.files import PlanLock
from astroferry.model.words import several
from astroferry.report.table import page_width, table

if TYPE_CHECKING:
    import argparse

    from astroferry.carry.prerequisites import Prerequisite


async def run(arguments: argparse.Namespace) -> Exit:
    """0 when the old side may be forgotten; 3 while anything is missing, each with what to do.

    Once everything a machine can check has held, a source that cannot be asked is no fault: it is meant to go.
    """
    path = Path(arguments.plan)
    plan, inventory = read_plan(path)
    must_be_approved(plan, "decommission")
    journal = Journal(journal_path(path))
    checks: list[Prerequisite] = []
    try:
        checks += await _live(arguments, path)
    except (UnreachableError, NotAllowedError, NotTheApiError):
        if not held_before(journal):
            raise
        checks += moved_checks(plan, inventory, journal)
        diagnostics.say("The ends cannot be asked any more; what a machine can check has held before (journal).")
    people = tuple(people_checks(planfile.load(path)))
    left = open_checks((*checks, *people))
    _tell(arguments, (*checks, *people))
    if left:
        problems = [Problem(item.key, f"{item.title}: {item.told}") for item in left]
        raise PlanError(f"The old side may not go yet: {several(len(left), 'check')} not met.", problems)
    with PlanLock(path):
        release(*read_plan(path), path, Journal(journal_path(path)))
    diagnostics.say("The old side may be forgotten. Keep the backup, the journal and the plan.")
    return Exit.DONE


async def _live(arguments: argparse.Namespace, path: Path) -> list[Prerequisite]:
    """The checks that ask both ends, and the backup between them."""
    folder = Path(getattr(arguments, "backup", "") or path.parent)
    if not folder.is_dir():
        raise PlanError(f"There is no folder {folder} for the backup.", hint="Make it, or name another one.")
    async with opened(path, ask=asker(arguments), tell=Narrator()) as way:
        return await live_checks(way, folder)


def _tell(arguments: argparse.Namespace, checks: tuple[Prerequisite, ...]) -> None:
    if arguments.json:
        rows = [{"key": item.key, "outcome": item.outcome, "detail": item.told} for item in checks]
        diagnostics.data_json({"checks": rows, "may_go": not open_checks(checks)})
        return
    shown = [(item.stands, item.title, item.told) for item in checks]
    diagnostics.data(
        "\n".join(["Leaving the old side", *table(("", "what", "evidence"), shown, width=page_width(140))])
    )
