"""A stage, a question and findings as lines of text for a plain terminal; pure."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from astroferry.faces.navigator import STOPS
from astroferry.faces.tables import rows_of_tables
from astroferry.model.words import several
from astroferry.stages.question import AS_IT_IS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from astroferry.faces.navigator import Asked, Navigator
    from astroferry.faces.preview import Mark
    from astroferry.model.finding import Finding
    from astroferry.stages.question import Option

WIDTH = 79
MOST = 20
"""rows that are shown of a long list; the rest is found by filtering"""
SEVERITIES = {"refuse": "refused", "warn": "warning", "advise": "advice"}
EVERYWHERE = "back, skip, save and help work everywhere; Enter takes what is in brackets."


def wrapped(text: str, indent: str = "  ", further: str = "") -> list[str]:
    """A paragraph."""
    return textwrap.wrap(
        text, WIDTH, initial_indent=indent, subsequent_indent=further or indent, break_long_words=False
    )


def told(text: str) -> list[str]:
    """A line of a page that faces share, which may be longer than one here; it goes on under its own words."""
    if len(text) <= WIDTH:
        return [text]
    further = " " * (len(text) - len(text.lstrip()) + 2)
    return textwrap.wrap(text, WIDTH, subsequent_indent=further, break_long_words=False, break_on_hyphens=False)


def head(nav: Navigator) -> list[str]:
    """Where one is."""
    stop = nav.stop
    where = f"{nav.index + 1} of {len(STOPS)}"
    return ["", f"{where}  {stop.title}", "-" * (len(where) + 2 + len(stop.title))]


def known(lines: Iterable[str]) -> list[str]:
    """What was found."""
    return [line for text in lines for line in wrapped(text, "  * ", "    ")]


def options(choices: Sequence[Option], suggested: str | None = None) -> list[str]:
    """Numbered; what is suggested and what cannot be taken is said in words."""
    column = min(28, max((len(option.label) for option in choices), default=0))
    lines: list[str] = []
    for number, option in enumerate(choices, 1):
        words = option.consequence
        if option.refused:
            words = f"NOT POSSIBLE: {option.refused}"
        elif option.value == suggested:
            words = f"{words} (suggested)".strip()
        begin = f"  {number:>2}  {option.label.ljust(column)}  "
        lines += textwrap.wrap(words, WIDTH, initial_indent=begin, subsequent_indent=" " * (column + 8)) or [
            begin.rstrip()
        ]
    return lines


def question(asked: Asked) -> list[str]:
    """The prompt, its options or rows, why something is suggested, and what was seen."""
    item = asked.question
    lines = ["", item.prompt]
    if item.kind == "choice":
        suggested = str(item.suggested) if item.suggested is not None else None
        lines += options(item.options, suggested)
    elif item.kind == "per-item":
        lines += places(asked)
    elif item.kind == "tables":
        rows = rows_of_tables(asked.value)
        lines += [
            line
            for name, words in rows[:MOST]
            for line in wrapped(f"{name}: {words}" if words else name, "  - ", "    ")
        ]
        lines += [f"    and {len(rows) - MOST:,} more"] if len(rows) > MOST else []
    if item.help:
        lines += wrapped(item.help)
    if item.reason and item.reason != AS_IT_IS and item.suggested not in (None, ""):
        lines += wrapped(f"Suggested: {item.reason.rstrip('.')}.")
    lines += evidence(item.evidence)
    return lines


def evidence(seen: Sequence[str], most: int = 5) -> list[str]:
    """The first few; help shows all."""
    lines = [line for text in seen[:most] for line in wrapped(text, "    seen: ", "          ")]
    return [*lines, f"    and {len(seen) - most} more; help shows all"] if len(seen) > most else lines


def places(asked: Asked) -> list[str]:
    """Items with their values and what is known about each."""
    given = {row["host"]: row["path"] for row in asked.value or []}
    items = asked.question.items
    lines = [
        line
        for number, item in enumerate(items[:MOST], 1)
        for line in wrapped(
            f"{item}  {given.get(item, '?')}  {asked.question.notes.get(item, '')}".rstrip(),
            f"  {number:>2}  ",
            "        ",
        )
    ]
    return [*lines, f"    and {len(items) - MOST:,} more"] if len(items) > MOST else lines


def findings(found: Sequence[Finding]) -> list[str]:
    """Each with its severity in words, the worst first."""
    if not found:
        return []
    order = list(SEVERITIES)
    lines = ["", several(len(found), "finding")]
    for item in sorted(found, key=lambda finding: order.index(finding.severity)):
        text = f"{SEVERITIES[item.severity]}: {item.message} {item.todo} [{item.code}]"
        lines += wrapped(" ".join(text.split()), "  * " if item.severity == "advise" else "  ! ", "    ")
    return lines


def changed(name: str, lines: Sequence[tuple[Mark, str]]) -> list[str]:
    """What was written."""
    if not lines:
        return []
    shown = [f"  {mark} {text}" for mark, text in lines[:MOST]]
    more = [f"    and {several(len(lines) - MOST, 'line')} more"] if len(lines) > MOST else []
    return ["", f"In {name}", *shown, *more]
