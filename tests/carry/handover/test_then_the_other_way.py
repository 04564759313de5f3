"""Killed at any line of its journal, or refused by a server half-way, then carried on in the other direction."""

from __future__ import annotations

import contextlib
import random
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from tests.carry.handover.going import go
from tests.carry.handover.killed import KilledError, Killing
from tests.carry.handover.two_airflows import START, CrashError, World, world

from astroferry.carry.handover.wave import actions_for_cutover
from astroferry.carry.journal import Journal
from astroferry.carry.runner import carry_out
from astroferry.errors import RequestFailedError

if TYPE_CHECKING:
    from pathlib import Path

    from tests.carry.handover.going import Way
    from tests.carry.handover.two_airflows import Server

OTHER: dict[Way, Way] = {"cutover": "rollback", "rollback": "cutover"}
KINDS: dict[str, dict[str, Any]] = {
    "cron": {},
    "trigger timetable": {"triggers": True},
    "timedelta": {"kind": "timedelta"},
    "depends on past": {"depends_on_past": True},
}


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.fsync", lambda _: None)


def settle(here: World) -> None:
    """Let the last tick's run start; stop just before the next one is due."""
    period = here.source.period.total_seconds()
    into = (here.clock.now() - here.source.start).total_seconds() % period
    here.clock.pass_by(period - into + min(20, period / 2))


def runs_on(here: World, side: str) -> None:
    """Exactly once so far, one side runs, and it goes on doing so."""
    settle(here)
    assert here.ticks_ran() == here.ticks_due()
    assert (here.source.is_paused, here.target.is_paused) == (side != "source", side != "target")


async def begun(
    tmp_path: Path, place: int, way: Way, kind: str, source: int, *, catchup: bool
) -> tuple[World, Journal]:
    """Where `way` may begin: for a rollback, after a cutover that went well some ticks ago. `source`: its major."""
    more: dict[str, Any] = {"source_major": source, "watch_ticks": 0, "parse_timeout": 400}
    here = world(tmp_path, catchup=catchup, dag=KINDS[kind], warm=250, seed=place, **more)
    journal = Journal(tmp_path / f"{place}.jsonl")
    if way == "rollback":
        report = await go(here, journal, "cutover")
        assert not report.failed, report.failed
        here.clock.pass_by(random.Random(place).randint(1, 400))
    return here, journal


async def a_while_later(here: World, journal: Journal, way: Way, place: int) -> None:
    """Exactly once, and the side that it is for runs it."""
    here.clock.pass_by(random.Random(place).randint(1, 300))
    report = await go(here, journal, way)
    assert not report.failed, (place, report.failed)
    if report.steps:
        runs_on(here, "target" if way == "cutover" else "source")


MATRIX = [(way, kind, catchup) for way in OTHER for kind in KINDS for catchup in (True, False)]
both_sources = pytest.mark.parametrize("source", [2, pytest.param(3, marks=pytest.mark.slow)])


@both_sources
@pytest.mark.parametrize(("way", "kind", "catchup"), MATRIX)
async def test_killed_at_a_line_then_the_other_way(
    tmp_path: Path, way: Way, kind: str, catchup: bool, source: int
) -> None:
    # Every line is died at by some kind of each way.
    line = 1 + MATRIX.index((way, kind, catchup)) % 4
    while True:
        here, journal = await begun(tmp_path, line, way, kind, source, catchup=catchup)
        try:
            await go(here, Killing(journal.path, line), way)
        except KilledError:
            await a_while_later(here, Journal(journal.path), OTHER[way], line)
        else:
            break
        line += 4
    assert line > 10


CHANGES = {"set_paused", "create_backfill", "trigger", "set_run_state"}


@both_sources
@pytest.mark.parametrize("turns", [True, False])
@pytest.mark.parametrize(("way", "kind", "catchup"), MATRIX)
async def test_killed_at_a_change_then_either_way(
    tmp_path: Path, *, way: Way, kind: str, catchup: bool, turns: bool, source: int
) -> None:
    """Before each request that changes something, and after the server has done it."""
    place = 0
    while True:
        place += 1
        here, journal = await begun(tmp_path, place, way, kind, source, catchup=catchup)
        count = 0

        def dies(server: Server, place: int = place) -> bool:
            nonlocal count
            changes = server.calls[-1].removesuffix(" answered") in CHANGES
            count += changes
            return changes and count == place

        here.source.crash_at, here.target.crash_at = partial(dies, here.source), partial(dies, here.target)
        try:
            await go(here, journal, way)
        except CrashError:
            await a_while_later(here, Journal(journal.path), OTHER[way] if turns else way, place)
        else:
            break
    assert place > 4


