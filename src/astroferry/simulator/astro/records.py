"""What the embedded Astro remembers of each object, and statuses that move as time passes."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from astroferry.simulator.astro.planes import Plane


@dataclass(frozen=True, slots=True)
class Pace:
    """How long things take, in seconds. Astro itself takes minutes, and for a cluster an hour or more."""

    creating: float = 0.4
    """a new Deployment shows CREATING"""
    deploying: float = 0.4
    """a Deployment that is new, or whose settings changed, shows DEPLOYING"""
    dags: float = 0.3
    """from finalizing until the DAGs have arrived; DEPLOYING meanwhile"""
    cluster: float = 2.0
    """a cluster shows CREATING or UPDATING"""


@dataclass(slots=True)
class Timeline:
    """A status that moves on by itself: each stretch lasts until its moment, then `final` stays."""

    final: str
    stretches: list[tuple[datetime, str]] = field(default_factory=list)

    def at(self, moment: datetime) -> str:
        """The status at that moment."""
        return next((status for until, status in self.stretches if moment < until), self.final)

    def begin(self, now: datetime, *steps: tuple[float, str]) -> None:
        """From now on run through `steps` (seconds, status), then show `final` again."""
        self.stretches = []
        for seconds, status in steps:
            now += timedelta(seconds=seconds)
            self.stretches.append((now, status))


@dataclass(slots=True)
class EnvironmentVariable:
    """One of a Deployment's environment variables; a secret's value is never shown."""

    key: str
    value: str
    is_secret: bool
    updated_at: str


@dataclass(slots=True)
class Deploy:
    """One deploy: `shown` is Astro's object without the upload URL; `upload` is the signature of that URL."""

    id: str
    shown: dict[str, Any]
    upload: str = ""
    blocks: dict[str, bytes] = field(default_factory=dict)
    """blocks put but not committed yet, by block id"""
    uploaded: dict[str, bytes] = field(default_factory=dict)
    """tarballs by their version"""
    runtime: str = ""


@dataclass(slots=True)
class Arrival:
    """DAGs on their way: at `due` they are there."""

    due: datetime
    version: str
    files: dict[str, bytes | str]


@dataclass(slots=True)
class Deployment:
    """One Deployment: `settings` are the fields that create and update give, and `dags` what runs there."""

    id: str
    short: str
    """its path on the host, without slash"""
    organization: str
    workspace: str
    settings: dict[str, Any]
    runtime: str
    created_at: str
    updated_at: str
    by: dict[str, str]
    status: Timeline
    environment: dict[str, EnvironmentVariable] = field(default_factory=dict)
    deploys: list[Deploy] = field(default_factory=list)
    """oldest first"""
    tarballs: dict[str, dict[str, bytes | str]] = field(default_factory=dict)
    """unpacked DAG files by tarball version; a text is the target of a symbolic link"""
    image_tag: str = ""
    dag_version: str = ""
    wanted_dag_version: str = ""
    dags: dict[str, bytes | str] = field(default_factory=dict)
    arrivals: list[Arrival] = field(default_factory=list)
    plane: Plane | None = None

    def values(self) -> dict[str, str]:
        """The environment as its Airflow gets it, secrets included."""
        return {variable.key: variable.value for variable in self.environment.values()}

    def deploy(self, deploy_id: str) -> Deploy | None:
        """The deploy of that id."""
        return next((deploy for deploy in self.deploys if deploy.id == deploy_id), None)


@dataclass(slots=True)
class Cluster:
    """One dedicated cluster."""

    id: str
    organization: str
    shown: dict[str, Any]
    status: Timeline


@dataclass(slots=True)
class EnvironmentObject:
    """One environment object; `given` is the request that made it, with its secrets."""

    id: str
    organization: str
    given: dict[str, Any]
    created_at: str
    updated_at: str
    by: dict[str, str]


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """A token that the embedded Astro knows: its role, and how it is listed. The token itself is not kept."""

    id: str
    role: str
    shown: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Logged:
    """One request as the log keeps it: no bodies, no query; status 0 where the connection was dropped."""

    at: str
    method: str
    path: str
    status: int
    operation: str = ""
    """the operation id, "upload", "airflow", or empty where none was meant"""


@dataclass(slots=True)
class Failure:
    """A failure waiting to happen: requests that match `pattern` ("POST */finalize") get `outcome` instead."""

    pattern: str
    outcome: int | str
    times: int
