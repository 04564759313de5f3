"""`apply`, whole: stage by stage up to DAGs that lie paused on Astro. Every face begins it here.

A stage begins when the one before it is done: DAGs are not deployed to a Deployment that lacks their connections.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from astroferry.carry.graph import CARRYING, build
from astroferry.carry.readiness import must_be_approved
from astroferry.carry.runner import Report, at_once_on, carry_out, never, nothing
from astroferry.carry.waves import advance
from astroferry.errors import PlanError
from astroferry.model.words import several

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Sequence

    from astroferry.carry.action import Action, ActionInfo
    from astroferry.carry.opening import Opened
    from astroferry.carry.runner import Step

TEST = "test"
"""the stage after them, which compares: `acts.compare`"""


def _unheard(_stage: str, _actions: Sequence[Action]) -> None:
    """Nobody listens to that."""


@dataclass(frozen=True, slots=True)
class Follower:
    """Who follows `apply`: `begin` is told each stage with its actions before its first; the rest as `carry_out`."""

    begin: Callable[[str, Sequence[Action]], None] = _unheard
    follow: Callable[[Step, int, int], None] = nothing
    stop: Callable[[], bool] = never
    pause: Callable[[], Awaitable[None]] = at_once_on


@dataclass(slots=True)
class Applied:
    """What came of it.

    `report`: the steps of every stage that was begun. `waiting`: what was not tried, because the stage before is not
    done.
    """

    report: Report = field(default_factory=Report)
    waiting: tuple[ActionInfo, ...] = ()

    @property
    def is_whole(self) -> bool:
        """Whether all that was asked for is done."""
        return not (self.report.failed or self.report.stopped or self.waiting)


async def apply(
    way: Opened,
    follower: Follower | None = None,
    *,
    wave: str | None = None,
    stage: str | None = None,
) -> Applied:
    """Carry every stage out, or only `stage`; with `wave`, only what its Deployments need.

    Where the stage "dags" ends well, the waves are "deployed to test". Raises PlanError where an approval is missing,
    or where `stage` comes after one that is not done; otherwise as `carry_out` and `build`.
    """
    must_be_approved(way.plan, "apply")
    actions = build(way.plan, way.inventory, way.dags_folder, wave=wave)
    if stage is not None:
        await _must_be_done_before(way, actions, stage)
    chosen = CARRYING if stage is None else (stage,)
    applied = await _by_stage(way, actions, [action for action in actions if action.info.stage in chosen], follower)
    if applied.is_whole and "dags" in chosen:
        advance(way, wave, "planned", "deployed to test")
    return applied


async def _by_stage(
    way: Opened,
    actions: Sequence[Action],
    chosen: Sequence[Action],
    follower: Follower | None,
    undone: Sequence[Action] = (),
) -> Applied:
    """Carry the chosen of these actions out, a stage after the other.

    One begins when all that was chosen of the stages before it went well, and nothing of `undone` comes before it.
    """
    follower = follower or Follower()
    applied, done = Applied(), 0
    met = {action.info.id for action in actions} - {action.info.id for action in chosen}
    for name in CARRYING:
        mine = [action for action in chosen if action.info.stage == name]
        if not mine:
            continue
        if not applied.is_whole or any(_is_before(action, name) for action in undone):
            applied.waiting += tuple(action.info for action in mine)
            continue
        follower.begin(name, mine)
        report = await carry_out(
            mine,
            way.ctx,
            way.journal,
            done=frozenset(met),
            follow=_counted_on(follower, done, len(chosen)),
            stop=follower.stop,
            pause=follower.pause,
        )
        applied.report.steps += report.steps
        applied.report.stopped = report.stopped
        met |= {action.info.id for action in mine}
        done += len(mine)
    return applied


async def would_apply(
    way: Opened, follower: Follower | None = None, *, wave: str | None = None, stage: str | None = None
) -> Report:
    """What `apply` would do, as far as it can be seen now; changes nothing. Raises as `apply`."""
    actions = build(way.plan, way.inventory, way.dags_folder, wave=wave)
    if stage is not None:
        await _must_be_done_before(way, actions, stage)
    mine = [action for action in actions if stage in {None, action.info.stage}]
    done = frozenset(action.info.id for action in actions) - {action.info.id for action in mine}
    follow = (follower or Follower()).follow
    return await carry_out(mine, way.ctx, way.journal, dry_run=True, done=done, follow=follow)


async def apply_again(way: Opened, ids: Collection[str], follower: Follower | None = None) -> Applied:
    """Only these, each of which was tried before, by the same gates; `ids` may come from more than one run.

    A stage waits for what failed before it here, and for what the journal does not say is done. Raises as `apply`.
    """
    must_be_approved(way.plan, "apply")
    actions = build(way.plan, way.inventory, way.dags_folder)
    others = [action for action in actions if action.info.id not in ids]
    for action in others:
        # Deployments are found by their actions; those that are not run again are looked up.
        if action.info.stage == "prepare":
            await action.observe(way.ctx)
    standings = way.journal.standing()
    undone = [
        action
        for action in others
        if (standing := standings.get(action.info.id)) is None or standing.event not in {"done", "found"}
    ]
    return await _by_stage(way, actions, [action for action in actions if action.info.id in ids], follower, undone)


def _counted_on(follower: Follower, done: int, total: int) -> Callable[[Step, int, int], None]:
    """A stage's steps, counted on from those of the stages before."""
    return lambda step, number, _all: follower.follow(step, done + number, total)


def _is_before(action: Action, stage: str) -> bool:
    stages = (*CARRYING, TEST)
    return stages.index(action.info.stage) < stages.index(stage)


async def _must_be_done_before(way: Opened, actions: Sequence[Action], stage: str) -> None:
    """PlanError where an earlier stage is not done; looks at the servers, changes nothing."""
    before = [action for action in actions if _is_before(action, stage)]
    gate = await carry_out(before, way.ctx, way.journal, dry_run=True)
    closed = [step for step in gate.steps if step.outcome != "found"]
    if closed:
        first = closed[0]
        count = sum(step.info.stage == first.info.stage for step in closed)
        raise PlanError(
            f"The stage {stage} comes after {first.info.stage}, where {several(count, 'item')} "
            f"{'is' if count == 1 else 'are'} not done; the first: {first.info.title}.",
            hint=f"Run apply --stage {first.info.stage} first.",
        )
