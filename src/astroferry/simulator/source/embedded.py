"""The simulated source as a server on loopback, inside a running loop."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import socket
from typing import TYPE_CHECKING, Self

import uvicorn

from astroferry.diagnostics import remember_secret
from astroferry.simulator.source.app import create_app
from astroferry.simulator.source.estate import Estate, wall_clock
from astroferry.simulator.source.harbor import demo_estate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from types import TracebackType

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


class EmbeddedSource:
    """A simulated Airflow 2.11 on loopback, as an async context manager.

    Without an `estate` it is Harbor Lines, with a new password for every user; `username` and `password` are the
    administrator's. `port` 0 takes a free one.
    """

    def __init__(
        self,
        estate: Estate | None = None,
        *,
        port: int = 0,
        clock: Callable[[], datetime] = wall_clock,
    ) -> None:
        fresh = {name: secrets.token_urlsafe(12) for name in ("admin", "op", "user", "viewer")}
        self.estate = estate if estate is not None else demo_estate(clock(), passwords=fresh)
        self.username = "admin"
        self.password = self.estate.users["admin"].password
        remember_secret(self.password)
        self.url = ""
        """its address, while it runs"""
        self._clock = clock
        self._port = port
        self._server: _Server | None = None
        self._serving: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Listen; raises OSError where the port is taken."""
        listening = socket.create_server((LOOPBACK, self._port))
        self.url = f"http://{LOOPBACK}:{listening.getsockname()[1]}"
        config = uvicorn.Config(
            create_app(self.estate, self._clock),
            log_config=None,
            log_level="critical",
            access_log=False,
            lifespan="off",
            ws="none",
            timeout_graceful_shutdown=2,
        )
        self._server = _Server(config)
        self._serving = asyncio.create_task(self._server.serve(sockets=[listening]))
        await self._server.listens.wait()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop listening."""
        if self._server is not None and self._serving is not None:
            self._server.should_exit = True
            await self._serving
        self._server = self._serving = None
