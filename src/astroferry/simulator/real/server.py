"""A real Airflow on loopback: webserver or API server, scheduler, DAG processor, one database, one folder.

Facts about start-up, health and users are measured on Airflow 2.11.2 and 3.3.2.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal, Self

from astroferry.errors import RemoteError
from astroferry.simulator.real.health import alive, ask
from astroferry.simulator.real.install import ensure, quiet, release
from astroferry.simulator.real.logins import login_headers
from astroferry.simulator.real.metadata import Metadata
from astroferry.simulator.real.postgres import free_port
from astroferry.simulator.real.processes import Guard, Program, tail
from astroferry.simulator.real.requirements import ensure_requirements
from astroferry.simulator.real.settings import Keys, Layout, commands, environment, write_private

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from astroferry.model.secret import Secret
    from astroferry.simulator.real.metadata import Kind

Mode = Literal["full", "api-only"]
LOOK = 0.2
"""seconds between two looks at a server's health"""
ATTEMPTS = 3
"""how often a server that may choose its port chooses another because somebody else was quicker"""
RESTARTS = 3
"""how often a scheduler or DAG processor that ends by itself is started again"""
TOKEN_LIFE = 3600.0
"""seconds after which a token is renewed; Airflow 3 gives 24 hours"""


class RealAirflow:
    """One Airflow; not started until `start`.

    `version` is "2.11" or "3.3". `home` takes database, logs and keys (mode 0600) and can be started from again.
    `port` 0 takes a free one, which stays over restarts. `env` is added to its environment; `prefix` ("/path") is
    where it serves. `requirements` is a requirements.txt, installed beside it. `mode` "api-only" starts neither
    scheduler nor DAG processor. `parse` is the number of seconds after which a DAG file is parsed again; with
    `parse_first` all are parsed before the scheduler starts (that of an Airflow 2 on SQLite parses one file per loop,
    some seconds each). Starting may take `start_timeout` seconds, stopping `grace`. Methods are async; those ending
    in `_now` block, for fixtures that outlive an event loop.
    """

    def __init__(
        self,
        version: str,
        home: Path,
        dags_folder: Path,
        *,
        port: int = 0,
        plugins_folder: Path | None = None,
        env: Mapping[str, str] | None = None,
        prefix: str = "",
        mode: Mode = "full",
        database: Kind = "sqlite",
        requirements: Path | None = None,
        parse: float = 5.0,
        parse_first: bool = False,
        start_timeout: float = 180.0,
        grace: float = 10.0,
        say: Callable[[str], None] = quiet,
    ) -> None:
        self.release = release(version)
        self.version = self.release.name
        self.home = home.resolve()
        self.dags_folder = dags_folder.resolve()
        self.plugins_folder = plugins_folder.resolve() if plugins_folder else self.home / "plugins"
        self.env = dict(env or {})
        self.prefix = prefix.rstrip("/")
        self.mode = mode
        self.port = port
        self._choose_port = port == 0
        self._requirements = requirements
        self._parse = parse
        self._parse_first = parse_first
        self._start_timeout = start_timeout
        self._say = say
        # The page first, the rest after it: a task of Airflow 3 fails where the API server does not answer yet.
        # Airflow 2.11's webserver takes longer than 10 seconds to go when asked, and has nothing to lose.
        self._page = Guard(self.home, grace=min(grace, 3.0))
        self._rest = Guard(self.home, grace=grace)
        self._metadata = Metadata(self.version, self.home, database, say)
        self._keys: Keys | None = None
        self._layout: Layout | None = None
        self._started_at = datetime.min.replace(tzinfo=UTC)
        self._token: tuple[float, str] | None = None
        self._give_up = threading.Event()

    @property
    def is_2(self) -> bool:
        """Whether this is an Airflow 2."""
        return self.version == "2.11"

    @property
    def url(self) -> str:
        """The base URL, prefix included, without a trailing slash."""
        return f"http://127.0.0.1:{self.port}{self.prefix}"

    @property
    def api(self) -> str:
        """The base URL of the REST API."""
        return f"{self.url}/api/{'v1' if self.is_2 else 'v2'}"

    @property
    def users(self) -> dict[str, Secret]:
        """admin, op, user and viewer with their passwords (random per server)."""
        return dict(self._made_keys.passwords)

    @property
    def database_file(self) -> Path:
        """The SQLite metadata database."""
        return self._metadata.file

    @property
    def pids(self) -> dict[str, int]:
        """The pids of its processes by name ("webserver", "api-server", "scheduler", "dag-processor")."""
        return {name: pid for guard in (self._page, self._rest) if guard.running for name, pid in guard.pids.items()}

    @property
    def _made_keys(self) -> Keys:
        if self._keys is None:
            self.home.mkdir(parents=True, exist_ok=True)
            self._keys = Keys.of(self.home)
        return self._keys

    def log(self, name: str) -> Path:
        """The log of one of its processes."""
        return self.home / f"{name}.log"

    def environ(self) -> dict[str, str]:
        """The whole environment of its processes, once it was started."""
        if self._layout is None:
            raise RemoteError(f"The local Airflow {self.version} in {self.home} has not been started.")
        return environment(self.version, self._layout, self._made_keys, self.env)

    async def start(self) -> str:
        """Start and wait until it is healthy; the URL. Harmless where it runs. Raises RemoteError."""
        self._give_up.clear()
        try:
            return await asyncio.to_thread(self._start)
        except asyncio.CancelledError:
            self._give_up.set()
            raise

    async def stop(self) -> None:
        """Stop every process of it; the data stays."""
        self._give_up.set()
        await asyncio.to_thread(self.stop_now)

    async def restart(self, env: Mapping[str, str] | None = None) -> str:
        """Stop and start, with another `env` where one is given; the port stays."""
        await self.stop()
        if env is not None:
            self.env = dict(env)
        return await self.start()

    def start_now(self) -> str:
        """`start`, blocking."""
        self._give_up.clear()
        return self._start()

    def stop_now(self) -> None:
        """`stop`, blocking."""
        self._rest.stop()
        self._page.stop()
        self._metadata.stop()

    def discard_now(self) -> None:
        """Stop, and throw away what lies outside `home` (PostgreSQL's data)."""
        self.stop_now()
        self._metadata.remove()

    def _start(self) -> str:
        if self._page.running:
            return self.url
        ensure(self.version, self._say)
        self.home.mkdir(parents=True, exist_ok=True)
        for folder in (self.dags_folder, self.plugins_folder):
            folder.mkdir(parents=True, exist_ok=True)
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return self._start_once()
            except RemoteError as error:
                self.stop_now()
                if not (self._choose_port and attempt < ATTEMPTS and "ddress already in use" in str(error)):
                    raise
                self.port = 0
            except BaseException:
                self.stop_now()
                raise
        raise AssertionError("the last attempt returns or raises")

    def _start_once(self) -> str:
        self.port = free_port(self.port)
        database = self._metadata.prepare()
        venv = ensure(self.version)
        layout = Layout(
            venv, self.home, self.dags_folder, self.plugins_folder, database, self.port, self.prefix, self._parse
        )
        if self._requirements is not None:
            layout = replace(layout, packages=ensure_requirements(self.version, self._requirements, self._say))
        self._layout = layout
        environ = self.environ()
        self._metadata.migrate(environ)
        self._set_passwords()
        self._started_at = datetime.now(UTC)
        programs = [
            Program(
                name,
                (str(venv / "bin" / "airflow"), *argv),
                environ,
                str(self.home),
                str(self.log(name)),
                # As a Deployment's platform does: 3.3.2's DAG processor was seen to end over a deleted DAG.
                restarts=RESTARTS if name in {"scheduler", "dag-processor"} else 0,
            )
            for name, argv in commands(layout, is_2=self.is_2, full=self.mode == "full").items()
        ]
        self._page.start(programs[:1])
        if not self.is_2:
            self._wait_until(self._answers)
        if self._parse_first:
            # Never beside the scheduler: both would insert the same rows.
            self.airflow("dags", "reserialize")
        if programs[1:]:
            self._rest.start(programs[1:])
        self._wait_until(self.healthy)
        self._say(f"Airflow {self.release.airflow} answers at {self.url}.")
        return self.url

    def _set_passwords(self) -> None:
        passwords = self._made_keys.passwords
        if self.is_2:
            self._metadata.set_passwords(passwords)
            return
        clear = {user: password.reveal() for user, password in passwords.items()}
        write_private(self.home / "passwords.json", json.dumps(clear))

    def health(self) -> dict[str, Any]:
        """What its health page says; {} where it does not answer (yet)."""
        return ask(self.api + ("/health" if self.is_2 else "/monitor/health"))

    def healthy(self) -> bool:
        """Whether it answers, and every part that this mode starts has given a sign of life since the start."""
        parts = () if self.mode == "api-only" else ("scheduler",) if self.is_2 else ("scheduler", "dag_processor")
        return alive(self.health(), parts, self._started_at)

    def dead(self) -> dict[str, int]:
        """Its processes that ended by themselves, with their exit status."""
        return {**self._page.ended, **self._rest.ended}

    def _answers(self) -> bool:
        return bool(self.health())

    def _wait_until(self, it_is_so: Callable[[], bool]) -> None:
        until = time.monotonic() + self._start_timeout
        while not it_is_so():
            if dead := self.dead():
                name, status = next(iter(dead.items()))
                raise RemoteError(
                    f"The {name} of the local Airflow {self.version} ended with status {status}: "
                    f"{tail(self.log(name))}",
                    hint=f"Its whole log is {self.log(name)}.",
                )
            if self._give_up.is_set() or time.monotonic() > until:
                raise RemoteError(
                    f"The local Airflow {self.version} at {self.url} did not become healthy "
                    f"within {self._start_timeout:g} seconds.",
                    hint=f"Its logs are in {self.home}.",
                )
            self._give_up.wait(LOOK)

    def headers(self, user: str = "admin") -> dict[str, str]:
        """Request headers that make `user` known: Basic on 2, a bearer token on 3; blocking."""
        return login_headers(self.url, user, self.users[user], basic=self.is_2)

    async def token(self) -> str:
        """A bearer token for admin (Airflow 3), renewed every hour."""
        if self._token is None or time.monotonic() - self._token[0] > TOKEN_LIFE:
            headers = await asyncio.to_thread(self.headers)
            self._token = (time.monotonic(), headers["Authorization"].partition(" ")[2])
        return self._token[1]

    def airflow(self, *arguments: str) -> str:
        """Run Airflow's own command line with this server's environment; its stdout. Raises RemoteError; blocking."""
        environ = self.environ()
        venv = ensure(self.version)
        done = subprocess.run(  # noqa: S603 - the installed Airflow
            [str(venv / "bin" / "airflow"), *arguments],
            env=environ,
            capture_output=True,
            text=True,
            check=False,
            cwd=self.home,
        )
        if done.returncode:
            raise RemoteError(f"airflow {' '.join(arguments[:2])} failed: {done.stderr.strip()[-800:]}")
        return done.stdout

    def __enter__(self) -> Self:
        self.start_now()
        return self

    def __exit__(self, *_exc: object) -> None:
        self.discard_now()
