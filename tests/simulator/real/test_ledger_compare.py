from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from tests.live.ledger import Entry, Tick, compare, read

if TYPE_CHECKING:
    from pathlib import Path

START = datetime(2026, 11, 22, 12, tzinfo=UTC)
STEP = timedelta(minutes=2)


def tick(number: int) -> Tick:
    end = START + number * STEP
    return Tick(end, end - STEP, end - STEP, end)


def entry(number: int, side: str = "source", dag: str = "d") -> Entry:
    due = tick(number)
    return Entry(dag, "write", side, "r", "scheduled", due.tick, due.start, due.ds, due.start, due.end, due.end)


def test_every_tick_once_on_either_side() -> None:
    found = compare([entry(1), entry(2, "target"), entry(9, dag="other")], {"d": [tick(1), tick(2)]})
    assert found.exactly_once
    assert not found.differs
    assert "11-22 12:04:00  target" in found.table()
    assert "other" not in found.table()


def test_missing_twice_and_unexpected_are_told_apart() -> None:
    found = compare([entry(1), entry(1, "target"), entry(3)], {"d": [tick(1), tick(2)]})
    assert not found.exactly_once
    assert found.twice == (("d", tick(1).tick),)
    assert found.missing == (("d", tick(2).tick),)
    assert found.unexpected == (("d", tick(3).tick),)
    assert "2 TIMES" in found.table()
    assert "MISSING" in found.table()
    assert "once, NOT EXPECTED" in found.table()


def test_the_same_tick_with_other_data_is_said() -> None:
    moment = tick(1).tick
    shifted = Entry("d", "write", "target", "r", "scheduled", moment, moment, "2026-11-22", moment, moment, moment)
    found = compare([shifted], {"d": [tick(1)]})
    assert found.exactly_once
    assert len(found.differs) == 2
    assert "logical_date is 2026-11-22 12:02:00+00:00, the source gives 2026-11-22 12:00:00+00:00" in found.differs[0]


def test_a_ledger_is_read_as_it_was_written(tmp_path: Path) -> None:
    file = tmp_path / "ledger.jsonl"
    assert read(file) == ()
    line = {
        "dag": "d",
        "task": "write",
        "tick": "2026-11-22T12:02:00+00:00",
        "side": "source",
        "run_id": "r",
        "run_type": "scheduled",
        "logical_date": None,
        "ds": None,
        "data_interval_start": None,
        "data_interval_end": "2026-11-22T12:02:00+00:00",
        "written_at": "2026-11-22T12:02:03+00:00",
    }
    file.write_text(json.dumps(line) + "\n")
    (only,) = read(file)
    assert only.tick == START + STEP
    assert only.logical_date is None
