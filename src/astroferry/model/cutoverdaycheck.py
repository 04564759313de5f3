"""What contradicts itself in what a plan says of the day of a cutover and after it; a part of `plancheck`."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from astroferry.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from astroferry.model.plan import Plan


def problems_of(plan: Plan) -> Iterator[Problem]:
    """Every contradiction in `before`, `limits`, `watch`, `decommission`, `approval` and `people`."""
    for check in (_numbers, _people, _outputs):
        yield from check(plan)


def _numbers(plan: Plan) -> Iterator[Problem]:
    for section, name, least in _LEAST:
        number = getattr(getattr(plan, section), name)
        if not least <= number < math.inf:
            yield Problem(f"{section}.{name}", f"must be at least {least:g}")
    if not 0 <= plan.watch.success_drop <= 100:
        yield Problem("watch.success_drop", "must be between 0 and 100")
    asides = (("watch.webhook", plan.watch.webhook), ("decommission.database", plan.decommission.database))
    for where, source in asides:
        if source and not _KEPT_ASIDE.fullmatch(source):
            # The text is not repeated: it may be the address itself, with a password in it.
            yield Problem(where, "must be environment or file:PATH; never the address itself, which is a secret")
    if plan.approval.before and not plan.approval.author.strip():
        yield Problem("approval.author", "is missing: whoever wrote the plan cannot approve it, so name them")


def _people(plan: Plan) -> Iterator[Problem]:
    for number, person in enumerate(plan.people):
        if not _EMAIL.fullmatch(person.email):
            yield Problem(f"people.{number}.email", "is no e-mail address")


def _outputs(plan: Plan) -> Iterator[Problem]:
    for number, check in enumerate(plan.watch.outputs):
        where = f"watch.outputs.{number}"
        if bool(check.dag) == bool(check.url):
            yield Problem(where, "needs either a dag or a url")
        elif check.url and not check.url.startswith(("https://", "http://")):
            yield Problem(f"{where}.url", "must begin with https:// or http://")
        elif "@" in check.url.partition("?")[0]:
            yield Problem(f"{where}.url", "holds a user name or password; it is asked without credentials")


_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
_KEPT_ASIDE = re.compile(r"environment|file:.+")
_LEAST = (
    ("before", "verified_within_hours", 1),
    ("limits", "failed_dags", 0),
    ("limits", "drain_minutes", 1),
    ("watch", "poll_seconds", 0.1),
    ("watch", "late_minutes", 1),
    ("watch", "queued_minutes", 1),
    ("watch", "slower", 1),
    ("decommission", "quiet_hours", 0),
    ("history", "runs", 0),
)
