"""How long a large wave takes from a real Airflow 2.11 to a real 3.3, and whether every tick ran exactly once.

Run: python -m benchmarks.handover [number of DAGs, 2000] [DAGs at once, 32]

It starts both servers (on PostgreSQL where this machine has it), lets them run, hands all DAGs over, and counts the
rows of both sides against Airflow's own timetables. Expect most of an hour for 2,000 on two cores.
"""

from __future__ import annotations

import asyncio
import shutil
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.live.moving import Move, has, judge, login, take, until

from astroferry.carry.handover.wave import actions_for_cutover
from astroferry.clients.connecting import connect_airflow
from astroferry.simulator.real import RealAirflow
from astroferry.simulator.real.postgres import binaries

ROOT = Path(__file__).resolve().parent.parent
PERIOD = 20
"""minutes between two ticks of a DAG; the DAGs' minutes differ"""


def servers(folder: Path, number: int) -> tuple[RealAirflow, RealAirflow]:
    """Both sides with so many light DAGs, not started."""
    start = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(minutes=PERIOD)
    env = {
        "LEDGER_START": start.isoformat(),
        "LEDGER_LIGHT": str(number),
        "LEDGER_LIGHT_PERIOD": str(PERIOD),
        "AIRFLOW__CORE__DAGBAG_IMPORT_TIMEOUT": "600",
        "AIRFLOW__SCHEDULER__STALE_DAG_THRESHOLD": "3600",
        "AIRFLOW__DAG_PROCESSOR__STALE_DAG_THRESHOLD": "3600",
        "AIRFLOW__SCHEDULER__CREATE_CRON_DATA_INTERVALS": "True",
    }
    database: Any = "postgres" if binaries() else "sqlite"
    made = []
    for version, side in (("2.11", "source"), ("3.3", "target")):
        dags = folder / f"{side}-dags"
        shutil.copytree(ROOT / "tests/live/seed/dags/marlow", dags / "marlow")
        shutil.copy(ROOT / "tests/live/seed/kinds/many_light.py", dags)
        made.append(RealAirflow(version, folder / side, dags, env=env, parse=120, database=database, say=print))
    return made[0], made[1]


async def measure(
    source_server: RealAirflow, target_server: RealAirflow, folder: Path, number: int, many: int
) -> None:
    """Hand over and print what it took."""
    source = await connect_airflow(source_server.url, login(source_server), rate=None, concurrency=8)
    target = await connect_airflow(
        target_server.url, login(target_server), name="The target", rate=None, concurrency=8
    )
    try:
        for airflow in (source, target):
            await until("all DAGs are parsed", lambda airflow=airflow: has(airflow, number), 1800)
        inventory = await take(source, source_server.url)
        for dag in inventory.dags:
            await source.set_paused(dag.dag_id, False)
        move = Move(source, target, await take(source, source_server.url), folder)
        plan = move.plan(watch_ticks=0, at_once=many, parse_timeout=1800, drain_timeout=1800)
        began = time.monotonic()
        await move.carry(plan, actions_for_cutover(plan, move.inventory, "light", {}))
        took = time.monotonic() - began
        print(f"{number} DAGs, {many} at once: {took:.0f} s, {took / number:.2f} s each")
        moved = await judge(move, source_server, folder, ())
        print(f"every tick of {moved} DAGs exactly once")
    finally:
        for client in (source, target):
            await client.http.aclose()


def main() -> None:
    """Start, measure, stop."""
    number, many = (int(word) for word in (*sys.argv[1:], *("2000", "32")[len(sys.argv) - 1 :]))
    with tempfile.TemporaryDirectory(prefix="astroferry-handover-") as place:
        folder = Path(place)
        source, target = servers(folder, number)
        try:
            source.start_now()
            target.start_now()
            asyncio.run(measure(source, target, folder, number, many))
        finally:
            target.discard_now()
            source.discard_now()


if __name__ == "__main__":
    main()
