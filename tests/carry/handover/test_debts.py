"""What fell between the sides stays owed whatever comes between, and nothing else is taken for owed."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from tests.carry.handover.going import go
from tests.carry.handover.two_airflows import CrashError, world

from astroferry.carry.handover.ends import Handover
from astroferry.carry.handover.watch import WatchTicks, ticks_of
from astroferry.carry.journal import Journal
from astroferry.errors import RemoteError, RequestFailedError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from tests.carry.handover.two_airflows import Server, World

ENDS = pytest.mark.parametrize(("source", "target"), [(2, 3), (3, 3), (2, 2)])


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.fsync", lambda _: None)


def two(folder: Path, source: int = 2, target: int = 3, **more: Any) -> tuple[World, Callable[[], Journal]]:
    known: dict[str, Any] = {"catchup": False, "watch_ticks": 1, "warm": 250, **more}
    here = world(folder, source_major=source, target_major=target, **known)
    return here, lambda: Journal(folder / "j.jsonl", now=here.clock.now)


PAUSING = "set_paused"
"""the call of the model that is replaced for once"""


def once(server: Server, paused: bool, instead: Callable[[Callable[[], Awaitable[None]]], Awaitable[None]]) -> None:
    """The next time that side is paused (or unpaused), `instead` is done, given what would do it."""
    real = server.set_paused

    async def another(dag_id: str, to: bool) -> None:
        if to != paused:
            await real(dag_id, to)
            return
        setattr(server, PAUSING, real)
        await instead(lambda: real(dag_id, to))

    setattr(server, PAUSING, another)


def late(here: World, server: Server) -> None:
    """Ticks come due before that side is unpaused the next time."""

    async def slow(unpause: Callable[[], Awaitable[None]]) -> None:
        here.clock.pass_by(420)
        await unpause()

    once(server, False, slow)


@contextlib.contextmanager
def nothing_is_filled(server: Server, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Once it is unpaused, that side takes no run of ours for now."""

    def refusing(real: Any) -> Any:
        async def refuses(*given: Any, **more: Any) -> Any:
            if not server.is_paused:
                raise RequestFailedError("not now", status=400)
            return await real(*given, **more)

        return refuses

    with monkeypatch.context() as patch:
        for name in ("create_backfill", "trigger"):
            patch.setattr(server, name, refusing(getattr(server, name)))
        yield


def left_out(here: World) -> list[str]:
    ran = here.ticks_ran()
    assert len(ran) == len(set(ran)), "none twice"
    return [f"{tick:%H:%M}" for tick in here.ticks_due() if tick not in ran and tick < max(ran)]


async def ends_well(here: World, journal: Journal, way: Any) -> None:
    report = await go(here, journal, way)
    assert not report.failed, report.failed
    here.clock.pass_by(200)


