"""The inventory: what the source has, as it was found at one moment; names and shapes, never a secret value."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime  # noqa: TC003 - read at run time when a file is checked
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from astroferry.model.activity import Activity  # noqa: TC001 - likewise
from astroferry.model.finding import Finding  # noqa: TC001 - likewise
from astroferry.model.strict import STRICT

if TYPE_CHECKING:
    from collections.abc import Iterable

FORMAT = 1

SourceKind = Literal["airflow", "mwaa", "composer", "demo"]
ScheduleKind = Literal[
    "none",  # schedule=None: only by hand or by API
    "once",
    "continuous",
    "cron",  # a cron expression or preset, whatever timetable class reads it
    "timedelta",
    "dataset",  # datasets (2.x) or assets (3.x)
    "timetable",  # a custom timetable class
    "unknown",
]
PathKind = Literal["public", "vpn", "peering", "private-endpoint", "local", "unknown"]
Known = Literal["unknown until code is read", "read from code", "none"]


@dataclass(frozen=True, slots=True)
class Schedule:
    """How a DAG is scheduled.

    `expression`: the cron text or preset as written, the seconds of a timedelta, a timetable's class name, or "".
    `timezone`: IANA name. `triggers_only`: True where a cron DAG uses a trigger timetable (no data interval).
    """

    kind: ScheduleKind
    expression: str = ""
    timezone: str = "UTC"
    triggers_only: bool = False
    description: str = ""

    @property
    def is_timed(self) -> bool:
        """Whether time alone makes runs of it."""
        return self.kind in {"cron", "timedelta", "timetable", "continuous", "once"}


@dataclass(frozen=True, slots=True)
class Run:
    """A DAG run as the source tells it; all times UTC. `logical_date` is 2.x's execution_date."""

    run_id: str
    run_type: str
    state: str
    logical_date: datetime | None = None
    data_interval_start: datetime | None = None
    data_interval_end: datetime | None = None
    run_after: datetime | None = None
    start_date: datetime | None = None
    end_date: datetime | None = None
    note: str = ""
    """what a person or astroferry wrote on the run; boundary markers are known by it"""


@dataclass(frozen=True, slots=True)
class Dag:
    """One DAG of the source."""

    dag_id: str
    schedule: Schedule
    is_paused: bool
    catchup: bool | None = None
    owners: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    description: str = ""
    fileloc: str = ""
    start_date: datetime | None = None
    end_date: datetime | None = None
    max_active_runs: int | None = None
    max_active_tasks: int | None = None
    next_run: datetime | None = None
    """logical date of the next run, where the source tells it"""
    next_run_after: datetime | None = None
    """the moment at which the next run is due"""
    next_data_interval_start: datetime | None = None
    next_data_interval_end: datetime | None = None
    last_run: Run | None = None
    active_runs: int = 0
    failed_runs: int | None = None
    """runs that failed in the 30 days before the inventory was taken; None where it was not asked"""
    operators: tuple[str, ...] = ()
    """operator class names used by its tasks, sorted; empty where tasks were not read"""
    queues: tuple[str, ...] = ()
    """worker queues that its tasks name, sorted; empty where tasks were not read"""
    pools: tuple[str, ...] = ()
    """pools that its tasks draw from, sorted; likewise"""
    sla: bool = False
    """whether its code gives it or a task an SLA; False too where code was not read"""
    pod_overrides: bool = False
    """whether its code gives tasks an executor_config (`pod_override`); False too where code was not read"""
    consumes: tuple[str, ...] = ()
    """dataset/asset URIs that schedule it"""
    produces: tuple[str, ...] = ()
    triggers: tuple[str, ...] = ()
    """DAG ids that its TriggerDagRun tasks start"""
    waits_for: tuple[str, ...] = ()
    """DAG ids that its ExternalTask sensors watch"""
    dependencies: Known = "unknown until code is read"


@dataclass(frozen=True, slots=True)
class ConnectionSeen:
    """A connection as the source shows it: no password, no secret extra.

    `has_password`: None where the version does not tell (2.x leaves the key out). `extra_keys`: names only.
    `origin`: metadata = listed by REST; environment = from AIRFLOW_CONN_*; code = only named in DAG code.
    """

    conn_id: str
    conn_type: str = ""
    host: str = ""
    port: int | None = None
    schema: str = ""
    login: str = ""
    description: str = ""
    has_password: bool | None = None
    extra_keys: tuple[str, ...] = ()
    masked_fields: tuple[str, ...] = ()
    origin: Literal["metadata", "environment", "backend", "code"] = "metadata"


@dataclass(frozen=True, slots=True)
class VariableSeen:
    """A variable's name and shape; the value is not kept. `masked`: the API hid (part of) it."""

    key: str
    description: str = ""
    size: int = 0
    """bytes of the value in UTF-8"""
    is_json: bool = False
    masked: bool = False
    origin: Literal["metadata", "environment", "backend", "code"] = "metadata"


@dataclass(frozen=True, slots=True)
class Pool:
    """A pool; not secret, so carried whole."""

    name: str
    slots: int
    description: str = ""
    include_deferred: bool = False


@dataclass(frozen=True, slots=True)
class Provider:
    """An installed provider package."""

    package: str
    version: str


