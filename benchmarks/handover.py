"""How long many handovers take between a real Airflow 2.11 and a real 3.3, and whether every tick ran exactly once.

Run: python -m benchmarks.handover [number of DAGs, 500] [ways, 4] [DAGs at once, 64]

It starts both servers (on PostgreSQL where this machine has it), lets them run, and moves all DAGs there, back,
there, and back: 500 DAGs and four ways are 2,000 handovers. Then it counts the rows of both sides against Airflow's
own timetables.

Recorded on 2026-11-26, two cores, live tests and helpers beside it (load 5 to 20): 500 DAGs, four ways, 2,000
handovers in 5,959 s (2,119, 1,572, 1,124 and 1,143 s): 2,186 ticks once, 0 twice, 0 missed, 1,704 markers. Earlier,
with less beside it: 60 DAGs, four ways, 240 handovers in 346 s, every tick exactly once.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.live.moving import Move, has, judge, reached, take, until

from astroferry.carry.handover.wave import actions_for_cutover, actions_for_rollback, standings_of
from astroferry.simulator.real import RealAirflow
from astroferry.simulator.real.postgres import binaries

if TYPE_CHECKING:
    from astroferry.clients.airflow import Airflow
    from astroferry.model.plan import Plan

ROOT = Path(__file__).resolve().parent.parent
PERIOD = 30
"""minutes between two ticks of a DAG; the DAGs' minutes differ"""
IN_A_FILE = 100


def servers(folder: Path, number: int) -> tuple[RealAirflow, RealAirflow]:
    """Both sides with so many light DAGs, not started."""
    start = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(minutes=2 * PERIOD)
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
    files = -(-number // IN_A_FILE)
    made = []
    for version, side in (("2.11", "source"), ("3.3", "target")):
        dags = folder / f"{side}-dags"
        shutil.copytree(ROOT / "tests/live/seed/dags/marlow", dags / "marlow")
        for part in range(files):
            shutil.copy(ROOT / "tests/live/seed/kinds/many_light.py", dags / f"many_light_{part}_of_{files}.py")
        made.append(RealAirflow(version, folder / side, dags, env=env, parse=60, database=database, say=say))
    return made[0], made[1]


def say(line: str) -> None:
    """With the time and the machine's load beside it."""
    print(f"{datetime.now(UTC):%H:%M:%S} (load {os.getloadavg()[0]:.1f}) {line}", flush=True)


async def have_run(source: Airflow, number: int) -> bool:
    """Whether there are as many finished runs as DAGs: each has one tick behind it when it is unpaused."""
    answer = await source.http.json("GET", "/api/v1/dags/~/dagRuns", params={"limit": 1, "state": "success"})
    return bool(answer["total_entries"] >= number)


async def measure(
    source_server: RealAirflow, target_server: RealAirflow, folder: Path, *, number: int, ways: int, many: int
) -> None:
    """Hand over and print what it took."""
    source, target = await reached(source_server), await reached(target_server, "The target")
    try:
        for airflow in (source, target):
            await until("all DAGs are parsed", lambda airflow=airflow: has(airflow, number), 1800)
        say(f"{number} DAGs are parsed on both sides")
        ids = [dag.dag_id async for dag in source.dags()]
        await asyncio.gather(*(source.set_paused(dag_id, False) for dag_id in ids))
        say("all are unpaused on the source")
        await until("every DAG has run there", lambda: have_run(source, number), 1800)
        say("every DAG has run there")
        move = Move(source, target, await take(source, source_server.url), folder)
        plan = move.plan(watch_ticks=0, at_once=many, parse_timeout=1800, drain_timeout=1800, poll=10.0)
        total = 0.0
        for way in range(1, ways + 1):
            took = await move_all(move, plan, back=way % 2 == 0)
            total += took
            say(f"way {way} of {ways}: {number} handovers in {took:.0f} s, {took / number:.2f} s each")
        moved = await judge(move, source_server, folder, ())
        say(f"{number * ways} handovers of {moved} DAGs, {many} at once, in {total:.0f} s: every tick exactly once")
    finally:
        for client in (source, target):
            await client.http.aclose()


async def move_all(move: Move, plan: Plan, *, back: bool) -> float:
    """One way of the whole wave; how many seconds it took."""
    ended = 0

    def tell(line: str) -> None:
        nonlocal ended
        if ": unpaused on the " in line:
            ended += 1
            if ended % 50 == 0:
                say(f"{ended}{line[line.index(':') :]}")

    standings = standings_of(move.journal, "light", given_back=back)
    actions = (
        actions_for_rollback(plan, move.inventory, "light", standings, watch_ticks=0)
        if back
        else actions_for_cutover(plan, move.inventory, "light", standings)
    )
    began = time.monotonic()
    await move.carry(plan, actions, tell=tell, anew=True)
    return time.monotonic() - began


def main() -> None:
    """Start, measure, stop."""
    number, ways, many = (int(word) for word in (*sys.argv[1:], *("500", "4", "64")[len(sys.argv) - 1 :]))
    with tempfile.TemporaryDirectory(prefix="astroferry-handover-") as place:
        folder = Path(place)
        source, target = servers(folder, number)
        try:
            source.start_now()
            target.start_now()
            asyncio.run(measure(source, target, folder, number=number, ways=ways, many=many))
        finally:
            target.discard_now()
            source.discard_now()


if __name__ == "__main__":
    main()
