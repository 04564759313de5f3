"""What Astro shows of an organization: Workspaces, Deployments, deploys, options; ids as Astro gives them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class TokenSeen:
    """What a token says of itself; its signature is not checked, Astro does that.

    `scope`: ORGANIZATION, WORKSPACE, DEPLOYMENT, or "" where it does not say. `permissions`: as claimed
    ("organizationId:...", "workspaceId:..."). `is_api_token`: False for a user's session token.
    """

    organization_id: str = ""
    workspace_ids: tuple[str, ...] = ()
    deployment_ids: tuple[str, ...] = ()
    scope: str = ""
    permissions: tuple[str, ...] = ()
    is_api_token: bool = False
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class OrganizationSeen:
    """An organization. `plans`: product plan names ("TEAM"). `product`: HOSTED or HYBRID."""

    id: str
    name: str
    product: str = ""
    plans: tuple[str, ...] = ()
    status: str = ""
    dedicated_only: bool = False


@dataclass(frozen=True, slots=True)
class WorkspaceSeen:
    """A Workspace."""

    id: str
    name: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class ClusterSeen:
    """A cluster; `type` is DEDICATED or HYBRID, `workspace_ids` is empty where all Workspaces may use it.

    `ranges`: its address ranges, by the names that they have in [network] of a plan ("vpc_subnet_range").
    """

    id: str
    name: str
    type: str
    cloud: str
    region: str
    status: str
    workspace_ids: tuple[str, ...] = ()
    ranges: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class EnvVarSeen:
    """An environment variable of a Deployment; a secret one shows no value."""

    key: str
    is_secret: bool
    value: str | None = None


@dataclass(frozen=True, slots=True)
class DeploymentSeen:
    """A Deployment.

    `status`: CREATING, DEPLOYING, HEALTHY, UNHEALTHY, UNKNOWN, HIBERNATING. `airflow_version` is "NA" while unknown.
    `airflow_api_url`: base of its Airflow, with scheme and without `/api/vN`; "" while there is none.
    `dag_tarball_version`: the DAGs that run; `desired_dag_tarball_version`: those that shall. `hibernates`: when
    nothing runs there ("now", or the crons by which it is sent to sleep). `raw`: all Astro said.
    """

    id: str
    name: str
    workspace_id: str
    status: str
    runtime_version: str = ""
    airflow_version: str = ""
    airflow_api_url: str = ""
    web_url: str = ""
    dag_tarball_version: str = ""
    desired_dag_tarball_version: str = ""
    environment: tuple[EnvVarSeen, ...] = ()
    executor: str = ""
    type: str = ""
    description: str = ""
    status_reason: str = ""
    dag_deploy_enabled: bool = False
    hibernates: tuple[str, ...] = ()
    raw: dict[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class DeploySeen:
    """A deploy. `status`: INITIALIZED, DEPLOYED, FAILED.

    `upload_url` is a credential (pre-signed) and therefore neither shown nor compared; "" where DAG deploys are off.
    """

    id: str
    deployment_id: str
    status: str
    type: str = ""
    description: str = ""
    dag_tarball_version: str = ""
    runtime_version: str = ""
    created_at: str = ""
    rollback_from_id: str = ""
    upload_url: str = field(default="", repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class RuntimeRelease:
    """A Runtime on offer; `channel`: stable or deprecated, say."""

    version: str
    airflow_version: str
    channel: str = ""
    release_date: str = ""


@dataclass(frozen=True, slots=True)
class Machine:
    """A machine size: A5 for workers, SMALL for schedulers; cpu and memory as Kubernetes writes them."""

    name: str
    cpu: str = ""
    memory: str = ""
    concurrency: int | None = None


@dataclass(frozen=True, slots=True)
class DeploymentOptions:
    """What a new Deployment may be; the first runtime release is the newest."""

    runtime_releases: tuple[RuntimeRelease, ...] = ()
    executors: tuple[str, ...] = ()
    scheduler_machines: tuple[Machine, ...] = ()
    worker_machines: tuple[Machine, ...] = ()
    default_pod_cpu: str = ""
    default_pod_memory: str = ""
    quota_cpu: str = ""
    quota_memory: str = ""
    raw: dict[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class UserSeen:
    """A person in the organization, with the organization role.

    `username` is the e-mail address. `status`: ACTIVE, PENDING (invited), INACTIVE, BANNED. `workspace_roles`:
    Workspace id -> role, those of the person alone; what a team gives is in `TeamSeen`.
    """

    id: str
    username: str
    full_name: str = ""
    role: str = ""
    status: str = "ACTIVE"
    workspace_roles: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TeamSeen:
    """A team. `workspace_roles`: Workspace id -> the role that each of its members has there."""

    id: str
    name: str
    workspace_roles: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AlertSeen:
    """An alert of a Deployment. `type`: DAG_FAILURE, TASK_FAILURE, say. `channels`: kinds of who is told."""

    id: str
    name: str
    type: str
    deployment_id: str
    channels: tuple[str, ...] = ()
    dags: tuple[str, ...] = ()
    """DAG ids that its pattern names; empty where it says something else than IS"""


@dataclass(frozen=True, slots=True)
class EnvironmentObjectSeen:
    """An environment object: a connection or variable kept by Astro; never its secret values."""

    id: str
    key: str
    type: str
    scope: str
    scope_id: str
    set_fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OrganizationFacts:
    """What the advice asks of an organization, as the clients read it."""

    organization: OrganizationSeen
    options: DeploymentOptions
    clusters: tuple[ClusterSeen, ...] = ()
    workspaces: tuple[WorkspaceSeen, ...] = ()
    deployments: tuple[DeploymentSeen, ...] = ()
    dedicated_regions: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """cloud -> regions in which Astro offers this organization dedicated clusters; empty where it was not told"""

    def standard_regions(self, cloud: str) -> tuple[str, ...]:
        """Regions of that cloud in which Deployments of the organization run on standard clusters; sorted.

        Astro's API tells on offer those of dedicated clusters only (`cluster-options` takes DEDICATED and HYBRID).
        """
        found = (item.raw for item in self.deployments if item.type == "STANDARD")
        return tuple(
            sorted({str(raw["region"]) for raw in found if raw.get("cloudProvider") == cloud and raw.get("region")})
        )

    @property
    def plans(self) -> tuple[str, ...]:
        """Names of its Astro plans in upper case ("TEAM"); empty where Astro does not tell."""
        return tuple(plan.upper() for plan in self.organization.plans)

    @property
    def runtimes(self) -> tuple[RuntimeRelease, ...]:
        """The Runtimes that the live deployment options list."""
        return self.options.runtime_releases
