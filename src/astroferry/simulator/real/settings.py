"""What a local Airflow is told through its environment: quick for tests, closed to everything but loopback.

Three layers: defaults that a caller may override, the caller's own, and what must hold for the server to run here.
The caller's process environment is not among them: Starship's `env_vars` hands out a server's whole environment.
"""

from __future__ import annotations

import base64
import json
import os
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from astroferry.model.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

USERS = {"admin": "Admin", "op": "Op", "user": "User", "viewer": "Viewer"}
"""user name -> role, as Airflow 2 writes roles; SimpleAuthManager (3) writes them in lower case"""


@dataclass(frozen=True, slots=True)
class Keys:
    """One server's secrets: made once, kept with its data, readable by its owner alone."""

    fernet: Secret
    signing: Secret
    passwords: dict[str, Secret]

    @classmethod
    def of(cls, home: Path) -> Keys:
        """Those kept in `home`, or new ones, kept there with mode 0600."""
        file = home / "keys.json"
        if not file.exists():
            fresh = {
                "fernet": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
                "signing": secrets.token_hex(32),
                "passwords": {user: secrets.token_urlsafe(24) for user in USERS},
            }
            write_private(file, json.dumps(fresh))
        kept = json.loads(file.read_text("utf-8"))
        return cls(
            fernet=Secret(kept["fernet"]),
            signing=Secret(kept["signing"]),
            passwords={user: Secret(password) for user, password in kept["passwords"].items()},
        )


def write_private(file: Path, text: str) -> None:
    """Write a file that only its owner can read, from its first byte on."""
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as out:
        out.write(text)


@dataclass(frozen=True, slots=True)
class Layout:
    """Where a server lives.

    `prefix` is "" or "/path"; `database` an SQLAlchemy URL; `parse` in seconds; `packages` what it imports besides.
    """

    venv: Path
    home: Path
    dags: Path
    plugins: Path
    database: Secret
    port: int = 0
    prefix: str = ""
    parse: float = 5.0
    packages: Path | None = None

    @property
    def url(self) -> str:
        """The server's base URL."""
        return f"http://127.0.0.1:{self.port}{self.prefix}"


def base(layout: Layout) -> dict[str, str]:
    """The part of an ordinary environment that a server needs."""
    kept = {name: os.environ[name] for name in ("LD_LIBRARY_PATH", "TMPDIR") if name in os.environ}
    if layout.packages is not None:
        kept["PYTHONPATH"] = str(layout.packages)
    return {
        **kept,
        "PATH": f"{layout.venv}/bin:/usr/local/bin:/usr/bin:/bin",
        "HOME": str(layout.home),
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "PYTHONUNBUFFERED": "1",
        "PYTHONWARNINGS": "ignore",
        # Everything it may talk to is on loopback.
        "NO_PROXY": "*",
        "no_proxy": "*",
        # Airflow forks; the macOS runtime would abort the child.
        "OBJC_DISABLE_INITIALIZE_FORK_SAFETY": "YES",
        "AIRFLOW_HOME": str(layout.home),
    }


def environment(version: str, layout: Layout, keys: Keys, extra: Mapping[str, str]) -> dict[str, str]:
    """A server's whole environment; of `extra`, what would break the server is overruled."""
    of = {"2.11": (_defaults_2, _required_2), "3.3": (_defaults_3, _required_3)}
    defaults, required = of[version]
    return {
        **base(layout),
        **_common(),
        **defaults(layout),
        **extra,
        **base(layout),
        **_required(layout, keys),
        **required(layout, keys),
    }


def commands(layout: Layout, *, is_2: bool, full: bool) -> dict[str, tuple[str, ...]]:
    """Process name -> arguments of `airflow`; the one that answers requests comes first."""
    port = str(layout.port)
    if is_2:
        # One that a killed webserver left behind would make the next one wait for minutes.
        for stale in layout.home.glob("*.pid"):
            stale.unlink()
        web = ("webserver", "-H", "127.0.0.1", "-p", port, "-w", "1", "--pid", str(layout.home / "webserver.pid"))
        found: dict[str, tuple[str, ...]] = {"webserver": web}
    else:
        found = {"api-server": ("api-server", "--host", "127.0.0.1", "--port", port, "--workers", "1")}
    if full:
        found["scheduler"] = ("scheduler", "--skip-serve-logs")
        # In Airflow 2 the scheduler parses; it refuses a DAG processor of its own on SQLite.
        if not is_2:
            found["dag-processor"] = ("dag-processor",)
    return found


