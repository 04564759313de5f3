"""Which plan was approved: a digest of everything it decides, and what that makes of the approvals in it."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from astroferry.model.cutoverday import Approval, Step
    from astroferry.model.plan import Plan

_RECORDS = ("approvals", "confirmed", "decided", "review_again")
"""what is said of a plan, not decided by it: people's words, and which screens were visited"""


def digest(plan: Plan) -> str:
    """Of all that the plan decides: SHA-256 over its content, 64 hexadecimal digits.

    Left out are approvals and confirmations, and the waves' states, which the carrying itself moves on. Comments and
    the order of sections in the file do not count either.
    """
    content = dataclasses.asdict(plan)
    for name in _RECORDS:
        content.pop(name)
    for wave in content["waves"]:
        wave.pop("state")
    written = json.dumps(content, sort_keys=True, ensure_ascii=True, default=_text)
    return hashlib.sha256(written.encode()).hexdigest()


def _text(value: Any) -> str:
    return str(value.isoformat())


def is_same_person(one: str, other: str) -> bool:
    """Whether two names mean the same person, as far as spelling tells."""
    return " ".join(one.split()).casefold() == " ".join(other.split()).casefold()


def valid_approval(plan: Plan) -> Approval | None:
    """The newest approval of the plan as it stands now by somebody else than its author, if there is one."""
    now = digest(plan)
    good = [
        item
        for item in plan.approvals
        if item.plan == now and item.by.strip() and not is_same_person(item.by, plan.approval.author)
    ]
    return max(good, key=lambda item: item.at, default=None)


def lacks_approval(plan: Plan, step: Step) -> str:
    """Why this step may not begin, in a sentence; empty where it may."""
    if step not in plan.approval.before or valid_approval(plan) is not None:
        return ""
    if any(not is_same_person(item.by, plan.approval.author) for item in plan.approvals):
        return f"The plan was changed after it was approved, and {step} needs an approval of the plan as it is now."
    return f"The plan asks for a second person's approval before {step}, and nobody has approved it."
