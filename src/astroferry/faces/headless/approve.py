"""`astroferry approve`: a second person approves the plan, or somebody confirms what no machine can check."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from astroferry import diagnostics
from astroferry.carry.journal import Journal
from astroferry.carry.planfiles import journal_path
from astroferry.errors import Exit, PlanError, UsageError
from astroferry.model import planfile
from astroferry.model.approval import digest, is_same_person
from astroferry.model.cutoverday import Approval
from astroferry.model.files import PlanLock
from astroferry.model.plan import Confirmation

if TYPE_CHECKING:
    import argparse

    from astroferry.model.plan import Plan

_KEY = re.compile(r"[a-z][a-z0-9-]*(:\S.*)?")


async def run(arguments: argparse.Namespace) -> Exit:
    """0 when it stands in the plan; 3 where this person may not approve it. No server is asked."""
    path, by = Path(arguments.plan), " ".join(arguments.by.split())
    if not by:
        raise UsageError("--by needs a name.", hint="Whose word is it?")
    with PlanLock(path):
        plan = planfile.load(path)
        what: list[str] = getattr(arguments, "what", None) or []
        journal = Journal(journal_path(path))
        if what:
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


def approve(plan: Plan, path: Path, journal: Journal, by: str) -> Plan:
    """Record an approval in the plan's file and the journal; PlanError where `by` wrote the plan."""
    if not plan.approval.author:
        raise PlanError(
            "The plan does not say who wrote it, so nobody can tell whether you are a second person.",
            hint='Set approval.author = "NAME" in the plan.',
        )
    if is_same_person(by, plan.approval.author):
        raise PlanError(f"{by} wrote this plan; somebody else has to approve it.")
    record = Approval(by, datetime.now(UTC).replace(microsecond=0), digest(plan))
    added = planfile.add_record(plan, path, record)
    journal.write("approval", "note", facts={"by": by, "plan": record.plan})
    return added


def confirm(plan: Plan, path: Path, journal: Journal, what: str, by: str) -> Plan:
    """Record a person's word on a check in the plan's file and the journal."""
    if not _KEY.fullmatch(what):
        raise UsageError(
            f'"{what}" is no key of a check.', hint="`astroferry check PLAN` names them, such as alerts."
        )
    added = planfile.add_record(plan, path, Confirmation(what, by, datetime.now(UTC).replace(microsecond=0)))
    journal.write(f"confirmed/{what}", "note", facts={"by": by})
    return added
