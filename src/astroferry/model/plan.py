"""The plan: every decision, readable and editable by hand; rules plus exceptions, never a table per DAG.

It holds where credentials come from, never a credential. `model/planfile.py` reads and writes it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime  # noqa: TC003 - read at run time when a file is checked
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from astroferry.model.cutoverday import Approval, ApprovalRule, Before, Decommission, History, Limits, Person, Watch
from astroferry.model.division import divided
from astroferry.model.inventory import PathKind, SourceKind  # noqa: TC001 - likewise
from astroferry.model.prices import Prices
from astroferry.model.strict import STRICT

if TYPE_CHECKING:
    from collections.abc import Iterable

FORMAT = 1
WHEN_SET = {"when_set": True}
"""marks a section that the file shows only where it says something else than the default"""

CredentialSource = str
"""`environment`, `keyring`, `prompt`, or `file:PATH`."""

WaveState = Literal[
    "planned",
    "deployed to test",
    "tested",
    "accepted",
    "in production",
    "cut over",
    "kept",
    "released",
]
WAVE_STATES: tuple[WaveState, ...] = (
    "planned",
    "deployed to test",
    "tested",
    "accepted",
    "in production",
    "cut over",
    "kept",
    "released",
)
MOVED: frozenset[WaveState] = frozenset({"cut over", "kept", "released"})
"""states of a wave that has left the source, by a cutover or by hand"""
Conflict = Literal["fail", "skip", "overwrite"]
Travel = Literal["export-file", "starship", "api", "typed", "backend", "none"]
Execution = Literal["hosted", "remote"]
ClusterType = Literal["standard", "dedicated"]
Networking = Literal["public", "vpc-peering", "transit-gateway", "private-endpoint", "vpn", "remote-agents"]
Layout = Literal["one", "team", "environment", "business-unit", "project"]
SecretsBackend = Literal[
    "airflow",  # the Deployment's metadata database, through its Airflow API
    "astro-environment",
    "aws-secrets-manager",
    "aws-parameter-store",
    "gcp-secret-manager",
    "hashicorp-vault",
    "azure-key-vault",
]
Executor = Literal["ASTRO", "CELERY", "KUBERNETES"]


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What an end looked like when the plan was made; drift is shown against it.

    `digest` is over the sorted names and shapes of what the source has (or the ids of the target's).
    """

    version: str = ""
    dags: int = 0
    connections: int = 0
    variables: int = 0
    pools: int = 0
    digest: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """The Airflow we come from."""

    url: str
    kind: SourceKind = "airflow"
    credentials: CredentialSource = "environment"
    inventory: str = "inventory.json"
    """path of the inventory, relative to the plan"""
    environment: str = ""
    """file that tells the source's environment variables, relative to the plan; nothing of it but names is kept"""
    fingerprint: Fingerprint = field(default_factory=Fingerprint)


@dataclass(frozen=True, slots=True)
class Target:
    """The Astro organization we go to."""

    api: str = "https://api.astronomer.io/v1"
    organization: str = ""
    """organization id"""
    organization_name: str = ""
    credentials: CredentialSource = "environment"
    fingerprint: Fingerprint = field(default_factory=Fingerprint)


@dataclass(frozen=True, slots=True)
class Decisions:
    """The decision points of the guide."""

    airflow: Literal["2", "3"] = "3"
    runtime: str = ""
    """Astro Runtime version, e.g. "3.3-8"; from the live deployment options"""
    cron_data_intervals: bool = True
    """AIRFLOW__SCHEDULER__CREATE_CRON_DATA_INTERVALS: keeps `ds` and intervals as Airflow 2 gave them"""
    execution: Execution = "hosted"
    cluster: ClusterType = "standard"
    cluster_name: str = ""
    """a dedicated cluster that is there already; Deployments go into it"""
    cloud: Literal["AWS", "AZURE", "GCP"] = "AWS"
    region: str = "us-east-1"
    networking: Networking = "public"
    workspaces: Layout = "one"
    secrets_backend: SecretsBackend = "airflow"


