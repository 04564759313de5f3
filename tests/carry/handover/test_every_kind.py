from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from tests.carry.handover.two_airflows import DAG, START, FakeStarship, World, carry, world

from astroferry.carry.handover.wave import (
    actions_for_cutover,
    actions_for_rollback,
    refusals,
    standings_from,
    to_know,
)
from astroferry.errors import RemoteError, RequestFailedError

if TYPE_CHECKING:
    from pathlib import Path

Journal = dict[str, dict[str, Any]]
OFF_GRID = {"kind": "timedelta", "start": START + timedelta(seconds=17)}


async def cut_over(here: World, journal: Journal, *, before_mark: int = 0, before_unpause: int = 0) -> None:
    for action in actions_for_cutover(here.plan, here.inventory, "one", standings_from(journal, "one")):
        if action.info.id.endswith("/mark"):
            here.clock.pass_by(before_mark)
        if action.info.id.endswith("unpause-target"):
            here.clock.pass_by(before_unpause)
        await carry([action], here.context(), journal)


async def roll_back(here: World, journal: Journal, *, after: int = 0, before_mark: int = 0) -> None:
    here.clock.pass_by(after)
    ctx = here.context()
    for action in actions_for_rollback(here.plan, here.inventory, "one", standings_from(journal, "one")):
        if action.info.id.endswith("/mark-source"):
            here.clock.pass_by(before_mark)
        await carry([action], ctx, journal)


def settle(here: World) -> None:
    """Let the last tick's run start; stop just before the next one is due."""
    period = here.source.period.total_seconds()
    into = (here.clock.now() - here.source.start).total_seconds() % period
    here.clock.pass_by(period - into + min(20, period / 2))


KINDS: dict[str, dict[str, Any]] = {
    "trigger timetable": {"triggers": True},
    "timedelta": {"kind": "timedelta"},
    "timedelta off the grid": OFF_GRID,
    "depends on past": {"depends_on_past": True},
}


@pytest.mark.parametrize("catchup", [True, False])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("late", [0, 300])
@pytest.mark.parametrize("source_major", [2, 3])
async def test_there_and_back_every_tick_runs_once(
    tmp_path: Path, kind: str, catchup: bool, late: int, source_major: int
) -> None:
    """`late`: ticks fall due between the drain and the marker, and on the way back."""
    here = world(
        tmp_path, catchup=catchup, dag=KINDS[kind], source_major=source_major, watch_ticks=1, parse_timeout=400
    )
    # A timedelta off the grid keeps its phase on the way back only where Starship sets its boundary.
    here.starship_on = ("source",) if kind == "timedelta off the grid" else ()
    journal: Journal = {}
    await cut_over(here, journal, before_mark=late)
    settle(here)
    assert here.ticks_ran() == here.ticks_due()
    await roll_back(here, journal, after=200, before_mark=late if source_major == 3 else 0)
    settle(here)
    assert here.ticks_ran() == here.ticks_due()
    assert here.ledger()[-1][1] == "source"
    assert (here.source.is_paused, here.target.is_paused) == (False, True)


async def test_a_phase_that_would_move_is_not_let_loose_on_the_source(tmp_path: Path) -> None:
    here = world(tmp_path, catchup=False, dag=OFF_GRID, watch_ticks=1, parse_timeout=60)
    journal: Journal = {}
    await cut_over(here, journal)
    with pytest.raises(RemoteError, match="moved to another phase there"):
        await roll_back(here, journal, after=400)
    assert here.source.is_paused


async def test_more_ticks_than_may_be_passed_over_stop_an_unpausing_that_must_fill_first(tmp_path: Path) -> None:
    here = world(tmp_path, catchup=False, dag=OFF_GRID, watch_ticks=1)
    journal: Journal = {}
    with pytest.raises(RemoteError, match="not what follows the source"):
        await cut_over(here, journal, before_unpause=400)
    assert here.target.is_paused
    # Said again, and the marker's step fills up what was missed.
    await cut_over(here, journal)
    settle(here)
    assert here.ticks_ran() == here.ticks_due()


@pytest.mark.parametrize("kind", ["timedelta off the grid", "depends on past"])
@pytest.mark.parametrize("source_major", [2, 3])
async def test_what_comes_due_until_the_file_is_parsed_is_filled_as_well(
    tmp_path: Path, kind: str, source_major: int
) -> None:
    """Seen on a busy machine: the target showed its next run three ticks later than the last one that was filled."""
    here = world(
        tmp_path, catchup=False, dag=KINDS[kind], source_major=source_major, watch_ticks=1, parse_timeout=1500
    )
    here.starship_on = ("source",)
    for server in (here.source, here.target):
        server.parse_every = 370
    journal: Journal = {}
    await cut_over(here, journal, before_mark=300)
    settle(here)
    assert here.ticks_ran() == here.ticks_due()
    await roll_back(here, journal, after=200, before_mark=300 if source_major == 3 else 0)
    settle(here)
    assert here.ticks_ran() == here.ticks_due()
    assert here.ledger()[-1][1] == "source"


