from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from astroferry.carry.probes.digest import CONNECTION_FIELDS, canonical, field_digest

KEY = "0f" * 32
# NaN is unequal to itself, so it could not tell whether two extras are equal.
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize("field", ["host", "login", "password", "schema", "description"])
def test_empty_text_counts_as_not_set(field: str) -> None:
    assert canonical(field, "") is None
    assert canonical(field, None) is None
    assert canonical(field, " ") == b" "


@pytest.mark.parametrize("extra", [None, "", "{}", " { } "])
def test_an_empty_extra_counts_as_not_set(extra: str | None) -> None:
    assert canonical("extra", extra) is None


@pytest.mark.parametrize("extra", ["[]", "null", '""', "0", "not json", "[" * 100_000])
def test_other_extras_are_set(extra: str) -> None:
    assert canonical("extra", extra) is not None


def test_an_empty_variable_is_a_value() -> None:
    assert canonical("value", "") == b""
    assert field_digest(KEY, "variable", "v", "value", "") != field_digest(KEY, "variable", "v", "value", None)


def test_port_zero_and_no_port_differ() -> None:
    assert canonical("port", 0) == b"0"
    assert canonical("port", None) is None
    assert canonical("port", 5432) == canonical("port", "5432")


def test_line_ends_and_blanks_of_values_count() -> None:
    forms = ["line", "line\n", "line\r\n", " line", "line "]
    assert len({canonical("value", form) for form in forms}) == len(forms)


def test_a_variable_is_compared_as_text_even_where_it_is_json() -> None:
    assert canonical("value", '{"a": 1}') != canonical("value", '{"a":1}')


def test_half_a_surrogate_pair_is_no_obstacle() -> None:
    assert canonical("password", "\ud83d") != canonical("password", "\ud83e")


@given(JSON)
def test_extras_are_equal_however_they_are_written(value: object) -> None:
    loose = json.dumps(value, indent=3, ensure_ascii=False)
    tight = json.dumps(value, separators=(",", ":"))
    assert canonical("extra", loose) == canonical("extra", tight)


@given(JSON, JSON)
def test_extras_that_differ_have_other_forms(one: object, other: object) -> None:
    # Compared as JSON text: to Python True == 1 == 1.0, to a hook they are three things.
    same = json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
    if not same and one != {} and other != {}:
        assert canonical("extra", json.dumps(one)) != canonical("extra", json.dumps(other))


def test_key_kind_id_field_and_value_all_count() -> None:
    base = ("connection", "pg", "password", "hunter2")
    others = [
        ("variable", "pg", "password", "hunter2"),
        ("connection", "pg2", "password", "hunter2"),
        ("connection", "pg", "login", "hunter2"),
        ("connection", "pg", "password", "hunter3"),
        ("connection", "pg", "password", ""),
    ]
    digests = {field_digest(KEY, *item) for item in [base, *others]} | {field_digest("1" + KEY[1:], *base)}
    assert len(digests) == len(others) + 2


def test_a_digest_holds_nothing_of_the_value_and_has_one_length() -> None:
    for value in ("", "hunter2", "x" * 70_000, None):
        digest = field_digest(KEY, "variable", "v", "value", value)
        assert len(digest) == 32
        assert int(digest, 16) >= 0


def test_the_heading_cannot_be_forged_by_a_value() -> None:
    assert field_digest(KEY, "variable", "a", "value", "x") != field_digest(
        KEY, "variable", 'a", "value', "value", "x"
    )


def test_the_fields_are_those_of_a_connection_value() -> None:
    assert set(CONNECTION_FIELDS) == {"conn_type", "host", "login", "password", "schema", "port", "extra"}
