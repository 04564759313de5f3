"""What every action is given: both ends, the values in flight, a clock, and somewhere to tell of progress."""

from __future__ import annotations

import asyncio
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from astroferry.errors import AstroferryError, RemoteError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from astroferry.carry.journal import Entry, Standing
    from astroferry.clients.airflow import Airflow
    from astroferry.clients.astro import Astro
    from astroferry.clients.starship import Starship
    from astroferry.model.drain import DrainSample
    from astroferry.model.inventory import Inventory
    from astroferry.model.plan import Plan
    from astroferry.model.values import SourceValues


class Clock(Protocol):
    """The time; injected, so that hours pass in a test."""

    def now(self) -> datetime:
        """The moment, in UTC."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Let `seconds` pass."""
        ...


class WallClock:
    """The real time."""

    def now(self) -> datetime:
        """The moment, in UTC."""
        return datetime.now(UTC)

    async def sleep(self, seconds: float) -> None:
        """Let `seconds` pass."""
        await asyncio.sleep(seconds)


STEP = timedelta(seconds=3)
"""what a clock may be off before it is corrected: 3.3.2 cuts its Date off to a second and writes it up to one late"""


@dataclass(frozen=True, slots=True)
class ClockInStep:
    """A clock corrected by what a server's answers say: its ticks are due by its clock, not by this machine's."""

    clock: Clock
    ahead: timedelta

    def now(self) -> datetime:
        """The moment, in UTC, as the server has it."""
        return self.clock.now() + self.ahead

    async def sleep(self, seconds: float) -> None:
        """Let `seconds` pass."""
        await self.clock.sleep(seconds)


def in_step(clock: Clock, ahead: timedelta | None, tell: Callable[[str], None]) -> Clock:
    """The clock, corrected and said so where the source's is more than `STEP` away from it."""
    if ahead is None or abs(ahead) <= STEP:
        return clock
    off = f"{abs(ahead).total_seconds():.0f} s {'behind' if ahead > timedelta(0) else 'ahead of'}"
    tell(f"this machine's clock is {off} the source's; the source's is gone by")
    return ClockInStep(clock, ahead)


def nothing_yet(_action: str) -> Standing | None:
    """No action stands anywhere."""
    return None


def no_lines(*_places: str) -> Sequence[Entry]:
    """The journal has none."""
    return ()


def nothing_moved(_deployment_id: str) -> Mapping[str, str]:
    """No DAG was handed over to it."""
    return {}


async def no_starship(_deployment: str) -> Starship | None:
    """There is none."""
    return None


def nobody(_line: str) -> None:
    """Tell nobody."""


def unseen(_sample: DrainSample) -> None:
    """Keep no drain curve."""


def uncounted() -> Callable[[], int]:
    """Where nobody counts, anything may have changed."""
    return lambda: 1


@dataclass
class Context:
    """One run's surroundings.

    `deployments` maps a plan's Deployment name to its Astro id, filled as Deployments are observed or made.
    `connect_target` opens the Airflow API of a Deployment by its Astro id.
    `standing` tells where an action stands in the journal: what lies on the target may be ours, from before a crash.
    `lines` gives the journal's lines of the steps at some places (`Journal.lines`).
    `moved` tells the DAGs that were handed over to a Deployment (its Astro id; "": to any), so that the source runs
    them no more, and the wave that did.
    `drained` keeps the drain curve.
    `load_values` reads the secret values, once, when the first action needs them.
    `aside` lends the place of the action in hand to another while it waits (`runner.carry_out` sets it).
    `count_changes` begins to count what the task at hand asks of a server that may have changed something, and gives
    what tells the number so far; what other actions do beside it does not count.
    `find_starship` looks for Starship on a Deployment of the plan, or on the source where its name is empty.
    """

    plan: Plan
    inventory: Inventory
    folder: Path
    source: Airflow
    astro: Astro
    connect_target: Callable[[str], Awaitable[Airflow]]
    load_values: Callable[[], Awaitable[SourceValues]]
    standing: Callable[[str], Standing | None] = nothing_yet
    lines: Callable[..., Sequence[Entry]] = no_lines
    moved: Callable[[str], Mapping[str, str]] = nothing_moved
    count_changes: Callable[[], Callable[[], int]] = uncounted
    aside: Callable[[], AbstractContextManager[None]] = nullcontext
    find_starship: Callable[[str], Awaitable[Starship | None]] = no_starship
    clock: Clock = field(default_factory=WallClock)
    tell: Callable[[str], None] = nobody
    drained: Callable[[DrainSample], None] = unseen
    deployments: dict[str, str] = field(default_factory=dict)
    workspaces: dict[str, str] = field(default_factory=dict)
    _targets: dict[str, Airflow] = field(default_factory=dict)
    _values: SourceValues | None = None
    _no_values: AstroferryError | None = None
    _starships: dict[str, Starship | None] = field(default_factory=dict)

    async def target(self, deployment: str) -> Airflow:
        """The Airflow API of the plan's Deployment of that name.

        Raises RemoteError where the Deployment has not been made yet.
        """
        if deployment not in self._targets:
            if deployment not in self.deployments:
                raise RemoteError(
                    f'The Deployment "{deployment}" is not on Astro yet.',
                    hint="Carry out the stage `prepare` first.",
                )
            self._targets[deployment] = await self.connect_target(self.deployments[deployment])
        return self._targets[deployment]

    async def starship(self, deployment: str) -> Starship | None:
        """Starship on that Deployment ("": on the source), looked for once; None where none that is safe answers."""
        if deployment not in self._starships:
            found = await self.find_starship(deployment)
            self._starships[deployment] = found if found is not None and found.is_safe else None
        return self._starships[deployment]

    def without_starship(self, deployment: str) -> None:
        """Do without it from now on: it answers, but does not do what is asked of it."""
        self._starships[deployment] = None

    async def values(self) -> SourceValues:
        """The secret values of the source, read once; where that failed, the same error each time."""
        if self._no_values is not None:
            raise self._no_values
        if self._values is None:
            try:
                self._values = await self.load_values()
            except AstroferryError as error:
                self._no_values = error
                raise
        return self._values
