"""What random chains found: moves that left a tick, a phase, an order or a run between the two sides."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

import pytest
from tests.carry.handover.going import go
from tests.carry.handover.killed import KilledError, Killing
from tests.carry.handover.test_debts import dies_once_unpaused, ends_well, late, left_out, nothing_is_filled, two
from tests.carry.handover.two_airflows import START, CrashError

from astroferry.carry.handover.ends import Handover
from astroferry.carry.handover.tallied import tallied
from astroferry.carry.handover.unpause import Unpause
from astroferry.carry.handover.watch import WatchTicks
from astroferry.carry.handover.wave import standings_of
from astroferry.carry.handover.whereabouts import place_of
from astroferry.carry.opening import Opened
from astroferry.errors import RemoteError, RequestFailedError, UnreachableError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.carry.handover.two_airflows import Server, World

    from astroferry.carry.journal import Journal
    from astroferry.model.organization import TokenSeen

FIRST = START + timedelta(minutes=2)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.fsync", lambda _: None)


def stops(here: World, lines: Journal, then: Callable[[], None] = lambda: None) -> Callable[[], bool]:
    """Somebody stops the cutover between its sides, where ticks come due meanwhile; the source goes on."""

    def stop() -> bool:
        last = lines.entries[-1] if lines.entries else None
        if last is None or (last.action, last.event) != ("cutover/one/d/drain-source", "done"):
            return False
        here.clock.pass_by(420)
        then()
        return True

    return stop


async def goes_on(here: World, lines: Journal, then: Callable[[], None] = lambda: None) -> None:
    report = await go(here, lines, "cutover", stop=stops(here, lines, then))
    assert report.stopped


def listed(here: World, journal: Journal) -> list[str]:
    ctx = here.context()
    ctx.standing, ctx.lines = journal.standing_of, journal.lines
    return [f"{tick:%H:%M}" for tick in sorted(Handover("d", "one", "prod").listed(ctx))]


@pytest.mark.parametrize("turns", [False, True])
@pytest.mark.parametrize("target", [2, 3])
async def test_the_first_ticks_of_a_dag_that_has_never_run_are_run_too(
    tmp_path: Path, target: int, *, turns: bool
) -> None:
    here, journal = two(tmp_path, target=target, warm=30)
    late(here, here.target)
    if turns:
        dies_once_unpaused(here.target)
        late(here, here.target)
        with pytest.raises(CrashError):
            await go(here, journal(), "cutover")
        here.clock.pass_by(60)
    await ends_well(here, journal(), "rollback" if turns else "cutover")
    assert min(here.ticks_ran()) == FIRST
    assert left_out(here) == []


@pytest.mark.parametrize("paused", [False, True])
async def test_a_dag_that_has_never_run_is_cut_over_again(tmp_path: Path, *, paused: bool) -> None:
    """A second cutover asks for nothing that could not be: there is no tick of the source to be marked."""
    here, journal = two(tmp_path, warm=30, watch_ticks=0)
    await ends_well(here, journal(), "cutover")
    here.target.is_paused = paused
    await ends_well(here, journal(), "cutover")
    assert min(here.ticks_ran()) == FIRST
    assert not here.target.is_paused


async def test_a_target_that_was_unpaused_by_hand_before_a_dag_ever_ran_is_said(tmp_path: Path) -> None:
    here, journal = two(tmp_path, warm=30, watch_ticks=0)
    with pytest.raises(KilledError):
        await go(here, Killing(tmp_path / "j.jsonl", 6), "cutover")
    here.target.is_paused = False
    report = await go(here, journal(), "cutover")
    assert "was unpaused on the target before its boundary was marked" in report.failed[0].why


@pytest.mark.parametrize("source", [2, 3])
async def test_the_source_that_goes_on_runs_what_fell_between_in_order(tmp_path: Path, source: int) -> None:
    here, journal = two(tmp_path, source, dag={"depends_on_past": True})
    await goes_on(here, journal())
    here.clock.pass_by(200)
    ran = [tick for tick, *_ in here.source.ledger]
    assert len(ran) > 5
    assert ran == sorted(ran)
    assert left_out(here) == []


@pytest.mark.parametrize("away", [False, True])
@pytest.mark.parametrize("target", [2, 3])
async def test_a_timedelta_that_goes_on_keeps_its_phase(
    tmp_path: Path, target: int, monkeypatch: pytest.MonkeyPatch, *, away: bool
) -> None:
    """Also where the target cannot be asked, unless ticks may wait there that the source would take for run."""
    off = {"kind": "timedelta", "start": START + timedelta(seconds=17)}
    here, journal = two(tmp_path, 3, target, dag=off)
    here.starship_on = ("target",)

    async def refuses(*_: object) -> Any:
        raise RequestFailedError("no", status=400)

    with monkeypatch.context() as patch:
        await goes_on(here, journal(), lambda: patch.setattr(here.target, "active_runs", refuses) if away else None)
    if away and target >= 3:
        assert here.source.is_paused
        assert not (await go(here, journal(), "rollback")).failed
    here.clock.pass_by(300)
    assert all((tick - here.source.start) % here.source.period == timedelta(0) for tick in here.ticks_ran())
    assert left_out(here) == []


async def test_the_source_goes_on_where_nothing_can_be_started_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, journal = two(tmp_path, 3, dag={"depends_on_past": True})

    async def refuses(*_: object, **__: object) -> int:
        raise RequestFailedError("no", status=400)

    with monkeypatch.context() as patch:
        patch.setattr(here.source, "create_backfill", refuses)
        await goes_on(here, journal())
    assert not here.source.is_paused
    await ends_well(here, journal(), "rollback")
    assert left_out(here) == []


@pytest.mark.parametrize("broken_off", [False, True])
async def test_what_the_side_that_went_on_lists_is_in_the_journal(tmp_path: Path, *, broken_off: bool) -> None:
    here, journal = two(tmp_path, gap="list")
    if broken_off:
        with pytest.raises(CrashError):
            await goes_on(here, journal(), lambda: dies_once_unpaused(here.source))
        here.clock.pass_by(60)
        assert not listed(here, journal())
        await ends_well(here, journal(), "cutover")
    else:
        await goes_on(here, journal())
    here.clock.pass_by(200)
    assert listed(here, journal()) == left_out(here) != []


async def test_ticks_that_were_listed_stay_so_when_more_are(tmp_path: Path) -> None:
    """Killed on the way back before the source was unpaused, so the cutover that follows is the same one."""
    here, journal = two(tmp_path, gap="list")
    late(here, here.target)
    await ends_well(here, journal(), "cutover")
    first = listed(here, journal())
    assert first
    killing = Killing(tmp_path / "j.jsonl", 6)
    with pytest.raises(KilledError):
        await go(here, killing, "rollback")
    assert killing.entries[-1].action == "rollback/one/d/mark-source"
    late(here, here.target)
    await ends_well(here, journal(), "cutover")
    assert set(first) < set(listed(here, journal()))
    assert listed(here, journal()) == left_out(here)


@pytest.mark.parametrize("killed", [False, True])
@pytest.mark.parametrize(("source", "target"), [(2, 3), (3, 3), (2, 2)])
async def test_the_last_ticks_before_an_end_date_are_run_where_it_passes_between_the_sides(
    tmp_path: Path, source: int, target: int, *, killed: bool
) -> None:
    """No scheduler makes a run after that date, not even of the latest tick."""
    here, journal = two(tmp_path, source, target, dag={"end": START + timedelta(minutes=6)})
    if killed:
        with pytest.raises(KilledError):
            await go(here, Killing(tmp_path / "j.jsonl", 6), "cutover")
        here.clock.pass_by(420)
    else:
        late(here, here.target)
    await ends_well(here, journal(), "cutover")
    assert here.ticks_ran() == [START + timedelta(minutes=2 * n) for n in range(1, 5)]


@pytest.mark.parametrize("way", ["cutover", "rollback"])
async def test_a_freeze_that_fails_owes_what_fell_while_it_waited(tmp_path: Path, way: Any) -> None:
    """Its tasks do not end, so it is unpaused again, minutes later; nothing else is left of it."""
    here, journal = two(tmp_path, freeze=("d",), drain_timeout=420)
    if way == "rollback":
        await ends_well(here, journal(), "cutover")
    side = here.source if way == "cutover" else here.target
    side.seconds_per_run = 1000
    while not side.open:
        here.clock.pass_by(1)
    report = await go(here, journal(), way)
    assert "it was unpaused again" in report.failed[0].why
    side.seconds_per_run = 3
    here.clock.pass_by(60)
    assert left_out(here) == []
    await ends_well(here, journal(), way)
    assert left_out(here) == []


def half_way(here: World, server: Server) -> None:
    while not server.open:
        here.clock.pass_by(1)


@pytest.mark.parametrize("before", ["unpause-source", ""])
@pytest.mark.parametrize(("source", "target", "catchup"), [(2, 3, True), (3, 2, True), (3, 3, False)])
async def test_what_a_way_back_left_half_way_on_the_target_goes_on_with_the_next_cutover(
    tmp_path: Path, source: int, target: int, before: str, *, catchup: bool
) -> None:
    """Also where it was killed before the source was unpaused. Nothing of it has to be deleted by anybody."""
    here, journal = two(tmp_path, source, target, freeze=("d",), dag={"tasks_of_run": 3})
    here.source.catchup = here.target.catchup = catchup
    here.starship_on = ("target", "source")
    await ends_well(here, journal(), "cutover")
    half_way(here, here.target)
    if before:
        lines = journal()
        await go(here, lines, "rollback", stop=lambda: lines.entries[-1].action.endswith("mark-source"))
        while not here.target.is_paused:
            half_way(here, here.target)
            killing = Killing(tmp_path / "j.jsonl", 6)
            with pytest.raises(KilledError):
                await go(here, killing, "rollback")
    else:
        await ends_well(here, journal(), "rollback")
    assert here.target.open
    await ends_well(here, journal(), "cutover")
    assert not here.target.is_paused
    assert left_out(here) == []


async def test_what_is_run_on_purpose_ends_before_its_dag_is_frozen(tmp_path: Path) -> None:
    """A backfill that is left open on a paused side keeps every marker from it."""
    here, journal = two(tmp_path, 3, 3, freeze=("d",), dag={"tasks_of_run": 3, "seconds_per_run": 20})
    late(here, here.target)
    await ends_well(here, journal(), "cutover")
    late(here, here.source)
    assert not (await go(here, journal(), "rollback")).failed
    assert any(run.run_type == "backfill" and run.state == "queued" for run in here.source.rows.values())
    await ends_well(here, journal(), "cutover")
    assert not any(here.source.rows[run].run_type == "backfill" for run in here.source.open)
    await ends_well(here, journal(), "rollback")
    assert left_out(here) == []


@pytest.mark.parametrize("kind", ["phase", "order"])
async def test_a_way_back_from_a_target_that_ran_nothing_fills_first_too(tmp_path: Path, kind: str) -> None:
    """Killed between the sides; an Airflow 3 source would go on in another phase, or with the latest tick first."""
    off = {"kind": "timedelta", "start": START + timedelta(seconds=17)}
    here, journal = two(tmp_path, 3, dag=off if kind == "phase" else {"depends_on_past": True})
    with pytest.raises(KilledError):
        await go(here, Killing(tmp_path / "j.jsonl", 6), "cutover")
    here.clock.pass_by(420)
    await ends_well(here, journal(), "rollback")
    ran = [tick for tick, *_ in here.source.ledger]
    assert ran == sorted(ran)
    assert all((tick - here.source.start) % here.source.period == timedelta(0) for tick in ran)
    assert left_out(here) == []


async def test_a_run_caught_half_way_by_a_freeze_that_was_broken_off_hides_no_tick(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It fills the DAG, and stood while ticks came due; only the line that unpauses its side tells of it."""
    here, journal = two(tmp_path, freeze=("d",), dag={"tasks_of_run": 2, "max_active_runs": 1, "seconds_per_run": 20})
    half_way(here, here.source)

    async def dies(*_: object) -> Any:
        raise CrashError

    with monkeypatch.context() as patch:
        patch.setattr(here.source, "task_instances", dies)
        with pytest.raises(CrashError):
            await go(here, journal(), "cutover")
    assert here.source.is_paused
    here.clock.pass_by(420)
    await ends_well(here, journal(), "rollback")
    assert left_out(here) == []


