"""How Workspaces divide the Deployments, which DAGs belong to which, and who may see them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from astroferry.advice import layouts
from astroferry.advice.assignment import assigned, has_rules
from astroferry.advice.dependencies import dependencies
from astroferry.advice.rules import configuration
from astroferry.advice.rules.rule import Book, Case, Hit, Suggestion, listed
from astroferry.advice.sizing import against_limits, by_workspace, seen_at_once, sizing
from astroferry.model.words import several

if TYPE_CHECKING:
    from collections.abc import Iterator

    from astroferry.model.inventory import Dag
    from astroferry.model.plan import Deployment, Layout, Workspace

BOOK = Book("workspaces")
WHERE = "decisions.workspaces"

SMALL = 50
"""DAGs up to which one Workspace stays easy to see; our own measure"""


@BOOK.suggests(WHERE)
def suggest(case: Case) -> Suggestion[Layout]:
    """One Workspace for a small source or one owner, else one per team."""
    dags = case.inventory.dags
    divided = layouts.divides_by(case.inventory, "team")
    evidence = (
        tuple(f"{name}: {several(count, 'DAG')}" for name, count in sorted(divided[1].items())) if divided else ()
    )
    if divided is not None and len(dags) > SMALL:
        by, found = divided
        return Suggestion("team", f"{len(found)} {by} share {len(dags):,} DAGs.", evidence)
    if not dags:
        return Suggestion("one", "The source lists no DAG, so nothing speaks for more than one Workspace.")
    are = "is" if len(dags) == 1 else "are"
    return Suggestion("one", f"{several(len(dags), 'DAG')} {are} easy to keep in one Workspace.", evidence)


@BOOK.suggests("workspaces")
def suggest_workspaces(case: Case) -> Suggestion[tuple[Workspace, ...]]:
    """Workspaces for the layout, from owners, tags or folders, with rules that say which DAGs belong to each."""
    made = layouts.workspaces(case)
    divided = layouts.divides_by(case.inventory, case.plan.decisions.workspaces)
    if divided is not None:
        by, found = divided
        counts = tuple(f"{name}: {several(count, 'DAG')}" for name, count in sorted(found.items()))
        return Suggestion(
            made, f"{several(len(made), 'Workspace')} by {by}; rename and merge them as you like.", counts
        )
    if case.plan.decisions.workspaces in {"one", "environment"}:
        return Suggestion(made, f"Named after the plan: {listed([item.name for item in made])}.")
    return Suggestion(made, "Owners, tags and folders do not divide the DAGs, so there is one; divide it by hand.")


@BOOK.suggests("deployments")
def suggest_deployments(case: Case) -> Suggestion[tuple[Deployment, ...]]:
    """A Deployment per Workspace, sized for the DAGs that belong to it, with the options that they rely on."""
    if not case.plan.workspaces:
        case = case.with_answer("workspaces", layouts.workspaces(case))
    environment = configuration.suggest(case).value
    made = tuple(replace(item, environment=environment) for item in layouts.deployments(case))
    remote = case.plan.decisions.execution == "remote"
    mine = by_workspace(case)
    sizes = tuple(
        f"{item.name}: {item.executor}, {item.scheduler_size}, {_workers(item, remote=remote)}"
        + (_seen(case, item, mine.get(item.workspace, [])) if len(mine) > 1 else "")
        for item in made
    )
    tests = sum(item.role == "test" for item in made)
    many = "one per Workspace" if len(made) - tests > 1 else "one for production"
    if tests:
        where = "one" if tests == 1 else f"{tests} more"
        many += f", and {where} for tests, in development mode"
    elif len(made) == 1:
        many += ", where so few DAGs can be tested too"
    by = "agents run the tasks"
    seen = case.inventory.activity
    if not remote and seen is not None and seen_at_once(case, case.inventory.dags):
        by = "workers for twice what was seen to run at once"
        by += "" if seen.is_whole_day else ", no fewer than by the limits, since not all of the day was read"
    elif not remote:
        by = "workers for what the source may run at once"
        by += ", by each one's share of the runs" if len(made) - tests > 1 else ""
    if len(mine) == 1 and not remote:
        evidence = (*sizes, *sizing(case, case.inventory.dags).evidence)
    else:
        evidence = (against_limits(case), *sizes)
    return Suggestion(made, f"{many[0].upper()}{many[1:]}; {by}.", evidence)


def _seen(case: Case, deployment: Deployment, dags: list[Dag]) -> str:
    if deployment.role == "test" or case.inventory.activity is None:
        return ""
    peak = seen_at_once(case, dags)
    if peak is None:
        return "; none of its tasks was seen to run: sized by the limits"
    return f"; {peak.count:,} ran at once at {peak.at:%H:%M} UTC on {peak.at:%Y-%m-%d}"


def _workers(deployment: Deployment, *, remote: bool) -> str:
    if remote:
        return "no workers on Astro"
    if deployment.executor == "KUBERNETES":
        return "a pod for each task"
    at_once = deployment.worker_max * deployment.worker_concurrency
    return f"at most {deployment.worker_max} {deployment.worker_machine} ({several(at_once, 'task')} at once)"


@BOOK.rule(
    "WSP-001",
    "advise",
    about=WHERE,
    reads=("plan.decisions.workspaces", "plan.workspaces"),
    source="migration guide, Phase 2: Workspace organization; docs: manage-workspaces",
)
def not_the_layout(case: Case) -> Iterator[Hit]:
    """The Workspaces of the plan are not the layout that was chosen.

    The guide divides by team, environment or business unit; newer documents say one, by environment, team or project.
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
    different Deployments, and those into different Workspaces. Custom roles on a Deployment need the Enterprise plan.
    """
    if len(case.plan.workspaces) == 1 and len(case.plan.deployments) > 1:
        yield Hit(
            "Everyone in the Workspace sees all its Deployments; Airflow's own roles and DAG access are not carried.",
            "Divide by Workspace where that matters.",
        )


@BOOK.rule(
    "WSP-cross",
    "warn",
    about="workspaces",
    reads=("plan.workspaces", "inventory.dags"),
    source="docs of 2024: cross-deployment-dependencies",
)
def linked_across(case: Case) -> Iterator[Hit]:
    """DAGs of different Workspaces depend on each other.

    TriggerDagRun, ExternalTask sensors and datasets work inside one Deployment only, and a Deployment is in one
    Workspace. Keep these DAGs in one Workspace, as an exception in its `dags`; or replace the link by a call to the
    other Deployment's REST API or by an alert that triggers a DAG.
    """
    where = assigned(case.plan, case.inventory)
    if len(set(where.values())) < 2:
        return
    links = dependencies(case.inventory.dags)
    words = {"triggers": "triggers", "waits": "is waited for by"}
    crossing: dict[str, tuple[str, ...]] = {
        f"{link.earlier} {words[link.kind]} {link.later}": (link.earlier, link.later)
        for link in links.direct
        if where.get(link.earlier) != where.get(link.later)
    }
    for uri, (writers, readers) in links.datasets.items():
        homes = {where.get(dag) for dag in writers}
        away = tuple(dag for dag in readers if homes != {where.get(dag)})
        if away:
            crossing[f"{uri} of {listed(writers, 2)} starts {listed(away, 2)}"] = away
    if crossing:
        breaks = "breaks" if len(crossing) == 1 else "break"
        ends: dict[str, list[str]] = {}
        for says, dags in crossing.items():
            for dag in dags:
                ends.setdefault(dag, []).append(says)
        yield Hit(
            f"{several(len(crossing), 'link')} between Workspaces {breaks}: {listed(tuple(crossing), 3)}.",
            "Name one end of each in `dags` of the other's Workspace, or call the other Deployment's API instead.",
            dags=tuple(ends),
            evidence=tuple(f"{dag}: {'; '.join(said)}." for dag, said in ends.items()),
        )


@BOOK.rule(
    "WSP-dag",
    "warn",
    about="workspaces",
    reads=("plan.workspaces", "inventory.dags"),
    source="the plan's own rules on which DAGs belong where",
)
def belongs_nowhere(case: Case) -> Iterator[Hit]:
    """DAGs belong to no Workspace, or a Workspace names what the source has not.

    A DAG belongs to the first Workspace whose owners, tags or folders it has, or to the one that names it. A
    Workspace without any of these takes the rest.
    """
    plan = case.plan
    if not any(has_rules(item) for item in plan.workspaces):
        return
    where = assigned(plan, case.inventory)
    homeless = [dag.dag_id for dag in case.inventory.dags if dag.dag_id not in where]
    if homeless:
        yield Hit(
            f"{several(len(homeless), 'DAG')} belong to no Workspace: {listed(homeless)}.",
            "Add a Workspace without rules, or rules that fit them.",
            dags=tuple(homeless),
        )
    known = {dag.dag_id for dag in case.inventory.dags}
    odd = [dag for item in plan.workspaces for dag in item.dags if dag not in known]
    if odd:
        yield Hit(
            f"Workspaces name DAGs that the source does not have: {listed(odd)}.",
            "Correct their `dags`.",
            evidence=tuple(odd),
        )


@BOOK.rule(
    "WSP-wave",
    "warn",
    about="waves",
    reads=("plan.workspaces", "plan.deployments", "plan.waves", "inventory.dags"),
    source="the plan's own rules on which DAGs belong where",
)
def moved_elsewhere(case: Case) -> Iterator[Hit]:
    """A wave moves DAGs into another Workspace than the one they belong to.

    Which Workspace a DAG comes to is decided by its wave's production Deployment; the rules of the Workspaces only
    say where it should.
    """
    plan = case.plan
    if not any(has_rules(item) for item in plan.workspaces):
        return
    where = assigned(plan, case.inventory)
    to = {item.name: item.workspace for item in plan.deployments}
    goes = {wave.name: to.get(wave.production, "") for wave in plan.waves}
    astray = {
        dag: f"{dag} ({where[dag]}, moves into {goes[wave]})"
        for dag, takers in plan.divided(where).items()
        for wave in takers
        if goes[wave] and goes[wave] != where[dag]
    }
    if astray:
        shown = tuple(astray.values())
        yield Hit(
            f"{several(len(astray), 'DAG')} move into another Workspace than theirs: {listed(shown, 3)}.",
            "Divide the wave by Workspace, or name the DAG in `dags` of the other Workspace.",
            dags=tuple(astray),
            evidence=shown,
        )


@BOOK.rule(
    "WSP-010",
    "advise",
    about="deployments",
    reads=("plan.deployments",),
    source="Terraform provider astro 2026-08: deployment; docs: manage-workspaces",
)
def development_is_separate(case: Case) -> Iterator[Hit]:
    """Production is the only Deployment.

    Astro advises at least one for development and one for production. Development mode (hibernation, no uptime SLA)
    can only be chosen when a Deployment is made.
    """
    plan = case.plan
    if len(plan.deployments) == 1 and len(case.inventory.dags) > SMALL:
        yield Hit(
            f"{several(len(case.inventory.dags), 'DAG')} have one Deployment for test and production.",
            "Consider another for tests, in development mode.",
        )
