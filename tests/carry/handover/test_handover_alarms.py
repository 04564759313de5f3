from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

import pytest
from tests.carry.handover.two_airflows import DAG, START, World, carry, world

from astroferry.carry.action import Observation
from astroferry.carry.handover.back import HandBack, passable
from astroferry.carry.handover.boundary import MarkBoundary
from astroferry.carry.handover.drain import DrainAndPause
from astroferry.carry.handover.ends import Handover
from astroferry.carry.handover.gap import RunGap
from astroferry.carry.handover.record import Record
from astroferry.carry.handover.unpause import Unpause
from astroferry.carry.handover.watch import WatchTicks, ticks_of
from astroferry.carry.handover.wave import (
    actions_for_cutover,
    actions_for_rollback,
    handovers,
    refusals,
    standings_from,
    to_know,
)
from astroferry.errors import ConflictError, RemoteError, RequestFailedError
from astroferry.model.inventory import Dag, Run, Schedule

if TYPE_CHECKING:
    from pathlib import Path

    from tests.carry.handover.two_airflows import Server

    from astroferry.carry.action import Action
    from astroferry.carry.context import Context

Journal = dict[str, dict[str, Any]]


@pytest.fixture
def here(tmp_path: Path) -> World:
    return world(tmp_path, catchup=False, watch_ticks=1, parse_timeout=60, drain_timeout=30)


def handover() -> Handover:
    return Handover(DAG, "one", "prod", drained={"source", "target"})


async def cut_over_to(here: World, last: str = "watch-target") -> Journal:
    journal: Journal = {}
    actions = actions_for_cutover(here.plan, here.inventory, "one")
    steps = [action.info.id.rsplit("/", 1)[-1] for action in actions]
    await carry(actions[: steps.index(last) + 1], here.context(), journal)
    return journal


async def doubts(action: Action, ctx: Context, words: str) -> None:
    seen = await action.observe(ctx)
    assert seen.state == "doubt"
    assert words in seen.why
    with pytest.raises(RemoteError, match=words):
        await action.apply(ctx)


# Record


async def test_recording_changes_nothing_and_is_done_once(here: World) -> None:
    record = Record(handover())
    assert (await record.observe(here.context())).state == "todo"
    facts = await record.apply(here.context())
    assert (facts["source_paused"], facts["target_paused"]) == (False, True)
    assert (await record.verify(here.context())).facts == facts
    assert "set_paused" not in here.source.calls + here.target.calls
    assert "Nothing was changed" in await record.undo(here.context(), Observation("todo"), facts)


@pytest.mark.parametrize(
    ("end", "change", "words"),
    [
        ("target", {"present": False}, "not on the Deployment"),
        ("target", {"is_paused": False}, "already unpaused on the Deployment"),
        ("target", {"triggers": True}, "no data interval, where one is planned"),
        ("source", {"triggers": True}, "a data interval, where none is planned"),
        ("source", {"kind": "timetable"}, "we cannot count its ticks"),
    ],
)
async def test_what_cannot_be_handed_over_is_said_first(
    here: World, end: str, change: dict[str, Any], words: str
) -> None:
    for name, value in change.items():
        setattr(getattr(here, end), name, value)
    with pytest.raises(RemoteError, match=words):
        await Record(handover()).apply(here.context())
    assert "set_paused" not in here.source.calls + here.target.calls


async def test_a_schedule_that_changed_under_way_stops_the_handover(here: World) -> None:
    here.source.kind = "timetable"
    with pytest.raises(RemoteError, match="not handed over"):
        await handover().plan(here.context())
    here.source.kind = "none"
    with pytest.raises(RemoteError, match="no ticks to count"):
        await handover().plan(here.context())


async def test_an_airflow_2_target_that_catches_up_needs_starship(tmp_path: Path) -> None:
    here = world(tmp_path, catchup=True, target_major=2)
    with pytest.raises(RemoteError, match="whose API cannot set a boundary"):
        await Record(handover()).apply(here.context())
    assert "set_paused" not in here.source.calls + here.target.calls