@dataclass(frozen=True, slots=True)
class Network:
    """Address ranges (CIDR): those of a dedicated cluster on Astro, and those of networks of yours.

    The cluster's cannot be changed once it is made, so they are agreed before. `secondary_range` is AWS's for pods;
    `pod_subnet_range`, `service_subnet_range` and `service_peering_range` are Google Cloud's. `own_ranges`: every
    network that Astro shall reach now or later; none may overlap.
    """

    vpc_subnet_range: str = ""
    secondary_range: str = ""
    pod_subnet_range: str = ""
    service_subnet_range: str = ""
    service_peering_range: str = ""
    own_ranges: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PlacePath:
    """The network path to one place, as the user confirmed it."""

    host: str
    path: PathKind
    port: int | None = None


@dataclass(frozen=True, slots=True)
class Values:
    """How secret values travel, per kind.

    `export-file` reads what `airflow connections export` / `variables export` wrote (JSON), at the given path;
    `starship` reads them from Starship on the source; `api` (variables only) reads Airflow 2's plain REST values;
    `typed` asks for each; `backend` leaves them where they are, in a backend that the target shares.
    """

    connections: Travel = "typed"
    connections_file: str = ""
    variables: Travel = "api"
    variables_file: str = ""
    skip_connections: tuple[str, ...] = ()
    skip_variables: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Conflicts:
    """What to do when the target already has an item of that name with another content."""

    connections: Conflict = "fail"
    variables: Conflict = "fail"
    pools: Conflict = "fail"


@dataclass(frozen=True, slots=True)
class Workspace:
    """A Workspace to be found by name, or made, and which DAGs belong to it.

    A DAG named in `dags` of any Workspace belongs there; every other belongs to the first whose `owners`, `tags` or
    `folders` (below the DAG folder) it has; what is left, to the first Workspace that names none of these.
    """

    name: str
    description: str = ""
    owners: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    dags: tuple[str, ...] = ()
    """exceptions to the rules above, by id"""


@dataclass(frozen=True, slots=True)
class WorkerQueue:
    """A worker queue beside the default one; `name` is what tasks say in `queue=`."""

    name: str
    machine: str = "A5"
    worker_min: int = 0
    worker_max: int = 10
    worker_concurrency: int = 5


@dataclass(frozen=True, slots=True)
class Deployment:
    """A Deployment to be found by name in its Workspace, or made.

    `environment`: plain environment variables (never secret ones). `secret_environment`: names only.
    """

    name: str
    workspace: str
    role: Literal["test", "production", "both"] = "both"
    description: str = ""
    executor: Executor = "CELERY"
    scheduler_size: Literal["SMALL", "MEDIUM", "LARGE", "EXTRA_LARGE"] = "SMALL"
    high_availability: bool = False
    development_mode: bool = False
    worker_machine: str = "A5"
    worker_min: int = 0
    worker_max: int = 10
    worker_concurrency: int = 5
    worker_queues: tuple[WorkerQueue, ...] = ()
    """beside the default queue, which `worker_*` describe"""
    environment: dict[str, str] = field(default_factory=dict)
    secret_environment: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Code:
    """Where the DAG code lies, relative to the plan."""

    dags_folder: str = ""


@dataclass(frozen=True, slots=True)
class Wave:
    """DAGs that move together.

    `dags`: ids, beginnings of ids ("sales_*"), or "*" for all that no other wave names; a whole id wins over a
    beginning, a longer one over a shorter. `without` takes some of them out again.
    `test` and `production` name Deployments; they may be the same one.
    """

    name: str
    test: str
    production: str
    dags: tuple[str, ...] = ("*",)
    without: tuple[str, ...] = ()
    state: WaveState = "planned"


