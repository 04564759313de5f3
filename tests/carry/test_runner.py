from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, ClassVar, cast

import pytest
from tests.carry.handover.two_airflows import SteppedClock

from astroferry.carry import lingering, runner
from astroferry.carry.action import ActionInfo, Facts, Observation
from astroferry.carry.context import Context
from astroferry.carry.journal import Journal
from astroferry.carry.places import LENT, Places
from astroferry.carry.runner import Report, Step, carry_out, in_order
from astroferry.carry.undoing import undo
from astroferry.errors import (
    AstroferryError,
    NotAllowedError,
    RemoteError,
    RequestFailedError,
    UnreachableError,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from astroferry.carry.action import Action
    from astroferry.model.inventory import Inventory
    from astroferry.model.plan import Plan


class KilledError(BaseException):
    """The process is gone."""


@dataclass
class World:
    """A server: things by name, each with an id; it counts what was made and taken away."""

    things: dict[str, tuple[int, str]] = field(default_factory=dict)
    made: Counter[str] = field(default_factory=Counter)
    deleted: Counter[str] = field(default_factory=Counter)
    log: list[str] = field(default_factory=list)
    """`observe a`, `apply a` ... in the order of calls"""
    trouble: dict[str, BaseException] = field(default_factory=dict)
    """call ("apply a") -> what it raises, before it did anything"""
    after: dict[str, BaseException] = field(default_factory=dict)
    """call -> what it raises once it is done, as a lost answer does"""

    def called(self, call: str) -> None:
        self.log.append(call)
        if call in self.trouble:
            raise self.trouble[call]

    def left(self, call: str) -> None:
        if call in self.after:
            raise self.after[call]

    def contents(self) -> dict[str, str]:
        return {name: content for name, (_, content) in self.things.items()}


@dataclass(frozen=True)
class Make:
    """Make a thing of that name and content; one that is there already with another content is overwritten.

    Undone by its id, as a Workspace is: nothing is deleted that astroferry does not know to be its own.
    """

    world: World
    name: str
    needs: tuple[str, ...] = ()
    content: str = "ours"
    kind: Any = "undo"
    says: Observation | None = None
    """what observe says, instead of looking"""
    reads: Observation | None = None
    """what verify says, instead of looking"""

    @property
    def info(self) -> ActionInfo:
        return ActionInfo(self.name, f"Thing {self.name}", "prepare", self.needs, self.kind)

    async def observe(self, _ctx: Context) -> Observation:
        self.world.called(f"observe {self.name}")
        if self.says is not None:
            return self.says
        thing = self.world.things.get(self.name)
        if thing is None:
            return Observation("todo", facts={"content": None})
        return Observation(
            "done" if thing[1] == self.content else "todo", facts={"content": thing[1], "id": thing[0]}
        )

    async def apply(self, _ctx: Context) -> Facts:
        self.world.called(f"apply {self.name}")
        there = self.world.things.get(self.name)
        self.world.made[self.name] += 1
        number = there[0] if there else 100 + sum(self.world.made.values())
        self.world.things[self.name] = (number, self.content)
        self.world.left(f"apply {self.name}")
        return {"id": number}

    async def verify(self, ctx: Context) -> Observation:
        self.world.called(f"verify {self.name}")
        if self.reads is not None:
            return self.reads
        thing = self.world.things.get(self.name)
        return Observation("done" if thing is not None and thing[1] == self.content else "failed")

    async def undo(self, _ctx: Context, before: Observation, facts: Facts) -> str:
        self.world.called(f"undo {self.name}")
        thing = self.world.things.get(self.name)
        if thing is None or thing[0] != facts.get("id"):
            return "was gone already"
        if before.facts["content"] is not None:
            self.world.things[self.name] = (thing[0], before.facts["content"])
            said = "put back"
        else:
            del self.world.things[self.name]
            self.world.deleted[self.name] += 1
            said = "deleted"
        self.world.left(f"undo {self.name}")
        return said


@dataclass
class Ship:
    """A runner's surroundings for a test."""

    world: World
    ctx: Context
    path: Path
    told: list[str] = field(default_factory=list)

    def journal(self) -> Journal:
        return Journal(self.path)

    def events(self) -> list[tuple[str, str]]:
        return [(entry.action, entry.event) for entry in self.journal().entries]


@pytest.fixture
def ship(plan: Plan, inventory: Inventory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ship:
    # Hundreds of synced lines take seconds; that they are synced is the journal's own test.
    monkeypatch.setattr("os.fsync", lambda _: None)
    nothing = cast("Any", None)
    told: list[str] = []
    ctx = Context(plan, inventory, tmp_path, nothing, nothing, nothing, nothing, tell=told.append)
    return Ship(World(), ctx, tmp_path / "migration.journal.jsonl", told)


def outcomes(report: Report) -> dict[str, str]:
    return {step.info.id: step.outcome for step in report.steps}


# -- order -----------------------------------------------------------------------------------------------------------


def test_needs_come_first_and_the_rest_stays_as_given(ship: Ship) -> None:
    actions = [
        Make(ship.world, "c", ("b",)),
        Make(ship.world, "x"),
        Make(ship.world, "b", ("a",)),
        Make(ship.world, "a"),
    ]
    assert [action.info.id for action in in_order(actions)] == ["a", "b", "c", "x"]
    assert in_order([]) == []


def test_needs_met_elsewhere_are_left_out_but_never_reordered(ship: Ship) -> None:
    actions = [Make(ship.world, "b", ("a", "other")), Make(ship.world, "a")]
    ordered = in_order(actions, done=frozenset({"other", "a"}))
    assert [action.info.id for action in ordered] == ["a", "b"]


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ([("a", "b"), ("b", "a")], "a needs itself"),
        ([("a", "a")], "a needs itself"),
        ([("a", "nothing")], "a needs nothing, which is not there"),
        ([("a", "b"), ("b", ""), ("a", "")], "two actions have the same id"),
    ],
)
def test_a_graph_that_cannot_be_is_a_bug(ship: Ship, names: list[tuple[str, str]], message: str) -> None:
    actions = [Make(ship.world, name, (need,) if need else ()) for name, need in names]
    with pytest.raises(ValueError, match=message):
        in_order(actions)


