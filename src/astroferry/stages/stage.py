"""What a stage is: deciding stages edit the plan, carrying stages name a slice of the actions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from astroferry.model.finding import Finding
    from astroferry.stages.desk import Desk
    from astroferry.stages.question import Question


@runtime_checkable
class Deciding(Protocol):
    """A stage that asks.

    `key` is stable; `guide` names the part of the migration guide; `skipping` says what leaving it out means, or is
    empty where it cannot be left out; `upsets` names stages to look at again whenever an answer here changes;
    `stages/changing.py` finds those whose advice changed.
    """

    @property
    def key(self) -> str:
        """Stable name."""
        ...

    @property
    def title(self) -> str:
        """As the list of stages shows it."""
        ...

    @property
    def guide(self) -> str:
        """Part of the guide."""
        ...

    @property
    def skipping(self) -> str:
        """What leaving it out means; empty where it cannot be."""
        ...

    @property
    def upsets(self) -> tuple[str, ...]:
        """Stages to look at again after any change here."""
        ...

    def known(self, desk: Desk) -> tuple[str, ...]:
        """What is known about it: lines to show before asking."""
        ...

    def questions(self, desk: Desk) -> tuple[Question, ...]:
        """What to ask, given all answers so far; asked for again after each answer."""
        ...

    def findings(self, desk: Desk) -> tuple[Finding, ...]:
        """What is wrong or doubtful with the answers."""
        ...


@dataclass(frozen=True, slots=True)
class Carrying:
    """A stage that carries a part of the plan out.

    `gate`: keys of carrying stages that must be done first. `confirms`: whether the target's name must be typed.
    """

    key: str
    title: str
    guide: str
    gate: tuple[str, ...] = ()
    confirms: bool = False
    help: str = ""
