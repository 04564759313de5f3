"""A DAG of every kind, and 175 light ones, from a real Airflow 2.11 to a real 3.3; the kinds also back again.

Every tick exactly once: by what tasks wrote into the ledger, and by both servers' rows, markers apart. The servers
are this test's own, on PostgreSQL where this machine has it. The kinds go to another 2.11 and back too, by hand
(`make handovers`): there Starship sets the boundary, which it does on PostgreSQL only (`clients/starship.py`).
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import zoneinfo
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from tests.live import ledger
from tests.live.moving import Move, has, judge, login, ran, reached, running, take, until
from tests.live.seeding import SEED
from tests.live.zonefile import write_zone

from astroferry.carry.handover.beforehand import left_there, started_by_datasets, waiting_events
from astroferry.carry.handover.wave import actions_for_cutover, actions_for_rollback, refusals, standings_of
from astroferry.clients.connecting import connect_starship
from astroferry.model.cutover import GAP_PREFIX
from astroferry.simulator.real import RealAirflow
from astroferry.simulator.real.postgres import binaries

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from astroferry.clients.airflow import Airflow


LIGHT = 175
KINDS = 27
"""DAGs of the seed's `every_kind.py`, `back.py` and `refused.py`"""
EVENTS = "s3://marlow/kinds/events"
TIMED = (
    "cron_all", "cron_latest", "trigger_all", "trigger_latest", "delta_all", "delta_latest", "delta_odd_all",
    "past_all", "past_latest", "one_at_a_time", "one_latest", "overlapping", "failing", "ended", "preset", "producer",
    "forward", "back",
)  # fmt: skip
"""kinds whose ticks Airflow's own timetables enumerate, and which run within the test"""
ENOUGH = ("cron_all", "cron_latest", "trigger_all", "delta_all", "delta_odd_all", "past_latest", "forward", "back")
"""DAGs that must have run on the source before anything moves"""
LATE = ("cron_all", "cron_latest", "trigger_latest", "delta_latest", "past_all", "past_latest", "one_latest")
"""DAGs that lie paused on both sides while the light ones move, so that a gap opens"""


GAP = timedelta(minutes=3)
SLOW = {"overlapping": timedelta(seconds=150), "one_latest": timedelta(seconds=15)}
"""tasks that write after so long"""
LEFT = {
    "market_days": "its own timetable class decides when it runs",
    "monthly": "it runs each relativedelta(months=1), which is no fixed step",
}
"""DAGs that are refused, each with its reason as the real server's answer gives it"""


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