async def test_what_a_gap_was_seen_to_miss_is_owed_whatever_becomes_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Paid, as nothing was missing; then seen to be missing; then that run could not be made."""
    here, journal = two(tmp_path)
    await ends_well(here, journal(), "cutover")
    while here.target.open:
        here.clock.pass_by(1)
    here.target.is_paused = True
    here.clock.pass_by(420)
    here.target.is_paused = False
    here.clock.pass_by(60)
    with nothing_is_filled(here.target, monkeypatch):
        assert (await go(here, journal(), "cutover")).failed
    await ends_well(here, journal(), "rollback")
    assert left_out(here) == []


async def test_a_look_that_failed_later_takes_nothing_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The source was away when what had been given back was looked at again; it runs it all the same."""
    here, journal = two(tmp_path)
    for way in ("cutover", "rollback"):
        await ends_well(here, journal(), way)

    async def away(*_: object) -> Any:
        raise UnreachableError("The source does not answer.")

    with monkeypatch.context() as patch:
        patch.setattr(Unpause, "observe", away)
        with pytest.raises(UnreachableError):
            await go(here, journal(), "rollback")
    lines = journal()
    assert lines.entries[-1].event == "failed"
    assert place_of(lines.standing(), "one", "d") == "source"
    assert standings_of(lines, "one", given_back=False) == {}


