"""Who may see and run what: roles of the source that Astro has differently, or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from astroferry.advice.evidence import seen
from astroferry.advice.roles import DAG_ROLES_FROM, has_dag_roles, people
from astroferry.advice.rules.rule import Book, Case, Hit, listed, version_key
from astroferry.model.words import several

if TYPE_CHECKING:
    from collections.abc import Iterator

BOOK = Book("access")
WHERE = "workspaces"
_ROLES = ("inventory.roles",)
_DOCS = "Astro docs: user-permissions, dag-level-access-control (read in November 2026)"


@BOOK.rule("ACC-roles", "advise", about=WHERE, reads=_ROLES, source=_DOCS)
def roles_in_use(case: Case) -> Iterator[Hit]:
    """People have roles on the source that have to be given on Astro.

    Nobody is carried over: on Astro people come by invitation or by your identity provider, best in teams. The
    Workspaces stage says for each of Airflow's roles which one on Astro allows about the same; by the guide everybody
    has theirs before the cutover. Of people only their number per role is kept.
    """
    having = [role for role in case.inventory.roles if role.people]
    if having:
        told = [f"{role.name} {role.people:,}" for role in sorted(having, key=lambda role: -role.people)]
        yield Hit(
            f"{several(len(having), 'role')} on the source {'is' if len(having) == 1 else 'are'} held by people: "
            f"{listed(told)}.",
            "Give them on Astro before the cutover, as this stage maps them, best to teams of your directory.",
            evidence=tuple(told),
        )


@BOOK.rule(
    "ACC-dags",
    "warn",
    about=WHERE,
    reads=(*_ROLES, "plan.decisions.runtime", "organization.plans"),
    source=_DOCS,
)
def only_some_dags(case: Case) -> Iterator[Hit]:
    """A role of the source is for some DAGs only.

    Astro has DAG roles for that: Dag Viewer and Dag Author, given to a user, team or token for DAG tags or ids of a
    Deployment, to people who are else only Workspace Accessor. They need the Enterprise plan and Runtime 3.1-12 or
    newer. Without them such DAGs belong into a Deployment in a Workspace of their own, since a Workspace Member sees
    all Deployments of the Workspace.
    """
    for role in case.inventory.roles:
        if role.may != "nothing" or not role.dags:
            continue
        verb = "may run" if role.edits else "sees"
        yield Hit(
            f"The role {role.name} ({people(role.people)}) {verb} {several(len(role.dags), 'DAG')} only: "
            f"{listed(role.dags)}.",
            _instead(case, "Dag Author" if role.edits else "Dag Viewer"),
            dags=role.dags,
            evidence=(f"role {role.name}",),
        )


def _instead(case: Case, role: str) -> str:
    apart = "move these DAGs into a Deployment in a Workspace of their own"
    plans = case.facts.plans if case.facts is not None else ()
    if plans and not has_dag_roles(plans):
        return f"Astro's DAG roles need the Enterprise plan, yours is {listed(plans)}: {apart}."
    runtime = case.plan.decisions.runtime
    if (runtime and version_key(runtime) < version_key(DAG_ROLES_FROM)) or case.plan.decisions.airflow == "2":
        return f"Astro's DAG roles need Runtime {DAG_ROLES_FROM} or newer: take one, or {apart}."
    return f"Give {role} for the tags or ids of these DAGs to a team with Workspace Accessor, or {apart}."


@BOOK.rule("ACC-public", "warn", about=WHERE, reads=_ROLES, source=_DOCS)
def without_a_login(case: Case) -> Iterator[Hit]:
    """The source shows itself to people who are not logged in.

    Its role Public has permissions. On Astro everybody signs in: dashboards and scripts that read the source without
    a login need a user or an API token there.
    """
    for role in case.inventory.roles:
        if role.name == "Public" and (role.may != "nothing" or role.dags):
            yield Hit(
                f"The source lets people without a login {role.may if role.may != 'nothing' else 'see some DAGs'} "
                "(role Public); on Astro everybody signs in.",
                "Find out who relies on it, and give them a user or a token.",
            )


@BOOK.rule(
    "ACC-code",
    "advise",
    about=WHERE,
    reads=("inventory.signs", "plan.waves"),
    source=f"{_DOCS}; Airflow: access_control is read by the FAB auth manager",
    confidence="medium",
)
def in_the_code(case: Case) -> Iterator[Hit]:
    """DAG code says by access_control which roles may see a DAG.

    Airflow's FAB roles read it; Astro signs people in by its own, so it gives nobody anything there. Give DAG roles
    instead, or move such DAGs into a Workspace of their own.
    """
    if found := seen(case, "access-control"):
        yield found.hit(
            f"access_control gives roles of the old Airflow in {found.who}: {listed(found.whats)}",
            "Take it out, and give DAG roles on Astro instead.",
        )
