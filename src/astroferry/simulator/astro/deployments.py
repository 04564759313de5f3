"""Deployments: made, changed as a whole, deleted; each with its own Airflow where the embedded Astro is given one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from astroferry.simulator.astro.access import READ, WRITE, level_on_deployment, need_deployment, need_workspace
from astroferry.simulator.astro.deployment_rules import (
    new_environment,
    wrong_executor,
    wrong_hibernation,
    wrong_place,
    wrong_queues,
    wrong_sizes,
)
from astroferry.simulator.astro.deployment_view import show_deployment
from astroferry.simulator.astro.facts import AIRFLOW_OF, RUNTIMES, deployment_options
from astroferry.simulator.astro.planes import Plane
from astroferry.simulator.astro.records import Deployment, Timeline
from astroferry.simulator.astro.wire import RefusedError
from astroferry.simulator.contract import FieldError

if TYPE_CHECKING:
    from astroferry.simulator.astro.wire import Call, Handler

_DEFAULT_QUEUE = {
    "name": "default",
    "isDefault": True,
    "astroMachine": "A5",
    "minWorkerCount": 0,
    "maxWorkerCount": 10,
    "workerConcurrency": 5,
}
_DEFAULTS: dict[str, Any] = {
    "executor": "CELERY",
    "isCicdEnforced": False,
    "isDagDeployEnabled": True,
    "isDevelopmentMode": False,
    "isHighAvailability": False,
    "schedulerSize": "SMALL",
    "description": "",
    "contactEmails": [],
}
_CLEARED_WHEN_LEFT_OUT = {"description": "", "contactEmails": [], "isDevelopmentMode": False}
_NOT_SETTINGS = {"environmentVariables", "workspaceId", "astroRuntimeVersion"}


async def get_deployment_options(call: Call) -> dict[str, Any]:
    """What a Deployment can be made of; the first runtime is the newest."""
    if deployment := call.query.get("deploymentId"):
        need_deployment(call, READ, deployment)
    hybrid = call.query.get("deploymentType") == "HYBRID"
    executors = ("CELERY", "KUBERNETES") if hybrid else ("ASTRO", "CELERY", "KUBERNETES")
    return deployment_options(executors)


async def list_deployments(call: Call) -> dict[str, Any]:
    """The Deployments that the token may read."""
    shown = [
        show_deployment(call.state, deployment)
        for deployment in call.state.deployments.values()
        if deployment.organization == call.organization
        and level_on_deployment(call.state, call.token, deployment) >= READ
        and call.asked("deploymentIds", deployment.id)
        and call.asked("names", deployment.settings["name"])
        and call.asked("workspaceIds", deployment.workspace)
    ]
    return call.page("deployments", shown)


async def get_deployment(call: Call) -> dict[str, Any]:
    """One Deployment."""
    return show_deployment(call.state, need_deployment(call))


def _with_queues(settings: dict[str, Any], call: Call) -> dict[str, Any]:
    """The settings with worker queues that have ids, where the executor has queues."""
    has_queues = settings["executor"] != "KUBERNETES" and not settings.get("remoteExecution", {}).get("enabled")
    queues = (settings.get("workerQueues") or [_DEFAULT_QUEUE]) if has_queues else []
    return settings | {"workerQueues": [{"id": call.state.new_id(), **queue} for queue in queues]}


def _named(body: dict[str, Any]) -> list[FieldError]:
    return [] if body["name"].strip() else [FieldError("name", "required", "must not be empty")]


async def create_deployment(call: Call) -> dict[str, Any]:
    """A new Deployment, also where one of that name is there already; it shows CREATING, then DEPLOYING.

    `environmentVariables` are ignored here: the public clients disagree on whether creating takes them, so a client
    must set them with an update and read them back.
    """
    state, body = call.state, dict(call.body)
    # A Deployment's own token reads its Workspace at most, so it makes none.
    need_workspace(call, body["workspaceId"], WRITE)
    runtime = body.get("astroRuntimeVersion", RUNTIMES[0][0])
    clusters = {
        cluster.id: (cluster, cluster.status.at(state.now()))
        for cluster in state.clusters.values()
        if cluster.organization == call.organization
    }
    errors = _named(body) + wrong_place(body, clusters)
    if runtime not in AIRFLOW_OF:
        errors.append(FieldError("astroRuntimeVersion", "oneof", "is not offered for new Deployments"))
    errors += wrong_sizes(body, required=True) + wrong_executor(body, runtime) + wrong_hibernation(body)
    errors += wrong_queues(body["workerQueues"]) if body.get("workerQueues") else []
    if errors:
        raise RefusedError(400, "Invalid request", errors)
    given = {key: value for key, value in body.items() if key not in _NOT_SETTINGS}
    if body["type"] == "STANDARD" and "clusterId" not in body:
        given.setdefault("cloudProvider", "AWS")
        given.setdefault("region", "us-east-1")
    stamp = state.stamp()
    deployment = Deployment(
        id=state.new_id(),
        short=state.new_short(),
        organization=call.organization,
        workspace=body["workspaceId"],
        settings=_with_queues(_DEFAULTS | given, call),
        runtime=runtime,
        created_at=stamp,
        updated_at=stamp,
        by=state.subject(call.token),
        status=Timeline("HEALTHY"),
        image_tag=f"runtime-{runtime}",
    )
    deployment.status.begin(state.now(), (state.pace.creating, "CREATING"), (state.pace.deploying, "DEPLOYING"))
    state.deployments[deployment.id] = deployment
    dags = state.dags_folder(deployment)
    if dags is not None:
        dags.mkdir(parents=True)
    if state.make_plane is not None and dags is not None:
        deployment.plane = Plane(state.make_plane())
        deployment.plane.start(deployment.id, runtime, {}, dags, f"/{deployment.short}")
    return show_deployment(state, deployment)


async def update_deployment(call: Call) -> dict[str, Any]:
    """Replace a Deployment's settings and its whole environment; a changed environment restarts its Airflow."""
    state, deployment, body = call.state, need_deployment(call, WRITE), call.body
    environment, errors = new_environment(deployment.environment, body["environmentVariables"], state.stamp())
    if body["workspaceId"] != deployment.workspace:
        errors.append(FieldError("workspaceId", "immutable", "a Deployment stays in its Workspace"))
    if body["type"] != deployment.settings["type"]:
        errors.append(FieldError("type", "immutable", "a Deployment stays of its type"))
    if body.get("isDevelopmentMode") and not deployment.settings["isDevelopmentMode"]:
        errors.append(FieldError("isDevelopmentMode", "immutable", "cannot be switched on later"))
    errors += _named(body) + wrong_sizes(body, required=False) + wrong_executor(body, deployment.runtime)
    errors += wrong_hibernation(body)
    errors += wrong_queues(body["workerQueues"]) if body.get("workerQueues") else []
    if errors:
        raise RefusedError(400, "Invalid request", errors)
    before = (deployment.values(), dict(deployment.settings))
    given = {key: value for key, value in body.items() if key not in _NOT_SETTINGS}
    deployment.settings = _with_queues(deployment.settings | _CLEARED_WHEN_LEFT_OUT | given, call)
    deployment.environment = environment
    deployment.updated_at, deployment.by = state.stamp(), state.subject(call.token)
    if before != (deployment.values(), deployment.settings):
        deployment.status.begin(state.now(), (state.pace.deploying, "DEPLOYING"))
    if before[0] != deployment.values() and deployment.plane is not None:
        deployment.plane.restart(deployment.values())
    return show_deployment(state, deployment)


async def delete_deployment(call: Call) -> None:
    """Delete a Deployment and stop its Airflow."""
    deployment = need_deployment(call, WRITE)
    if call.token.scope == "DEPLOYMENT":
        raise RefusedError(403, "Forbidden: a Deployment's token cannot delete Deployments")
    del call.state.deployments[deployment.id]
    if deployment.plane is not None:
        await deployment.plane.stop()


HANDLERS: dict[str, Handler] = {
    "getDeploymentOptions": get_deployment_options,
    "listDeployments": list_deployments,
    "getDeployment": get_deployment,
    "createDeployment": create_deployment,
    "updateDeployment": update_deployment,
    "deleteDeployment": delete_deployment,
}
