"""The last backup where the database cannot be reached: every paged endpoint of the API, a JSON object a line.

What Airflow's API masks stays masked, and more is left out: passwords and extras of connections, values of variables,
rendered fields of tasks, details of log events. Logs and XComs are not in it. The last line counts what stands above.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from astroferry.errors import NotAllowedError, NotFoundError, PlanError, RemoteError
from astroferry.model.files import sync_folder

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from astroferry.clients.airflow import Airflow

END = "end"


@dataclass(frozen=True, slots=True)
class _Part:
    """One paged endpoint: `kind` in the file, the path and key of either API, and fields that are left out."""

    kind: str
    v1: tuple[str, str]
    v2: tuple[str, str]
    without: tuple[str, ...] = ()
    v1_params: tuple[tuple[str, str], ...] = ()
    v2_params: tuple[tuple[str, str], ...] = ()

    def of(self, airflow: Airflow) -> tuple[str, str, dict[str, object]]:
        """Path, key and parameters for that server."""
        path, key = self.v1 if airflow.api == "v1" else self.v2
        return path, key, dict(self.v1_params if airflow.api == "v1" else self.v2_params)


_RUNS = "/dags/~/dagRuns"
PARTS = (
    _Part(
        "dag", ("/dags", "dags"), ("/dags", "dags"), (), (("only_active", "false"),), (("exclude_stale", "false"),)
    ),
    _Part("dag_run", (_RUNS, "dag_runs"), (_RUNS, "dag_runs")),
    _Part(
        "task_instance",
        (f"{_RUNS}/~/taskInstances", "task_instances"),
        (f"{_RUNS}/~/taskInstances", "task_instances"),
        ("rendered_fields",),
    ),
    _Part("pool", ("/pools", "pools"), ("/pools", "pools")),
    _Part("import_error", ("/importErrors", "import_errors"), ("/importErrors", "import_errors")),
    _Part("asset", ("/datasets", "datasets"), ("/assets", "assets"), ("extra",)),
    _Part("asset_event", ("/datasets/events", "dataset_events"), ("/assets/events", "asset_events"), ("extra",)),
    _Part("event_log", ("/eventLogs", "event_logs"), ("/eventLogs", "event_logs"), ("extra",)),
)
_NEEDED = frozenset({"dag", "dag_run", "task_instance"})


@dataclass(frozen=True, slots=True)
class Export:
    """What was written and read back: counts per kind, and the file's SHA-256.

    `left_out`: kinds that this server does not have, or does not show to these credentials, and why.
    """

    path: Path
    counts: dict[str, int]
    sha256: str
    left_out: dict[str, str]


async def export(airflow: Airflow, path: Path, *, tell: Callable[[str], None]) -> Export:
    """Write everything to `path`, read it back, and hold it against what the server says it has.

    Raises RemoteError where rows came or went meanwhile (then the source is not quiet), PlanError where the file
    cannot be written, and what the client raises. A file that is not whole is never left behind.
    """
    part = path.with_name(f".{path.name}.part")
    counts: Counter[str] = Counter()
    left_out: dict[str, str] = {}
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            async for kind, row in _rows(airflow, left_out):
                counts[kind] += 1
                file.write(_line({"kind": kind, "row": row}))
                if sum(counts.values()) % 500 == 0:
                    tell(f"{sum(counts.values())} rows of the last backup are written")
            end = {"kind": END, "counts": counts, "left_out": left_out}
            file.write(_line({**end, "airflow": airflow.version, "url": airflow.url}))
            file.flush()
            os.fsync(file.fileno())
        await _hold_against(airflow, counts, left_out)
        part.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        raise PlanError(f"The backup {path} cannot be written: {error.strerror}.") from error
    finally:
        part.unlink(missing_ok=True)
    return read_back(path)


def read_back(path: Path) -> Export:
    """Read a backup from its first to its last line; PlanError where it is torn, or does not hold what it says."""
    counts: Counter[str] = Counter()
    said: dict[str, int] | None = None
    left_out: dict[str, str] = {}
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            for line in file:
                digest.update(line)
                row = json.loads(line)
                if row["kind"] == END:
                    said, left_out = row["counts"], row["left_out"]
                else:
                    counts[row["kind"]] += 1
    except OSError as error:
        raise PlanError(f"The backup {path} cannot be read: {error.strerror}.") from error
    except (ValueError, KeyError, TypeError) as error:
        raise PlanError(f"The backup {path} is damaged.", hint="Take it again: delete the file first.") from error
    if said != dict(counts):
        raise PlanError(f"The backup {path} is not whole.", hint="Take it again: delete the file first.")
    return Export(path, dict(counts), digest.hexdigest(), left_out)


async def _rows(airflow: Airflow, left_out: dict[str, str]) -> AsyncIterator[tuple[str, dict[str, Any]]]:
    for part in PARTS:
        path, key, params = part.of(airflow)
        try:
            async for item in airflow.raw_pages(path, key, params):
                yield part.kind, {name: value for name, value in item.items() if name not in part.without}
        except NotFoundError:
            left_out[part.kind] = "this version does not have it"
        except NotAllowedError:
            if part.kind in _NEEDED:
                raise
            left_out[part.kind] = "these credentials may not see it"
    for connection in await airflow.connections():
        yield "connection", asdict(connection)
    for variable in await airflow.variables():
        yield "variable", asdict(variable)


async def _hold_against(airflow: Airflow, counts: Counter[str], left_out: dict[str, str]) -> None:
    for part in PARTS:
        if part.kind in left_out:
            continue
        path, _, params = part.of(airflow)
        there = await airflow.count_of(path, params)
        # A request of ours may itself be an event there: Airflow 2 writes some of them down.
        if there != counts[part.kind] and not (part.kind == "event_log" and there > counts[part.kind]):
            read = counts[part.kind]
            raise RemoteError(
                f"The source has {there} rows of {part.kind}, {read} were read: something changes there.",
                hint="See what still runs on the source, then run the same command again.",
            )


def _line(row: dict[str, Any]) -> str:
    return json.dumps(row, ensure_ascii=True, default=str) + "\n"
