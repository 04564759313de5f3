"""How Workspaces divide the Deployments."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from astroferry.advice.rules.rule import Rule, Suggestion

if TYPE_CHECKING:
    from collections.abc import Iterator

    from astroferry.model.finding import Finding
    from astroferry.model.inventory import Inventory
    from astroferry.model.organization import OrganizationFacts
    from astroferry.model.plan import Layout, Plan

LAYOUT = Rule("WSP-001", "advise", "migration guide, Phase 2: Workspace organization; docs: manage-workspaces")
ROLES = Rule("WSP-009", "advise", "docs: user-permissions", "medium")
RULES = (LAYOUT, ROLES)

SMALL = 50
"""DAGs up to which one Workspace stays easy to see; our own measure"""
_NOBODY = frozenset({"airflow", ""})


def suggest(inventory: Inventory, _facts: OrganizationFacts | None) -> Suggestion[Layout]:
    """One Workspace for a small source or one owner, else one per team."""
    owners = Counter(owner for dag in inventory.dags for owner in set(dag.owners) - _NOBODY)
    evidence = tuple(f"{owner}: {count} DAG(s)" for owner, count in sorted(owners.items()))
    if len(owners) > 1 and len(inventory.dags) > SMALL:
        return Suggestion("team", f"{len(owners)} owners share {len(inventory.dags)} DAGs.", evidence)
    return Suggestion("one", f"{len(inventory.dags)} DAGs are easy to keep in one Workspace.", evidence)


def problems(plan: Plan, _inventory: Inventory, _facts: OrganizationFacts | None) -> Iterator[Finding]:
    """Where the Workspaces of the plan are not the layout that was chosen."""
    layout, count = plan.decisions.workspaces, len(plan.workspaces)
    if layout == "one" and count > 1:
        yield LAYOUT.finding(
            f"The layout is one Workspace, but the plan has {count}.",
            "decisions.workspaces",
            "Say how they are divided, or leave one.",
        )
    if layout != "one" and count == 1:
        yield LAYOUT.finding(
            f"The layout is one Workspace per {layout}, but the plan has only one.",
            "decisions.workspaces",
            'Add the others, or set it to "one".',
        )
    if count == 1 and len(plan.deployments) > 1:
        yield ROLES.finding(
            "Everyone in the Workspace sees all its Deployments; Airflow's own roles and DAG access are not carried.",
            "workspaces",
            "Divide by Workspace where that matters.",
        )
