from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from astroferry.carry.compare import (
    HEADINGS,
    compare,
    expected_digests,
    findings,
    result_in_words,
    shortcomings,
    summary,
    table,
)
from astroferry.carry.probes.digest import CONNECTION_FIELDS, field_digest
from astroferry.model.comparison import Comparison, Expected, Probed, ProbeResult
from astroferry.model.inventory import ConnectionSeen, Inventory, VariableSeen
from astroferry.model.secret import Secret
from astroferry.model.values import ConnectionValue, SourceValues, VariableValue

if TYPE_CHECKING:
    from astroferry.model.comparison import Kind, Outcome

KEY = Secret("ab" * 32)
EMPTY = Inventory("airflow", "http://source.test", "2.11.2", datetime(2026, 11, 22, tzinfo=UTC))
PG = ConnectionValue(
    "pg",
    "postgres",
    description="the warehouse",
    host=Secret("db.acme.test"),
    login=Secret("loader"),
    password=Secret("canary-password"),
    port=5432,
    extra=Secret('{"sslmode": "require", "a": 1}'),
)
RATE = VariableValue("rate", Secret("0.19\n"), description="")


def values(
    *connections: ConnectionValue,
    variables: tuple[VariableValue, ...] = (),
    missing: dict[str, str] | None = None,
    missing_variables: dict[str, str] | None = None,
) -> SourceValues:
    return SourceValues(
        {value.conn_id: value for value in connections},
        {value.key: value for value in variables},
        missing or {},
        missing_variables or {},
    )


def probed(kind: Kind, item: str, fields: dict[str, Any], **more: Any) -> Probed:
    digests = {name: field_digest(KEY.reveal(), kind, item, name, value) for name, value in fields.items()}
    return Probed(kind, item, "found", digests, **more)


def pg_on_target(**changed: Any) -> Probed:
    fields = {
        "conn_type": "postgres",
        "host": "db.acme.test",
        "login": "loader",
        "password": "canary-password",
        "schema": "",
        "port": 5432,
        "extra": '{"a":1,"sslmode":"require"}',
        "description": "the warehouse",
    }
    return probed("connection", "pg", {**fields, **changed}, reach="reachable")


def only(expected: tuple[Expected, ...], *seen: Probed) -> Comparison:
    result = ProbeResult(
        KEY,
        {item.id: item for item in seen if item.kind == "connection"},
        {item.id: item for item in seen if item.kind == "variable"},
    )
    (row,) = compare(expected, result)
    return row


def test_equal_values_are_the_same_in_every_field() -> None:
    row = only(expected_digests(KEY, values(PG), EMPTY), pg_on_target())
    assert row.outcome == "same"
    assert row.values_same
    assert not row.is_finding
    assert set(row.compared) == {*CONNECTION_FIELDS, "description"}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("conn_type", "mysql"),
        ("host", "db2.acme.test"),
        ("login", None),
        ("password", "canary-passwor"),
        ("schema", "public"),
        ("port", 5433),
        ("extra", '{"a":2,"sslmode":"require"}'),
        ("description", "another"),
    ],
)
def test_each_field_that_differs_is_named(field: str, value: object) -> None:
    row = only(expected_digests(KEY, values(PG), EMPTY), pg_on_target(**{field: value}))
    assert row.outcome == "differs"
    assert row.differing == (field,)
    assert not row.values_same


def test_a_variable_is_compared_to_the_byte() -> None:
    expected = expected_digests(KEY, values(variables=(RATE,)), EMPTY)
    assert only(expected, probed("variable", "rate", {"value": "0.19\n"})).outcome == "same"
    row = only(expected, probed("variable", "rate", {"value": "0.19", "description": None}))
    assert (row.outcome, row.differing) == ("differs", ("value",))


def test_the_same_values_behind_a_closed_port_are_unreachable() -> None:
    row = only(expected_digests(KEY, values(PG), EMPTY), replace(pg_on_target(), reach="refused"))
    assert row.outcome == "unreachable"
    assert row.values_same
    assert row.is_finding
    assert "refused" in row.why


def test_missing_tells_whether_rest_lists_it() -> None:
    expected = expected_digests(KEY, values(PG), EMPTY)
    assert only(expected, Probed("connection", "pg", "missing", listed=False)).why == ""
    row = only(expected, Probed("connection", "pg", "missing", listed=True))
    assert row.outcome == "missing"
    assert "a task does not find it" in row.why


@pytest.mark.parametrize(
    ("seen", "word"),
    [
        (Probed("connection", "pg", "error", why="RuntimeError"), "RuntimeError"),
        (Probed("connection", "pg", "not told", why="It was cut off."), "cut off"),
        (Probed("connection", "pg", "not told"), "told nothing"),
        (Probed("connection", "pg", "found", {"host": "x"}), "every field"),
    ],
)
def test_a_probe_that_cannot_tell_is_no_equality(seen: Probed, word: str) -> None:
    expected = expected_digests(KEY, values(PG), EMPTY)
    same_host = replace(seen, digests={"host": expected[0].digests["host"]} if seen.digests else {})
    row = only(expected, same_host)
    assert row.outcome == "not compared"
    assert word in row.why


def test_an_item_the_probe_was_not_asked_for_is_no_equality() -> None:
    assert only(expected_digests(KEY, values(PG), EMPTY)).outcome == "not compared"


