"""A handover that ends between the two sides leaves the side running that ran before, exactly once."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from tests.carry.handover.going import go
from tests.carry.handover.test_then_the_other_way import runs_on
from tests.carry.handover.two_airflows import START, CrashError, World, each, wave_of, world

from astroferry.carry.handover.wave import standings_of
from astroferry.carry.handover.whereabouts import whereabouts
from astroferry.carry.journal import Journal
from astroferry.carry.runner import never
from astroferry.errors import NotAllowedError, RequestFailedError, UnreachableError

if TYPE_CHECKING:
    from pathlib import Path

    from tests.carry.handover.going import Way


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.fsync", lambda _: None)


@pytest.mark.parametrize("catchup", [True, False])
@pytest.mark.parametrize("broken", ["create_backfill", "set_run_state", "set_paused", "backfill_dates"])
async def test_the_source_goes_on_and_a_later_cutover_takes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: str, catchup: bool
) -> None:
    async def refuses(*_: object, **__: object) -> None:
        here.clock.pass_by(400)
        raise RequestFailedError("boom", status=500)

    here, journal = world(tmp_path, catchup=catchup, watch_ticks=1), Journal(tmp_path / "j.jsonl")
    with monkeypatch.context() as patched:
        patched.setattr(here.target, broken, refuses)
        report = await go(here, journal, "cutover")
    assert report.failed
    if broken == "set_paused":
        # Whether it was unpaused is not known, so nobody goes on by himself.
        assert here.source.is_paused
        assert "may have run" in report.failed[-1].why
        assert not (await go(here, journal, "rollback")).failed
        runs_on(here, "source")
        return
    assert "goes on with it" in whereabouts(journal.standing(), "one")[0]
    runs_on(here, "source")
    assert not (await go(here, journal, "cutover")).failed
    runs_on(here, "target")
    assert not (await go(here, journal, "rollback")).failed
    runs_on(here, "source")


async def test_a_credential_that_expires_on_the_target_leaves_the_source_running(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuses(*_: object, **__: object) -> None:
        raise NotAllowedError("expired")

    here, journal = world(tmp_path, catchup=True, watch_ticks=1), Journal(tmp_path / "j.jsonl")
    with monkeypatch.context() as patched:
        patched.setattr(here.target, "create_backfill", refuses)
        with pytest.raises(NotAllowedError):
            await go(here, journal, "cutover")
    runs_on(here, "source")
    assert not (await go(here, journal, "rollback")).failed
    assert standings_of(journal, "one", given_back=False) == {}


async def test_ticks_that_wait_on_the_target_are_withdrawn_before_the_source_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    off: dict[str, Any] = {"depends_on_past": True}
    here = world(tmp_path, catchup=False, dag=off, watch_ticks=1, parse_timeout=60)
    journal = Journal(tmp_path / "j.jsonl")
    real = here.target.create_backfill

    async def late(*values: Any, **named: Any) -> int:
        number = await real(*values, **named)
        if values[1] == values[2]:
            here.clock.pass_by(400)
        return number

    with monkeypatch.context() as patched:
        patched.setattr(here.target, "create_backfill", late)
        patched.setattr(here.target, "parse", lambda: None)
        report = await go(here, journal, "cutover")
    assert report.failed
    assert here.target.ledger == []
    assert here.target.open == set()
    runs_on(here, "source")


async def test_a_dag_that_was_paused_stays_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuses(*_: object, **__: object) -> None:
        raise RequestFailedError("boom", status=500)

    here = world(tmp_path, catchup=True, source_paused=False, warm=250)
    here.source.is_paused = True
    here.clock.pass_by(10)
    monkeypatch.setattr(here.target, "create_backfill", refuses)
    assert (await go(here, Journal(tmp_path / "j.jsonl"), "cutover")).failed
    assert here.source.is_paused
    assert here.clock.now() > START


async def refused(*_: object, **__: object) -> None:
    raise RequestFailedError("boom", status=500)


def a_producer_and_its_child(tmp_path: Path) -> World:
    here = wave_of(tmp_path, {"producer": {}, "child": {}}, watch_ticks=1, at_once=4, parse_timeout=300)
    dags = [replace(dag, triggers=("child",) * (dag.dag_id == "producer")) for dag in here.inventory.dags]
    here.inventory = replace(here.inventory, dags=tuple(dags))
    return here


async def test_who_is_held_back_by_another_goes_on_as_well(tmp_path: Path) -> None:
    here, journal = a_producer_and_its_child(tmp_path), Journal(tmp_path / "j.jsonl")
    each(here)["child"].target.create_backfill = refused  # type: ignore[assignment, method-assign] # a broken server
    report = await go(here, journal, "cutover")
    held = {step.info.id for step in report.failed if step.outcome == "held"}
    assert "cutover/one/producer/unpause-target" in held
    for one in each(here).values():
        runs_on(one, "source")


async def test_who_is_held_back_on_the_way_back_goes_on_on_the_target(tmp_path: Path) -> None:
    here, journal = a_producer_and_its_child(tmp_path), Journal(tmp_path / "j.jsonl")
    assert not (await go(here, journal, "cutover")).failed
    child = each(here)["child"]
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(child.source, "trigger", refused)
        here.clock.pass_by(300)
        assert (await go(here, journal, "rollback")).failed
    for one in each(here).values():
        runs_on(one, "target")
    here.clock.pass_by(200)
    assert not (await go(here, journal, "rollback")).failed
    for one in each(here).values():
        runs_on(one, "source")


@pytest.mark.parametrize("way", ["cutover", "rollback"])
@pytest.mark.parametrize("catchup", [True, False])
@pytest.mark.parametrize("how", ["stopped", "cancelled", "stopped and cancelled", "cancelled twice"])
async def test_one_that_is_ended_between_the_sides(tmp_path: Path, way: Way, how: str, catchup: bool) -> None:
    here, journal = world(tmp_path, catchup=catchup, watch_ticks=1), Journal(tmp_path / "j.jsonl")
    before, after = ("source", "target") if way == "cutover" else ("target", "source")
    if way == "rollback":
        assert not (await go(here, journal, "cutover")).failed
        here.clock.pass_by(250)
    old = here.source if way == "cutover" else here.target
    new = here.target if way == "cutover" else here.source
    if how == "stopped":
        report = await go(here, journal, way, stop=lambda: old.is_paused)
        assert report.stopped
    else:
        # Where it is stopped, the other side is asked for nothing more until this one is let go on.
        stop = (lambda: old.is_paused) if how == "stopped and cancelled" else never
        going = asyncio.ensure_future(go(here, journal, way, stop=stop))

        def signal() -> bool:
            if old.is_paused and going.cancelling() < (2 if how == "cancelled twice" else 1):
                here.clock.pass_by(290 if not going.cancelling() else 0)
                going.cancel()
            return False

        new.crash_at = signal
        with pytest.raises(asyncio.CancelledError):
            await going
        new.crash_at = lambda: False
    runs_on(here, before)
    assert f"the {before} goes on with it" in whereabouts(journal.standing(), "one")[0]
    here.clock.pass_by(130)
    assert not (await go(here, Journal(journal.path), way)).failed
    runs_on(here, after)


async def test_killed_while_the_source_is_let_go_on_and_what_fell_between_is_run_by_the_next(tmp_path: Path) -> None:
    here, journal = world(tmp_path, catchup=False, watch_ticks=1), Journal(tmp_path / "j.jsonl")
    real = here.source.set_paused

    async def late(*_: object, **__: object) -> int:
        here.clock.pass_by(400)
        raise RequestFailedError("boom", status=500)

    async def dies(dag_id: str, paused: bool) -> None:
        await real(dag_id, paused)
        if not paused:
            raise CrashError

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(here.target, "create_backfill", late)
        patched.setattr(here.source, "set_paused", dies)
        with pytest.raises(CrashError):
            await go(here, journal, "cutover")
    assert "whether that was done is not known" in whereabouts(journal.standing(), "one")[0]
    here.clock.pass_by(200)
    assert not (await go(here, Journal(journal.path), "cutover")).failed
    runs_on(here, "target")


@pytest.mark.parametrize("way", ["cutover", "rollback"])
@pytest.mark.parametrize("catchup", [True, False])
async def test_the_other_side_is_away_and_what_fell_between_is_run_by_the_next(
    tmp_path: Path, way: Way, catchup: bool
) -> None:
    here, journal = world(tmp_path, catchup=catchup, watch_ticks=1, parse_timeout=30), Journal(tmp_path / "j.jsonl")
    before, after = ("source", "target") if way == "cutover" else ("target", "source")
    if way == "rollback":
        assert not (await go(here, journal, "cutover")).failed
        here.clock.pass_by(250)
    other = here.target if way == "cutover" else here.source
    broken = "create_backfill" if way == "cutover" else "trigger"
    away = False

    def goes_away() -> bool:
        nonlocal away
        away = away or other.calls[-1] == broken
        if away:
            here.clock.pass_by(20)
            raise UnreachableError("away")
        return False

    other.crash_at = goes_away
    with pytest.raises(UnreachableError):
        await go(here, journal, way)
    other.crash_at = lambda: False
    assert (here.source.is_paused, here.target.is_paused) == (before != "source", before != "target")
    assert f"the {before} goes on with it" in whereabouts(journal.standing(), "one")[0]
    here.clock.pass_by(300)
    assert not (await go(here, Journal(journal.path), way)).failed
    runs_on(here, after)


@pytest.mark.parametrize("way", ["cutover", "rollback"])
async def test_one_dag_that_cannot_go_on_keeps_no_other_from_it(tmp_path: Path, way: Way) -> None:
    """Seen on real servers: the one that fills its gap first ended the run in which the others were to go on."""
    past = {"catchup": False, "depends_on_past": True}
    dags = {"past": past, "all": {}, "latest": {"catchup": False}, "other": {}}
    here, journal = wave_of(tmp_path, dags, watch_ticks=1, at_once=4, parse_timeout=30), Journal(tmp_path / "j.jsonl")
    before, after = ("source", "target") if way == "cutover" else ("target", "source")
    if way == "rollback":
        assert not (await go(here, journal, "cutover")).failed
        here.clock.pass_by(250)
    broken, away = "create_backfill" if way == "cutover" else "trigger", False

    def goes_away() -> bool:
        nonlocal away
        away = away or any(one.calls and one.calls[-1] == broken for one in others)
        if away:
            here.clock.pass_by(20)
            raise UnreachableError("away")
        return False

    others = [one.target if way == "cutover" else one.source for one in each(here).values()]
    for other in others:
        other.crash_at = goes_away
    with pytest.raises(UnreachableError):
        await go(here, journal, way)
    for other in others:
        other.crash_at = lambda: False
    said = dict(line.split(": ", 1) for line in whereabouts(journal.standing(), "one"))
    for dag_id, one in each(here).items():
        runs = not (one.source if before == "source" else one.target).is_paused
        # On an Airflow 3 ticks may wait that nobody has run: where it is away, that one DAG is left to the next run.
        assert runs or (dag_id == "past" and way == "cutover"), dag_id
        assert not runs or f"the {before}" in said[dag_id], said
    here.clock.pass_by(300)
    assert not (await go(here, Journal(journal.path), way)).failed
    for one in each(here).values():
        runs_on(one, after)


async def test_a_source_that_could_not_be_unpaused_is_not_said_to_run(tmp_path: Path) -> None:
    here, journal = world(tmp_path, catchup=True, watch_ticks=1), Journal(tmp_path / "j.jsonl")
    real = here.source.set_paused

    async def only_pauses(dag_id: str, paused: bool) -> None:
        if not paused:
            raise RequestFailedError("boom", status=500)
        await real(dag_id, paused)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(here.target, "create_backfill", refused)
        patched.setattr(here.source, "set_paused", only_pauses)
        assert (await go(here, journal, "cutover")).failed
    (said,) = whereabouts(journal.standing(), "one")
    assert "goes on with it" not in said
    assert "run cutover again" in said
    assert not (await go(here, journal, "cutover")).failed
    runs_on(here, "target")


async def test_one_that_the_team_paused_since_stays_paused(tmp_path: Path) -> None:
    here, journal = world(tmp_path, catchup=False, watch_ticks=1), Journal(tmp_path / "j.jsonl")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(here.target, "create_backfill", refused)
        assert (await go(here, journal, "cutover")).failed
    here.clock.pass_by(300)
    here.source.is_paused = True
    here.clock.pass_by(1000)
    ran = here.ledger()
    assert not (await go(here, journal, "cutover")).failed
    assert (here.source.is_paused, here.target.is_paused) == (True, True)
    assert here.ledger() == ran


async def test_a_schedule_that_was_changed_on_the_target_is_told_before_it_is_paused(tmp_path: Path) -> None:
    here, journal = world(tmp_path, catchup=False, watch_ticks=1), Journal(tmp_path / "j.jsonl")
    assert not (await go(here, journal, "cutover")).failed
    here.clock.pass_by(400)
    here.target.minutes, here.target.period = 3, timedelta(minutes=3)
    here.target.parse()
    here.clock.pass_by(1300)
    (told, *_) = (await go(here, journal, "rollback")).failed
    assert "which the source's schedule does not have" in told.why
    assert (here.source.is_paused, here.target.is_paused) == (True, False)
    here.source.minutes, here.source.period = 3, timedelta(minutes=3)
    here.source.parse()
    assert not (await go(here, journal, "rollback")).failed
    assert (here.source.is_paused, here.target.is_paused) == (False, True)