@dataclass(frozen=True, slots=True)
class Plugin:
    """A plugin; `adds` names what it brings ("macros: acme_fiscal_week")."""

    name: str
    source: str = ""
    adds: tuple[str, ...] = ()


def own_timetables(plugins: Iterable[Plugin]) -> frozenset[str]:
    """The names of the timetable classes that plugins register; no other class of one's own can be a schedule."""
    begins = "timetables: "
    return frozenset(
        added.rpartition(".")[2] if "." in added else added.removeprefix(begins)
        for plugin in plugins
        for added in plugin.adds
        if added.startswith(begins)
    )


@dataclass(frozen=True, slots=True)
class BrokenFile:
    """A DAG file that does not parse on the source."""

    filename: str
    message: str


@dataclass(frozen=True, slots=True)
class Place:
    """Somewhere that DAGs reach: host and port, by which connections, and over which path (guessed, then asked)."""

    host: str
    port: int | None
    connections: tuple[str, ...]
    path: PathKind
    why: str


@dataclass(frozen=True, slots=True)
class Sign:
    """Something that DAG code says and a move may trip over.

    `kind`: what it is, a stable word ("gone-import"; `code/signs.py` lists them); `what`: what stands there, short
    and never a value ("airflow.operators.subdag"); `file` as the source names it, or relative to the DAG folder;
    `line` from 1. `dag`: the id, where it stands inside one DAG; else it is about every DAG in `dags`, those of the
    file.
    """

    kind: str
    what: str
    line: int
    file: str = ""
    dag: str = ""
    dags: tuple[str, ...] = ()

    @property
    def place(self) -> str:
        """As evidence: "daily.py:12"."""
        return f"{self.file.rsplit('/', 1)[-1]}:{self.line}"


def placed(signs: tuple[Sign, ...], file: str, dags: tuple[str, ...]) -> tuple[Sign, ...]:
    """The signs of one file, of those DAGs: what stands inside another DAG is left out."""
    return tuple(
        replace(sign, file=file, dags=(sign.dag,) if sign.dag else dags)
        for sign in signs
        if not sign.dag or sign.dag in dags
    )


@dataclass(frozen=True, slots=True)
class Caller:
    """Who used the source's REST API to change something, as its event log tells: reading leaves no trace there.

    `event`: "post_dag_run"; `count` within the entries that were read, the newest at `last` (UTC).
    """

    user: str
    event: str
    count: int
    last: datetime | None = None
    dags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RoleSeen:
    """A role of the source's web interface, and how many active people have it; who they are is not kept.

    `may`: the most it allows for all DAGs, or "nothing" where it names DAGs one by one. `dags`: ids of DAGs that it
    names, `edits` those of them that it may run or change.
    """

    name: str
    people: int = 0
    may: Literal["administer", "operate", "run", "see", "nothing"] = "nothing"
    dags: tuple[str, ...] = ()
    edits: tuple[str, ...] = ()

    @property
    def is_own(self) -> bool:
        """Whether it is none of those that every Airflow has."""
        return self.name not in {"Admin", "Op", "User", "Viewer", "Public"}


@dataclass(frozen=True, slots=True)
class Coverage:
    """What one probe of the source gave: read, refused (403), absent (404), failed, or not asked."""

    probe: str
    outcome: Literal["read", "refused", "absent", "failed", "not asked"]
    count: int | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Inventory:
    """Everything found on the source at `taken_at` (UTC)."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    kind: SourceKind
    url: str
    airflow_version: str
    taken_at: datetime
    api: Literal["v1", "v2"] = "v1"
    dags: tuple[Dag, ...] = ()
    connections: tuple[ConnectionSeen, ...] = ()
    variables: tuple[VariableSeen, ...] = ()
    pools: tuple[Pool, ...] = ()
    providers: tuple[Provider, ...] = ()
    plugins: tuple[Plugin, ...] = ()
    custom_operators: tuple[str, ...] = ()
    import_errors: tuple[BrokenFile, ...] = ()
    config: dict[str, dict[str, str]] = field(default_factory=dict)
    """section -> option -> value, where exposed; sensitive options are never kept"""
    options_set: tuple[str, ...] = ()
    """"section.option" of what Airflow 3 renamed or removed and is not at Airflow 2's default; names, no values"""
    environment: tuple[str, ...] = ()
    """names of environment variables, where something tells them"""
    environment_from: str = ""
    """what told them: a file as it was given, or "Starship"; the web server's there, workers may have others"""
    signs: tuple[Sign, ...] = ()
    """what DAG code says that a move may trip over, by file and line"""
    task_modules: tuple[str, ...] = ()
    """modules that the tasks' operators come from ("airflow.providers.http.operators.http"), sorted"""
    callers: tuple[Caller, ...] = ()
    roles: tuple[RoleSeen, ...] = ()
    places: tuple[Place, ...] = ()
    starship: str = ""
    """version of Starship found on the source, or empty"""
    activity: Activity | None = None
    """what ran at once in the last 24 hours; None where it was not read"""
    coverage: tuple[Coverage, ...] = ()
    findings: tuple[Finding, ...] = ()
    format: int = FORMAT

    def dag(self, dag_id: str) -> Dag | None:
        """The DAG of that id."""
        return next((dag for dag in self.dags if dag.dag_id == dag_id), None)

    @property
    def airflow_major(self) -> int:
        """2 for "2.11.2"."""
        return int(self.airflow_version.split(".", 1)[0])
