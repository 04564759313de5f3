"""Where a real Airflow keeps its metadata: a SQLite file copied from a prepared one, or a PostgreSQL of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from astroferry.model.secret import Secret
from astroferry.simulator.real.postgres import Postgres
from astroferry.simulator.real.template import copy_database, ensure_database, migrate, set_passwords, sqlite_url

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from astroferry.simulator.real.install import Version

Kind = Literal["sqlite", "postgres"]


class Metadata:
    """One server's metadata database, below its `home`."""

    def __init__(self, version: Version, home: Path, kind: Kind, say: Callable[[str], None]) -> None:
        self._version = version
        self._home = home
        self._kind = kind
        self._say = say
        self._postgres: Postgres | None = None

    @property
    def file(self) -> Path:
        """The SQLite database."""
        return self._home / "airflow.db"

    def prepare(self) -> Secret:
        """Have it there, and running; the SQLAlchemy URL."""
        if self._kind == "postgres":
            self._postgres = self._postgres or Postgres(self._home)
            self._postgres.start()
            return self._postgres.url
        if not self.file.exists():
            copy_database(ensure_database(self._version, self._say), self.file)
        return Secret(sqlite_url(self.file))

    def migrate(self, environ: Mapping[str, str]) -> None:
        """Make Airflow's tables where they did not come with the copy."""
        if self._kind == "postgres":
            migrate(self._version, environ, self._home / "migrate.log")

    def set_passwords(self, passwords: Mapping[str, Secret]) -> None:
        """Set the passwords of Airflow 2's users, which live in the database."""
        if self._postgres:
            self._postgres.set_passwords(passwords)
        else:
            set_passwords(self.file, passwords)

    def stop(self) -> None:
        """Stop PostgreSQL; its data stays."""
        if self._postgres:
            self._postgres.stop()

    def remove(self) -> None:
        """Throw away what lies outside `home` (PostgreSQL's data)."""
        if self._postgres:
            self._postgres.remove()
            self._postgres = None