# -- carrying out ----------------------------------------------------------------------------------------------------


async def test_what_is_not_there_is_made_and_what_is_there_is_found(ship: Ship) -> None:
    ship.world.things["pre"] = (1, "ours")
    steps: list[tuple[str, int, int]] = []
    report = await carry_out(
        [Make(ship.world, "pre"), Make(ship.world, "a", ("pre",))],
        ship.ctx,
        ship.journal(),
        follow=lambda step, done, total: steps.append((step.outcome, done, total)),
    )
    assert outcomes(report) == {"pre": "found", "a": "done"}
    assert steps == [("found", 1, 2), ("done", 2, 2)]
    assert ship.events() == [("pre", "found"), ("a", "begin"), ("a", "applied"), ("a", "done")]
    assert ship.world.log == ["observe pre", "observe a", "apply a", "verify a"]
    assert (report.failed, report.stopped, report.count("done"), report.count("held")) == ((), "", 1, 0)
    standing = ship.journal().standing()
    assert standing["a"].made == {"id": 101}
    assert standing["a"].before == {"observed": {"content": None}}
    assert not standing["pre"].ours


async def test_the_second_run_finds_everything_and_writes_nothing(ship: Ship) -> None:
    ship.world.things["pre"] = (1, "ours")
    actions = [Make(ship.world, "pre"), Make(ship.world, "a")]
    await carry_out(actions, ship.ctx, ship.journal())
    before = ship.path.read_bytes()
    report = await carry_out(actions, ship.ctx, ship.journal())
    assert outcomes(report) == {"pre": "found", "a": "found"}
    assert ship.path.read_bytes() == before
    assert ship.world.made == {"a": 1}


