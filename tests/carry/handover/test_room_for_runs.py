"""DAGs of which only one run may be under way: what they pass over by themselves, and what is run for them."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from datetime import timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest
from tests.carry.handover.going import go
from tests.carry.handover.test_then_the_other_way import settle
from tests.carry.handover.two_airflows import START, CrashError, World, world

from astroferry.carry.handover.ends import Handover
from astroferry.carry.handover.gap import RunGap
from astroferry.carry.handover.watch import ticks_of
from astroferry.carry.handover.wave import actions_for_cutover, actions_for_rollback, standings_of
from astroferry.carry.journal import Journal
from astroferry.carry.runner import carry_out
from astroferry.model.cutover import GAP_PREFIX

UNTOUCHED = "rollback/one/d/start-untouched-source"

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from tests.carry.handover.two_airflows import Server

    from astroferry.carry.context import Context


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.fsync", lambda _: None)


def overlap(here: World) -> bool:
    """Whether two runs of the target were under way at once."""
    spans = sorted(
        (run.start_date, run.end_date or here.clock.now()) for run in here.target.rows.values() if run.start_date
    )
    return any(spans[n][1] > spans[n + 1][0] for n in range(len(spans) - 1))


async def test_what_fell_between_takes_turns_with_the_schedulers_own_runs(tmp_path: Path) -> None:
    one = {"max_active_runs": 1, "seconds_per_run": 70}
    here = world(tmp_path, catchup=False, dag=one, warm=315, watch_ticks=0, drain_timeout=3000)
    journal = Journal(tmp_path / "j.jsonl")
    ctx = here.context()
    ctx.standing, ctx.lines = journal.standing_of, journal.lines
    actions = actions_for_cutover(here.plan, here.inventory, "one", {})
    assert not (await carry_out(actions[:3], ctx, journal)).failed
    here.clock.pass_by(500)
    assert not (await go(here, journal, "cutover")).failed
    settle(here)
    assert here.ticks_ran() == here.ticks_due()
    assert not overlap(here)
    assert journal.standing()["cutover/one/d/gap-target"].made["missed"]


@pytest.mark.parametrize("seconds", [3, 7, 11, 15, 19])
async def test_what_fell_between_takes_turns_also_where_every_answer_takes_long(tmp_path: Path, seconds: int) -> None:
    """Seen on 3.3.2 on a busy machine: our last run ended between two looks, which hid what was missed."""
    one = {"max_active_runs": 1, "seconds_per_run": 70}
    here = world(tmp_path, catchup=False, dag=one, warm=315, watch_ticks=0, drain_timeout=3000, parse_timeout=600)
    journal = Journal(tmp_path / "j.jsonl")
    ctx = here.context()
    ctx.standing, ctx.lines = journal.standing_of, journal.lines
    actions = actions_for_cutover(here.plan, here.inventory, "one", {})
    assert not (await carry_out(actions[:4], ctx, journal)).failed
    here.target.is_paused = True
    here.clock.pass_by(500)
    here.target.is_paused = False

    def slowly() -> bool:
        here.clock.pass_by(seconds)
        return False

    here.target.crash_at = slowly
    done = frozenset(action.info.id for action in actions[:4])
    report = await carry_out(actions[4:5], ctx, journal, done=done)
    here.target.crash_at = lambda: False
    assert not report.failed, report.failed
    settle(here)
    assert here.ticks_ran() == here.ticks_due()
    assert not overlap(here)


@pytest.mark.parametrize("killed", [False, True])
@pytest.mark.parametrize("past", [False, True])
@pytest.mark.parametrize("limit", [2, 3])
async def test_what_fell_between_fills_an_airflow_2_and_what_comes_due_meanwhile_is_run_too(
    tmp_path: Path, limit: int, monkeypatch: pytest.MonkeyPatch, *, past: bool, killed: bool
) -> None:
    """There all runs share the room: while ours are many, its scheduler passes ticks over."""
    dag = {"max_active_runs": limit, "seconds_per_run": 100, "depends_on_past": past}
    here = world(tmp_path, catchup=False, dag=dag, target_major=2, warm=315, watch_ticks=0, drain_timeout=3000)
    journal = Journal(tmp_path / "j.jsonl", now=here.clock.now)
    ctx = here.context()
    ctx.standing, ctx.lines = journal.standing_of, journal.lines
    actions = actions_for_cutover(here.plan, here.inventory, "one", {})
    assert not (await carry_out(actions[:3], ctx, journal)).failed
    here.clock.pass_by(1000)
    if killed:
        look = RunGap._until_none_is_missing

        async def dies(*_: Any) -> None:
            raise CrashError

        with monkeypatch.context() as patch, contextlib.suppress(CrashError):
            patch.setattr(RunGap, look.__name__, dies)
            await go(here, journal, "cutover")
        here.clock.pass_by(60)
    report = await go(here, journal, "cutover")
    assert not report.failed, report.failed
    settle(here)
    assert here.ticks_ran() == here.ticks_due()
    assert not journal.standing()["cutover/one/d/gap-target"].made.get("crowded")


async def test_ticks_that_the_source_passes_over_by_itself_are_neither_missed_nor_run(tmp_path: Path) -> None:
    """A drain that times out, then the way back: there was never a gap, however many ticks were passed over."""
    one = {"max_active_runs": 1, "seconds_per_run": 290}
    here = world(tmp_path, catchup=False, dag=one, warm=600, watch_ticks=0, drain_timeout=20)
    while not here.source.open:
        here.clock.pass_by(1)
    journal = Journal(tmp_path / "j.jsonl")
    report = await go(here, journal, "cutover")
    assert "still had 1 unfinished run after" in report.failed[0].why
    assert not (await go(here, journal, "rollback")).failed
    here.clock.pass_by(1200)
    assert not any(run.run_id.startswith("astroferry") for run in here.source.rows.values())
    ran = here.ticks_ran()
    assert ran != here.ticks_due()
    table = await ticks_of(here.context(), Handover("d", "one", "prod"), ran[0], ran[-1])
    assert {row.tick for row in table} == set(ran[1:])
    assert len(here.ledger()) < (here.clock.now() - START) // timedelta(minutes=2)


@dataclass
class _SlowUntil:
    """A server beside the others: its tasks take long until then."""

    server: Server
    moment: datetime

    def round(self) -> None:
        self.server.seconds_per_run = 3 if self.server.clock.now() >= self.moment else 10**6


@pytest.mark.parametrize("fills", [False, True], ids=["it ends at once", "it fills the DAG for minutes"])
async def test_a_run_that_we_froze_hides_no_missed_tick(tmp_path: Path, fills: bool) -> None:
    """It stood as "running" from the drain to the way back, but it is we who kept it standing."""
    here, journal = await _frozen(tmp_path, drain_timeout=3000)
    ctx = here.context()
    ctx.standing, ctx.lines = journal.standing_of, journal.lines
    actions = actions_for_rollback(here.plan, here.inventory, "one", standings_of(journal, "one"))
    assert not (await carry_out(actions[:2], ctx, journal)).failed
    paused = here.clock.now()
    here.clock.pass_by(500)
    back = here.clock.now()
    if fills:
        here.clock.everyone.append(cast("Server", _SlowUntil(here.source, back + timedelta(seconds=250))))
    assert not (await go(here, journal, "rollback")).failed
    here.clock.pass_by(200)
    ran = here.ticks_ran()
    fell = [tick for tick in here.ticks_due() if paused < tick <= back]
    assert len(fell) >= 4
    assert [ran.count(tick) for tick in fell] == [1] * len(fell)
    assert len(set(ran)) == len(ran)


async def test_a_dag_that_catches_up_misses_nothing_while_what_stood_fills_it(tmp_path: Path) -> None:
    """Found by random chains: eleven hours of ticks were run by a backfill, beside the scheduler's own."""
    here, journal = await _frozen(tmp_path, catchup=True, drain_timeout=3000, parse_timeout=600)
    ctx = here.context()
    ctx.standing, ctx.lines = journal.standing_of, journal.lines
    actions = actions_for_rollback(here.plan, here.inventory, "one", standings_of(journal, "one"))
    assert not (await carry_out(actions[:2], ctx, journal)).failed
    here.clock.pass_by(500)
    slow = _SlowUntil(here.source, here.clock.now() + timedelta(seconds=250))
    here.clock.everyone.append(cast("Server", slow))
    assert not (await go(here, journal, "rollback")).failed
    assert journal.standing()["rollback/one/d/gap-source"].made["missed"] == []
    assert not any(run.run_id.startswith(GAP_PREFIX) for run in here.source.rows.values())


