"""What every rule has (id, severity, source, confidence), and what the advice needs to know of the organization."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Literal, TypeVar

from astroferry.model.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Sequence

    from astroferry.model.finding import Severity
    from astroferry.model.inventory import Inventory, PathKind, Place
    from astroferry.model.plan import Plan

Value_co = TypeVar("Value_co", covariant=True)
Confidence = Literal["high", "medium", "low"]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: `id` is stable and the code of its findings; `source` says where it is from."""

    id: str
    severity: Severity
    source: str
    confidence: Confidence = "high"

    def finding(self, message: str, subject: str = "", todo: str = "") -> Finding:
        """This rule, found to apply."""
        return Finding(self.id, self.severity, message, subject, todo)


@dataclass(frozen=True, slots=True)
class Suggestion(Generic[Value_co]):
    """What is suggested for a decision: the value, one sentence why, and what was seen that speaks for it."""

    value: Value_co
    reason: str
    evidence: tuple[str, ...] = ()


def version_key(text: str) -> tuple[int, ...]:
    """Numbers of a version for comparing: "3.3-8" -> (3, 3, 8); what follows a "+" or a letter does not count."""
    numbers: list[int] = []
    for part in text.split("+", 1)[0].replace("-", ".").split("."):
        digits = part[: len(part) - len(part.lstrip("0123456789"))]
        if not digits:
            break
        numbers.append(int(digits))
    return tuple(numbers)


def paths(plan: Plan, inventory: Inventory) -> list[tuple[Place, PathKind, bool]]:
    """Each place with its path, and whether a person confirmed it; what the plan says wins over the guess."""
    confirmed = {(place.host, place.port): place.path for place in plan.places}
    found: list[tuple[Place, PathKind, bool]] = []
    for place in inventory.places:
        # A plan may name the host alone, for all its ports.
        path = confirmed.get((place.host, place.port), confirmed.get((place.host, None)))
        found.append((place, path or place.path, path is not None))
    return found


PRIVATE: frozenset[PathKind] = frozenset({"vpn", "peering", "private-endpoint"})


def listed(names: Sequence[str], most: int = 5) -> str:
    """Names for a sentence: the first few, and how many more."""
    shown = ", ".join(names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"
