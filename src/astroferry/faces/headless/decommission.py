"""`astroferry decommission`: may the old side go? live checks, a last backup, then what people confirm."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from astroferry import diagnostics
from astroferry.carry.decommission.leaving import LIVE, back_up, people_checks, quiet_checks, starship_checks
from astroferry.carry.journal import Journal
from astroferry.carry.opening import opened
from astroferry.carry.planfiles import journal_path
from astroferry.carry.readiness import must_be_approved, open_checks
from astroferry.errors import Exit, NotAllowedError, NotTheApiError, PlanError, Problem, UnreachableError
from astroferry.faces.headless.asking import asker
from astroferry.faces.headless.progress import Narrator
from astroferry.model import planfile
from astroferry.model.files import PlanLock
from astroferry.model.words import several
from astroferry.report.table import table

if TYPE_CHECKING:
    import argparse

    from astroferry.carry.prerequisites import Prerequisite


async def run(arguments: argparse.Namespace) -> Exit:
    """0 when the old side may be forgotten; 3 while anything is missing, each with what to do.

    Once everything a machine can check has held, a source that cannot be asked is no fault: it is meant to go.
    """
    path = Path(arguments.plan)
    plan = planfile.load(path)
    must_be_approved(plan, "decommission")
    live = Journal(journal_path(path)).standing().get(LIVE)
    held_before = live is not None and live.event == "found"
    checks: list[Prerequisite] = []
    try:
        checks += await _live(arguments, path)
    except (UnreachableError, NotAllowedError, NotTheApiError):
        if not held_before:
            raise
        diagnostics.say("The ends cannot be asked any more; what a machine can check has held before (journal).")
    people = tuple(people_checks(planfile.load(path)))
    left = open_checks((*checks, *people))
    _tell(arguments, (*checks, *people))
    if left:
        problems = [Problem(item.key, f"{item.title}: {item.detail}") for item in left]
        raise PlanError(f"The old side may not go yet: {several(len(left), 'check')} not met.", problems)
    _release(path)
    return Exit.DONE


async def _live(arguments: argparse.Namespace, path: Path) -> list[Prerequisite]:
    """The checks that ask both ends, and the backup between them; the journal remembers when all of them held."""
    folder = Path(getattr(arguments, "backup", "") or path.parent)
    if not folder.is_dir():
        raise PlanError(f"There is no folder {folder} for the backup.", hint="Make it, or name another one.")
    async with opened(path, ask=asker(arguments), tell=Narrator()) as way:
        checks = list(await quiet_checks(way))
        if not open_checks(tuple(checks)):
            checks.append(await back_up(way, folder, way.ctx.tell))
        checks += await starship_checks(way)
        if not open_checks(tuple(checks)):
            way.journal.write(LIVE, "found", facts={item.key: item.detail for item in checks})
    return checks


def _tell(arguments: argparse.Namespace, checks: tuple[Prerequisite, ...]) -> None:
    if arguments.json:
        rows = [{"key": item.key, "outcome": item.outcome, "detail": item.detail} for item in checks]
        diagnostics.data_json({"checks": rows, "may_go": not open_checks(checks)})
        return
    shown = [(item.outcome, item.title, item.detail) for item in checks]
    diagnostics.data("\n".join(["Leaving the old side", *table(("", "what", "evidence"), shown, width=140)]))


def _release(path: Path) -> None:
    """Every wave is released, in the plan's file and the journal."""
    with PlanLock(path):
        plan = planfile.load(path)
        journal = Journal(journal_path(path))
        for wave in plan.waves:
            if wave.state != "released":
                plan = plan.with_wave_state(wave.name, "released")
                planfile.save_wave_state(plan, path, wave.name)
                journal.write(f"wave/{wave.name}", "note", facts={"state": "released"})
    diagnostics.say("The old side may be forgotten. Keep the backup, the journal and the plan.")
