"""Dedicated clusters, whose statuses move slowly."""

from __future__ import annotations

from ipaddress import IPv4Network
from typing import TYPE_CHECKING, Any

from astroferry.simulator.astro.access import need_organization_owner
from astroferry.simulator.astro.facts import REGIONS, cluster_options
from astroferry.simulator.astro.records import Cluster, Timeline
from astroferry.simulator.astro.wire import RefusedError
from astroferry.simulator.contract import FieldError

if TYPE_CHECKING:
    from astroferry.simulator.astro.wire import Call, Handler

_RANGES = ("vpcSubnetRange", "podSubnetRange", "serviceSubnetRange", "servicePeeringRange", "secondaryVpcCidr")


async def get_cluster_options(call: Call) -> list[dict[str, Any]]:
    """What a cluster can be made of, for one cloud or for each."""
    providers = [call.query["provider"]] if "provider" in call.query else list(REGIONS)
    return [cluster_options(provider) for provider in providers]


def _shown(call: Call, cluster: Cluster) -> dict[str, Any]:
    return cluster.shown | {"status": cluster.status.at(call.state.now())}


def _found(call: Call) -> Cluster:
    cluster = call.state.clusters.get(call.path["clusterId"])
    if cluster is None or cluster.organization != call.organization:
        raise RefusedError(404, f"Cluster {call.path['clusterId']} not found")
    return cluster


async def list_clusters(call: Call) -> dict[str, Any]:
    """The organization's clusters."""
    clusters = [
        _shown(call, cluster)
        for cluster in call.state.clusters.values()
        if cluster.organization == call.organization
        and call.asked("names", cluster.shown["name"])
        and call.query.get("provider", cluster.shown["cloudProvider"]) == cluster.shown["cloudProvider"]
    ]
    return call.page("clusters", clusters)


async def get_cluster(call: Call) -> dict[str, Any]:
    """One cluster."""
    return _shown(call, _found(call))


def _wrong_workspaces(call: Call) -> list[FieldError]:
    own = {key for key, value in call.state.workspaces.items() if value["organizationId"] == call.organization}
    strange = [workspace for workspace in call.body.get("workspaceIds") or () if workspace not in own]
    return [FieldError("workspaceIds", "notfound", f"{workspace} is no Workspace") for workspace in strange]


def _wrong_ranges(body: dict[str, Any]) -> list[FieldError]:
    errors = []
    for key in _RANGES:
        try:
            IPv4Network(body.get(key, "10.0.0.0/8"))
        except ValueError:
            errors.append(FieldError(key, "cidr", "must be an IPv4 range such as 172.20.0.0/19"))
    return errors


async def create_cluster(call: Call) -> dict[str, Any]:
    """A new cluster that shows CREATING for a while."""
    need_organization_owner(call)
    body = dict(call.body)
    errors = _wrong_ranges(body) + _wrong_workspaces(call)
    if body["type"] != "DEDICATED":
        errors.append(FieldError("type", "oneof", "must be DEDICATED for a new cluster"))
    if body["region"] not in REGIONS[body["cloudProvider"]]:
        errors.append(FieldError("region", "oneof", f"is no region of {body['cloudProvider']}"))
    if errors:
        raise RefusedError(400, "Invalid request", errors)
    stamp = call.state.stamp()
    shown = {
        **{key: value for key, value in body.items() if key not in {"k8sTags", "nodePools"}},
        "id": call.state.new_id(),
        "organizationId": call.organization,
        "dbInstanceType": body.get("dbInstanceType", "standard"),
        "isDrEnabled": "drRegion" in body,
        "drRegion": body.get("drRegion", ""),
        "tags": body.get("k8sTags", []),
        "nodePools": [],
        "workspaceIds": body.get("workspaceIds", []),
        "createdAt": stamp,
        "updatedAt": stamp,
    }
    cluster = Cluster(shown["id"], call.organization, shown, Timeline("CREATED"))
    cluster.status.begin(call.state.now(), (call.state.pace.cluster, "CREATING"))
    call.state.clusters[cluster.id] = cluster
    return _shown(call, cluster)


async def update_cluster(call: Call) -> dict[str, Any]:
    """Change a cluster; left-out `workspaceIds` stay, an empty list removes all. 412 while it is still changing."""
    need_organization_owner(call)
    cluster = _found(call)
    if cluster.status.at(call.state.now()) != cluster.status.final:
        raise RefusedError(412, "The cluster is still being changed")
    if errors := _wrong_workspaces(call):
        raise RefusedError(400, "Invalid request", errors)
    body = call.body
    cluster.shown["name"] = body.get("name", cluster.shown["name"])
    cluster.shown["tags"] = body.get("k8sTags", cluster.shown["tags"])
    cluster.shown["workspaceIds"] = body.get("workspaceIds", cluster.shown["workspaceIds"])
    cluster.shown["updatedAt"] = call.state.stamp()
    cluster.status.begin(call.state.now(), (call.state.pace.cluster, "UPDATING"))
    return _shown(call, cluster)


async def delete_cluster(call: Call) -> None:
    """Delete a cluster on which no Deployment runs."""
    need_organization_owner(call)
    cluster = _found(call)
    if any(deployment.settings.get("clusterId") == cluster.id for deployment in call.state.deployments.values()):
        raise RefusedError(400, "The cluster still has Deployments; delete those first")
    del call.state.clusters[cluster.id]


HANDLERS: dict[str, Handler] = {
    "getClusterOptions": get_cluster_options,
    "listClusters": list_clusters,
    "getCluster": get_cluster,
    "createCluster": create_cluster,
    "updateCluster": update_cluster,
    "deleteCluster": delete_cluster,
}
