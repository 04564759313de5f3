"""Words that are made to fit into the cells there are; pure."""

from __future__ import annotations

import re
import textwrap
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_LABEL = re.compile(r" *[\w' -]{1,40}: ")
LEAST = 20
"""cells below which nothing is wrapped any narrower"""


def cut(text: str, cells: int) -> str:
    """Its beginning; what is left out is shown by an ellipsis."""
    return text if len(text) <= cells else f"{text[: max(0, cells - 1)].rstrip()}…"


def hanging(text: str, cells: int, indent: int = 0) -> Iterator[str]:
    """Its lines, each at most `cells` long, all but the first moved in by `indent` more than the first."""
    for line in text.split("\n"):
        own = " " * (len(line) - len(line.lstrip()))
        further = own + " " * indent
        yield from textwrap.wrap(
            line.lstrip(), max(LEAST, cells), initial_indent=own, subsequent_indent=further, break_on_hyphens=False
        ) or [""]


def paragraphs(text: str, cells: int) -> str:
    """A page of them; of one that begins with a label ("c: carries out"), what does not fit is moved in."""
    return "\n".join(
        part for line in text.split("\n") for part in hanging(line, cells, 2 if _LABEL.match(line) else 0)
    )


def labelled(pairs: Iterable[tuple[str, str]], cells: int) -> str:
    """What there is to say, each behind its label, the labels in a column; what is empty is left out."""
    said = [(label, text) for label, text in pairs if text]
    column = max((len(label) for label, _ in said), default=0) + 2
    lines: list[str] = []
    for label, text in said:
        first, *further = [line for part in text.split("\n") for line in hanging(part, cells - column)]
        lines += [label.ljust(column) + first, *(" " * column + line for line in further)]
    return "\n".join(lines)
