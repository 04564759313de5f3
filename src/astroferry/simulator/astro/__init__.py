"""The embedded Astro: the organization, Deployments and deploys of Astro's API v1, on loopback and in memory."""

from astroferry.simulator.astro.app import create_app
from astroferry.simulator.astro.dataplane import AppPlane, DataPlane, DataPlaneFactory, Seat
from astroferry.simulator.astro.records import Pace
from astroferry.simulator.astro.server import EmbeddedAstro, serve
from astroferry.simulator.astro.state import AstroState
from astroferry.simulator.astro.tokens import Claims, make_token

__all__ = [
    "AppPlane",
    "AstroState",
    "Claims",
    "DataPlane",
    "DataPlaneFactory",
    "EmbeddedAstro",
    "Pace",
    "Seat",
    "create_app",
    "make_token",
    "serve",
]
