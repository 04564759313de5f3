"""Two DAGs from a real Airflow 2.11 to a real 3.3 and back: every tick exactly once, by what their tasks wrote.

The servers are this test's own: its ticks come every half minute, and both sides parse often.
"""

from __future__ import annotations

import asyncio
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest
from tests.live import ledger

from astroferry.carry.context import Context
from astroferry.carry.handover.watch import ticks_of
from astroferry.carry.handover.wave import actions_for_cutover, actions_for_rollback, handovers, standings_from
from astroferry.clients.airflow import Airflow
from astroferry.clients.auth import BasicAuth, BearerAuth
from astroferry.clients.http import Http
from astroferry.model.inventory import Inventory
from astroferry.model.plan import Cutover, Deployment, Plan, Source, Wave
from astroferry.model.secret import Secret
from astroferry.simulator.real import RealAirflow

if TYPE_CHECKING:
    from collections.abc import Iterator

    from astroferry.carry.action import Action
    from astroferry.clients.astro import Astro

CATCHUP, LATEST = "platform_ticks_catchup", "platform_ticks_latest"
SEED = Path(__file__).parent / "seed" / "dags"
SECONDS = 30


def server(version: str, folder: Path, side: str, env: dict[str, str]) -> RealAirflow:
    """One side with the two ledger DAGs and nothing else."""
    dags = folder / f"{side}-dags"
    shutil.copytree(SEED / "marlow", dags / "marlow")
    (dags / "platform").mkdir()
    shutil.copy(SEED / "platform" / "platform_ticks.py", dags / "platform")
    extra = {"LEDGER_SIDE": side, "AIRFLOW__SCHEDULER__CREATE_CRON_DATA_INTERVALS": "True"}
    return RealAirflow(version, folder / side, dags, env={**env, **extra}, parse=20, say=print)


@pytest.fixture
def both(tmp_path: Path) -> Iterator[tuple[RealAirflow, RealAirflow]]:
    start = datetime.now(UTC).replace(second=0, microsecond=0) + timedelta(minutes=1)
    env = {
        "LEDGER": str(tmp_path / "ledger.jsonl"),
        "LEDGER_SCHEDULE": f"* * * * * */{SECONDS}",
        "LEDGER_START": start.isoformat(),
    }
    with server("2.11", tmp_path, "source", env) as source, server("3.3", tmp_path, "target", env) as target:
        yield source, target


async def carry(actions: list[Action], ctx: Context, journal: dict[str, dict[str, Any]]) -> None:
    """What the runner does, one action after the other."""
    for action in actions:
        seen = await action.observe(ctx)
        assert seen.state in {"todo", "done"}, (action.info.id, seen)
        facts = seen.facts
        if seen.state == "todo":
            facts = await action.apply(ctx)
            after = await action.verify(ctx)
            assert after.state == "done", (action.info.id, after)
        journal[action.info.id] = facts
        print(f"{datetime.now(UTC):%H:%M:%S} {action.info.id}: { {k: v for k, v in facts.items() if k != 'ticks'} }")


async def carry_all(actions: list[Action], ctx: Context, journal: dict[str, dict[str, Any]]) -> None:
    """Each DAG's chain beside the other's."""
    chains = [[action for action in actions if f"/{dag}/" in action.info.id] for dag in (CATCHUP, LATEST)]
    await asyncio.gather(*(carry(chain, ctx, journal) for chain in chains))


async def until_ran(source: Airflow, dag_id: str, count: int) -> None:
    for _ in range(600):
        runs = await source.runs(dag_id)
        if sum(run.state == "success" for run in runs) >= count:
            return
        await asyncio.sleep(1)
    raise AssertionError(f"{dag_id} did not run {count} times")


