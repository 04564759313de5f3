"""A wave of six DAGs between a real Airflow 2.11 and a real 3.3 behind the embedded Astro, moved by the real command.

The source is reached through a proxy whose wire can be cut.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.live import ledger, seeding

from astroferry.advice.schedule import ACTIVE, is_marker, rows_by_tick
from astroferry.carry.journal import Journal
from astroferry.clients.connecting import connect_airflow
from astroferry.clients.credentials import SourceLogin

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.live.wire import Proxy

    from astroferry.clients.airflow import Airflow
    from astroferry.model.inventory import Run
    from astroferry.simulator.astro import EmbeddedAstro
    from astroferry.simulator.real import RealAirflow, RealDataPlane

HERE = Path(__file__).parent
WAVE, DEPLOYMENT = "six", "marlow-production"
TIMED = ("all", "latest", "delta", "past", "producer")
SIX = (*TIMED, "consumer")
PERIOD = timedelta(minutes=1)


@dataclass
class Done:
    """What a command said."""

    code: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        return json.loads(self.out)


@dataclass
class Street:
    """Both ends, the proxy between us and the source, and the folder of the plan."""

    folder: Path
    source: RealAirflow
    proxy: Proxy
    astro: EmbeddedAstro
    planes: list[RealDataPlane]
    env: dict[str, str]
    doubled: set[tuple[str, datetime]] = field(default_factory=set)
    """ticks that were named as in doubt"""
    process: subprocess.Popen[str] | None = None
    """the command that is held at a line of its journal"""

    @property
    def target(self) -> RealAirflow:
        (plane,) = self.planes
        assert plane.server is not None
        return plane.server

    def start(self, *words: str, through: tuple[str, ...] = ("-m", "astroferry")) -> subprocess.Popen[str]:
        """Start the command in a process of its own."""
        return subprocess.Popen(
            [sys.executable, *through, *words],
            cwd=self.folder,
            env=self.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def end(self, process: subprocess.Popen[str], code: int = 0) -> Done:
        """Until it ends, which it must do with `code`."""
        done = self._end(process)
        assert done.code == code, f"{done.code}\n{done.out[-3000:]}\n{done.err[-5000:]}"
        return done

    @staticmethod
    def _end(process: subprocess.Popen[str]) -> Done:
        out, err = process.communicate(timeout=1800)
        return Done(process.returncode, out, err)

    def run(self, *words: str, code: int = 0, through: tuple[str, ...] = ("-m", "astroferry")) -> Done:
        """Run the command to its end."""
        return self.end(self.start(*words, through=through), code)

    def move(self, verb: str, *more: str, code: int = 0, through: tuple[str, ...] = ("-m", "astroferry")) -> Done:
        """`cutover` or `rollback` of the wave, confirmed."""
        began = time.monotonic()
        process = self.start(*self.words(verb), *more, through=through)
        while (done := self._end(process)).code == 3 and self._accept(done):
            process = self.start(*self.words(verb), *more, through=through)
        assert done.code == code, f"{done.code}\n{done.out[-3000:]}\n{done.err[-5000:]}"
        print(f"{datetime.now(UTC):%H:%M:%S} {verb} took {time.monotonic() - began:.0f} s, exit {code}")
        return done

    def _accept(self, done: Done) -> bool:
        """Somebody accepts the events that wait on the source, where they keep a cutover from beginning."""
        if f"waiting-events:{WAVE}" not in done.err:
            return False
        self.run("approve", "migration.toml", "--by", "Olivia Owner", "--what", f"waiting-events:{WAVE}")
        return True

    def words(self, verb: str) -> tuple[str, ...]:
        return (verb, "migration.toml", "--wave", WAVE, "--confirm", DEPLOYMENT, "--json")

    def held(self, verb: str, places: Mapping[str, Callable[[], None]], code: int = 0) -> Done:
        """The same, held at each of these lines of the journal ("ACTION EVENT") until what belongs there is done."""
        folder = self.folder / f"held-{time.monotonic_ns()}"
        folder.mkdir()
        through = (str(HERE / "held_at.py"), str(folder), ",".join(places))
        process = self.process = self.start(*self.words(verb), through=through)
        left = dict(enumerate(places.items()))
        until = time.monotonic() + 900
        while left:
            assert time.monotonic() < until, f"not reached: {left}"
            if process.poll() is not None:
                if process.returncode != 3 or not self._accept(self._end(process)):
                    break
                process = self.process = self.start(*self.words(verb), through=through)
            for number, (place, act) in list(left.items()):
                if (folder / f"{number}.reached").exists():
                    print(f"{datetime.now(UTC):%H:%M:%S} at {place}")
                    act()
                    (folder / f"{number}.go").touch()
                    del left[number]
            time.sleep(0.05)
        done = self.end(process, code)
        assert not left, (left, done)
        return done

    def paused(self) -> dict[str, tuple[bool, ...]]:
        """DAG -> whether it is paused on the source, and on the target."""
        return {
            dag: (
                self.ask(self.source, f"dags/{dag}")["is_paused"],
                self.ask(self.target, f"dags/{dag}")["is_paused"],
            )
            for dag in SIX
        }

    def ask(self, server: RealAirflow, path: str, **params: Any) -> Any:
        """GET of a server's API, past the proxy."""
        with seeding.client(server) as http:
            answer = http.get(f"{server.api}/{path}", params=params)
            assert answer.status_code == 200, answer.text
            return answer.json()

    def tell(self, server: RealAirflow, method: str, path: str, body: Any = None) -> Any:
        """Any other request to a server's API, past the proxy."""
        with seeding.client(server) as http:
            answer = http.request(method, f"{server.api}/{path}", json=body)
            assert answer.status_code < 300, (path, answer.status_code, answer.text)
            return answer.json() if answer.content else None

    def by_hand(self, server: RealAirflow, dag: str, *, paused: bool) -> None:
        """What somebody does in the web page of one side."""
        self.tell(server, "PATCH", f"dags/{dag}", {"is_paused": paused})

    def until(self, what: str, check: Callable[[], Any], seconds: float = 400) -> Any:
        """Until `check` is true; its value."""
        end = time.monotonic() + seconds
        while not (found := check()):
            assert time.monotonic() < end, f"not within {seconds:g} s: {what}"
            time.sleep(0.5)
        return found

    def rows(self, side: str, dag: str) -> list[Run]:
        """All runs of a DAG on one side, read by our own client."""
        return list(self._rows()[side][dag])

    def _rows(self) -> dict[str, dict[str, tuple[Run, ...]]]:
        async def read() -> dict[str, dict[str, tuple[Run, ...]]]:
            found: dict[str, dict[str, tuple[Run, ...]]] = {}
            for side, server in (("source", self.source), ("target", self.target)):
                airflow = await _client(server, side)
                try:
                    found[side] = {dag: await airflow.runs(dag, limit=10_000) for dag in SIX}
                finally:
                    await airflow.http.aclose()
            return found

        return asyncio.run(read())

    def all_there_since(self) -> datetime:
        """When the last DAG of the wave was unpaused on the target, by the journal."""
        steps = {f"cutover/{WAVE}/{dag}/unpause-target" for dag in SIX}
        entries = Journal(self.folder / "migration.journal.jsonl").entries
        return max(entry.at for entry in entries if entry.action in steps and entry.event == "done")

    def judge(self) -> None:
        """Every tick once, by ledger and by rows, but for those that were named as in doubt.

        What is due now has its time to run.
        """
        end = datetime.now(UTC)
        self.until("all that is due has run", lambda: self._idle(end))
        rows = self._rows()
        first = {dag: self._first(rows["source"][dag]) for dag in TIMED}
        expected = ledger.expected_of_many(self.source, first, end)
        entries = [
            entry
            for entry in ledger.read(self.folder / "ledger.jsonl")
            if entry.dag in TIMED and (entry.tick is None or entry.tick <= end)
        ]
        found = ledger.compare(entries, expected)
        missing, twice = set(found.missing), set(found.twice)
        once = markers = 0
        for dag in TIMED:
            real = [run for side in rows.values() for run in side[dag] if not is_marker(run)]
            markers += sum(is_marker(run) for side in rows.values() for run in side[dag])
            ran = Counter(tick for run in real for tick in rows_by_tick([run]) if tick <= end)
            due = {tick.tick for tick in expected[dag]}
            once += sum(ran[tick] == 1 for tick in due)
            missing |= {(dag, tick) for tick in due if not ran[tick]}
            twice |= {(dag, tick) for tick in ran if ran[tick] > 1 or tick not in due}
        sides = Counter(entry.side for entry in entries)
        print(found.table())
        print(
            f"{once} ticks of {len(TIMED)} DAGs once, {len(twice)} twice ({len(self.doubled)} named as in doubt), "
            f"{len(missing)} missed, {markers} markers; tasks ran {dict(sides)}"
        )
        assert not missing, missing
        assert twice <= self.doubled, twice - self.doubled
        assert not found.unexpected
        assert not found.differs

    def _idle(self, moment: datetime) -> bool:
        """Whether every DAG has finished a later tick, and all that were due before."""
        rows = self._rows()
        for dag in TIMED:
            runs = [run for side in rows.values() for run in side[dag] if not is_marker(run)]
            ticks = {tick: run.state for run in runs for tick in rows_by_tick([run])}
            mine = [state for tick, state in ticks.items() if tick <= moment]
            if any(state in ACTIVE for state in mine) or not any(
                tick > moment and state not in ACTIVE for tick, state in ticks.items()
            ):
                return False
        return True

    @staticmethod
    def _first(runs: tuple[Run, ...]) -> datetime:
        return min(run.logical_date for run in runs if run.run_type == "scheduled" and run.logical_date)


async def _client(server: RealAirflow, side: str) -> Airflow:
    login = SourceLogin(username="admin", password=server.users["admin"])
    return await connect_airflow(server.url, login, name=f"The {side}", rate=None)
