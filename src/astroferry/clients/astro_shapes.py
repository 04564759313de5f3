"""JSON of Astro's API v1 as model objects, and a Deployment back into the body that updates it."""

from __future__ import annotations

import base64
import binascii
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from astroferry.clients.address import bare, is_loopback
from astroferry.diagnostics import remember_secret
from astroferry.model.organization import (
    AlertSeen,
    ClusterSeen,
    DeploymentOptions,
    DeploymentSeen,
    DeploySeen,
    EnvironmentObjectSeen,
    EnvVarSeen,
    Machine,
    OrganizationSeen,
    RuntimeRelease,
    TeamSeen,
    TokenSeen,
    UserSeen,
    WorkspaceSeen,
)

if TYPE_CHECKING:
    from astroferry.model.secret import Secret

_UPDATED = (
    # UpdateStandardDeploymentRequest and UpdateDedicatedDeploymentRequest, as far as the answer has the same field.
    "type",
    "name",
    "description",
    "workspaceId",
    "executor",
    "isCicdEnforced",
    "isDagDeployEnabled",
    "isHighAvailability",
    "isDevelopmentMode",
    "schedulerSize",
    "contactEmails",
    "defaultTaskPodCpu",
    "defaultTaskPodMemory",
    "resourceQuotaCpu",
    "resourceQuotaMemory",
    "scalingSpec",
)
_QUEUE = (
    "id",
    "name",
    "isDefault",
    "astroMachine",
    "nodePoolId",
    "minWorkerCount",
    "maxWorkerCount",
    "workerConcurrency",
    "podEphemeralStorage",
)
_REMOTE = ("enabled", "allowedIpAddressRanges", "taskLogBucket", "taskLogUrlPattern")


def token_seen(token: Secret) -> TokenSeen:
    """What a token claims (a JWT's middle part); an empty TokenSeen where it is no JWT. Nothing is verified."""
    parts = token.reveal().split(".")
    try:
        payload = parts[1] + "=" * (-len(parts[1]) % 4)
        claims = json.loads(base64.urlsafe_b64decode(payload))
    except (IndexError, ValueError, binascii.Error):
        return TokenSeen()
    if not isinstance(claims, dict):
        return TokenSeen()
    permissions = tuple(item for item in claims.get("permissions") or () if isinstance(item, str))
    expires = claims.get("exp")
    return TokenSeen(
        organization_id=next(iter(_ids(permissions, "organizationId")), ""),
        workspace_ids=_ids(permissions, "workspaceId"),
        deployment_ids=_ids(permissions, "deploymentId"),
        scope=claims["scope"] if isinstance(claims.get("scope"), str) else "",
        permissions=permissions,
        is_api_token=bool(permissions),
        expires_at=datetime.fromtimestamp(expires, UTC) if isinstance(expires, int | float) else None,
    )


def _ids(permissions: tuple[str, ...], kind: str) -> tuple[str, ...]:
    return tuple(item.partition(":")[2] for item in permissions if item.startswith(f"{kind}:"))


def organization_of(item: dict[str, Any]) -> OrganizationSeen:
    """An organization."""
    plans = tuple(plan["productPlanName"] for plan in item.get("productPlans") or ())
    return OrganizationSeen(
        id=item["id"],
        name=item["name"],
        product=item.get("product") or "",
        plans=plans,
        status=item.get("status") or "",
        dedicated_only=bool(item.get("shouldEnforceDedicatedClusters")),
    )


def workspace_of(item: dict[str, Any]) -> WorkspaceSeen:
    """A Workspace."""
    return WorkspaceSeen(item["id"], item["name"], item.get("description") or "")


_RANGES = {
    "vpc_subnet_range": "vpcSubnetRange",
    "secondary_range": "secondaryVpcCidr",
    "pod_subnet_range": "podSubnetRange",
    "service_subnet_range": "serviceSubnetRange",
    "service_peering_range": "servicePeeringRange",
}
"""name in a plan's [network] -> in the API's Cluster"""