@pytest.mark.parametrize("catchup", [False, True])
async def test_what_a_dag_has_yet_to_catch_up_with_is_not_missed(tmp_path: Path, *, catchup: bool) -> None:
    """Killed for hours: who ran by hand what is said to be missed would run it beside the scheduler."""
    here, journal = two(tmp_path, catchup=catchup, watch_ticks=0, gap="list", dag={"seconds_per_run": 60})
    with pytest.raises(KilledError):
        await go(here, Killing(tmp_path / "j.jsonl", 6), "cutover")
    here.clock.pass_by(7200)
    lines = journal()
    report = await go(here, lines, "cutover")
    assert not report.failed
    ctx = here.context()
    ctx.standing, ctx.lines = lines.standing_of, lines.lines
    way = Opened(tmp_path / "p.toml", here.plan, here.inventory, ctx, lines, tmp_path, cast("TokenSeen", None))
    count = (await tallied(way, "one", pytest.fail)).counts["d"]
    assert not count.missed
    assert bool(count.waiting) == catchup
    assert bool(count.listed) != catchup


async def test_a_phase_that_an_airflow_2_cannot_keep_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here, journal = two(tmp_path, dag={"kind": "timedelta", "start": START + timedelta(seconds=17)})
    context, told = here.context, list[str]()
    monkeypatch.setattr(here, "context", lambda: context(told))
    await goes_on(here, journal())
    assert any("goes on in another phase" in line for line in told)
    assert not here.source.is_paused


