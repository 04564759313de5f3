"""Handing over between real servers in a test: both ends, the plan, the real runner, and the verdict."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

from tests.live import ledger

from astroferry.advice.schedule import is_marker, rows_by_tick
from astroferry.carry.context import Context
from astroferry.carry.journal import Journal
from astroferry.carry.runner import Report, Step, carry_out
from astroferry.clients.airflow import Airflow
from astroferry.clients.connecting import connect_airflow
from astroferry.clients.credentials import SourceLogin
from astroferry.clients.http import Http
from astroferry.clients.starship import log_in
from astroferry.model.inventory import Inventory
from astroferry.model.plan import Cutover, Decisions, Deployment, Plan, Source, Wave

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
    from pathlib import Path

    from astroferry.carry.action import Action
    from astroferry.clients.astro import Astro
    from astroferry.clients.starship import Starship
    from astroferry.simulator.real import RealAirflow

RARE = ("preset", "never_run")
"""kinds whose next tick is too far away to be waited for"""


def login(server: RealAirflow) -> SourceLogin:
    return SourceLogin(username="admin", password=server.users["admin"])


@contextmanager
def running(*servers: RealAirflow) -> Iterator[tuple[RealAirflow, ...]]:
    """All of them started; discarded in the end, the last first, whatever became of them."""
    with ExitStack() as stack:
        for server in servers:
            stack.callback(server.discard_now)
            server.start_now()
        yield servers


async def reached(server: RealAirflow, name: str = "The source") -> Airflow:
    """Connect as admin; to an Airflow 2 by a session, since it hashes a Basic password for every request (80 ms)."""
    if server.is_2:
        http = Http(server.url, name=name, rate=None, concurrency=8, keeps_cookies=True)
        await log_in(http, "admin", server.users["admin"])
        return await Airflow.connect(http)
    return await connect_airflow(server.url, login(server), name=name, rate=None, concurrency=8)


async def until(what: str, check: Any, seconds: int = 300) -> None:
    for _ in range(seconds):
        if await check():
            return
        await asyncio.sleep(1)
    raise AssertionError(f"not within {seconds} s: {what}")


async def take(source: Airflow, url: str, *, only: Collection[str] = ()) -> Inventory:
    """What a handover needs of an inventory; `only` these DAGs, where any are named."""
    ids = [dag.dag_id async for dag in source.dags() if not only or dag.dag_id in only]
    consumes, produces = await source.datasets()
    seen = await asyncio.gather(*(source.dag(dag_id) for dag_id in ids))
    dags = tuple(
        replace(dag, consumes=consumes.get(dag.dag_id, ()), produces=produces.get(dag.dag_id, ())) for dag in seen
    )
    return Inventory("airflow", url, source.version, datetime.now(UTC), dags=dags)


class Move:
    """Both ends, the plan and the journal of one handover, carried out by the real runner."""

    def __init__(
        self,
        source: Airflow,
        target: Airflow,
        inventory: Inventory,
        folder: Path,
        *,
        starship: Starship | None = None,
        starship_there: Starship | None = None,
    ) -> None:
        self.source, self.target, self.inventory, self.folder = source, target, inventory, folder
        self.starship, self.starship_there = starship, starship_there
        self.journal = Journal(folder / "journal.jsonl")

    def plan(self, **cutover: Any) -> Plan:
        names = [dag.dag_id for dag in self.inventory.dags if not dag.dag_id.startswith("light_")]
        kinds = tuple(name for name in names if name not in RARE)
        return Plan(
            name="handover",
            source=Source(self.inventory.url),
            created=datetime.now(UTC),
            decisions=Decisions(airflow="3" if self.target.major >= 3 else "2"),
            cutover=Cutover(
                **{"poll": 2.0, "parse_timeout": 240, "drain_timeout": 400, "at_once": 16, **cutover},
                freeze=("continuous", "overlapping"),
            ),
            deployments=(Deployment("prod", "ws"),),
            waves=(
                Wave("kinds", "prod", "prod", dags=kinds),
                Wave("rare", "prod", "prod", dags=RARE),
                Wave("light", "prod", "prod"),
            ),
        )

    def context(self, plan: Plan, tell: Callable[[str], None] = print) -> Context:
        """What its actions are given."""

        async def connect(_deployment: str) -> Airflow:
            return self.target

        async def starship(deployment: str) -> Starship | None:
            return self.starship_there if deployment else self.starship

        async def no_values() -> Any:
            raise AssertionError("a handover needs no secrets")

        return Context(
            plan=plan,
            inventory=self.inventory,
            folder=self.folder,
            source=self.source,
            astro=cast("Astro", None),
            connect_target=connect,
            load_values=no_values,
            standing=self.journal.standing_of,
            lines=self.journal.lines,
            find_starship=starship,
            tell=tell,
            deployments={"prod": "cl1"},
        )

    async def carry(
        self, plan: Plan, actions: Sequence[Action], *, tell: Callable[[str], None] = print, anew: bool = False
    ) -> Report:
        """Carry them out; `anew`: also those that were done before, since the DAGs have been given back meanwhile."""
        ctx = self.context(plan, tell)
        standings = () if anew else self.journal.standing().items()
        done = frozenset(action for action, standing in standings if standing.event in {"done", "found"})
        report = await carry_out(actions, ctx, self.journal, done=done, follow=told, at_once=plan.cutover.at_once)
        assert not report.failed, report.failed
        return report


def told(step: Step, done: int, total: int) -> None:
    if step.outcome not in {"done", "found"} or not step.info.id.split("/")[2].startswith("light_"):
        print(f"{datetime.now(UTC):%H:%M:%S} {done}/{total} {step.info.id}: {step.outcome} {step.why}")


async def has(airflow: Airflow, count: int) -> bool:
    return await airflow.count_dags() >= count


async def ran(airflow: Airflow, dag_id: str, times: int) -> bool:
    return len(await airflow.runs(dag_id, states=("success",))) >= times


async def judge(
    move: Move,
    real_source: RealAirflow,
    folder: Path,
    timed: Collection[str],
    *,
    slow: Mapping[str, timedelta] | None = None,
) -> int:
    """Ledger and rows of both sides against what Airflow's own timetables in the source's environment expect.

    `timed`: the DAGs that write into the ledger; of others (light_...) only the rows are counted. `slow`: how long a
    DAG's task takes before it writes, where that is more than moments. Gives how many were handed over.
    """
    rows: dict[str, list[tuple[str, Any]]] = {}
    since: dict[str, datetime] = {}
    for side, airflow in (("source", move.source), ("target", move.target)):
        found_runs = await asyncio.gather(*(airflow.runs(dag.dag_id, limit=1000) for dag in move.inventory.dags))
        for dag, runs in zip(move.inventory.dags, found_runs, strict=True):
            for run in runs:
                rows.setdefault(dag.dag_id, []).append((side, run))
                # A DAG may have been handed over before its first tick, so either side's first run counts.
                if run.run_type == "scheduled" and run.logical_date and not is_marker(run):
                    since[dag.dag_id] = min(since.get(dag.dag_id, run.logical_date), run.logical_date)
    counted = [dag_id for dag_id in rows if dag_id in timed or dag_id.startswith("light_")]
    # Whatever was due a minute and a half ago has run by now.
    end = datetime.now(UTC) - timedelta(seconds=90)
    expected = await asyncio.to_thread(
        ledger.expected_of_many, real_source, {dag_id: since[dag_id] for dag_id in counted if dag_id in since}, end
    )
    once, twice, missed, markers = 0, [], [], 0
    for dag_id in expected:
        real = [run for _, run in rows[dag_id] if not is_marker(run)]
        ran = Counter(tick for run in real for tick in rows_by_tick([run]) if tick <= end)
        markers += len(rows[dag_id]) - len(real)
        due = {tick.tick for tick in expected[dag_id]}
        once += sum(ran[tick] == 1 for tick in due)
        twice += [(dag_id, tick) for tick in ran if ran[tick] > 1 or tick not in due]
        missed += [(dag_id, tick) for tick in due if not ran[tick]]
    written = {dag_id: end - (slow or {}).get(dag_id, timedelta()) for dag_id in timed}
    entries = [
        entry
        for entry in ledger.read(folder / "ledger.jsonl")
        if entry.tick is None or entry.tick <= written.get(entry.dag, end)
    ]
    found = ledger.compare(
        entries,
        {
            dag_id: [tick for tick in ticks if tick.tick <= written[dag_id]]
            for dag_id, ticks in expected.items()
            if dag_id in timed
        },
    )
    print(found.table())
    moved = sum(1 for dag_id in expected if any(side == "target" for side, _ in rows[dag_id]))
    print(f"{moved} DAGs handed over; by the rows: {once} ticks once, {len(twice)} twice or unexpected, "
          f"{len(missed)} missed, {markers} markers")  # fmt: skip
    assert found.exactly_once, (found.missing, found.twice, found.unexpected)
    assert not found.differs, found.differs
    assert (twice, missed) == ([], [])
    if timed:
        assert {entry.side for entry in entries} == {"source", "target"}
    return moved