async def test_what_must_be_filled_cannot_only_be_listed(tmp_path: Path) -> None:
    here = world(tmp_path, catchup=False, dag={"depends_on_past": True}, gap="list")
    with pytest.raises(RemoteError, match="cannot only be listed"):
        await cut_over(here, {}, before_mark=300)
    assert here.target.is_paused


async def test_a_marker_of_starship_is_given_its_tasks_where_one_depends_on_the_past(tmp_path: Path) -> None:
    here = world(tmp_path, catchup=True, target_major=2, dag={"depends_on_past": True}, watch_ticks=1)
    here.starship_on = ("source", "target")
    journal: Journal = {}
    await cut_over(here, journal)
    await roll_back(here, journal, after=100)
    settle(here)
    assert here.ticks_ran() == here.ticks_due()
    for server in (here.source, here.target):
        (marker,) = (run for run in server.rows.values() if run.run_id.startswith("astroferry_boundary__"))
        assert server.task_states[marker.run_id] == ["skipped"]


@pytest.mark.parametrize("late", [{"before_mark": 300}, {"before_unpause": 300}, {"before_mark": 90}])
async def test_an_airflow_2_target_is_given_what_a_task_depends_on(tmp_path: Path, late: dict[str, int]) -> None:
    """Found on a real 2.11 on 2026-11-26: it was waited for a next run that only a backfill could have brought."""
    here = world(tmp_path, catchup=False, target_major=2, dag={"depends_on_past": True}, watch_ticks=1)
    here.starship_on = ("source", "target")
    journal: Journal = {}
    await cut_over(here, journal, **late)
    settle(here)
    assert here.ticks_ran() == here.ticks_due()
    await roll_back(here, journal, after=100)
    settle(here)
    assert here.ticks_ran() == here.ticks_due()
    assert here.ledger()[-1][1] == "source"


@pytest.mark.parametrize("kind", ["cron", "timedelta", "off"])
@pytest.mark.parametrize("catchup", [True, False])
async def test_an_airflow_2_target_takes_its_boundary_from_starship(tmp_path: Path, kind: str, catchup: bool) -> None:
    dag: dict[str, Any] = OFF_GRID if kind == "off" else {"kind": kind}
    here = world(tmp_path, catchup=catchup, target_major=2, dag=dag, watch_ticks=1)
    here.starship_on = ("source", "target")
    journal: Journal = {}
    await cut_over(here, journal)
    settle(here)
    await roll_back(here, journal, after=100)
    settle(here)
    assert here.ticks_ran() == here.ticks_due()
    assert {side for _, side, _ in here.ledger()} == {"source", "target"}
    marker = here.target.rows[journal["cutover/one/d/mark"]["marker"]]
    assert (marker.run_type, marker.note[:26]) == ("scheduled", "astroferry boundary marker")
    told = [finding.code for finding in to_know(here.plan, here.inventory, "one")]
    assert told == (["CUT-starship"] if catchup or kind == "off" else [])


@pytest.mark.parametrize("triggers", [True, False])
async def test_an_airflow_2_target_without_catchup_needs_no_starship(tmp_path: Path, triggers: bool) -> None:
    here = world(tmp_path, catchup=False, target_major=2, dag={"triggers": triggers}, watch_ticks=1)
    journal: Journal = {}
    await cut_over(here, journal, before_mark=250)
    settle(here)
    await roll_back(here, journal, after=600)
    settle(here)
    assert here.ticks_ran() == here.ticks_due()
    # Without catchup the scheduler never looks further back than the newest tick.
    assert len(journal["rollback/one/d/mark-source"]["marked"]) == 1


async def test_starship_on_the_source_takes_back_any_number_of_ticks(tmp_path: Path) -> None:
    here = world(tmp_path, catchup=True, watch_ticks=1)
    here.starship_on = ("source",)
    journal: Journal = {}
    await cut_over(here, journal)
    here.clock.pass_by(120 * 60)
    await roll_back(here, journal)
    settle(here)
    assert here.ticks_ran() == here.ticks_due()
    assert len(journal["rollback/one/d/mark-source"]["marked"]) == 1


async def test_a_dag_that_has_ended_is_marked_and_unpaused_and_runs_nothing(tmp_path: Path) -> None:
    here = world(tmp_path, catchup=True, dag={"end": START + timedelta(minutes=4)}, watch_ticks=2)
    ran = here.ticks_ran()
    journal: Journal = {}
    await cut_over(here, journal)
    here.clock.pass_by(300)
    assert not here.target.is_paused
    assert here.ticks_ran() == ran
    assert journal["cutover/one/d/mark"]["next"] is None


# Without ticks to count


async def test_a_dag_without_schedule_changes_sides(tmp_path: Path) -> None:
    here = world(tmp_path, catchup=False, dag={"kind": "none"})
    journal: Journal = {}
    await cut_over(here, journal)
    assert (here.source.is_paused, here.target.is_paused) == (True, False)
    await roll_back(here, journal)
    assert (here.source.is_paused, here.target.is_paused) == (False, True)
    assert [(f.subject, f.code) for f in to_know(here.plan, here.inventory, "one")] == [(DAG, "CUT-uncounted")]


