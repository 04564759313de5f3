"""What the source has, kind by kind: whole, and while it is still read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from astroferry.faces.seen import partial_in_words, tables_of, tables_so_far
from astroferry.model.inventory import Dag, Pool, Schedule
from astroferry.sources.unfinished import Unfinished

if TYPE_CHECKING:
    from astroferry.model.inventory import Inventory


def test_a_whole_inventory_has_every_kind(inventory: Inventory) -> None:
    tables = tables_of(inventory)
    assert [table.title for table in tables][:4] == ["DAGs", "connections", "variables", "pools"]
    assert all(len(row) == len(table.headings) for table in tables for row in table.rows)
    assert tables[0].counted == f"DAGs {len(inventory.dags)}"
    assert {row[0] for row in tables[1].rows} == {seen.conn_id for seen in inventory.connections}


def test_what_was_not_asked_yet_is_said_and_not_empty() -> None:
    a, b = (Dag(name, Schedule("cron", "@daily"), is_paused=False, fileloc="/dags/x.py") for name in "ab")
    unfinished = Unfinished(
        total=14_000,
        listed=[a, b],
        answers={"connections": (), "pools": (Pool("default_pool", 128),)},
        each={("dag details", "b"): b},
    )
    tables = tables_so_far(unfinished)
    assert [table.counted for table in tables] == [
        "DAGs 2",
        "connections 0",
        "variables not read yet",
        "pools 1",
        "providers not read yet",
        "plugins not read yet",
        "import errors not read yet",
    ]
    assert [row[-1] for row in tables[0].rows] == ["listed", "in detail"]
    assert partial_in_words(unfinished, running=False) == (
        "Partial. Not read yet: 13,998 of 14,000 DAGs, the details of 1 of 2 DAGs, the code of 1 of 1 file, "
        "variables and 3 more. No advice rests on it before all of it is read."
    )
    assert partial_in_words(unfinished, running=True).startswith("Partial. Still to be read: 13,998")
