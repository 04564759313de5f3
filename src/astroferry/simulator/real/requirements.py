"""A Deployment's requirements beside an Airflow that is installed once: what an image would bring on Astro.

They are resolved against the Airflow's own lock, so that none of its packages changes; only what is not there already
is installed, into a folder of the cache, once for each content of the file.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from astroferry.errors import UsageError
from astroferry.simulator.real.install import alone, ensure, installation, quiet, release, run_installer, uv_binary

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_NAME = re.compile(r"^[A-Za-z0-9][\w.\-]*")


def ensure_requirements(version: str, file: Path, say: Callable[[str], None] = quiet) -> Path:
    """The folder for PYTHONPATH that holds what `file` (a requirements.txt) names beyond that Airflow.

    Raises UsageError where the file cannot be read, RemoteError where it contradicts the Airflow's own packages or
    cannot be installed.
    """
    try:
        text = file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"The requirements {file} cannot be read ({type(error).__name__}).") from error
    wanted, venv = release(version), ensure(version, say)
    digest = hashlib.sha256(text.encode()).hexdigest()[:12]
    folder = installation(version) / f"requirements-{digest}"
    packages, ready = folder / "packages", folder / "ready"
    if ready.exists():
        return packages
    with alone(folder, say):
        if not ready.exists():
            say(f"Installing the requirements of {file} beside Airflow {wanted.airflow} (once).")
            packages.mkdir(parents=True, exist_ok=True)
            given, lock, found = (folder / name for name in ("given.txt", "lock.txt", "found.txt"))
            given.write_text(text, encoding="utf-8")
            lock.write_text(wanted.lock, encoding="utf-8")
            python, uv = str(venv / "bin" / "python"), uv_binary()
            resolve = [uv, "pip", "compile", "-q", "--no-header", "--no-annotate", "--python", python]
            what = f"The requirements of {file}"
            run_installer([*resolve, "-c", str(lock), "-o", str(found), str(given)], what, folder)
            more = folder / "more.txt"
            more.write_text("".join(f"{line}\n" for line in beyond(found.read_text("utf-8"), wanted.lock)), "utf-8")
            install = [uv, "pip", "install", "--no-deps", "--python", python, "--target", str(packages)]
            run_installer([*install, "-r", str(more)], what, folder)
            ready.touch()
    return packages


def beyond(resolved: str, lock: str) -> list[str]:
    """The lines of a resolved file whose package the lock does not have."""
    there = {_key(line) for line in lock.splitlines()}
    return [line for line in resolved.splitlines() if _key(line) and _key(line) not in there]


def _key(line: str) -> str:
    """The package's name, as PEP 503 compares it; empty where the line names none."""
    found = _NAME.match(line.strip())
    return re.sub(r"[-_.]+", "-", found[0]).lower() if found else ""
