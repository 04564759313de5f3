"""What a cutover refuses at its first look, and before it unpauses: schedules that changed, sides that differ."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from tests.carry.handover.going import go
from tests.carry.handover.two_airflows import START, World, world

from astroferry.carry.context import ClockInStep, in_step
from astroferry.carry.handover.unpause import Unpause
from astroferry.carry.handover.wave import actions_for_cutover, standings_of
from astroferry.carry.journal import Journal
from astroferry.carry.runner import carry_out
from astroferry.model.inventory import Schedule

if TYPE_CHECKING:
    from pathlib import Path

    from astroferry.carry.runner import Report


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.fsync", lambda _: None)


def took_inventory_as(here: World, schedule: Schedule) -> None:
    dag = replace(here.inventory.dags[0], schedule=schedule)
    here.inventory = replace(here.inventory, dags=(dag, *here.inventory.dags[1:]))


def untouched(here: World, report: Report, why: str) -> None:
    assert why in report.failed[0].why
    assert not here.source.is_paused
    assert here.target.is_paused
    assert "set_paused" not in here.source.calls


@pytest.mark.parametrize("schedule", [Schedule("none"), Schedule("dataset"), Schedule("once", "@once")])
async def test_a_schedule_that_changed_since_the_inventory_is_refused(tmp_path: Path, schedule: Schedule) -> None:
    here = world(tmp_path, catchup=True, warm=250)
    took_inventory_as(here, schedule)
    report = await go(here, Journal(tmp_path / "j.jsonl"), "cutover")
    untouched(here, report, "it would be handed over another way")


async def test_ticks_that_became_none_are_refused_before_the_pause(tmp_path: Path) -> None:
    here = world(tmp_path, catchup=False, warm=250, dag={"kind": "dataset"})
    took_inventory_as(here, Schedule("cron", "*/2 * * * *"))
    untouched(here, await go(here, Journal(tmp_path / "j.jsonl"), "cutover"), "was one with ticks")


async def test_a_schedule_that_changes_half_way_is_not_unpaused_without_its_marker(tmp_path: Path) -> None:
    """The first look was made with another schedule; then the steps are those of another one, too."""
    here = world(tmp_path, catchup=True, warm=250)
    journal = Journal(tmp_path / "j.jsonl")
    ctx = here.context()
    ctx.standing, ctx.lines = journal.standing_of, journal.lines
    first = actions_for_cutover(here.plan, here.inventory, "one", {})[:2]
    assert not (await carry_out(first, ctx, journal)).failed
    took_inventory_as(here, Schedule("none"))
    report = await go(here, journal, "cutover")
    assert "not what follows the source's last one" in report.failed[0].why
    assert here.target.is_paused
    handover = first[0].handover  # type: ignore[attr-defined] # its steps all have one
    back = await Unpause(handover, "source", way="rollback").observe(here.context())
    assert back.state == "todo"


@pytest.mark.parametrize("catchup", [True, False])
async def test_sides_that_do_not_catch_up_alike_are_refused(tmp_path: Path, catchup: bool) -> None:
    here = world(tmp_path, catchup=catchup, warm=250)
    here.target.catchup = not catchup
    untouched(here, await go(here, Journal(tmp_path / "j.jsonl"), "cutover"), f"catchup={catchup} on the source")


async def test_what_ran_once_is_known_behind_any_number_of_runs_by_hand(tmp_path: Path) -> None:
    here = world(tmp_path, catchup=False, dag={"kind": "once"}, warm=60)
    for number in range(120):
        moment = START + timedelta(minutes=1, seconds=number)
        run = here.source._add(f"manual__{number}", "manual", moment)
        here.source.rows[run.run_id] = replace(run, state="success")
    here.source.open.clear()
    assert not (await go(here, Journal(tmp_path / "j.jsonl"), "cutover")).failed
    assert here.target.is_paused


async def test_a_paused_dag_whose_order_matters_is_given_no_backfill(tmp_path: Path) -> None:
    """It stays paused; what was due in the meantime is nobody's."""
    dag: dict[str, Any] = {"depends_on_past": True}
    here = world(tmp_path, catchup=False, warm=250, dag=dag)
    here.source.is_paused = True
    here.clock.pass_by(600)
    assert not (await go(here, Journal(tmp_path / "j.jsonl"), "cutover")).failed
    assert here.target.open == set()


async def test_clocks_of_the_two_sides_that_are_apart_are_refused(tmp_path: Path) -> None:
    here = world(tmp_path, catchup=True, warm=250)
    here.source.ahead, here.target.ahead = timedelta(seconds=1), timedelta(minutes=-1)
    untouched(here, await go(here, Journal(tmp_path / "j.jsonl"), "cutover"), "are 61 s apart")


async def test_a_machine_whose_clock_is_off_misses_no_tick(tmp_path: Path) -> None:
    """Nine minutes behind, it would take what fell between for not due yet."""
    here = world(tmp_path, catchup=False, watch_ticks=0)
    behind = ClockInStep(here.clock, timedelta(minutes=-9))
    journal = Journal(tmp_path / "j.jsonl")
    ctx = here.context()
    ctx.standing, ctx.lines = journal.standing_of, journal.lines
    ctx.clock = in_step(behind, timedelta(minutes=9), lambda _: None)
    first = actions_for_cutover(here.plan, here.inventory, "one", {})
    assert not (await carry_out(first[:3], ctx, journal)).failed
    here.clock.pass_by(500)
    rest = actions_for_cutover(here.plan, here.inventory, "one", standings_of(journal, "one"))
    assert not (await carry_out(rest, ctx, journal)).failed
    here.clock.pass_by(100)
    assert len(journal.standing()["cutover/one/d/gap-target"].made["missed"]) == 3
