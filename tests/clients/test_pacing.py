import asyncio

from tests.conftest import FixedClock

from astroferry.clients.pacing import Pace, Paces, RealClock


async def test_a_bucket_gives_its_burst_then_its_rate(clock: FixedClock) -> None:
    pace = Pace(rate=10, burst=2, clock=clock)
    for _ in range(5):
        await pace.wait()
    assert [round(seconds, 6) for seconds in clock.slept] == [0.1, 0.1, 0.1]


async def test_waiters_reserve_their_place(clock: FixedClock) -> None:
    pace = Pace(rate=1, burst=1, clock=clock)
    await asyncio.gather(*(pace.wait() for _ in range(3)))
    assert (clock.now() - clock.start).total_seconds() >= 2


async def test_a_rest_fills_the_bucket_but_not_above_the_burst(clock: FixedClock) -> None:
    pace = Pace(rate=10, burst=1, clock=clock)
    await pace.wait()
    clock.advance(3600)
    await pace.wait()
    assert clock.slept == []
    await pace.wait()
    assert clock.slept == [0.1]


async def test_a_clock_set_back_does_not_stop_us(clock: FixedClock) -> None:
    pace = Pace(rate=10, burst=1, clock=clock)
    await pace.wait()
    clock.advance(-3600)
    await pace.wait()
    assert clock.slept == [0.1]


async def test_one_pace_for_all_or_one_per_method_or_none(clock: FixedClock) -> None:
    every, own, free = Paces(5.0, clock), Paces({"POST": 5.0}, clock), Paces(None, clock)
    for _ in range(3):
        await free.wait("GET")
        await own.wait("GET")
    assert clock.slept == []
    await every.wait("GET")
    await every.wait("POST")
    assert clock.slept == [0.2]
    await own.wait("POST")
    await own.wait("POST")
    assert clock.slept == [0.2, 0.2]


async def test_the_real_clock_runs() -> None:
    clock = RealClock()
    before = clock.now()
    await clock.sleep(0)
    assert clock.now() >= before
