"""A DAG that an earlier cutover has moved, of which this journal knows nothing, or another wave's."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from tests.carry.handover.going import go
from tests.carry.handover.test_then_the_other_way import runs_on
from tests.carry.handover.two_airflows import CrashError, world

from astroferry.carry.handover.wave import actions_for_cutover, hand_over
from astroferry.carry.journal import Journal
from astroferry.errors import RemoteError
from astroferry.model.plan import Wave

if TYPE_CHECKING:
    from pathlib import Path

    from tests.carry.handover.two_airflows import World


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.fsync", lambda _: None)


async def handed_over(tmp_path: Path, dag: dict[str, Any] | None = None, **more: Any) -> World:
    here = world(tmp_path, catchup=False, watch_ticks=0, warm=250, dag=dag, **more)
    if dag:
        here.source.queued["uri"] = here.clock.now()
        here.clock.pass_by(30)
    assert not (await go(here, Journal(tmp_path / "old.jsonl"), "cutover")).failed
    return here


async def refused(here: World, tmp_path: Path, why: str) -> None:
    asked = len(here.source.calls), len(here.target.calls)
    report = await go(here, Journal(tmp_path / "new.jsonl"), "cutover")
    assert [step.info.id for step in report.failed if step.outcome == "failed"] == ["cutover/one/d/record"]
    assert why in report.failed[0].why
    assert "set_paused" not in here.source.calls[asked[0] :] + here.target.calls[asked[1] :]


async def test_a_lost_journal_leads_to_neither_side(tmp_path: Path) -> None:
    """First as it was left, then paused by somebody who took an earlier hint of ours at its word."""
    here = await handed_over(tmp_path)
    here.clock.pass_by(300)
    await refused(here, tmp_path, "is paused on the source: it has moved already")
    here.target.is_paused = True
    await refused(here, tmp_path, "is paused on both sides, and on the Deployment")
    here.target.is_paused = False
    here.clock.pass_by(130)
    runs_on(here, "target")


async def test_a_marker_alone_says_that_it_was_half_way(tmp_path: Path) -> None:
    here, journal = world(tmp_path, catchup=True, warm=250), Journal(tmp_path / "old.jsonl")
    here.target.crash_at = lambda: here.target.calls[-1] == "set_paused"
    with pytest.raises(CrashError):
        await go(here, journal, "cutover")
    here.target.crash_at = lambda: False
    await refused(here, tmp_path, "it has gone on behind the source's last run")


async def test_the_same_of_what_datasets_start(tmp_path: Path) -> None:
    here = await handed_over(tmp_path, {"kind": "dataset"})
    here.target.queued["uri"] = here.clock.now()
    here.clock.pass_by(60)
    here.target.is_paused = True
    await refused(here, tmp_path, "dataset_triggered__")


async def test_another_wave_of_the_same_journal_is_named(tmp_path: Path) -> None:
    here = await handed_over(tmp_path)
    here.plan = replace(here.plan, waves=(Wave("two", "prod", "prod"),))
    ctx = here.context()
    ctx.moved = lambda _: {"d": "one"}
    record = actions_for_cutover(here.plan, here.inventory, "two")[0]
    with pytest.raises(RemoteError, match='was handed over by the wave "one"'):
        await record.apply(ctx)


@pytest.mark.parametrize("kind", ["cron", "dataset"])
async def test_what_was_given_back_and_paused_since_may_go_again(tmp_path: Path, kind: str) -> None:
    here = await handed_over(tmp_path, {"kind": kind} if kind == "dataset" else None)
    journal = Journal(tmp_path / "old.jsonl")
    here.target.queued["uri"] = here.clock.now()
    here.clock.pass_by(300)
    assert not (await go(here, journal, "rollback")).failed
    here.source.is_paused = True
    assert not (await go(here, journal, "cutover")).failed
    assert here.target.is_paused


async def test_one_that_is_paused_for_good_goes_and_one_that_runs_on_both_sides_does_not(tmp_path: Path) -> None:
    here = world(tmp_path, catchup=False, warm=250)
    here.target.is_paused = False
    await refused(here, tmp_path, "already unpaused on the Deployment")
    here.source.is_paused, here.target.is_paused = True, True
    here.target.rows.clear()
    here.clock.pass_by(600)
    assert not (await go(here, Journal(tmp_path / "new.jsonl"), "cutover")).failed


@pytest.mark.parametrize("kind", ["cron", "none"])
async def test_a_run_that_somebody_queued_on_the_target_is_named_before(tmp_path: Path, kind: str) -> None:
    """It would start as soon as the DAG is unpaused there, and may take the logical date of a tick."""
    here = world(tmp_path, catchup=True, watch_ticks=0, warm=250, dag={"kind": kind})
    here.target._add("manual__test", "manual", here.clock.now())
    if kind == "cron":
        await refused(here, tmp_path, "wait to be run as soon as it is unpaused: manual__test")
        return
    # Who starts it there means it.
    told: list[str] = []
    actions = actions_for_cutover(here.plan, here.inventory, "one")
    assert not (await hand_over(actions, here.context(told), Journal(tmp_path / "new.jsonl"))).failed
    assert "d: manual__test waited on the target and starts too" in told
