"""Where in a TOML text a dotted path stands; tomllib tells no lines."""

from __future__ import annotations

import re

_HEADER = re.compile(r"^\s*(\[\[|\[)\s*([^\]]+?)\s*\]")
_KEY = re.compile(
    r"^\s*((?:[A-Za-z0-9_-]+|\"[^\"]*\"|'[^']*')(?:\s*\.\s*(?:[A-Za-z0-9_-]+|\"[^\"]*\"|'[^']*'))*)\s*="
)
_PART = re.compile(r"[A-Za-z0-9_-]+|\"[^\"]*\"|'[^']*'")


def line_of(text: str, where: str, *, exact: bool = False) -> int | None:
    """The line (from 1) of `where` ("waves.0.state"), or of the nearest table above it; None where none is.

    With `exact`, only the key itself counts.
    """
    places = _places(text)
    parts = where.split(".") if where else []
    while parts:
        if (line := places.get(".".join(parts))) is not None:
            return line
        if exact:
            return None
        parts.pop()
    return None


def _places(text: str) -> dict[str, int]:
    """Every table and key of the text: dotted path -> line. Lists of tables are counted from 0."""
    places: dict[str, int] = {}
    counts: dict[str, int] = {}
    table: list[str] = []
    inside = ""
    for number, line in enumerate(text.splitlines(), 1):
        if inside:
            if inside in line:
                inside = ""
            continue
        if header := _HEADER.match(line):
            names = _names(header[2])
            table = _resolve(names, counts, new=header[1] == "[[")
            places.setdefault(".".join(table), number)
        elif key := _KEY.match(line):
            path = [*table, *_names(key[1])]
            places.setdefault(".".join(path), number)
            inside = _opens(line[key.end() :])
    return places


def _names(text: str) -> list[str]:
    return [part.strip("\"'") for part in _PART.findall(text)]


def _resolve(names: list[str], counts: dict[str, int], *, new: bool) -> list[str]:
    """Names of a header as a path with list positions."""
    path: list[str] = []
    for position, name in enumerate(names):
        path.append(name)
        key = ".".join(path)
        if new and position == len(names) - 1:
            counts[key] = counts.get(key, -1) + 1
        if key in counts:
            path.append(str(counts[key]))
    return path


def _opens(value: str) -> str:
    """What closes a value that goes on over the next lines, or nothing."""
    for quotes in ('"""', "'''"):
        if value.count(quotes) % 2:
            return quotes
    bare = re.sub(r"\"[^\"]*\"|'[^']*'|#.*", "", value)
    return "]" if bare.count("[") > bare.count("]") else ""
