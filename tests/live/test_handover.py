"""A DAG of every kind, and 175 light ones, from a real Airflow 2.11 to a real 3.3; the kinds also back again.

Every tick exactly once: by what tasks wrote into the ledger, and by both servers' rows, markers apart. The servers
are this test's own, on PostgreSQL where this machine has it.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import zoneinfo
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from tests.live import ledger
from tests.live.moving import Move, has, judge, login, ran, take, until
from tests.live.seeding import SEED
from tests.live.zonefile import write_zone

from astroferry.carry.handover.wave import actions_for_cutover, actions_for_rollback, refusals, standings_of
from astroferry.clients.connecting import connect_airflow, connect_starship
from astroferry.simulator.real import RealAirflow
from astroferry.simulator.real.postgres import binaries

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


LIGHT = 175
KINDS = 23
"""DAGs of the seed's `every_kind.py` and `back.py`"""
TIMED = (
    "cron_all", "cron_latest", "trigger_all", "trigger_latest", "delta_all", "delta_latest", "delta_odd_all",
    "past_all", "past_latest", "one_at_a_time", "overlapping", "failing", "ended", "preset", "producer", "forward",
    "back",
)  # fmt: skip
"""kinds whose ticks Airflow's own timetables enumerate, and which run within the test"""
ENOUGH = ("cron_all", "cron_latest", "trigger_all", "delta_all", "delta_odd_all", "past_latest", "forward", "back")
"""DAGs that must have run on the source before anything moves"""
LATE = ("cron_all", "cron_latest", "trigger_latest", "delta_latest", "past_all", "past_latest")
"""DAGs that lie paused on both sides while the light ones move, so that a gap opens"""


@pytest.fixture
def zones(tmp_path: Path) -> Iterator[str]:
    """Two zones whose clocks go three minutes forward and back, some minutes from now; where they are found."""
    at = datetime.now(UTC).replace(second=0, microsecond=0) + timedelta(minutes=6)
    noon = timedelta(hours=12) - timedelta(hours=at.hour, minutes=at.minute)
    three = timedelta(minutes=3)
    write_zone(tmp_path / "zones", "Antarctica/Troll", before=noon, after=noon + three, at=at)
    write_zone(tmp_path / "zones", "Antarctica/Vostok", before=noon, after=noon - three, at=at)
    system = zoneinfo.TZPATH
    zoneinfo.reset_tzpath(to=[str(tmp_path / "zones"), *system])
    zoneinfo.ZoneInfo.clear_cache()
    print(f"the clocks change at {at:%H:%M} UTC")
    yield os.pathsep.join(zoneinfo.TZPATH)
    zoneinfo.reset_tzpath(to=system)
    zoneinfo.ZoneInfo.clear_cache()


@pytest.fixture
def both(tmp_path: Path, zones: str) -> Iterator[tuple[RealAirflow, RealAirflow]]:
    start = datetime.now(UTC).replace(second=0, microsecond=0) + timedelta(minutes=1)
    env = {
        "LEDGER": str(tmp_path / "ledger.jsonl"),
        "LEDGER_START": start.isoformat(),
        "LEDGER_LIGHT": str(LIGHT),
        "PYTHONTZPATH": zones,
        "AIRFLOW__CORE__PARALLELISM": "10",
        # On a busy machine a large file takes longer than the 50 s after which its DAGs count as gone.
        "AIRFLOW__SCHEDULER__STALE_DAG_THRESHOLD": "1800",
        "AIRFLOW__DAG_PROCESSOR__STALE_DAG_THRESHOLD": "1800",
        "AIRFLOW__SCHEDULER__CREATE_CRON_DATA_INTERVALS": "True",
        "AIRFLOW__SCHEDULER__CREATE_DELTA_DATA_INTERVALS": "True",
    }
    database: Any = "postgres" if binaries() else "sqlite"
    made = []
    for version, side in (("2.11", "source"), ("3.3", "target")):
        dags = tmp_path / f"{side}-dags"
        shutil.copytree(SEED / "dags" / "marlow", dags / "marlow", ignore=shutil.ignore_patterns("__pycache__"))
        for file in (SEED / "kinds").glob("*.py"):
            shutil.copy(file, dags)
        here = {**env, "LEDGER_SIDE": side}
        made.append(RealAirflow(version, tmp_path / side, dags, env=here, parse=20, database=database, say=print))
    source, target = made
    try:
        source.start_now()
        target.start_now()
        yield source, target
    finally:
        target.discard_now()
        source.discard_now()


