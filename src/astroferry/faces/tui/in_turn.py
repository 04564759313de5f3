"""Keys one after the other: each is handled to its end before the next one is looked at.

Textual (8.2.8) hands keys that arrive together, as they do over a slow line, all to the widget that has the focus
now, and looks for bindings only once a key has bubbled up from there: `Tab` and a word typed behind it would put the
word into the field that Tab was to leave.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Final

from textual.events import Key, Paste

if TYPE_CHECKING:
    from textual.app import App
    from textual.dom import DOMNode

AT_ONCE: Final = frozenset({"ctrl+c"})
"""keys that never wait; what was typed ahead of them is dropped"""
WALKS = 2
"""a key travels up to the application, and what it brought about once more"""
LOOK = 0.005
"""seconds between two looks at a stage that is being built"""
LIMIT = 2.0
"""seconds after which the next key is handled whatever became of the last: a keyboard must never be stuck"""


class InTurn:
    """What was typed ahead. `take` says whether an event may be handled now."""

    def __init__(self, app: App[None]) -> None:
        self._app = app
        self._waiting: deque[Key | Paste] = deque()
        self._let_in: Key | Paste | None = None
        self._number = 0
        self._limit: asyncio.TimerHandle | None = None

    @property
    def busy(self) -> bool:
        """Whether a key is being handled, or waits."""
        return self._limit is not None

    def take(self, event: Key | Paste) -> bool:
        """True where it is its turn; otherwise it comes again as soon as it is."""
        if isinstance(event, Key) and event.key in AT_ONCE:
            self._waiting.clear()
            return True
        if event is self._let_in:
            self._let_in = None
        elif self.busy:
            self._waiting.append(event)
            return False
        self._number += 1
        number = self._number
        self._limit = asyncio.get_running_loop().call_later(LIMIT, self._over, number)
        # Behind the event that is being handled now.
        self._app.call_later(self._walk, number, WALKS)
        return True

    def _walk(self, number: int, left: int) -> None:
        """From the focus up to the application, each once it has handled all that lies before it."""
        if not self._app.screen_stack:
            return  # it is ending
        start: DOMNode = self._app.focused or self._app.screen
        self._onward(number, left, list(start.ancestors_with_self), 0)

    def _onward(self, number: int, left: int, path: list[DOMNode], step: int) -> None:
        if number != self._number or not self.busy:
            return
        if step == len(path):
            self._up(number, left, path)
            return
        # False where it has gone meanwhile; where the application has, nobody waits any more.
        while step < len(path) and not path[step].call_later(self._onward, number, left, path, step + 1):
            step += 1

    def _up(self, number: int, left: int, path: list[DOMNode]) -> None:
        """The application has been reached: once more, later, or over."""
        if left > 1 or any(node.message_queue_size for node in path):
            self._walk(number, left - 1)
        elif any(worker.group == "show" and not worker.is_finished for worker in self._app.workers):
            asyncio.get_running_loop().call_later(LOOK, self._walk, number, WALKS)
        else:
            self._over(number)

    def _over(self, number: int) -> None:
        """The next key, if there is one."""
        if number != self._number or self._limit is None:
            return
        self._limit.cancel()
        self._limit = None
        if not self._waiting or not self._app.is_running:
            return
        self._let_in = self._waiting.popleft()
        # Nothing overtakes it.
        self._limit = asyncio.get_running_loop().call_later(LIMIT, self._over, number)
        if not self._app.post_message(self._let_in):
            self._waiting.clear()
