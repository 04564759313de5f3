"""Astro's control plane, API v1: organization, Workspaces, Deployments, deploys, environment objects."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from astroferry.clients import astro_shapes as shapes
from astroferry.clients.address import is_loopback, segment
from astroferry.errors import NotAllowedError, NotFoundError, NotTheApiError, PlanError, Problem, UsageError
from astroferry.model.organization import DeploymentOptions, DeploymentSeen, DeploySeen
from astroferry.model.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Mapping

    from astroferry.clients.http import Http
    from astroferry.model.organization import (
        ClusterSeen,
        EnvironmentObjectSeen,
        OrganizationSeen,
        TeamSeen,
        UserSeen,
        WorkspaceSeen,
    )

__all__ = ["PAGE", "RATES", "Astro", "DeploySeen", "DeploymentOptions", "DeploymentSeen"]

RATES = {"GET": 20.0, "POST": 8.0, "DELETE": 4.0}
"""requests per second; Astro's limits per token are 25, 10 and 5 (Astro API overview)"""
PAGE = 100


class Astro:
    """One organization on Astro, seen with one token.

    Every method raises UnreachableError, NotTheApiError, NotAllowedError and RequestFailedError (NotFoundError for
    an id that is not there). Creating is never sent twice; updating is (it is idempotent there).
    """

    def __init__(self, http: Http, organization: OrganizationSeen) -> None:
        self.http = http
        self.organization = organization
        self._root = f"/organizations/{segment(organization.id)}"
        self._updates: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    @classmethod
    async def connect(cls, http: Http, organization: str | None = None) -> Astro:
        """Find the organization that the token belongs to.

        `organization`: the id that the plan names; where the token is another organization's, NotAllowedError.
        PlanError where the token sees several and none is named; UsageError for plain http beyond this machine.
        """
        parts = urlsplit(http.url)
        if parts.scheme != "https" and not is_loopback(parts.hostname or ""):
            raise UsageError(
                f"{http.url} would send the Astro token in clear.", hint="Use https (ASTRO_API_URL, target.api)."
            )
        if organization:
            return cls(http, await _named(http, organization))
        body = await http.json("GET", "/organizations", params={"limit": PAGE})
        found = [shapes.organization_of(item) for item in (body or {}).get("organizations") or ()]
        if not found:
            raise NotAllowedError(
                f"{http.name} shows no organization to this token.", hint="Ask for a token of your organization."
            )
        if len(found) > 1:
            names = ", ".join(f"{each.name} ({each.id})" for each in found)
            raise PlanError(
                "The token sees several organizations.",
                [Problem("target.organization", f"name one of: {names}")],
            )
        return cls(http, found[0])

    async def _get(self, path: str, params: Mapping[str, object] | None = None) -> Any:
        return await self.http.json("GET", self._root + path, params=params)

    async def _create(self, path: str, body: dict[str, Any]) -> Any:
        return await self.http.json("POST", self._root + path, body=body)

    async def _update(self, path: str, body: dict[str, Any]) -> Any:
        return await self.http.json("POST", self._root + path, body=body, idempotent=True)

    async def _delete(self, path: str) -> bool:
        """Whether there was something to delete."""
        try:
            await self.http.json("DELETE", self._root + path)
        except NotFoundError:
            return False
        return True

    async def _pages(self, path: str, key: str, params: Mapping[str, object]) -> list[dict[str, Any]]:
        """Items of all pages, each id once."""
        found: dict[str, dict[str, Any]] = {}
        offset = 0
        while True:
            body = await self._get(path, {**params, "limit": PAGE, "offset": offset}) or {}
            items = body.get(key) or []
            for item in items:
                found.setdefault(item.get("id") or item.get("userId") or f"{offset}:{len(found)}", item)
            offset += len(items)
            if not items or offset >= int(body.get("totalCount") or 0):
                return list(found.values())

    # Workspaces, clusters, people

    async def workspaces(self, name: str | None = None) -> tuple[WorkspaceSeen, ...]:
        """The Workspaces that the token sees, or those of exactly this name."""
        params = {"names": [name]} if name is not None else {}
        found = [shapes.workspace_of(item) for item in await self._pages("/workspaces", "workspaces", params)]
        return tuple(each for each in found if name is None or each.name == name)

    async def create_workspace(self, name: str, description: str = "") -> WorkspaceSeen:
        """Make a Workspace; a second call makes a second one."""
        return shapes.workspace_of(await self._create("/workspaces", {"name": name, "description": description}))

    async def delete_workspace(self, workspace_id: str) -> bool:
        """Delete an empty Workspace; False if it was not there."""
        return await self._delete(f"/workspaces/{segment(workspace_id)}")

    async def clusters(self) -> tuple[ClusterSeen, ...]:
        """The organization's own clusters; standard clusters are not listed."""
        return tuple(shapes.cluster_of(item) for item in await self._pages("/clusters", "clusters", {}))

    async def cluster_options(self, provider: str | None = None, type_: str = "DEDICATED") -> list[dict[str, Any]]:
        """What a new cluster may be, as Astro tells it (one object per cloud)."""
        options = await self._get("/cluster-options", {"type": type_, "provider": provider})
        return [dict(each) for each in options or ()]

    async def users(self, workspace_id: str | None = None) -> tuple[UserSeen, ...]:
        """The people of the organization, or of a Workspace; NotAllowedError for tokens that may not see them."""
        params = {"workspaceId": workspace_id}
        return tuple(shapes.user_of(item) for item in await self._pages("/users", "users", params))

    async def teams(self, workspace_id: str | None = None) -> tuple[TeamSeen, ...]:
        """The teams of the organization, or those with a role in a Workspace."""
        params = {"workspaceId": workspace_id}
        return tuple(shapes.team_of(item) for item in await self._pages("/teams", "teams", params))

    async def team_members(self, team_id: str) -> tuple[str, ...]:
        """Ids of a team's people."""
        pages = await self._pages(f"/teams/{segment(team_id)}/members", "teamMembers", {})
        return tuple(item["userId"] for item in pages)

    # Deployments

    async def deployments(
        self, workspace_id: str | None = None, name: str | None = None
    ) -> tuple[DeploymentSeen, ...]:
        """The Deployments that the token sees, of one Workspace or of exactly one name; environments included."""
        params: dict[str, object] = {}
        if workspace_id is not None:
            params["workspaceIds"] = [workspace_id]
        if name is not None:
            params["names"] = [name]
        found = [shapes.deployment_of(item) for item in await self._pages("/deployments", "deployments", params)]
        return tuple(
            each
            for each in found
            if (name is None or each.name == name) and (workspace_id is None or each.workspace_id == workspace_id)
        )

    async def deployment(self, deployment_id: str) -> DeploymentSeen:
        """One Deployment."""
        return shapes.deployment_of(await self._get(f"/deployments/{segment(deployment_id)}"))

    async def create_deployment(self, body: dict[str, Any]) -> DeploymentSeen:
        """Make a Deployment; it comes back at once, still CREATING. A second call makes a second one."""
        return shapes.deployment_of(await self._create("/deployments", body))

    async def update_deployment(self, deployment_id: str, changes: Mapping[str, Any]) -> DeploymentSeen:
        """Change these fields and keep all others: Astro's update is a full object, so it is read first.

        Updates of one Deployment by this client wait for each other.
        """
        async with self._updates[deployment_id]:
            raw = (await self.deployment(deployment_id)).raw
            return await self._write(deployment_id, {**shapes.update_body(raw), **changes})

    async def _write(self, deployment_id: str, body: dict[str, Any]) -> DeploymentSeen:
        return shapes.deployment_of(await self._update(f"/deployments/{segment(deployment_id)}", body))

    async def delete_deployment(self, deployment_id: str) -> bool:
        """Delete a Deployment with all that is in it; False if it was not there."""
        return await self._delete(f"/deployments/{segment(deployment_id)}")

    async def deployment_options(self, **query: str) -> DeploymentOptions:
        """What a Deployment may be; `query`: deploymentType, executor, cloudProvider, deploymentId."""
        return shapes.options_of(await self._get("/deployment-options", query))

    async def set_environment(
        self, deployment_id: str, variables: Mapping[str, str | Secret], *, drop: tuple[str, ...] = ()
    ) -> DeploymentSeen:
        """Set these environment variables, take `drop` away, keep all others.

        Astro replaces the whole list, so it is read, changed, written, and the answer's names are checked. A Secret
        is stored as secret; secrets that are there stay without being sent again, and stay secret when changed.
        Raises NotTheApiError where the answer does not show what was written.
        """
        async with self._updates[deployment_id]:
            body = shapes.update_body((await self.deployment(deployment_id)).raw)
            kept = {each["key"]: each for each in body["environmentVariables"] if each["key"] not in drop}
            for key, value in variables.items():
                secret = isinstance(value, Secret) or bool(kept.get(key, {}).get("isSecret"))
                text = value.reveal() if isinstance(value, Secret) else value
                kept[key] = {"key": key, "isSecret": secret, "value": text}
            body["environmentVariables"] = list(kept.values())
            after = await self._write(deployment_id, body)
        if {each.key for each in after.environment} != set(kept):
            raise NotTheApiError(
                f'{self.http.name} took the environment variables of "{after.name}", but shows other names than were '
                "written.",
                hint="Look at the Deployment's environment on Astro, then run the same command again.",
            )
        return after

    # Deploys

    async def create_deploy(self, deployment_id: str, type: str = "DAG_ONLY", description: str = "") -> DeploySeen:  # noqa: A002 - Astro's own word
        """Begin a deploy; `upload_url` says where the DAGs go. Harmless until it is finalized."""
        body = {"type": type, "description": description}
        return shapes.deploy_of(await self._create(f"/deployments/{segment(deployment_id)}/deploys", body))

    async def upload(self, url: str, tar: bytes) -> str:
        """Upload a tarball of DAGs to a deploy's pre-signed address; the version to finalize it with."""
        headers = {"x-ms-blob-type": "BlockBlob", "Content-Type": "application/x-tar"}
        version = (await self.http.put_bytes(url, tar, headers)).get("x-ms-version-id", "")
        if not version:
            raise NotTheApiError(
                "The upload of the DAGs was accepted, but its answer names no version (x-ms-version-id).",
                hint="A proxy may drop headers: check HTTPS_PROXY and NO_PROXY.",
            )
        return version

    async def finalize_deploy(self, deployment_id: str, deploy_id: str, version: str) -> DeploySeen:
        """Make the uploaded DAGs those that the Deployment shall run."""
        path = f"/deployments/{segment(deployment_id)}/deploys/{segment(deploy_id)}/finalize"
        return shapes.deploy_of(await self._create(path, {"dagTarballVersion": version}))

    async def deploys(self, deployment_id: str) -> tuple[DeploySeen, ...]:
        """The deploys of a Deployment, newest first (by creation: the order of the API is not documented)."""
        items = await self._pages(f"/deployments/{segment(deployment_id)}/deploys", "deploys", {})
        # Stable, so that equal times keep the order in which Astro listed them.
        return tuple(sorted(map(shapes.deploy_of, items), key=lambda deploy: deploy.created_at, reverse=True))

    async def deploy(self, deployment_id: str, deploy_id: str) -> DeploySeen:
        """One deploy."""
        path = f"/deployments/{segment(deployment_id)}/deploys/{segment(deploy_id)}"
        return shapes.deploy_of(await self._get(path))

    async def rollback_deploy(self, deployment_id: str, deploy_id: str, description: str = "") -> DeploySeen:
        """Go back to an earlier deploy (of the last 90 days); gives the new deploy that does it."""
        path = f"/deployments/{segment(deployment_id)}/deploys/{segment(deploy_id)}/rollback"
        return shapes.deploy_of(await self._create(path, {"description": description}))

    # Environment objects

    async def environment_objects(
        self, *, workspace_id: str | None = None, deployment_id: str | None = None, object_type: str | None = None
    ) -> tuple[EnvironmentObjectSeen, ...]:
        """Connections and variables that Astro itself keeps for a Workspace or a Deployment; no secret values."""
        params = {"workspaceId": workspace_id, "deploymentId": deployment_id, "objectType": object_type}
        items = await self._pages("/environment-objects", "environmentObjects", params)
        return tuple(shapes.environment_object_of(item) for item in items)

    async def create_environment_object(self, body: dict[str, Any]) -> str:
        """Make one, and give its id; ConflictError where its key is taken in that scope."""
        return str((await self._create("/environment-objects", body))["id"])


async def _named(http: Http, organization: str) -> OrganizationSeen:
    try:
        return shapes.organization_of(await http.json("GET", f"/organizations/{segment(organization)}"))
    except NotFoundError as error:
        # Every answer of Astro carries a request id (its API, v1); another server's "not found" does not.
        if not error.request_id:
            raise NotTheApiError(
                f"No Astro answers at {http.url}.",
                hint="Check ASTRO_API_URL, or target.api in the plan; it looks like https://api.astronomer.io/v1.",
            ) from None
    except NotAllowedError as error:
        if "(403)" not in error.message:
            raise
    raise NotAllowedError(
        f"The Astro token does not belong to the organization {organization} that the plan names.",
        hint="Use a token of that organization, or make a plan for the organization of this token.",
    )