def test_all_that_the_inventory_names_is_there_with_the_reason() -> None:
    inventory = replace(
        EMPTY,
        connections=(ConnectionSeen("pg"), ConnectionSeen("crm"), ConnectionSeen("skipped")),
        variables=(VariableSeen("rate"), VariableSeen("token"), VariableSeen("skipped")),
    )
    given = values(
        PG, variables=(RATE,), missing={"sftp": "not in the file"}, missing_variables={"lost": "not in the file"}
    )
    expected = expected_digests(KEY, given, inventory, skip_connections=["skipped"], skip_variables=["skipped"])
    assert [(item.kind, item.id, bool(item.digests)) for item in expected] == [
        ("connection", "crm", False),
        ("connection", "pg", True),
        ("connection", "sftp", False),
        ("variable", "lost", False),
        ("variable", "rate", True),
        ("variable", "token", False),
    ]
    reasons = {item.id: item.not_compared for item in expected}
    assert "not in the file" in reasons["sftp"]
    assert "not in the file" in reasons["lost"]
    assert "No source value" in reasons["crm"]
    row = only((expected[0],), probed("connection", "crm", dict.fromkeys(CONNECTION_FIELDS, "x")))
    assert row.outcome == "not compared"


def test_a_mask_is_never_compared_as_a_value() -> None:
    masked = replace(PG, password=Secret("***"), extra=Secret('{"token": "***"}'))
    hidden = VariableValue("rate", Secret("acme-***"))
    connection, variable = expected_digests(KEY, values(masked, variables=(hidden,)), EMPTY)
    assert connection.digests == variable.digests == {}
    assert connection.not_compared == "The source shows a mask in password, extra."
    assert "mask" in variable.not_compared


def test_a_masked_description_is_left_out_and_the_rest_compared() -> None:
    row = only(expected_digests(KEY, values(replace(PG, description="the ***")), EMPTY), pg_on_target())
    assert row.outcome == "same"
    assert "description" not in row.compared


def test_no_value_is_in_what_is_handed_on() -> None:
    expected = expected_digests(KEY, values(PG, variables=(RATE,)), EMPTY)
    rows = compare(expected, ProbeResult(KEY, {"pg": pg_on_target(password="canary-other")}, {}))
    for text in (repr(expected), repr(rows), repr(table(rows)), repr(findings(rows))):
        assert "canary" not in text
        assert KEY.reveal() not in text


def rows_of_each_outcome() -> tuple[Comparison, ...]:
    return (
        Comparison("connection", "ok", "same", reach="reachable", hook="ok"),
        Comparison("connection", "shy", "same", reach="reachable", hook="failed", hook_error="OperationalError"),
        Comparison("connection", "slow", "same", reach="reachable", hook="timeout"),
        Comparison("connection", "far", "unreachable", why="The port does not open.", reach="dns"),
        Comparison("connection", "wrong", "differs", ("login", "password")),
        Comparison("variable", "gone", "missing"),
        Comparison("variable", "typed", "not compared", why="No source value."),
    )


def test_the_table_fits_its_headings_and_variables_have_no_host() -> None:
    rows = table(rows_of_each_outcome())
    assert {len(row) for row in rows} == {len(HEADINGS)}
    assert rows[1] == ("connection", "shy", "same", "", "reachable", "failed OperationalError", "")
    assert rows[4][3] == "login, password"
    assert rows[5] == ("variable", "gone", "missing", "", "", "", "")


def test_the_summary_counts_both_kinds() -> None:
    text = summary(rows_of_each_outcome())
    assert text.startswith("5 connections: 3 same, ")
    assert text.endswith("2 variables: 1 missing, 1 not compared")
    assert summary((Comparison("variable", "v", "same"),)) == "0 connections: none; 1 variable: 1 same"


def test_each_outcome_but_same_is_a_finding() -> None:
    found = {(item.code, item.subject): item for item in findings(rows_of_each_outcome())}
    assert {key: item.severity for key, item in found.items()} == {
        ("PRB-hook", "shy"): "warn",
        ("PRB-hook", "slow"): "warn",
        ("PRB-unreachable", "far"): "warn",
        ("PRB-differs", "wrong"): "refuse",
        ("PRB-missing", "gone"): "refuse",
        ("PRB-not-compared", "typed"): "refuse",
    }
    assert "login, password" in found["PRB-differs", "wrong"].message
    assert 'add "wrong" to values.skip_connections' in found["PRB-differs", "wrong"].todo
    assert 'add "typed" to values.skip_variables' in found["PRB-not-compared", "typed"].todo
    assert "OperationalError" in found["PRB-hook", "shy"].message
    assert all(item.todo for item in found.values())
    assert "Make the name known" in found["PRB-unreachable", "far"].todo


def test_what_equal_values_do_not_tell_is_counted_once() -> None:
    rows = rows_of_each_outcome()
    assert shortcomings(rows) == "1 place did not answer from there; 2 connections failed their hook's test"
    both = Comparison("connection", "far", "unreachable", reach="timeout", hook="timeout")
    assert shortcomings((both,)) == "1 place did not answer from there"
    assert shortcomings(rows[:1]) == ""
    assert [result_in_words(row) for row in (*rows[:3], both)] == [
        "same",
        "same, hook failed",
        "same, hook timed out",
        "unreachable, hook timed out",
    ]


@pytest.mark.parametrize("outcome", ["differs", "missing", "unreachable", "not compared"])
def test_a_row_that_is_not_the_same_has_to_be_looked_at(outcome: Outcome) -> None:
    assert Comparison("variable", "v", outcome).is_finding
