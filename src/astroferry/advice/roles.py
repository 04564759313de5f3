"""Airflow's roles on Astro, as proposals: nobody is invited and no role is given by astroferry.

Sources: Airflow's FAB roles (documented), Astro API v1 role names, docs of 2024: user-permissions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from astroferry.model.plan import Plan


@dataclass(frozen=True, slots=True)
class Mapped:
    """An Airflow role, the Astro role that allows about the same, and what is not the same."""

    airflow: str
    astro: str
    differs: str


ROLES: tuple[Mapped, ...] = (
    Mapped("Admin", "WORKSPACE_OWNER", "of one Workspace; clusters and Workspaces need ORGANIZATION_OWNER"),
    Mapped("Op", "WORKSPACE_OPERATOR", "makes Deployments, environment variables, connections"),
    Mapped("User", "WORKSPACE_AUTHOR", "deploys code, runs and pauses DAGs, sees all DAGs of the Workspace"),
    Mapped("Viewer", "WORKSPACE_MEMBER", "sees everything in the Workspace"),
    Mapped("Public", "", "has no counterpart: everyone on Astro signs in"),
    Mapped(
        "own roles and access_control of DAGs",
        "",
        "are not carried: DAGs for other eyes go to another Deployment or Workspace; custom Deployment roles need "
        "the Enterprise plan",
    ),
)


@dataclass(frozen=True, slots=True)
class TeamProposed:
    """A team on Astro for those who own DAGs, and its role in one Workspace."""

    team: str
    workspace: str
    role: str


def teams(plan: Plan) -> tuple[TeamProposed, ...]:
    """A team per owner that the plan's Workspaces name, as author in that Workspace."""
    return tuple(
        TeamProposed(owner, workspace.name, "WORKSPACE_AUTHOR")
        for workspace in plan.workspaces
        for owner in workspace.owners
    )


def in_words(plan: Plan) -> tuple[str, ...]:
    """Both, one line each."""
    lines = [f"{item.airflow} -> {item.astro or 'nothing'}: {item.differs}." for item in ROLES]
    lines += [f"Team {item.team}: {item.role} in {item.workspace}." for item in teams(plan)]
    return tuple(lines)
