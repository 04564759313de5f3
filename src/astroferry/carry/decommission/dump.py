"""The last backup where the metadata database can be reached: a dump, read back and counted table by table.

PostgreSQL by its own pg_dump (custom format) and pg_restore, SQLite by its online backup. The database's address and
password go by the environment, never by the command line, where every user of this machine could see them.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import re
import shutil
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, unquote, urlsplit

from astroferry.diagnostics import redact
from astroferry.errors import PlanError, RemoteError, UsageError
from astroferry.model.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Iterator

VARIABLE = "ASTROFERRY_SOURCE_DATABASE"
_COPY = re.compile(rb"COPY (?:\w+\.)?\"?(\w+)\"? \(")
_MUST_HAVE = ("dag", "dag_run", "task_instance")


@dataclass(frozen=True, slots=True)
class Dump:
    """What was dumped and read back: rows per table, and the file's SHA-256."""

    path: Path
    counts: dict[str, int]
    sha256: str


def kind_of(database: Secret) -> str:
    """Which database it is, postgresql or sqlite; UsageError for another one, without repeating the address."""
    scheme = urlsplit(database.reveal()).scheme.partition("+")[0]
    if scheme in {"postgresql", "postgres"}:
        return "postgresql"
    if scheme == "sqlite":
        return "sqlite"
    raise UsageError(
        "The metadata database is neither PostgreSQL nor SQLite; its dump is not taken from here.",
        hint="Dump it with its own tool, or leave decommission.database empty: then the API is exported.",
    )


async def dump(database: Secret, path: Path) -> Dump:
    """Dump the database to `path`, then read the dump back.

    Raises UsageError for another kind of database, RemoteError where it cannot be reached or dumped, PlanError where
    the dump cannot be written or read back, or lacks Airflow's tables. A dump that is not whole is never left behind.
    """
    kind = kind_of(database)
    part = path.with_name(f".{path.name}.part")
    try:
        # Made by us first, so that it is private from its first byte on.
        os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
        if kind == "sqlite":
            await asyncio.to_thread(_dump_sqlite, database, part)
        else:
            await _pg_dump(database, part)
        counts = await _counts(part)
        lacking = [table for table in _MUST_HAVE if table not in counts]
        if lacking:
            raise PlanError(f"The dump has no table {', '.join(lacking)}: this is no Airflow metadata database.")
        part.replace(path)
    except OSError as error:
        raise PlanError(f"The backup {path} cannot be written: {error.strerror}.") from error
    finally:
        part.unlink(missing_ok=True)
    return Dump(path, counts, sha256_of(path))


async def read_back(path: Path) -> Dump:
    """Read a dump from its first to its last table; PlanError where it is damaged."""
    return Dump(path, await _counts(path), sha256_of(path))


def sha256_of(path: Path) -> str:
    """A file's digest; PlanError where it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise PlanError(f"The backup {path} cannot be read: {error.strerror}.") from error


async def _counts(path: Path) -> dict[str, int]:
    try:
        with path.open("rb") as file:
            is_sqlite = file.read(16) == b"SQLite format 3\x00"
    except OSError as error:
        raise PlanError(f"The backup {path} cannot be read: {error.strerror}.") from error
    return await asyncio.to_thread(_sqlite_counts, path) if is_sqlite else await _pg_counts(path)


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
    try:
        yield connection
    finally:
        connection.close()


def _dump_sqlite(database: Secret, path: Path) -> None:
    # sqlite:////absolute/path, sqlite:///relative/path
    place = Path(unquote(urlsplit(database.reveal()).path[1:]))
    if not place.is_file():
        raise RemoteError(f"There is no SQLite database at {place}.", hint=f"Look at {VARIABLE}, or at the file.")
    trouble = ""
    try:
        with _opened(place) as source, contextlib.closing(sqlite3.connect(path)) as copy:
            source.backup(copy)
    except sqlite3.Error as error:
        trouble = str(error)
    if trouble:
        raise RemoteError(f"The SQLite database at {place} cannot be dumped: {trouble}.")


def _sqlite_counts(path: Path) -> dict[str, int]:
    try:
        with _opened(path) as copy:
            if (said := copy.execute("PRAGMA integrity_check").fetchone()[0]) != "ok":
                raise PlanError(f"The backup {path} is damaged: {said}.")
            tables = [row[0] for row in copy.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            return {
                name: int(copy.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0])  # noqa: S608 - its own names
                for name in sorted(tables)
            }
    except sqlite3.Error as error:
        raise PlanError(f"The backup {path} is damaged: {error}.") from error


def _environment(database: Secret) -> dict[str, str]:
    """What libpq reads instead of a command line; the rest of our environment stays out, credentials of ours too."""
    parts = urlsplit(database.reveal())
    given = {
        "PGHOST": unquote(parts.hostname or ""),
        "PGPORT": str(parts.port or ""),
        "PGUSER": unquote(parts.username or ""),
        "PGPASSWORD": unquote(parts.password or ""),
        "PGDATABASE": unquote(parts.path.lstrip("/")),
    }
    for name, texts in parse_qs(parts.query).items():
        if name in {"host", "port", "user", "password", "sslmode", "sslrootcert", "options", "connect_timeout"}:
            key = {"connect_timeout": "PGCONNECT_TIMEOUT"}.get(name, f"PG{name.upper()}")
            given[key] = texts[-1]
    Secret(given["PGPASSWORD"])  # known to redaction from here on
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "LD_LIBRARY_PATH") if name in os.environ}
    return {**kept, "PGCONNECT_TIMEOUT": "20", **{name: value for name, value in given.items() if value}}


def _tool(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise UsageError(
            f"{name} is not installed here, and PostgreSQL is dumped by it.",
            hint="Install a PostgreSQL client, not older than the server; or leave decommission.database empty.",
        )
    return found


async def _pg_dump(database: Secret, path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        _tool("pg_dump"),
        "--format=custom",
        "--no-password",
        "--no-owner",
        f"--file={path}",
        env=_environment(database),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    said = await _until_the_end(process)
    if process.returncode:
        raise RemoteError(f"pg_dump could not dump the metadata database: {said}", hint=f"Look at {VARIABLE}.")


async def _pg_counts(path: Path) -> dict[str, int]:
    """Rows per table, by letting pg_restore write all data as text, which nobody keeps."""
    process = await asyncio.create_subprocess_exec(
        _tool("pg_restore"),
        "--data-only",
        "--file=-",
        str(path),
        env={name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        limit=2**26,
    )
    counts: dict[str, int] = {}
    table = ""
    if process.stdout is None:
        raise RuntimeError("a pipe was asked for")
    async for line in process.stdout:
        if table:
            if line == b"\\.\n":
                table = ""
            else:
                counts[table] += 1
        elif (match := _COPY.match(line)) is not None:
            table = match[1].decode()
            counts[table] = 0
    said = await _until_the_end(process)
    if process.returncode or table:
        raise PlanError(f"The backup {path} is damaged: {said or 'it ends in the middle of a table'}")
    return dict(sorted(counts.items()))


async def _until_the_end(process: asyncio.subprocess.Process) -> str:
    """Wait for it; the last line that it said, redacted. Stopped with us, where we are stopped."""
    try:
        _, said = await process.communicate()
    except BaseException:
        if process.returncode is None:
            process.kill()
            await process.wait()
        raise
    lines = said.decode(errors="replace").strip().splitlines() if said else []
    return redact(lines[-1].rstrip(".") + ".") if lines else ""
