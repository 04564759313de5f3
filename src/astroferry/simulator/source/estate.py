"""All that the simulated source holds: its scheduler, its database tables, its users."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

from astroferry.simulator.source.dagfiles import render

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from astroferry.simulator.source.engine import Engine

Role = Literal["Admin", "Op", "User", "Viewer"]


@dataclass(slots=True)
class SimConnection:
    """A row of the connection table, decrypted; secrets stay out of its repr."""

    conn_id: str
    conn_type: str
    description: str | None = None
    host: str | None = None
    login: str | None = None
    password: str | None = field(default=None, repr=False)
    schema: str | None = None
    port: int | None = None
    extra: str | None = field(default=None, repr=False)


@dataclass(slots=True)
class SimVariable:
    """A row of the variable table, decrypted."""

    key: str
    value: str = field(repr=False)
    description: str | None = None


@dataclass(slots=True)
class SimPool:
    """A row of the pool table."""

    name: str
    slots: int
    description: str | None = None
    include_deferred: bool = False


@dataclass(frozen=True, slots=True)
class SimPlugin:
    """A plugin, as the plugin manager tells of it."""

    name: str
    source: str
    macros: tuple[str, ...] = ()
    timetables: tuple[str, ...] = ()
    views: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SimImportError:
    """A file of the DAG folder that does not parse."""

    file: str
    stack_trace: str


@dataclass(frozen=True, slots=True)
class SimUser:
    """Somebody who may log in."""

    role: Role
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class SimEvent:
    """A row of the audit log."""

    event: str
    owner: str
    when: datetime
    extra: str = "{}"
    dag_id: str | None = None


def everyone() -> dict[str, SimUser]:
    """One user of each role, whose password is the name, as test servers have them."""
    roles: tuple[Role, ...] = ("Admin", "Op", "User", "Viewer")
    return {role.lower(): SimUser(role, role.lower()) for role in roles}


def default_pool() -> dict[str, SimPool]:
    """The pool that every Airflow has."""
    return {"default_pool": SimPool("default_pool", 128, "Default pool")}


@dataclass(slots=True)
class Estate:
    """One simulated Airflow 2.11.

    `config`: section -> option -> value, None where the administrator does not expose it. `starship`: the version
    of Starship that is installed, or empty. `requests` logs (method, path, status) of every request.
    """

    engine: Engine
    connections: dict[str, SimConnection] = field(default_factory=dict)
    variables: dict[str, SimVariable] = field(default_factory=dict)
    pools: dict[str, SimPool] = field(default_factory=default_pool)
    providers: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """package -> (version, description)"""
    plugins: tuple[SimPlugin, ...] = ()
    import_errors: tuple[SimImportError, ...] = ()
    config: dict[str, dict[str, str]] | None = None
    own_roles: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """a role of one's own -> DAGs that it may see"""
    staff: dict[str, str] = field(default_factory=dict)
    """people beside `users`, who never log in here -> their role"""
    environment: dict[str, str] = field(default_factory=dict, repr=False)
    """the web server's environment variables, as Starship gives them"""
    users: dict[str, SimUser] = field(default_factory=everyone)
    version: str = "2.11.2"
    starship: str = ""
    dags_folder: str = "/opt/airflow/dags"
    events: list[SimEvent] = field(default_factory=list)
    requests: list[tuple[str, str, int]] = field(default_factory=list)
    sessions: dict[str, str] = field(default_factory=dict, repr=False)
    """session cookie -> user name, empty before the login"""
    csrf: dict[str, str] = field(default_factory=dict, repr=False)
    """session cookie -> token of its login form"""

    def location(self, file: str) -> str:
        """The absolute path that the server shows for a file of the DAG folder."""
        return f"{self.dags_folder}/{file}"

    def source(self, dag_id: str) -> str:
        """The text of a DAG's file."""
        return render(self.engine.dags[dag_id].spec)

    def record(self, event: str, owner: str, *, dag_id: str | None = None, extra: str = "{}") -> None:
        """Add a row to the audit log."""
        self.events.append(SimEvent(event, owner, self.engine.now, extra, dag_id))

    def write_dags(self, folder: Path) -> list[Path]:
        """Write every DAG file (and the broken ones) as the source has it; the paths, sorted."""
        texts = {dag.spec.file: render(dag.spec) for dag in self.engine.dags.values()}
        texts |= {broken.file: broken_text(broken) for broken in self.import_errors}
        for file, text in texts.items():
            path = folder / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return sorted(folder / file for file in texts)


def broken_text(broken: SimImportError) -> str:
    """The file behind an import error: the import that its trace names."""
    line = next(line for line in broken.stack_trace.splitlines() if line.strip().startswith(("from ", "import ")))
    # Airflow's safe mode reads only files in which both words, "airflow" and "dag", stand.
    return f'"""Left behind by a project that moved away."""\n\n{line.strip()}\nfrom airflow import DAG\n'


def wall_clock() -> datetime:
    """The real time, in UTC."""
    return datetime.now(UTC)


def as_json(moment: datetime | None) -> Any:
    """A moment as Airflow 2 writes it, or None."""
    return moment.isoformat() if moment is not None else None
