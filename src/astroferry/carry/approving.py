"""People's words on a plan, in its file and the journal: a second person's approval, a check confirmed."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from astroferry.errors import PlanError, UsageError
from astroferry.model import planfile
from astroferry.model.approval import digest, is_same_person
from astroferry.model.cutoverday import Approval
from astroferry.model.plan import Confirmation

if TYPE_CHECKING:
    from pathlib import Path

    from astroferry.carry.journal import Journal
    from astroferry.model.plan import Plan

_KEY = re.compile(r"[a-z][a-z0-9-]*(:\S.*)?")


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
