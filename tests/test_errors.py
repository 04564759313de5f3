from __future__ import annotations

import inspect
import re

import pytest

from astroferry import errors
from astroferry.errors import (
    AstroferryError,
    ConflictError,
    Exit,
    NotFoundError,
    PlanError,
    Problem,
    RemoteError,
    RequestFailedError,
)

CLASSES = {
    name: kind for name, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, AstroferryError)
}


def test_the_tree_in_the_docstring_is_the_tree() -> None:
    drawn = re.findall(r"^    [│ ├└─]*(\w+Error)(?: +(\d)|$)", errors.__doc__ or "", re.MULTILINE)
    assert {name for name, _ in drawn} == set(CLASSES)
    for name, code in drawn:
        if code:
            assert CLASSES[name].exit == int(code), name


def test_each_branch_of_the_drawing_is_a_subclass() -> None:
    above: dict[int, type[AstroferryError]] = {}
    for line in (errors.__doc__ or "").splitlines():
        if found := re.match(r"^    ([│ ├└─]*)(\w+Error)\b", line):
            depth, kind = len(found[1]) // 4, CLASSES[found[2]]
            above[depth] = kind
            assert depth == 0 or kind.__bases__ == (above[depth - 1],), kind


def test_exit_codes_are_the_documented_ones() -> None:
    assert [int(code) for code in Exit] == [0, 1, 2, 3, 4, 5, 6, 7, 129, 130, 143]


@pytest.mark.parametrize(
    ("problem", "text"),
    [
        (Problem("a.b", "is missing"), "a.b: is missing"),
        (Problem("a", "is missing", 3, "m.toml"), "m.toml:3 a: is missing"),
        (Problem("a", "is missing", file="m.toml"), "m.toml a: is missing"),
        (Problem("a", "is missing", 3), "a: is missing"),
        (Problem("", "is empty", 1, "m.toml"), "m.toml:1 is empty"),
        (Problem("", "is empty"), "is empty"),
    ],
)
def test_a_problem_reads_as_editors_link_it(problem: Problem, text: str) -> None:
    assert str(problem) == text


def test_an_error_is_a_sentence_and_a_hint() -> None:
    assert str(AstroferryError("It broke.")) == "It broke."
    assert str(AstroferryError("It broke.", hint="Mend it.")) == "It broke. Mend it."
    assert AstroferryError("x").exit == Exit.BUG


def test_a_plan_error_lists_its_problems_after_the_hint() -> None:
    error = PlanError("Two things.", [Problem("a", "x"), Problem("b", "y")], hint="See below.")
    assert str(error) == "Two things. See below.\n  a: x\n  b: y"
    assert error.problems == (Problem("a", "x"), Problem("b", "y"))
    assert str(PlanError("None.")) == "None."


def test_a_refused_request_keeps_what_the_server_said() -> None:
    error = ConflictError("It is there.", status=409, detail="exists", request_id="r1", fields={"name": "taken"})
    assert (error.status, error.detail, error.request_id, error.fields) == (409, "exists", "r1", {"name": "taken"})
    assert RequestFailedError("x", status=500).fields == {}
    assert issubclass(NotFoundError, RemoteError)
    assert error.exit == Exit.REMOTE
