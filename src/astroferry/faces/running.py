"""A task of a face that begins, moves on, ends once, and can be cancelled; whatever screen or prompt is shown."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from astroferry.diagnostics import redact
from astroferry.errors import AstroferryError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable


@dataclass(kw_only=True)
class Running:
    """What a read and a run have in common.

    `error` says why it ended early, "" where it did not; `bug` is an exception that is no sentence of ours. `changes`
    grows with everything that a face would show.
    """

    error: str = ""
    bug: Exception | None = None
    cancelled: bool = False
    cancelling: bool = False
    """whether it was asked to end at once"""
    began: float = field(default_factory=time.monotonic)
    ended: float | None = None
    changes: int = 0
    _task: asyncio.Task[None] | None = field(default=None, repr=False)

    def start(self, run: Callable[[Self], Awaitable[None]], then: Callable[[Self], None]) -> None:
        """Run it in a task of its own; `then` is called once, however it ended."""
        self._task = asyncio.create_task(self.guard(run, then))

    async def guard(self, run: Callable[[Self], Awaitable[None]], then: Callable[[Self], None]) -> None:
        """Run it here, until it ends in one way or another; nothing is raised."""
        try:
            await run(self)
        except AstroferryError as error:
            self.error = redact(str(error))
        except asyncio.CancelledError:
            # Asked for by us: a read has changed nothing, and of a run the journal has where it stood.
            self.cancelled = True
        except Exception as error:  # noqa: BLE001 - a task's bug would be seen by nobody, and look like a good end
            self.bug = error
            self.error = f"This is a bug in astroferry ({type(error).__name__}); what was done until then is saved."
        finally:
            self.ended = time.monotonic()
            self.changes += 1
            self.closing()
            then(self)

    def closing(self) -> None:
        """What else is to be said at the end."""

    @property
    def running(self) -> bool:
        """Whether it goes on."""
        return self.ended is None

    @property
    def elapsed(self) -> float:
        """Seconds since it began, or until it ended."""
        return (self.ended or time.monotonic()) - self.began

    async def cancel(self) -> None:
        """End now, between two journal lines or inside a wait; waits until it has ended.

        Asked once more (a shell hands a hang-up on to its jobs) it only waits: what a run does at its end, such as
        letting the side go on that ran a DAG, must not be broken off.
        """
        if self._task is None or self._task.done():
            return
        if not self.cancelling:
            self.cancelling = True
            self._task.cancel()
        await asyncio.wait([self._task])
