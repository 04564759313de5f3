"""Organizations, Workspaces, and the people and tokens of an organization."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from astroferry.simulator.astro.access import (
    OWN,
    READ,
    level_in_workspace,
    need_organization_owner,
    need_organization_scope,
    need_workspace,
)
from astroferry.simulator.astro.facts import ORGANIZATION_ROLES, REGIONS, WORKSPACE_ROLES
from astroferry.simulator.astro.wire import RefusedError
from astroferry.simulator.contract import FieldError

if TYPE_CHECKING:
    from astroferry.simulator.astro.wire import Call, Handler


async def list_organizations(call: Call) -> dict[str, Any]:
    """The one organization that the token is of; this is how a client finds its id."""
    own = call.state.organizations[call.token.organization]
    plans = {plan["productPlanName"] for plan in own["productPlans"]}
    products = {plan["astronomerProduct"] for plan in own["productPlans"]}
    fits = (
        call.query.get("productPlan", next(iter(plans))) in plans
        and call.query.get("astronomerProduct", next(iter(products))) in products
        and call.query.get("product", own["product"]) == own["product"]
    )
    return call.page("organizations", [own] if fits else [])


async def get_organization(call: Call) -> dict[str, Any]:
    """The organization in the path, which the gate has found to be the token's."""
    return call.state.organizations[call.organization]


async def get_self_user(call: Call) -> dict[str, Any]:
    """The person behind a session token; API tokens have none."""
    if not call.token.is_user:
        raise RefusedError(400, "An API token is no user")
    user = call.state.users[call.token.token_id]
    roles = [
        {"role": user["organizationRole"], "scope": {"type": "ORGANIZATION", "entityId": call.token.organization}}
    ]
    kept = ("id", "username", "fullName", "avatarUrl", "status", "createdAt", "updatedAt")
    return {**{key: user[key] for key in kept}, "organizationId": call.token.organization, "roles": roles}


def _need_people(call: Call) -> None:
    """People are listed for the whole organization, or for a Workspace that the token may read."""
    if workspace := call.query.get("workspaceId"):
        need_workspace(call, workspace)
    else:
        need_organization_scope(call)


async def list_users(call: Call) -> dict[str, Any]:
    """The users; with `workspaceId` those with a role there."""
    _need_people(call)
    users = [
        {key: value for key, value in user.items() if key != "organization"}
        for user in call.state.users.values()
        if user["organization"] == call.organization and _has_role(user, call)
    ]
    return call.page("users", users)


async def list_teams(call: Call) -> dict[str, Any]:
    """The teams; with `workspaceId` those with a role there."""
    _need_people(call)
    teams = [
        team
        for team in call.state.teams.values()
        if team["organizationId"] == call.organization and call.asked("names", team["name"]) and _has_role(team, call)
    ]
    return call.page("teams", teams)


async def list_team_members(call: Call) -> dict[str, Any]:
    """The people of a team."""
    need_organization_scope(call)
    team = call.state.teams.get(call.path["teamId"])
    if team is None or team["organizationId"] != call.organization:
        raise RefusedError(404, f"Team {call.path['teamId']} not found")
    members = [call.state.users[user] for user in call.state.members.get(team["id"], ())]
    shown = [{"userId": user["id"], "username": user["username"], "fullName": user["fullName"]} for user in members]
    return call.page("teamMembers", shown)


def _has_role(subject: dict[str, Any], call: Call) -> bool:
    workspace = call.query.get("workspaceId")
    return workspace is None or any(role["workspaceId"] == workspace for role in subject.get("workspaceRoles", ()))


async def list_api_tokens(call: Call) -> dict[str, Any]:
    """The API tokens, without their text, which is shown only once when they are made."""
    _need_people(call)
    wanted = call.query.get("workspaceId") or call.organization
    tokens = [
        issued.shown
        for issued in call.state.tokens.values()
        if issued.shown and any(role["entityId"] == wanted for role in issued.shown["roles"])
    ]
    return call.page("tokens", tokens)


def _default_roles() -> list[dict[str, Any]]:
    scopes = (
        ("ORGANIZATION", ORGANIZATION_ROLES),
        ("WORKSPACE", WORKSPACE_ROLES),
        ("DEPLOYMENT", ("DEPLOYMENT_ADMIN",)),
    )
    return [{"name": name, "scopeType": scope, "permissions": []} for scope, names in scopes for name in names]


