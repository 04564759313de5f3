"""DAGs of which only one run may be under way: what they pass over by themselves, and what is run for them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from tests.carry.handover.going import go
from tests.carry.handover.test_then_the_other_way import settle
from tests.carry.handover.two_airflows import START, World, world

from astroferry.carry.handover.ends import Handover
from astroferry.carry.handover.watch import ticks_of
from astroferry.carry.handover.wave import actions_for_cutover
from astroferry.carry.journal import Journal
from astroferry.carry.runner import carry_out

if TYPE_CHECKING:
    from pathlib import Path


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
    ctx.standing = journal.standing_of
    actions = actions_for_cutover(here.plan, here.inventory, "one", {})
    assert not (await carry_out(actions[:3], ctx, journal)).failed
    here.clock.pass_by(500)
    assert not (await go(here, journal, "cutover")).failed
    settle(here)
    assert here.ticks_ran() == here.ticks_due()
    assert not overlap(here)
    assert journal.standing()["cutover/one/d/gap-target"].made["missed"]


async def test_ticks_that_the_source_passes_over_by_itself_are_neither_missed_nor_run(tmp_path: Path) -> None:
    """A drain that times out, then the way back: there was never a gap, however many ticks were passed over."""
    one = {"max_active_runs": 1, "seconds_per_run": 290}
    here = world(tmp_path, catchup=False, dag=one, warm=600, watch_ticks=0, drain_timeout=20)
    while not here.source.open:
        here.clock.pass_by(1)
    journal = Journal(tmp_path / "j.jsonl")
    report = await go(here, journal, "cutover")
    assert "still had 1 unfinished runs" in report.failed[0].why
    assert not (await go(here, journal, "rollback")).failed
    here.clock.pass_by(1200)
    assert not any(run.run_id.startswith("astroferry") for run in here.source.rows.values())
    ran = here.ticks_ran()
    assert ran != here.ticks_due()
    table = await ticks_of(here.context(), Handover("d", "one", "prod"), ran[0], ran[-1])
    assert {row.tick for row in table} == set(ran[1:])
    assert len(here.ledger()) < (here.clock.now() - START) // timedelta(minutes=2)
