"""All decisions in one list: what is suggested for each and why, and what is wrong with what a plan says.

Widened by adding a file to `rules/` and a line here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from astroferry.advice.rules import cluster, execution, network, secrets, values, version, waves, workspaces

if TYPE_CHECKING:
    from collections.abc import Callable

    from astroferry.advice.rules.rule import Rule, Suggestion
    from astroferry.model.finding import Finding, Severity
    from astroferry.model.inventory import Inventory
    from astroferry.model.organization import OrganizationFacts
    from astroferry.model.plan import Plan

    Suggest = Callable[[Inventory, OrganizationFacts | None], Suggestion[Any]]

SUGGESTIONS: dict[str, Suggest] = {
    "decisions.airflow": version.suggest_airflow,
    "decisions.cron_data_intervals": version.suggest_cron_data_intervals,
    "decisions.execution": execution.suggest,
    "decisions.cluster": cluster.suggest,
    "decisions.networking": network.suggest,
    "decisions.workspaces": workspaces.suggest,
    "decisions.secrets_backend": secrets.suggest,
    "values.connections": values.suggest_connections,
    "values.variables": values.suggest_variables,
    "waves": waves.suggest,
}
"""plan key -> suggestion, in the order of the guide; decisions.runtime follows from decisions.airflow"""

_MODULES = (version, execution, cluster, network, workspaces, secrets, values, waves)
RULES: tuple[Rule, ...] = tuple(rule for module in _MODULES for rule in module.RULES)
_ORDER: dict[Severity, int] = {"refuse": 0, "warn": 1, "advise": 2}


def suggest(inventory: Inventory, facts: OrganizationFacts | None = None) -> dict[str, Suggestion[Any]]:
    """A suggestion for every decision, by its key in the plan, in the order in which they are asked."""
    found: dict[str, Suggestion[Any]] = {}
    for key, ask in SUGGESTIONS.items():
        found[key] = ask(inventory, facts)
        if key == "decisions.airflow":
            found["decisions.runtime"] = version.suggest_runtime(inventory, facts, found[key].value)
    return found


def problems(plan: Plan, inventory: Inventory, facts: OrganizationFacts | None = None) -> list[Finding]:
    """Everything the rules hold against the plan, the gravest first, otherwise in the order of the decisions."""
    found = [finding for module in _MODULES for finding in module.problems(plan, inventory, facts)]
    return sorted(found, key=lambda finding: _ORDER[finding.severity])