@ENDS
async def test_a_drain_that_is_broken_off_pays_nothing(
    tmp_path: Path, source: int, target: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C while the way back waits for a run: the target goes on, and what fell between is still not run."""
    here, journal = two(tmp_path, source, target)
    late(here, here.target)
    with nothing_is_filled(here.target, monkeypatch):
        assert (await go(here, journal(), "cutover")).failed
    here.clock.pass_by(100)
    here.target.seconds_per_run, quick = 10_000, here.target.seconds_per_run
    while not here.target.open:
        here.clock.pass_by(1)
    lines = journal()
    back = asyncio.create_task(go(here, lines, "rollback"))
    while not lines.entries[-1].action.endswith("drain-target"):  # noqa: ASYNC110 - the journal tells no event
        await asyncio.sleep(0)
    back.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await back
    here.target.seconds_per_run = quick
    here.clock.pass_by(30)
    await ends_well(here, journal(), "rollback")
    assert left_out(here) == []


@ENDS
async def test_a_cutover_that_is_stopped_before_it_drains_pays_nothing(
    tmp_path: Path, source: int, target: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, journal = two(tmp_path, source, target)
    await ends_well(here, journal(), "cutover")
    late(here, here.source)
    with nothing_is_filled(here.source, monkeypatch):
        assert (await go(here, journal(), "rollback")).failed
    here.clock.pass_by(100)
    lines = journal()
    before = len(lines.entries)
    stopped = await go(
        here,
        lines,
        "cutover",
        stop=lambda: any(entry.action.endswith("/record") for entry in lines.entries[before:]),
    )
    assert stopped.stopped
    here.clock.pass_by(100)
    await ends_well(here, journal(), "rollback")
    assert left_out(here) == []


async def test_a_target_that_never_ran_a_tick_owes_them_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed between the drain and the marker; the way back could not run what fell between."""
    here, journal = two(tmp_path)
    lines = journal()

    def dies() -> bool:
        last = lines.entries[-1] if lines.entries else None
        return last is not None and (last.action.endswith("drain-source"), last.event) == (True, "done")

    here.target.crash_at = here.source.crash_at = dies
    with pytest.raises(CrashError):
        await go(here, lines, "cutover")
    here.target.crash_at = here.source.crash_at = lambda: False
    here.clock.pass_by(420)
    with nothing_is_filled(here.source, monkeypatch):
        assert (await go(here, journal(), "rollback")).failed
    here.clock.pass_by(60)
    await ends_well(here, journal(), "cutover")
    assert left_out(here) == []


@pytest.mark.parametrize("target", [2, 3])
async def test_what_somebody_left_out_by_hand_between_two_cutovers_is_no_debt(tmp_path: Path, target: int) -> None:
    """The source was paused by hand for half an hour; later the target is, before it is drained."""
    here, journal = two(tmp_path, target=target)
    for way in ("cutover", "rollback"):
        await ends_well(here, journal(), way)
    here.source.is_paused = True
    here.clock.pass_by(1800)
    here.source.is_paused = False
    here.clock.pass_by(240)
    await ends_well(here, journal(), "cutover")
    here.clock.pass_by(40)
    by_hand = left_out(here)
    assert len(by_hand) > 10
    while here.target.open:
        here.clock.pass_by(1)
    here.target.is_paused = True
    await ends_well(here, journal(), "rollback")
    assert left_out(here) == by_hand


async def test_a_first_tick_that_is_due_and_does_not_come_is_an_alarm(tmp_path: Path) -> None:
    here, _ = two(tmp_path, minutes=60)
    watch, ctx = WatchTicks(Handover("d", "one", "prod", drained={"source", "target"}), 1), here.context()
    here.source.rows.clear()
    here.source.is_paused, here.target.is_paused, here.target.alive = True, False, False
    here.clock.pass_by(3700)
    assert (await watch.observe(ctx)).why == "no tick has come yet"
    with pytest.raises(RemoteError, match="should have run on the target"):
        await watch.apply(ctx)


def slips_in_and_dies(here: World, server: Server) -> None:
    """Killed as it had paused: a run had slipped in, which stands there since."""

    async def dies(_pause: object) -> None:
        while not server.open:
            here.clock.pass_by(1)
        server.is_paused = True
        raise CrashError

    once(server, True, dies)


async def dies_after(change: Callable[[], Awaitable[None]]) -> None:
    """Killed once the server has done it."""
    await change()
    raise CrashError


def dies_once_unpaused(server: Server) -> None:
    once(server, False, dies_after)


@pytest.mark.parametrize("one_at_a_time", [True, False])
@pytest.mark.parametrize("way", ["cutover", "rollback"])
@pytest.mark.parametrize("kills", [1, 2])
@pytest.mark.parametrize(("source", "target"), [(2, 3), (3, 3), (2, 2), (3, 2)])
async def test_a_drain_that_was_killed_owes_what_fell_between_its_pauses(
    tmp_path: Path, source: int, target: int, way: Any, kills: int, *, one_at_a_time: bool
) -> None:
    """Killed as it had paused, and again as it had unpaused that side to let the run end, which stood meanwhile."""
    here, journal = two(tmp_path, source, target, dag={"max_active_runs": 1} if one_at_a_time else {})
    if way == "rollback":
        await ends_well(here, journal(), "cutover")
    side = here.source if way == "cutover" else here.target
    for dies in (partial(slips_in_and_dies, here), dies_once_unpaused)[:kills]:
        dies(side)
        with pytest.raises(CrashError):
            await go(here, journal(), way)
        here.clock.pass_by(420)
    await ends_well(here, journal(), way)
    assert left_out(here) == []


@pytest.mark.parametrize("way", ["cutover", "rollback"])
@ENDS
async def test_a_drain_killed_as_it_had_paused_owes_what_fell_also_the_other_way(
    tmp_path: Path, source: int, target: int, way: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The way back unpauses it where no line says that it was drained, and is broken off before the gap is run."""
    other: Any = "rollback" if way == "cutover" else "cutover"
    here, journal = two(tmp_path, source, target)
    if way == "rollback":
        await ends_well(here, journal(), "cutover")
    side = here.source if way == "cutover" else here.target
    once(side, True, dies_after)
    with pytest.raises(CrashError):
        await go(here, journal(), way)
    assert journal().entries[-1].event == "begin"
    here.clock.pass_by(420)
    with nothing_is_filled(side, monkeypatch):
        assert (await go(here, journal(), other)).failed
    here.clock.pass_by(60)
    await ends_well(here, journal(), way)
    assert left_out(here) == []


@ENDS
async def test_a_target_paused_by_hand_before_its_drain_is_drained_all_the_same(
    tmp_path: Path, source: int, target: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a second cutover; the way back is then broken off between the sides, and turned round again."""
    here, journal = two(tmp_path, source, target)
    for way in ("cutover", "rollback", "cutover"):
        await ends_well(here, journal(), way)
    while here.target.open:
        here.clock.pass_by(1)
    here.target.is_paused = True
    late(here, here.source)
    with nothing_is_filled(here.source, monkeypatch):
        assert (await go(here, journal(), "rollback")).failed
    here.clock.pass_by(60)
    await ends_well(here, journal(), "cutover")
    assert left_out(here) == []


async def test_what_the_other_side_passed_over_for_lack_of_room_is_no_debt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a debt open, the target runs it for a while with runs that outlast their period."""
    here, journal = two(tmp_path, dag={"max_active_runs": 1})
    late(here, here.target)
    with nothing_is_filled(here.target, monkeypatch):
        assert (await go(here, journal(), "cutover")).failed
    owed = left_out(here)
    assert len(owed) > 1
    here.target.seconds_per_run = 290
    here.clock.pass_by(1800)
    skipped = [tick for tick in left_out(here) if tick not in owed]
    assert len(skipped) > 3
    here.target.seconds_per_run = 3
    while here.target.open:
        here.clock.pass_by(1)
    await ends_well(here, journal(), "rollback")
    assert left_out(here) == skipped


@pytest.mark.parametrize("hours", [1, 3])
async def test_a_dag_that_never_keeps_up_does_not_owe_what_our_own_runs_crowd_out(
    tmp_path: Path, hours: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each of its runs outlasts its period: what is run on purpose takes the place of what comes due meanwhile."""
    here, journal = two(tmp_path, dag={"max_active_runs": 1}, drain_timeout=40_000)
    # As after a day: the newest rows alone do not explain it.
    monkeypatch.setattr("astroferry.carry.handover.watch.FIRST_ROWS", 5)
    late(here, here.target)
    with nothing_is_filled(here.target, monkeypatch):
        assert (await go(here, journal(), "cutover")).failed
    owed = left_out(here)
    here.source.seconds_per_run = here.target.seconds_per_run = 290
    here.clock.pass_by(hours * 3600)
    skipped = [tick for tick in left_out(here) if tick not in owed]
    assert len(skipped) > 10 * hours
    began = here.clock.now()
    lines = journal()
    await ends_well(here, lines, "rollback")
    crowded = lines.standing()["rollback/one/d/gap-source"].made["crowded"]
    assert len(crowded) > 1
    handover, ctx = Handover("d", "one", "prod"), here.context()
    ctx.standing, ctx.lines = lines.standing_of, lines.lines
    none = [row.tick for row in await ticks_of(ctx, handover, here.ticks_due()[0], began) if row.side is None]
    assert not none, "the table explains all that was passed over before"
    ran = here.ticks_ran()
    assert all(datetime.fromisoformat(tick) not in ran for tick in crowded)
    assert not set(owed) & set(left_out(here))
    assert set(skipped) <= set(left_out(here)), "what it passed over by itself is not run on purpose"
    assert not (await go(here, journal(), "rollback")).failed
    assert lines.standing()["rollback/one/d/gap-source"].made["crowded"] == crowded
