"""The report as Markdown: the same sections; pictures are there in words."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from astroferry.report.document import Banner, Bullets, More, Picture, Shares, Table, Text, Tiles

if TYPE_CHECKING:
    from collections.abc import Iterator

    from astroferry.report.document import Block, Document

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~])")


def markdown(document: Document) -> str:
    """The whole file."""
    lines = [f"# {_plain(document.title)}", ""]
    for about in document.about:
        lines += [_plain(about), ""]
    for section in document.sections:
        lines += [f"## {_plain(section.title)}", ""]
        for block in section.blocks:
            if shown := list(_block(block)):
                lines += [*shown, ""]
    for foot in document.foot:
        lines += [_plain(foot), ""]
    return "\n".join(lines).rstrip() + "\n"


def _block(block: Block) -> Iterator[str]:
    match block:
        case Text(words):
            yield _plain(words)
        case Bullets(items):
            yield from (f"- {_plain(item)}" for item in items)
        case Table():
            yield from _table(block)
        case Tiles(items):
            yield from (f"- **{_plain(figure)}** {_plain(what)} ({_plain(more)})" for figure, what, more in items)
        case Shares(caption, parts):
            yield f"{_plain(caption)}: {', '.join(f'{count:,} {_plain(label)}' for label, count, _ in parts)}."
        case Banner(word, sentence):
            yield f"**{_plain(word)}**: {_plain(sentence)}"
        case Picture(_, words, _):
            yield _plain(words)
        case More():
            yield from _more(block)


def _more(more: More) -> Iterator[str]:
    """Nothing where all of it are pictures, which are not shown here: their captions alone would say nothing."""
    if all(isinstance(inner, Picture) for inner in more.blocks):
        return
    yield f"### {_plain(more.summary)}"
    for inner in more.blocks:
        yield ""
        yield from _block(inner)


def _table(table: Table) -> Iterator[str]:
    yield f"{_plain(table.caption)}:"
    yield ""
    yield f"| {' | '.join(_plain(name) for name in table.head)} |"
    yield f"|{'|'.join(' ---: ' if column in table.numbers else ' --- ' for column in range(len(table.head)))}|"
    for row in table.rows:
        yield f"| {' | '.join(_plain(cell) for cell in row)} |"


def _plain(text: str) -> str:
    """One line in which nothing is markup, whatever a name in it looks like."""
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))
