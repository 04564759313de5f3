"""The embedded Astro as a server on loopback: in a running loop (`EmbeddedAstro`), or for a terminal (`serve`)."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Self

from astroferry.diagnostics import remember_secret
from astroferry.errors import UnsupportedVersionError, UsageError
from astroferry.simulator.astro.app import create_app
from astroferry.simulator.astro.dataplane import AppPlane
from astroferry.simulator.astro.state import AstroState, wall_clock
from astroferry.simulator.real.dataplane import factory
from astroferry.simulator.real.install import ensure
from astroferry.simulator.real.requirements import ensure_requirements
from astroferry.simulator.serving import Serving

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime
    from types import TracebackType

    from astroferry.simulator.astro.dataplane import AirflowAppFactory, DataPlaneFactory
    from astroferry.simulator.astro.records import Pace

RUNNABLE = "3.3"
"""the Airflow version that can run behind a Deployment"""


class EmbeddedAstro:
    """The embedded Astro on loopback, as an async context manager.

    `port` 0 takes a free one. `airflow_factory` makes a real Airflow for each Deployment, `airflow_app_factory` an
    ASGI app in its place; without either, Deployments have no Airflow and their paths answer 503. `folder` (made
    where it is not given, and then removed at the end) holds the DAG folders, `log_file` a JSON line per request.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        airflow_factory: DataPlaneFactory | None = None,
        airflow_app_factory: AirflowAppFactory | None = None,
        folder: Path | None = None,
        pace: Pace | None = None,
        rates: Mapping[str, float] | None = None,
        log_file: Path | None = None,
        now: Callable[[], datetime] = wall_clock,
        organization_name: str = "Acme Data",
        product_plan: str = "TEAM_V2",
    ) -> None:
        if airflow_app_factory is not None:
            make_app = airflow_app_factory
            airflow_factory = lambda: AppPlane(make_app)  # noqa: E731 - a default for the argument above
        self._own_folder = folder is None
        self.folder = folder or Path(tempfile.mkdtemp(prefix="astroferry-astro-"))
        self.state = AstroState(
            now=now,
            pace=pace,
            rates=rates,
            folder=self.folder,
            make_plane=airflow_factory,
            log_file=log_file,
            organization_name=organization_name,
            product_plan=product_plan,
        )
        self.state.drop_on_the_wire = True
        self.token = self.state.token()
        """a token of the organization's owner"""
        remember_secret(self.token)
        self._port = port
        self._serving: Serving | None = None

    @property
    def url(self) -> str:
        """The base URL of the API, as ASTRO_API_URL takes it; meaningful while it runs."""
        return f"http://{self.state.host}/v1"

    async def __aenter__(self) -> Self:
        """Listen; raises OSError where the port is taken."""
        try:
            self._serving = Serving.listen(self._port)
        except OSError:
            self._remove_folder()
            raise
        self.state.host = self._serving.host
        await self._serving.serve(create_app(self.state))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop every Airflow, then listening; the folder goes where it is ours."""
        try:
            await self.state.close()
        finally:
            if self._serving is not None:
                await self._serving.stop()
            self._remove_folder()

    def _remove_folder(self) -> None:
        if self._own_folder:
            shutil.rmtree(self.folder, ignore_errors=True)


async def serve(
    port: int,
    airflow_version: str | None,
    say: Callable[[str], None],
    *,
    requirements: Path | None = None,
    log_file: Path | None = None,
) -> None:
    """Serve until cancelled, and say how to point at it; the token goes into a file that only its owner can read.

    With `airflow_version` every Deployment gets a real Airflow of that version, which is installed first where it is
    not there yet, with the packages of `requirements`. Raises UsageError where the port is taken,
    UnsupportedVersionError for a version we cannot run.
    """
    folder = Path(tempfile.mkdtemp(prefix="astroferry-simulate-"))
    try:
        real = None if airflow_version is None else await _real_airflow(airflow_version, folder, say, requirements)
        astro = EmbeddedAstro(port=port, airflow_factory=real, folder=folder / "astro", log_file=log_file)
        try:
            await astro.__aenter__()
        except OSError as error:
            raise UsageError(
                f"Port {port} cannot be listened on ({error.strerror}).", hint="Give another --port."
            ) from error
        try:
            _introduce(astro, folder / "token", airflow_version, say)
            await asyncio.Event().wait()
        finally:
            await astro.__aexit__(None, None, None)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def _real_airflow(
    version: str, folder: Path, say: Callable[[str], None], requirements: Path | None
) -> DataPlaneFactory:
    if version != RUNNABLE:
        raise UnsupportedVersionError(
            f"The embedded Astro cannot run Airflow {version} behind a Deployment.",
            hint=f"Give --airflow {RUNNABLE}.",
        )
    await asyncio.to_thread(ensure, version, say)
    if requirements is not None:
        await asyncio.to_thread(ensure_requirements, version, requirements, say)
    return factory(folder / "airflow", requirements=requirements, say=say)


def _introduce(
    astro: EmbeddedAstro, token_file: Path, airflow_version: str | None, say: Callable[[str], None]
) -> None:
    token_file.touch(mode=0o600)
    token_file.write_text(astro.token, encoding="utf-8")
    say(f"The embedded Astro listens on {astro.url}, for this machine only.")
    say(f"Its token lies in {token_file}, and goes when it stops. To use it:")
    say(f"  export ASTRO_API_URL={astro.url}")
    say(f'  export ASTRO_API_TOKEN="$(cat {token_file})"')
    if airflow_version is None:
        say(f"Deployments have no Airflow of their own; --airflow {RUNNABLE} runs a real one for each.")
    else:
        say(f"Every Deployment runs a real Airflow {airflow_version} of its own.")
    say("Ctrl-C stops it.")
