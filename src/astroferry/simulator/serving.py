"""An ASGI app as a guest on loopback, in a loop that is running already."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from typing import TYPE_CHECKING, Any

import uvicorn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LOOPBACK = "127.0.0.1"


class _Server(uvicorn.Server):
    """Uvicorn as a guest in our loop: signals stay whose they are, and one can wait until it listens."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listens = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to listen."""
        await super().startup(sockets)
        self.listens.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield


class Serving:
    """One app that is being served; `host` is "127.0.0.1:PORT"."""

    def __init__(self, listening: socket.socket) -> None:
        self._listening = listening
        self.host = f"{LOOPBACK}:{listening.getsockname()[1]}"
        self._server: _Server | None = None
        self._task: asyncio.Task[None] | None = None

    @classmethod
    def listen(cls, port: int = 0) -> Serving:
        """Take the port (0: a free one); raises OSError where it is taken."""
        return cls(socket.create_server((LOOPBACK, port)))

    async def serve(self, app: Callable[..., Any]) -> None:
        """Begin to serve; returns once it listens."""
        config = uvicorn.Config(
            app,
            log_config=None,
            log_level="critical",
            access_log=False,
            lifespan="off",
            ws="none",
            timeout_graceful_shutdown=2,
        )
        self._server = _Server(config)
        self._task = asyncio.create_task(self._server.serve(sockets=[self._listening]))
        await self._server.listens.wait()

    async def stop(self) -> None:
        """Stop listening; harmless where nothing is served."""
        if self._server is not None and self._task is not None:
            self._server.should_exit = True
            await self._task
        self._server = self._task = None