@pytest.mark.parametrize("catchup", [True, False])
async def test_a_marker_left_half_made_on_the_target_does_not_run_on_the_way_back(
    tmp_path: Path, catchup: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuses(*_: object) -> None:
        raise RequestFailedError("away", status=500)

    here, journal = world(tmp_path, catchup=catchup, watch_ticks=1), Journal(tmp_path / "j.jsonl")
    with monkeypatch.context() as patched:
        patched.setattr(here.target, "set_run_state", refuses)
        assert (await go(here, journal, "cutover")).failed
    here.clock.pass_by(400)
    assert not (await go(here, journal, "rollback")).failed
    assert here.target.ledger == []
    runs_on(here, "source")
    assert not (await go(here, journal, "cutover")).failed
    runs_on(here, "target")


@pytest.mark.parametrize("source", [2, 3])
@pytest.mark.parametrize("catchup", [True, False])
async def test_a_marker_left_half_made_on_the_source_does_not_run_either(
    tmp_path: Path, catchup: bool, source: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuses(*_: object) -> None:
        raise RequestFailedError("away", status=500)

    here, journal = (
        world(tmp_path, catchup=catchup, source_major=source, watch_ticks=1),
        Journal(tmp_path / "j.jsonl"),
    )
    assert not (await go(here, journal, "cutover")).failed
    here.clock.pass_by(500)
    with monkeypatch.context() as patched:
        patched.setattr(here.source, "set_run_state", refuses)
        assert (await go(here, journal, "rollback")).failed
    here.clock.pass_by(200)
    assert not (await go(here, journal, "cutover")).failed
    runs_on(here, "target")
    assert not (await go(here, journal, "rollback")).failed
    runs_on(here, "source")


async def test_a_test_run_that_waits_on_the_target_of_a_paused_dag_stays_there(tmp_path: Path) -> None:
    here = world(tmp_path, catchup=True, watch_ticks=1, source_paused=True, warm=250)
    journal = Journal(tmp_path / "j.jsonl")
    here.target._add("manual__test", "manual", here.clock.now())
    assert not (await go(here, journal, "cutover")).failed
    assert not (await go(here, journal, "rollback")).failed
    here.clock.pass_by(100)
    assert here.ledger() == []
    assert here.target.is_paused


async def test_what_was_to_fill_the_gap_is_withdrawn_where_it_never_began(tmp_path: Path) -> None:
    off = {"kind": "timedelta", "start": START + timedelta(seconds=17)}
    here, journal = world(tmp_path, catchup=False, dag=off, watch_ticks=1), Journal(tmp_path / "j.jsonl")
    here.starship_on = ("source",)
    ctx = here.context()
    ctx.standing, ctx.lines = journal.standing_of, journal.lines
    actions = actions_for_cutover(here.plan, here.inventory, "one", {})
    await carry_out(actions[:2], ctx, journal)
    here.clock.pass_by(400)
    done = frozenset(action.info.id for action in actions[:2])
    assert not (await carry_out(actions[2:3], ctx, journal, done=done)).failed
    assert len(here.target.open) > 1
    assert not (await go(here, journal, "rollback")).failed
    assert here.target.ledger == []
    assert here.target.open == set()


@pytest.mark.parametrize("dies_at", range(8))
@pytest.mark.parametrize(
    "dag", [{"depends_on_past": True}, {"kind": "timedelta", "start": START + timedelta(seconds=17)}]
)
async def test_a_gap_that_grew_while_its_filling_waited_is_filled_to_its_end(
    tmp_path: Path, dag: dict[str, Any], dies_at: int
) -> None:
    """Killed after the filling was asked for, and run again much later: killed once more, then run to its end.

    Found on 3.3.2 on 2026-11-26: the target showed a next run beyond what was filled, until the step's time was over.
    """
    here, journal = world(tmp_path, catchup=False, dag=dag, watch_ticks=1), Journal(tmp_path / "j.jsonl")
    ctx = here.context()
    ctx.standing, ctx.lines = journal.standing_of, journal.lines
    actions = actions_for_cutover(here.plan, here.inventory, "one", {})
    await carry_out(actions[:2], ctx, journal)
    here.clock.pass_by(400)
    done = frozenset(action.info.id for action in actions[:2])
    assert not (await carry_out(actions[2:3], ctx, journal, done=done)).failed
    here.clock.pass_by(700)
    count = 0

    def dies() -> bool:
        nonlocal count
        count += here.target.calls[-1].startswith(("delete_run", "create_backfill"))
        return 0 < dies_at == count

    here.target.crash_at = dies
    with contextlib.suppress(CrashError):
        report = await go(here, journal, "cutover")
        assert not report.failed, report.failed
    here.target.crash_at = lambda: False
    here.clock.pass_by(300)
    report = await go(here, Journal(journal.path), "cutover")
    assert not report.failed, report.failed
    here.clock.pass_by(60)
    runs_on(here, "target")


async def test_a_run_left_half_way_the_first_time_is_waited_for_the_second_time(tmp_path: Path) -> None:
    """Given back, the source goes on with what our drain had frozen there."""
    here = world(tmp_path, catchup=False, warm=250, watch_ticks=0, dag={"tasks_of_run": 2}, freeze=("d",))
    journal = Journal(tmp_path / "j.jsonl")
    while not here.source.open:
        here.clock.pass_by(1)
    assert not (await go(here, journal, "cutover")).failed
    (frozen,) = here.source.open
    assert not (await go(here, journal, "rollback")).failed
    here.plan = replace(here.plan, cutover=replace(here.plan.cutover, freeze=()))
    here.source.seconds_per_run = 30
    assert not (await go(here, journal, "cutover")).failed
    assert here.source.rows[frozen].state == "success"
    assert here.source.open == set()


async def test_a_backfill_that_waits_on_the_target_is_not_let_loose(tmp_path: Path) -> None:
    here, journal = world(tmp_path, catchup=True, warm=250), Journal(tmp_path / "j.jsonl")
    await here.target.create_backfill("d", START, START)
    report = await go(here, journal, "cutover")
    assert "wait to be run as soon as it is unpaused: backfill__" in report.failed[0].why
    assert not here.source.is_paused


ENDS = [(2, 3), (2, 2), (3, 3)]
"""major versions of source and target"""
all_ends = pytest.mark.parametrize(
    ("source", "target"), [ENDS[0], *(pytest.param(*ends, marks=pytest.mark.slow) for ends in ENDS[1:])]
)


@pytest.mark.parametrize("dag", [{}, {"max_active_runs": 1}], ids=["plain", "one at a time"])
@all_ends
@pytest.mark.parametrize("way", OTHER)
async def test_turned_round_before_the_gap_was_run_its_ticks_are_run(
    tmp_path: Path, way: Way, source: int, target: int, dag: dict[str, Any]
) -> None:
    """More than one tick falls between the sides; killed at a call after the unpausing, then the other way."""
    place = 1 + ENDS.index((source, target)) + 3 * bool(dag)
    while True:
        here, journal = (
            world(
                tmp_path, catchup=False, source_major=source, target_major=target, dag=dag, watch_ticks=1, warm=250
            ),
            Journal(tmp_path / f"{place}.jsonl"),
        )
        if way == "rollback":
            assert not (await go(here, journal, "cutover")).failed
            here.clock.pass_by(200)
        side = here.target if way == "cutover" else here.source
        count, unpause = 0, side.set_paused

        async def late(dag_id: str, paused: bool, here: World = here, unpause: Any = unpause) -> None:
            nonlocal count
            if not paused and not count:
                here.clock.pass_by(3.5 * here.source.period.total_seconds())
                count = 1
            await unpause(dag_id, paused)

        def dies(place: int = place) -> bool:
            nonlocal count
            count += count > 0
            return count == place + 1

        side.set_paused = late  # type: ignore[method-assign] # slow on purpose
        here.source.crash_at = here.target.crash_at = dies
        with contextlib.suppress(CrashError):
            assert not (await go(here, journal, way)).failed
            break
        here.source.crash_at = here.target.crash_at = lambda: False
        here.clock.pass_by(70)
        report = await go(here, Journal(journal.path), OTHER[way])
        assert not report.failed, (place, report.failed)
        runs_on(here, "target" if way == "rollback" else "source")
        place += 6
    assert place > 12


@pytest.mark.parametrize("minutes_paused", [0, 60])
async def test_what_the_target_leaves_out_later_is_no_debt(tmp_path: Path, minutes_paused: int) -> None:
    """Cut over a second time, with nothing between the sides; then somebody pauses it there for an hour."""
    here, journal = world(tmp_path, catchup=False, watch_ticks=1, warm=250), Journal(tmp_path / "j.jsonl")
    for way in ("cutover", "rollback", "cutover"):
        settle(here)
        assert not (await go(here, journal, way)).failed
    await here.target.set_paused("d", True)
    here.clock.pass_by(minutes_paused * 60)
    await here.target.set_paused("d", False)
    here.clock.pass_by(300)
    left_out = len(here.ticks_due()) - len(here.ticks_ran())
    assert bool(left_out) is bool(minutes_paused)
    assert not (await go(here, journal, "rollback")).failed
    settle(here)
    assert len(here.ticks_due()) - len(here.ticks_ran()) == left_out
