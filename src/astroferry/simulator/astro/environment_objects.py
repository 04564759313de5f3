"""Environment objects: connections and variables kept by Astro itself, for a Workspace or a Deployment.

Updating follows what the public clients found out: arrays left out are emptied, `autoLinkDeployments` left out is
cleared, a secret sent as "" stays, and the object's own part must be there even where only its links change.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from astroferry.simulator.astro.access import READ, WRITE, level_in_workspace, level_on_deployment
from astroferry.simulator.astro.records import EnvironmentObject
from astroferry.simulator.astro.wire import RefusedError
from astroferry.simulator.contract import FieldError

if TYPE_CHECKING:
    from astroferry.simulator.astro.wire import Call, Handler

_PARTS = {
    "CONNECTION": "connection",
    "AIRFLOW_VARIABLE": "airflowVariable",
    "ENVIRONMENT_VARIABLE": "environmentVariable",
    "METRICS_EXPORT": "metricsExport",
}
_ALWAYS_SECRET = {"password", "basicToken"}


def _level(call: Call, scope: str, entity: str) -> int:
    if scope == "WORKSPACE":
        known = call.state.workspaces.get(entity, {}).get("organizationId") == call.organization
        return level_in_workspace(call.state, call.token, entity) if known else 0
    deployment = call.state.deployments.get(entity)
    return 0 if deployment is None else level_on_deployment(call.state, call.token, deployment)


def _part_shown(part: str, values: dict[str, Any], *, with_secrets: bool) -> dict[str, Any]:
    """The object's own part; without secrets those come back empty."""
    shown = {key: value for key, value in values.items() if key != "authTypeId"}
    if part in {"airflowVariable", "environmentVariable"}:
        shown = {"isSecret": False, "value": "", **shown}
        return shown if with_secrets or not shown["isSecret"] else shown | {"value": ""}
    if with_secrets:
        return shown
    return {
        # Nobody knows which keys of an extra are secret, so all of them are.
        key: dict.fromkeys(value, "") if key == "extra" else "" if key in _ALWAYS_SECRET else value
        for key, value in shown.items()
    }


def _set_fields(values: dict[str, Any]) -> list[str]:
    names = []
    for key, value in values.items():
        names += [f"{key}.{inner}" for inner in value] if isinstance(value, dict) else [key]
    return sorted(names)


def _show(call: Call, kept: EnvironmentObject, linked_to: str = "") -> dict[str, Any]:
    """Astro's object; seen through a link it has no id of its own, and tells where it comes from."""
    given = kept.given
    part = _PARTS[given["objectType"]]
    values = _part_shown(part, given[part], with_secrets=call.query.get("showSecrets", False))
    shown = {
        "id": kept.id,
        "objectKey": given["objectKey"],
        "objectType": given["objectType"],
        "description": given.get("description", ""),
        "scope": given["scope"],
        "scopeEntityId": given["scopeEntityId"],
        "autoLinkDeployments": given.get("autoLinkDeployments", False),
        "links": [
            {"scope": link["scope"], "scopeEntityId": link["scopeEntityId"], "setFields": []}
            for link in given.get("links", [])
        ],
        "excludeLinks": given.get("excludeLinks", []),
        "setFields": _set_fields(given[part]),
        "createdAt": kept.created_at,
        "updatedAt": kept.updated_at,
        "createdBy": kept.by,
        "updatedBy": kept.by,
        part: values,
    }
    if linked_to:
        del shown["id"]
        shown |= {
            "scope": "DEPLOYMENT",
            "scopeEntityId": linked_to,
            "sourceScope": "WORKSPACE",
            "sourceScopeEntityId": given["scopeEntityId"],
        }
    return shown


def _is_linked(given: dict[str, Any], deployment: str) -> bool:
    excluded = any(link["scopeEntityId"] == deployment for link in given.get("excludeLinks", []))
    linked = any(link["scopeEntityId"] == deployment for link in given.get("links", []))
    return not excluded and (linked or given.get("autoLinkDeployments", False))


async def list_environment_objects(call: Call) -> dict[str, Any]:
    """The objects of a Workspace or Deployment; `resolveLinked` adds the Workspace's that reach the Deployment."""
    if call.query.get("showSecrets") and not call.state.environment_secrets_fetching:
        raise RefusedError(403, "showSecrets is not allowed: the organization has not enabled it")
    workspace, deployment = call.query.get("workspaceId"), call.query.get("deploymentId")
    home = call.state.deployments[deployment].workspace if deployment in call.state.deployments else None
    shown = []
    for kept in call.state.environment_objects.values():
        given = kept.given
        readable = kept.organization == call.organization and (
            _level(call, given["scope"], given["scopeEntityId"]) >= READ
        )
        wanted = (
            call.query.get("objectType", given["objectType"]) == given["objectType"]
            and call.query.get("objectKey", given["objectKey"]) == given["objectKey"]
        )
        if not (readable and wanted):
            continue
        if (workspace is None and deployment is None) or given["scopeEntityId"] in {workspace, deployment}:
            shown.append(_show(call, kept))
        elif deployment and call.query.get("resolveLinked") and given["scopeEntityId"] == home:
            shown += [_show(call, kept, linked_to=deployment)] if _is_linked(given, deployment) else []
    return call.page("environmentObjects", shown)


