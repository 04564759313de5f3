"""What a Deployment's own Airflow must be able to do for the embedded Astro, and an ASGI app in that place.

The embedded Astro owns one `DataPlane` per Deployment. It starts it once, restarts it when the environment
variables change, unpacks finalized DAG tarballs into its `dags_folder` (which exists, empty, before `start`), and
passes requests on as a reverse proxy.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import httpx

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


class DataPlane(Protocol):
    """One Deployment's Airflow.

    `start`, `restart` and `stop` never overlap for one object: `start` once, then any number of `restart` (also after
    a step that failed), then `stop`, which may also come after a step that failed or was cancelled.
    """

    async def start(
        self,
        deployment_id: str,
        runtime_version: str,
        environment: Mapping[str, str],
        dags_folder: Path,
        prefix: str,
    ) -> str:
        """Start, and return the base URL once it answers.

        `runtime_version` is Astro's ("3.3-8"); `prefix` is the path under which Astro shows this Deployment
        ("/d4k2m9qx", no trailing slash). The URL returned is the one to which "/api/v2/version" can be appended:
        "http://127.0.0.1:41234/d4k2m9qx" where the server itself serves under the prefix. Raises AstroferryError.
        """
        ...

    async def restart(self, environment: Mapping[str, str]) -> str:
        """Stop and start with the whole new environment, keeping database and DAG folder; the base URL, as above."""
        ...

    async def stop(self) -> None:
        """Stop every process of it; harmless where nothing runs."""
        ...

    async def token(self) -> str:
        """A bearer token that the server takes, renewed when it must be; empty where it wants none."""
        ...

    def transport(self) -> httpx.AsyncBaseTransport | None:
        """How to reach it: None over the network, else a transport (an app in this process)."""
        ...


DataPlaneFactory = Callable[[], DataPlane]
"""Makes a data plane that is not started yet; called once per Deployment."""


@dataclass(slots=True)
class Seat:
    """What an ASGI app in a Deployment's place is told; `environment` is replaced in place on a restart."""

    deployment_id: str
    runtime_version: str
    environment: dict[str, str]
    dags_folder: Path
    prefix: str


ASGIApp = Callable[..., Any]
AirflowAppFactory = Callable[[Seat], ASGIApp]


class AppPlane:
    """A data plane that is an ASGI app in this process (tests); the app sees paths without the prefix."""

    def __init__(self, make_app: AirflowAppFactory) -> None:
        self._make_app = make_app
        self._app: ASGIApp | None = None
        self.seat: Seat | None = None

    async def start(
        self,
        deployment_id: str,
        runtime_version: str,
        environment: Mapping[str, str],
        dags_folder: Path,
        prefix: str,
    ) -> str:
        """Make the app."""
        self.seat = Seat(deployment_id, runtime_version, dict(environment), dags_folder, prefix)
        self._app = self._make_app(self.seat)
        return "http://airflow.internal"

    async def restart(self, environment: Mapping[str, str]) -> str:
        """Replace the environment that the app sees; its state stays."""
        if self.seat is not None:
            self.seat.environment.clear()
            self.seat.environment.update(environment)
        return "http://airflow.internal"

    async def stop(self) -> None:
        """Let the app go."""
        self._app = None

    async def token(self) -> str:
        """None is wanted."""
        return ""

    def transport(self) -> httpx.AsyncBaseTransport | None:
        """The app itself."""
        return None if self._app is None else httpx.ASGITransport(app=self._app)
