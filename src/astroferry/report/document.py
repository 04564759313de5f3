"""What the report is made of, whatever shows it: sections of texts, tables, lists and pictures."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from astroferry.advice.verdict import Word
    from astroferry.report.markup import Html


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph."""

    words: str


@dataclass(frozen=True, slots=True)
class Bullets:
    """A list."""

    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A table; `caption` says what it shows. A first column that is a row's name; `numbers`: columns of figures."""

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numbers: frozenset[int] = frozenset()
    mark: int | None = None
    """the column whose words are a severity, verdict or level, and look so"""


@dataclass(frozen=True, slots=True)
class Tiles:
    """The few figures that matter: (figure, what it counts, a word more)."""

    items: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class Shares:
    """Parts of a whole as one bar: (label, count, kind); `caption` says of what."""

    caption: str
    parts: tuple[tuple[str, int, str], ...]


@dataclass(frozen=True, slots=True)
class Banner:
    """The verdict: its word, and a sentence."""

    word: Word
    sentence: str


@dataclass(frozen=True, slots=True)
class Picture:
    """An SVG, and the same in words for those who do not see it; `caption` stands under it."""

    svg: Html
    words: str
    caption: str = ""


@dataclass(frozen=True, slots=True)
class More:
    """Blocks that are there for whoever asks."""

    summary: str
    blocks: tuple[Block, ...]


Block = Text | Bullets | Table | Tiles | Shares | Banner | Picture | More


@dataclass(frozen=True, slots=True)
class Section:
    """A section; `key` is its anchor and stays the same."""

    key: str
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """The whole report. `about`: what stands under the title."""

    title: str
    about: tuple[str, ...]
    sections: tuple[Section, ...]
    foot: tuple[str, ...] = field(default=())
