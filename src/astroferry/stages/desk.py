"""The desk: what a walk through the stages works on; it outlives every screen and knows none."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from astroferry.advice.rules.rule import Case
from astroferry.errors import PlanError, Problem
from astroferry.model.plan import Plan, Source
from astroferry.model.planedit import value_at, with_value
from astroferry.model.webaddress import address_problem

if TYPE_CHECKING:
    from pathlib import Path

    from astroferry.code.find import Found
    from astroferry.model.inventory import Inventory
    from astroferry.model.organization import OrganizationFacts


@dataclass
class Desk:
    """The plan being made, and what is known about both ends.

    `inventory` and `facts` are None until they were read. `path` is where the plan is saved.
    """

    path: Path
    plan: Plan
    inventory: Inventory | None = None
    facts: OrganizationFacts | None = None
    found: Found | None = None
    """what the DAG folder defines; None where it was not read"""
    facts_from: str = ""
    """the address of Astro's API that told `facts`; empty where it is not known to matter"""
    api_instead: str = ""
    """the address that the environment sets, which is asked instead of the plan's; empty where it sets none"""
    answered: set[str] = field(default_factory=set)
    """keys answered on this walk; a suggestion taken counts"""

    @property
    def case(self) -> Case | None:
        """What the advice looks at; None before there is an inventory."""
        if self.inventory is None:
            return None
        return Case(
            self.plan, self.inventory, self.facts, tuple(self.found.signs) if self.found is not None else None
        )

    @property
    def organization_seen(self) -> OrganizationFacts | None:
        """The facts, if it is the address asked now that told them."""
        return self.facts if self.facts_from in {"", self.api_instead or self.plan.target.api} else None

    def answer(self, key: str, value: Any) -> None:
        """Put one answer into the plan; PlanError where it does not fit."""
        if key in _ADDRESSES and isinstance(value, str) and (why := address_problem(value)):
            raise PlanError(f"{key} cannot be set so.", [Problem(key, why)])
        self.plan = with_value(self.plan, key, value)
        self.answered.add(key)

    def current(self, key: str) -> Any:
        """What the plan holds at that key."""
        return value_at(self.plan, key)

    def mark_decided(self, stage: str) -> None:
        """Note that a stage was gone through; it need not be looked at again."""
        decided = tuple(dict.fromkeys((*self.plan.decided, stage)))
        again = tuple(key for key in self.plan.review_again if key != stage)
        self.plan = replace(self.plan, decided=decided, review_again=again)

    def mark_review_again(self, stages: tuple[str, ...]) -> None:
        """Note that earlier answers changed under stages already decided; nothing of them is erased."""
        again = [stage for stage in stages if stage in self.plan.decided]
        self.plan = replace(self.plan, review_again=tuple(dict.fromkeys((*self.plan.review_again, *again))))


_ADDRESSES = frozenset({"source.url", "target.api"})


def new_desk(path: Path, name: str, url: str = "", *, now: datetime | None = None) -> Desk:
    """A desk with an empty plan on it."""
    created = (now or datetime.now(UTC)).replace(microsecond=0)
    return Desk(path, Plan(name=name, source=Source(url=url), created=created))
