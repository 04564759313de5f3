"""A wave of six DAGs: killed at every line of its journal, its source away for a while, a DAG unpaused by hand."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from tests.carry.handover.going import go
from tests.carry.handover.killed import KilledError, Killing
from tests.carry.handover.two_airflows import START, World, each, wave_of

from astroferry.carry.handover.wave import actions_for_cutover
from astroferry.carry.handover.whereabouts import whereabouts
from astroferry.carry.journal import Journal
from astroferry.carry.runner import carry_out
from astroferry.errors import UnreachableError

if TYPE_CHECKING:
    from pathlib import Path

SIX: dict[str, dict[str, Any]] = {
    "all": {},
    "latest": {"catchup": False},
    "triggers": {"triggers": True},
    "delta": {"kind": "timedelta", "start": START + timedelta(seconds=17)},
    "past": {"catchup": False, "depends_on_past": True},
    "by_hand": {"kind": "none"},
}
pytestmark = pytest.mark.slow
COUNTED = tuple(dag_id for dag_id in SIX if dag_id != "by_hand")


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.fsync", lambda _: None)


def new(folder: Path, **more: Any) -> World:
    return wave_of(folder, SIX, watch_ticks=1, at_once=4, parse_timeout=300, **more)


def exactly_once(here: World) -> None:
    here.clock.pass_by(140)
    for dag_id, one in each(here).items():
        if dag_id in COUNTED:
            due = [tick for tick in one.ticks_due() if tick <= here.clock.now() - timedelta(seconds=15)]
            ran = [tick for tick in one.ticks_ran() if tick <= here.clock.now() - timedelta(seconds=15)]
            assert ran == due, dag_id


@pytest.mark.parametrize("part", range(4))
async def test_killed_at_every_line_of_its_journal(tmp_path: Path, part: int) -> None:
    line, deaths = part + 1, 0
    while True:
        path = tmp_path / f"{line}.jsonl"
        here = new(tmp_path)
        try:
            await go(here, Killing(path, line), "cutover")
        except KilledError:
            deaths += 1
        else:
            break
        here.clock.pass_by(random.Random(line).randint(1, 300))
        report = await go(here, Journal(path), "cutover")
        assert not report.failed, (line, report.failed)
        exactly_once(here)
        line += 4
    assert deaths > 20


async def test_there_and_back_and_there_again(tmp_path: Path) -> None:
    here, journal = new(tmp_path), Journal(tmp_path / "journal.jsonl")
    for way in ("cutover", "rollback", "cutover"):
        report = await go(here, journal, way)
        assert not report.failed, report.failed
        exactly_once(here)
    paused = {dag_id: (one.source.is_paused, one.target.is_paused) for dag_id, one in each(here).items()}
    assert set(paused.values()) == {(True, False)}


@pytest.mark.parametrize(("call", "away_for"), [(30, 60), (60, 400), (90, 60), (120, 400), (150, 60), (180, 400)])
async def test_a_source_that_does_not_answer_for_a_while_is_waited_for_or_said(
    tmp_path: Path, call: int, away_for: int
) -> None:
    here, journal = new(tmp_path), Journal(tmp_path / "journal.jsonl")
    calls, back = 0, here.clock.now()

    def away() -> bool:
        nonlocal calls, back
        calls += 1
        if calls == call:
            back = here.clock.now() + timedelta(seconds=away_for)
        if calls >= call and here.clock.now() < back:
            raise UnreachableError("The source does not answer.")
        return False

    for one in each(here).values():
        one.source.crash_at = away
    if away_for > here.plan.cutover.parse_timeout:
        with pytest.raises(UnreachableError):
            await go(here, journal, "cutover")
        # No DAG runs on both sides, whatever had been done by then; and what is said of each is so.
        said = dict(line.split(": ", 1) for line in whereabouts(journal.standing(), "one"))
        for dag_id, one in each(here).items():
            if not one.target.is_paused:
                assert one.source.is_paused
                assert "the target" in said[dag_id]
            elif dag_id in said and one.source.is_paused:
                sure = "wait, and the target runs them once", "just being paused", "already is not known"
                assert any(words in said[dag_id] for words in sure)
        here.clock.pass_by(away_for)
    report = await go(here, journal, "cutover")
    assert not report.failed, report.failed
    exactly_once(here)


async def test_a_dag_unpaused_by_hand_half_way_stops_and_says_so_and_the_others_go_on(tmp_path: Path) -> None:
    here, journal = new(tmp_path), Journal(tmp_path / "journal.jsonl")
    ctx = here.context()
    ctx.standing, ctx.lines = journal.standing_of, journal.lines
    actions = actions_for_cutover(here.plan, here.inventory, "one", {})
    first = [action for action in actions if action.info.id.rsplit("/", 1)[1] in {"record", "drain-source", "mark"}]
    assert not (await carry_out(first, ctx, journal)).failed
    each(here)["all"].source.is_paused = False
    done = frozenset(action.info.id for action in first)
    rest = [action for action in actions if action.info.id not in done]
    report = await carry_out(rest, ctx, journal, done=done, at_once=4)
    failed = {step.info.id: step.why for step in report.failed}
    assert "so no tick is in doubt. Run cutover again" in failed["cutover/one/all/unpause-target"]
    assert {action.split("/")[2] for action in failed} == {"all"}
    # The source runs it and the target does not: the safe side is left running.
    assert each(here)["all"].target.is_paused
    exactly_once(here)
    # Said again from the beginning, it drains anew and hands it over.
    report = await go(here, journal, "cutover")
    assert not report.failed
    exactly_once(here)


async def test_a_dag_unpaused_by_hand_after_the_switch_is_an_alarm(tmp_path: Path) -> None:
    here, journal = new(tmp_path), Journal(tmp_path / "journal.jsonl")
    assert not (await go(here, journal, "cutover")).failed
    each(here)["latest"].source.is_paused = False
    here.clock.pass_by(200)
    report = await go(here, journal, "cutover")
    failed = {step.info.id: step.why for step in report.failed}
    assert all("/latest/" in action for action in failed)
    assert "2026-11-22T12:" in failed["cutover/one/latest/mark"]
    # Its ticks in doubt are named; it is the target that runs it, and the source lies paused again.
    assert (each(here)["latest"].source.is_paused, each(here)["latest"].target.is_paused) == (True, False)
