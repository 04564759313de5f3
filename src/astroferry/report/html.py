"""The report as one HTML file: nothing is loaded, nothing runs; for screens light and dark, and for paper."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

from astroferry.report.document import Banner, Bullets, More, Picture, Shares, Table, Text, Tiles
from astroferry.report.markup import Html, join, tag

if TYPE_CHECKING:
    from astroferry.report.document import Block, Document, Section

LOCKED = "default-src 'none'; style-src 'unsafe-inline'"
"""the browser is told to load nothing, whatever a name in the report looks like"""
SHORT = 22
"""letters of a table's cell that stay on one line"""
MARKS = {
    "refuse": "bad",
    "not ready": "bad",
    "warn": "fair",
    "ready with conditions": "fair",
    "advise": "good",
    "ready": "good",
    "unknown": "unknown",
}


def html(document: Document) -> str:
    """The whole file."""
    style = files("astroferry.report").joinpath("style.css").read_text("utf-8")
    toc = tag("ol", [tag("li", tag("a", part.title, href=f"#{part.key}")) for part in document.sections])
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("meta", http_equiv="Content-Security-Policy", content=LOCKED),
        tag("title", document.title),
        tag("style", Html(style)),
    )
    body = tag(
        "body",
        tag("a", "Skip to the report", href="#main", class_="skip"),
        tag(
            "header",
            tag("p", "Assessment of a migration to Astro", class_="kicker"),
            tag("h1", document.title),
            [tag("p", line) for line in document.about],
        ),
        tag("nav", tag("h2", "Contents", id="contents"), toc, aria_labelledby="contents"),
        tag("main", [_section(part) for part in document.sections], id="main"),
        tag("footer", [tag("p", line) for line in document.foot]),
    )
    return f"<!doctype html>\n{tag('html', head, body, lang='en')}\n"


def _section(section: Section) -> Html:
    title = tag("h2", section.title, id=f"{section.key}-title")
    return tag(
        "section",
        title,
        [_block(block) for block in section.blocks],
        id=section.key,
        aria_labelledby=f"{section.key}-title",
    )


def _block(block: Block) -> Html:
    match block:
        case Text(words):
            return tag("p", worded(words))
        case Bullets(items):
            return tag("ul", [tag("li", worded(item)) for item in items])
        case Table():
            return _table(block)
        case Tiles(items):
            return tag("dl", [_tile(*item) for item in items], class_="tiles")
        case Shares():
            return _shares(block)
        case Banner(word, sentence):
            return tag("p", tag("strong", word), " ", tag("span", sentence), class_=f"banner {MARKS[word]}")
        case Picture(svg, words, caption):
            return tag("figure", tag("div", svg, class_="wide"), tag("figcaption", f"{caption} {words}".strip()))
        case More(summary, blocks):
            return tag("details", tag("summary", summary), [_block(inner) for inner in blocks])


def _table(table: Table) -> Html:
    # A column of short words is not broken inside them; one of sentences may be.
    short = {column for column in range(len(table.head)) if all(len(row[column]) <= SHORT for row in table.rows)}

    def kind(column: int) -> str | None:
        return "number" if column in table.numbers else "short" if column in short else None

    head = tag("tr", [tag("th", name, scope="col", class_=kind(column)) for column, name in enumerate(table.head)])
    rows = []
    for row in table.rows:
        cells = []
        for column, text in enumerate(row):
            shown = (
                tag("span", text, class_=f"mark {MARKS.get(text, 'unknown')}")
                if column == table.mark
                else worded(text)
            )
            cells.append(
                tag("th", shown, scope="row", class_=kind(column))
                if column == 0 and table.mark != 0
                else tag("td", shown, class_=kind(column))
            )
        rows.append(tag("tr", cells))
    inner = tag("table", tag("caption", table.caption), tag("thead", head), tag("tbody", rows))
    return tag("div", inner, class_="wide", tabindex=0, role="region", aria_label=table.caption)


def worded(text: str) -> Html:
    """Text in which `what stands so` is code."""
    parts = text.split("`")
    if len(parts) % 2 == 0:
        return join((text,))
    return join([tag("code", part) if place % 2 else join((part,)) for place, part in enumerate(parts)])


def _tile(figure: str, what: str, more: str) -> Html:
    return tag("div", tag("dt", what), tag("dd", tag("b", figure), tag("span", more)))


def _shares(shares: Shares) -> Html:
    whole = sum(count for _, count, _ in shares.parts) or 1
    bar, at = [], 0.0
    for _, count, kind in shares.parts:
        width = 100 * count / whole
        if count:
            bar.append(tag("rect", x=at, y=0, width=width, height=10, class_=f"share {kind}"))
        at += width
    words = ", ".join(f"{count:,} {label}" for label, count, _ in shares.parts)
    svg = tag(
        "svg",
        tag("title", f"{shares.caption}: {words}"),
        bar,
        viewBox="0 0 100 10",
        preserveAspectRatio="none",
        role="img",
        aria_label=f"{shares.caption}: {words}",
        class_="shares",
    )
    legend = [
        tag(
            "li", tag("i", "", class_=f"key {kind}", aria_hidden="true"), tag("b", f"{count:,}"), join((f" {label}",))
        )
        for label, count, kind in shares.parts
    ]
    return tag("figure", tag("figcaption", shares.caption), svg, tag("ul", legend, class_="legend"), class_="sharing")
