"""How a Deployment is shown: settings, sizes, addresses and statuses, but never a secret's value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from astroferry.simulator.astro.facts import SCHEDULERS, WORKERS

if TYPE_CHECKING:
    from astroferry.simulator.astro.records import Deployment
    from astroferry.simulator.astro.state import AstroState


def _queue(queue: dict[str, Any]) -> dict[str, Any]:
    machine = queue.get("astroMachine", "A5")
    cpu = WORKERS[machine][0]
    return {"astroMachine": machine, "podCpu": str(cpu), "podMemory": f"{2 * cpu}Gi", **queue}


def _environment(deployment: Deployment) -> list[dict[str, Any]]:
    shown: list[dict[str, Any]] = []
    for variable in deployment.environment.values():
        entry: dict[str, Any] = {
            "key": variable.key,
            "isSecret": variable.is_secret,
            "updatedAt": variable.updated_at,
        }
        shown.append(entry if variable.is_secret else entry | {"value": variable.value})
    return shown


def show_deployment(state: AstroState, deployment: Deployment) -> dict[str, Any]:
    """Astro's object for a Deployment, now. Addresses of its web server carry no scheme, as Astro's do not."""
    settings = dict(deployment.settings)
    remote = settings.pop("remoteExecution", None)
    queues = settings.pop("workerQueues", [])
    schedules = settings.pop("scalingSpec", {}).get("hibernationSpec", {}).get("schedules", [])
    identity, _ = settings.pop("workloadIdentity", ""), settings.pop("drWorkloadIdentity", "")
    size = settings.get("schedulerSize", "SMALL")
    cpu, memory = SCHEDULERS[size]
    airflow = state.airflow_of(deployment)
    place = f"{state.host}/{deployment.short}"
    api = f"{place}/api/v{1 if airflow.startswith('2.') else 2}"
    cluster = state.clusters.get(settings.get("clusterId", ""))
    shown: dict[str, Any] = {
        **settings,
        "id": deployment.id,
        "organizationId": deployment.organization,
        "workspaceId": deployment.workspace,
        "workspaceName": state.workspaces[deployment.workspace]["name"],
        "namespace": f"astro-{deployment.short}",
        "status": state.status_of(deployment),
        "runtimeVersion": deployment.runtime,
        "astroRuntimeVersion": deployment.runtime,
        "airflowVersion": airflow,
        "imageRepository": f"{state.host}/images/{deployment.id}",
        "imageTag": deployment.image_tag,
        "environmentVariables": _environment(deployment),
        "schedulerCpu": cpu,
        "schedulerMemory": memory,
        "schedulerReplicas": 2 if settings.get("isHighAvailability") else 1,
        "webServerCpu": "0.5",
        "webServerMemory": "1.5Gi",
        "webServerReplicas": 1,
        "webServerIngressHostname": state.host,
        "webServerUrl": f"{place}?orgId={deployment.organization}",
        "webServerAirflowApiUrl": api,
        "apiUrl": f"http://{api}",
        "uiUrl": f"{state.host}/{deployment.workspace}/deployments/{deployment.id}",
        "createdAt": deployment.created_at,
        "updatedAt": deployment.updated_at,
        "createdBy": deployment.by,
        "updatedBy": deployment.by,
    }
    if queues:
        shown["workerQueues"] = [_queue(queue) for queue in queues]
    if schedules:
        shown["scalingSpec"] = {"hibernationSpec": {"schedules": schedules}}
    if identity:
        shown["effectiveWorkloadIdentity"] = identity
    if cluster is not None:
        shown["clusterName"] = cluster.shown["name"]
    if remote is not None and remote["enabled"]:
        # Switched off it is not shown at all, nor are its empty texts.
        texts = {key: value for key, value in remote.items() if value or key == "enabled"}
        shown["remoteExecution"] = {"allowedIpAddressRanges": [], "remoteApiUrl": f"http://{place}/remote"} | texts
    versions = {
        "dagTarballVersion": deployment.dag_version,
        "desiredDagTarballVersion": deployment.wanted_dag_version,
    }
    shown |= {field: version for field, version in versions.items() if version}
    if deployment.plane is not None and deployment.plane.failure:
        shown["statusReason"] = deployment.plane.failure
    return shown
