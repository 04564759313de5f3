"""A concrete proposal for Workspaces and Deployments: from owners, tags and folders, for a chosen layout."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from astroferry.advice.assignment import dag_root, folder_of, owners_of
from astroferry.advice.dependencies import dependencies
from astroferry.advice.risk import risks
from astroferry.advice.sizing import TEST_SHARE, by_workspace, sizing, whole_of
from astroferry.model.plan import Deployment, WorkerQueue, Workspace
from astroferry.model.plancheck import WORKSPACE_NAME_LENGTH

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from astroferry.advice.rules.rule import Case
    from astroferry.advice.sizing import Whole
    from astroferry.model.inventory import Dag, Inventory
    from astroferry.model.plan import Layout

By = Literal["owners", "tags", "folders"]
_PREFERRED: dict[Layout, tuple[By, ...]] = {
    "team": ("owners", "folders", "tags"),
    "business-unit": ("folders", "owners", "tags"),
    "project": ("tags", "folders", "owners"),
}
ENOUGH = 0.8
"""share of the DAGs that a way of dividing must reach to be preferred; our own measure"""
MOST = 40
"""Workspaces beyond which a way of dividing is none: it would name nearly every DAG; our own measure"""


TRIED_IN_PLACE = 50
"""DAGs up to which tests may well go where production will be; beyond, and where one is critical, a Deployment for
tests is proposed, as the guide has it (Phase 5); our own measure"""


def critical_ones(dags: Sequence[Dag]) -> frozenset[str]:
    """Ids of the DAGs that somebody marked critical, or that many depend on."""
    return frozenset(dag for dag, found in risks(dags, dependencies(dags)).items() if found.critical)


def tries_apart(dags: Collection[str], critical: Collection[str]) -> bool:
    """Whether DAGs that go to one Deployment deserve another one for their tests."""
    return len(dags) > TRIED_IN_PLACE or any(dag in critical for dag in dags)


def groups(inventory: Inventory, by: By) -> Counter[str]:
    """Owner, tag or folder -> how many DAGs have it first; DAGs without any are left out."""
    root = dag_root(inventory)
    firsts = (_first_of(dag, by, root_folder=folder_of(dag, root)) for dag in inventory.dags)
    return Counter(name for name in firsts if name)


def divides_by(inventory: Inventory, layout: Layout) -> tuple[By, Counter[str]] | None:
    """What divides these DAGs for that layout: the first way that reaches enough of them; None where none does."""
    for by in _PREFERRED.get(layout, ()):
        found = groups(inventory, by)
        if 1 < len(found) <= MOST and found.total() >= ENOUGH * len(inventory.dags):
            return by, found
    return None


def workspaces(case: Case) -> tuple[Workspace, ...]:
    """The Workspaces for the plan's layout; one for all the rest stands last, where not all DAGs are taken."""
    plan, layout = case.plan, case.plan.decisions.workspaces
    if layout == "environment":
        # All DAGs belong to production; they are tested in the other one first.
        return (Workspace(_name(f"{plan.name} production")), Workspace(_name(f"{plan.name} development")))
    divided = divides_by(case.inventory, layout)
    if divided is None:
        return (Workspace(_name(plan.name)),)
    by, found = divided
    made = [_ruled(names, by) for names in _apart(sorted(found))]
    if found.total() < len(case.inventory.dags):
        made.append(Workspace(_name(f"{plan.name} shared")))
    return tuple(made)


def deployments(case: Case) -> tuple[Deployment, ...]:
    """A Deployment per Workspace, sized for its DAGs, and one for tests beside it where it has many.

    By environment the one for tests is in a Workspace of its own.
    """
    plan = case.plan
    everything, whole = list(case.inventory.dags), whole_of(case)
    critical = critical_ones(everything)
    if plan.decisions.workspaces == "environment" and len(plan.workspaces) == 2:
        production, development = plan.workspaces
        made = _sized(case, f"{slug(plan.name)}-production", production.name, everything, whole)
        return replace(made, role="production"), _for_tests(made, f"{slug(plan.name)}-test", development.name)
    if len(plan.workspaces) == 1:
        only = plan.workspaces[0].name
        return _with_tests(_sized(case, f"{plan.name}-production", only, everything, whole), everything, critical)
    found: list[Deployment] = []
    divided = by_workspace(case)
    for item in plan.workspaces:
        mine = divided[item.name]
        found += _with_tests(_sized(case, f"{slug(item.name)}-production", item.name, mine, whole), mine, critical)
    # Names written by hand may differ in what a Deployment's name leaves out.
    return tuple({item.name: item for item in reversed(found)}.values())[::-1]


def _with_tests(made: Deployment, dags: list[Dag], critical: Collection[str]) -> tuple[Deployment, ...]:
    """The Deployment alone for few DAGs, else for production, with one for tests in the same Workspace."""
    if not tries_apart([dag.dag_id for dag in dags], critical):
        return (made,)
    test = _for_tests(made, f"{made.name.removesuffix('-production')}-test", made.workspace)
    return replace(made, role="production"), test


def _for_tests(made: Deployment, name: str, workspace: str) -> Deployment:
    """In development mode, which can only be chosen when it is made; with a part of the workers."""
    queues = tuple(replace(queue, worker_max=max(1, queue.worker_max // TEST_SHARE)) for queue in made.worker_queues)
    return replace(
        made,
        name=name,
        workspace=workspace,
        role="test",
        development_mode=True,
        worker_max=max(1, made.worker_max // TEST_SHARE),
        worker_queues=queues,
    )


def _sized(case: Case, name: str, workspace: str, dags: list[Dag], whole: Whole) -> Deployment:
    needs = sizing(case, dags, whole)
    if case.plan.decisions.execution == "remote":
        # Agents run the tasks; how many there are is said in their values.yaml.
        return Deployment(name, workspace, executor=needs.executor, scheduler_size=needs.scheduler)
    with_queues = needs.executor != "KUBERNETES"
    return Deployment(
        name,
        workspace,
        executor=needs.executor,
        scheduler_size=needs.scheduler,
        worker_machine=needs.workers.machine,
        worker_max=needs.workers.most,
        worker_concurrency=needs.workers.at_once,
        worker_queues=tuple(
            WorkerQueue(queue, size.machine, 0, size.most, size.at_once) for queue, size in needs.queues.items()
        )
        if with_queues
        else (),
    )


def slug(name: str) -> str:
    """A name as Deployments have them: lower case, words joined by hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "airflow"


def _ruled(names: tuple[str, ...], by: By) -> Workspace:
    name = _name(names[0])
    if by == "owners":
        return Workspace(name, owners=names)
    if by == "tags":
        return Workspace(name, tags=names)
    return Workspace(name, folders=names)


def _apart(names: Iterable[str]) -> list[tuple[str, ...]]:
    """Names that would be the same once cut to Astro's length, or as names of Deployments, share a Workspace."""
    found: dict[str, list[str]] = {}
    for name in names:
        found.setdefault(slug(_name(name)), []).append(name)
    return [tuple(same) for same in found.values()]


def _name(text: str) -> str:
    return text[:WORKSPACE_NAME_LENGTH].strip()


def _first_of(dag: Dag, by: By, *, root_folder: str) -> str:
    if by == "folders":
        return root_folder
    values = owners_of(dag) if by == "owners" else dag.tags
    return values[0] if values else ""
