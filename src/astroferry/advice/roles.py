"""Airflow's roles on Astro, as proposals: nobody is invited and no role is given by astroferry.

Sources: Airflow's FAB roles (documented; their permissions read on 2.11.2), Astro API v1 role names, Astro docs:
user-permissions, dag-level-access-control.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from astroferry.model.inventory import RoleSeen
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
        "are not carried: DAG roles (Dag Viewer, Dag Author) and custom Deployment roles need the Enterprise plan; "
        "without it DAGs for other eyes go to another Deployment or Workspace",
    ),
)
_BY_NAME = {item.airflow: item for item in ROLES}
_LIKE = {"administer": "Admin", "operate": "Op", "run": "User", "see": "Viewer"}
"""what an own role may do for all DAGs -> the role of Airflow's that it is most like"""
DAG_ROLES_FROM = "3.1-12"
"""the first Runtime with DAG roles"""


def has_dag_roles(plans: tuple[str, ...]) -> bool:
    """Whether an organization on these Astro plans may have DAG roles: Enterprise or above."""
    return any("ENTERPRISE" in plan.upper() or "BUSINESS_CRITICAL" in plan.upper() for plan in plans)


def people(number: int) -> str:
    """How many people: "1 person", "12 people"."""
    return "1 person" if number == 1 else f"{number:,} people"


def mapped(role: RoleSeen) -> Mapped:
    """A role of the source, and what is most like it on Astro."""
    if not role.is_own:
        return _BY_NAME[role.name]
    if role.may != "nothing":
        like = _BY_NAME[_LIKE[role.may]]
        return Mapped(
            role.name, like.astro, f"as {like.airflow} of Airflow, by what it allows; compare what it leaves out"
        )
    if role.dags:
        seen = len(role.dags) - len(role.edits)
        parts = [f"Dag Author of {len(role.edits)}"] if role.edits else []
        parts += [f"Dag Viewer of {seen}"] if seen else []
        return Mapped(role.name, f"WORKSPACE_ACCESSOR, {', '.join(parts)}", "DAG roles need the Enterprise plan")
    return Mapped(role.name, "", "allows nothing with DAGs; look at what it is for")


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


def in_words(plan: Plan, seen: tuple[RoleSeen, ...] = ()) -> tuple[str, ...]:
    """Both, one line each; of roles those that somebody has, where the source told."""
    held = [(mapped(role), role) for role in seen if role.people or role.is_own]
    lines = [
        f"{item.airflow} ({people(role.people)}) -> {item.astro or 'nothing'}: {item.differs}." for item, role in held
    ] or [f"{item.airflow} -> {item.astro or 'nothing'}: {item.differs}." for item in ROLES]
    lines += [f"Team {item.team}: {item.role} in {item.workspace}." for item in teams(plan)]
    return tuple(lines)
