"""How fast we may ask: an injected clock, a token bucket over all requests, and pauses before a further try."""

from __future__ import annotations

import asyncio
import random
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

SLOW = timedelta(seconds=2)
_JITTER = random.SystemRandom()


class Clock(Protocol):
    """The time; injected, so that a rate limit or a retry takes no time in a test."""

    def now(self) -> datetime:
        """The moment, in UTC."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Let `seconds` pass."""
        ...


class RealClock:
    """The real time."""

    def now(self) -> datetime:
        """The moment, in UTC."""
        return datetime.now(UTC)

    async def sleep(self, seconds: float) -> None:
        """Let `seconds` pass."""
        await asyncio.sleep(seconds)


def ahead_of(headers: Mapping[str, str], sent: datetime, received: datetime) -> timedelta | None:
    """How far the clock of who answered is ahead of ours, to about a second.

    None where the answer has no Date, or took so long that it does not tell when it was written.
    """
    if received - sent > SLOW:
        return None
    try:
        told = parsedate_to_datetime(headers["date"])
    except (KeyError, ValueError):
        return None
    # It tells whole seconds, cut off.
    return told.astimezone(UTC) + timedelta(seconds=0.5) - (sent + (received - sent) / 2)


class Pace:
    """A token bucket: `rate` requests per second, at most `burst` of them at once.

    A waiter reserves its place before it sleeps, so waiters leave in the order in which they came.
    """

    def __init__(self, rate: float, burst: int, clock: Clock) -> None:
        self._rate = rate
        self._burst = float(burst)
        self._clock = clock
        self._tokens = float(burst)
        self._seen = clock.now()

    async def wait(self) -> None:
        """Return when the next request may go out."""
        now = self._clock.now()
        # A clock set back must not stop us for the length of the jump.
        elapsed = max(0.0, (now - self._seen).total_seconds())
        self._seen = now
        self._tokens = min(self._burst, self._tokens + elapsed * self._rate) - 1
        if self._tokens < 0:
            await self._clock.sleep(-self._tokens / self._rate)


class Paces:
    """One pace for all methods, or one per method; None means as fast as it goes.

    The burst is a fifth of the rate (at least 1): 20 per second never become more than 24 within one second.
    """

    def __init__(self, rate: float | Mapping[str, float] | None, clock: Clock) -> None:
        rates = {"": rate} if isinstance(rate, int | float) else dict(rate or {})
        self._paces = {method: Pace(value, max(1, int(value // 5)), clock) for method, value in rates.items()}

    async def wait(self, method: str) -> None:
        """Return when a request of this method may go out."""
        pace = self._paces.get(method) or self._paces.get("")
        if pace is not None:
            await pace.wait()


def backoff(tries: int) -> float:
    """Seconds before the next try after so many; growing, and never twice the same, so that clients do not march."""
    return min(20.0, 0.5 * 2.0**tries) * _JITTER.uniform(0.5, 1.0)


def pause_before(tries: int, headers: Mapping[str, str], clock: Clock) -> float:
    """Seconds until the next try: what the server asks for (Retry-After: seconds or a date), or a growing pause."""
    asked = headers.get("retry-after", "").strip()
    if asked.isdigit():
        return float(asked) + _JITTER.uniform(0.0, 0.5)
    if asked:
        try:
            return max(0.0, (parsedate_to_datetime(asked) - clock.now()).total_seconds())
        except (ValueError, TypeError):
            return backoff(tries)
    return backoff(tries)
