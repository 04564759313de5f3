"""A hang-up and a termination in the middle of a cutover in the wizard: in a real terminal, between loopback servers.

No Airflow is needed: the source is the simulated one, behind the embedded Astro stands the fake 3.3. Both are held at
one request, so that each signal comes at a moment that is known.
"""

from __future__ import annotations

import asyncio
import re
import signal
import threading
from collections import Counter
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import tomli_w
from tests.harness import DEPLOYMENT, NOW, TICKS_NOW, TICKS_ON
from tests.live.test_killed_in_pairs import ANSWERS, Both, estate
from tests.terminal import DEADLINE, ENTER, Terminal, terminal

from astroferry.carry.journal import Journal
from astroferry.faces.navigator import REVIEW
from astroferry.faces.whereabouts import where_all_run
from astroferry.model import planfile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

ON, LATEST = "ticks_on", "ticks_now"
"""one that catches up, and one that does not; both are due every 20 seconds"""
PERIOD = timedelta(seconds=20)
HUNG_UP, TERMINATED = 129, 143
MARK = ("POST", "/api/v2/backfills")
UNPAUSE = ("PATCH", "/api/v2/dags/[^/]+")
LOOK = ("GET", "/api/v2/dags.*")


class Gate:
    """Stands before the target's Airflow. `hold` names a request whose answer is kept back until `open`."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self.held = ("", "")
        self._loop = asyncio.get_running_loop()
        self._go = asyncio.Event()
        self.reached = threading.Event()

    def hold(self, request: tuple[str, str]) -> None:
        """From now on; from another thread."""
        self.reached.clear()
        self._loop.call_soon_threadsafe(self._go.clear)
        self.held = request

    def open(self) -> None:
        """Nothing is held any more."""
        self.held = ("", "")
        self._loop.call_soon_threadsafe(self._go.set)

    def wait(self) -> None:
        """Until such a request has come."""
        assert self.reached.wait(DEADLINE), f"never asked: {self.held}"

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        method, path = self.held
        if scope["method"] != method or not re.fullmatch(path, scope["path"]):
            await self._app(scope, receive, send)
            return
        answer: list[Any] = []

        async def kept(message: Any) -> None:
            answer.append(message)

        # The server has done it; only the answer is late.
        await self._app(scope, receive, kept)
        self.reached.set()
        await self._go.wait()
        for message in answer:
            await send(message)


class Person:
    """At the keyboard of a wizard that is opened again and again on the same plan."""

    def __init__(self, both: Both) -> None:
        self.both = both
        self.path = both.folder / "migration.toml"

    @contextmanager
    def at_cutover(self, offers: str) -> Iterator[Terminal]:
        """Open the plan that is offered, saying so, where it stands."""
        given = {name: value for name, value in self.both.environment.items() if name.startswith("ASTRO")}
        with terminal(self.both.folder, given=given) as screen:
            screen.wait_for("Go on with quay")
            assert offers in " ".join(screen.text.split()), screen.text
            screen.send(ENTER)
            screen.wait_for("17 of 19 · Cutover")
            screen.settle()
            screen.send("c")
            screen.wait_for("To confirm, type")
            screen.settle()
            screen.send(DEPLOYMENT, ENTER)
            yield screen

    def runs(self) -> dict[str, str]:
        """Where the journal says that each DAG runs."""
        return {item.dag_id: item.side for item in where_all_run(Journal(self.path.with_suffix(".journal.jsonl")))}

    def paused(self) -> dict[str, tuple[bool, bool]]:
        """On the source and on the target; of each DAG."""
        (target,) = self.both.targets
        source = self.both.source.estate.engine
        return {dag: (source.dags[dag].is_paused, target.dags[dag].is_paused) for dag in (ON, LATEST)}


def hang_up(screen: Terminal) -> int:
    screen.hang_up()
    return screen.ends()


def interrupted(
    person: Person, gate: Gate, held: tuple[str, str], end: Callable[[Terminal], int], offers: str
) -> int:
    """Begin or go on, and end it in the middle of that request."""
    gate.hold(held)
    with person.at_cutover(offers) as screen:
        gate.wait()
        # What it asks on its way out is answered.
        gate.held = ("", "")
        code = end(screen)
        gate.open()
    return code


def walk(both: Both, gate: Gate) -> None:
    person = Person(both)
    # Marked on the target, neither side running: the line is lost.
    assert interrupted(person, gate, MARK, hang_up, "step 17 of 19, Cutover") == HUNG_UP
    assert set(person.paused().values()) == {(False, True)}, "the source goes on"
    assert set(person.runs().values()) == {"source"}

    # Again, and the shell hands the hang-up on while the source is being asked to go on: that is not broken off.
    def twice(screen: Terminal) -> int:
        gate.hold(LOOK)
        screen.signal(signal.SIGHUP)
        gate.wait()
        screen.read(0.5)
        screen.signal(signal.SIGHUP)
        screen.signal(signal.SIGTERM)
        screen.read(0.5)
        gate.open()
        return screen.ends()

    assert interrupted(person, gate, MARK, twice, "step 17 of 19, Cutover") == HUNG_UP
    assert person.paused()[ON] == (False, True)
    assert person.runs()[ON] == "source"
    # The other may have kept its marker from before, and so have come as far as being unpaused.
    assert (person.runs()[LATEST], person.paused()[LATEST]) in {("source", (False, True)), ("Astro", (True, False))}

    # Being unpaused on the target: the answer is waited for, so that it is known who runs it.
    def at_last(screen: Terminal) -> int:
        screen.signal(signal.SIGTERM)
        screen.read(2)
        gate.open()
        return screen.ends()

    assert interrupted(person, gate, UNPAUSE, at_last, "step 17 of 19, Cutover") == TERMINATED
    assert (False, False) not in person.paused().values(), "never both"
    assert "Astro" in person.runs().values()
    told = {dag: (side, person.paused()[dag]) for dag, side in person.runs().items()}
    assert set(told.values()) <= {("source", (False, True)), ("Astro", (True, False))}
    # Opening again says so, and goes on to the end.
    with person.at_cutover("cutover of all halfway: ") as screen:
        screen.wait_until(lambda: planfile.load(person.path).wave("all").state == "cut over", "cut over", 240)
        screen.wait_for("runs on Astro alone")
        assert hang_up(screen) == HUNG_UP
    assert set(person.paused().values()) == {(True, False)}
    assert set(person.runs().values()) == {"Astro"}


def ran(both: Both, dag: str) -> Counter[datetime]:
    """How often each tick ran, on both sides together; a boundary marker runs nothing."""
    (target,) = both.targets
    runs = [*both.source.estate.engine.dags[dag].runs.values(), *target.dags[dag].runs.values()]
    return Counter(
        run.logical_date
        for run in runs
        if run.logical_date is not None and not (run.note or "").startswith("astroferry boundary marker")
    )


@pytest.mark.live
async def test_a_lost_line_in_the_middle_of_a_cutover(tmp_path: Path) -> None:
    began = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(minutes=4)
    dags = tuple(replace(dag, schedule="* * * * * */20", start_date=began) for dag in (TICKS_ON, TICKS_NOW))
    confirmed = [{"what": what, "by": "Ada", "at": NOW} for what in ("alerts", "people-invited", "rollback-plan")]
    answers = ANSWERS | {"confirmed": confirmed, "cutover": {"poll": 0.5, "parse_timeout": 60, "watch_ticks": 1}}
    async with estate(tmp_path / "halfway", dags=dags) as both:
        (both.folder / "answers.toml").write_text(tomli_w.dumps(answers), encoding="utf-8")
        await both.run("assess", both.source.url, "--out", "inventory.json")
        words = ("--inventory", "inventory.json", "--answers", "answers.toml", "--out", "migration.toml")
        await both.run("plan", *words)
        await both.run("apply", "migration.toml")
        path = both.folder / "migration.toml"
        plan = planfile.load(path)
        # As if it had been read and confirmed in the wizard.
        planfile.save(replace(plan, decided=(*plan.decided, REVIEW)), path)
        (target,) = both.targets
        gate = target.fake.app = Gate(target.fake.app)  # type: ignore[assignment] # an ASGI app like the other
        await asyncio.to_thread(walk, both, gate)
        await both.run("status", "migration.toml")
        for dag in (ON, LATEST):
            ticks = ran(both, dag)
            assert max(ticks.values()) == 1, (dag, [tick for tick, times in ticks.items() if times > 1])
            gaps = {later - tick for tick, later in zip(sorted(ticks), sorted(ticks)[1:], strict=False)}
            assert gaps == {PERIOD}, (dag, sorted(ticks))
