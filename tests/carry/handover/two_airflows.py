"""A small model of two Airflow servers, as they were measured, with a clock that only moves when asked.

A `Server` is one DAG on one Airflow; a `Fleet` is several of them behind one API.

It counts ticks by plain division, not by our cron arithmetic, so that one can contradict the other.
"""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

from astroferry.carry.context import Context
from astroferry.carry.journal import Entry, Standing
from astroferry.clients.airflow_seen import QueuedEvent, TaskInstanceSeen, TaskSeen
from astroferry.errors import ConflictError, NotFoundError, RequestFailedError
from astroferry.model.inventory import Dag, Inventory, Run, Schedule
from astroferry.model.plan import Cutover, Decisions, Deployment, Plan, Source, Wave

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from astroferry.clients.airflow import Airflow
    from astroferry.clients.astro import Astro
    from astroferry.clients.starship import Starship
    from astroferry.model.inventory import ScheduleKind

START = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
DAG = "d"
_A_MOMENT = timedelta(microseconds=1)


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
        # Whoever else waits gets his turn before time goes on.
        await asyncio.sleep(0)
        self.pass_by(seconds)

    def pass_by(self, seconds: float) -> None:
        for _ in range(max(1, round(seconds))):
            self.moment += timedelta(seconds=1)
            for server in self.everyone:
                server.round()