async def list_roles(call: Call) -> dict[str, Any]:
    """No custom roles; the built-in ones are told beside them where they are asked for."""
    answer = call.page("roles", [])
    if call.query.get("includeDefaultRoles"):
        answer["defaultRoles"] = [role for role in _default_roles() if call.asked("scopeTypes", role["scopeType"])]
    return answer


async def list_role_templates(call: Call) -> list[dict[str, Any]]:
    """The built-in roles as templates for custom ones."""
    return [role for role in _default_roles() if call.asked("scopeTypes", role["scopeType"])]


async def list_workspaces(call: Call) -> dict[str, Any]:
    """The Workspaces that the token may read."""
    found = [
        workspace
        for workspace in call.state.workspaces.values()
        if workspace["organizationId"] == call.organization
        and level_in_workspace(call.state, call.token, workspace["id"]) >= READ
        and call.asked("workspaceIds", workspace["id"])
        and call.asked("names", workspace["name"])
    ]
    return call.page("workspaces", found)


def _checked_defaults(call: Call) -> dict[str, Any]:
    """The body's fields; raises RefusedError where its defaults contradict each other."""
    body: dict[str, Any] = call.body
    errors = [FieldError("name", "required", "must not be empty")] if not body["name"].strip() else []
    cloud, region, cluster = (
        body.get(key, "") for key in ("defaultCloudProvider", "defaultRegion", "defaultClusterId")
    )
    if bool(cloud) != bool(region):
        errors.append(FieldError("defaultRegion", "required_with", "goes together with defaultCloudProvider"))
    elif cloud and region not in REGIONS[cloud]:
        errors.append(FieldError("defaultRegion", "oneof", f"is no region of {cloud}"))
    if cluster and (cloud or region):
        errors.append(FieldError("defaultClusterId", "excluded_with", "excludes defaultCloudProvider"))
    if errors:
        raise RefusedError(400, "Invalid request", errors)
    return body


async def create_workspace(call: Call) -> dict[str, Any]:
    """A new Workspace, also where one of that name is there already: creating is not idempotent."""
    need_organization_owner(call)
    body, by, stamp = _checked_defaults(call), call.state.subject(call.token), call.state.stamp()
    made = {
        "id": call.state.new_id(),
        "organizationId": call.organization,
        "organizationName": call.state.organizations[call.organization]["name"],
        "cicdEnforcedDefault": False,
        "createdAt": stamp,
        "updatedAt": stamp,
        "createdBy": by,
        "updatedBy": by,
        **body,
    }
    call.state.workspaces[made["id"]] = made
    return made


async def get_workspace(call: Call) -> dict[str, Any]:
    """One Workspace."""
    return need_workspace(call, call.path["workspaceId"])


async def update_workspace(call: Call) -> dict[str, Any]:
    """Replace a Workspace's settings: what the body leaves out is cleared."""
    found = need_workspace(call, call.path["workspaceId"], OWN)
    body = _checked_defaults(call)
    for key in ("defaultCloudProvider", "defaultRegion", "defaultClusterId"):
        found.pop(key, None)
    found |= body | {"updatedAt": call.state.stamp(), "updatedBy": call.state.subject(call.token)}
    return found


async def delete_workspace(call: Call) -> None:
    """Delete a Workspace that has no Deployments."""
    workspace = call.path["workspaceId"]
    need_workspace(call, workspace)
    need_organization_owner(call)
    if any(deployment.workspace == workspace for deployment in call.state.deployments.values()):
        raise RefusedError(400, "The Workspace still has Deployments; delete those first")
    del call.state.workspaces[workspace]


HANDLERS: dict[str, Handler] = {
    "listOrganizations": list_organizations,
    "getOrganization": get_organization,
    "getSelfUser": get_self_user,
    "listUsers": list_users,
    "listTeams": list_teams,
    "listTeamMembers": list_team_members,
    "listApiTokens": list_api_tokens,
    "listRoles": list_roles,
    "listRoleTemplates": list_role_templates,
    "listWorkspaces": list_workspaces,
    "createWorkspace": create_workspace,
    "getWorkspace": get_workspace,
    "updateWorkspace": update_workspace,
    "deleteWorkspace": delete_workspace,
}
