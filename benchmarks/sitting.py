"""For `benchmarks.walk`: a person's terminal in tmux, and the servers that are walked between."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
import threading
import time
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from astroferry.simulator.astro import EmbeddedAstro
from astroferry.simulator.real.dataplane import factory
from astroferry.simulator.source.embedded import EmbeddedSource

if TYPE_CHECKING:
    from collections.abc import Iterator

KEPT = Path(__file__).parents[1] / "snapshots" / "walk"
HOME = "/home/ada"
SOURCE_PORT, ASTRO_PORT = 41451, 18555
SOON, LONG = 60.0, 600.0
"""seconds for what a screen has to do on a busy machine, and a server"""
HANGING_UP = 3.0
"""seconds in which a wizard that lost its terminal saves and ends"""


class Sitting:
    """A terminal of 80x24 in tmux with a shell in it. `base` is what HOME stands for, `given` what is exported."""

    def __init__(self, base: Path, **given: str) -> None:
        self._base = base
        self._env = {
            "HOME": str(base),
            "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
            "TERM": "xterm-256color",
            "LANG": "C.UTF-8",
            "TMUX_TMPDIR": str(base),
            **given,
        }
        self._tmux("-f", "/dev/null", "new-session", "-d", "-x", "80", "-y", "24", "-c", str(base / "move"), "sh")
        self._tmux("set-option", "-g", "status", "off")
        self.type("PS1='$ '", "Enter")

    def _tmux(self, *words: str) -> str:
        command = ["tmux", "-L", "walk", *words]
        return subprocess.run(command, env=self._env, capture_output=True, text=True, check=False).stdout

    @property
    def text(self) -> str:
        """The screen now."""
        return self._tmux("capture-pane", "-p")

    def wait(self, pattern: str, within: float = SOON) -> None:
        """Until this stands on the screen; TimeoutError with the screen where it never comes."""
        end = time.monotonic() + within
        while not re.search(pattern, self.text):
            if time.monotonic() > end:
                raise TimeoutError(f"never came: {pattern}\n{self.text}")
            time.sleep(0.1)

    def rest(self, quiet: float = 0.6) -> None:
        """Until nothing has moved for a while; not for ever, since clocks run."""
        end = time.monotonic() + 5
        before, since = self.text, time.monotonic()
        while time.monotonic() < end and time.monotonic() - since < quiet:
            time.sleep(0.1)
            if (now := self.text) != before:
                before, since = now, time.monotonic()

    def press(self, *keys: str) -> None:
        """Keys by tmux's names, each until the screen has come to rest."""
        for key in keys:
            self._tmux("send-keys", key)
            self.rest()

    def type(self, text: str, *keys: str) -> None:
        """Letters, then keys."""
        self._tmux("send-keys", "-l", text)
        self.rest()
        self.press(*keys)

    def run(self, command: str) -> None:
        """A command on an empty screen."""
        self.type(f"clear; {command}", "Enter")

    def keep(self, name: str, pattern: str = "", within: float = SOON) -> None:
        """The screen in a file of that name, at once, or when the pattern has come and the screen is at rest."""
        if pattern:
            self.wait(pattern, within)
            self.rest()
        KEPT.joinpath(f"{name}.txt").write_text(self.text.replace(str(self._base), HOME), encoding="utf-8")
        print(name, flush=True)

    def at(self, number: int) -> None:
        """Until that stage is shown."""
        self.wait(f" {number} of 19 · ")
        self.rest()

    def confirm(self, name: str) -> None:
        """The name that is asked for."""
        self.wait("To confirm, type")
        self.rest()
        self.type(name, "Enter")

    def close(self) -> None:
        """As a window is closed, or a line is lost: what runs in it is hung up."""
        self._tmux("kill-server")
        time.sleep(HANGING_UP)


@contextmanager
def seated(base: Path, **given: str) -> Iterator[Sitting]:
    """One sitting; at its end its terminal is closed, whatever runs in it."""
    here = Sitting(base, **given)
    try:
        yield here
    finally:
        here.close()


@contextmanager
def servers(base: Path, broken: str) -> Iterator[dict[str, str]]:
    """The demo's source and Astro on loopback in a loop of their own; what a person exports to reach them.

    The code lies in `base`/code/dags; its file `broken` parses on the source alone.
    """
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    stack = AsyncExitStack()

    async def up() -> dict[str, str]:
        source = await stack.enter_async_context(EmbeddedSource(port=SOURCE_PORT))
        dags = base / "code" / "dags"
        source.estate.write_dags(dags)
        text = (dags / broken).read_text("utf-8")
        (dags / broken).write_text(f"from club_rules import TIERS\n{text}", encoding="utf-8")
        real = factory(base / "servers", parse=2.0)
        astro = await stack.enter_async_context(
            EmbeddedAstro(port=ASTRO_PORT, airflow_factory=real, folder=base / "astro")
        )
        return {
            "ASTRO_API_URL": astro.url,
            "ASTRO_API_TOKEN": astro.token,
            "ASTROFERRY_SOURCE_USERNAME": source.username,
            "ASTROFERRY_SOURCE_PASSWORD": source.password,
        }

    try:
        yield asyncio.run_coroutine_threadsafe(up(), loop).result()
    finally:
        asyncio.run_coroutine_threadsafe(stack.aclose(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
