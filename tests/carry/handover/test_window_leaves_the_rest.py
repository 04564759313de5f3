"""A window puts back what it has begun: not what a cutover before it has moved, all of what it was interrupted in."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from tests.carry.handover.going import go
from tests.carry.handover.killed import KilledError
from tests.carry.handover.test_window_killed import in_window
from tests.carry.handover.two_airflows import START, each, wave_of

from astroferry.carry.handover.unpause import Unpause
from astroferry.carry.journal import Journal
from astroferry.errors import RequestFailedError, UnreachableError

if TYPE_CHECKING:
    from pathlib import Path

    from tests.carry.handover.two_airflows import World

    from astroferry.carry.action import Facts
    from astroferry.carry.context import Context

HERE, THERE = (False, True), (True, False)


def two(folder: Path) -> World:
    dags = {"old": {"catchup": False}, "new": {"catchup": False}}
    here = wave_of(folder, dags, watch_ticks=1, at_once=4, parse_timeout=120)
    here.plan = here.plan.with_wave_state("one", "tested")
    return here


def sides(here: World) -> dict[str, tuple[bool, bool]]:
    return {dag_id: (one.source.is_paused, one.target.is_paused) for dag_id, one in each(here).items()}


async def test_what_was_moved_before_the_window_stays_where_it_runs(tmp_path: Path) -> None:
    here, journal = two(tmp_path), Journal(tmp_path / "j.jsonl")
    both = here.inventory
    here.inventory = replace(both, dags=both.dags[:1])
    assert not (await go(here, journal, "cutover")).failed
    here.plan = here.plan.with_wave_state("one", "cut over")
    here.clock.pass_by(7200)
    here.inventory = both
    each(here)["new"].target.present = False
    outcome = await in_window(here, journal, tmp_path, None)
    assert outcome.is_back, outcome.back
    assert (outcome.crossed[:32], outcome.stayed) == ("1 of its DAGs did not go well (n", ("old",))
    assert sides(here) == {"old": THERE, "new": HERE}
    assert 'state = "cut over"' in (tmp_path / "migration.toml").read_text(encoding="utf-8")


async def test_a_window_that_was_interrupted_is_still_that_window(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, journal = two(tmp_path), Journal(tmp_path / "j.jsonl")
    apply, ends = Unpause.apply, iter((KilledError(), RequestFailedError("away", status=500)))

    async def not_new(step: Unpause, ctx: Context) -> Facts:
        if (step.handover.dag_id, step.side) == ("new", "target"):
            raise next(ends)
        return await apply(step, ctx)

    with monkeypatch.context() as patch:
        patch.setattr(Unpause, "apply", not_new)
        with pytest.raises(KilledError):
            await in_window(here, journal, tmp_path, None)
        assert sides(here)["old"] == THERE
        outcome = await in_window(here, Journal(tmp_path / "j.jsonl"), tmp_path, None)
    assert (outcome.crossed[:36], outcome.stayed) == ("1 of its DAGs did not go well (new),", ())
    assert outcome.is_back, outcome.back
    assert set(sides(here).values()) == {HERE}
    assert 'state = "tested"' in (tmp_path / "migration.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize("away", ["source", "target"])
async def test_what_a_cutover_before_it_left_on_neither_side_is_put_back_too(tmp_path: Path, away: str) -> None:
    """One end was away as it ended and still is as the window begins, so that this begins nothing of its own."""
    here, journal = two(tmp_path), Journal(tmp_path / "j.jsonl")
    until = here.clock.now()

    def gone() -> bool:
        nonlocal until
        drained = [entry for entry in journal.entries if entry.action.endswith("drain-source")]
        if [entry.event for entry in drained].count("done") == len(sides(here)) and until < START:
            until = here.clock.now() + timedelta(seconds=400)
        if here.clock.now() < until:
            raise UnreachableError("It does not answer.")
        return False

    until = START - timedelta(days=1)
    for one in each(here).values():
        getattr(one, away).crash_at = gone
    with pytest.raises(UnreachableError):
        await go(here, journal, "cutover")
    left = set(sides(here).values())
    outcome = await in_window(here, journal, tmp_path, None)
    assert outcome.crossed
    assert outcome.is_back
    assert set(sides(here).values()) == {HERE}, left