def _common() -> dict[str, str]:
    return {
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "True",
        "AIRFLOW__CORE__DAGBAG_IMPORT_TIMEOUT": "60",
        "AIRFLOW__CORE__PARALLELISM": "4",
        "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.2",
        "AIRFLOW__SCHEDULER__SCHEDULER_HEARTBEAT_SEC": "1",
        "AIRFLOW__SCHEDULER__JOB_HEARTBEAT_SEC": "1",
    }


def _required(layout: Layout, keys: Keys) -> dict[str, str]:
    return {
        "AIRFLOW__CORE__DAGS_FOLDER": str(layout.dags),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(layout.plugins),
        "AIRFLOW__CORE__FERNET_KEY": keys.fernet.reveal(),
        "AIRFLOW__CORE__UNIT_TEST_MODE": "False",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": layout.database.reveal(),
        "AIRFLOW__DATABASE__LOAD_DEFAULT_CONNECTIONS": "False",
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
        "AIRFLOW__LOGGING__REMOTE_LOGGING": "False",
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(layout.home / "task-logs"),
    }


def _defaults_2(layout: Layout) -> dict[str, str]:
    return {
        "AIRFLOW__SCHEDULER__DAG_DIR_LIST_INTERVAL": "5",
        "AIRFLOW__SCHEDULER__MIN_FILE_PROCESS_INTERVAL": f"{layout.parse:g}",
        "AIRFLOW__SCHEDULER__PARSING_PROCESSES": "2",
        "AIRFLOW__WEBSERVER__EXPOSE_CONFIG": "non-sensitive-only",
    }


def _required_2(layout: Layout, keys: Keys) -> dict[str, str]:
    backend = "airflow.providers.fab.auth_manager.api.auth.backend"
    return {
        # Airflow 2 allows SQLite only the SequentialExecutor, which spends 4 to 7 seconds on a task (a new
        # interpreter for each). With write-ahead logging SQLite bears the LocalExecutor's few writers, as it does
        # in Airflow 3, and this is the switch by which Airflow's own tests allow it.
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "_AIRFLOW__SKIP_DATABASE_EXECUTOR_COMPATIBILITY_CHECK": "1",
        "AIRFLOW__API__AUTH_BACKENDS": f"{backend}.basic_auth,{backend}.session",
        "AIRFLOW__WEBSERVER__SECRET_KEY": keys.signing.reveal(),
        "AIRFLOW__WEBSERVER__WORKERS": "1",
        "AIRFLOW__WEBSERVER__BASE_URL": layout.url,
        "AIRFLOW__WEBSERVER__WARN_DEPLOYMENT_EXPOSURE": "False",
        "AIRFLOW__CORE__INTERNAL_API_SECRET_KEY": keys.signing.reveal(),
    }


def _defaults_3(layout: Layout) -> dict[str, str]:
    return {
        "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "2",
        "AIRFLOW__DAG_PROCESSOR__BUNDLE_REFRESH_CHECK_INTERVAL": "1",
        "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": f"{layout.parse:g}",
        "AIRFLOW__DAG_PROCESSOR__PARSING_PROCESSES": "2",
        # Of a task's calls to the API server; the usual 5 seconds fail tasks on a busy machine.
        "AIRFLOW__WORKERS__EXECUTION_API_TIMEOUT": "60",
        "AIRFLOW__API__EXPOSE_CONFIG": "non-sensitive-only",
    }


def _required_3(layout: Layout, keys: Keys) -> dict[str, str]:
    simple = "airflow.api_fastapi.auth.managers.simple.simple_auth_manager"
    return {
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__CORE__AUTH_MANAGER": f"{simple}.SimpleAuthManager",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "False",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": ",".join(
            f"{user}:{role.lower()}" for user, role in USERS.items()
        ),
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(layout.home / "passwords.json"),
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{layout.url}/execution/",
        "AIRFLOW__API__BASE_URL": layout.url,
        "AIRFLOW__API__SECRET_KEY": keys.signing.reveal(),
        "AIRFLOW__API__SSL_CERT": "",
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__API_AUTH__JWT_SECRET": keys.signing.reveal(),
    }
