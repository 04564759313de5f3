"""Real Airflow servers on loopback, for the embedded Astro and for tests; nothing here is imported by carrying."""

from astroferry.simulator.real.dataplane import RealDataPlane, factory
from astroferry.simulator.real.install import RELEASES, ensure
from astroferry.simulator.real.server import RealAirflow

__all__ = ["RELEASES", "RealAirflow", "RealDataPlane", "ensure", "factory"]
