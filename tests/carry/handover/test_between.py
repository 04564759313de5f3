"""What the journal's lines of one DAG come to, and the room that its runs leave: line by line, without servers."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest
from tests.carry.handover.two_airflows import START

from astroferry.advice.ticks import Tick
from astroferry.carry.handover.between import between
from astroferry.carry.handover.room import is_crowded, takes_the_room
from astroferry.carry.journal import Entry
from astroferry.model.cutover import GAP_PREFIX
from astroferry.model.inventory import Run

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from astroferry.carry.handover.between import Between


Line = tuple[str, str, dict[str, Any]]
"""way and step, event, facts"""


def minute(number: int) -> datetime:
    return START + timedelta(minutes=number)


def told(*lines: Line) -> Between:
    """The nth line is written in the nth minute."""
    entries = [
        Entry(n, minute(n), step.replace("/", "/one/d/"), cast("Any", event), facts=facts)
        for n, (step, event, facts) in enumerate(lines, 1)
    ]
    return between(entries)


def drained(side: str, last: int, **more: Any) -> Line:
    way = "cutover" if side == "source" else "rollback"
    return f"{way}/drain-{side}", "applied", {"frozen": [], "last": minute(last).isoformat(), **more}


BEGUN: Line = ("cutover/unpause-target", "begin", {"last": minute(1).isoformat()})
PAID: Line = ("cutover/gap-target", "done", {})


def test_a_new_cutover_asks_anew_where_the_source_ended() -> None:
    assert told(drained("source", 1)).source_ended == minute(1)
    assert told(drained("source", 1), ("cutover/record", "applied", {})).source_ended is None


def test_what_was_begun_before_other_steps_is_no_way_back_to_before_them() -> None:
    again = ("cutover/unpause-target", "begin", {"last": minute(9).isoformat()})
    assert told(drained("source", 1), BEGUN, PAID, drained("target", 9), again).owed_since == minute(9)


def test_a_run_stands_until_its_side_is_unpaused_and_not_only_until_that_is_begun() -> None:
    stood = drained("source", 1, frozen=["x"], stood=minute(1).isoformat())
    begun: Line = ("rollback/unpause-source", "begin", {})
    applied = ("rollback/unpause-source", "applied", {"unpaused": True, "at": minute(50).isoformat()})
    assert told(stood, begun, applied).stood["source"]["x"] == ((minute(1), minute(50)),)


@pytest.mark.parametrize(("event", "facts"), [("refused", {}), ("applied", {"unpaused": False})])
def test_what_surely_unpaused_nothing_leaves_it_standing(event: str, facts: dict[str, Any]) -> None:
    seen = told(drained("source", 1), BEGUN, ("cutover/unpause-target", event, facts))
    assert (seen.stands, seen.owed_since) == (True, None)
    assert (told(drained("source", 1), BEGUN).stands, told(drained("source", 1), BEGUN).owed_since) == (
        False,
        minute(1),
    )


def test_a_drain_that_unpaused_it_again_after_a_pause_of_its_own_tells_since_when() -> None:
    assert told(drained("source", 8, since=minute(3).isoformat())).owed_since == minute(3)


@pytest.mark.parametrize("owed", [True, False])
def test_a_side_that_was_let_go_on_pays_only_if_it_ran_what_fell_between(*, owed: bool) -> None:
    let = "cutover/let-source-run"
    lines: list[Line] = [(let, "begin", {}), (let, "applied", {"unpaused": True, "owed": owed}), (let, "done", {})]
    assert told(drained("source", 1), *lines).owed_since == (minute(1) if owed else None)


def test_what_was_paid_while_a_drain_was_under_way_is_not_owed_once_it_ends() -> None:
    drain = ("rollback/drain-target", "begin", {"was_paused": False, "last": minute(6).isoformat()})
    assert told(drained("source", 1), BEGUN, drain, PAID, drained("target", 9)).owed_since is None
    assert told(drained("source", 1), BEGUN, drain, drained("target", 9)).owed_since == minute(1)


class Room:
    """A DAG with a tick every two minutes, of which these runs are on that side."""

    def __init__(self, limit: int, runs: Sequence[Run]) -> None:
        after = lambda moment: Tick(moment + timedelta(minutes=2), moment)  # noqa: E731 - of one expression
        self._plan = SimpleNamespace(catchup=False, max_active_runs=limit, ticks=SimpleNamespace(after=after))
        self.dag_id, self._runs = "d", tuple(runs)

    async def plan(self, _ctx: object) -> Any:
        return self._plan

    def was_active(self, _ctx: object) -> bool:
        return True

    async def airflow(self, *_: object) -> Any:
        return self

    async def active_runs(self, _dag_id: str) -> tuple[Run, ...]:
        return tuple(run for run in self._runs if run.state in {"queued", "running"})

    async def rows(self, *_: object) -> tuple[Run, ...]:
        return self._runs


def ours(number: int, seconds: int = 0) -> Run:
    """A run of ours: queued, or ended after so many seconds."""
    began, end = minute(number), minute(number) + timedelta(seconds=seconds)
    made = Run(f"{GAP_PREFIX}{number}", "manual", "queued", began, began, minute(number + 2))
    return replace(made, state="success", start_date=began, end_date=end) if seconds else made


@pytest.mark.parametrize(("count", "limit", "takes"), [(0, 4, False), (1, 4, False), (2, 4, True), (1, 1, True)])
async def test_half_of_the_room_is_enough_to_be_waited_for(count: int, limit: int, *, takes: bool) -> None:
    room: Any = Room(limit, [ours(number) for number in range(count)])
    assert await takes_the_room(cast("Any", None), room, "source") is takes


@pytest.mark.parametrize(("seconds", "limit", "crowded"), [(180, 1, True), (180, 2, False), (250, 2, True)])
async def test_a_dag_never_keeps_up_where_runs_outlast_all_its_places(
    seconds: int, limit: int, *, crowded: bool
) -> None:
    room: Any = Room(limit, [ours(number, seconds) for number in (0, 2, 4)])
    assert await is_crowded(cast("Any", None), room, "source", START) is crowded
