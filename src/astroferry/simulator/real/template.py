"""A migrated, empty SQLite metadata database per installation, copied for each new server: start-up in seconds."""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
import sqlite3
import subprocess
import tempfile
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from astroferry.errors import RemoteError
from astroferry.model.secret import Secret
from astroferry.simulator.real.install import alone, ensure, quiet
from astroferry.simulator.real.processes import tail
from astroferry.simulator.real.settings import USERS, Keys, Layout, environment

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

# Through Airflow's own security manager, so that roles and permissions are those of a real server. The passwords
# are random and thrown away: each server sets its own.
MAKE_USERS = """
import secrets, sys
from airflow.www.app import cached_app
app = cached_app()
with app.app_context():
    known = app.appbuilder.sm
    for pair in sys.argv[1:]:
        user, role = pair.split(":")
        if not known.find_user(user):
            known.add_user(user, user, "Local", user + "@example.com", known.find_role(role),
                           password=secrets.token_urlsafe(24))
"""


def sqlite_url(file: Path) -> str:
    """SQLAlchemy's URL of an SQLite file; writers wait for each other instead of failing."""
    return f"sqlite:///{file}?timeout=60"


def migrate(version: str, environ: Mapping[str, str], log: Path) -> None:
    """Make or update the metadata database that `environ` names, with the users of Airflow 2; raises RemoteError."""
    venv = Path(environ["PATH"].split(":", 1)[0])
    steps = [[str(venv / "airflow"), "db", "migrate"]]
    if version == "2.11":
        pairs = [f"{user}:{role}" for user, role in USERS.items()]
        steps.append([str(venv / "python"), "-c", MAKE_USERS, *pairs])
    for argv in steps:
        with log.open("ab") as out:
            done = subprocess.run(argv, env=dict(environ), stdout=out, stderr=out, check=False, cwd=log.parent)  # noqa: S603 - ours
        if done.returncode:
            raise RemoteError(
                f"Airflow {version} could not prepare its database: {tail(log, 800)}",
                hint=f"The whole log is {log}.",
            )


def ensure_database(version: str, say: Callable[[str], None] = quiet) -> Path:
    """The template database of this version's installation, made now if need be; copy it, never open it."""
    venv = ensure(version, say)
    file = venv.parent / "airflow.db"
    if not file.exists():
        with alone(venv.parent, say):
            if not file.exists():
                say(f"Preparing an empty database for Airflow {version} (once).")
                with tempfile.TemporaryDirectory(dir=venv.parent, prefix="template-") as folder:
                    os.replace(_make(version, venv, Path(folder)), file)  # noqa: PTH105 - atomic, and says so
    return file


def _make(version: str, venv: Path, home: Path) -> Path:
    file = home / "airflow.db"
    for name in ("dags", "plugins"):
        (home / name).mkdir()
    layout = Layout(venv, home, home / "dags", home / "plugins", Secret(sqlite_url(file)))
    migrate(version, environment(version, layout, Keys.of(home), {}), home / "migrate.log")
    with closing(sqlite3.connect(file)) as database:
        # Stays with the file: readers and the one writer no longer stop each other.
        database.execute("PRAGMA journal_mode=WAL")
    return file


def copy_database(template: Path, file: Path) -> None:
    """A copy of the template at `file`, whole or not at all."""
    part = file.with_suffix(".part")
    shutil.copyfile(template, part)
    part.replace(file)


def password_hash(password: Secret) -> str:
    """A hash as Werkzeug checks it ("pbkdf2:sha256:N$salt$hex").

    Few rounds: Airflow 2 checks the password on every call (70 ms with its own rounds), and these are random.
    """
    salt = secrets.token_hex(8)
    digest = hashlib.pbkdf2_hmac("sha256", password.reveal().encode(), salt.encode(), 1000)
    return f"pbkdf2:sha256:1000${salt}${digest.hex()}"


def set_passwords(file: Path, passwords: Mapping[str, Secret]) -> None:
    """Give the users of an Airflow 2 (SQLite) their passwords."""
    with closing(sqlite3.connect(file, timeout=30)) as database, database:
        for user, password in passwords.items():
            database.execute("UPDATE ab_user SET password = ? WHERE username = ?", (password_hash(password), user))