async def test_a_miss_beside_a_frozen_run_is_told(tmp_path: Path) -> None:
    here, journal = await _frozen(tmp_path)
    since = here.clock.now()
    here.clock.pass_by(400)
    lost = max(run.data_interval_end for run in here.target.rows.values() if run.data_interval_end)
    here.target.rows = {name: run for name, run in here.target.rows.items() if run.data_interval_end != lost}
    here.target.open.clear()
    ctx = here.context()
    ctx.standing, ctx.lines = journal.standing_of, journal.lines
    table = await ticks_of(ctx, Handover("d", "one", "prod"), since, here.clock.now())
    assert [row.tick for row in table if row.side is None] == [lost]


async def _frozen(tmp_path: Path, *, catchup: bool = False, **cutover: Any) -> tuple[World, Journal]:
    """Cut over while its only run stood half-way on the source, where it stands since."""
    one = {"max_active_runs": 1, "tasks_of_run": 3}
    here = world(tmp_path, catchup=catchup, dag=one, warm=250, watch_ticks=0, freeze=("d",), **cutover)
    journal = Journal(tmp_path / "j.jsonl", now=here.clock.now)
    while not here.source.open:
        here.clock.pass_by(1)
    assert not (await go(here, journal, "cutover")).failed
    assert here.source.open
    return here, journal


@pytest.mark.parametrize("step", ["rollback/one/d/unpause-source", "cutover/one/d/let-source-run", UNTOUCHED])
def test_what_stood_goes_on_with_whatever_unpauses_its_side(tmp_path: Path, step: str) -> None:
    journal = Journal(tmp_path / "j.jsonl", now=lambda: START + timedelta(hours=1))
    ctx = cast("Context", SimpleNamespace(standing=journal.standing_of, lines=journal.lines))
    handover = Handover("d", "one", "prod")
    assert not handover.between(ctx).frozen("source")
    assert not handover.between(ctx).stood.get("source")
    journal.write("cutover/one/d/drain-source", "begin", facts={"was_paused": False})
    journal.write("cutover/one/d/drain-source", "applied", facts={"frozen": ["x"], "stood": START.isoformat()})
    journal.write("cutover/one/d/drain-source", "done")
    assert handover.between(ctx).frozen("source") == {"x"}
    assert handover.between(ctx).stood.get("source") == {"x": ((START, None),)}
    journal.write(step, "begin", facts={"was_paused": True})
    assert handover.between(ctx).frozen("source") == frozenset()
    assert handover.between(ctx).stood.get("source") == {"x": ((START, START + timedelta(hours=1)),)}
