"""The ledger: what tasks of both sides wrote of their ticks, held against what Airflow's own timetables expect.

The writing side is `seed/dags/marlow/ledger.py`. A tick is the scheduled moment: the end of the data interval on
both sides, whatever timetable made it.
"""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from astroferry.simulator.real import RealAirflow

# Runs under the source's Python with the source's environment; the DAGs come as the scheduler sees them, from the
# database. Argument: JSON of DAG id -> since ("" for the DAG's start date), and until; all ISO.
TICKS = """
import json, sys
from datetime import datetime
import airflow
asked, until = json.loads(sys.argv[1]), datetime.fromisoformat(sys.argv[2])
if airflow.__version__.startswith("2."):
    from airflow.models.dagbag import DagBag
    get_dag = DagBag(read_dags_from_db=True).get_dag
else:
    from airflow.models.serialized_dag import SerializedDagModel
    get_dag = SerializedDagModel.get_dag
found = {}
for dag_id, since in asked.items():
    dag = get_dag(dag_id)
    first = datetime.fromisoformat(since) if since else dag.start_date
    found[dag_id] = []
    for info in dag.iter_dagrun_infos_between(first, until):
        if info.run_after > until or (dag.end_date is not None and info.logical_date > dag.end_date):
            break
        found[dag_id].append({
            "tick": info.run_after.isoformat(),
            "logical_date": info.logical_date.isoformat(),
            "start": info.data_interval.start.isoformat(),
            "end": info.data_interval.end.isoformat(),
        })
print("TICKS" + json.dumps(found))
"""


@dataclass(frozen=True, slots=True)
class Tick:
    """One scheduled moment of a DAG with what the source gives its tasks; all times UTC."""

    tick: datetime
    logical_date: datetime
    start: datetime
    end: datetime

    @property
    def ds(self) -> str:
        """What a task of the source sees as `ds`."""
        return f"{self.logical_date:%Y-%m-%d}"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the ledger: a task ran."""

    dag: str
    task: str
    side: str
    run_id: str
    run_type: str
    tick: datetime | None
    logical_date: datetime | None
    ds: str | None
    data_interval_start: datetime | None
    data_interval_end: datetime | None
    written_at: datetime


@dataclass(frozen=True, slots=True)
class Comparison:
    """Ledger against expectation, as (DAG, tick) pairs; `differs` says in what the same tick got other data."""

    missing: tuple[tuple[str, datetime], ...] = ()
    twice: tuple[tuple[str, datetime], ...] = ()
    unexpected: tuple[tuple[str, datetime], ...] = ()
    differs: tuple[str, ...] = ()
    lines: tuple[str, ...] = field(default=(), repr=False)

    @property
    def exactly_once(self) -> bool:
        """Whether every expected tick ran once, and nothing else did."""
        return not (self.missing or self.twice or self.unexpected)

    def table(self) -> str:
        """The ledger, tick by tick, for people."""
        return "\n".join(self.lines)


def read(path: Path) -> tuple[Entry, ...]:
    """The ledger's lines in the order in which they were written; empty where there is no file yet."""
    if not path.exists():
        return ()
    return tuple(_entry(json.loads(line)) for line in path.read_text("utf-8").splitlines())


def _entry(line: dict[str, Any]) -> Entry:
    times = ("tick", "logical_date", "data_interval_start", "data_interval_end", "written_at")
    parsed: dict[str, Any] = {name: datetime.fromisoformat(line[name]) for name in times if line[name]}
    return Entry(**{**line, **parsed})


def expected_ticks(
    source: RealAirflow, dag_id: str, *, until: datetime, since: datetime | None = None
) -> tuple[Tick, ...]:
    """The ticks that are due until `until`, by the DAG's own timetable in the source's Airflow.

    `since` is a logical date to count from; without it, the DAG's start date.
    """
    return expected_of_many(source, {dag_id: since}, until)[dag_id]


def expected_of_many(
    source: RealAirflow, since: Mapping[str, datetime | None], until: datetime
) -> dict[str, tuple[Tick, ...]]:
    """The same for several DAGs, by one process."""
    environ = source.environ()
    python = Path(environ["PATH"].split(":", 1)[0]) / "python"
    asked = json.dumps({dag_id: first.isoformat() if first else "" for dag_id, first in since.items()})
    done = subprocess.run(
        [str(python), "-c", TICKS, asked, until.isoformat()],
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    line = next(line for line in done.stdout.splitlines() if line.startswith("TICKS"))
    return {
        dag_id: tuple(Tick(**{name: datetime.fromisoformat(text) for name, text in tick.items()}) for tick in ticks)
        for dag_id, ticks in json.loads(line.removeprefix("TICKS")).items()
    }


def compare(entries: Iterable[Entry], expected: Mapping[str, Sequence[Tick]]) -> Comparison:
    """Which expected ticks are missing, which ran twice, which nobody expected, and which got other data.

    Only DAGs named in `expected` count, and of those only runs that have a tick.
    """
    seen = [entry for entry in entries if entry.dag in expected and entry.tick is not None]
    counted = Counter((entry.dag, entry.tick) for entry in seen if entry.tick)
    due = {(dag, tick.tick): tick for dag, ticks in expected.items() for tick in ticks}
    return Comparison(
        missing=tuple(sorted(key for key in due if key not in counted)),
        twice=tuple(sorted(key for key, times in counted.items() if times > 1)),
        unexpected=tuple(sorted(key for key in counted if key not in due)),
        differs=tuple(
            difference
            for entry in seen
            if entry.tick and (tick := due.get((entry.dag, entry.tick)))
            for difference in _differences(entry, tick)
        ),
        lines=tuple(_lines(seen, due)),
    )


def _differences(entry: Entry, tick: Tick) -> list[str]:
    pairs = {
        "logical_date": (entry.logical_date, tick.logical_date),
        "ds": (entry.ds, tick.ds),
        "data_interval_start": (entry.data_interval_start, tick.start),
        "data_interval_end": (entry.data_interval_end, tick.end),
    }
    return [
        f"{entry.dag} {tick.tick:%H:%M:%S} on {entry.side}: {name} is {got}, the source gives {wanted}"
        for name, (got, wanted) in pairs.items()
        if got != wanted
    ]


def _lines(seen: Sequence[Entry], due: Mapping[tuple[str, datetime], Tick]) -> list[str]:
    rows = [("DAG", "tick", "ran on", "logical date", "ds", "interval", "verdict")]
    for key in sorted({*due, *((entry.dag, entry.tick) for entry in seen if entry.tick)}):
        dag, moment = key
        here = [entry for entry in seen if (entry.dag, entry.tick) == key]
        verdict = "once" if len(here) == 1 else "MISSING" if not here else f"{len(here)} TIMES"
        first = here[0] if here else None
        rows.append(
            (
                dag,
                f"{moment:%m-%d %H:%M:%S}",
                "+".join(entry.side for entry in here) or "-",
                f"{first.logical_date:%H:%M:%S}" if first and first.logical_date else "-",
                (first.ds if first else None) or "-",
                f"{first.data_interval_start:%H:%M:%S}..{first.data_interval_end:%H:%M:%S}"
                if first and first.data_interval_start and first.data_interval_end
                else "-",
                verdict if key in due else f"{verdict}, NOT EXPECTED",
            )
        )
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