@dataclass(frozen=True, slots=True)
class Cutover:
    """How the cutover is watched and limited; seconds."""

    drain_timeout: int = 3600
    poll: float = 5.0
    watch_ticks: int = 3
    watch_within: int = 900
    """a cutover waits for ticks that come so soon; later ones are left to `astroferry watch`"""
    parse_timeout: int = 900
    """how long the target may take to show the next run after the marker (min_file_process_interval), and a server
    that does not answer half-way to come back"""
    gap: Literal["run", "list"] = "run"
    """ticks between pause and unpause of catchup=False DAGs: run on purpose, or listed"""
    never_idle: Literal["refuse", "freeze"] = "refuse"
    """a DAG that still runs after `drain_timeout`: left as it was, or paused with its runs where they stand"""
    freeze: tuple[str, ...] = ()
    """DAGs that are paused at once with their runs where they stand, whatever `never_idle` says"""
    at_once: int = 8
    """DAGs of a wave that are handed over at the same time"""


@dataclass(frozen=True, slots=True)
class Confirmation:
    """A prerequisite that no machine can check, confirmed by a person; `what` is the prerequisite's key."""

    what: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Plan:
    """The whole plan."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    name: str
    source: Source
    created: datetime
    target: Target = field(default_factory=Target)
    decisions: Decisions = field(default_factory=Decisions)
    network: Network = field(default_factory=Network)
    values: Values = field(default_factory=Values)
    conflicts: Conflicts = field(default_factory=Conflicts)
    code: Code = field(default_factory=Code)
    cutover: Cutover = field(default_factory=Cutover)
    before: Before = field(default_factory=Before, metadata=WHEN_SET)
    limits: Limits = field(default_factory=Limits, metadata=WHEN_SET)
    watch: Watch = field(default_factory=Watch, metadata=WHEN_SET)
    decommission: Decommission = field(default_factory=Decommission, metadata=WHEN_SET)
    history: History = field(default_factory=History, metadata=WHEN_SET)
    approval: ApprovalRule = field(default_factory=ApprovalRule, metadata=WHEN_SET)
    prices: Prices = field(default_factory=Prices, metadata=WHEN_SET)
    people: tuple[Person, ...] = ()
    places: tuple[PlacePath, ...] = ()
    workspaces: tuple[Workspace, ...] = ()
    deployments: tuple[Deployment, ...] = ()
    waves: tuple[Wave, ...] = ()
    confirmed: tuple[Confirmation, ...] = ()
    approvals: tuple[Approval, ...] = ()
    decided: tuple[str, ...] = ()
    """stages that were gone through; the wizard's list shows the others as open"""
    review_again: tuple[str, ...] = ()
    """stages to look at again, because an earlier answer changed under them"""
    format: int = FORMAT

    def deployment(self, name: str) -> Deployment:
        """The Deployment of that name; KeyError where the plan names none."""
        for deployment in self.deployments:
            if deployment.name == name:
                return deployment
        raise KeyError(name)

    def wave(self, name: str) -> Wave:
        """The wave of that name; KeyError where the plan names none."""
        for wave in self.waves:
            if wave.name == name:
                return wave
        raise KeyError(name)

    def with_wave_state(self, name: str, state: WaveState) -> Plan:
        """The plan with one wave in another state."""
        waves = tuple(replace(wave, state=state) if wave.name == name else wave for wave in self.waves)
        return replace(self, waves=waves)

    def dags_of(self, wave: Wave, all_dags: tuple[str, ...]) -> tuple[str, ...]:
        """The DAG ids of a wave, in the order of `all_dags`; "*" means those no other wave names."""
        return tuple(dag for dag, waves in self.divided(all_dags).items() if wave.name in waves)

    def peopled(self, all_dags: Iterable[str]) -> tuple[Wave, ...]:
        """The waves that take any of these DAGs; "*" takes none once all are named elsewhere."""
        named = {wave for waves in self.divided(all_dags).values() for wave in waves}
        return tuple(wave for wave in self.waves if wave.name in named)

    def divided(self, all_dags: Iterable[str]) -> dict[str, tuple[str, ...]]:
        """DAG id -> names of the waves that take it (none, or one in a sound plan), in the order of `all_dags`."""
        return divided(((wave.name, wave.dags, wave.without) for wave in self.waves), all_dags)
