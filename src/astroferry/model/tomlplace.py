"""Where in a TOML text a dotted path stands, and how to change one value there; tomllib tells neither.

The text is one that tomllib has read already: it is followed here, not judged.
"""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import dataclass, field

_SPACE = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_STRING = re.compile(
    r'"""(?:\\.|[^\\])*?"""(?:"{0,2})' + r"|'''.*?'''(?:'{0,2})" + r'|"(?:\\.|[^"\\])*"' + r"|'[^']*'", re.DOTALL
)
# A date and its time may stand apart by one space.
_BARE_VALUE = re.compile(r"[^\s,\]}#]+(?: \d\d:[^\s,\]}#]+)?")


@dataclass(frozen=True, slots=True)
class Place:
    """Offsets into the text: where a key or header begins, and where its value (or the header) begins and ends."""

    key: int
    value: int
    end: int


def line_of(text: str, where: str) -> int | None:
    """The line (from 1) of `where` ("waves.0.state"), or of the nearest table above it; None where none is."""
    places = places_in(text)
    parts = where.split(".") if where else []
    while parts:
        if (place := places.get(".".join(parts))) is not None:
            return text.count("\n", 0, place.key) + 1
        parts.pop()
    return None


def with_text(text: str, table: str, key: str, value: str | int | list[str], *, after: str) -> str:
    """The TOML text with `value` (plain ASCII) at `key` of a table; every other character stays as it is.

    `table` is a dotted path with list positions ("waves.0"), "" for the file itself. A missing key is put behind the
    key `after`, which the table must have (KeyError).
    """
    places = places_in(text)
    written = json.dumps(value)
    within = f"{table}." if table else ""
    if (place := places.get(f"{within}{key}")) is not None:
        return text[: place.value] + written + text[place.end :]
    end = places[f"{within}{after}"].end
    if table and text[places[table].value] == "{":
        return f"{text[:end]}, {key} = {written}{text[end:]}"
    line_end = text.find("\n", end)
    line_end = len(text) if line_end < 0 else line_end
    if text[line_end - 1] == "\r":
        return f"{text[: line_end - 1]}\r\n{key} = {written}{text[line_end - 1 :]}"
    return f"{text[:line_end]}\n{key} = {written}{text[line_end:]}"


def places_in(text: str) -> dict[str, Place]:
    """Every table, key and list item of a valid TOML text by its dotted path; lists count from 0."""
    reader = _Reader(text)
    reader.document()
    return reader.places


@dataclass
class _Reader:
    """Goes through the text once; `at` is where it stands."""

    text: str
    at: int = 0
    places: dict[str, Place] = field(default_factory=dict)
    lists: dict[str, int] = field(default_factory=dict)
    """path of a list of tables -> position of its last one"""

    def document(self) -> None:
        table: list[str] = []
        self.space()
        while self.at < len(self.text):
            if self.text[self.at] == "[":
                table = self.header()
            else:
                self.pair(table)
            self.space()

    def space(self) -> None:
        """Over blanks, line ends and comments."""
        self.at = self.match(_SPACE).end()

    def match(self, pattern: re.Pattern[str]) -> re.Match[str]:
        found = pattern.match(self.text, self.at)
        if found is None:
            raise ValueError(f"not TOML at {self.at}")
        return found

    def header(self) -> list[str]:
        start = self.at
        brackets = 2 if self.text.startswith("[[", start) else 1
        self.at += brackets
        names = self.names()
        self.at += brackets
        path: list[str] = []
        for position, name in enumerate(names):
            path.append(name)
            key = ".".join(path)
            if brackets == 2 and position == len(names) - 1:
                self.lists[key] = self.lists.get(key, -1) + 1
                self.places.setdefault(key, Place(start, start, self.at))
            if key in self.lists:
                path.append(str(self.lists[key]))
        self.places[".".join(path)] = Place(start, start, self.at)
        return path

    def names(self) -> list[str]:
        """A dotted key; stands behind it, and the blanks after it, afterwards."""
        names: list[str] = []
        while True:
            self.space()
            if self.text[self.at] in "\"'":
                quoted = self.match(_STRING)
                names.append(tomllib.loads(f"name = {quoted[0]}")["name"])
                self.at = quoted.end()
            else:
                bare = self.match(_BARE_KEY)
                names.append(bare[0])
                self.at = bare.end()
            self.space()
            if self.text[self.at] != ".":
                return names
            self.at += 1

    def pair(self, table: list[str]) -> None:
        start = self.at
        path = [*table, *self.names()]
        self.at += 1
        self.space()
        self.value(path, start)

    def value(self, path: list[str], key: int) -> None:
        start = self.at
        first = self.text[start]
        if first == "[":
            self.items(path)
        elif first == "{":
            self.pairs(path)
        else:
            self.at = self.match(_STRING if first in "\"'" else _BARE_VALUE).end()
        self.places[".".join(path)] = Place(key, start, self.at)

    def items(self, path: list[str]) -> None:
        self.at += 1
        count = 0
        while self.more("]"):
            self.value([*path, str(count)], self.at)
            count += 1

    def pairs(self, path: list[str]) -> None:
        self.at += 1
        while self.more("}"):
            self.pair(path)

    def more(self, closing: str) -> bool:
        """Whether there is another item; stands on it, or behind the closing bracket, afterwards."""
        self.space()
        if self.text[self.at] == ",":
            self.at += 1
            self.space()
        if self.text[self.at] == closing:
            self.at += 1
            return False
        return True
