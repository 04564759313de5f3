"""The last two steps: everything that a machine can check, with the backup between, and the waves released."""

from __future__ import annotations

from typing import TYPE_CHECKING

from astroferry.carry.decommission.leaving import (
    LIVE,
    back_up,
    held_before,
    moved_checks,
    people_checks,
    quiet_checks,
    starship_checks,
)
from astroferry.carry.handover.beforehand import STARSHIP, left_there
from astroferry.carry.readiness import must_be_approved, open_checks
from astroferry.errors import PlanError, Problem
from astroferry.model import planfile
from astroferry.model.words import several

if TYPE_CHECKING:
    from pathlib import Path

    from astroferry.carry.journal import Journal
    from astroferry.carry.opening import Opened
    from astroferry.carry.prerequisites import Prerequisite
    from astroferry.model.inventory import Inventory
    from astroferry.model.plan import Plan


async def live_checks(way: Opened, folder: Path) -> list[Prerequisite]:
    """The checks that ask both ends, and the backup in `folder`; the journal remembers when all of them held."""
    checks = list(await quiet_checks(way))
    if not open_checks(tuple(checks)):
        checks.append(await back_up(way, folder, way.ctx.tell))
    checks += await _starship_gone(way)
    if not open_checks(tuple(checks)):
        way.journal.write(LIVE, "found", facts={item.key: item.detail for item in checks})
    return checks


async def _starship_gone(way: Opened) -> tuple[Prerequisite, ...]:
    """The checks of Starship; the journal remembers where it was needed for a handover and is gone now."""
    checks = await starship_checks(way)
    gone = {item.key for item in checks if item.outcome == "met"}
    for name in left_there(way.journal):
        if f"starship-target:{name}" in gone:
            way.journal.write(f"{STARSHIP}/{name}", "note")
    return checks


def release(plan: Plan, inventory: Inventory, path: Path, journal: Journal) -> Plan:
    """Every wave is released, in the plan, its file and the journal; the plan's lock is the caller's.

    PlanError where the journal does not tell that every check has held, or a DAG has moved to or fro since: whoever
    looked at the checks may have done so before that.
    """
    must_be_approved(plan, "decommission")
    left = open_checks((*moved_checks(plan, inventory, journal), *people_checks(plan)))
    problems = [Problem(item.key, f"{item.title}: {item.told}") for item in left]
    if not held_before(journal):
        problems.append(Problem("source", "both ends have not been looked at since the last handover; check again"))
    if problems:
        raise PlanError(f"The old side may not go yet: {several(len(problems), 'check')} not met.", problems)
    for wave in plan.waves:
        if wave.state != "released":
            plan = plan.with_wave_state(wave.name, "released")
            planfile.save_wave_state(plan, path, wave.name)
            journal.write(f"wave/{wave.name}", "note", facts={"state": "released"})
    return plan
