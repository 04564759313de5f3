"""How far the taking of an inventory is, for whoever shows it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Progress:
    """`done` of `total` items of a phase ("dags", "pools"); `total` is None while it is not known.

    `kept` of those done were known from a read that was broken off: they took no time now.
    """

    phase: str
    done: int = 0
    total: int | None = None
    detail: str = ""
    kept: int = 0
