"""Strict reading of our own files into dataclasses: every problem at once, each with its path, in plain words."""

from __future__ import annotations

import difflib
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any, TypeVar, get_args, get_type_hints

from astroferry.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import TypeAdapter

T = TypeVar("T")

STRICT: dict[str, Any] = {"extra": "forbid", "strict": True}
"""What a dataclass sets as `__pydantic_config__`; it holds for the dataclasses inside it too."""

_WORDS = {
    "string_type": "must be text in quotes",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "bool_type": "must be true or false",
    "tuple_type": "must be a list in [brackets]",
    "dict_type": "must be a table",
    "dataclass_type": "must be a table",
    "missing": "is missing",
}

_ADAPTERS: dict[Any, TypeAdapter[Any]] = {}


def read(kind: type[T], text: str) -> tuple[T | None, list[Problem]]:
    """Check JSON `text` against dataclass `kind`: the object and no problems, or None and all problems.

    A problem's `where` is a dotted path with list positions from 0: "waves.0.state". Its message never repeats a
    value: the file may hold one that should not be there.
    """
    from pydantic import ValidationError  # noqa: PLC0415 - see _adapter

    try:
        checked: T = _adapter(kind).validate_json(text)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
        return None, [_problem(kind, item["loc"], item["type"], item.get("ctx", {})) for item in found]
    return checked, []


def _adapter(kind: type[Any]) -> TypeAdapter[Any]:
    """Made once per kind: making one takes longer than reading a file."""
    # pydantic costs 70 ms; `--help` must not pay it.
    from pydantic import TypeAdapter  # noqa: PLC0415

    if kind not in _ADAPTERS:
        _ADAPTERS[kind] = TypeAdapter(kind)
    return _ADAPTERS[kind]


def _problem(kind: type[Any], loc: tuple[int | str, ...], code: str, context: Mapping[str, Any]) -> Problem:
    where = ".".join(str(part) for part in loc)
    if code == "literal_error":
        return Problem(where, f"must be one of {context['expected']}")
    if code == "unexpected_keyword_argument":
        return Problem(where, "is not known here" + _did_you_mean(kind, loc))
    if code.startswith(("datetime", "date_")):
        return Problem(where, "must be a date and time, such as 2026-11-22T10:00:00Z")
    return Problem(where, _WORDS.get(code, f"is not valid ({code.replace('_', ' ')})"))


def _did_you_mean(kind: type[Any], loc: tuple[int | str, ...]) -> str:
    names = [field.name for field in fields(_holder(kind, loc[:-1]))]
    close = difflib.get_close_matches(str(loc[-1]), names, n=1)
    return f'; did you mean "{close[0]}"?' if close else f"; known: {', '.join(names)}"


def _holder(kind: type[Any], loc: tuple[int | str, ...]) -> type[Any]:
    """The dataclass that stands at `loc` below `kind`."""
    for part in loc:
        if isinstance(part, int):
            continue
        kind = _dataclass_in(get_type_hints(kind)[part])
    return kind


def _dataclass_in(annotation: Any) -> type[Any]:
    """The dataclass inside `tuple[X, ...]`, `X | None` or `X`."""
    if is_dataclass(annotation) and isinstance(annotation, type):
        return annotation
    return next(_dataclass_in(inner) for inner in get_args(annotation) if inner is not type(None))