async def test_a_source_that_was_unpaused_as_its_way_back_was_killed_goes_on_after_ctrl_c(tmp_path: Path) -> None:
    """The server had taken it, and no line says that it was read back: the cutover that follows is a new one."""
    here, journal = two(tmp_path)
    await ends_well(here, journal(), "cutover")
    lines = Killing(tmp_path / "j.jsonl", 8)
    with pytest.raises(KilledError):
        await go(here, lines, "rollback")
    assert (lines.entries[-1].action, lines.entries[-1].event) == ("rollback/one/d/unpause-source", "applied")
    here.clock.pass_by(200)
    await goes_on(here, journal())
    assert (here.source.is_paused, here.target.is_paused) == (False, True)
    here.clock.pass_by(100)
    await ends_well(here, journal(), "cutover")
    assert left_out(here) == []


async def test_a_dag_that_has_never_run_and_is_paused_by_hand_is_not_watched_for_ever(tmp_path: Path) -> None:
    here, journal = two(tmp_path, warm=30, parse_timeout=300)
    watched = WatchTicks(Handover("d", "one", "prod", drained={"source", "target"}), 1, "source", way="rollback")
    here.source.is_paused = True
    waits = here.clock.now() + timedelta(hours=1)

    def too_long() -> bool:
        assert here.clock.now() < waits
        return False

    here.source.crash_at = too_long
    with pytest.raises(RemoteError, match="should have run on the source"):
        await watched.apply(here.context())
    assert not journal().entries
