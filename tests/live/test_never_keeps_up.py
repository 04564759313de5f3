"""A DAG whose runs outlast its period and take turns, on real servers: what falls between is run, and that ends.

Each of its runs takes 75 s, a tick comes each minute. What fell between the sides is run on purpose, one by one; the
ticks that come due meanwhile find no room, and are listed. Nothing runs twice, and no two runs at once.
"""

from __future__ import annotations

import asyncio
import shutil
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from tests.live import ledger
from tests.live.moving import Move, has, ran, reached, running, take, until
from tests.live.seeding import SEED

from astroferry.carry.handover.ends import Handover
from astroferry.carry.handover.watch import tally, ticks_of
from astroferry.carry.handover.wave import actions_for_cutover, actions_for_rollback, standings_of
from astroferry.simulator.real import RealAirflow

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# By hand: it lasts a quarter of an hour, most of it waiting.
pytestmark = pytest.mark.long
TAKES = timedelta(seconds=75)
DAG = f"""
import os, time
from datetime import datetime, timezone
from airflow.providers.standard.operators.python import PythonOperator
from marlow import ledger
from marlow.compat import DAG

def write(**context):
    time.sleep({TAKES.seconds})
    ledger.write(**context)

with DAG("saturated", schedule="* * * * *", start_date=datetime.fromisoformat(os.environ["LEDGER_START"]),
         catchup=False, max_active_runs=1, default_args={{"owner": "platform"}}) as dag:
    PythonOperator(task_id="write", python_callable=write)
"""


@pytest.fixture(params=["3.3", "2.11"])
def both(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[tuple[RealAirflow, RealAirflow]]:
    env = {
        "LEDGER": str(tmp_path / "ledger.jsonl"),
        "LEDGER_START": datetime.now(UTC).replace(second=0, microsecond=0).isoformat(),
        "AIRFLOW__SCHEDULER__CREATE_CRON_DATA_INTERVALS": "True",
    }
    made = []
    for version, side in (("2.11", "source"), (request.param, "target")):
        dags = tmp_path / f"{side}-dags"
        shutil.copytree(SEED / "dags" / "marlow", dags / "marlow", ignore=shutil.ignore_patterns("__pycache__"))
        (dags / "saturated.py").write_text(DAG)
        here = {**env, "LEDGER_SIDE": side}
        made.append(RealAirflow(version, tmp_path / side, dags, env=here, parse=10, say=print))
    with running(*made) as (source, target):
        yield source, target


async def test_what_fell_between_is_run_and_comes_to_an_end(
    both: tuple[RealAirflow, RealAirflow], tmp_path: Path
) -> None:
    real_source, real_target = both
    source, target = await reached(real_source), await reached(real_target, "The target")
    try:
        for airflow in (source, target):
            await until("the DAG is parsed", lambda airflow=airflow: has(airflow, 1))
        await source.set_paused("saturated", False)
        await until("it ran", lambda: ran(source, "saturated", 1))
        move = Move(source, target, await take(source, real_source.url), tmp_path)
        # It is idle for a moment only, between two runs.
        plan = move.plan(watch_ticks=1, drain_timeout=1500, poll=0.5)
        actions = actions_for_cutover(plan, move.inventory, "kinds", {})
        await move.carry(plan, actions[:3])
        await asyncio.sleep(150)
        for way in ("cutover", "rollback"):
            standings = standings_of(move.journal, "kinds")
            if way == "rollback":
                actions = actions_for_rollback(plan, move.inventory, "kinds", standings)
                # Between its pause there and its unpausing here ticks come due again.
                await move.carry(plan, actions[:2])
                await asyncio.sleep(150)
            await move.carry(plan, actions)
            side = "target" if way == "cutover" else "source"
            made = move.journal.standing()[f"{way}/kinds/saturated/gap-{side}"].made
            print(way, made)
            assert made["missed"]
            assert made["crowded"]
        entries = [entry for entry in ledger.read(tmp_path / "ledger.jsonl") if entry.tick is not None]
        times = Counter(entry.tick for entry in entries)
        assert {tick: count for tick, count in times.items() if count > 1} == {}
        written = sorted(entry.written_at for entry in entries)
        assert all(later - earlier >= TAKES for earlier, later in pairwise(written)), written
        # Whatever ran on neither side was listed, or passed over by the DAG itself.
        standing = standings_of(move.journal, "kinds")["saturated"]
        handover = Handover("saturated", "kinds", "prod", standing)
        ctx = move.context(plan)
        counted = tally(ctx, handover, await ticks_of(ctx, handover, standing.at, datetime.now(UTC)))
        print(counted)
        assert (counted.twice, counted.missed) == ((), ())
        assert counted.listed
    finally:
        for client in (source, target):
            await client.http.aclose()
