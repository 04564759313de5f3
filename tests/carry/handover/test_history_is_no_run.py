"""History that was carried to the target after a cutover: rows there for ticks that only the source has run."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from tests.carry.handover.going import go
from tests.carry.handover.test_then_the_other_way import runs_on
from tests.carry.handover.two_airflows import world

from astroferry.advice.schedule import boundary, is_marker, rows_by_tick
from astroferry.carry.handover.alone import strayed
from astroferry.carry.handover.ends import Handover
from astroferry.carry.handover.watch import tally, ticks_of
from astroferry.carry.handover.wave import standings_of
from astroferry.carry.journal import Journal
from astroferry.model.cutover import MARKER_PREFIX

if TYPE_CHECKING:
    from pathlib import Path

    from tests.carry.handover.two_airflows import World

    from astroferry.model.cutover import TickCount


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.fsync", lambda _: None)


async def handed_over(tmp_path: Path) -> tuple[World, Journal]:
    """A cutover whose drain waited over several ticks, so that the source ran some after the record was taken."""
    here, journal = world(tmp_path, catchup=True, watch_ticks=1), Journal(tmp_path / "j.jsonl")
    here.source.seconds_per_run = 150
    asked = here.clock.sleep

    async def sleep(seconds: float) -> None:
        if (here.clock.now() - begun).total_seconds() > 400:
            here.source.seconds_per_run = 3
        await asked(seconds)

    here.clock.pass_by(130)
    begun = here.clock.now()
    here.clock.sleep = sleep  # type: ignore[method-assign] # time that does more than pass
    assert not (await go(here, journal, "cutover")).failed
    return here, journal


def carry_history(here: World, *, whole: bool = False) -> None:
    """As `CarryHistory` does through Starship: finished runs as they are, the newest tick only with `whole`."""
    newest, there = boundary(here.source.rows.values()), rows_by_tick(here.target.rows.values())
    for tick, run in rows_by_tick(here.source.rows.values()).items():
        if (
            run.state == "success"
            and not is_marker(run)
            and tick not in there
            and newest
            and (whole or tick < newest.moment)
        ):
            here.target.rows[run.run_id] = replace(run, run_after=run.data_interval_end)
            here.target.task_states[run.run_id] = ["success"]


async def count(here: World, journal: Journal) -> tuple[Handover, TickCount]:
    ctx, standing = here.context(), standings_of(journal, "one")["d"]
    ctx.standing, ctx.lines = journal.standing_of, journal.lines
    handover = Handover("d", "one", "prod", standing)
    return handover, tally(ctx, handover, await ticks_of(ctx, handover, standing.at, here.clock.now()))


async def test_no_tick_is_counted_twice_for_it(tmp_path: Path) -> None:
    here, journal = await handed_over(tmp_path)
    _, before = await count(here, journal)
    carry_history(here)
    handover, after = await count(here, journal)
    assert (after, after.twice) == (before, ())
    own = await handover.ran_itself(here.context(), "target", None)
    assert sorted(rows_by_tick(own)) == [tick for tick, side, _ in here.ledger() if side == "target"]


async def test_a_row_of_it_that_was_run_again_on_the_target_counts(tmp_path: Path) -> None:
    here, journal = await handed_over(tmp_path)
    carry_history(here)
    since = standings_of(journal, "one")["d"].at
    source = rows_by_tick(here.source.rows.values())
    tick, copy = next(
        (tick, run)
        for tick, run in sorted(rows_by_tick(here.target.rows.values()).items())
        if tick > since and run.run_id == source[tick].run_id
    )
    here.target.rows[copy.run_id] = replace(copy, start_date=here.clock.now())
    assert (await count(here, journal))[1].twice == (tick,)


async def test_it_is_not_given_back_and_does_not_stray(tmp_path: Path) -> None:
    here, journal = await handed_over(tmp_path)
    carry_history(here)
    assert not (await go(here, journal, "rollback")).failed
    runs_on(here, "source")
    ran = [tick for tick, side, _ in here.ledger() if side == "target"]
    made = rows_by_tick(run for run in here.source.rows.values() if run.run_id.startswith(MARKER_PREFIX))
    assert sorted(made) == ran
    # What the source runs from now on, copied once more, is nothing that the target did.
    here.clock.pass_by(600)
    carry_history(here)
    handover, counted = await count(here, journal)
    assert not counted.twice
    assert await strayed(here.context(), handover, "source") == []


@pytest.mark.parametrize("catchup", [True, False])
async def test_a_copy_at_the_boundary_is_as_good_as_a_marker(tmp_path: Path, catchup: bool) -> None:
    """Starship's own page brings the newest tick too; the target goes on after it, and nothing is to be deleted."""
    here, journal = world(tmp_path, catchup=catchup, watch_ticks=1), Journal(tmp_path / "j.jsonl")
    here.target.seconds_per_run = here.source.seconds_per_run = 1
    here.clock.pass_by(20)
    carry_history(here, whole=True)
    assert not (await go(here, journal, "cutover")).failed
    assert not [run for run in here.target.rows.values() if is_marker(run)]
    runs_on(here, "target")
    _, counted = await count(here, journal)
    assert (counted.twice, counted.missed) == ((), ())
