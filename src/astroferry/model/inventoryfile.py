"""The inventory on disk (JSON), what it is known by (its fingerprint), and how two of them differ."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
from typing import TYPE_CHECKING, Any

from astroferry.errors import NewerFormatError, PlanError, Problem
from astroferry.model import inventory as inventory_module
from astroferry.model.files import atomic_write, read_text
from astroferry.model.inventory import Inventory
from astroferry.model.plan import Fingerprint
from astroferry.model.strict import read

if TYPE_CHECKING:
    from pathlib import Path

_VERSION = re.compile(r"\d+\.\d")


def to_json(inventory: Inventory) -> str:
    """The inventory as JSON, keys as in the dataclasses, times in ISO 8601."""
    return json.dumps(dataclasses.asdict(inventory), indent=1, default=_json, ensure_ascii=False)


def save(inventory: Inventory, path: Path) -> None:
    """Write the inventory, whole or not at all."""
    atomic_write(path, to_json(inventory) + "\n")


def load(path: Path) -> Inventory:
    """Read an inventory; PlanError lists every problem, NewerFormatError names a newer format."""
    text = read_text(path, "inventory")
    try:
        raw = json.loads(text)
    except json.JSONDecodeError as error:
        raise PlanError(f"{path} is not an inventory: not valid JSON (line {error.lineno}: {error.msg}).") from error
    version = raw.get("format") if isinstance(raw, dict) else None
    if isinstance(version, int) and version > inventory_module.FORMAT:
        raise NewerFormatError(
            f"{path} has format {version}; this astroferry reads up to {inventory_module.FORMAT}.",
            hint="Upgrade astroferry.",
        )
    inventory, problems = read(Inventory, text)
    if inventory is None:
        placed = [dataclasses.replace(problem, file=str(path)) for problem in problems]
        raise PlanError(f"{path} is not an inventory that astroferry can read.", placed, hint="Run assess again.")
    if not _VERSION.match(inventory.airflow_version):
        wrong = Problem("airflow_version", "must be a version, such as 2.11.2", file=str(path))
        raise PlanError(f"{path} is not an inventory that astroferry can read.", [wrong], hint="Run assess again.")
    return inventory


def fingerprint(inventory: Inventory) -> Fingerprint:
    """What the source looks like: counts, and a digest over names and shapes (never over values)."""
    return Fingerprint(
        version=inventory.airflow_version,
        dags=len(inventory.dags),
        connections=sum(seen.origin == "metadata" for seen in inventory.connections),
        variables=sum(seen.origin == "metadata" for seen in inventory.variables),
        pools=len(inventory.pools),
        digest=_digest(_shapes(inventory)),
    )


def drift(before: Inventory, after: Inventory) -> tuple[str, ...]:
    """What changed on the source, one line each, sorted by kind and name."""
    lines: list[str] = []
    if before.airflow_version != after.airflow_version:
        lines.append(f"Airflow version: {before.airflow_version} -> {after.airflow_version}")
    old, new = _shapes(before), _shapes(after)
    for kind in old:
        for name in sorted(old[kind].keys() | new[kind].keys()):
            a, b = old[kind].get(name), new[kind].get(name)
            if a is None or b is None:
                lines.append(f"{kind} {name}: {'new' if a is None else 'gone'}")
            else:
                lines += [f"{kind} {name}: {key} {a[key]!r} -> {b[key]!r}" for key in a if a[key] != b[key]]
    return tuple(lines)


def _shapes(inventory: Inventory) -> dict[str, dict[str, dict[str, Any]]]:
    """What counts as drift. Paused state and runs move all the time and do not; what only code or the environment
    names is not seen by every look at the source.
    """
    return {
        "DAG": {
            dag.dag_id: {
                "schedule": f"{dag.schedule.kind} {dag.schedule.expression} {dag.schedule.timezone}",
                "catchup": dag.catchup,
                "file": dag.fileloc,
            }
            for dag in inventory.dags
        },
        "connection": {
            seen.conn_id: {"type": seen.conn_type, "host": seen.host, "port": seen.port, "login": seen.login}
            for seen in inventory.connections
            if seen.origin == "metadata"
        },
        "variable": {seen.key: {"size": seen.size} for seen in inventory.variables if seen.origin == "metadata"},
        "pool": {pool.name: {"slots": pool.slots} for pool in inventory.pools},
    }


def _digest(shapes: Any) -> str:
    return "sha256:" + hashlib.sha256(json.dumps(shapes, sort_keys=True).encode()).hexdigest()


def _json(value: Any) -> str:
    return str(value.isoformat())