async def test_a_last_run_that_failed_holds_a_dag_that_depends_on_it(here: World) -> None:
    here.source.depends_on_past = True
    newest = max(here.source.rows.values(), key=lambda run: run.logical_date or START)
    here.source.rows[newest.run_id] = replace(newest, state="failed")
    with pytest.raises(RemoteError, match="there it would wait"):
        await Record(handover()).apply(here.context())


# Drain


async def test_a_dag_that_never_idles_is_left_running(here: World) -> None:
    here.source.seconds_per_run = 10_000
    here.clock.pass_by(121)
    told: list[str] = []
    with pytest.raises(RemoteError, match="left running as it was"):
        await DrainAndPause(handover()).apply(here.context(told))
    assert not here.source.is_paused
    assert any("waiting for" in line for line in told)


async def test_a_run_that_comes_after_the_first_look_is_seen_by_the_second(here: World) -> None:
    """A scheduler that had begun its round adds it a moment after the pause."""

    @dataclass
    class Late:
        """Beside the servers: one second after the pause there is a run more, once."""

        left: int = 1

        def round(self) -> None:
            if here.source.is_paused and self.left:
                self.left -= 1
                moment = here.clock.now()
                here.source._add(f"manual__{moment.isoformat()}", "manual", moment)

    here.clock.everyone.append(cast("Server", Late()))
    facts = await DrainAndPause(handover()).apply(here.context())
    assert facts["slipped"] == 1
    assert here.source.is_paused
    assert not here.source.open


async def test_a_run_that_slips_in_is_let_finish(here: World) -> None:
    here.source.slips = 2
    drain = DrainAndPause(handover())
    told: list[str] = []
    facts = await drain.apply(here.context(told))
    assert facts["slipped"] == 2
    assert sum("slipped in" in line for line in told) == 2
    assert (await drain.verify(here.context())).state == "done"
    assert all(run.state == "success" for run in here.source.rows.values())


async def test_a_dag_frozen_by_somebody_else_is_not_touched(here: World) -> None:
    here.source.is_paused = True
    here.source._add("manual__x", "manual", here.clock.now())
    here.inventory = replace(here.inventory, dags=(replace(here.inventory.dags[0], is_paused=True),))
    seen = await DrainAndPause(handover()).observe(here.context())
    assert seen.state == "doubt"
    assert "2 unfinished runs; let what is unfinished end" in seen.why


async def test_a_dag_frozen_by_our_own_crash_is_let_finish(here: World) -> None:
    here.source.is_paused = True
    here.source._add("manual__x", "manual", here.clock.now(), here.clock.now())
    drain = DrainAndPause(handover())
    assert (await drain.observe(here.context())).state == "todo"
    await drain.apply(here.context())
    assert here.source.rows["manual__x"].state == "success"
    assert here.source.is_paused


async def test_undoing_a_drain_never_lets_both_sides_run(here: World) -> None:
    drain, ctx = DrainAndPause(handover()), here.context()
    before = await drain.observe(ctx)
    facts = await drain.apply(ctx)
    assert "as it was" in await drain.undo(ctx, Observation("done", facts={"was_paused": True}), {})
    here.target.is_paused = False
    assert "use rollback" in await drain.undo(ctx, before, facts)
    assert here.source.is_paused
    here.target.is_paused = True
    assert "unpaused on the source again" in await drain.undo(ctx, before, facts)
    assert not here.source.is_paused


# The marker


async def test_a_marker_needs_a_paused_source_and_target(here: World) -> None:
    mark = MarkBoundary(handover())
    assert "drain it again" in (await mark.observe(here.context())).why
    here.source.is_paused = True
    here.target.is_paused = False
    assert "was unpaused on the target before" in (await mark.observe(here.context())).why
    with pytest.raises(RemoteError, match="a marker there would run"):
        await mark.apply(here.context())
    assert "create_backfill" not in here.target.calls


