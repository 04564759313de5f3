"""`astroferry approve`: a second person approves the plan, or somebody confirms what no machine can check."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from astroferry import diagnostics
from astroferry.carry.approving import approve, confirm, must_be_checks
from astroferry.carry.journal import Journal
from astroferry.carry.planfiles import journal_path
from astroferry.errors import Exit, UsageError
from astroferry.model import planfile
from astroferry.model.approval import digest
from astroferry.model.files import PlanLock

if TYPE_CHECKING:
    import argparse


async def run(arguments: argparse.Namespace) -> Exit:
    """0 when it stands in the plan; 3 where this person may not approve it. No server is asked."""
    path, by = Path(arguments.plan), " ".join(arguments.by.split())
    if not by:
        raise UsageError("--by needs a name.", hint="Whose word is it?")
    planfile.load(path)  # where there is none, no lock is left beside it
    with PlanLock(path):
        plan = planfile.load(path)
        what: list[str] = getattr(arguments, "what", None) or []
        journal = Journal(journal_path(path))
        if what:
            must_be_checks(plan, what)
            for key in what:
                plan = confirm(plan, path, journal, key, by)
        else:
            plan = approve(plan, path, journal, by)
    if arguments.json:
        diagnostics.data_json({"plan": str(path), "by": by, "digest": digest(plan), "confirmed": what})
    elif what:
        diagnostics.data(f"Confirmed by {by}: {', '.join(what)}")
    else:
        diagnostics.data(f"Approved by {by}: {path}, as it stands now (digest {digest(plan)[:12]}…)")
        diagnostics.say("An edit of the plan voids it; confirmations and the waves' states do not.")
    return Exit.DONE
