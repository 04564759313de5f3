"""Which DAG belongs to which Workspace, as the plan's rules and exceptions say; one pass over the inventory."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from astroferry.model.inventory import Dag, Inventory
    from astroferry.model.plan import Deployment, Plan, Workspace

NOBODY = frozenset({"airflow", ""})
"""owners that say nothing: Airflow's default, and none"""


def owners_of(dag: Dag) -> tuple[str, ...]:
    """Owners that say something."""
    return tuple(owner for owner in dag.owners if owner not in NOBODY)


def dag_root(inventory: Inventory) -> str:
    """The source's DAG folder, ending in "/": as configured, else the deepest folder that holds all DAG files."""
    configured = inventory.config.get("core", {}).get("dags_folder", "")
    if configured:
        return configured.rstrip("/") + "/"
    files = [dag.fileloc for dag in inventory.dags if dag.fileloc]
    if not files:
        return ""
    # The shared beginning of the first and the last by name is that of all; text, since paths of 14,000 are slow.
    first, last = min(files), max(files)
    shared = next((place for place, letter in enumerate(first) if last[place : place + 1] != letter), len(first))
    return first[: first.rfind("/", 0, shared) + 1]


def folder_of(dag: Dag, root: str) -> str:
    """The first folder below the DAG folder in which the DAG's file lies; "" where it lies directly in it."""
    if not dag.fileloc.startswith(root):
        return ""
    first, slash, _ = dag.fileloc[len(root) :].partition("/")
    return first if slash else ""


def assigned(plan: Plan, inventory: Inventory) -> dict[str, str]:
    """DAG id -> Workspace, for every DAG that has one; exceptions win, then the first Workspace whose rule fits.

    What no rule takes goes to the first Workspace without rules, and is left out where there is none.
    """
    named = {dag: workspace.name for workspace in reversed(plan.workspaces) for dag in workspace.dags}
    rest = next((item.name for item in plan.workspaces if not has_rules(item)), "")
    owners = _first(plan.workspaces, "owners")
    tags = _first(plan.workspaces, "tags")
    folders = _first(plan.workspaces, "folders")
    root = dag_root(inventory)
    found: dict[str, str] = {}
    for dag in inventory.dags:
        where = named.get(dag.dag_id)
        if where is None:
            fits = [owners[owner] for owner in dag.owners if owner in owners]
            fits += [tags[tag] for tag in dag.tags if tag in tags]
            folder = folder_of(dag, root)
            fits += [folders[folder]] if folder in folders else []
            where = plan.workspaces[min(fits)].name if fits else rest
        if where:
            found[dag.dag_id] = where
    return found


def has_rules(workspace: Workspace) -> bool:
    """Whether the Workspace says which DAGs are its."""
    return bool(workspace.owners or workspace.tags or workspace.folders or workspace.dags)


def home(plan: Plan, workspace: str, role: str) -> Deployment | None:
    """The Deployment of that Workspace for "test" or "production", or one for both; None where there is none."""
    mine = [item for item in plan.deployments if item.workspace == workspace]
    return next((item for item in mine if item.role in {role, "both"}), None)


def _first(workspaces: Sequence[Workspace], kind: str) -> dict[str, int]:
    """Value -> position of the first Workspace that names it."""
    found: dict[str, int] = {}
    for position, workspace in enumerate(workspaces):
        for value in getattr(workspace, kind):
            found.setdefault(value, position)
    return found
