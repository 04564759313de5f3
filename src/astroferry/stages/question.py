"""A question as data: every face asks it in its own way, and all of them get the same answer into the plan."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

Kind = Literal[
    "choice",  # one of `options`
    "text",
    "path",
    "yes-no",
    "per-item",  # one of `options` for each of `items`; the answer is a dict item -> value
    "tables",  # structured; a face shows the proposal and takes it, or sends the user to the file
]

AS_IT_IS = "as it is now"
"""the reason of what the plan holds already: nothing to tell"""


@dataclass(frozen=True, slots=True)
class Option:
    """One possible answer; `consequence` says what it means; `refused` why it cannot be taken here, or nothing."""

    value: str
    label: str
    consequence: str = ""
    refused: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """One question.

    `key` is where the answer goes in the plan, and what an answers file calls it. `suggested` is None where nothing
    can be suggested; `reason` says why it is, `evidence` what was seen that speaks for it. `required`: an empty
    answer is no answer.
    """

    key: str
    prompt: str
    kind: Kind
    options: tuple[Option, ...] = ()
    items: tuple[str, ...] = ()
    suggested: Any = None
    reason: str = ""
    evidence: tuple[str, ...] = ()
    required: bool = True
    help: str = ""
    notes: dict[str, str] = field(default_factory=dict)
    """for `per-item`: what is known about each item"""

    def option(self, value: str) -> Option | None:
        """The option of that value."""
        return next((option for option in self.options if option.value == value), None)
