"""The simulated source as a server on loopback, inside a running loop."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Self

from astroferry.diagnostics import remember_secret
from astroferry.simulator.serving import Serving
from astroferry.simulator.source.app import create_app
from astroferry.simulator.source.estate import Estate, wall_clock
from astroferry.simulator.source.harbor import demo_estate

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from types import TracebackType


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
        self._serving: Serving | None = None

    async def __aenter__(self) -> Self:
        """Listen; raises OSError where the port is taken."""
        self._serving = Serving.listen(self._port)
        self.url = f"http://{self._serving.host}"
        await self._serving.serve(create_app(self.estate, self._clock))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop listening."""
        if self._serving is not None:
            await self._serving.stop()
