"""Which Starship on a source may be read from: one that asks for a login."""

from __future__ import annotations

import re

SAFE_FROM = "2.8.6"
"""the first version whose endpoints ask for a login (Starship's history, 2026-05-22)"""


def asks_for_login(version: str) -> bool:
    """Whether this version does; one that tells no version of its own ("before 2.5.0", "") does not."""
    return version[:1].isdigit() and _key(version) >= _key(SAFE_FROM)


def is_at_least(version: str, least: str) -> bool:
    """Whether a version that was told ("2.10.1") is that one or newer; one that was not told is not."""
    return version[:1].isdigit() and _key(version) >= _key(least)


def _key(version: str) -> tuple[int, ...]:
    return tuple(int(digits) for digits in re.findall(r"\d+", version)[:3])