async def test_a_failure_holds_back_only_what_needs_it(ship: Ship) -> None:
    ship.world.trouble["apply a"] = RequestFailedError("No.", status=400, hint="Ask.")
    actions = [
        Make(ship.world, "a"),
        Make(ship.world, "b", ("a",)),
        Make(ship.world, "c", ("x", "b")),
        Make(ship.world, "x"),
    ]
    report = await carry_out(actions, ship.ctx, ship.journal())
    assert outcomes(report) == {"a": "failed", "b": "held", "x": "done", "c": "held"}
    assert [step.why for step in report.failed] == [
        "No. Ask.",
        "needs Thing a, which failed",
        "needs Thing b, which failed",
    ]
    assert [event for event in ship.events() if event[0] != "x"] == [("a", "begin"), ("a", "failed")]
    assert ship.journal().standing()["a"].why == "No. Ask."
    # What is repaired is carried on with.
    ship.world.trouble.clear()
    report = await carry_out(actions, ship.ctx, ship.journal())
    assert outcomes(report) == {"a": "done", "b": "done", "x": "found", "c": "done"}
    assert ship.world.made == dict.fromkeys("abcx", 1)


@pytest.mark.parametrize("state", ["doubt", "failed"])
async def test_what_is_in_doubt_is_not_touched(ship: Ship, state: Any) -> None:
    report = await carry_out(
        [Make(ship.world, "a", says=Observation(state, "two are there"))], ship.ctx, ship.journal()
    )
    assert [(step.outcome, step.why) for step in report.steps] == [("failed", "two are there")]
    assert ship.events() == [("a", "failed")]
    assert ship.world.made == {}
    assert not ship.journal().standing()["a"].ours


@pytest.mark.parametrize(
    ("reads", "why"),
    [
        (Observation("failed", "is grey"), "is grey"),
        (Observation("todo"), "the server took it, but reading it back shows something else"),
        (Observation("doubt", "hm"), "hm"),
    ],
)
async def test_what_reads_back_wrong_has_failed_but_is_ours(ship: Ship, reads: Observation, why: str) -> None:
    report = await carry_out([Make(ship.world, "a", reads=reads)], ship.ctx, ship.journal())
    assert [(step.outcome, step.why) for step in report.steps] == [("failed", why)]
    assert ship.events() == [("a", "begin"), ("a", "applied"), ("a", "failed")]
    assert ship.journal().standing()["a"].ours
    assert ship.journal().standing()["a"].made == {"id": 101}


@pytest.mark.parametrize("kind", [NotAllowedError, UnreachableError])
@pytest.mark.parametrize("call", ["observe", "apply", "verify"])
async def test_a_refused_credential_or_a_lost_server_ends_the_run(
    ship: Ship, kind: type[AstroferryError], call: str
) -> None:
    ship.world.trouble[f"{call} b"] = kind("Gone.", hint="Again.")
    actions = [Make(ship.world, name) for name in "abc"]
    with pytest.raises(kind, match="Gone"):
        await carry_out(actions, ship.ctx, ship.journal())
    assert ship.events()[-1] == ("b", "failed")
    assert ship.journal().entries[-1].why == "Gone."
    assert not [line for line in ship.world.log if line.endswith(" c")]
    ship.world.trouble.clear()
    report = await carry_out(actions, ship.ctx, ship.journal())
    assert not report.failed
    assert ship.world.made == dict.fromkeys("abc", 1)


async def test_a_server_that_answered_in_between_is_waited_for_anew(ship: Ship) -> None:
    """A drain that took an hour and then lost the server has not been without it for an hour."""
    clock = SteppedClock()
    ctx = replace(ship.ctx, clock=clock)
    tries: list[float] = [0, 600, 0]

    class Long(Make):
        async def apply(self, ctx: Context) -> Facts:
            if tries:
                clock.pass_by(tries.pop(0))
                raise UnreachableError("Gone.")
            return await super().apply(ctx)

    report = await carry_out([Long(ship.world, "a")], ctx, ship.journal(), patience=300)
    assert (outcomes(report), tries) == ({"a": "done"}, [])
    tries += [0] * 100
    with pytest.raises(UnreachableError):
        await carry_out([Long(ship.world, "b")], ctx, ship.journal(), patience=300)
    assert 40 < len(tries) < 60


async def test_a_bug_is_not_taken_for_a_failure(ship: Ship) -> None:
    ship.world.trouble["apply a"] = ZeroDivisionError()
    with pytest.raises(ZeroDivisionError):
        await carry_out([Make(ship.world, "a")], ship.ctx, ship.journal())
    assert ship.events() == [("a", "begin")]


