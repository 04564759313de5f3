"""From an address and credentials to a connected client: which login which API wants, and how fast we ask."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from astroferry.clients.address import base_address
from astroferry.clients.airflow import Airflow
from astroferry.clients.astro import RATES, Astro
from astroferry.clients.astro_shapes import token_seen
from astroferry.clients.auth import BasicAuth, BearerAuth, TokenLoginAuth
from astroferry.clients.http import Http
from astroferry.clients.starship import Starship, log_in
from astroferry.errors import NotAllowedError, UnreachableError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from astroferry.clients.auth import Auth
    from astroferry.clients.credentials import SourceLogin
    from astroferry.clients.http import Transport
    from astroferry.clients.pacing import Clock
    from astroferry.model.organization import DeploymentSeen
    from astroferry.model.secret import Secret

SOURCE_RATE = 10.0
"""requests per second to a source: a web server with one worker gives about 10 (measured on 2.10.5)"""
SOURCE_CONCURRENCY = 4
TARGET_RATE = 20.0


@dataclass(frozen=True, slots=True)
class Wiring:
    """What tests and the demo put in place of the network and of time."""

    transport: Transport | None = None
    clock: Clock | None = None


NETWORK = Wiring()


async def connect_airflow(
    url: str,
    login: SourceLogin,
    *,
    name: str = "The source",
    rate: float | Mapping[str, float] | None = SOURCE_RATE,
    concurrency: int = SOURCE_CONCURRENCY,
    wiring: Wiring = NETWORK,
) -> Airflow:
    """Connect to a self-managed Airflow.

    A token is sent as it is. Username and password go as Basic to Airflow 2, and to `/auth/token` on Airflow 3;
    which one it is, is found out first without sending them. Raises as `Airflow.connect`; NotAllowedError where the
    first real request is refused.
    """
    base = base_address(url)

    def opened(auth: Auth | None) -> Http:
        return Http(
            base,
            auth=auth,
            name=name,
            rate=rate,
            concurrency=concurrency,
            transport=wiring.transport,
            clock=wiring.clock,
        )

    http = opened(BearerAuth(login.token) if login.token is not None else None)
    try:
        if login.token is None and login.password is not None:
            auth = await _password_auth(http, login.username, login.password)
            await http.aclose()
            http = opened(auth)
        airflow = await Airflow.connect(http)
        # The version is told to anyone; this is not.
        await airflow.count_dags()
    except BaseException:
        await http.aclose()
        raise
    return airflow


async def _password_auth(http: Http, username: str, password: Secret) -> Auth:
    """Basic where the server is Airflow 2, or asks for credentials before it tells; else Airflow 3's token login."""
    try:
        airflow = await Airflow.connect(http)
    except NotAllowedError:
        return BasicAuth(username, password)
    return BasicAuth(username, password) if airflow.api == "v1" else TokenLoginAuth(username, password)


async def connect_starship(airflow: Airflow, login: SourceLogin, *, wiring: Wiring = NETWORK) -> Starship | None:
    """The Starship beside a connected Airflow; None where none is installed.

    On Airflow 2 with username and password a session is opened at the login page, and ends with this client.
    """
    if airflow.api == "v2" or login.password is None:
        return await Starship.find(airflow.http)
    http = Http(
        airflow.url,
        name=airflow.http.name,
        rate=SOURCE_RATE,
        concurrency=SOURCE_CONCURRENCY,
        transport=wiring.transport,
        clock=wiring.clock,
        keeps_cookies=True,
    )
    try:
        await log_in(http, login.username, login.password)
        found = await Starship.find(http)
    except BaseException:
        await http.aclose()
        raise
    if found is None:
        await http.aclose()
    return found


async def connect_astro(
    api: str, token: Secret, organization: str | None = None, *, wiring: Wiring = NETWORK
) -> Astro:
    """Connect to Astro's control plane at `api` ("https://api.astronomer.io/v1"); raises as `Astro.connect`.

    A token that is refused and whose time is over by its own words is told apart from one that is wrong.
    """
    http = Http(
        base_address(api),
        auth=BearerAuth(token),
        name="Astro",
        rate=RATES,
        transport=wiring.transport,
        clock=wiring.clock,
    )
    try:
        return await Astro.connect(http, organization)
    except NotAllowedError:
        await http.aclose()
        ended = token_seen(token).expires_at
        if ended is None or ended > http.now():
            raise
        raise NotAllowedError(
            f"The Astro token expired on {ended:%Y-%m-%d at %H:%M} UTC.",
            hint="Get a new one and run the same command again: what is done stays done.",
        ) from None
    except BaseException:
        await http.aclose()
        raise


async def connect_deployment(deployment: DeploymentSeen, token: Secret, *, wiring: Wiring = NETWORK) -> Airflow:
    """The Airflow of a Deployment, with the Astro token. UnreachableError while it has no address yet."""
    if not deployment.airflow_api_url:
        raise UnreachableError(
            f'The Deployment "{deployment.name}" has no Airflow address yet (it is {deployment.status}).',
            hint="Wait until it is healthy, then run the same command again.",
        )
    http = Http(
        deployment.airflow_api_url,
        auth=BearerAuth(token),
        name=f'The Deployment "{deployment.name}"',
        rate=TARGET_RATE,
        transport=wiring.transport,
        clock=wiring.clock,
    )
    try:
        return await Airflow.connect(http)
    except BaseException:
        await http.aclose()
        raise
