"""Who may do what: a token's role and reach, as Astro's documentation describes them.

Levels on a Workspace or Deployment: 1 read (member), 2 deploy code (author), 3 write (operator, Deployment admin),
4 own (owner). An organization owner owns everything; other organization roles give nothing below the organization.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from astroferry.simulator.astro.wire import RefusedError

if TYPE_CHECKING:
    from astroferry.simulator.astro.records import Deployment
    from astroferry.simulator.astro.state import AstroState
    from astroferry.simulator.astro.tokens import Claims
    from astroferry.simulator.astro.wire import Call

READ, DEPLOY, WRITE, OWN = 1, 2, 3, 4

_LEVELS = {
    "WORKSPACE_OWNER": OWN,
    "WORKSPACE_OPERATOR": WRITE,
    "WORKSPACE_AUTHOR": DEPLOY,
    "WORKSPACE_MEMBER": READ,
    "WORKSPACE_ACCESSOR": READ,
    "DEPLOYMENT_ADMIN": WRITE,
}
_AIRFLOW_OPERATORS_ONLY = ("/connections", "/variables", "/pools")
"""what Airflow's own User role may not change"""


def _role(state: AstroState, token: Claims) -> str:
    return state.tokens[token.token_id].role


def level_in_workspace(state: AstroState, token: Claims, workspace: str) -> int:
    """The token's level on a Workspace."""
    if token.scope == "ORGANIZATION":
        return OWN if _role(state, token) == "ORGANIZATION_OWNER" else 0
    if token.scope == "WORKSPACE":
        return _LEVELS.get(_role(state, token), 0) if token.workspace == workspace else 0
    deployment = state.deployments.get(token.deployment)
    return READ if deployment is not None and deployment.workspace == workspace else 0


def level_on_deployment(state: AstroState, token: Claims, deployment: Deployment) -> int:
    """The token's level on a Deployment."""
    if token.organization != deployment.organization:
        return 0
    if token.scope == "DEPLOYMENT":
        return _LEVELS.get(_role(state, token), 0) if token.deployment == deployment.id else 0
    return level_in_workspace(state, token, deployment.workspace)


def need_organization_owner(call: Call) -> None:
    """Raises RefusedError(403) unless the token may change the organization itself."""
    if _role(call.state, call.token) != "ORGANIZATION_OWNER":
        raise RefusedError(403, "Forbidden: this needs the role ORGANIZATION_OWNER")


def need_organization_scope(call: Call) -> None:
    """Raises RefusedError(403) unless the token is for the whole organization."""
    if call.token.scope != "ORGANIZATION":
        raise RefusedError(403, "Forbidden: this needs a token for the organization")


def need_workspace(call: Call, workspace: str, level: int = READ) -> dict[str, Any]:
    """The Workspace; raises RefusedError 404 where there is none, 403 where the token may not."""
    found = call.state.workspaces.get(workspace)
    if found is None or found["organizationId"] != call.organization:
        raise RefusedError(404, f"Workspace {workspace} not found")
    if level_in_workspace(call.state, call.token, workspace) < level:
        raise RefusedError(403, "Forbidden: the token has no sufficient role in this Workspace")
    return found


def need_deployment(call: Call, level: int = READ, deployment_id: str = "") -> Deployment:
    """The Deployment in the path (or of that id); raises RefusedError 404 where there is none, 403 if not allowed."""
    wanted = deployment_id or call.path["deploymentId"]
    found = call.state.deployments.get(wanted)
    if found is None or found.organization != call.organization:
        raise RefusedError(404, f"Deployment {wanted} not found")
    if level_on_deployment(call.state, call.token, found) < level:
        raise RefusedError(403, "Forbidden: the token has no sufficient role on this Deployment")
    return found


def level_for_airflow(method: str, path: str) -> int:
    """The level that a request to a Deployment's Airflow needs; `path` below the Deployment's."""
    if method in {"GET", "HEAD", "OPTIONS"}:
        return READ
    return WRITE if any(part in path for part in _AIRFLOW_OPERATORS_ONLY) else DEPLOY
