"""Astro's documented rates: so many requests a second for each token and method, counted by the injected clock."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

RATES: Mapping[str, float] = {"GET": 25.0, "POST": 10.0, "DELETE": 5.0}
"""requests a second, by method (documented for Astro's API)"""


class Limiter:
    """A bucket for each token and method, that holds one second's worth of requests."""

    def __init__(self, now: Callable[[], datetime], rates: Mapping[str, float] = RATES) -> None:
        self._now = now
        self._rates = rates
        self._buckets: dict[tuple[str, str], tuple[float, datetime]] = {}

    def take(self, token: str, method: str) -> int:
        """0 where the request may pass, else the whole seconds after which to try again."""
        rate = self._rates.get(method)
        if rate is None:
            return 0
        now = self._now()
        left, since = self._buckets.get((token, method), (rate, now))
        left = min(rate, left + rate * max(0.0, (now - since).total_seconds()))
        allowed = left >= 1
        self._buckets[token, method] = (left - 1 if allowed else left, now)
        return 0 if allowed else max(1, math.ceil((1 - left) / rate))
