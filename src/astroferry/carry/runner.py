"""Carrying actions out in order: look, journal, apply, journal, read back, journal; killed anywhere, run again."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

from astroferry.carry.lingering import unless_late
from astroferry.carry.places import Places
from astroferry.errors import AstroferryError, NotAllowedError, RemoteError, RequestFailedError, UnreachableError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    from astroferry.carry.action import Action, ActionInfo, Observation, State
    from astroferry.carry.context import Context
    from astroferry.carry.journal import Journal

Outcome = Literal["done", "found", "failed", "held", "todo", "undone"]
"""found: was so already. held: not tried, because something it needs failed. todo: a dry run would do it."""

AWAY = frozenset({502, 503, 504})
"""what a proxy says for a server that does not answer; it has been asked again before that reaches us"""
STOPPED = "stopped on request; what is done is journalled"
LISTENS = 0.5
"""seconds between two looks whether to stop, while nothing else happens"""
AGAIN = 5.0
"""seconds before a step is tried again because a server was away"""
ONE_ANSWER = timedelta(minutes=3)
"""a step that took longer has had an answer in between: one request with all its tries and time-outs takes less"""


@dataclass(frozen=True, slots=True)
class Step:
    """What happened to one action; `why` is empty unless it did not go well or there is something to say.

    `denied`: a server refused our credential, or a role of it, for this action alone (see `carry_out`).
    """

    info: ActionInfo
    outcome: Outcome
    why: str = ""
    denied: bool = False


@dataclass
class Report:
    """What a run did."""

    steps: list[Step] = field(default_factory=list)
    stopped: str = ""
    """why the run ended before its end, or empty"""

    @property
    def failed(self) -> tuple[Step, ...]:
        """The steps that did not go well."""
        return tuple(step for step in self.steps if step.outcome in {"failed", "held"})

    def count(self, outcome: Outcome) -> int:
        """How many steps ended so."""
        return sum(step.outcome == outcome for step in self.steps)


_NONE_HELD: Mapping[str, str] = MappingProxyType({})
_DRY: dict[State, Outcome] = {"done": "found", "todo": "todo", "doubt": "failed", "failed": "failed"}


def nothing(_step: Step, _done: int, _total: int) -> None:
    """Follow no progress."""


def never() -> bool:
    """Do not stop early."""
    return False


async def at_once_on() -> None:
    """Do not pause."""


def in_order(actions: Sequence[Action], *, done: frozenset[str] = frozenset()) -> list[Action]:
    """Actions so that each comes after what it needs, otherwise in the order given; `done` names needs met elsewhere.

    Raises ValueError for a circle or an unknown need: both are bugs of the graph.
    """
    by_id = {action.info.id: action for action in actions}
    if len(by_id) != len(actions):
        raise ValueError("two actions have the same id")
    placed: dict[str, Action] = {}
    path: set[str] = set()

    def place(action: Action) -> None:
        if action.info.id in placed:
            return
        if action.info.id in path:
            raise ValueError(f"{action.info.id} needs itself")
        path.add(action.info.id)
        for need in action.info.needs:
            if need in by_id:
                place(by_id[need])
            elif need not in done:
                raise ValueError(f"{action.info.id} needs {need}, which is not there")
        path.discard(action.info.id)
        placed[action.info.id] = action

    for action in actions:
        place(action)
    return list(placed.values())


async def carry_out(
    actions: Iterable[Action],
    ctx: Context,
    journal: Journal,
    *,
    dry_run: bool = False,
    done: frozenset[str] = frozenset(),
    held: Mapping[str, str] = _NONE_HELD,
    follow: Callable[[Step, int, int], None] = nothing,
    stop: Callable[[], bool] = never,
    pause: Callable[[], Awaitable[None]] = at_once_on,
    at_once: int = 1,
    patience: float = 0.0,
    alone: bool = False,
) -> Report:
    """Carry actions out, each after what it needs; `done` names needs that are met outside of this run.

    `held`: ids of actions that are not tried, with the reason, as if something they need had failed.

    Up to `at_once` at the same time, the earlier in the list first; where that is more than one, those that only wait
    (`ActionInfo.waits`, or inside `ctx.aside()`) do not count. The journal is written line by line all the same.

    An item that fails holds back only what needs it. A refused credential or an unreachable server ends the run: the
    rest would fail too, and running again is safe. A step whose server is away is tried again, from its first look
    on, for `patience` seconds before that: half-way is a bad place to end. With `alone` a refused credential is an
    item's own failure: the role may lack for one DAG, and the others go on. `stop` is asked between two actions, and
    while some only watch, which are left then.
    `pause` is awaited before it wherever nothing is under way: then every action that was begun has its last line in
    the journal, so whoever ends the run while it is awaited loses nothing.

    Raises NotAllowedError, UnreachableError, and RequestFailedError of a server that is away, after journalling where
    it stood.
    """
    ordered = in_order(list(actions), done=done)
    report = Report()
    bad: dict[str, str] = {}
    waiting = list(ordered)
    running: dict[asyncio.Task[Step], Action] = {}
    places = Places(at_once)
    ctx.aside = places.aside

    def ended(step: Step) -> None:
        if step.outcome in {"failed", "held"}:
            bad[step.info.id] = step.info.title
        report.steps.append(step)
        follow(step, len(report.steps), len(ordered))

    try:
        while waiting or running:
            if not running:
                await pause()
            for action in _ready(waiting, running, places):
                if stop():
                    report.stopped = STOPPED
                    waiting.clear()
                    break
                waiting.remove(action)
                blocked = [f"needs {bad[need]}, which failed" for need in action.info.needs if need in bad]
                if why := held.get(action.info.id) or next(iter(blocked), ""):
                    ended(Step(action.info, "held", why))
                    # What waited for it may be ready now, and comes before what is later in the list.
                    break
                step = _persist(action, ctx, journal, 0.0 if dry_run else patience, dry_run=dry_run, alone=alone)
                running[asyncio.create_task(step)] = action
            else:
                if running and await _stopped_meanwhile(running, places, stop):
                    report.stopped = STOPPED
                    waiting.clear()
            for task in [task for task in running if task.done()]:
                del running[task]
                ended(task.result())
    finally:
        await _ended_where_they_stand(running)
    return report


async def _stopped_meanwhile(
    running: dict[asyncio.Task[Step], Action], places: Places, stop: Callable[[], bool]
) -> bool:
    """Return when one has ended or lent its place, or all is to stop; whether any was left for that.

    Those are that change nothing and may wait for days; the next run begins them anew.
    """
    await places.changed(running, within=None if stop is never else LISTENS)
    if not stop():
        return False
    left = [task for task, action in running.items() if action.info.waits and not task.done()]
    for task in left:
        del running[task]
    await _ended_where_they_stand(left)
    return bool(left)


async def _ended_where_they_stand(running: Iterable[asyncio.Task[Step]]) -> None:
    """As if killed there: what they had begun is in the journal, and is looked at again by the next run."""
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)


def _ready(waiting: Sequence[Action], running: Mapping[asyncio.Task[Step], Action], places: Places) -> list[Action]:
    """Those that may start now: nothing they need is still to come, and there is room for them."""
    open_ids = {action.info.id for action in (*waiting, *running.values())}
    room = places.room(running.items())
    found: list[Action] = []
    for action in waiting:
        takes = places.takes(action)
        if (takes and room <= 0) or not open_ids.isdisjoint(action.info.needs):
            continue
        room -= takes
        found.append(action)
    return found


async def _persist(
    action: Action, ctx: Context, journal: Journal, patience: float, *, dry_run: bool, alone: bool
) -> Step:
    """One action, tried again while a server is away; raises as `_one` once `patience` is over."""
    away_since: datetime | None = None
    while True:
        began = ctx.clock.now()
        try:
            return await _one(action, ctx, journal, dry_run=dry_run)
        except NotAllowedError as error:
            if not alone:
                raise
            return Step(action.info, "failed", str(error), denied=True)
        except RemoteError as error:
            now = ctx.clock.now()
            if away_since is None or now - began > ONE_ANSWER:
                away_since = began if now - began <= ONE_ANSWER else now
            if now - away_since >= timedelta(seconds=patience):
                raise
            ctx.tell(f"{action.info.title}: {error.message} Asking again.")
        try:
            await ctx.clock.sleep(AGAIN)
        except AstroferryError as error:  # a window that closed
            return _failed(action.info, str(error), journal)


async def _one(action: Action, ctx: Context, journal: Journal, *, dry_run: bool) -> Step:
    info = action.info
    try:
        seen = await action.observe(ctx)
        if dry_run:
            return Step(info, _DRY[seen.state], seen.why)
        if seen.state == "done":
            return _found(action, seen, journal)
        if seen.state != "todo":
            return _failed(info, seen.why, journal)
        await _apply(action, seen, ctx, journal)
        return _verified(info, await action.verify(ctx), journal)
    except AstroferryError as error:
        if ends_the_run(error):
            if not dry_run:
                journal.write(info.id, "failed", why=error.message)
            raise
        if dry_run:
            return Step(info, "failed", str(error))
        return _failed(info, str(error), journal)


async def _apply(action: Action, seen: Observation, ctx: Context, journal: Journal) -> None:
    """Apply between two lines; where that has surely changed nothing, a line says so.

    Without it, what somebody else makes later would be taken for ours, and undone.
    """
    journal.write(action.info.id, "begin", facts=seen.facts)
    changes = ctx.count_changes()

    async def apply() -> None:
        try:
            facts = await action.apply(ctx)
        except AstroferryError:
            if not changes():
                journal.write(action.info.id, "refused")
            raise
        journal.write(action.info.id, "applied", facts=facts)

    await (unless_late(apply()) if action.info.whole else apply())


def ends_the_run(error: AstroferryError) -> bool:
    """Whether the next item would fail in the same way: a refused credential, or a server that is away."""
    return is_away(error) or isinstance(error, NotAllowedError)


def is_away(error: AstroferryError) -> bool:
    """Whether a server does not answer just now, or a proxy before it says so."""
    return isinstance(error, UnreachableError) or (isinstance(error, RequestFailedError) and error.status in AWAY)


def _found(action: Action, seen: Observation, journal: Journal) -> Step:
    """It is so already: by us before a crash (then the journal lacks its end), or by somebody else."""
    standing = journal.standing_of(action.info.id)
    if standing is None or standing.event not in {"done", "found"}:
        crashed = standing is not None and standing.ours
        if crashed:
            journal.write(action.info.id, "applied", facts=seen.facts)
        journal.write(action.info.id, "done" if crashed else "found", facts={} if crashed else seen.facts)
    elif action.info.closes:
        journal.write(action.info.id, standing.event, facts={**standing.made, **seen.facts})
    return Step(action.info, "found", seen.why)


def _verified(info: ActionInfo, seen: Observation, journal: Journal) -> Step:
    if seen.state != "done":
        return _failed(info, seen.why or "the server took it, but reading it back shows something else", journal)
    journal.write(info.id, "done", facts=seen.facts)
    return Step(info, "done", seen.why)


def _failed(info: ActionInfo, why: str, journal: Journal) -> Step:
    journal.write(info.id, "failed", why=why)
    return Step(info, "failed", why)
