from __future__ import annotations

import errno
import json
import os
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from astroferry.carry import journal as journal_module
from astroferry.carry.journal import Journal, Standing, operator
from astroferry.diagnostics import remember_secret
from astroferry.errors import Exit, PlanError
from astroferry.model.secret import Secret

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import FixedClock

ODD = 'a\u2028b\x85c\x1cd\r\n"\\ 😀 ü'


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "migration.journal.jsonl"


def test_what_is_written_is_read_back(path: Path, clock: FixedClock) -> None:
    journal = Journal(path, now=clock.now)
    journal.write("a", "begin", facts={"existed": False, ODD: [ODD, 1, None]})
    clock.advance(60)
    journal.write("a", "failed", why=ODD)
    journal.write("wave", "note")
    again = Journal(path)
    assert again.entries == journal.entries
    assert [entry.number for entry in again.entries] == [1, 2, 3]
    assert (again.entries[1].at - again.entries[0].at).total_seconds() == 60
    assert again.standing() == journal.standing()
    assert path.read_bytes().count(b"\n") == 3
    assert json.loads(path.read_bytes().splitlines()[2]) == {
        "n": 3,
        "at": "2026-11-22T12:01:00+00:00",
        "action": "wave",
        "event": "note",
        "by": operator(),
    }


