"""A Deployment's own Airflow: started, restarted and stopped behind its statuses, one step at a time."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

import httpx

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from astroferry.simulator.astro.dataplane import DataPlane


class Plane:
    """Keeps one data plane: whether it is up, how it is reached, why it failed.

    Starting and restarting run in the background, as on Astro the API answers at once; `settled` waits for them.
    """

    def __init__(self, plane: DataPlane) -> None:
        self._plane = plane
        self._turn = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()
        self._waiting = 0
        self._restarts = 0
        self._client: httpx.AsyncClient | None = None
        self._base_url = ""
        self._last_failure = ""
        self.was_up = False

    @property
    def is_up(self) -> bool:
        """Whether it answers, and nothing is about to stop it."""
        return self._client is not None and self._waiting == 0

    @property
    def failure(self) -> str:
        """Why it could not start; empty where it could, or is still trying."""
        return self._last_failure if self._waiting == 0 else ""

    @property
    def base_url(self) -> str:
        """Where it answers; meaningful while it is up."""
        return self._base_url

    def client(self) -> httpx.AsyncClient:
        """The client to reach it with; meaningful while it is up."""
        if self._client is None:
            raise RuntimeError("this Airflow is not up")
        return self._client

    async def token(self) -> str:
        """The real server's own token."""
        return await self._plane.token()

    def start(self, deployment: str, runtime: str, environment: dict[str, str], dags: Path, prefix: str) -> None:
        """Begin to start it."""
        self._begin(lambda: self._plane.start(deployment, runtime, environment, dags, prefix))

    def restart(self, environment: dict[str, str]) -> None:
        """Begin to restart it, after what is under way; of restarts that wait only the last one is done."""
        self._restarts += 1
        self._begin(lambda: self._plane.restart(environment), self._restarts)

    def _begin(self, step: Callable[[], Awaitable[str]], restart: int = 0) -> None:
        self._waiting += 1
        task = asyncio.get_running_loop().create_task(self._run(step, restart))
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    async def _run(self, step: Callable[[], Awaitable[str]], restart: int) -> None:
        async with self._turn:
            if restart and restart != self._restarts:
                # A later environment waits already: this one would be gone as soon as it is there.
                return
            await self._disconnect()
            self._base_url = (await step()).rstrip("/")
            self._client = httpx.AsyncClient(
                transport=self._plane.transport(), timeout=60.0, trust_env=False, follow_redirects=False
            )
            self.was_up = True

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._waiting -= 1
        error = None if task.cancelled() else task.exception()
        self._last_failure = f"{type(error).__name__}: {error}" if error is not None else ""

    async def settled(self) -> None:
        """Wait until nothing is under way."""
        while self._tasks:
            await asyncio.wait(set(self._tasks))

    async def _disconnect(self) -> None:
        if self._client is not None:
            client, self._client = self._client, None
            await client.aclose()

    async def stop(self) -> None:
        """Stop it, whatever is under way."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task
        async with self._turn:
            await self._disconnect()
            await self._plane.stop()
