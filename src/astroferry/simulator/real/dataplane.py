"""A Deployment's data plane that is a real Airflow 3 of its own (`simulator.astro.dataplane.DataPlane`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from astroferry.errors import UnsupportedVersionError
from astroferry.simulator.real.install import quiet
from astroferry.simulator.real.server import RealAirflow

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    import httpx

    from astroferry.simulator.astro.dataplane import DataPlane, DataPlaneFactory
    from astroferry.simulator.real.metadata import Kind


class RealDataPlane:
    """One real Airflow below `home`, where each Deployment gets a folder of its own.

    `plugins_folder` and `requirements` (a requirements.txt) stand for what a Deployment's image would bring, since a
    DAG-only deploy carries neither; `env` for what Astro sets for everybody.
    `parse` and `database` as in RealAirflow.
    """

    def __init__(
        self,
        home: Path,
        *,
        plugins_folder: Path | None = None,
        requirements: Path | None = None,
        env: Mapping[str, str] | None = None,
        parse: float = 5.0,
        database: Kind = "sqlite",
        say: Callable[[str], None] = quiet,
    ) -> None:
        self._home = home
        self._plugins = plugins_folder
        self._requirements = requirements
        self._env = dict(env or {})
        self._parse = parse
        self._database = database
        self._say = say
        self.server: RealAirflow | None = None

    async def start(
        self,
        deployment_id: str,
        runtime_version: str,
        environment: Mapping[str, str],
        dags_folder: Path,
        prefix: str,
    ) -> str:
        """Start it; raises UnsupportedVersionError for a Runtime of Airflow 2, RemoteError where it stays down."""
        if not runtime_version.startswith("3."):
            raise UnsupportedVersionError(
                f"The embedded Astro cannot run Astro Runtime {runtime_version} as a real Airflow.",
                hint="Choose a Runtime of Airflow 3, such as 3.3-8.",
            )
        self.server = RealAirflow(
            "3.3",
            self._home / deployment_id,
            dags_folder,
            plugins_folder=self._plugins,
            requirements=self._requirements,
            env={**self._env, **environment},
            prefix=prefix,
            parse=self._parse,
            database=self._database,
            say=self._say,
        )
        return await self.server.start()

    async def restart(self, environment: Mapping[str, str]) -> str:
        """Stop and start with the whole new environment; database, DAG folder and port stay."""
        return await self._started.restart({**self._env, **environment})

    async def stop(self) -> None:
        """Stop every process of it; harmless where nothing runs."""
        if self.server is not None:
            await self.server.stop()

    async def token(self) -> str:
        """A bearer token for the server's administrator."""
        return await self._started.token()

    def transport(self) -> httpx.AsyncBaseTransport | None:
        """None: it is reached over loopback."""
        return None

    @property
    def _started(self) -> RealAirflow:
        if self.server is None:
            raise UnsupportedVersionError("This Deployment has no Airflow yet.", hint="Start it first.")
        return self.server


def factory(
    home: Path,
    *,
    plugins_folder: Path | None = None,
    requirements: Path | None = None,
    env: Mapping[str, str] | None = None,
    parse: float = 5.0,
    say: Callable[[str], None] = quiet,
) -> DataPlaneFactory:
    """What the embedded Astro takes: a new real Airflow for each Deployment."""

    def make() -> DataPlane:
        return RealDataPlane(
            home, plugins_folder=plugins_folder, requirements=requirements, env=env, parse=parse, say=say
        )

    return make
