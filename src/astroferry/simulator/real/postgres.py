"""A private PostgreSQL for one server, where this machine has one: lets Airflow 2 run several tasks at a time."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from astroferry.errors import RemoteError, UsageError
from astroferry.model.secret import Secret
from astroferry.simulator.real.processes import Guard, Program, tail
from astroferry.simulator.real.settings import write_private
from astroferry.simulator.real.template import password_hash

if TYPE_CHECKING:
    from collections.abc import Mapping

INSTALLED = Path("/usr/lib/postgresql")
QUICK = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")


def binaries(root: Path = INSTALLED) -> Path | None:
    """The newest installed server's programs, or None."""
    found = [folder for folder in root.glob("*/bin") if (folder / "initdb").exists()]
    return max(found, key=lambda folder: [int(n) for n in re.findall(r"\d+", folder.parent.name)], default=None)


def free_port(wanted: int = 0) -> int:
    """A port on loopback that nobody listens on now: `wanted`, or any for 0. Raises RemoteError where it is taken."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", wanted))
        except OSError as error:
            raise RemoteError(
                f"Port {wanted} on 127.0.0.1 cannot be used: {error.strerror}.",
                hint="Stop what listens there, or choose another port (0 takes a free one).",
            ) from error
        port: int = probe.getsockname()[1]
        return port


class Postgres:
    """One PostgreSQL cluster with the database `airflow`, on loopback TCP, with a password.

    PostgreSQL refuses to run as root, so as root it runs as the user postgres; its data lies in a temporary folder
    of its own, because that user may not enter the caller's.
    """

    def __init__(self, home: Path) -> None:
        programs = binaries()
        if programs is None:
            raise UsageError(
                f"PostgreSQL was asked for, but there is none below {INSTALLED}.",
                hint="Install the package `postgresql`, or use SQLite.",
            )
        self._programs = programs
        self._home = home
        self._user = "postgres" if os.geteuid() == 0 else None
        self._folder = Path(tempfile.mkdtemp(prefix="astroferry-postgres-"))
        self._password = Secret(secrets.token_urlsafe(24))
        self._guard = Guard(home, leftovers=(self._folder,))
        self.port = 0

    @property
    def _as_user(self) -> dict[str, Any]:
        return {"user": self._user, "group": self._user, "extra_groups": []} if self._user else {}

    @property
    def url(self) -> Secret:
        """SQLAlchemy's URL of the database."""
        return Secret(f"postgresql+psycopg2://airflow:{self._password.reveal()}@127.0.0.1:{self.port}/airflow")

    def start(self) -> None:
        """Start, making the cluster the first time; raises RemoteError."""
        data = self._folder / "data"
        if not data.exists():
            self._make(data)
        self.port = free_port(self.port)
        log = self._folder / "postgres.log"
        settings = [part for setting in QUICK for part in ("-c", setting)]
        # Loopback alone, and no socket file.
        listen = ("-h", "127.0.0.1", "-p", str(self.port), "-k", "")
        self._guard.start(
            [
                Program(
                    "postgres",
                    (str(self._programs / "postgres"), "-D", str(data), *listen, *settings),
                    {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"},
                    str(self._folder),
                    str(log),
                    user=self._user,
                    # Fast shutdown: clients are sent away rather than waited for.
                    signal=signal.SIGINT,
                )
            ]
        )
        until = time.monotonic() + 60
        while self._sql("postgres", "SELECT 1").returncode:
            if self._guard.ended or time.monotonic() > until:
                self._guard.stop()
                raise RemoteError(f"PostgreSQL did not start: {tail(log, 800)}", hint=f"Its log is {log}.")
            time.sleep(0.1)
        self._sql("postgres", "CREATE DATABASE airflow")

    def _make(self, data: Path) -> None:
        secret = self._folder / "password"
        write_private(secret, self._password.reveal())
        if self._user:
            for path in (self._folder, secret):
                shutil.chown(path, self._user, self._user)
        made = subprocess.run(  # noqa: S603 - the installed server's own program
            [
                str(self._programs / "initdb"),
                *("-D", str(data), "-U", "airflow", "-A", "scram-sha-256", "--pwfile", str(secret), "-E", "UTF8"),
                *("--locale", "C.UTF-8", "--no-sync"),
            ],
            capture_output=True,
            text=True,
            check=False,
            cwd=self._folder,
            **self._as_user,
        )
        secret.unlink()
        if made.returncode:
            raise RemoteError(f"PostgreSQL could not make a cluster: {made.stderr.strip()[-800:]}")

    def _sql(self, database: str, text: str) -> subprocess.CompletedProcess[str]:
        """Run SQL given on stdin (never in argv)."""
        return subprocess.run(  # noqa: S603 - the installed client
            [
                str(self._programs / "psql"),
                *("-q", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-p", str(self.port), "-U", "airflow"),
                database,
            ],
            input=text,
            env={"PATH": "/usr/bin:/bin", "PGPASSWORD": self._password.reveal(), "PGCONNECT_TIMEOUT": "5"},
            capture_output=True,
            text=True,
            check=False,
        )

    def set_passwords(self, passwords: Mapping[str, Secret]) -> None:
        """Give the users of an Airflow 2 their passwords."""
        lines = [
            f"UPDATE ab_user SET password = '{password_hash(password)}' WHERE username = '{user}';"  # noqa: S608 - hex and fixed names
            for user, password in passwords.items()
        ]
        self._sql("airflow", "\n".join(lines))

    def stop(self) -> None:
        """Stop; the data stays for another start."""
        self._guard.stop()

    def remove(self) -> None:
        """Stop and throw the data away."""
        self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)
