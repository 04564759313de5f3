"""Marlow Foods, the company of our seed: its code, connections, variables and pools, put onto a real server."""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx

if TYPE_CHECKING:
    from astroferry.simulator.real import RealAirflow

SEED = Path(__file__).parent / "seed"
DAGS = 48
"""DAGs that parse on both 2.11 and 3.3"""
BROKEN = ("marketing_broken.py",)
LEDGER_DAGS = ("platform_ticks_catchup", "platform_ticks_latest")


def copy_code(folder: Path) -> tuple[Path, Path]:
    """The seed's DAG folder and plugins folder, copied below `folder`."""
    dags, plugins = folder / "dags", folder / "plugins"
    ignore = shutil.ignore_patterns("__pycache__")
    shutil.copytree(SEED / "dags", dags, ignore=ignore)
    shutil.copytree(SEED / "plugins", plugins, ignore=ignore)
    return dags, plugins


def _load(name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((SEED / f"{name}.json").read_text("utf-8"))
    return found


def connections() -> list[dict[str, Any]]:
    """Twelve connections as REST takes them, passwords and secret extras included."""
    return _load("connections")


def variables() -> list[dict[str, Any]]:
    """Eleven variables as REST takes them."""
    found = _load("variables")
    for variable in found:
        if variable["value"] == "@64KB":
            # Written out only here: 64 KB of it would hide the others in the file.
            prices = {f"article-{number:04}": f"{number * 7 % 1000 / 10:.2f} €" for number in range(2300)}
            variable["value"] = json.dumps(prices, ensure_ascii=False)
    return found


def pools() -> list[dict[str, Any]]:
    """Three pools as REST takes them."""
    return _load("pools")


def seed(server: RealAirflow, *, dags: int = DAGS, within: float = 180.0) -> None:
    """Give a fresh Airflow 2 everything, and wait until all its DAGs are parsed (all of them stay paused)."""
    with client(server) as http:
        for path, items in (("connections", connections()), ("variables", variables()), ("pools", pools())):
            for item in items:
                answer = http.post(f"{server.api}/{path}", json=item)
                assert answer.status_code in (200, 201), f"{path}: {answer.status_code} {answer.text}"
    wait_for_dags(server, dags, within=within)


def wait_for_dags(server: RealAirflow, number: int, *, within: float = 180.0) -> None:
    """Wait until at least `number` DAGs are there; says which files broke where they are not."""
    until = time.monotonic() + within
    with client(server) as http:
        while True:
            found = http.get(f"{server.api}/dags", params={"limit": 1}).json()["total_entries"]
            if found >= number:
                return
            if time.monotonic() > until:
                errors = http.get(f"{server.api}/importErrors").text
                message = f"{found} of {number} DAGs after {within:g} seconds; import errors: {errors}"
                raise AssertionError(message)
            time.sleep(0.5)


def client(server: RealAirflow, user: str = "admin") -> httpx.Client:
    """A plain HTTP client of that server, as `user`."""
    return httpx.Client(headers=server.headers(user), trust_env=False, timeout=60)


def export_connections(server: RealAirflow, path: Path) -> Path:
    """What `airflow connections export` writes, by the real command."""
    server.airflow("connections", "export", str(path), "--file-format", "json")
    return path


def export_variables(server: RealAirflow, path: Path) -> Path:
    """What `airflow variables export` writes, by the real command."""
    server.airflow("variables", "export", str(path))
    return path
