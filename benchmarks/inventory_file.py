"""Reading and writing an inventory of 14,000 DAGs strictly, as a ratio to plain JSON of the same text.

Run: python benchmarks/inventory_file.py
"""

from __future__ import annotations

import json
import tempfile
import time
import tracemalloc
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from astroferry.model.inventory import Dag, Inventory, Schedule
from astroferry.model.inventoryfile import drift, load, save

if TYPE_CHECKING:
    from collections.abc import Callable

DAGS = 14_000


def made() -> Inventory:
    """An inventory of that size."""
    now = datetime(2026, 11, 22, tzinfo=UTC)
    dags = tuple(
        Dag(
            f"team_{number % 25}_dag_{number}",
            Schedule("cron", "0 * * * *"),
            is_paused=number % 3 == 0,
            catchup=False,
            owners=(f"team-{number % 25}",),
            tags=("nightly", "sales"),
            fileloc=f"/opt/airflow/dags/team_{number % 25}/dag_{number}.py",
            start_date=now,
            next_run=now,
            operators=("BashOperator", "PythonOperator"),
        )
        for number in range(DAGS)
    )
    return Inventory("airflow", "https://airflow.example.com", "2.11.2", now, dags=dags)


def timed(what: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds, and what came of it."""
    began = time.perf_counter()
    result = what()
    return time.perf_counter() - began, result


def main() -> None:
    """Measure all side by side in this one run, and print ratios."""
    inventory = made()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "inventory.json"
        writing, _ = timed(lambda: save(inventory, path))
        text = path.read_text("utf-8")
        floor, raw = timed(lambda: json.loads(text))
        dumping, _ = timed(lambda: json.dumps(raw, indent=1))
        reading, again = timed(lambda: load(path))
        tracemalloc.start()
        load(path)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        comparing, changes = timed(lambda: drift(inventory, again))
    assert changes == ()
    print(f"{DAGS:,} DAGs, {len(text) / 1e6:.1f} MB of JSON")
    print(f"read strictly   {reading:6.2f} s   {reading / floor:5.1f} x json.loads")
    print(f"write           {writing:6.2f} s   {writing / dumping:5.1f} x json.dumps")
    print(f"drift           {comparing:6.2f} s   {comparing / floor:5.1f} x json.loads")
    print(f"peak memory     {peak / 1e6:6.0f} MB  {peak / len(text):5.1f} x the file")


if __name__ == "__main__":
    main()
