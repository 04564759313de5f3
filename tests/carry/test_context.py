from __future__ import annotations

from datetime import UTC, timedelta
from typing import TYPE_CHECKING, Any, cast

import pytest

from astroferry.carry.context import Context, WallClock, in_step
from astroferry.errors import RemoteError
from astroferry.model.values import SourceValues

if TYPE_CHECKING:
    from pathlib import Path

    from astroferry.model.inventory import Inventory
    from astroferry.model.plan import Plan


async def test_each_target_is_opened_once_and_values_are_read_once(
    plan: Plan, inventory: Inventory, tmp_path: Path
) -> None:
    opened: list[str] = []
    loaded: list[SourceValues] = []

    async def connect(deployment_id: str) -> Any:
        opened.append(deployment_id)
        return f"airflow of {deployment_id}"

    async def load_values() -> SourceValues:
        loaded.append(SourceValues({}, {}, {}, {}))
        return loaded[-1]

    nothing = cast("Any", None)
    ctx = Context(plan, inventory, tmp_path, nothing, nothing, connect, load_values)
    with pytest.raises(RemoteError, match='The Deployment "data-prod" is not on Astro yet'):
        await ctx.target("data-prod")
    ctx.deployments["data-prod"] = "cl1"
    assert await ctx.target("data-prod") == cast("Any", "airflow of cl1")
    assert await ctx.target("data-prod") == cast("Any", "airflow of cl1")
    assert opened == ["cl1"]
    assert await ctx.values() is await ctx.values()
    assert len(loaded) == 1
    # Left alone, a context knows of no journal and tells nobody.
    assert ctx.standing("anything") is None
    ctx.tell("anything")


async def test_the_wall_clock_is_in_utc_and_goes_on() -> None:
    clock = WallClock()
    before = clock.now()
    await clock.sleep(0)
    assert before.tzinfo is UTC
    assert clock.now() >= before


async def test_a_clock_that_is_off_is_corrected_and_said() -> None:
    told: list[str] = []
    clock = WallClock()
    assert in_step(clock, None, told.append) is clock
    assert in_step(clock, timedelta(seconds=1), told.append) is clock
    behind = in_step(clock, timedelta(minutes=9), told.append)
    assert timedelta(minutes=8) < behind.now() - clock.now() < timedelta(minutes=10)
    await behind.sleep(0)
    in_step(clock, timedelta(seconds=-30), told.append)
    assert told == [
        "this machine's clock is 540 s behind the source's; the source's is gone by",
        "this machine's clock is 30 s ahead of the source's; the source's is gone by",
    ]
