"""From plan and inventory to the actions that carry it out; pure, so that the review page shows what will be done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from astroferry.carry.actions.arrived import DagsArrived
from astroferry.carry.actions.connection import CopyConnection
from astroferry.carry.actions.deploy import DeployDags
from astroferry.carry.actions.deployment import DeploymentHealthy, MakeDeployment
from astroferry.carry.actions.environment import SetEnvironment
from astroferry.carry.actions.pool import DEFAULT_POOL, CopyPool
from astroferry.carry.actions.variable import CopyVariable
from astroferry.carry.actions.workspace import MakeWorkspace
from astroferry.errors import PlanError
from astroferry.model.travelling import connections_to_carry, variables_to_carry

if TYPE_CHECKING:
    from pathlib import Path

    from astroferry.carry.action import Action
    from astroferry.model.inventory import Inventory
    from astroferry.model.plan import Deployment, Plan, Wave

CARRYING = ("prepare", "configuration", "dags")
"""Stages whose actions the graph makes, in order; test, cutover and watch have their own."""


def build(plan: Plan, inventory: Inventory, dags_folder: Path, *, wave: str | None = None) -> list[Action]:
    """Every action up to DAGs that lie parsed and paused on the target.

    With `wave`, only what that wave's Deployments need. Raises PlanError where the plan names no such wave or no DAG
    folder.
    """
    if wave is not None and wave not in {candidate.name for candidate in plan.waves}:
        raise PlanError(f'The plan names no wave "{wave}".', hint="See: astroferry show PLAN")
    waves = [candidate for candidate in plan.waves if wave in {None, candidate.name}]
    deployments = concerned(plan, wave)
    if not plan.code.dags_folder:
        raise PlanError("The plan names no DAG folder.", hint='Set code.dags_folder = "path/to/dags".')
    actions: list[Action] = []
    workspaces = {deployment.workspace for deployment in deployments}
    actions += [MakeWorkspace(item) for item in plan.workspaces if item.name in workspaces]
    for deployment in deployments:
        actions += [MakeDeployment(deployment, plan), DeploymentHealthy(deployment), SetEnvironment(deployment, plan)]
    for deployment in deployments:
        actions += _configuration(plan, inventory, deployment)
    for deployment in deployments:
        expected = expected_dags(plan, inventory, deployment, waves)
        actions += [DeployDags(deployment, dags_folder), DagsArrived(deployment, expected)]
    return actions


def concerned(plan: Plan, wave: str | None = None) -> list[Deployment]:
    """The Deployments that `apply` makes or changes: those of all waves, or of one."""
    chosen = [candidate for candidate in plan.waves if wave in {None, candidate.name}]
    names = {name for candidate in chosen for name in (candidate.test, candidate.production)}
    return [deployment for deployment in plan.deployments if deployment.name in names]


def expected_dags(plan: Plan, inventory: Inventory, deployment: Deployment, waves: list[Wave]) -> tuple[str, ...]:
    """The DAGs that must be seen on one Deployment."""
    everything = tuple(dag.dag_id for dag in inventory.dags)
    wanted: set[str] = set()
    for wave in waves:
        if deployment.name in {wave.test, wave.production}:
            wanted |= set(plan.dags_of(wave, everything))
    return tuple(dag for dag in everything if dag in wanted)


def _configuration(plan: Plan, inventory: Inventory, deployment: Deployment) -> list[Action]:
    actions: list[Action] = [
        CopyPool(pool.name, deployment, plan.conflicts.pools, pool)
        for pool in inventory.pools
        if pool.name != DEFAULT_POOL
    ]
    if plan.values.variables not in {"backend", "none"}:
        actions += [
            CopyVariable(key, deployment, plan.conflicts.variables) for key in variables_to_carry(plan, inventory)
        ]
    if plan.values.connections not in {"backend", "none"}:
        actions += [
            CopyConnection(conn_id, deployment, plan.conflicts.connections)
            for conn_id in connections_to_carry(plan, inventory)
        ]
    return actions