async def test_what_has_run_once_does_not_run_on_the_other_side(tmp_path: Path) -> None:
    here = world(tmp_path, catchup=False, dag={"kind": "once"})
    journal: Journal = {}
    await cut_over(here, journal)
    here.clock.pass_by(100)
    assert (here.source.is_paused, here.target.is_paused) == (True, True)
    assert [side for _, side, _ in here.ledger()] == ["source"]
    await roll_back(here, journal)
    here.clock.pass_by(100)
    assert not here.source.is_paused
    assert len(here.ledger()) == 1


async def test_what_is_to_run_once_later_runs_on_the_target_and_stays_there(tmp_path: Path) -> None:
    later = {"kind": "once", "start": START + timedelta(hours=9)}
    here = world(tmp_path, catchup=False, dag=later)
    journal: Journal = {}
    await cut_over(here, journal)
    assert not here.target.is_paused
    here.clock.pass_by(9 * 3600)
    assert [side for _, side, _ in here.ledger()] == ["target"]
    await roll_back(here, journal)
    assert (here.source.is_paused, here.target.is_paused) == (True, True)


async def test_continuous_is_refused_unless_it_may_be_frozen(tmp_path: Path) -> None:
    here = world(tmp_path, catchup=False, dag={"kind": "continuous"})
    assert {f.subject for f in refusals(here.plan, here.inventory, "one")} == {DAG, "fiscal"}
    here = world(tmp_path, catchup=False, dag={"kind": "continuous", "seconds_per_run": 9}, freeze=(DAG,))
    while not here.source.open:
        here.clock.pass_by(1)
    journal: Journal = {}
    await cut_over(here, journal)
    drained = journal["cutover/one/d/drain-source"]
    assert (drained["frozen"], len(drained["ended"])) == ([], 1)
    assert here.ledger()[-1][1] == "target"
    await roll_back(here, journal, after=50)
    assert (here.source.is_paused, here.target.is_paused) == (False, True)


async def test_dataset_events_that_wait_are_listed(tmp_path: Path) -> None:
    here = world(tmp_path, catchup=False, dag={"kind": "dataset"})
    here.source.is_paused = True
    here.source.queued["s3://lake/orders"] = START
    here.source.is_paused = False
    here.source.alive = False
    journal: Journal = {}
    await cut_over(here, journal)
    assert journal["cutover/one/d/record"]["queued_events"] == ["s3://lake/orders"]
    assert journal["cutover/one/d/watch-target"]["queued_events"] == ["s3://lake/orders"]


async def test_somebody_who_still_starts_it_on_the_source_is_said(tmp_path: Path) -> None:
    here = world(tmp_path, catchup=False, dag={"kind": "none"})
    *first, watch = actions_for_cutover(here.plan, here.inventory, "one")
    await carry(first, here.context(), {})
    await here.source.trigger(
        DAG, run_id="manual__x", logical_date=START, data_interval=(START, START + timedelta(minutes=1))
    )
    assert "somebody still starts it" in (await watch.observe(here.context())).why
    here.source.is_paused = False
    with pytest.raises(RemoteError, match=r"is paused on the source again, .* what the source ran .*: manual__x"):
        await watch.apply(here.context())
    assert here.source.is_paused
    assert "Nothing was changed" in await watch.undo(here.context(), await watch.observe(here.context()), {})


async def test_a_starship_that_writes_no_rows_is_done_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuses(*_: object, **__: object) -> None:
        raise RequestFailedError("SQLite", status=400)

    here = world(tmp_path, catchup=True, watch_ticks=1)
    here.starship_on = ("source",)
    monkeypatch.setattr(FakeStarship, "add_run", refuses)
    journal: Journal = {}
    await cut_over(here, journal)
    await roll_back(here, journal, after=600)
    settle(here)
    assert here.ticks_ran() == here.ticks_due()
    assert len(journal["rollback/one/d/mark-source"]["marked"]) > 3


async def test_who_starts_a_dag_by_hand_is_told_of(tmp_path: Path) -> None:
    here = world(tmp_path, catchup=False, dag={"kind": "none"})
    run = here.source._add("manual__x", "manual", START + timedelta(minutes=1))
    here.source.rows[run.run_id] = replace(run, start_date=START + timedelta(minutes=1))
    here.clock.pass_by(30)
    told: list[str] = []
    record, *_ = actions_for_cutover(here.plan, here.inventory, "one")
    assert (await record.apply(here.context(told)))["started_by_others"] == 1
    assert "started it 1 times in 30 days" in told[0]


async def test_what_comes_due_before_the_boundary_is_read_back_is_filled_too(tmp_path: Path) -> None:
    here = world(tmp_path, catchup=False, dag={"depends_on_past": True}, watch_ticks=1, parse_timeout=400)
    record, drain, mark, *rest = actions_for_cutover(here.plan, here.inventory, "one")
    journal: Journal = {}
    await carry([record, drain], here.context(), journal)
    journal[mark.info.id] = await mark.apply(here.context())
    here.clock.pass_by(400)
    assert (await mark.verify(here.context())).state == "done"
    await carry(rest, here.context(), journal)
    settle(here)
    assert here.ticks_ran() == here.ticks_due()