def cluster_of(item: dict[str, Any]) -> ClusterSeen:
    """A cluster; a range that its cloud does not have is left out."""
    return ClusterSeen(
        id=item["id"],
        name=item["name"],
        type=item.get("type") or "",
        cloud=item.get("cloudProvider") or "",
        region=item.get("region") or "",
        status=item.get("status") or "",
        workspace_ids=tuple(item.get("workspaceIds") or ()),
        ranges={ours: item[theirs] for ours, theirs in _RANGES.items() if item.get(theirs)},
    )


def airflow_base(url: str) -> str:
    """The base URL of a Deployment's Airflow out of `webServerAirflowApiUrl`.

    That comes without scheme and with `/api/vN`, perhaps with a query. Plain http is used on loopback hosts alone.
    """
    if not url:
        return ""
    parts = urlsplit(url if "://" in url else f"//{url}")
    host = parts.hostname or ""
    scheme = parts.scheme or ("http" if is_loopback(host) else "https")
    if scheme != "https" and not is_loopback(host):
        scheme = "https"
    path = bare(parts.path).rstrip("/")
    for tail in ("/api/v1", "/api/v2"):
        path = path.removesuffix(tail)
    return f"{scheme}://{parts.netloc}{path.rstrip('/')}"


def deployment_of(item: dict[str, Any]) -> DeploymentSeen:
    """A Deployment."""
    variables = (
        EnvVarSeen(each["key"], bool(each.get("isSecret")), None if each.get("isSecret") else each.get("value") or "")
        for each in item.get("environmentVariables") or ()
    )
    return DeploymentSeen(
        id=item["id"],
        name=item["name"],
        workspace_id=item["workspaceId"],
        status=item["status"],
        runtime_version=item.get("astroRuntimeVersion") or item.get("runtimeVersion") or "",
        airflow_version=item.get("airflowVersion") or "",
        airflow_api_url=airflow_base(item.get("webServerAirflowApiUrl") or item.get("apiUrl") or ""),
        web_url=item.get("webServerUrl") or "",
        dag_tarball_version=item.get("dagTarballVersion") or "",
        desired_dag_tarball_version=item.get("desiredDagTarballVersion") or "",
        environment=tuple(variables),
        executor=item.get("executor") or "",
        type=item.get("type") or "",
        description=item.get("description") or "",
        status_reason=item.get("statusReason") or "",
        dag_deploy_enabled=bool(item.get("isDagDeployEnabled")),
        hibernates=_hibernates(item),
        raw=item,
    )


def _hibernates(item: dict[str, Any]) -> tuple[str, ...]:
    """When nothing runs there (Astro API v1: DeploymentHibernationSpec, DeploymentHibernationStatus)."""
    spec = (item.get("scalingSpec") or {}).get("hibernationSpec") or {}
    status = (item.get("scalingStatus") or {}).get("hibernationStatus") or {}
    asleep = item["status"] == "HIBERNATING" or bool(status.get("isHibernating"))
    crons = (each["hibernateAtCron"] for each in spec.get("schedules") or () if each.get("isEnabled"))
    return (*(("now",) if asleep else ()), *crons)


def update_body(raw: dict[str, Any]) -> dict[str, Any]:
    """A Deployment's answer as the body of an update that changes nothing (updates are full objects).

    Secret environment variables go without a value, which keeps them. Worker queues carry their id, so that they
    stay the same queues.
    """
    body = {name: raw[name] for name in _UPDATED if raw.get(name) is not None}
    body["environmentVariables"] = [
        {"key": each["key"], "isSecret": True}
        if each.get("isSecret")
        else {"key": each["key"], "isSecret": False, "value": each.get("value") or ""}
        for each in raw.get("environmentVariables") or ()
    ]
    if raw.get("workerQueues"):
        body["workerQueues"] = [
            {name: queue[name] for name in _QUEUE if queue.get(name) is not None} for queue in raw["workerQueues"]
        ]
    if raw.get("remoteExecution"):
        remote = raw["remoteExecution"]
        body["remoteExecution"] = {name: remote[name] for name in _REMOTE if remote.get(name) is not None}
    # The answer names the identity that is in effect; leaving it out would take it back to the default.
    if raw.get("effectiveWorkloadIdentity"):
        body["workloadIdentity"] = raw["effectiveWorkloadIdentity"]
    return body


