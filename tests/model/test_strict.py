from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

import pytest

from astroferry.errors import Problem
from astroferry.model.strict import STRICT, read


@dataclass(frozen=True)
class Leaf:
    name: str
    size: int = 0


@dataclass(frozen=True)
class Tree:
    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    leaf: Leaf
    more: tuple[Leaf, ...] = ()
    perhaps: Leaf | None = None
    kind: Literal["oak", "elm"] = "oak"
    ratio: float = 0.0
    names: dict[str, str] = field(default_factory=dict)
    port: int | None = None


def wrong(value: Any) -> list[tuple[str, str]]:
    tree, problems = read(Tree, json.dumps(value))
    assert tree is None
    assert all(isinstance(problem, Problem) and problem.line is None for problem in problems)
    return [(problem.where, problem.message) for problem in problems]


def test_what_fits_is_read() -> None:
    text = '{"leaf": {"name": "a"}, "more": [{"name": "b", "size": 2}], "perhaps": null, "kind": "elm", "ratio": 1}'
    assert read(Tree, text) == (Tree(Leaf("a"), (Leaf("b", 2),), kind="elm", ratio=1.0), [])


@pytest.mark.parametrize(
    ("value", "where", "message"),
    [
        ({"name": 1}, "leaf.name", "must be text in quotes"),
        ({"name": "a", "size": "1"}, "leaf.size", "must be a whole number"),
        ({"name": "a", "size": 1.5}, "leaf.size", "must be a whole number"),
        ({"name": "a", "size": True}, "leaf.size", "must be a whole number"),
        ({}, "leaf.name", "is missing"),
        ("a", "leaf", "must be a table"),
        ([], "leaf", "must be a table"),
        ({"name": "a", "sice": 1}, "leaf.sice", 'is not known here; did you mean "size"?'),
        ({"name": "a", "colour": 1}, "leaf.colour", "is not known here; known: name, size"),
    ],
)
def test_problems_of_a_table(value: Any, where: str, message: str) -> None:
    assert wrong({"leaf": value}) == [(where, message)]


@pytest.mark.parametrize(
    ("rest", "where", "message"),
    [
        ({"more": {}}, "more", "must be a list in [brackets]"),
        ({"more": [{"name": "b"}, {"nam": "c", "name": "c"}]}, "more.1.nam", 'not known here; did you mean "name"?'),
        ({"perhaps": {"name": "a", "sizes": 1}}, "perhaps.sizes", 'did you mean "size"?'),
        ({"perhaps": 3}, "perhaps", "must be a table"),
        ({"kind": "pine"}, "kind", "must be one of 'oak' or 'elm'"),
        ({"ratio": "much"}, "ratio", "must be a number"),
        ({"names": []}, "names", "must be a table"),
        ({"names": {"a": 1}}, "names.a", "must be text in quotes"),
        ({"port": "x"}, "port", "must be a whole number"),
        ({"tree": 1}, "tree", "is not known here"),
    ],
)
def test_problems_below(rest: dict[str, Any], where: str, message: str) -> None:
    ((at, said),) = wrong({"leaf": {"name": "a"}, **rest})
    assert at == where
    assert message in said


def test_all_problems_come_at_once_and_repeat_no_value() -> None:
    problems = wrong({"leaf": {"name": 8128, "canary": "canary"}, "kind": "canary", "ratio": "canary"})
    assert [where for where, _ in problems] == ["leaf.name", "leaf.canary", "kind", "ratio"]
    assert not any("8128" in message or '"canary"' in message for _, message in problems)


def test_what_has_no_words_of_ours_is_said_in_pydantics() -> None:
    assert read(Tree, "{")[1] == [Problem("", "is not valid (json invalid)")]
    assert wrong(3) == [("", "must be a table")]
