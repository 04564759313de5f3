"""A small model of two Airflow servers, as they were measured, with one DAG and a clock that only moves when asked.

It counts ticks by plain division, not by our cron arithmetic, so that one can contradict the other.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

from astroferry.carry.context import Context
from astroferry.clients.airflow_seen import TaskSeen
from astroferry.errors import ConflictError, NotFoundError, RequestFailedError
from astroferry.model.inventory import Dag, Inventory, Run, Schedule
from astroferry.model.plan import Cutover, Deployment, Plan, Source, Wave

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from astroferry.clients.airflow import Airflow
    from astroferry.clients.astro import Astro

START = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
DAG = "d"


class CrashError(Exception):
    """Our process was killed here."""


@dataclass
class SteppedClock:
    """Time passes in seconds while somebody sleeps; each second the servers do a round."""

    moment: datetime = START
    everyone: list[Server] = field(default_factory=list)

    def now(self) -> datetime:
        return self.moment

    async def sleep(self, seconds: float) -> None:
        self.pass_by(seconds)

    def pass_by(self, seconds: float) -> None:
        for _ in range(max(1, round(seconds))):
            self.moment += timedelta(seconds=1)
            for server in self.everyone:
                server.round()


@dataclass
class Server:
    """One Airflow: `major` 2 or 3, with one cron DAG of the given period (whole minutes)."""

    side: str
    major: int
    clock: SteppedClock
    minutes: int
    catchup: bool
    start: datetime = START
    is_paused: bool = True
    seconds_per_run: int = 3
    parse_every: int = 7
    slips: int = 0
    depends_on_past: bool = False
    present: bool = True
    end: datetime | None = None
    rows: dict[str, Run] = field(default_factory=dict)
    ledger: list[tuple[datetime, str, datetime | None]] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    crash_at: Callable[[], bool] = lambda: False
    next_start: datetime | None = None
    backfilled: dict[int, set[str]] = field(default_factory=dict)
    alive: bool = True
    open: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.clock.everyone.append(self)
        self.url = f"http://{self.side}"
        self.period = timedelta(minutes=self.minutes)
        self.parse()

    # What the scheduler and the parser do

    def _floor(self, moment: datetime) -> datetime:
        return moment - (moment - datetime(2026, 11, 22, tzinfo=UTC)) % self.period

    def _following(self, last_end: datetime | None) -> datetime:
        first = self._floor(self.start - timedelta(microseconds=1)) + self.period
        if not self.catchup:
            first = max(first, self._floor(self.clock.now()) - self.period)
        return first if last_end is None else max(first, last_end)

    def parse(self) -> None:
        ends = [run.data_interval_end for run in self.rows.values() if run.run_type in {"scheduled", "backfill"}]
        self.next_start = self._following(max((end for end in ends if end), default=None))

    def _row_at(self, logical_date: datetime) -> Run | None:
        return next((run for run in self.rows.values() if run.logical_date == logical_date), None)

    def _add(self, run_id: str, run_type: str, start: datetime, end: datetime | None = None, note: str = "") -> Run:
        end = end or start + self.period
        after = end if self.major >= 3 else None
        self.rows[run_id] = Run(run_id, run_type, "queued", start, start, end, after, note=note)
        self.open.add(run_id)
        return self.rows[run_id]

    def _make_due_run(self) -> None:
        start = self.next_start
        if start is None or start + self.period > self.clock.now():
            return
        if self._row_at(start) is None:
            self._add(f"scheduled__{start.isoformat()}", "scheduled", start)
        self.next_start = self._following(start + self.period)

    def round(self) -> None:
        if (self.clock.now() - START).seconds % self.parse_every == 0:
            self.parse()
        if self.is_paused or not self.alive:
            return  # neither starts nor finishes: a paused DAG's running runs freeze
        self._make_due_run()
        for run in [self.rows[run_id] for run_id in sorted(self.open)]:
            if run.state == "queued":
                self.rows[run.run_id] = replace(run, state="running", start_date=self.clock.now())
                self.ledger.append((cast("datetime", run.data_interval_end), self.side, run.logical_date))
            elif run.state == "running" and self.clock.now() - cast("datetime", run.start_date) >= timedelta(
                seconds=self.seconds_per_run
            ):
                self.rows[run.run_id] = replace(run, state="success")
                self.open.discard(run.run_id)

    # What its API answers

    def _call(self, name: str) -> None:
        self.calls.append(name)
        if self.crash_at():
            raise CrashError(name)

    async def dag(self, dag_id: str) -> Dag:
        self._call("dag")
        if not self.present:
            raise NotFoundError("no such DAG", status=404)
        due = self.next_start + self.period if self.next_start else None
        return Dag(
            dag_id,
            Schedule("cron", f"*/{self.minutes} * * * *"),
            self.is_paused,
            catchup=self.catchup,
            start_date=self.start,
            end_date=self.end,
            next_run=self.next_start,
            next_run_after=due,
        )

    async def tasks(self, dag_id: str) -> tuple[TaskSeen, ...]:
        del dag_id
        self._call("tasks")
        return (TaskSeen("t", "PythonOperator", depends_on_past=self.depends_on_past),)

    async def runs(
        self,
        dag_id: str,
        *,
        states: Sequence[str] = (),
        limit: int = 100,
        newest_first: bool = True,
        since: datetime | None = None,
    ) -> tuple[Run, ...]:
        del dag_id
        self._call("runs")

        def when(run: Run) -> datetime:
            return cast("datetime", run.run_after if self.major >= 3 else run.logical_date)

        found = [run for run in self.rows.values() if not states or run.state in states]
        found = [run for run in found if since is None or when(run) >= since]
        return tuple(sorted(found, key=when, reverse=newest_first)[:limit])

    async def active_runs(self, dag_id: str) -> tuple[Run, ...]:
        return await self.runs(dag_id, states=("queued", "running"), newest_first=False)

    async def run(self, dag_id: str, run_id: str) -> Run | None:
        del dag_id
        self._call("run")
        return self.rows.get(run_id)

    async def set_paused(self, dag_id: str, paused: bool) -> None:
        del dag_id
        self._call("set_paused")
        if paused and self.slips:
            self.slips -= 1
            # A round that had begun before the pause writes its run after it.
            self._make_due_run()
            if not any(run.state == "queued" for run in self.rows.values()):
                moment = self.clock.now() + timedelta(microseconds=self.slips + 1)
                self._add(f"manual__{moment.isoformat()}", "manual", moment, self._floor(moment))
        self.is_paused = paused
        self._call("set_paused answered")

    async def create_backfill(self, dag_id: str, first: datetime, last: datetime) -> int:
        del dag_id
        self._call("create_backfill")
        if any(self._is_open(run_ids) for run_ids in self.backfilled.values()):
            raise ConflictError("There is already a running backfill", status=409)
        made: set[str] = set()
        start = self._floor(first)
        while start <= last:
            if self._row_at(start) is None:
                made.add(self._add(f"backfill__{(start + self.period).isoformat()}", "backfill", start).run_id)
            start += self.period
        self.backfilled[len(self.backfilled) + 1] = made
        self._call("create_backfill answered")
        return len(self.backfilled)

    def _is_open(self, run_ids: set[str]) -> bool:
        return any(self.rows[run_id].state in {"queued", "running"} for run_id in run_ids)

    async def trigger(
        self,
        dag_id: str,
        *,
        run_id: str,
        logical_date: datetime,
        data_interval: tuple[datetime, datetime],
        note: str = "",
    ) -> Run:
        del dag_id
        self._call("trigger")
        if run_id in self.rows or self._row_at(logical_date) is not None:
            raise ConflictError("there is such a run", status=409)
        if run_id.startswith(("scheduled__", "backfill__")):
            raise RequestFailedError("reserved", status=400)
        run = self._add(run_id, "manual", *data_interval, note=note)
        self._call("trigger answered")
        return run

    async def set_run_state(self, dag_id: str, run_id: str, state: str, note: str = "") -> Run:
        del dag_id
        self._call("set_run_state")
        run = self.rows[run_id]
        self.rows[run_id] = replace(run, state=state, note=note or run.note)
        self.open.discard(run_id)
        self._call("set_run_state answered")
        return self.rows[run_id]


@dataclass
class World:
    """Both servers, the plan, and what the ledger of both says."""

    clock: SteppedClock
    source: Server
    target: Server
    plan: Plan
    inventory: Inventory
    folder: Path

    def context(self, told: list[str] | None = None) -> Context:
        async def connect(_deployment: str) -> Airflow:
            return cast("Airflow", self.target)

        async def values() -> Any:
            raise AssertionError("a cutover needs no secrets")

        return Context(
            plan=self.plan,
            inventory=self.inventory,
            folder=self.folder,
            source=cast("Airflow", self.source),
            astro=cast("Astro", None),
            connect_target=connect,
            load_values=values,
            clock=self.clock,
            tell=(told if told is not None else []).append,
            deployments={"prod": "cl1"},
        )

    def ledger(self) -> list[tuple[datetime, str, datetime | None]]:
        return sorted(self.source.ledger + self.target.ledger, key=lambda entry: entry[:2])

    def ticks_ran(self) -> list[datetime]:
        """Ticks that really ran, markers and runs by hand apart, each as often as it ran."""
        return [tick for tick, _, logical in self.ledger() if logical == tick - self.source.period]

    def ticks_due(self) -> list[datetime]:
        """Ticks that should have run by now."""
        first = min(self.ticks_ran())
        count = (self.clock.now() - first) // self.source.period
        return [first + n * self.source.period for n in range(count + 1)]


def world(
    folder: Path,
    *,
    catchup: bool,
    minutes: int = 2,
    warm: int = 600,
    seed: int = 0,
    source_paused: bool = False,
    **cutover: Any,
) -> World:
    """A source that has been running for `warm` seconds, and a paused target."""
    chance = random.Random(seed)
    clock = SteppedClock()
    parse = chance.randint(30, 60)
    source = Server("source", 2, clock, minutes, catchup, is_paused=source_paused, parse_every=parse)
    target = Server("target", 3, clock, minutes, catchup, parse_every=chance.randint(3, 40))
    inventory = Inventory(
        kind="airflow",
        url=source.url,
        airflow_version="2.11.2",
        taken_at=START,
        dags=(
            Dag(DAG, Schedule("cron", f"*/{minutes} * * * *"), source_paused, catchup=catchup, start_date=START),
            Dag("once", Schedule("once", "@once"), is_paused=False, catchup=False),
        ),
    )
    plan = Plan(
        name="p",
        source=Source(source.url),
        created=START,
        cutover=Cutover(**{"poll": 5.0, "parse_timeout": 120, "drain_timeout": 600, **cutover}),
        deployments=(Deployment("prod", "ws"),),
        waves=(Wave("one", "prod", "prod"),),
    )
    clock.pass_by(warm)
    return World(clock, source, target, plan, inventory, folder)


async def carry(actions: Sequence[Any], ctx: Context, journal: dict[str, dict[str, Any]]) -> None:
    """A tiny runner: observe, apply, verify, in the order of the list; facts go into `journal`."""
    for action in actions:
        assert all(need in journal for need in action.info.needs), action.info
        seen = await action.observe(ctx)
        assert seen.state in {"done", "todo"}, (action.info.id, seen)
        facts = seen.facts
        if seen.state == "todo":
            facts = await action.apply(ctx)
            after = await action.verify(ctx)
            assert after.state == "done", (action.info.id, after)
        journal[action.info.id] = facts