async def test_an_answer_lost_on_the_way_makes_nothing_twice(ship: Ship) -> None:
    ship.world.after["apply a"] = UnreachableError("Timed out.")
    with pytest.raises(UnreachableError):
        await carry_out([Make(ship.world, "a")], ship.ctx, ship.journal())
    report = await carry_out([Make(ship.world, "a")], ship.ctx, ship.journal())
    assert outcomes(report) == {"a": "found"}
    assert ship.events()[-2:] == [("a", "applied"), ("a", "done")]
    assert ship.world.made == {"a": 1}
    assert ship.journal().standing()["a"].made["id"] == 101


async def test_a_dry_run_looks_and_writes_nothing(ship: Ship) -> None:
    ship.world.things["pre"] = (1, "ours")
    ship.world.trouble["observe broken"] = RemoteError("Not the API.")
    actions = [
        Make(ship.world, "pre"),
        Make(ship.world, "a"),
        Make(ship.world, "b", ("a",)),
        Make(ship.world, "doubt", says=Observation("doubt", "two are there")),
        Make(ship.world, "never", says=Observation("failed", "no")),
        Make(ship.world, "broken"),
        Make(ship.world, "held", ("broken",)),
    ]
    report = await carry_out(actions, ship.ctx, ship.journal(), dry_run=True)
    assert outcomes(report) == {
        "pre": "found",
        "a": "todo",
        "b": "todo",
        "doubt": "failed",
        "never": "failed",
        "broken": "failed",
        "held": "held",
    }
    assert [step.why for step in report.failed[:3]] == ["two are there", "no", "Not the API."]
    assert not ship.path.exists()
    assert all(line.startswith("observe ") for line in ship.world.log)
    assert ship.told == []


async def test_a_dry_run_without_a_server_ends_and_writes_nothing(ship: Ship) -> None:
    ship.world.trouble["observe a"] = UnreachableError("Gone.")
    with pytest.raises(UnreachableError):
        await carry_out([Make(ship.world, "a")], ship.ctx, ship.journal(), dry_run=True)
    assert not ship.path.exists()


async def test_a_stop_is_heard_between_two_actions(ship: Ship) -> None:
    actions = [Make(ship.world, name) for name in "abc"]
    report = await carry_out(actions, ship.ctx, ship.journal(), stop=lambda: "verify b" in ship.world.log)
    assert outcomes(report) == {"a": "done", "b": "done"}
    assert report.stopped == "stopped on request; what is done is journalled"
    assert not report.failed
    report = await carry_out(actions, ship.ctx, ship.journal())
    assert outcomes(report) == {"a": "found", "b": "found", "c": "done"}


async def test_a_stop_after_the_last_has_begun_stops_nothing(ship: Ship, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "LISTENS", 0.01)

    class Slowly(Make):
        async def apply(self, ctx: Context) -> Facts:
            await asyncio.sleep(0.05)
            return await super().apply(ctx)

    journal = ship.journal()
    report = await carry_out([Slowly(ship.world, "a")], ship.ctx, journal, stop=lambda: bool(journal.entries))
    assert outcomes(report) == {"a": "done"}
    assert report.stopped == ""


class Watching(Make):
    """Changes nothing, and waits for days."""

    @property
    def info(self) -> ActionInfo:
        return replace(super().info, waits=True)

    async def apply(self, ctx: Context) -> Facts:
        await asyncio.sleep(1000)
        return await super().apply(ctx)


async def test_a_stop_does_not_wait_for_what_only_watches(ship: Ship, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "LISTENS", 0.01)
    watching, journal = Watching(ship.world, "days"), ship.journal()
    actions = [Make(ship.world, "a"), watching, Make(ship.world, "b")]

    def begun() -> list[str]:
        return [entry.event for entry in journal.entries if entry.action == watching.info.id]

    report = await carry_out(actions, ship.ctx, journal, at_once=2, stop=lambda: "begin" in begun())
    assert report.stopped
    assert not report.failed
    assert watching.info.id not in outcomes(report)
    assert begun() == ["begin"], "the next run looks at it anew"


