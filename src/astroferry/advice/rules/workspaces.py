"""How Workspaces divide the Deployments."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from astroferry.advice.rules.rule import Book, Case, Hit, Suggestion

if TYPE_CHECKING:
    from collections.abc import Iterator

    from astroferry.model.plan import Layout

BOOK = Book("workspaces")
WHERE = "decisions.workspaces"

SMALL = 50
"""DAGs up to which one Workspace stays easy to see; our own measure"""
_NOBODY = frozenset({"airflow", ""})


@BOOK.suggests(WHERE)
def suggest(case: Case) -> Suggestion[Layout]:
    """One Workspace for a small source or one owner, else one per team."""
    dags = case.inventory.dags
    owners = Counter(owner for dag in dags for owner in set(dag.owners) - _NOBODY)
    evidence = tuple(f"{owner}: {count} DAG(s)" for owner, count in sorted(owners.items()))
    if len(owners) > 1 and len(dags) > SMALL:
        return Suggestion("team", f"{len(owners)} owners share {len(dags)} DAGs.", evidence)
    return Suggestion("one", f"{len(dags)} DAGs are easy to keep in one Workspace.", evidence)


@BOOK.rule(
    "WSP-001",
    "advise",
    about=WHERE,
    reads=("plan.decisions.workspaces", "plan.workspaces"),
    source="migration guide, Phase 2: Workspace organization; docs: manage-workspaces",
)
def not_the_layout(case: Case) -> Iterator[Hit]:
    """The Workspaces of the plan are not the layout that was chosen.

    Either the layout or the list of Workspaces says something that is not meant.
    """
    layout, count = case.plan.decisions.workspaces, len(case.plan.workspaces)
    if layout == "one" and count > 1:
        yield Hit(
            f"The layout is one Workspace, but the plan has {count}.", "Say how they are divided, or leave one."
        )
    if layout != "one" and count == 1:
        yield Hit(
            f"The layout is one Workspace per {layout}, but the plan has only one.",
            'Add the others, or set it to "one".',
        )


@BOOK.rule(
    "WSP-009",
    "advise",
    about="workspaces",
    reads=("plan.workspaces", "plan.deployments"),
    source="docs: user-permissions",
    confidence="medium",
)
def everyone_sees_all(case: Case) -> Iterator[Hit]:
    """Airflow's own roles and DAG access are not carried.

    On Astro access is given per organization, Workspace and Deployment. DAGs for different audiences belong into
    different Deployments, and those into different Workspaces.
    """
    if len(case.plan.workspaces) == 1 and len(case.plan.deployments) > 1:
        yield Hit(
            "Everyone in the Workspace sees all its Deployments; Airflow's own roles and DAG access are not carried.",
            "Divide by Workspace where that matters.",
        )