async def test_every_tick_exactly_once_there_and_back(both: tuple[RealAirflow, RealAirflow], tmp_path: Path) -> None:
    real_source, real_target = both
    source_http = Http(real_source.url, auth=BasicAuth("admin", real_source.users["admin"]), name="the source")
    target_http = Http(real_target.url, auth=BearerAuth(Secret(await real_target.token())), name="the target")
    source, target = await Airflow.connect(source_http), await Airflow.connect(target_http)
    try:
        for dag_id in (CATCHUP, LATEST):
            await source.set_paused(dag_id, False)
        inventory = Inventory(
            kind="airflow",
            url=real_source.url,
            airflow_version=source.version,
            taken_at=datetime.now(UTC),
            dags=(await source.dag(CATCHUP), await source.dag(LATEST)),
        )
        for dag_id in (CATCHUP, LATEST):
            await until_ran(source, dag_id, 3)
        plan = Plan(
            name="handover",
            source=Source(real_source.url),
            created=datetime.now(UTC),
            cutover=Cutover(poll=1.0, parse_timeout=180, watch_ticks=3),
            deployments=(Deployment("prod", "ws"),),
            waves=(Wave("one", "prod", "prod"),),
        )

        async def connect(_deployment: str) -> Airflow:
            return target

        async def no_values() -> Any:
            raise AssertionError("a handover needs no secrets")

        ctx = Context(
            plan=plan,
            inventory=inventory,
            folder=tmp_path,
            source=source,
            astro=cast("Astro", None),
            connect_target=connect,
            load_values=no_values,
            tell=print,
            deployments={"prod": "cl1"},
        )
        began = {dag_id: min(run.data_interval_end for run in await source.runs(dag_id) if run.data_interval_end)
                 for dag_id in (CATCHUP, LATEST)}  # fmt: skip
        journal: dict[str, dict[str, Any]] = {}
        cutover = actions_for_cutover(plan, inventory, "one")
        # Stop before the unpausing for two periods: so a gap is sure to open.
        unpause = [f"cutover/one/{dag_id}/unpause-target" for dag_id in (CATCHUP, LATEST)]
        first = [
            action for action in cutover if action.info.id.rsplit("/", 1)[-1] in {"record", "drain-source", "mark"}
        ]
        await carry_all(first, ctx, journal)
        await asyncio.sleep(2.5 * SECONDS)
        rest = [action for action in cutover if action not in first]
        assert {action.info.id for action in rest} >= set(unpause)
        await carry_all(rest, ctx, journal)
        assert journal[f"cutover/one/{LATEST}/gap-target"]["missed"]
        rollback = actions_for_rollback(plan, inventory, "one", standings_from(journal, "one"), watch_ticks=2)
        await carry_all(rollback, ctx, journal)
        for dag_id in (CATCHUP, LATEST):
            assert (await source.dag(dag_id)).is_paused is False
            assert (await target.dag(dag_id)).is_paused is True

        # Everything that finished on the source by now has written its line.
        newest = [(await source.runs(dag_id, states=("success",), limit=1))[0] for dag_id in (CATCHUP, LATEST)]
        until = min(run.data_interval_end for run in newest if run.data_interval_end is not None)
        period = timedelta(seconds=SECONDS)
        expected = {
            dag_id: [
                tick
                for tick in await asyncio.to_thread(
                    ledger.expected_ticks, real_source, dag_id, since=began[dag_id] - period, until=until
                )
                if tick.tick >= began[dag_id]
            ]
            for dag_id in (CATCHUP, LATEST)
        }
        entries = [entry for entry in ledger.read(tmp_path / "ledger.jsonl") if entry.tick and entry.tick <= until]
        found = ledger.compare(entries, expected)
        print(found.table())
        assert found.exactly_once, found
        assert not found.differs, found.differs
        assert {entry.side for entry in entries} == {"source", "target"}

        for handover in handovers(plan, inventory, "one"):
            table = await ticks_of(ctx, handover, began[handover.dag_id] - period, until)
            rows = [row for row in table if not row.marker]
            print(
                *(f"{row.dag_id} {row.tick:%H:%M:%S} {row.side} {row.run_type} {row.state}" for row in rows), sep="\n"
            )
            print("markers:", *(f"{row.tick:%H:%M:%S} on the {row.side}" for row in table if row.marker))
            assert [row.tick for row in rows] == [tick.tick for tick in expected[handover.dag_id]]
    finally:
        await source_http.aclose()
        await target_http.aclose()