async def test_a_pause_is_between_two_actions_and_whoever_ends_it_there_loses_nothing(ship: Ship) -> None:
    actions = [Make(ship.world, name) for name in "abc"]
    kept, reached, go = ship.journal(), asyncio.Event(), asyncio.Event()

    async def pause() -> None:
        if "verify b" in ship.world.log:
            reached.set()
            await go.wait()

    running = asyncio.create_task(carry_out(actions, ship.ctx, kept, pause=pause))
    await reached.wait()
    assert [entry.event for entry in kept.entries[-3:]] == ["begin", "applied", "done"]
    assert "observe c" not in ship.world.log, "nothing is asked while it is paused"
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    go.set()
    report = await carry_out(actions, ship.ctx, ship.journal(), pause=pause)
    assert outcomes(report) == {"a": "found", "b": "found", "c": "done"}


@dataclass(frozen=True)
class LateAnswer(Make):
    """Its server has done it at once, and answers once `answer` is set."""

    whole: bool = True
    done: asyncio.Event = field(default_factory=asyncio.Event)
    answer: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def info(self) -> ActionInfo:
        return replace(super().info, whole=self.whole)

    async def apply(self, ctx: Context) -> Facts:
        facts = await super().apply(ctx)
        self.done.set()
        await self.answer.wait()
        return facts


async def ended_in_the_middle(ship: Ship, action: LateAnswer, *, answers: bool) -> list[str]:
    """Events of the journal after somebody has asked twice to end while it was applied."""
    kept = ship.journal()
    running = asyncio.create_task(carry_out([action], ship.ctx, kept))
    await action.done.wait()
    for _ in range(2):
        running.cancel()
        await asyncio.sleep(0.01)
    if answers:
        action.answer.set()
    with pytest.raises(asyncio.CancelledError):
        await running
    return [entry.event for entry in kept.entries]


async def test_what_is_whole_is_not_broken_off(ship: Ship, monkeypatch: pytest.MonkeyPatch) -> None:
    assert await ended_in_the_middle(ship, LateAnswer(ship.world, "a"), answers=True) == ["begin", "applied"]
    assert await ended_in_the_middle(ship, LateAnswer(ship.world, "b", whole=False), answers=False) == [
        *("begin", "applied"),
        "begin",
    ]
    monkeypatch.setattr(lingering, "SOON", 0.1)
    events = await ended_in_the_middle(ship, LateAnswer(ship.world, "c"), answers=False)
    assert events[-1] == "begin", "its answer does not come, and nobody waits for ever"
    again = await carry_out([Make(ship.world, name) for name in "abc"], ship.ctx, ship.journal())
    assert outcomes(again) == dict.fromkeys("abc", "found")


async def test_a_stop_is_heard_when_a_pause_ends(ship: Ship) -> None:
    stopping: list[str] = []

    async def pause() -> None:
        if "verify a" in ship.world.log:
            stopping.append("now")

    actions = [Make(ship.world, name) for name in "ab"]
    report = await carry_out(actions, ship.ctx, ship.journal(), pause=pause, stop=lambda: bool(stopping))
    assert outcomes(report) == {"a": "done"}


class Slow(Make):
    """Takes as many turns of the loop as its content says, and tells how many are under way."""

    under_way: ClassVar[list[str]] = []
    most: ClassVar[list[int]] = []

    async def apply(self, ctx: Context) -> Facts:
        Slow.under_way.append(self.name)
        Slow.most.append(len(Slow.under_way))
        for _ in range(5):
            await asyncio.sleep(0)
        Slow.under_way.remove(self.name)
        return await super().apply(ctx)


@pytest.mark.parametrize(("at_once", "most"), [(1, 1), (2, 2), (9, 4)])
async def test_so_many_are_under_way_at_once_and_each_after_what_it_needs(
    ship: Ship, at_once: int, most: int
) -> None:
    kept = ship.journal()
    Slow.under_way.clear()
    Slow.most.clear()
    actions = [Slow(ship.world, name) for name in "abcd"] + [Slow(ship.world, "e", needs=("a", "d"))]
    report = await carry_out(actions, ship.ctx, kept, at_once=at_once)
    assert set(outcomes(report).values()) == {"done"}
    assert max(Slow.most) == most
    assert ship.world.log.index("observe e") > max(ship.world.log.index(f"verify {name}") for name in "ad")
    assert [entry.number for entry in kept.entries] == list(range(1, 16))


