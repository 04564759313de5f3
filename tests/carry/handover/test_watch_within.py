"""A cutover waits for ticks that come soon; what comes tomorrow is left to `astroferry watch`, and that is said."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from tests.carry.handover.going import go
from tests.carry.handover.two_airflows import world

from astroferry.carry.handover.ends import Handover
from astroferry.carry.handover.watch import WatchTicks
from astroferry.carry.journal import Journal
from astroferry.errors import RemoteError

if TYPE_CHECKING:
    from pathlib import Path

    from tests.carry.handover.going import Way
    from tests.carry.handover.two_airflows import World


@pytest.mark.parametrize("catchup", [True, False])
@pytest.mark.parametrize("way", ["cutover", "rollback"])
async def test_what_comes_in_an_hour_is_not_waited_for(tmp_path: Path, way: Way, *, catchup: bool) -> None:
    """It has run on the hour, and its next tick is far away."""
    here, journal = world(tmp_path, catchup=catchup, minutes=60, watch_ticks=3), Journal(tmp_path / "j.jsonl")
    to_the_hour(here, 5)
    if way == "rollback":
        assert not (await go(here, journal, "cutover")).failed
    begun = here.clock.now()
    report = await go(here, journal, way)
    assert not report.failed
    assert here.clock.now() - begun < timedelta(minutes=10)
    watched = report.steps[-1]
    assert watched.info.waits
    assert watched.why.startswith(f"0 of {3 if way == 'cutover' else 1} ticks are finished; the next is due ")
    assert watched.why.endswith(":00:00, which `watch` sees")
    assert (here.source.is_paused, here.target.is_paused) == (way == "cutover", way == "rollback")


async def test_one_that_has_never_run_is_not_waited_for_either(tmp_path: Path) -> None:
    here, journal = world(tmp_path, catchup=True, minutes=60, watch_ticks=3, warm=60), Journal(tmp_path / "j.jsonl")
    report = await go(here, journal, "cutover")
    assert not report.failed
    assert report.steps[-1].why.startswith("no tick has come yet; the next is due ")
    assert not here.target.is_paused


def to_the_hour(here: World, past: float) -> None:
    """Let time pass up to so many minutes past the next hour but one."""
    into = (here.clock.now() - here.source.start).total_seconds() % 3600
    here.clock.pass_by(2 * 3600 - into + past * 60)


async def test_ticks_that_come_soon_are_waited_for_and_the_rest_is_left(tmp_path: Path) -> None:
    """An hourly one, begun ten minutes before the hour."""
    here, journal = world(tmp_path, catchup=True, minutes=60, watch_ticks=3), Journal(tmp_path / "j.jsonl")
    to_the_hour(here, 50)
    report = await go(here, journal, "cutover")
    assert not report.failed
    (watched,) = (step for step in report.steps if step.info.id.endswith("/watch-target"))
    assert watched.why.startswith("1 of 3 ticks are finished; the next is due ")
    assert "which `watch` sees" in watched.why


async def test_a_run_that_takes_long_is_not_waited_for_either(tmp_path: Path) -> None:
    here, journal = world(tmp_path, catchup=True, minutes=60, watch_ticks=1), Journal(tmp_path / "j.jsonl")
    to_the_hour(here, 55)
    here.target.seconds_per_run = 40 * 60
    begun = here.clock.now()
    report = await go(here, journal, "cutover")
    assert not report.failed, report.failed[0].why
    assert timedelta(minutes=15) < here.clock.now() - begun < timedelta(minutes=30)
    assert report.steps[-1].why.startswith("0 of 1 ticks are finished; the next is due ")


@pytest.mark.parametrize("due", [True, False])
async def test_a_tick_that_did_not_come_is_no_reason_to_leave(tmp_path: Path, *, due: bool) -> None:
    """One that is due and late is an alarm; so is one that was passed over."""
    here, journal = world(tmp_path, catchup=False, minutes=60, watch_ticks=2), Journal(tmp_path / "j.jsonl")
    to_the_hour(here, 50)
    assert not (await go(here, journal, "cutover")).failed
    ctx = here.context()
    watch = WatchTicks(Handover("d", "one", "prod", drained={"source", "target"}), 9)
    assert (await watch.observe(ctx)).state == "done"
    here.target.alive = False
    here.clock.pass_by(3600)
    if not due:
        here.target.alive = True
        here.clock.pass_by(3600)
        # The newest but one is gone, as if its scheduler had passed it over.
        by_date = sorted(here.target.rows, key=lambda name: str(here.target.rows[name].logical_date))
        del here.target.rows[by_date[-2]]
    seen = await watch.observe(ctx)
    assert seen.state == ("todo" if due else "doubt"), seen
    with pytest.raises(RemoteError, match="should have run on the target" if due else "did not run for"):
        await watch.apply(ctx)
