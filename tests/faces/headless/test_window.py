"""A cutover nobody sits beside: it waits for its window, and puts everything back when a limit is crossed."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from tests.harness import DEPLOYMENT

from astroferry.carry.window import Window, WindowClock, WindowClosedError
from astroferry.errors import UsageError

if TYPE_CHECKING:
    from tests.harness import World

SLOWLY = {"poll": 20.0, "parse_timeout": 240, "drain_timeout": 7200, "watch_ticks": 1}
CUTOVER = ("cutover", "--wave", "pilot", "--confirm", DEPLOYMENT)
NOW = datetime(2026, 11, 25, 22, 30, tzinfo=UTC)


def paused(world: World) -> dict[str, tuple[bool, bool]]:
    here, there = world.estate.engine.dags, world.target.dags
    return {dag: (here[dag].is_paused, there[dag].is_paused) for dag in ("ticks_on", "ticks_now")}


def begun(world: World, **changes: Any) -> None:
    world.applied(cutover={**SLOWLY, **changes.pop("cutover", {})}, **changes)


def run(world: World, *more: str) -> Any:
    verb, *rest = CUTOVER
    return world.on_plan(verb, *rest, *more)


def at(world: World, **later: float) -> str:
    return (world.clock.now() + timedelta(**later)).isoformat()


HERE, THERE = (False, True), (True, False)


def test_it_waits_for_its_window_and_ends_well(world: World) -> None:
    begun(world, watch={"webhook": "environment"})
    before = world.clock.now()
    ran = run(world, "--at", at(world, hours=2), "--until", at(world, hours=4))
    assert ran.code == 0, ran.err
    assert "waiting until" in ran.err.partition("nobody will be called at the end")[2], "said while somebody reads it"
    assert "Next: astroferry watch " in ran.err
    assert world.clock.now() - before >= timedelta(hours=2)
    assert set(paused(world).values()) == {THERE}
    assert [wave.state for wave in world.plan.waves] == ["cut over", "tested"]


def test_what_is_not_ready_is_refused_before_the_waiting(world: World) -> None:
    begun(world, confirmed=[])
    before = world.clock.now()
    ran = run(world, "--at", at(world, hours=2))
    assert ran.code == 3
    assert "3 checks not met" in ran.err
    assert world.clock.now() - before < timedelta(minutes=5)


def test_a_window_that_closes_while_draining_puts_everything_back(world: World) -> None:
    begun(world)
    stuck = world.estate.engine.dags["ticks_now"]

    def runs_for_ever(request: httpx.Request) -> httpx.Response | None:
        """ticks_now always has a run that is not finished."""
        params = request.url.params
        if request.url.path == "/api/v1/dags/ticks_now/dagRuns" and "running" in params.get_list("state"):
            run = {"dag_run_id": "x", "dag_id": "ticks_now", "state": "running", "run_type": "manual"}
            return httpx.Response(200, json={"dag_runs": [run], "total_entries": 1})
        return None

    world.wire.before = runs_for_ever
    ran = run(world, "--until", at(world, minutes=30))
    assert ran.code == 6
    assert "The window has closed before every DAG was handed over" in ran.err
    assert "Everything was put back" in ran.err
    assert set(paused(world).values()) == {HERE}
    assert not stuck.is_paused
    assert [wave.state for wave in world.plan.waves] == ["tested", "tested"]
    entries = [(entry.event, entry.why) for entry in world.entries() if entry.action == "window/pilot"]
    assert [event for event, _ in entries] == ["note", "failed", "undone"]


def test_a_drain_longer_than_the_plan_allows_puts_everything_back(world: World) -> None:
    begun(world, limits={"drain_minutes": 5})

    def runs_for_ever(request: httpx.Request) -> httpx.Response | None:
        params = request.url.params
        if request.url.path == "/api/v1/dags/ticks_now/dagRuns" and "running" in params.get_list("state"):
            run = {"dag_run_id": "x", "dag_id": "ticks_now", "state": "running", "run_type": "manual"}
            return httpx.Response(200, json={"dag_runs": [run], "total_entries": 1})
        return None

    world.wire.before = runs_for_ever
    began = world.clock.now()
    ran = run(world, "--until", at(world, hours=5))
    assert ran.code == 6
    assert "1 of its DAGs did not go well (ticks_now), and the limit is 0" in ran.err
    assert set(paused(world).values()) == {HERE}
    assert world.clock.now() - began < timedelta(hours=1)


def test_a_dag_that_our_role_may_not_touch_leaves_nothing_half_way(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun(world, watch={"webhook": "environment"}, cutover={"at_once": 1})
    monkeypatch.setenv("ASTROFERRY_WEBHOOK", "https://hooks.example.com/x")
    told: list[dict[str, Any]] = []

    def closed(request: httpx.Request) -> httpx.Response | None:
        if request.url.host == "hooks.example.com":
            told.append(json.loads(request.content))
            return httpx.Response(204)
        if request.method == "PATCH" and request.url.path == "/api/v1/dags/ticks_now":
            return httpx.Response(403, json={"detail": "Forbidden"})
        return None

    world.wire.before = closed
    ran = run(world, "--until", at(world, hours=5))
    assert ran.code == 6, ran.err
    assert "Everything was put back" in ran.err
    assert set(paused(world).values()) == {HERE}
    paths = [url for method, url, _ in world.wire.requests if method == "PATCH"]
    assert not any("/dags/ticks_on" in url for url in paths), "it stopped itself: the next was never begun"
    ((said, verdict),) = [(item["why"], item["verdict"]) for item in told]
    assert verdict == "not all cut over"
    assert said.endswith("Everything was put back: the source runs it again.")
    # What is not even begun when its hour comes is told as well.
    world.wire.before = lambda request: httpx.Response(503) if called(request) else closed(request)
    opens = world.clock.now() + timedelta(hours=1)

    def called(request: httpx.Request) -> bool:
        return request.url.host == "source.test" and world.clock.now() >= opens

    assert run(world, "--at", opens.isoformat()).code == 5
    assert (told[-1]["verdict"], "503" in told[-1]["why"]) == ("not all cut over", True)
    # And so is a good end.
    world.wire.before = lambda request: closed(request) if request.url.host == "hooks.example.com" else None
    assert run(world, "--until", at(world, hours=5)).code == 0
    assert (told[-1]["verdict"], told[-1]["wave"]) == ("cut over", "pilot")


def test_a_target_that_goes_away_for_long_keeps_no_dag_switched_off(world: World) -> None:
    begun(world)
    gone: list[datetime] = []
    back: list[timedelta] = []

    def away(request: httpx.Request) -> httpx.Response | None:
        here = world.estate.engine.dags
        if request.url.host != "source.test" and all(here[dag].is_paused for dag in ("ticks_on", "ticks_now")):
            gone[:] = gone or [world.clock.now()]
        if gone and not back and not here["ticks_on"].is_paused and not here["ticks_now"].is_paused:
            back.append(world.clock.now() - gone[0])
        if gone and request.url.host == "astro.localhost" and world.clock.now() - gone[0] < timedelta(minutes=80):
            return httpx.Response(503)
        return None

    world.wire.before = away
    ran = run(world, "--until", at(world, hours=1))
    assert ran.code == 6, ran.err
    assert "Everything was put back" in ran.err
    assert set(paused(world).values()) == {HERE}
    assert back[0] < timedelta(minutes=60)
    assert world.clock.now() - gone[0] > timedelta(minutes=80)


def test_within_the_limit_the_others_stay_handed_over(world: World) -> None:
    begun(world, limits={"drain_minutes": 5, "failed_dags": 1})

    def runs_for_ever(request: httpx.Request) -> httpx.Response | None:
        params = request.url.params
        if request.url.path == "/api/v1/dags/ticks_now/dagRuns" and "running" in params.get_list("state"):
            run = {"dag_run_id": "x", "dag_id": "ticks_now", "state": "running", "run_type": "manual"}
            return httpx.Response(200, json={"dag_runs": [run], "total_entries": 1})
        return None

    world.wire.before = runs_for_ever
    ran = run(world, "--until", at(world, hours=5))
    assert ran.code == 6
    assert "did not go well; the DAGs concerned run on one side or on none" in ran.err
    assert paused(world) == {"ticks_on": THERE, "ticks_now": HERE}


def test_a_watch_that_the_window_cuts_short_is_no_crossing(world: World) -> None:
    begun(world, cutover={"watch_ticks": 50})
    ran = run(world, "--until", at(world, minutes=40))
    assert ran.code == 0, ran.err
    assert "The window ended while ticks_now, ticks_on was watched; nothing was amiss" in ran.err
    assert set(paused(world).values()) == {THERE}


def test_an_alarm_in_the_window_puts_everything_back(world: World) -> None:
    begun(world, cutover={"watch_ticks": 5})
    calls = 0

    def woken(request: httpx.Request) -> httpx.Response | None:
        """Somebody unpauses a DAG on the source by hand, some time after it was handed over."""
        nonlocal calls
        moved = not world.target.dags["ticks_now"].is_paused if world.targets else False
        if moved and request.url.path == "/api/v1/dags/ticks_now/details":
            calls += 1
            if calls == 8:
                world.estate.engine.dags["ticks_now"].is_paused = False
        return None

    world.wire.before = woken
    ran = run(world, "--until", at(world, hours=5))
    assert ran.code == 6, ran.err
    assert "unpaused on the source" in ran.err
    assert "ticks_now), and the limit is 0" in ran.err
    assert paused(world)["ticks_on"] == HERE


@pytest.mark.parametrize(
    ("begin", "end", "expected"),
    [
        ("2026-11-26T02:00Z", None, (datetime(2026, 11, 26, 2, tzinfo=UTC), None)),
        ("02:00", "04:00", (datetime(2026, 11, 26, 2, tzinfo=UTC), datetime(2026, 11, 26, 4, tzinfo=UTC))),
        ("23:00", "01:00", (datetime(2026, 11, 25, 23, tzinfo=UTC), datetime(2026, 11, 26, 1, tzinfo=UTC))),
        (None, "2026-11-26T02:00+01:00", (None, datetime(2026, 11, 26, 1, tzinfo=UTC))),
    ],
)
def test_moments_are_read(begin: str | None, end: str | None, expected: tuple[Any, Any]) -> None:
    found = Window.of(begin, end, NOW)
    assert (found.at, found.until) == expected


@pytest.mark.parametrize(
    ("begin", "end", "says"),
    [
        ("tonight", None, 'at "tonight" is no moment'),
        ("2026-11-26T02:00", None, "is no moment"),
        ("25:00", None, "is no moment"),
        ("2026-11-25T02:00Z", None, "has passed already"),
        ("02:00", "2026-11-26T01:00Z", "does not come after --at"),
        (None, "2026-11-25T01:00Z", "does not come after now"),
    ],
)
def test_moments_that_make_no_window(begin: str | None, end: str | None, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        Window.of(begin, end, NOW)


async def test_nobody_waits_beyond_the_end() -> None:
    class Clock:
        moment = NOW

        def now(self) -> datetime:
            return self.moment

        async def sleep(self, seconds: float) -> None:
            self.moment += timedelta(seconds=seconds)

    clock = WindowClock(Clock(), NOW + timedelta(seconds=30))
    await clock.sleep(20)
    with pytest.raises(WindowClosedError, match="the window has closed"):
        await clock.sleep(3600)
    assert clock.now() == NOW + timedelta(seconds=30)
    with pytest.raises(WindowClosedError):
        await clock.sleep(1)
