"""Between two real 2.11, and between two 3.3, there and back: every tick once, of the kinds with ticks.

Asserted by ledger and rows. All kinds go there by hand (`test_handover.py`). On an Airflow 2 Starship sets the
boundary. It writes its rows only on PostgreSQL (see `clients/starship.py`); where this machine has none, only the
DAGs without catchup are moved between two 2.11, which need no Starship.
"""

from __future__ import annotations

import asyncio
import shutil
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from tests.live.moving import Move, has, judge, login, ran, reached, running, take, until
from tests.live.seeding import SEED

from astroferry.carry.handover.wave import actions_for_cutover, actions_for_rollback, standings_of
from astroferry.clients.connecting import connect_starship
from astroferry.simulator.real import RealAirflow
from astroferry.simulator.real.postgres import binaries

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LATEST = ("cron_latest", "trigger_latest", "delta_latest")
ALL = ("cron_all", "trigger_all", "delta_all", "delta_odd_all", "past_all")


@pytest.fixture(params=["2.11", pytest.param("3.3", marks=pytest.mark.long)])
def both(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[tuple[RealAirflow, RealAirflow]]:
    start = datetime.now(UTC).replace(second=0, microsecond=0) + timedelta(minutes=1)
    env = {
        "LEDGER": str(tmp_path / "ledger.jsonl"),
        "LEDGER_START": start.isoformat(),
        "AIRFLOW__CORE__PARALLELISM": "8",
        "AIRFLOW__SCHEDULER__CREATE_CRON_DATA_INTERVALS": "True",
        "AIRFLOW__SCHEDULER__CREATE_DELTA_DATA_INTERVALS": "True",
    }
    database: Any = "postgres" if binaries() else "sqlite"
    made = []
    for side in ("source", "target"):
        dags = tmp_path / f"{side}-dags"
        shutil.copytree(SEED / "dags" / "marlow", dags / "marlow", ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(SEED / "kinds" / "every_kind.py", dags)
        here = {**env, "LEDGER_SIDE": side}
        made.append(
            RealAirflow(request.param, tmp_path / side, dags, env=here, parse=10, database=database, say=print)
        )
    with running(*made) as (source, target):
        yield source, target


async def test_every_tick_once_there_and_back(both: tuple[RealAirflow, RealAirflow], tmp_path: Path) -> None:
    real_source, real_target = both
    source, target = await reached(real_source), await reached(real_target, "The target")
    by_starship = real_source.is_2 and bool(binaries())
    here = await connect_starship(source, login(real_source)) if by_starship else None
    there = await connect_starship(target, login(real_target)) if by_starship else None
    moving = LATEST + (ALL if by_starship or not real_source.is_2 else ())
    try:
        for airflow in (source, target):
            await until("the DAGs are parsed", lambda airflow=airflow: has(airflow, len(moving)))
        for dag_id in moving:
            await source.set_paused(dag_id, False)
        for dag_id in moving:
            await until(f"{dag_id} ran", lambda dag_id=dag_id: ran(source, dag_id, 2))
        inventory = await take(source, real_source.url, only=moving)
        move = Move(source, target, inventory, tmp_path, starship=here, starship_there=there)
        plan = move.plan(watch_ticks=1)
        actions = actions_for_cutover(plan, inventory, "kinds", {})
        first = [one for one in actions if one.info.id.rsplit("/", 1)[1] in {"record", "drain-source", "mark"}]
        await move.carry(plan, first)
        # A gap opens for those that do not catch up.
        await asyncio.sleep(70)
        await move.carry(plan, actions)
        await move.carry(plan, actions_for_rollback(plan, inventory, "kinds", standings_of(move.journal, "kinds")))
        assert await judge(move, real_source, tmp_path, moving) == len(moving)
    finally:
        for client in (source, target, here, there):
            if client is not None:
                await client.http.aclose()
