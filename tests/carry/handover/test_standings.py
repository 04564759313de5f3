"""How a DAG stood before its cutover, out of the journal; a rollback ends that."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from astroferry.carry.handover.tallied import Tallied
from astroferry.carry.handover.wave import standings_of
from astroferry.carry.journal import Journal
from astroferry.errors import CarriedInPartError
from astroferry.faces.headless.cutover import must_be_once
from astroferry.model.cutover import DagStanding, TickCount

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import FixedClock

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def test_a_cutover_that_follows_a_rollback_begins_anew(tmp_path: Path, clock: FixedClock) -> None:
    journal = Journal(tmp_path / "j.jsonl", now=clock.now)
    for dag_id in ("one", "two"):
        standing = DagStanding(dag_id, source_paused=False, target_paused=True, at=datetime(2026, 11, 22, tzinfo=UTC))
        journal.write(f"cutover/w/{dag_id}/record", "begin")
        journal.write(f"cutover/w/{dag_id}/record", "applied", facts=standing.to_facts())
        journal.write(f"cutover/w/{dag_id}/record", "done")
    clock.advance(60)
    journal.write("rollback/w/one/unpause-source", "begin")
    journal.write("rollback/w/one/unpause-source", "done")
    assert standings_of(journal, "w").keys() == {"one", "two"}
    assert standings_of(journal, "w", given_back=False).keys() == {"two"}
    # A look that failed does not make what the first one found new again, nor does a clock that is set back.
    journal.write("cutover/w/one/record", "begin")
    journal.write("cutover/w/one/record", "failed")
    assert standings_of(journal, "w", given_back=False).keys() == {"two"}
    clock.advance(-60)
    journal.write("cutover/w/one/record", "begin")
    journal.write("cutover/w/one/record", "applied", facts={"source_paused": True})
    assert standings_of(journal, "w", given_back=False)["one"].source_paused
    assert standings_of(journal, "w", given_back=False).keys() == {"one", "two"}


def test_a_tick_on_both_sides_never_ends_well() -> None:
    good, bad = TickCount(once=(NOON,)), TickCount(twice=(NOON,))
    must_be_once(Tallied(counts={"one": good}))
    with pytest.raises(CarriedInPartError, match="A tick ran on both sides: one, two"):
        must_be_once(Tallied(counts={"one": bad, "two": bad, "three": good}))


def test_a_tick_on_neither_side_never_ends_well_unless_it_is_only_listed() -> None:
    must_be_once(Tallied(counts={"one": TickCount(listed=(NOON,))}))
    with pytest.raises(CarriedInPartError, match="A tick ran on neither side: one") as raised:
        must_be_once(Tallied(counts={"one": TickCount(missed=(NOON,))}))
    assert "Run by hand what matters of it" in raised.value.hint