@dataclass
class Server:
    """One DAG on one Airflow: `major` 2 or 3, ticks every so many whole minutes.

    `kind`: cron, timedelta (each tick hangs on the one before), once, continuous, none, dataset. `triggers`: whether
    it has a trigger timetable. `tasks_of_run`: how many it has, one after the other.
    """

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
    kind: ScheduleKind = "cron"
    triggers: bool = False
    tasks_of_run: int = 1
    zone: str = "UTC"
    dag_id: str = DAG
    code: str = ""
    consumes: tuple[str, ...] = ()
    queued: dict[str, datetime] = field(default_factory=dict)
    task_states: dict[str, list[str | None]] = field(default_factory=dict)
    rows: dict[str, Run] = field(default_factory=dict)
    ledger: list[tuple[datetime, str, datetime | None]] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    crash_at: Callable[[], bool] = lambda: False
    next_start: datetime | None = None
    backfilled: dict[int, set[str]] = field(default_factory=dict)
    alive: bool = True
    open: set[str] = field(default_factory=set)
    max_active_runs: int = 16
    full: bool = False
    ahead: timedelta | None = None
    busy_until: datetime = START

    def __post_init__(self) -> None:
        self.clock.everyone.append(self)
        self.url = f"http://{self.side}"
        self.version = f"{self.major}.0"
        self.period = timedelta(minutes=self.minutes)
        self.parse()

    # What the scheduler and the parser do

    def _floor(self, moment: datetime) -> datetime:
        return moment - (moment - datetime(2026, 11, 22, tzinfo=UTC)) % self.period

    def _following(self, last_end: datetime | None) -> datetime:
        first = self.start if self.kind == "timedelta" else self._floor(self.start - _A_MOMENT) + self.period
        if self.triggers:
            first -= self.period
        if not self.catchup:
            first = max(first, self._floor(self.clock.now()) - self.period)
        return first if last_end is None else max(first, last_end)

    def parse(self) -> None:
        if self.kind in {"none", "dataset", "continuous"}:
            self.next_start = None
            return
        ends = [run.data_interval_end for run in self.rows.values() if run.run_type in {"scheduled", "backfill"}]
        last = max((end for end in ends if end), default=None)
        if self.kind == "once":
            self.next_start = None if last else self.start
        else:
            self.next_start = self._following(last)
        if self.end is not None and self.next_start is not None and self.next_start > self.end:
            self.next_start = None

    def _row_at(self, logical_date: datetime) -> Run | None:
        return next((run for run in self.rows.values() if run.logical_date == logical_date), None)

    def _add(self, run_id: str, run_type: str, start: datetime, end: datetime | None = None, note: str = "") -> Run:
        end = end or (start if self.kind == "once" else start + self.period)
        after = end if self.major >= 3 else None
        date = end if self.triggers and run_type != "manual" else start
        self.rows[run_id] = Run(run_id, run_type, "queued", date, date, end, after, note=note)
        self.task_states[run_id] = [None] * self.tasks_of_run
        self.open.add(run_id)
        return self.rows[run_id]

    def _make_due_run(self) -> None:
        start = self.next_start
        if self.kind == "continuous" and not self.open:
            begun = max((run.data_interval_end or START for run in self.rows.values()), default=self.start)
            self._add(f"scheduled__{self.clock.now().isoformat()}", "scheduled", begun, self.clock.now())
        if self.kind == "dataset" and self.queued and not self.open:
            self.queued.clear()
            self._add(f"dataset_triggered__{self.clock.now().isoformat()}", "dataset_triggered", self.clock.now())
        if start is None or (start if self.kind == "once" else start + self.period) > self.clock.now():
            return
        if self._has_no_room():
            # It makes none, and goes on with the latest once a run has ended (both versions, without catchup).
            self.full = True
            return
        if self.full:
            self.full = False
            self.parse()
            self._make_due_run()
            return
        if self._row_at(start + self.period if self.triggers else start) is None:
            self._add(f"scheduled__{start.isoformat()}", "scheduled", start)
        if self.kind == "once":
            self.next_start = None
            return
        self.next_start = self._following(start + self.period)
        if self.end is not None and self.next_start is not None and self.next_start > self.end:
            self.next_start = None

    def _has_no_room(self) -> bool:
        """Runs of a backfill do not count on Airflow 3 (scheduler_job_runner.py: exclude_backfill)."""
        counted = [run for run in self.open if self.major < 3 or self.rows[run].run_type != "backfill"]
        return len(counted) >= self.max_active_runs

    def _may_start(self, run: Run) -> bool:
        """A backfill has a limit of its own on Airflow 3, which is one here; all others share the DAG's."""
        if self.major >= 3 and run.run_type == "backfill":
            ids = next(ids for ids in self.backfilled.values() if run.run_id in ids)
            return not any(self.rows[each].state == "running" for each in ids if each in self.rows)
        running = [each for each in self.rows.values() if each.state == "running" and each.run_type != "backfill"]
        return len(running) < self.max_active_runs

    def round(self) -> None:
        if (self.clock.now() - START).seconds % self.parse_every == 0:
            self.parse()
        self._work()
        if self.is_paused or not self.alive:
            return  # neither starts nor finishes: a paused DAG's running runs freeze
        self._make_due_run()
        for run in [self.rows[run_id] for run_id in sorted(self.open)]:
            if run.state == "queued" and self._may_start(run):
                # Two servers never begin a run in the same microsecond.
                began = self.clock.now() + _A_MOMENT * (1 if self.side == "source" else 2)
                self.rows[run.run_id] = replace(run, state="running", start_date=began)
                self.ledger.append((cast("datetime", run.data_interval_end), self.side, run.logical_date))
                self.task_states[run.run_id][0] = "running"
            elif run.state == "running":
                self._go_on(run)

    def _work(self) -> None:
        """Tasks at work end by themselves, paused or not."""
        for run_id in sorted(self.open):
            run, states = self.rows[run_id], self.task_states[run_id]
            for number, state in enumerate(states):
                ends = timedelta(seconds=self.seconds_per_run * (number + 1))
                began = run.start_date
                if (
                    state == "running"
                    and began is not None
                    and self.clock.now() + timedelta(seconds=0.1) - began >= ends
                ):
                    states[number] = "success"

    def _go_on(self, run: Run) -> None:
        states = self.task_states[run.run_id]
        if all(state == "success" for state in states):
            self.rows[run.run_id] = replace(run, state="success", end_date=self.clock.now())
            self.open.discard(run.run_id)
        elif "running" not in states:
            states[states.index(None)] = "running"

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
        start = due if self.triggers else self.next_start
        return Dag(
            dag_id,
            self.schedule(),
            self.is_paused,
            catchup=self.catchup,
            start_date=self.start,
            end_date=self.end,
            max_active_runs=self.max_active_runs,
            next_run=start,
            next_run_after=due,
            next_data_interval_start=start,
            next_data_interval_end=due,
        )

    def schedule(self) -> Schedule:
        """As the API tells it."""
        text = {"cron": f"*/{self.minutes} * * * *", "timedelta": str(self.minutes * 60), "once": "@once"}
        return Schedule(self.kind, text.get(self.kind, ""), self.zone, triggers_only=self.triggers)

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

    async def runs_waiting(self) -> dict[str, tuple[str, ...]]:
        self._call("runs_waiting")
        queued = tuple(run.run_id for run in self.rows.values() if run.state == "queued")
        return {self.dag_id: queued} if queued else {}

    async def dag_source(self, dag_id: str) -> str:
        del dag_id
        self._call("dag_source")
        return self.code

    async def queued_events(self, dag_id: str) -> tuple[QueuedEvent, ...]:
        del dag_id
        self._call("queued_events")
        return tuple(QueuedEvent(uri, at) for uri, at in self.queued.items())

    async def task_instances(self, dag_id: str, run_id: str) -> tuple[TaskInstanceSeen, ...]:
        del dag_id
        self._call("task_instances")
        return tuple(TaskInstanceSeen(f"t{n}", state) for n, state in enumerate(self.task_states[run_id]))

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

    async def create_backfill(self, dag_id: str, first: datetime, last: datetime, *, reprocess: str = "none") -> int:
        del dag_id
        self._call("create_backfill")
        if self.depends_on_past and reprocess == "none":
            raise RequestFailedError("You must set reprocess behavior", status=422)
        if self.busy_until > self.clock.now() or any(self._is_open(run_ids) for run_ids in self.backfilled.values()):
            raise ConflictError("There is already a running backfill", status=409)
        made: set[str] = set()
        start = first if self.kind == "timedelta" else self._floor(first)
        if self.triggers:
            start, last = start - self.period, last - self.period
        while start <= last:
            if self._row_at(start + self.period if self.triggers else start) is None:
                made.add(self._add(f"backfill__{(start + self.period).isoformat()}", "backfill", start).run_id)
            start += self.period
        self.backfilled[len(self.backfilled) + 1] = made
        self._call("create_backfill answered")
        return len(self.backfilled)

    async def backfill_dates(
        self, dag_id: str, first: datetime, last: datetime, *, reprocess: str = "none"
    ) -> tuple[datetime, ...]:
        del dag_id, reprocess
        self._call("backfill_dates")
        start = first if self.kind == "timedelta" or self.triggers else self._floor(first)
        return tuple(start + n * self.period for n in range((last - start) // self.period + 1))

    def _is_open(self, run_ids: set[str]) -> bool:
        return any(run_id in self.rows and self.rows[run_id].state in {"queued", "running"} for run_id in run_ids)

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

    async def set_task_state(self, dag_id: str, run_id: str, task_id: str, state: str) -> None:
        del dag_id
        self._call("set_task_state")
        number = int(task_id.removeprefix("t"))
        if self.task_states[run_id][number] == state:
            raise ConflictError("it is in that state already", status=409)
        self.task_states[run_id][number] = state
        self._call("set_task_state answered")

    async def delete_run(self, dag_id: str, run_id: str) -> bool:
        del dag_id
        self._call("delete_run")
        if run_id in self.rows and self.rows[run_id].state == "running":
            raise ConflictError("cannot be deleted in running state", status=409)
        gone = self.rows.pop(run_id, None)
        self.open.discard(run_id)
        if gone is not None and gone.run_type == "backfill":
            # The scheduler marks its backfill complete later.
            self.busy_until = self.clock.now() + timedelta(seconds=24)
        self._call("delete_run answered")
        return gone is not None

    async def set_run_note(self, dag_id: str, run_id: str, note: str) -> None:
        del dag_id
        self._call("set_run_note")
        self.rows[run_id] = replace(self.rows[run_id], note=note)

    async def set_run_state(self, dag_id: str, run_id: str, state: str, note: str = "") -> Run:
        del dag_id
        self._call("set_run_state")
        run = self.rows[run_id]
        self.rows[run_id] = replace(run, state=state, note=note or run.note)
        self.open.discard(run_id)
        self._call("set_run_state answered")
        return self.rows[run_id]


@dataclass
class FakeStarship:
    """Starship beside a `Server`: writes a finished scheduled row."""

    server: Server
    is_safe: bool = True
    version: str = "2.10.1"

    async def add_run(
        self, dag_id: str, run_id: str, *, logical_date: datetime, data_interval: tuple[datetime, datetime]
    ) -> None:
        server = self.server
        server._call("starship")
        if run_id in server.rows or server._row_at(logical_date) is not None:
            raise ConflictError(dag_id, status=409)
        after = data_interval[1] if server.major >= 3 else None
        server.rows[run_id] = Run(run_id, "scheduled", "success", logical_date, *data_interval, after)
        server.task_states[run_id] = []
        server._call("starship answered")

    async def add_skipped_tasks(self, dag_id: str, run_id: str, operators: dict[str, str]) -> None:
        del dag_id
        self.server._call("starship tasks")
        self.server.task_states[run_id] = ["skipped" for _ in operators]


@dataclass
class Fleet:
    """Several DAGs on one Airflow: whatever is asked goes to the one that is named."""

    of: dict[str, Server]

    def __post_init__(self) -> None:
        first = next(iter(self.of.values()))
        self.url, self.major, self.version = first.url, first.major, f"{first.major}.0"
        self.ahead = first.ahead

    def __getattr__(self, name: str) -> Any:
        return lambda dag_id, *values, **named: getattr(self.of[dag_id], name)(dag_id, *values, **named)


@dataclass
class World:
    """Both servers, the plan, and what the ledger of both says."""

    clock: SteppedClock
    source: Server
    target: Server
    plan: Plan
    inventory: Inventory
    folder: Path
    starship_on: tuple[str, ...] = ()
    """"source", "target": where Starship answers"""

    async def _starship(self, deployment: str) -> Starship | None:
        side = "target" if deployment else "source"
        found = FakeStarship(self.target if deployment else self.source) if side in self.starship_on else None
        return cast("Starship | None", found)

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
            find_starship=self._starship,
            deployments={"prod": "cl1"},
        )

    def ledger(self) -> list[tuple[datetime, str, datetime | None]]:
        return sorted(self.source.ledger + self.target.ledger, key=lambda entry: entry[:2])

    def ticks_ran(self) -> list[datetime]:
        """Ticks that really ran, markers and runs by hand apart, each as often as it ran."""
        away = timedelta(0) if self.source.triggers else self.source.period
        return [tick for tick, _, logical in self.ledger() if logical == tick - away]

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
    source_major: int = 2,
    target_major: int = 3,
    dag: dict[str, Any] | None = None,
    **cutover: Any,
) -> World:
    """A source that has been running for `warm` seconds, and a paused target; `dag`: what both know of the DAG."""
    of_both = dag or {}
    chance = random.Random(seed)
    clock = SteppedClock()
    parse = chance.randint(30, 60)
    source = Server(
        "source", source_major, clock, minutes, catchup, is_paused=source_paused, parse_every=parse, **of_both
    )
    target = Server("target", target_major, clock, minutes, catchup, parse_every=chance.randint(3, 40), **of_both)
    inventory = Inventory(
        kind="airflow",
        url=source.url,
        airflow_version="2.11.2" if source_major == 2 else "3.3.2",
        taken_at=START,
        dags=(
            Dag(DAG, source.schedule(), source_paused, catchup=catchup, start_date=source.start),
            Dag("fiscal", Schedule("timetable", "FiscalCalendar"), is_paused=False, catchup=False),
        ),
    )
    plan = Plan(
        name="p",
        source=Source(source.url),
        created=START,
        decisions=Decisions(airflow="3" if target_major >= 3 else "2"),
        cutover=Cutover(**{"poll": 5.0, "parse_timeout": 120, "drain_timeout": 600, **cutover}),
        deployments=(Deployment("prod", "ws"),),
        waves=(Wave("one", "prod", "prod"),),
    )
    clock.pass_by(warm)
    return World(clock, source, target, plan, inventory, folder)


