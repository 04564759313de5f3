"""Which failures still stand: a later cutover or rollback of a DAG settles what went wrong with it before."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from astroferry.carry.failures import failures
from astroferry.carry.journal import Journal

if TYPE_CHECKING:
    from pathlib import Path

LATE = "cutover/pilot/d/watch-target failed"


@pytest.mark.parametrize(
    ("lines", "left"),
    [
        ([LATE], ["cutover/pilot/d/watch-target"]),
        ([LATE, "rollback/pilot/d/unpause-source begin", "rollback/pilot/d/unpause-source done"], []),
        ([LATE, "rollback/pilot/d/unpause-source begin"], ["cutover/pilot/d/watch-target"]),
        ([LATE, "rollback/pilot/e/unpause-source begin", "rollback/pilot/e/unpause-source done"],
         ["cutover/pilot/d/watch-target"]),
        (["rollback/pilot/d/mark-source failed", "watch/pilot/d/cycle failed", "cutover/other/d/record begin"], []),
        (["cutover/pilot/d/let-source-run failed", "cutover/pilot/d/unpause-target done"], []),
        (["cutover/pilot/d/record begin", "cutover/pilot/d/record failed"], ["cutover/pilot/d/record"]),
        (["window/pilot note", "window/pilot failed"], ["window/pilot"]),
        (["window/pilot failed", "wave/pilot note"], []),
        (["wave/pilot note", "window/pilot failed", "wave/other note"], ["window/pilot"]),
        (["connection/a failed", "cutover/pilot/a/record begin"], ["connection/a"]),
    ],
)  # fmt: skip
def test_what_still_stands(tmp_path: Path, lines: list[str], left: list[str]) -> None:
    journal = Journal(tmp_path / "j.jsonl")
    for line in lines:
        action, event = line.split(" ")
        journal.write(action, event, why="because", facts={"dag_id": "d"})  # type: ignore[arg-type] # an event's name
    assert failures(journal) == dict.fromkeys(left, "because")
