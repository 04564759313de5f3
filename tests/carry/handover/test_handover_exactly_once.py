from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.carry.handover.two_airflows import World, carry, world

from astroferry.carry.handover.wave import actions_for_cutover, actions_for_rollback, standings_from

if TYPE_CHECKING:
    from pathlib import Path

Journal = dict[str, dict[str, Any]]


async def cut_over(here: World, journal: Journal) -> None:
    standings = standings_from(journal, "one")
    await carry(actions_for_cutover(here.plan, here.inventory, "one", standings), here.context(), journal)


async def roll_back(here: World, journal: Journal) -> None:
    standings = standings_from(journal, "one")
    await carry(actions_for_rollback(here.plan, here.inventory, "one", standings), here.context(), journal)


def settle(here: World) -> None:
    """Let the last tick's run start; stop just before the next one is due."""
    period = here.source.period.total_seconds()
    into = (here.clock.now() - here.source.start).total_seconds() % period
    here.clock.pass_by(period - into + min(20, period / 2))


@pytest.mark.parametrize("source_major", [2, 3])
@pytest.mark.parametrize("catchup", [True, False])
async def test_there_and_back_every_tick_runs_once(tmp_path: Path, catchup: bool, source_major: int) -> None:
    here = world(tmp_path, catchup=catchup, source_major=source_major)
    journal: Journal = {}
    await cut_over(here, journal)
    assert (here.source.is_paused, here.target.is_paused) == (True, False)
    settle(here)
    assert here.ticks_ran() == here.ticks_due()
    assert {side for _, side, _ in here.ledger()} == {"source", "target"}
    await roll_back(here, journal)
    settle(here)
    assert (here.source.is_paused, here.target.is_paused) == (False, True)
    assert here.ticks_ran() == here.ticks_due()
    assert here.ledger()[-1][1] == "source"


@given(
    catchup=st.booleans(),
    minutes=st.sampled_from([2, 3, 5]),
    seed=st.integers(0, 10_000),
    slips=st.integers(0, 2),
    between=st.lists(st.integers(0, 300), min_size=12, max_size=12),
    again=st.booleans(),
    source_major=st.sampled_from([2, 3]),
)
@settings(
    max_examples=24,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
async def test_any_times_of_pause_and_unpause(
    tmp_path: Path,
    *,
    catchup: bool,
    minutes: int,
    seed: int,
    slips: int,
    between: list[int],
    again: bool,
    source_major: int,
) -> None:
    """Time passes between any two steps, so ticks fall into every gap there is."""
    warm = 300 + seed % 700
    here = world(
        tmp_path, catchup=catchup, minutes=minutes, warm=warm, seed=seed, source_major=source_major, watch_ticks=1
    )
    here.source.slips = slips
    journal: Journal = {}
    pauses = iter(between)
    for turn in range(2 if again else 1):
        cutover = actions_for_cutover(
            here.plan, here.inventory, "one", standings_from(journal, "one") if turn else {}
        )
        for action in cutover:
            await carry([action], here.context(), journal)
            here.clock.pass_by(next(pauses, 7) + 1)
        for action in actions_for_rollback(here.plan, here.inventory, "one", standings_from(journal, "one")):
            await carry([action], here.context(), journal)
            here.clock.pass_by(next(pauses, 11) + 1)
    settle(here)
    assert here.ticks_ran() == here.ticks_due()


async def test_a_dag_paused_on_the_source_is_marked_but_stays_paused(tmp_path: Path) -> None:
    here = world(tmp_path, catchup=True)
    here.clock.pass_by(10)
    here.source.is_paused = True
    journal: Journal = {}
    await cut_over(here, journal)
    assert here.target.is_paused
    assert here.source.is_paused
    marker = journal["cutover/one/d/mark"]["marker"]
    assert here.target.rows[marker].note.startswith(
        "astroferry boundary marker: the run due at 2026-11-22 12:10:00 UTC"
    )
    assert here.target.ledger == []


async def test_a_gap_may_be_listed_instead_of_run(tmp_path: Path) -> None:
    here = world(tmp_path, catchup=False, gap="list", watch_ticks=1)
    actions = actions_for_cutover(here.plan, here.inventory, "one")
    journal: Journal = {}
    for action in actions:
        if action.info.id.endswith("unpause-target"):
            here.clock.pass_by(400)
        await carry([action], here.context(), journal)
    missed = journal["cutover/one/d/gap-target"]["missed"]
    assert missed == ["2026-11-22T12:12:00+00:00", "2026-11-22T12:14:00+00:00"]
    seen = journal["cutover/one/d/watch-target"]
    assert (seen["missed"], seen["listed"]) == (0, 2)


@pytest.mark.parametrize("request_number", range(1, 9))
async def test_a_scheduler_that_wakes_while_the_gap_is_looked_for(tmp_path: Path, request_number: int) -> None:
    """Seen on 3.3.2: the first run after the unpausing came between two requests, and hid what it had passed over."""
    here = world(tmp_path, catchup=False, watch_ticks=1)
    journal: Journal = {}
    for action in actions_for_cutover(here.plan, here.inventory, "one"):
        step = action.info.id.rsplit("/", 1)[-1]
        if step == "unpause-target":
            here.clock.pass_by(400)
        if step == "gap-target":
            count = 0

            def wakes() -> bool:
                nonlocal count
                count += 1
                if count == request_number:
                    here.clock.pass_by(1)
                return False

            here.source.crash_at = here.target.crash_at = wakes
        await carry([action], here.context(), journal)
    assert len(journal["cutover/one/d/gap-target"]["missed"]) == 2
    settle(here)
    assert here.ticks_ran() == here.ticks_due()


@pytest.mark.parametrize("catchup", [True, False])
async def test_a_dag_that_has_never_run_gets_no_marker(tmp_path: Path, catchup: bool) -> None:
    here = world(tmp_path, catchup=catchup, warm=5)
    journal: Journal = {}
    await cut_over(here, journal)
    assert journal["cutover/one/d/mark"]["boundary"] is None
    assert not any(run.run_type == "backfill" for run in here.target.rows.values())
    settle(here)
    assert here.ticks_ran() == here.ticks_due()