def test_who_carries_out_is_told_by_the_environment_or_the_machine(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASTROFERRY_OPERATOR", "deploy-bot")
    assert Journal(path).write("a", "note").by == "deploy-bot"
    monkeypatch.delenv("ASTROFERRY_OPERATOR")
    assert "@" in operator()

    def nameless() -> str:
        raise KeyError("uid not found")

    monkeypatch.setattr("getpass.getuser", nameless)
    assert operator().startswith(f"{os.getuid()}@")
    # A line of an older journal has nobody.
    path.write_text('{"n": 1, "at": "2026-11-22T12:01:00+00:00", "action": "a", "event": "note"}\n', "utf-8")
    assert Journal(path).entries[0].by == ""


def test_a_new_journal_is_empty_and_makes_no_file(path: Path) -> None:
    assert Journal(path).entries == []
    assert not path.exists()


def test_text_that_is_no_unicode_is_kept_too(path: Path) -> None:
    Journal(path).write("a", "failed", why="half \ud83d")
    assert Journal(path).entries[0].why == "half \ud83d"


def test_no_secret_gets_in(path: Path) -> None:
    remember_secret("canary")
    Journal(path).write("a", "failed", why="the server said canary", facts={"value": Secret("canary")})
    assert "canary" not in path.read_text(encoding="utf-8")


def test_each_line_is_synced_before_write_returns(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", lambda _: synced.append(path.stat().st_size))
    journal = Journal(path)
    journal.write("a", "begin")
    one = path.stat().st_size
    assert synced == [one, one]  # the line, and the folder that has a new file
    journal.write("a", "applied")
    assert synced[2:] == [path.stat().st_size]


def test_a_torn_last_line_counts_for_nothing_and_only_a_writer_cuts_it_off(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "fsync", lambda _: None)  # hundreds of them take seconds
    journal = Journal(path)
    for event in ("begin", "applied", "done"):
        journal.write("ä", event, facts={"id": "\u2028"})
    raw = path.read_bytes()
    for cut in range(len(raw) + 1):
        path.write_bytes(raw[:cut])
        again = Journal(path)
        assert again.entries == journal.entries[: raw[:cut].count(b"\n")]
        # The other process may be writing the rest of it just now, and holds the lock.
        assert path.read_bytes() == raw[:cut]
    path.write_bytes(raw + b'{"n": 4, "at')
    again = Journal(path)
    again.write("b", "begin")
    assert [entry.action for entry in Journal(path).entries] == ["ä", "ä", "ä", "b"]


@pytest.mark.parametrize(
    "line",
    [
        b"not json",
        b"[]",
        b'"text"',
        b"3",
        b"",
        b"{}",
        b'{"at": "2026-11-22T12:00:00+00:00", "action": "a"}',
        b'{"at": "2026-11-22T12:00:00+00:00", "action": "a", "event": "begun"}',
        b'{"at": "2026-11-22T12:00:00+00:00", "action": "a", "event": "done", "facts": []}',
        b'{"at": "noon", "action": "a", "event": "done"}',
        b'{"at": 12, "action": "a", "event": "done"}',
        b"\xff\xfe",
    ],
)
def test_anything_else_wrong_is_an_error_that_changes_nothing(path: Path, line: bytes) -> None:
    Journal(path).write("a", "begin")
    raw = path.read_bytes() + line + b"\n" + path.read_bytes()
    path.write_bytes(raw)
    with pytest.raises(PlanError, match=r"cannot be read at line 2\. Restore it from a backup") as caught:
        Journal(path)
    assert caught.value.exit == Exit.PLAN
    assert path.read_bytes() == raw


def test_a_journal_that_cannot_be_read_is_a_sentence(path: Path) -> None:
    path.mkdir()
    with pytest.raises(PlanError, match="cannot be read: Is a directory"):
        Journal(path)


def test_a_journal_that_cannot_be_made_is_a_sentence(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "nowhere" / "j.jsonl")
    with pytest.raises(PlanError, match="cannot be written: No such file or directory"):
        journal.write("a", "begin")
    assert journal.entries == []


def test_half_a_line_on_a_full_disk_is_taken_back(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = Journal(path)
    journal.write("a", "begin")
    before = path.read_bytes()

    def full(_descriptor: int) -> None:
        # What the kernel took before it said no.
        assert path.stat().st_size > len(before)
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(journal_module.os, "fsync", full)  # type: ignore[attr-defined] # the module it uses
    with pytest.raises(PlanError, match="cannot be written: No space left on device"):
        journal.write("a", "applied")
    monkeypatch.undo()
    assert path.read_bytes() == before
    assert len(journal.entries) == 1
    journal.write("a", "failed")
    assert [entry.event for entry in Journal(path).entries] == ["begin", "failed"]


def test_a_broken_disk_that_cannot_even_be_tidied_is_still_a_sentence(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise OSError(errno.EIO, "Input/output error")

    journal = Journal(path)
    monkeypatch.setattr(os, "fsync", fail)
    monkeypatch.setattr(os, "truncate", fail)
    with pytest.raises(PlanError, match="Input/output error"):
        journal.write("a", "begin")


# -- standings -------------------------------------------------------------------------------------------------------


def standing(path: Path, *lines: tuple[str, dict[str, Any]]) -> Standing:
    path.unlink(missing_ok=True)
    journal = Journal(path)
    for event, facts in lines:
        journal.write("a", event, facts=facts)  # type: ignore[arg-type] # events of a test
    return Journal(path).standing()["a"]


OLD, OLDER, ABSENT = {"old": 1}, {"old": 0}, {"existed": False}


@pytest.mark.parametrize(
    ("lines", "before", "made", "ours"),
    [
        ([("found", OLD)], {}, OLD, False),
        ([("failed", {})], {}, {}, False),
        ([("begin", {})], {"observed": {}}, {}, True),
        ([("begin", OLD), ("applied", {"id": 1})], {"observed": OLD}, {"id": 1}, True),
        ([("begin", OLD), ("applied", {"id": 1}), ("done", {"seen": 2})], {"observed": OLD}, {"id": 1}, True),
        # begun again after a crash: what stood there first is what undoing restores
        (
            [("begin", OLDER), ("begin", OLD), ("applied", {"id": 1}), ("applied", {"n": 2})],
            {"observed": OLDER},
            {"id": 1, "n": 2},
            True,
        ),
        ([("begin", OLD), ("failed", {})], {"observed": OLD}, {}, True),
        ([("begin", OLD), ("applied", {"id": 1}), ("undo-begin", {})], {"observed": OLD}, {"id": 1}, True),
        ([("begin", OLD), ("applied", {"id": 1}), ("undo-begin", {}), ("undone", {})], {}, {}, False),
        (
            [("begin", OLDER), ("applied", {"id": 1}), ("undone", {}), ("begin", OLD)],
            {"observed": OLD},
            {},
            True,
        ),
        ([("found", OLDER), ("begin", OLD)], {"observed": OLD}, {}, True),
        ([("undone", {}), ("found", OLD)], {}, OLD, False),
        # refused: as it was before that try, which is not ours where we had made nothing
        ([("begin", OLD), ("refused", {}), ("failed", {})], {}, {}, False),
        (
            [("begin", OLDER), ("applied", {"id": 1}), ("done", {}), ("begin", OLD), ("refused", {}), ("failed", {})],
            {"observed": OLDER},
            {"id": 1},
            True,
        ),
        ([("begin", OLDER), ("begin", OLD), ("refused", {})], {"observed": OLDER}, {}, True),
        # what is absent when it is begun again was not made by the try that a crash ended
        ([("begin", ABSENT), ("begin", ABSENT), ("refused", {}), ("failed", {})], {}, {}, False),
        ([("begin", OLD), ("applied", {"id": 1}), ("begin", ABSENT)], {"observed": ABSENT}, {}, True),
    ],
)
def test_standings(
    path: Path, lines: list[tuple[str, dict[str, Any]]], before: dict[str, Any], made: dict[str, Any], ours: bool
) -> None:
    found = standing(path, *lines)
    assert (found.event, found.before, found.made, found.ours) == (lines[-1][0], before, made, ours)
    assert found.at is not None


def test_a_standing_says_why_it_failed(path: Path) -> None:
    journal = Journal(path)
    journal.write("a", "failed", why="no")
    journal.write("b", "done")
    assert journal.standing()["a"].why == "no"
    assert set(journal.standing()) == {"a", "b"}
    assert Journal(path.with_name("other")).standing() == {}


@settings(deadline=None, max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(st.text(max_size=4), st.text(max_size=6), st.dictionaries(st.text(max_size=3), st.text())),
        max_size=4,
    ),
    st.binary(max_size=6),
)
def test_any_text_survives_any_torn_tail(
    tmp_path: Path, lines: list[tuple[str, str, dict[str, str]]], tail: bytes
) -> None:
    path = tmp_path / "any.jsonl"
    path.unlink(missing_ok=True)
    journal = Journal(path)
    for action, why, facts in lines:
        journal.write(action, "failed", why=why, facts=facts)
    with path.open("ab") as file:
        file.write(tail.replace(b"\n", b""))
    assert Journal(path).entries == journal.entries
    assert Journal(path).entries == journal.entries
