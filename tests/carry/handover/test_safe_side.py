"""A cutover that fails between the two sides leaves the source running, exactly once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.carry.handover.going import go
from tests.carry.handover.test_then_the_other_way import runs_on
from tests.carry.handover.two_airflows import START, world

from astroferry.carry.handover.wave import standings_of
from astroferry.carry.handover.whereabouts import whereabouts
from astroferry.carry.journal import Journal
from astroferry.errors import NotAllowedError, RequestFailedError

if TYPE_CHECKING:
    from pathlib import Path


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