async def test_what_only_waits_takes_no_room(ship: Ship) -> None:
    kept = ship.journal()

    class Waits(Slow):
        @property
        def info(self) -> ActionInfo:
            return replace(super().info, waits=True)

    Slow.under_way.clear()
    Slow.most.clear()
    actions = [*(Waits(ship.world, name) for name in "abc"), *(Slow(ship.world, name) for name in "xyz")]
    await carry_out(actions, ship.ctx, kept, at_once=2)
    assert max(Slow.most) == 5


@pytest.mark.parametrize(("at_once", "most", "aside_ends"), [(1, 1, True), (2, 2, False)])
async def test_what_waits_aside_lends_its_place(ship: Ship, at_once: int, most: int, aside_ends: bool) -> None:
    kept = ship.journal()
    over = asyncio.Event()
    if aside_ends:
        over.set()

    class Drains(Make):
        async def apply(self, ctx: Context) -> Facts:
            with ctx.aside():
                await over.wait()
            return await super().apply(ctx)

    class Last(Slow):
        async def apply(self, ctx: Context) -> Facts:
            over.set()
            return await super().apply(ctx)

    Slow.under_way.clear()
    Slow.most.clear()
    drains = [Drains(ship.world, name) for name in "abc"]
    actions = [*drains, *(Slow(ship.world, name) for name in "wxy"), Last(ship.world, "z", needs=("w", "x", "y"))]
    # Three wait until the last is done: without their places it would never begin.
    async with asyncio.timeout(60):
        report = await carry_out(actions, ship.ctx, kept, at_once=at_once)
    assert set(outcomes(report).values()) == {"done"}
    assert max(Slow.most) == most


async def test_no_more_than_some_times_the_places_are_lent() -> None:
    places = Places(2)
    over = asyncio.Event()

    async def wait() -> None:
        with places.aside():
            await over.wait()

    tasks = [asyncio.ensure_future(wait()) for _ in range(2 * LENT + 3)]
    await asyncio.sleep(0)
    action = cast("Action", SimpleNamespace(info=SimpleNamespace(waits=False)))
    assert places.room((task, action) for task in tasks) == 2 - 3
    over.set()
    await asyncio.gather(*tasks)


async def test_a_failure_holds_back_what_needs_it_among_many(ship: Ship) -> None:
    kept = ship.journal()
    ship.world.trouble["apply a"] = RemoteError("no")
    actions = [
        Slow(ship.world, "a"),
        Slow(ship.world, "b"),
        Slow(ship.world, "c", needs=("a",)),
        Slow(ship.world, "d", needs=("c",)),
    ]
    report = await carry_out(actions, ship.ctx, kept, at_once=4)
    assert outcomes(report) == {"a": "failed", "b": "done", "c": "held", "d": "held"}


async def test_a_lost_server_ends_the_others_where_they_stand(ship: Ship) -> None:
    kept = ship.journal()
    ship.world.trouble["apply a"] = UnreachableError("gone")
    with pytest.raises(UnreachableError):
        await carry_out([Make(ship.world, "a"), Slow(ship.world, "b")], ship.ctx, kept, at_once=2)
    assert kept.standing()["b"].event == "begin"
    ship.world.trouble.clear()
    Slow.under_way.clear()
    report = await carry_out([Make(ship.world, "a"), Slow(ship.world, "b")], ship.ctx, kept, at_once=2)
    assert set(outcomes(report).values()) == {"done"}
    assert ship.world.made == {"a": 1, "b": 1}


async def test_what_somebody_removed_since_is_made_again(ship: Ship) -> None:
    await carry_out([Make(ship.world, "a")], ship.ctx, ship.journal())
    del ship.world.things["a"]
    report = await carry_out([Make(ship.world, "a")], ship.ctx, ship.journal())
    assert outcomes(report) == {"a": "done"}
    assert ship.journal().standing()["a"].made == {"id": 102}


# -- undoing ---------------------------------------------------------------------------------------------------------


def fleet(world: World) -> list[Make]:
    """One that was there, two that are made, one that is overwritten; `b` needs `a`."""
    return [
        Make(world, "pre"),
        Make(world, "b", ("a", "pre")),
        Make(world, "a"),
        Make(world, "over", ("b",)),
        Make(world, "last", ("over",)),
    ]


def at_sea() -> World:
    return World({"pre": (1, "ours"), "over": (2, "theirs"), "bystander": (3, "theirs")})


