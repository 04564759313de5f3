"""What is not broken off half-way: a cancellation is put off until it has ended, for so long as may be."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Coroutine

Result = TypeVar("Result")

SOON = 20.0
"""seconds that the end of the process is put off for it, where a signal or a key ended the run"""


async def unless_late(work: Coroutine[Any, Any, Result], *, hurry: bool = False) -> Result:
    """Await it to its end; from a cancellation on (or with `hurry`) for `SOON` seconds.

    Being asked to end once more, or while this goes on, does not break it off. The cancellation is passed on at the
    end, so what is to be kept of its result it keeps itself.
    """
    loop, task = asyncio.get_running_loop(), asyncio.ensure_future(work)
    until = loop.time() + SOON if hurry else None
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        left = until - loop.time() if until is not None else None
        if left is not None and left <= 0:
            task.cancel()
            left = None
        try:
            await asyncio.wait({task}, timeout=left)
        except asyncio.CancelledError as error:
            cancelled, until = error, until or loop.time() + SOON
    if cancelled is not None:
        await asyncio.gather(task, return_exceptions=True)  # what became of it is in the journal
        raise cancelled
    return task.result()
