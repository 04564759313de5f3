"""The help page of every finding's code: what it means and what to do; F1, `explain` and the report share them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import cache
from textwrap import wrap
from typing import TYPE_CHECKING

from astroferry.advice.pages_elsewhere import ELSEWHERE
from astroferry.advice.suggest import rules

if TYPE_CHECKING:
    from collections.abc import Iterable

    from astroferry.model.finding import Finding

_SEVERITIES = {
    "refuse": "refuse: the plan is not carried out with it",
    "warn": "warn: look at it before you go on",
    "advise": "advise: good to know",
}


@dataclass(frozen=True, slots=True)
class Page:
    """One help page.

    `code`: of the finding; a "*" stands for what is put in at run time ("SRC-403-*": the probe). `title`: one
    sentence. `text`: paragraphs. `severity`, `source`, `confidence` and `reads` are a rule's.
    """

    code: str
    title: str
    text: tuple[str, ...]
    severity: str = ""
    source: str = ""
    confidence: str = ""
    reads: tuple[str, ...] = ()

    def lines(self, width: int = 100) -> list[str]:
        """The page as lines of text, as a terminal of that width shows it."""
        found = [self.code, "", *wrap(self.title, width)]
        for paragraph in self.text:
            found += ["", *wrap(paragraph, width)]
        facts = [
            ("severity", _SEVERITIES.get(self.severity, self.severity)),
            ("looks at", ", ".join(self.reads)),
            ("source", self.source),
            ("confidence", self.confidence),
        ]
        told: list[str] = []
        for name, value in facts:
            if value:
                told += wrap(value, width, initial_indent=f"{name + ':':12}", subsequent_indent=" " * 12)
        return [*found, "", *told] if told else found


@cache
def pages() -> tuple[Page, ...]:
    """Every page, sorted by code."""
    found = [
        replace(
            _read(rule.id, rule.page or rule.source, rule.severity),
            source=rule.source,
            confidence=rule.confidence,
            reads=rule.reads,
        )
        for rule in rules()
    ]
    found += [_read(code, text, severity) for code, severity, text in ELSEWHERE]
    return tuple(sorted(found, key=lambda page: page.code))


@cache
def page_of(code: str) -> Page | None:
    """The page of a finding's code; letters' case does not matter. None where there is no such code."""
    wanted = code.upper()
    fitting = [page for page in pages() if page.code.upper() == wanted or fnmatchcase(wanted, page.code.upper())]
    # The page that says most of the code: SRC-403-* before SRC-4*-*.
    return max(fitting, key=lambda page: (page.code.upper() == wanted, len(page.code)), default=None)


def help_for(findings: Iterable[Finding], width: int | None = 76) -> str:
    """What F1 says of a stage's findings: each code once, with a sentence that was found, and its page.

    `width` None: each paragraph stays one line, for a page that wraps by itself.
    """
    by_code: dict[str, list[Finding]] = {}
    for finding in findings:
        by_code.setdefault(finding.code, []).append(finding)
    lines: list[str] = []
    for code, mine in by_code.items():
        page = page_of(code)
        more = f" (and {len(mine) - 1:,} more)" if len(mine) > 1 else ""
        lines += [f"{code}: {mine[0].severity}", *_indented(mine[0].message + more, width)]
        for paragraph in (page.title, *page.text) if page is not None else ():
            lines += _indented(paragraph, width)
        if page is not None and page.source:
            lines += _indented(f"Source: {page.source}", width)
        lines.append("")
    return "\n".join(lines).rstrip()


def _indented(text: str, width: int | None) -> list[str]:
    if width is None:
        return [f"  {' '.join(text.split())}"]
    return wrap(text, width, initial_indent="  ", subsequent_indent="  ")


def _read(code: str, page: str, severity: str) -> Page:
    title, _, text = page.strip().partition("\n")
    return Page(code, title, tuple(" ".join(part.split()) for part in text.split("\n\n") if part.strip()), severity)
