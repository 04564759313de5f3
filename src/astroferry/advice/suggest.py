"""All decisions in one list: what is suggested for each and why, and what is wrong with what a plan says.

Widened by adding a file to `rules/` and a line here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from astroferry.advice.rules import (
    access,
    carried,
    cluster,
    code,
    configuration,
    cutover,
    defaults,
    environment,
    execution,
    executor,
    hazards,
    links,
    network,
    platforms,
    providers,
    ranges,
    secret_names,
    secrets,
    values,
    version,
    waves,
    workspaces,
)
from astroferry.advice.rules.rule import Case

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from astroferry.advice.rules.rule import Rule, Suggestion
    from astroferry.model.finding import Finding, Severity
    from astroferry.model.inventory import Inventory, Sign
    from astroferry.model.organization import OrganizationFacts
    from astroferry.model.plan import Plan

    Suggest = Callable[[Case], Suggestion[Any]]

SUGGESTIONS: dict[str, Suggest] = {
    **version.BOOK.suggestions,
    **execution.BOOK.suggestions,
    **cluster.BOOK.suggestions,
    **network.BOOK.suggestions,
    **workspaces.BOOK.suggestions,
    **secrets.BOOK.suggestions,
    **values.BOOK.suggestions,
    **configuration.BOOK.suggestions,
    **waves.BOOK.suggestions,
}
"""plan key -> suggestion, in the order of the guide"""

BOOKS = (
    version.BOOK,
    defaults.BOOK,
    code.BOOK,
    providers.BOOK,
    configuration.BOOK,
    execution.BOOK,
    cluster.BOOK,
    network.BOOK,
    ranges.BOOK,
    workspaces.BOOK,
    access.BOOK,
    executor.BOOK,
    secrets.BOOK,
    secret_names.BOOK,
    values.BOOK,
    carried.BOOK,
    environment.BOOK,
    hazards.BOOK,
    platforms.BOOK,
    waves.BOOK,
    links.BOOK,
    cutover.BOOK,
)
"""the books of rules, in the order of the decisions"""

_ORDER: dict[Severity, int] = {"refuse": 0, "warn": 1, "advise": 2}


def rules() -> tuple[Rule, ...]:
    """Every rule of every book."""
    return tuple(rule for book in BOOKS for rule in book.rules)


def suggest(case: Case) -> dict[str, Suggestion[Any]]:
    """A suggestion for every decision, by its key in the plan, in the order in which they are asked.

    Each is asked as if the ones before it had been taken.
    """
    found: dict[str, Suggestion[Any]] = {}
    for key, ask in SUGGESTIONS.items():
        found[key] = ask(case)
        if key.startswith("decisions.") and found[key].value not in {"", None}:
            case = case.with_answer(key, found[key].value)
    return found


def refusals(case: Case, key: str, values: Iterable[str]) -> dict[str, str]:
    """Value -> why it cannot be taken for that plan key here, by the rules of all books; others are left out."""
    offered = tuple(values)
    found: dict[str, str] = {}
    for book in BOOKS:
        found = {**book.refusals(case, key, offered), **found}
    return {value: found[value] for value in offered if value in found}


def problems(
    plan: Plan,
    inventory: Inventory,
    facts: OrganizationFacts | None = None,
    folder: tuple[Sign, ...] | None = None,
) -> list[Finding]:
    """Everything the rules hold against the plan, the gravest first, otherwise in the order of the decisions.

    `folder`: signs in the DAG folder that is deployed, where it was read.
    """
    case = Case(plan, inventory, facts, folder)
    found = [finding for book in BOOKS for finding in book.problems(case)]
    return sorted(found, key=lambda finding: _ORDER[finding.severity])
