"""How many actions are under way at once: one that only waits for a while lends its place to another."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from astroferry.carry.action import Action

LENT = 4
"""how many times as many as there are places may wait aside: each of them still asks a server now and then"""


class Places:
    """The places of one run; `at_once` 1 is one after the other, whatever waits."""

    def __init__(self, at_once: int) -> None:
        self.at_once = at_once
        self._aside: set[asyncio.Task[object] | None] = set()
        self._freed = asyncio.Event()

    @contextmanager
    def aside(self) -> Iterator[None]:
        """While inside, the action that runs in this task takes no place; it goes on after it without asking."""
        task = asyncio.current_task()
        if self.at_once == 1 or len(self._aside) >= LENT * self.at_once:
            yield
            return
        self._aside.add(task)
        self._freed.set()
        try:
            yield
        finally:
            self._aside.discard(task)

    def room(self, running: Iterable[tuple[asyncio.Task[object], Action]]) -> int:
        """How many more may start beside those; one that only watches takes no place."""
        taken = sum(self.takes(action) and task not in self._aside for task, action in running)
        return self.at_once - taken

    def takes(self, action: Action) -> bool:
        """Whether it takes a place at all."""
        return self.at_once == 1 or not action.info.waits

    async def changed(self, running: Iterable[asyncio.Task[object]], within: float | None = None) -> None:
        """Return when one of those has ended or has lent its place, or after so many seconds."""
        freed = asyncio.ensure_future(self._freed.wait())
        try:
            await asyncio.wait({*running, freed}, timeout=within, return_when=asyncio.FIRST_COMPLETED)
        finally:
            freed.cancel()
            self._freed.clear()