START = {"pre": "ours", "over": "theirs", "bystander": "theirs"}
END = {**START, "over": "ours", "a": "ours", "b": "ours", "last": "ours"}


async def test_only_ours_is_undone_in_reverse_order(ship: Ship) -> None:
    ship.world = at_sea()
    actions = fleet(ship.world)
    await carry_out(actions, ship.ctx, ship.journal())
    assert ship.world.contents() == END
    ship.world.log.clear()
    seen: list[tuple[str, str, int, int]] = []

    def follow(step: Step, done: int, total: int) -> None:
        seen.append((step.info.id, step.why, done, total))

    report = await undo(actions, ship.ctx, ship.journal(), follow=follow)
    assert ship.world.log == ["undo last", "undo over", "undo b", "undo a"]
    assert seen == [
        ("last", "deleted", 1, 4),
        ("over", "put back", 2, 4),
        ("b", "deleted", 3, 4),
        ("a", "deleted", 4, 4),
    ]
    assert report.count("undone") == 4
    assert ship.world.contents() == START
    assert not any(standing.ours for standing in ship.journal().standing().values())
    # A second undo has nothing to do, and carrying out begins anew.
    assert (await undo(actions, ship.ctx, ship.journal())).steps == []
    assert outcomes(await carry_out(actions, ship.ctx, ship.journal()))["over"] == "done"
    assert ship.world.contents() == END


async def test_undo_needs_nothing_that_was_met_elsewhere(ship: Ship) -> None:
    done = frozenset({"elsewhere"})
    actions = [Make(ship.world, "a", ("elsewhere",))]
    await carry_out(actions, ship.ctx, ship.journal(), done=done)
    assert outcomes(await undo(actions, ship.ctx, ship.journal(), done=done)) == {"a": "undone"}


async def test_what_was_never_begun_is_not_undone(ship: Ship) -> None:
    ship.world.trouble["observe a"] = RemoteError("No.")
    await carry_out([Make(ship.world, "a")], ship.ctx, ship.journal())
    assert (await undo([Make(ship.world, "a"), Make(ship.world, "b")], ship.ctx, ship.journal())).steps == []


async def test_what_cannot_be_undone_says_so_and_stops_nobody(ship: Ship) -> None:
    actions = [Make(ship.world, "a"), Make(ship.world, "b", kind="irreversible")]
    await carry_out(actions, ship.ctx, ship.journal())
    report = await undo(actions, ship.ctx, ship.journal())
    assert [(step.info.id, step.outcome, step.why) for step in report.steps] == [
        ("b", "failed", "this cannot be undone"),
        ("a", "undone", "deleted"),
    ]
    assert ship.journal().standing()["b"].ours


async def test_an_undo_that_fails_can_be_tried_again(ship: Ship) -> None:
    actions = [Make(ship.world, "a"), Make(ship.world, "b")]
    await carry_out(actions, ship.ctx, ship.journal())
    ship.world.trouble["undo b"] = RequestFailedError("Busy.", status=409)
    report = await undo(actions, ship.ctx, ship.journal())
    assert outcomes(report) == {"b": "failed", "a": "undone"}
    assert [step.why for step in report.failed] == ["Busy."]
    ship.world.trouble.clear()
    assert outcomes(await undo(actions, ship.ctx, ship.journal())) == {"b": "undone"}
    assert ship.world.contents() == {}


@pytest.mark.parametrize("kind", [NotAllowedError, UnreachableError])
async def test_an_undo_without_a_server_ends(ship: Ship, kind: type[AstroferryError]) -> None:
    actions = [Make(ship.world, "a"), Make(ship.world, "b")]
    await carry_out(actions, ship.ctx, ship.journal())
    ship.world.trouble["undo b"] = kind("Gone.")
    with pytest.raises(kind):
        await undo(actions, ship.ctx, ship.journal())
    assert "undo a" not in ship.world.log
    ship.world.trouble.clear()
    await undo(actions, ship.ctx, ship.journal())
    assert ship.world.contents() == {}


# -- killed anywhere -------------------------------------------------------------------------------------------------