def _wrong_parts(body: dict[str, Any], object_type: str, scope: str) -> list[FieldError]:
    """Exactly the part that belongs to the type; links only from a Workspace, and not both linked and excluded."""
    wanted = _PARTS[object_type]
    errors = [
        FieldError(part, "excluded", f"does not belong to {object_type}")
        for part in _PARTS.values()
        if part in body and part != wanted
    ]
    if wanted not in body:
        errors.append(FieldError(wanted, "required", "is required"))
    if scope == "DEPLOYMENT":
        linking = [key for key in ("links", "excludeLinks", "autoLinkDeployments") if body.get(key)]
        errors += [FieldError(key, "excluded", "only a Workspace's object is linked") for key in linking]
    linked = {link["scopeEntityId"] for link in body.get("links", [])}
    if linked & {link["scopeEntityId"] for link in body.get("excludeLinks", [])}:
        errors.append(FieldError("excludeLinks", "conflict", "a Deployment is both linked and excluded"))
    return errors


async def create_environment_object(call: Call) -> dict[str, Any]:
    """A new object; only its id is answered. 409 where the scope has one of that type and key."""
    body = call.body
    errors = _wrong_parts(body, body["objectType"], body["scope"])
    if body["objectType"].endswith("VARIABLE") and "value" not in body.get(_PARTS[body["objectType"]], {"value": ""}):
        errors.append(FieldError(f"{_PARTS[body['objectType']]}.value", "required", "is required"))
    if errors:
        raise RefusedError(400, "Invalid request", errors)
    if _level(call, body["scope"], body["scopeEntityId"]) < WRITE:
        raise RefusedError(403, "Forbidden: the token has no sufficient role there")
    identity = ("scope", "scopeEntityId", "objectType", "objectKey")
    for kept in call.state.environment_objects.values():
        if all(kept.given[key] == body[key] for key in identity):
            raise RefusedError(409, f"{body['objectType']} {body['objectKey']} exists already")
    stamp, by = call.state.stamp(), call.state.subject(call.token)
    made = EnvironmentObject(call.state.new_id(), call.organization, dict(body), stamp, stamp, by)
    call.state.environment_objects[made.id] = made
    return {"id": made.id}


def _found(call: Call, level: int) -> EnvironmentObject:
    kept = call.state.environment_objects.get(call.path["environmentObjectId"])
    if kept is None or kept.organization != call.organization:
        raise RefusedError(404, f"Environment object {call.path['environmentObjectId']} not found")
    if _level(call, kept.given["scope"], kept.given["scopeEntityId"]) < level:
        raise RefusedError(403, "Forbidden: the token has no sufficient role there")
    return kept


async def get_environment_object(call: Call) -> dict[str, Any]:
    """One object, its secrets empty."""
    return _show(call, _found(call, READ))


async def update_environment_object(call: Call) -> dict[str, Any]:
    """Change an object; see the module's docstring for what leaving out means."""
    kept, body = _found(call, WRITE), call.body
    given = kept.given
    part = _PARTS[given["objectType"]]
    if errors := _wrong_parts(body, given["objectType"], given["scope"]):
        raise RefusedError(400, "Invalid request", errors)
    secret = given[part].get("isSecret", False)
    fresh = {
        key: value
        for key, value in body[part].items()
        if not (value == "" and (key in _ALWAYS_SECRET or (key == "value" and secret)))
    }
    kept.given = {
        **given,
        "description": body.get("description", given.get("description", "")),
        "autoLinkDeployments": body.get("autoLinkDeployments", False),
        "links": body.get("links", []),
        "excludeLinks": body.get("excludeLinks", []),
        part: given[part] | fresh,
    }
    kept.updated_at = call.state.stamp()
    return _show(call, kept)


async def delete_environment_object(call: Call) -> None:
    """Delete an object."""
    kept = _found(call, WRITE)
    del call.state.environment_objects[kept.id]


HANDLERS: dict[str, Handler] = {
    "listEnvironmentObjects": list_environment_objects,
    "createEnvironmentObject": create_environment_object,
    "getEnvironmentObject": get_environment_object,
    "updateEnvironmentObject": update_environment_object,
    "deleteEnvironmentObject": delete_environment_object,
}
