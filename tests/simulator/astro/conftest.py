"""The embedded Astro in this process: an injected clock, an owner's desk, and no contract broken at the end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest
from tests.simulator.astro.desk import Desk, Hands

from astroferry.simulator.astro import AstroState, Pace, create_app

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture
def clock() -> Hands:
    return Hands()


@pytest.fixture
async def state(clock: Hands) -> AsyncIterator[AstroState]:
    made = AstroState(now=clock.now, pace=Pace(creating=5, deploying=5, dags=5, cluster=60), rates={})
    yield made
    await made.close()
    assert made.contract_violations == []


@pytest.fixture
async def desk(state: AstroState, clock: Hands) -> AsyncIterator[Desk]:
    transport = httpx.ASGITransport(app=create_app(state))
    async with httpx.AsyncClient(transport=transport, base_url="http://astro.test") as http:
        yield Desk(state, http, state.token(), clock)