@pytest.mark.long
async def test_every_tick_of_every_kind_exactly_once(both: tuple[RealAirflow, RealAirflow], tmp_path: Path) -> None:
    real_source, real_target = both
    source = await connect_airflow(real_source.url, login(real_source), rate=None)
    target = await connect_airflow(real_target.url, login(real_target), name="The target", rate=None)
    starship = await connect_starship(source, login(real_source)) if binaries() else None
    try:
        count = LIGHT + KINDS
        for airflow in (source, target):
            await until("all DAGs are parsed", lambda airflow=airflow: has(airflow, count))
        ids = [dag.dag_id async for dag in source.dags()]
        for dag_id in ids:
            if dag_id != "left_paused":
                await source.set_paused(dag_id, False)
        print(f"{datetime.now(UTC):%H:%M:%S} unpaused {len(ids) - 1} DAGs")
        for dag_id in ENOUGH:
            await until(
                f"{dag_id} ran",
                lambda dag_id=dag_id: ran(source, dag_id, 2 if dag_id not in {"forward", "back"} else 1),
            )
        move = Move(source, target, await take(source, real_source.url), tmp_path, starship=starship)
        assert refusals(move.plan(), move.inventory, "kinds") == ()

        # Some lie paused on both sides for minutes, while all the light ones move.
        plan = move.plan(watch_ticks=2)
        kinds = actions_for_cutover(plan, move.inventory, "kinds", {})
        late = {f"cutover/kinds/{dag_id}/{step}" for dag_id in LATE for step in ("record", "drain-source", "mark")}
        await move.carry(plan, [action for action in kinds if action.info.id in late])
        light = move.plan(watch_ticks=0)
        await move.carry(light, actions_for_cutover(light, move.inventory, "rare", {}))
        killed = asyncio.create_task(_kill_scheduler(real_target))
        await move.carry(light, actions_for_cutover(light, move.inventory, "light", {}))
        await killed
        standings = standings_of(move.journal, "kinds")
        await move.carry(plan, actions_for_cutover(plan, move.inventory, "kinds", standings))
        facts = {action: standing.made for action, standing in move.journal.standing().items()}
        assert facts["cutover/kinds/cron_latest/gap-target"]["missed"]
        assert facts["cutover/kinds/continuous/drain-source"].get("frozen", []) == []
        assert (await target.dag("once")).is_paused
        assert (await target.dag("left_paused")).is_paused

        standings = standings_of(move.journal, "kinds")
        await move.carry(plan, actions_for_rollback(plan, move.inventory, "kinds", standings))
        await move.carry(
            light,
            actions_for_rollback(light, move.inventory, "rare", standings_of(move.journal, "rare"), watch_ticks=0),
        )
        for dag_id in (*TIMED, "by_hand", "continuous", "consumer", "once"):
            assert (await source.dag(dag_id)).is_paused is False, dag_id
            assert (await target.dag(dag_id)).is_paused is True, dag_id
        assert await judge(move, real_source, tmp_path, TIMED) >= 190
        entries = ledger.read(tmp_path / "ledger.jsonl")
        assert [entry.side for entry in entries if entry.dag == "once"] == ["source"]
        # Runs of @continuous follow one another, whichever side they were on.
        ends = [entry.data_interval_end for entry in entries if entry.dag == "continuous"]
        assert len(ends) == len(set(ends))
    finally:
        for client in (source, target, starship):
            if client is not None:
                await client.http.aclose()


async def _kill_scheduler(server: RealAirflow) -> None:
    await asyncio.sleep(20)
    os.kill(server.pids["scheduler"], signal.SIGKILL)
    print(f"{datetime.now(UTC):%H:%M:%S} the target's scheduler was killed")