def deploy_of(item: dict[str, Any]) -> DeploySeen:
    """A deploy; its upload address is remembered for redaction, because whoever has it may upload."""
    upload_url = item.get("dagsUploadUrl") or ""
    remember_secret(upload_url.partition("?")[2])
    return DeploySeen(
        id=item["id"],
        deployment_id=item["deploymentId"],
        status=item["status"],
        type=item.get("type") or "",
        description=item.get("description") or "",
        dag_tarball_version=item.get("dagTarballVersion") or "",
        runtime_version=item.get("astroRuntimeVersion") or "",
        created_at=item.get("createdAt") or "",
        rollback_from_id=item.get("rollbackFromId") or "",
        upload_url=upload_url,
    )


def options_of(item: dict[str, Any]) -> DeploymentOptions:
    """What a new Deployment may be."""
    quotas = item.get("resourceQuotas") or {}
    pod, quota = quotas.get("defaultPodSize") or {}, quotas.get("resourceQuota") or {}
    return DeploymentOptions(
        runtime_releases=tuple(
            RuntimeRelease(
                each["version"], each["airflowVersion"], each.get("channel") or "", each.get("releaseDate") or ""
            )
            for each in item.get("runtimeReleases") or ()
        ),
        executors=tuple(item.get("executors") or ()),
        scheduler_machines=tuple(_machine(each) for each in item.get("schedulerMachines") or ()),
        worker_machines=tuple(_machine(each) for each in item.get("workerMachines") or ()),
        default_pod_cpu=_default(pod.get("cpu")),
        default_pod_memory=_default(pod.get("memory")),
        quota_cpu=_default(quota.get("cpu")),
        quota_memory=_default(quota.get("memory")),
        raw=item,
    )


def _default(option: Any) -> str:
    return str(option.get("default") or "") if isinstance(option, dict) else ""


def _machine(item: dict[str, Any]) -> Machine:
    spec = item.get("spec") or {}
    concurrency = (item.get("concurrency") or {}).get("default")
    return Machine(
        name=item["name"],
        cpu=spec.get("cpu") or "",
        memory=spec.get("memory") or "",
        concurrency=int(concurrency) if concurrency is not None else None,
    )


def user_of(item: dict[str, Any]) -> UserSeen:
    """A person."""
    return UserSeen(
        item["id"],
        item["username"],
        item.get("fullName") or "",
        item.get("organizationRole") or "",
        item.get("status") or "ACTIVE",
        _workspace_roles(item),
    )


def team_of(item: dict[str, Any]) -> TeamSeen:
    """A team."""
    return TeamSeen(item["id"], item["name"], _workspace_roles(item))


def _workspace_roles(item: dict[str, Any]) -> dict[str, str]:
    return {each["workspaceId"]: each["role"] for each in item.get("workspaceRoles") or ()}


def alert_of(item: dict[str, Any]) -> AlertSeen:
    """An alert; of its channels only the kind is kept, because their addresses are secrets."""
    patterns = (item.get("rules") or {}).get("patternMatches") or ()
    return AlertSeen(
        id=item["id"],
        name=item["name"],
        type=item["type"],
        deployment_id=item.get("deploymentId") or item["entityId"],
        channels=tuple(each["type"] for each in item.get("notificationChannels") or ()),
        dags=tuple(
            value
            for each in patterns
            if each.get("entityType") == "DAG_ID" and each.get("operatorType") == "IS"
            for value in each.get("values") or ()
        ),
    )


def environment_object_of(item: dict[str, Any]) -> EnvironmentObjectSeen:
    """An environment object."""
    return EnvironmentObjectSeen(
        id=item.get("id") or "",
        key=item["objectKey"],
        type=item["objectType"],
        scope=item["scope"],
        scope_id=item["scopeEntityId"],
        set_fields=tuple(item.get("setFields") or ()),
    )
