from __future__ import annotations

import tomllib
from typing import Any

import pytest
import tomli_w
from hypothesis import given, settings
from hypothesis import strategies as st

from astroferry.model.tomlplace import line_of, places_in, with_text

TEXT = """\
# [not.a.header]
name = "x" # comment with = and [brackets]
"odd key" = 1
'single' = 2
a.b . "c" = 3

[source]
url = "http://x/#not-a-comment"
when = 2026-11-22 10:00:00Z   # a date with a space
[source.fingerprint]
dags = 3
[[waves]]   # first
name = "a"
dags = [
  "one", # with ] in a comment
  '[[waves]]',
  "two\\"]",
]
state = 'planned'
[[ waves ]]
name = "b"
note = \"\"\"
name = "no key"
[neither]
\"\"\"
raw = '''
state = "no key"'''
[waves.more]
deep = { x = 1, "y z" = [ { k = 2 }, 3 ], e = {} }
[[waves.inner]]
n = 1
[[waves.inner]]
n = 2
[table]
nothing = []
last = true"""


@pytest.mark.parametrize(
    ("where", "line"),
    [
        ("name", 2),
        ("odd key", 3),
        ("single", 4),
        ("a.b.c", 5),
        ("source", 7),
        ("source.url", 8),
        ("source.when", 9),
        ("source.fingerprint", 10),
        ("source.fingerprint.dags", 11),
        ("waves", 12),
        ("waves.0", 12),
        ("waves.0.name", 13),
        ("waves.0.dags", 14),
        ("waves.0.dags.0", 15),
        ("waves.0.dags.2", 17),
        ("waves.0.state", 19),
        ("waves.1", 20),
        ("waves.1.note", 22),
        ("waves.1.raw", 26),
        ("waves.1.more", 28),
        ("waves.1.more.deep", 29),
        ("waves.1.more.deep.y z.0.k", 29),
        ("waves.1.inner.0.n", 31),
        ("waves.1.inner.1", 32),
        ("waves.1.inner.1.n", 33),
        ("table.nothing", 35),
        ("table.last", 36),
        # what is missing is looked for at the table that lacks it
        ("source.fingerprint.digest", 10),
        ("waves.1.state", 20),
        ("waves.7.state", 12),
        ("nowhere", None),
        ("", None),
    ],
)
def test_line_of(where: str, line: int | None) -> None:
    assert line_of(TEXT, where) == line
    assert line_of(TEXT.replace("\n", "\r\n"), where) == line


def test_an_empty_text_has_no_places() -> None:
    assert places_in("") == {}
    assert places_in("# only a comment") == {}


def test_text_that_is_no_toml_is_refused() -> None:
    with pytest.raises(ValueError, match="not TOML at 0"):
        places_in("=")


@pytest.mark.parametrize(
    ("value", "end"),
    [
        ('"""a"""', 7),
        ('""""a"""""', 10),
        ("'''a'''''", 9),
        ('"""a\\""""', 9),
        ('""', 2),
        ("''", 2),
        ('"\\\\"', 4),
        ("-1_000.5e3", 10),
        ("07:32:00", 8),
        ("1979-05-27 07:32:00-07:00", 25),
        ("1979-05-27", 10),
    ],
)
def test_a_value_ends_where_toml_says(value: str, end: int) -> None:
    assert places_in(f"k={value}# comment\nl=1\n")["k"].end == 2 + end
    assert list(places_in(f"k={{a={value},b=1}}\n")) == ["k.a", "k.b", "k"]
    assert list(places_in(f"k=[{value},1,]\n")) == ["k.0", "k.1", "k"]


_KEYS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="."), min_size=1, max_size=5)
_TREES = st.recursive(
    st.text(max_size=8) | st.integers(-9, 9) | st.booleans() | st.datetimes() | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=3),
    max_leaves=12,
)


@settings(deadline=None, max_examples=50)
@given(st.dictionaries(_KEYS, _TREES, max_size=4))
def test_every_value_of_any_toml_is_where_it_is_said_to_be(tree: dict[str, Any]) -> None:
    text = tomli_w.dumps(tree)
    places = places_in(text)
    leaves = 0

    def check(path: str, value: Any) -> None:
        nonlocal leaves
        if isinstance(value, dict):
            for key, item in value.items():
                check(f"{path}.{key}" if path else key, item)
        elif isinstance(value, list) and value:
            for number, item in enumerate(value):
                check(f"{path}.{number}", item)
        else:
            leaves += 1
            place = places[path]
            assert tomllib.loads(f"v = {text[place.value : place.end]}")["v"] == value

    check("", tomllib.loads(text))
    assert len(places) >= leaves


class TestWithText:
    def test_changes_the_value_and_nothing_else(self) -> None:
        text = "[[w]] # one\n  state   =  'a'  # why\nname='x'\n"
        expected = "[[w]] # one\n  state   =  \"b\"  # why\nname='x'\n"
        assert with_text(text, "w.0", "state", "b", after="name") == expected

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ('[[w]]\nname="x" # c\ny=1\n', '[[w]]\nname="x" # c\nstate = "b"\ny=1\n'),
            ('[[w]]\nname="x"', '[[w]]\nname="x"\nstate = "b"'),
            ('[[w]]\r\nname="x"\r\ny=1\r\n', '[[w]]\r\nname="x"\r\nstate = "b"\r\ny=1\r\n'),
            ('w = [{name="x", y=1}]', 'w = [{name="x", state = "b", y=1}]'),
            ('w = [\n {name="x"}, # c\n]\n', 'w = [\n {name="x", state = "b"}, # c\n]\n'),
        ],
    )
    def test_puts_a_missing_key_behind_another(self, text: str, expected: str) -> None:
        edited = with_text(text, "w.0", "state", "b", after="name")
        assert edited == expected
        assert tomllib.loads(edited)["w"][0]["state"] == "b"

    def test_without_that_other_key_it_gives_up(self) -> None:
        with pytest.raises(KeyError):
            with_text("[w]\n", "w", "state", "b", after="name")
