"""What was typed, as the value a question wants; pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from astroferry.faces.prompts.console import plainly

if TYPE_CHECKING:
    from collections.abc import Sequence

    from astroferry.stages.question import Option, Question

_YES = {"yes": True, "y": True, "no": False, "n": False}


class UnfitError(Exception):
    """What was typed is no answer to this; the message says why, in a sentence."""


def value_of(question: Question, text: str) -> Any:
    """The value for a choice, a yes-no, a text or a path; UnfitError where it is none."""
    typed = plainly(text)
    if question.kind == "choice":
        option = picked(question.options, typed)
        if option is None:
            raise UnfitError(f"Answer with a number from 1 to {len(question.options)}, or with one of the words.")
        return option.value
    if question.kind == "yes-no":
        if typed.lower() not in _YES:
            raise UnfitError("Answer yes or no.")
        return _YES[typed.lower()]
    return typed


def picked(options: Sequence[Option], typed: str) -> Option | None:
    """The option of that number (from 1), value or label; None where there is none."""
    if typed.isdecimal() and 1 <= int(typed) <= len(options):
        return options[int(typed) - 1]
    wanted = typed.lower()
    return next((option for option in options if wanted in {option.value.lower(), option.label.lower()}), None)


_RANGE = re.compile(r"(\d+)(?:-(\d+))?")


def numbers_of(text: str, last: int) -> list[int]:
    """`1-3, 7` as [1, 2, 3, 7]; `all` as every number up to `last`; UnfitError where it is neither."""
    if text.strip().lower() == "all":
        return list(range(1, last + 1))
    found: list[int] = []
    for part in text.replace(",", " ").split():
        match = _RANGE.fullmatch(part)
        if match is None:
            raise UnfitError(f'"{part}" is no number and no range such as 2-5.')
        begin, end = int(match[1]), int(match[2] or match[1])
        if not 1 <= begin <= end <= last:
            raise UnfitError(f'"{part}" is not between 1 and {last}.')
        found += range(begin, end + 1)
    return list(dict.fromkeys(found))


def shown_value(question: Question, value: Any) -> str:
    """The value as the prompt shows it in brackets; nothing where there is none."""
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if question.kind in {"per-item", "tables"}:
        return "as shown"
    option = question.option(str(value))
    return option.label if option is not None else str(value)
