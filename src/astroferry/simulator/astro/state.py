"""All that the embedded Astro knows, its clock, its log, and the switches that tests turn."""

from __future__ import annotations

import json
import random
import secrets
import string
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Literal

from astroferry.simulator.astro.facts import AIRFLOW_OF
from astroferry.simulator.astro.limits import RATES, Limiter
from astroferry.simulator.astro.records import Failure, IssuedToken, Logged, Pace
from astroferry.simulator.astro.tarball import write_folder
from astroferry.simulator.astro.tokens import Claims, make_token

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from astroferry.simulator.astro.dataplane import DataPlaneFactory
    from astroferry.simulator.astro.records import Cluster, Deployment, EnvironmentObject

_ALPHABET = string.ascii_lowercase + string.digits
_DEFAULT_ROLE = {
    "ORGANIZATION": "ORGANIZATION_OWNER",
    "WORKSPACE": "WORKSPACE_OWNER",
    "DEPLOYMENT": "DEPLOYMENT_ADMIN",
}


def wall_clock() -> datetime:
    """The moment, in UTC."""
    return datetime.now(UTC)


class AstroState:
    """The embedded Astro's memory; all in memory but the DAG folders below `folder`.

    `now` is the injected clock. `folder` is where Deployments' DAG folders are made; it is needed where `make_plane`
    is given. `log_file` gets a JSON line for each request, beyond the life of this process.
    """

    def __init__(
        self,
        *,
        now: Callable[[], datetime] = wall_clock,
        pace: Pace | None = None,
        rates: Mapping[str, float] | None = None,
        host: str = "astro.test",
        folder: Path | None = None,
        make_plane: DataPlaneFactory | None = None,
        log_file: Path | None = None,
        organization_name: str = "Acme Data",
        product_plan: str = "TEAM_V2",
    ) -> None:
        if make_plane is not None and folder is None:
            raise ValueError("a data plane needs a folder for its DAGs")
        self.now = now
        self.pace = pace or Pace()
        self.limiter = Limiter(now, RATES if rates is None else rates)
        self.host = host
        self.folder = folder
        self.make_plane = make_plane
        self.log_file = log_file
        self.key = secrets.token_bytes(32)
        self.organizations: dict[str, dict[str, Any]] = {}
        self.workspaces: dict[str, dict[str, Any]] = {}
        self.clusters: dict[str, Cluster] = {}
        self.deployments: dict[str, Deployment] = {}
        self.environment_objects: dict[str, EnvironmentObject] = {}
        self.users: dict[str, dict[str, Any]] = {}
        self.teams: dict[str, dict[str, Any]] = {}
        self.members: dict[str, list[str]] = {}
        """team id -> ids of its people"""
        self.alerts: dict[str, dict[str, Any]] = {}
        self.tokens: dict[str, IssuedToken] = {}
        self.requests: list[Logged] = []
        self.contract_violations: list[str] = []
        self.drop_on_the_wire = False
        """whether a server stands before the app, whose connection can be cut"""
        self.environment_secrets_fetching = False
        """the organization's setting that lets `showSecrets=true` show secrets"""
        self._failures: list[Failure] = []
        self.organization = self.add_organization(organization_name, product_plan)

    def new_id(self) -> str:
        """A CUID: "c" and 24 lowercase letters or digits."""
        return "c" + "".join(secrets.choice(_ALPHABET) for _ in range(24))

    def new_short(self) -> str:
        """A Deployment's path on the host; it begins with "d", so it meets neither "v1" nor "uploads"."""
        taken = {deployment.short for deployment in self.deployments.values()}
        while (short := "d" + "".join(random.choices(_ALPHABET, k=7))) in taken:  # noqa: S311 - a name, not a secret
            pass
        return short

    def stamp(self, seconds: float = 0) -> str:
        """The moment (and `seconds` later) as Astro writes it."""
        moment = self.now() + timedelta(seconds=seconds)
        return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def add_organization(self, name: str, product_plan: str = "TEAM_V2") -> str:
        """Another organization, with its owner as the one user; gives its id."""
        organization, owner, stamp = self.new_id(), self.new_id(), self.stamp()
        by = {"id": owner, "subjectType": "USER", "username": "owner@example.com", "fullName": "Olivia Owner"}
        self.users[owner] = {
            "id": owner,
            "username": by["username"],
            "fullName": by["fullName"],
            "avatarUrl": "",
            "status": "ACTIVE",
            "organizationRole": "ORGANIZATION_OWNER",
            "createdAt": stamp,
            "updatedAt": stamp,
            "organization": organization,
        }
        self.organizations[organization] = {
            "id": organization,
            "name": name,
            "createdAt": stamp,
            "updatedAt": stamp,
            "createdBy": by,
            "updatedBy": by,
            "allowEnhancedSupportAccess": False,
            "hasAllowedIpAddressRanges": False,
            "isBlockedEnableAiFeatures": False,
            "isScimEnabled": False,
            "shouldEnforceDedicatedClusters": False,
            "product": "HOSTED",
            "productPlans": [
                {
                    "astronomerProduct": "ASTRO",
                    "organizationId": organization,
                    "productPlanId": self.new_id(),
                    "productPlanName": product_plan,
                }
            ],
            "status": "ACTIVE",
        }
        return organization

    def add_person(self, email: str, workspace: str = "", role: str = "WORKSPACE_MEMBER", **more: Any) -> str:
        """Somebody in the organization, with a role in a Workspace where one is given; gives the id."""
        user, stamp = self.new_id(), self.stamp()
        self.users[user] = {
            "id": user,
            "username": email,
            "fullName": email.partition("@")[0].title(),
            "avatarUrl": "",
            "status": "ACTIVE",
            "organizationRole": "ORGANIZATION_MEMBER",
            "createdAt": stamp,
            "updatedAt": stamp,
            "organization": self.organization,
            "workspaceRoles": [{"workspaceId": workspace, "role": role}] if workspace else [],
            **more,
        }
        return user

    def add_team(self, name: str, workspace: str, role: str, members: Iterable[str]) -> str:
        """A team with a role in a Workspace; `members` are ids of people; gives its id."""
        team, stamp = self.new_id(), self.stamp()
        self.teams[team] = {
            "id": team,
            "name": name,
            "organizationId": self.organization,
            "organizationRole": "ORGANIZATION_MEMBER",
            "isIdpManaged": False,
            "createdAt": stamp,
            "updatedAt": stamp,
            "workspaceRoles": [{"workspaceId": workspace, "role": role}],
        }
        self.members[team] = list(members)
        return team

    def token(
        self,
        *,
        organization: str = "",
        workspace: str = "",
        deployment: str = "",
        role: str = "",
        expires: datetime | None = None,
        name: str = "astroferry",
    ) -> str:
        """An API token for an organization, a Workspace or a Deployment (ids); the role defaults to the highest."""
        claims = Claims(self.new_id(), organization or self.organization, workspace, deployment)
        entity = deployment or workspace or claims.organization
        role = role or _DEFAULT_ROLE[claims.scope]
        stamp = self.stamp()
        shown = {
            "id": claims.token_id,
            "name": name,
            "description": "",
            "kind": "STANDARD",
            "scope": claims.scope,
            "shortToken": claims.token_id[-8:],
            "startAt": stamp,
            "createdAt": stamp,
            "updatedAt": stamp,
            "roles": [{"entityId": entity, "entityType": claims.scope, "role": role}],
        }
        self.tokens[claims.token_id] = IssuedToken(claims.token_id, role, shown)
        return make_token(self.key, claims, issued=self.now(), expires=expires)

    def user_token(self, user: str = "") -> str:
        """A person's session token, as a browser login gives it: a JWT without permissions."""
        user = user or next(iter(self.users))
        self.tokens[user] = IssuedToken(user, self.users[user]["organizationRole"], {})
        claims = Claims(user, self.users[user]["organization"], is_user=True)
        return make_token(self.key, claims, issued=self.now())

    def revoke(self, token_id: str) -> None:
        """The token of that id is refused from now on."""
        del self.tokens[token_id]

    def subject(self, claims: Claims) -> dict[str, str]:
        """Who did it, as Astro's objects tell it."""
        if claims.is_user:
            user = self.users[claims.token_id]
            return {"id": claims.token_id, "subjectType": "USER", "username": user["username"]}
        name = self.tokens[claims.token_id].shown["name"]
        return {"id": claims.token_id, "subjectType": "SERVICEKEY", "apiTokenName": name}

    def fail_next(self, pattern: str, outcome: int | Literal["drop", "drop-answer"], times: int = 1) -> None:
        """Let the next `times` requests that match fail.

        `pattern` is "METHOD /path", where * stands for anything ("POST /organizations/*/deployments"); paths of the
        API are written without /v1. `outcome`: a status (502 and up with a proxy's HTML body, else Astro's error
        body), "drop" (the connection is cut, nothing is done) or "drop-answer" (it is done, but the answer is lost).
        """
        self._failures.append(Failure(pattern, outcome, times))

    def failure_for(self, method: str, path: str) -> int | str | None:
        """The failure that waits for this request, used up by asking; None where none does."""
        for failure in self._failures:
            if failure.times > 0 and fnmatchcase(f"{method} {path}", failure.pattern):
                failure.times -= 1
                return failure.outcome
        return None

    def log(self, method: str, path: str, status: int, operation: str = "") -> None:
        """Remember a request, also in the log file."""
        entry = Logged(self.stamp(), method, path, status, operation)
        self.requests.append(entry)
        if self.log_file is not None:
            line = {"at": entry.at, "method": method, "path": path, "status": status, "operation": operation}
            with self.log_file.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line) + "\n")

    def count(self, operation: str) -> int:
        """How many requests for an operation (or "upload", "airflow") were answered with success."""
        return sum(entry.operation == operation and 200 <= entry.status < 300 for entry in self.requests)

    def settle(self) -> None:
        """Let arrive what is due by now: DAGs of finalized deploys."""
        now = self.now()
        for deployment in self.deployments.values():
            while deployment.arrivals and deployment.arrivals[0].due <= now:
                arrival = deployment.arrivals.pop(0)
                deployment.dags, deployment.dag_version = arrival.files, arrival.version
                if (folder := self.dags_folder(deployment)) is not None:
                    write_folder(folder, arrival.files)

    def dags_folder(self, deployment: Deployment) -> Path | None:
        """Where a Deployment's DAGs lie; None where they are kept in memory only."""
        return None if self.folder is None else self.folder / deployment.short / "dags"

    def status_of(self, deployment: Deployment) -> str:
        """A Deployment's status now: by time first, then by whether its Airflow is up."""
        status = deployment.status.at(self.now())
        if status != deployment.status.final or deployment.plane is None or deployment.plane.is_up:
            return status
        return "UNHEALTHY" if deployment.plane.was_up or deployment.plane.failure else "DEPLOYING"

    def airflow_of(self, deployment: Deployment) -> str:
        """The Airflow version of a Deployment's runtime."""
        return AIRFLOW_OF[deployment.runtime]

    async def close(self) -> None:
        """Stop every Deployment's Airflow."""
        for deployment in self.deployments.values():
            if deployment.plane is not None:
                await deployment.plane.stop()