async def test_a_run_of_the_targets_own_at_the_boundary_is_doubt(here: World) -> None:
    await cut_over_to(here, "drain-source")
    here.target._add("scheduled__x", "scheduled", START + timedelta(minutes=8))
    here.target.rows["scheduled__x"] = replace(here.target.rows["scheduled__x"], state="success")
    await doubts(MarkBoundary(handover()), here.context(), "a run of its own")


async def test_a_target_that_does_not_continue_is_not_unpaused(here: World) -> None:
    await cut_over_to(here, "drain-source")
    here.target.parse_every = 10_000
    here.target.next_start = START
    with pytest.raises(RemoteError, match="does not show the expected next run"):
        await MarkBoundary(handover()).apply(here.context())
    assert here.target.is_paused


async def test_a_backfill_that_makes_no_run_is_said(here: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await cut_over_to(here, "drain-source")

    async def nothing(*_: object, **__: object) -> int:
        return 1

    monkeypatch.setattr(here.target, "create_backfill", nothing)
    with pytest.raises(RemoteError, match="made no run of it"):
        await MarkBoundary(handover()).apply(here.context())


async def test_somebody_elses_backfill_is_waited_for_then_said(here: World) -> None:
    await cut_over_to(here, "drain-source")
    await here.target.create_backfill(DAG, START, START)
    (theirs,) = here.target.rows.values()
    here.target.rows[theirs.run_id] = replace(theirs, state="running")
    with pytest.raises(RemoteError, match="takes no backfill"):
        await MarkBoundary(handover()).apply(here.context())


@pytest.mark.parametrize("did_its_work", [True, False])
async def test_a_locked_database_is_asked_again(
    here: World, monkeypatch: pytest.MonkeyPatch, did_its_work: bool
) -> None:
    await cut_over_to(here, "drain-source")
    real = here.target.create_backfill

    async def locked(*args: Any, **named: Any) -> int:
        monkeypatch.setattr(here.target, "create_backfill", real)
        if did_its_work:
            await real(*args, **named)
        raise RequestFailedError("Database is locked", status=503)

    monkeypatch.setattr(here.target, "create_backfill", locked)
    await MarkBoundary(handover()).apply(here.context())
    assert sum(run.run_type == "backfill" for run in here.target.rows.values()) == 1


async def test_another_refusal_of_a_backfill_is_not_asked_again(here: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await cut_over_to(here, "drain-source")

    async def refuses(*_: object, **__: object) -> int:
        raise RequestFailedError("depends_on_past", status=422)

    monkeypatch.setattr(here.target, "create_backfill", refuses)
    with pytest.raises(RequestFailedError, match="depends_on_past"):
        await MarkBoundary(handover()).apply(here.context())


async def test_the_tasks_of_a_marker_that_a_sensor_watches_count_as_done(here: World) -> None:
    watcher = Dag("w", Schedule("cron", "0 * * * *"), is_paused=False, waits_for=(DAG,))
    here.inventory = replace(here.inventory, dags=(*here.inventory.dags, watcher))
    await cut_over_to(here, "mark")
    (marker,) = here.target.rows.values()
    assert set(here.target.task_states[marker.run_id]) == {"success"}
    assert here.target.calls.index("set_task_state answered") < here.target.calls.index("set_run_state")
    assert here.target.ledger == []


async def test_what_undoing_a_marker_says(here: World) -> None:
    journal = await cut_over_to(here, "mark")
    mark = MarkBoundary(handover())
    said = await mark.undo(here.context(), Observation("todo"), journal["cutover/one/d/mark"])
    assert "harmless" in said
    assert "had no marker" in await mark.undo(here.context(), Observation("todo"), {})


async def test_a_marker_is_found_behind_many_manual_runs(here: World) -> None:
    await cut_over_to(here, "drain-source")
    for n in range(250):
        moment = here.clock.now() + timedelta(seconds=n)
        here.source.rows[f"manual__{n}"] = Run(f"manual__{n}", "manual", "success", moment, moment, moment)
    last = await handover().boundary(here.context(), "source")
    assert last is not None
    assert last.moment == START + timedelta(minutes=10)


# Unpausing


async def test_no_side_is_unpaused_while_the_other_is_not_quiet(here: World) -> None:
    await cut_over_to(here, "mark")
    unpause = Unpause(handover())
    here.source._add("manual__x", "manual", here.clock.now(), here.clock.now())
    await doubts(unpause, here.context(), "drain it again")
    here.source.is_paused = False
    await doubts(unpause, here.context(), "goes on with it; it stays paused on the target, so no tick is in doubt")
    assert here.target.is_paused
    here.target.is_paused = False
    await doubts(unpause, here.context(), "both sides; pause it on the source at once")


async def test_undoing_an_unpause(here: World) -> None:
    await cut_over_to(here, "mark")
    unpause, ctx = Unpause(handover()), here.context()
    facts = await unpause.apply(ctx)
    assert (await unpause.verify(ctx)).state == "done"
    assert "left as it is" in await unpause.undo(ctx, Observation("done"), facts)
    assert not here.target.is_paused
    assert "paused on the target again" in await unpause.undo(ctx, Observation("todo"), facts)
    assert here.target.is_paused


# The gap


async def test_a_dead_scheduler_is_said(here: World) -> None:
    await cut_over_to(here, "unpause-target")
    here.target.alive = False
    here.clock.pass_by(300)
    with pytest.raises(RemoteError, match="has not started the latest run"):
        await RunGap(handover()).apply(here.context())
    with pytest.raises(RemoteError, match="should have run on the target"):
        await WatchTicks(handover(), 1).apply(here.context())


async def test_a_tick_that_comes_due_while_the_gap_is_looked_at_again_is_the_schedulers_own(here: World) -> None:
    """Seen on a busy 3.3.2 with DAGs that run every few minutes: due in the second between the two looks."""
    await cut_over_to(here, "unpause-target")
    gap, ctx = RunGap(handover()), here.context()
    await gap.apply(ctx)
    here.target.alive = False
    here.clock.pass_by(130)
    assert (await gap.observe(ctx)).why == "the scheduler has not made the latest run yet"
    assert (await gap.verify(ctx)).state == "done"


async def test_the_gap_of_a_dag_that_never_ran_or_stays_paused_is_empty(tmp_path: Path) -> None:
    here = world(tmp_path, catchup=False, warm=5)
    gap = RunGap(handover())
    seen = await gap.observe(here.context())
    assert (seen.state, seen.facts["missed"]) == ("done", [])
    assert await gap.apply(here.context()) == seen.facts
    here.inventory = replace(here.inventory, dags=())
    assert "stays paused" in (await gap.observe(here.context())).why
    assert "2 runs" in await gap.undo(here.context(), seen, {"missed": [1, 2]})


async def test_a_rollback_before_the_marker_runs_what_the_pause_left_out(here: World) -> None:
    journal = await cut_over_to(here, "drain-source")
    here.clock.pass_by(500)
    actions = actions_for_rollback(here.plan, here.inventory, "one", standings_from(journal, "one"))
    await carry(actions, here.context(), journal)
    assert len(journal["rollback/one/d/gap-source"]["missed"]) == 3
    here.clock.pass_by(20)
    assert here.ticks_ran() == here.ticks_due()
    gaps = [run for run in here.source.rows.values() if run.run_id.startswith("astroferry_gap__")]
    assert all(run.data_interval_start == run.logical_date for run in gaps)


async def test_on_an_airflow_2_what_a_task_depends_on_is_started_before_the_unpausing(tmp_path: Path) -> None:
    here = world(tmp_path, catchup=False, watch_ticks=1, dag={"depends_on_past": True})
    journal = await cut_over_to(here)
    actions = actions_for_rollback(here.plan, here.inventory, "one", standings_from(journal, "one"))
    steps = [action.info.id.rsplit("/", 1)[-1] for action in actions]
    await carry(actions[: steps.index("mark-source") + 1], here.context(), journal)
    here.clock.pass_by(500)
    here.source.calls.clear()
    await carry(actions[steps.index("mark-source") + 1 :], here.context(), journal)
    # Queued while it is paused, so that the scheduler's own run finds them before itself; the latest is left to it.
    unpaused = here.source.calls.index("set_paused answered")
    assert here.source.calls[:unpaused].count("trigger answered") == 3
    assert "trigger" not in here.source.calls[unpaused:]
    here.clock.pass_by(20)
    assert here.ticks_ran() == here.ticks_due()


async def test_a_manual_run_that_takes_a_missing_ticks_place_is_not_hidden(
    here: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = await cut_over_to(here, "drain-source")
    here.clock.pass_by(500)

    async def taken(*_: object, **__: object) -> None:
        raise ConflictError("there is a run of that logical date", status=409)

    monkeypatch.setattr(here.source, "trigger", taken)
    actions = actions_for_rollback(here.plan, here.inventory, "one", standings_from(journal, "one"))
    with pytest.raises(ConflictError):
        await carry(actions, here.context(), journal)


# Handing back


async def test_handing_back_needs_both_sides_quiet(here: World) -> None:
    await cut_over_to(here)
    back = HandBack(handover())
    await doubts(back, here.context(), "drain it first")
    here.source.is_paused = False
    await doubts(back, here.context(), "which of them it has repeated")


@pytest.mark.parametrize("by_hand", [True, False])
async def test_too_many_markers_are_not_left_to_luck(tmp_path: Path, by_hand: bool) -> None:
    here = world(tmp_path, catchup=True, watch_ticks=1)
    journal = await cut_over_to(here)
    here.clock.pass_by(60 * 60)
    actions = actions_for_rollback(here.plan, here.inventory, "one", standings_from(journal, "one"))
    here.target.is_paused = by_hand
    why = r"would not get past so many\. Set start_date=" if by_hand else r"gets past 20 at most; nothing was changed"
    with pytest.raises(RemoteError, match=why):
        await carry(actions, here.context(), journal)
    # Found beforehand, the target goes on; either way no side runs what the other has run.
    assert here.source.is_paused
    assert here.target.is_paused is by_hand
    seen = await HandBack(handover()).observe(here.context())
    assert seen.state == "doubt"
    # The user does what was said.
    last = max(tick for tick, _, _ in here.ledger())
    here.source.start = last
    here.clock.pass_by(90)
    await carry(actions, here.context(), journal)
    here.clock.pass_by(60)
    assert here.ticks_ran() == here.ticks_due()


async def test_how_many_markers_can_be_passed_follows_the_source(here: World) -> None:
    assert passable(here.inventory) == 20
    config = {"scheduler": {"min_file_process_interval": "300"}}
    assert passable(replace(here.inventory, config=config)) == 200
    assert passable(replace(here.inventory, config={"scheduler": {"min_file_process_interval": "3"}})) == 5


async def test_a_tick_that_the_source_does_not_have_is_not_marked(here: World) -> None:
    await cut_over_to(here)
    here.target.is_paused = True
    odd = here.clock.now() + timedelta(seconds=7)
    here.target.rows["scheduled__odd"] = Run("scheduled__odd", "scheduled", "success", odd, odd, odd, odd)
    with pytest.raises(RemoteError, match="which the source's schedule does not have"):
        await HandBack(handover()).apply(here.context())
    assert "1 marker of ours" in await HandBack(handover()).undo(
        here.context(), Observation("todo"), {"marked": ["x"]}
    )


async def test_a_target_that_gives_other_data_after_the_first_look_is_not_unpaused(
    here: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody turned CREATE_CRON_DATA_INTERVALS off there meanwhile."""
    real = here.target.dag

    async def turned(dag_id: str) -> Dag:
        seen = await real(dag_id)
        return replace(seen, next_data_interval_start=seen.next_run_after)

    await cut_over_to(here, "drain-source")
    monkeypatch.setattr(here.target, "dag", turned)
    with pytest.raises(RemoteError, match='would give the run of "d" due at'):
        await MarkBoundary(handover()).apply(here.context())


async def test_another_run_in_a_ticks_place_is_not_marked_over(here: World) -> None:
    await cut_over_to(here)
    here.target.is_paused = True
    newest = max(here.target.rows.values(), key=lambda run: run.logical_date or START)
    assert newest.logical_date is not None
    here.source.rows["mine"] = replace(newest, run_id="mine", run_type="manual")
    with pytest.raises(ConflictError):
        await HandBack(handover()).apply(here.context())


# Watching


async def test_an_awake_source_is_an_alarm(here: World) -> None:
    await cut_over_to(here, "gap-target")
    watch = WatchTicks(handover(), 1)
    here.source._add("manual__x", "manual", here.clock.now(), here.clock.now())
    await doubts(watch, here.context(), "1 unfinished run on the source")
    here.source.is_paused = False
    # Something is to be done about it: it is stopped, and what it ran meanwhile is named.
    assert (await watch.observe(here.context())).state == "todo"
    here.clock.pass_by(130)
    with pytest.raises(RemoteError, match=r"on the source again, .* In doubt is what the source ran .*: 2026-11-22"):
        await watch.apply(here.context())
    assert here.source.is_paused
    assert not here.target.is_paused


async def test_a_source_that_woke_up_is_stopped_at_once_and_never_let_go(here: World) -> None:
    await cut_over_to(here, "unpause-target")
    here.source.seconds_per_run = 20
    here.source.is_paused = False
    while not here.source.open:
        here.clock.pass_by(1)
    begun = here.clock.now()
    facts = await DrainAndPause(handover()).apply(here.context())
    # Its task ends by itself; the DAG is not unpaused for it.
    assert here.source.is_paused
    assert facts["ended"]
    assert (here.clock.now() - begun).total_seconds() < 60
    seen = await MarkBoundary(handover()).observe(here.context())
    assert seen.state == "doubt"
    assert "the target goes on alone. In doubt is what the source ran meanwhile: 2026-11-22T12:" in seen.why
    here.source._add("manual__x", "manual", here.clock.now(), here.clock.now())
    here.source.rows["manual__x"] = replace(here.source.rows["manual__x"], state="running")
    here.source.task_states["manual__x"] = ["running", None]
    here.source.seconds_per_run = 10_000
    with pytest.raises(RemoteError, match="it stays paused, since the other side runs it"):
        await DrainAndPause(handover()).apply(here.context())
    assert here.source.is_paused


async def test_a_tick_run_by_both_is_an_alarm(here: World) -> None:
    await cut_over_to(here)
    watch = WatchTicks(handover(), 1)
    assert (await watch.observe(here.context())).state == "done"
    newest = max(here.target.rows.values(), key=lambda run: run.logical_date or START)
    # Somebody unpaused the source for a moment, and paused it again.
    here.source.rows["again"] = replace(newest, run_id="again", state="success")
    await doubts(watch, here.context(), "ran twice for 2026-11-22T12:1")
    assert "Nothing was changed" in await watch.undo(here.context(), Observation("todo"), {})


async def test_a_tick_that_was_passed_over_is_an_alarm(here: World) -> None:
    await cut_over_to(here)
    here.clock.pass_by(370)
    watch = WatchTicks(handover(), 3)
    assert (await watch.verify(here.context())).state == "done"
    gone = sorted(here.target.rows.values(), key=lambda run: run.logical_date or START)[-2]
    del here.target.rows[gone.run_id]
    await doubts(watch, here.context(), "did not run for")
    table = await ticks_of(here.context(), handover(), START, here.clock.now())
    assert [row.state for row in table if row.side is None] == ["due"]


async def test_there_may_be_nothing_to_watch(here: World) -> None:
    assert (await WatchTicks(handover(), 0).observe(here.context())).state == "done"
    here.inventory = replace(here.inventory, dags=())
    assert "nothing to watch" in (await WatchTicks(handover(), 3).observe(here.context())).why


# The wave


async def test_a_dry_look_before_the_cutover_raises_no_alarm(here: World) -> None:
    seen = [await action.observe(here.context()) for action in actions_for_cutover(here.plan, here.inventory, "one")]
    assert {one.state for one in seen} <= {"todo", "done"}
    await cut_over_to(here)
    back = actions_for_rollback(here.plan, here.inventory, "one")
    assert {(await action.observe(here.context())).state for action in back} <= {"todo", "done"}


def test_a_record_that_was_only_begun_does_not_count() -> None:
    assert standings_from({"cutover/one/d/record": {}}, "one") == {}


def test_what_is_refused_is_listed_and_gets_no_action(here: World) -> None:
    found = refusals(here.plan, here.inventory, "one")
    assert [(finding.subject, finding.code) for finding in found] == [("fiscal", "CUT-refused")]
    assert {handover.dag_id for handover in handovers(here.plan, here.inventory, "one")} == {DAG}
    assert actions_for_rollback(here.plan, here.inventory, "one", dag_id="other") == []
    assert len(actions_for_rollback(here.plan, here.inventory, "one", dag_id=DAG)) == 5
    assert Schedule("once").is_timed


def test_every_action_waits_for_the_one_before(here: World) -> None:
    actions = actions_for_cutover(here.plan, here.inventory, "one")
    assert [action.info.needs for action in actions[1:]] == [(action.info.id,) for action in actions[:-1]]
    assert {action.info.stage for action in actions} == {"cutover"}


async def test_a_target_whose_timetable_has_other_dates_gets_no_marker(
    here: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def others(*_: object, **__: object) -> tuple[datetime, ...]:
        return (START + timedelta(minutes=1),)

    monkeypatch.setattr(here.target, "backfill_dates", others)
    await carry([Record(handover()), DrainAndPause(handover())], here.context(), {"cutover/one/d/record": {}})
    with pytest.raises(RemoteError, match="which the source does not have"):
        await MarkBoundary(handover()).apply(here.context())
    assert "create_backfill" not in here.target.calls


async def test_a_timetable_that_the_code_names_is_the_same_on_either_side(here: World) -> None:
    here.plan = replace(here.plan, decisions=replace(here.plan.decisions, cron_data_intervals=False))
    assert (await handover().plan(here.context())).target == "interval"
    here.target.triggers = True
    assert (await handover().plan(here.context())).target == "trigger"
    assert [finding.code for finding in to_know(here.plan, here.inventory, "one")] == ["CUT-dates"]


async def test_a_dag_that_never_goes_idle_is_frozen_where_the_plan_says_so(tmp_path: Path) -> None:
    dag = {"seconds_per_run": 100, "tasks_of_run": 2}
    here = world(tmp_path, catchup=True, dag=dag, watch_ticks=1, drain_timeout=150, never_idle="freeze")
    journal: Journal = {}
    *_, watch = actions = actions_for_cutover(here.plan, here.inventory, "one")
    ctx = here.context()
    await carry(actions[:2], ctx, journal)
    (left,) = journal[actions[1].info.id]["left"].values()
    assert left == ["t1"]
    await carry(actions[2:5], ctx, journal)
    assert (here.source.is_paused, here.target.is_paused) == (True, False)
    assert (await watch.observe(ctx)).state != "doubt"


async def test_a_frozen_dag_whose_task_does_not_end_is_let_go_again(tmp_path: Path) -> None:
    dag = {"seconds_per_run": 9000}
    here = world(tmp_path, catchup=True, dag=dag, drain_timeout=60, never_idle="freeze")
    with pytest.raises(RemoteError, match="still run after 60 s: t0"):
        await DrainAndPause(handover()).apply(here.context())
    assert not here.source.is_paused
