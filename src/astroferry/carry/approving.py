"""People's words on a plan, in its file and the journal: a second person's approval, a check confirmed."""

from __future__ import annotations

import difflib
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from astroferry.carry.decommission.leaving import BY_PEOPLE as AFTERWARDS
from astroferry.carry.handover.beforehand import WAITING
from astroferry.carry.prerequisites import BY_PEOPLE as BEFOREHAND
from astroferry.carry.readiness import BY_PEOPLE as READINESS
from astroferry.errors import PlanError, UsageError
from astroferry.model import planfile
from astroferry.model.approval import digest, is_same_person
from astroferry.model.cutoverday import Approval
from astroferry.model.plan import Confirmation

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from astroferry.carry.journal import Journal
    from astroferry.model.plan import Plan


def keys_of(plan: Plan) -> tuple[str, ...]:
    """The checks of this plan on which a person's word counts, as `check` and `decommission` name them."""
    return (
        *(key for key, _, _ in BEFOREHAND),
        *READINESS,
        *(f"{WAITING}:{wave.name}" for wave in plan.waves),
        *(key for key, _ in AFTERWARDS),
        *(f"runbook:{path}" for path in plan.decommission.runbooks),
    )


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
    """Record a person's word on a check in the plan's file and the journal; UsageError for no check of it."""
    must_be_checks(plan, [what])
    added = planfile.add_record(plan, path, Confirmation(what, by, datetime.now(UTC).replace(microsecond=0)))
    journal.write(f"confirmed/{what}", "note", facts={"by": by})
    return added


def must_be_checks(plan: Plan, named: Iterable[str]) -> None:
    """UsageError where one is no check of this plan, so that a typo is not taken for a word given."""
    known = keys_of(plan)
    for what in named:
        if what not in known:
            close = difflib.get_close_matches(what, known, n=1)
            raise UsageError(
                f'"{what}" is no check of this plan.',
                hint=f'Did you mean "{close[0]}"?' if close else f"They are: {', '.join(dict.fromkeys(known))}.",
            )