async def carry(actions: Sequence[Any], ctx: Context, journal: dict[str, dict[str, Any]]) -> None:
    """A tiny runner: observe, apply, verify, in the order of the list; facts go into `journal`, the newest last."""

    def standing(action_id: str) -> Standing | None:
        numbers = {name: number for number, name in enumerate(journal, 1)}
        ended = numbers.get(action_id, 0)
        return Standing("done", made=journal[action_id], ended=ended) if ended else None

    def lines(*places: str) -> list[Entry]:
        return [
            Entry(number, START, name, "done", facts=facts)
            for number, (name, facts) in enumerate(journal.items(), 1)
            if name.startswith(tuple(f"{place}/" for place in places))
        ]

    ctx.standing, ctx.lines = standing, lines
    for action in actions:
        assert all(need in journal for need in action.info.needs), action.info
        seen = await action.observe(ctx)
        assert seen.state in {"done", "todo"}, (action.info.id, seen)
        facts = seen.facts
        if seen.state == "todo":
            facts = await action.apply(ctx)
            journal.pop(action.info.id, None)
            journal[action.info.id] = facts
            after = await action.verify(ctx)
            assert after.state == "done", (action.info.id, after)
        journal.setdefault(action.info.id, facts)


def wave_of(folder: Path, dags: dict[str, dict[str, Any]], *, warm: int = 250, **cutover: Any) -> World:
    """Several DAGs on both sides, two minutes apart each; `dags`: id -> what both sides know of it."""
    here = world(folder, catchup=True, warm=1, **cutover)
    here.clock.everyone.clear()
    sides: dict[str, dict[str, Server]] = {"source": {}, "target": {}}
    for number, (dag_id, known) in enumerate(dags.items()):
        more = {"catchup": True, **known}
        for side, major in (("source", 2), ("target", 3)):
            parse = 20 + 3 * number if side == "source" else 5 + number
            sides[side][dag_id] = Server(
                side, major, here.clock, 2, is_paused=side == "target", parse_every=parse, dag_id=dag_id, **more
            )
    seen = tuple(
        Dag(dag_id, server.schedule(), is_paused=False, catchup=server.catchup, start_date=server.start)
        for dag_id, server in sides["source"].items()
    )
    here.inventory = replace(here.inventory, dags=seen)
    here.source, here.target = (cast("Server", Fleet(servers)) for servers in sides.values())
    here.clock.pass_by(warm)
    return here


def each(here: World) -> dict[str, World]:
    """A wave's DAGs one by one, to ask each what it ran."""
    source, target = cast("Fleet", here.source), cast("Fleet", here.target)
    return {dag_id: replace(here, source=source.of[dag_id], target=target.of[dag_id]) for dag_id in source.of}
