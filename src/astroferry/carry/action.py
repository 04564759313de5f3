"""An action: one thing to be made so on the target (or the source), that can be run twice and told apart.

The runner calls, in this order: `observe`; if not done, `apply`; then `verify`. Each writes nothing on disk.
A crash between any two calls is met by observing again.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:
    from astroferry.carry.context import Context

State = Literal["done", "todo", "doubt", "failed"]
Undo = Literal["undo", "compensate", "irreversible"]
Facts = dict[str, Any]
"""JSON-able facts about what was made (ids, counts, digests); never a secret"""


@dataclass(frozen=True, slots=True)
class Observation:
    """What an action sees when it looks.

    done: it is so. todo: not yet. doubt: something is there that we may not touch (`why` says what and what to do).
    failed: it cannot be made so.
    """

    state: State
    why: str = ""
    facts: Facts = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ActionInfo:
    """What the review page and the journal need to know of an action before it runs.

    `id` is stable across runs and machines ("connection/data-prod/warehouse_pg"). `stage` is a carrying stage's key.
    `needs`: ids of actions that must be done first. `undo_note`: one sentence, for the review page. `waits`: it
    changes nothing and mostly lets time pass, so that any number may be under way. `closes`: its end closes what
    earlier lines opened, so that it gets a line each time, also where it was found so before. `whole`: short, and
    nobody could say afterwards whether it was done, so that being asked to end does not break it off half-way.
    """

    id: str
    title: str
    stage: str
    needs: tuple[str, ...] = ()
    undo: Undo = "undo"
    undo_note: str = ""
    wave: str = ""
    waits: bool = False
    closes: bool = False
    whole: bool = False


class Action(Protocol):
    """One action; see the module's docstring for the order of calls."""

    @property
    def info(self) -> ActionInfo:
        """Identity, order, and what undoing means."""
        ...

    async def observe(self, ctx: Context) -> Observation:
        """Look, change nothing."""
        ...

    async def apply(self, ctx: Context) -> Facts:
        """Make it so; the facts go into the journal (what `undo` will need, never a secret)."""
        ...

    async def verify(self, ctx: Context) -> Observation:
        """Read it back from the server."""
        ...

    async def undo(self, ctx: Context, before: Observation, facts: Facts) -> str:
        """Restore what was observed `before`; one sentence about what was restored or could not be."""
        ...