@pytest.fixture(params=["3.3", pytest.param("2.11", marks=pytest.mark.long)])
def both(
    tmp_path: Path, zones: str, request: pytest.FixtureRequest
) -> Iterator[tuple[RealAirflow, RealAirflow, int]]:
    """Source, target, and how many light DAGs both have."""
    light = LIGHT if request.param == "3.3" else 0
    start = datetime.now(UTC).replace(second=0, microsecond=0) + timedelta(minutes=1)
    env = {
        "LEDGER": str(tmp_path / "ledger.jsonl"),
        "LEDGER_START": start.isoformat(),
        "LEDGER_LIGHT": str(light),
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
    for version, side in (("2.11", "source"), (request.param, "target")):
        dags = tmp_path / f"{side}-dags"
        shutil.copytree(SEED / "dags" / "marlow", dags / "marlow", ignore=shutil.ignore_patterns("__pycache__"))
        for file in (SEED / "kinds").glob("*.py"):
            shutil.copy(file, dags)
        here = {**env, "LEDGER_SIDE": side}
        made.append(
            RealAirflow(
                version,
                tmp_path / side,
                dags,
                plugins_folder=SEED / "plugins",
                env=here,
                parse=20,
                database=database,
                say=print,
            )
        )
    with running(*made) as (source, target):
        yield source, target, light


async def waits(source: Airflow, started: Sequence[str], expected: dict[str, list[str]]) -> bool:
    """Whether just these events wait."""
    found = await waiting_events(source, started)
    return {dag_id: [event.uri for event in events] for dag_id, events in found.items()} == expected


async def test_every_tick_of_every_kind_exactly_once(
    both: tuple[RealAirflow, RealAirflow, int], tmp_path: Path
) -> None:
    real_source, real_target, count_light = both
    assert real_target.version == "3.3" or binaries(), "Starship writes its rows on PostgreSQL only"
    source, target = await reached(real_source), await reached(real_target, "The target")
    starship = await connect_starship(source, login(real_source)) if binaries() else None
    there = await connect_starship(target, login(real_target)) if real_target.is_2 else None
    try:
        count = count_light + KINDS
        for airflow in (source, target):
            await until("all DAGs are parsed", lambda airflow=airflow: has(airflow, count), 600)
        ids = [dag.dag_id async for dag in source.dags()]
        await asyncio.gather(*(source.set_paused(dag_id, False) for dag_id in ids if dag_id != "left_paused"))
        said(f"unpaused {len(ids) - 1} DAGs")
        for dag_id in ENOUGH:
            times = 2 if dag_id not in {"forward", "back", "past_latest"} else 1
            await until(f"{dag_id} ran", lambda dag_id=dag_id, times=times: ran(source, dag_id, times), 600)
        said("they have run on the source")
        inventory = await take(source, real_source.url)
        move = Move(source, target, inventory, tmp_path, starship=starship, starship_there=there)
        plan, light = move.plan(watch_ticks=1), move.plan(watch_ticks=0, at_once=count)
        left = {finding.subject: finding.message for finding in refusals(plan, inventory, "kinds")}
        assert left.keys() == LEFT.keys()
        assert all(LEFT[dag_id] in message for dag_id, message in left.items()), left

        # What waits for another dataset is listed before anything is paused.
        started = started_by_datasets(plan, inventory, inventory.dags)
        # That of the consumer is one for a moment, until the scheduler makes a run of it.
        await until("only half_waiting waits", lambda: waits(source, started, {"half_waiting": [EVENTS]}), 120)

        # Some lie paused on both sides for minutes, while all the light ones move.
        kinds = actions_for_cutover(plan, inventory, "kinds", {})
        late = {f"cutover/kinds/{dag_id}/{step}" for dag_id in LATE for step in ("record", "drain-source", "mark")}
        killed = asyncio.create_task(_kill_scheduler(real_target))
        await move.carry(
            light,
            [
                *(action for action in kinds if action.info.id in late),
                *actions_for_cutover(light, inventory, "rare", {}),
                *actions_for_cutover(light, inventory, "light", {}),
            ],
        )
        await killed
        if not count_light:
            # No light ones take the time in which a gap opens for those that lie paused on both sides.
            await asyncio.sleep(GAP.total_seconds())
        said("the light ones have moved")
        standings = standings_of(move.journal, "kinds")
        await move.carry(plan, actions_for_cutover(plan, inventory, "kinds", standings))
        said("the kinds have moved")
        facts = {action: standing.made for action, standing in move.journal.standing().items()}
        assert facts["cutover/kinds/cron_latest/gap-target"]["missed"]
        # Frozen by the plan's choice: a run whose task was not queued yet stands half-way, and is named with it.
        drained = facts["cutover/kinds/continuous/drain-source"]
        left_half = drained.get("left", {})
        assert drained.get("frozen", []) == list(left_half)
        assert all(tasks in (["write"], ["all tasks"]) for tasks in left_half.values()), left_half
        assert facts["cutover/kinds/half_waiting/record"]["queued_events"] == [EVENTS]
        assert facts["cutover/kinds/half_waiting/watch-target"]["queued_events"] == [EVENTS]
        assert left_there(move.journal).keys() == ({"prod"} if real_target.is_2 else set())
        assert (await target.dag("once")).is_paused
        assert (await target.dag("left_paused")).is_paused

        back = actions_for_rollback(plan, inventory, "kinds", standings_of(move.journal, "kinds"))
        rare = standings_of(move.journal, "rare")
        await move.carry(plan, [*back, *actions_for_rollback(light, inventory, "rare", rare, watch_ticks=0)])
        said("the kinds are back")
        for dag_id in (*TIMED, "by_hand", "continuous", "consumer", "half_waiting", "once"):
            assert (await source.dag(dag_id)).is_paused is False, dag_id
            assert (await target.dag(dag_id)).is_paused is True, dag_id
        assert await judge(move, real_source, tmp_path, TIMED, slow=SLOW) >= count_light + 15
        entries = ledger.read(tmp_path / "ledger.jsonl")
        assert [entry.side for entry in entries if entry.dag == "once"] == ["source"]
        # Runs of @continuous follow one another, whichever side they were on.
        ends = [entry.data_interval_end for entry in entries if entry.dag == "continuous"]
        assert len(ends) == len(set(ends))
        # Where one run may be under way none overlaps another, whoever started it: each sleeps, then writes.
        assert facts["cutover/kinds/one_latest/gap-target"]["missed"]
        turns = [entry for entry in entries if entry.dag == "one_latest"]
        assert any(entry.run_id.startswith(GAP_PREFIX) for entry in turns)
        written = sorted(entry.written_at for entry in turns)
        assert all(later - earlier >= SLOW["one_latest"] for earlier, later in pairwise(written)), written
    finally:
        for client in (source, target, starship, there):
            if client is not None:
                await client.http.aclose()


def said(line: str) -> None:
    print(f"{datetime.now(UTC):%H:%M:%S} {line}", flush=True)


async def _kill_scheduler(server: RealAirflow) -> None:
    await asyncio.sleep(20)
    os.kill(server.pids["scheduler"], signal.SIGKILL)
    said("the target's scheduler was killed")