class Killing(Journal):
    """A journal whose process is killed at its n-th line: before it, inside it after `torn` bytes, or after it."""

    def __init__(self, path: Path, number: int, where: float) -> None:
        super().__init__(path)
        self._left = number
        self._where = where

    def write(self, action: str, event: Any, *, why: str = "", facts: dict[str, Any] | None = None) -> Any:
        self._left -= 1
        if self._left:
            return super().write(action, event, why=why, facts=facts)
        if self._where > 0:
            size = self.path.stat().st_size if self.path.exists() else 0
            super().write(action, event, why=why, facts=facts)
            whole = self.path.read_bytes()
            self.path.write_bytes(whole[: size + int((len(whole) - size) * self._where)])
        raise KilledError


async def run(ship: Ship, how: Callable[..., Any], journal: Journal) -> None:
    await how(fleet(ship.world), ship.ctx, journal)


async def lines_of(ship: Ship, how: Callable[..., Any]) -> int:
    """How many lines a whole run writes."""
    before = len(ship.events())
    await run(ship, how, ship.journal())
    return len(ship.events()) - before


@pytest.mark.parametrize("where", [0, 0.001, 0.5, 0.99, 1])
async def test_killed_at_any_line_and_run_again_it_ends_the_same(ship: Ship, where: float) -> None:
    ship.world = at_sea()
    total = await lines_of(ship, carry_out)
    assert total == 13
    for number in range(1, total + 1):
        ship.path.unlink(missing_ok=True)
        ship.world = at_sea()
        with pytest.raises(KilledError):
            await run(ship, carry_out, Killing(ship.path, number, where))
        # Killed once more on the way, at the first line of the second try.
        if number < total:
            with pytest.raises(KilledError):
                await run(ship, carry_out, Killing(ship.path, 1, where))
        await run(ship, carry_out, ship.journal())
        assert ship.world.contents() == END, number
        assert ship.world.made == {"a": 1, "b": 1, "over": 1, "last": 1}, number
        standing = ship.journal().standing()
        assert {name: where.event for name, where in standing.items()} == {
            "pre": "found",
            **dict.fromkeys(("a", "b", "over", "last"), "done"),
        }
        assert [name for name, stands in standing.items() if stands.ours] == ["a", "b", "over", "last"]
        assert standing["over"].before["observed"]["content"] == "theirs"
        await run(ship, undo, ship.journal())
        assert ship.world.contents() == START, number


@pytest.mark.parametrize("where", [0, 0.5, 1])
async def test_killed_at_any_line_it_can_be_undone_at_once(ship: Ship, where: float) -> None:
    ship.world = at_sea()
    total = await lines_of(ship, carry_out)
    for number in range(1, total + 1):
        ship.path.unlink(missing_ok=True)
        ship.world = at_sea()
        with pytest.raises(KilledError):
            await run(ship, carry_out, Killing(ship.path, number, where))
        await run(ship, undo, ship.journal())
        assert ship.world.contents() == START, number


@pytest.mark.parametrize("where", [0, 0.5, 1])
async def test_killed_while_undoing_it_is_undone_by_the_next_try(ship: Ship, where: float) -> None:
    ship.world = at_sea()
    await run(ship, carry_out, ship.journal())
    carried = ship.path.read_bytes()
    total = await lines_of(ship, undo)
    assert total == 8
    for number in range(1, total + 1):
        ship.path.unlink(missing_ok=True)
        ship.world = at_sea()
        await run(ship, carry_out, ship.journal())
        assert ship.path.read_bytes().count(b"\n") == carried.count(b"\n")
        with pytest.raises(KilledError):
            await run(ship, undo, Killing(ship.path, number, where))
        await run(ship, undo, ship.journal())
        assert ship.world.contents() == START, number
        assert ship.world.deleted == {"a": 1, "b": 1, "last": 1}, number
        # And from there, forward again.
        await run(ship, carry_out, ship.journal())
        assert ship.world.contents() == END, number


async def test_a_look_that_fails_before_an_undo_is_said(ship: Ship) -> None:
    ship.world = at_sea()
    with pytest.raises(KilledError):
        await run(ship, carry_out, Killing(ship.path, 3, 0))
    ship.world.trouble["observe a"] = RemoteError("Not the API.")
    report = await undo(fleet(ship.world), ship.ctx, ship.journal())
    assert [(step.info.id, step.why) for step in report.failed] == [("a", "Not the API.")]
    assert ship.world.contents() == {**START, "a": "ours"}
