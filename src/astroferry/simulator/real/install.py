"""Airflow installed once per machine: a virtual environment per version and Python, kept in the cache.

    $ASTROFERRY_CACHE (default ~/.cache/astroferry)
    └── airflow-2.11-py3.11-<digest of the lock>/
        ├── venv/            what `ensure` returns
        ├── airflow.db       a migrated, empty metadata database (`template.ensure_database`)
        └── ready            written last; without it the folder is built anew

Locks hold name==version only, so packages come from whatever index this machine uses.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from astroferry.errors import AstroferryError, RemoteError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Version = Literal["2.11", "3.3"]


@dataclass(frozen=True, slots=True)
class Release:
    """One Airflow that we can run: its exact version, and the Pythons (major, minor) its lock was resolved for."""

    name: Version
    airflow: str
    pythons: tuple[tuple[int, int], ...]

    @property
    def lock(self) -> str:
        """The lock's text."""
        return resources.files(__package__).joinpath(f"airflow-{self.name}.lock.txt").read_text("utf-8")


RELEASES: dict[str, Release] = {
    # 2.11.2 requires Python < 3.13 (its package metadata).
    "2.11": Release("2.11", "2.11.2", ((3, 11), (3, 12))),
    "3.3": Release("3.3", "3.3.2", ((3, 11), (3, 12), (3, 13))),
}


def quiet(_line: str) -> None:
    """Tell nobody."""


def release(version: str) -> Release:
    """The release of that name; UsageError for any other."""
    try:
        return RELEASES[version]
    except KeyError:
        raise UsageError(
            f"Airflow {version} cannot be run here.", hint=f"Choose one of {', '.join(RELEASES)}."
        ) from None


def cache_folder() -> Path:
    """Where installations are kept."""
    named = os.environ.get("ASTROFERRY_CACHE")
    return Path(named).expanduser().resolve() if named else Path.home() / ".cache" / "astroferry"


def installation(version: str) -> Path:
    """The folder of this version's installation, whether it is there yet or not."""
    wanted = release(version)
    _, (major, minor) = find_python(wanted)
    digest = hashlib.sha256(wanted.lock.encode()).hexdigest()[:12]
    return cache_folder() / f"airflow-{version}-py{major}.{minor}-{digest}"


def ensure(version: str, say: Callable[[str], None] = quiet) -> Path:
    """The virtual environment with this Airflow, installed now if need be (once; others wait).

    Raises UsageError for an unknown version or where no fitting Python or no installer is there, RemoteError where
    the installation fails.
    """
    folder = installation(version)
    venv = folder / "venv"
    if not (folder / "ready").exists():
        with alone(folder, say):
            if not (folder / "ready").exists():
                _build(release(version), folder, say)
    return venv


@contextlib.contextmanager
def alone(folder: Path, say: Callable[[str], None] = quiet) -> Iterator[None]:
    """Hold the lock of an installation, so that two processes never build at once."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with folder.with_name(f"{folder.name}.lock").open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                say(f"Waiting for another process that prepares {folder.name}.")
                fcntl.flock(lock, fcntl.LOCK_EX)
            yield
    except OSError as error:
        raise AstroferryError(
            f"The cache {folder.parent} cannot be used: {error.strerror or error}.",
            hint="Set ASTROFERRY_CACHE to a folder that you may write to.",
        ) from error


def find_python(wanted: Release) -> tuple[str, tuple[int, int]]:
    """The interpreter for this Airflow: the running one, else the newest fitting on PATH that really starts."""
    running = (sys.version_info.major, sys.version_info.minor)
    if running in wanted.pythons:
        return sys.executable, running
    for major, minor in reversed(wanted.pythons):
        found = shutil.which(f"python{major}.{minor}")
        if found and _starts(found):
            return found, (major, minor)
    known = " or ".join(f"{major}.{minor}" for major, minor in wanted.pythons)
    raise UsageError(
        f"Airflow {wanted.airflow} runs on Python {known}; this is {running[0]}.{running[1]}, and none of them is "
        "on PATH.",
        hint="Install one of them, or put it on PATH.",
    )


def _starts(python: str) -> bool:
    """Whether that interpreter runs; version managers leave stubs on PATH that do not."""
    try:
        return subprocess.run([python, "-c", ""], capture_output=True, check=False).returncode == 0  # noqa: S603 - found on PATH
    except OSError:
        return False


def uv_binary() -> str:
    """The installer that came with the extra `simulator`."""
    try:
        from uv import find_uv_bin  # noqa: PLC0415 - an extra, needed only when something is installed

        return find_uv_bin()
    except (ImportError, FileNotFoundError) as error:
        raise UsageError(
            "Running a real Airflow here needs the package `uv`, which is not installed.",
            hint="Install astroferry[simulator].",
        ) from error


def _build(wanted: Release, folder: Path, say: Callable[[str], None]) -> None:
    """Install into `folder`; in place, because a virtual environment knows its own path."""
    say(f"Installing Airflow {wanted.airflow} into {folder} (once; about a minute).")
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    lock = folder / "lock.txt"
    lock.write_text(wanted.lock, encoding="utf-8")
    python, _ = find_python(wanted)
    uv = uv_binary()
    venv = folder / "venv"
    what = f"Airflow {wanted.airflow}"
    run_installer([uv, "venv", "--python", python, str(venv)], what, folder)
    into = ["--compile-bytecode", "--python", str(venv / "bin" / "python")]
    run_installer([uv, "pip", "install", "--no-deps", *into, "-r", str(lock)], what, folder)
    (folder / "ready").touch()


def run_installer(argv: list[str], what: str, folder: Path) -> None:
    """Run uv in `folder`; RemoteError says that `what` could not be installed, and why."""
    environment = {**os.environ, "UV_PYTHON_DOWNLOADS": "never", "UV_NO_PROGRESS": "1"}
    done = subprocess.run(argv, env=environment, capture_output=True, text=True, check=False, cwd=folder)  # noqa: S603 - uv, found above
    if done.returncode:
        # An index address may carry a user and a password.
        said = re.sub(r"//[^/@\s]+@", "//", done.stderr).strip()[-800:]
        raise RemoteError(
            f"{what} could not be installed: {said or f'{argv[1]} ended with {done.returncode}'}",
            hint="Check that packages can be installed from this machine's Python index, then run this again; "
            "what was built in part is thrown away.",
        )
