"""The acts that end a stage or move production, whole: compare, cut over, give back. Every face begins them here.

A face asks for confirmation before, follows the steps, and shows what comes of it; in which order things are looked
at, what is counted, and when a wave's state changes is decided here, once (a window that puts back: `window.py`).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from astroferry.carry.actions.deployment import find
from astroferry.carry.handover.beforehand import to_remove
from astroferry.carry.handover.begun import runs_there, to_give_back
from astroferry.carry.handover.deployments import find_again, must_go_on_there
from astroferry.carry.handover.tallied import Tallied, tallied
from astroferry.carry.handover.wave import actions_for_cutover, hand_over, refusals, standings_of, to_know
from astroferry.carry.handover.whereabouts import halfway, whereabouts
from astroferry.carry.readiness import must_be_ready, unlooked
from astroferry.carry.runner import at_once_on, never, nothing
from astroferry.carry.verifying import verify
from astroferry.carry.waves import advance, gate, set_state
from astroferry.carry.window import Outcome, cut_over_in_window, dag_of
from astroferry.errors import NotAllowedError, PlanError, RemoteError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from astroferry.carry.action import Action
    from astroferry.carry.handover.whereabouts import Way
    from astroferry.carry.opening import Opened
    from astroferry.carry.runner import Step
    from astroferry.carry.verifying import Verified
    from astroferry.carry.window import Window
    from astroferry.model.finding import Finding


def _silent(_said: object) -> None:
    """Nobody listens to that."""


def _nobody(_name: str, _all: object) -> None:
    """Nobody listens to that either."""


@dataclass(frozen=True, slots=True)
class Listener:
    """Who follows an act.

    `finding`: what is accepted by it, and which DAGs stay. `begin`: the steps, before the first. `say`: where each
    DAG runs when a server's absence ends it, and whose ticks cannot be counted. `counting`: the steps have ended, and
    the ticks are read from both sides.
    """

    finding: Callable[[Finding], None] = _silent
    say: Callable[[str], None] = _silent
    begin: Callable[[Sequence[Action]], None] = _silent
    follow: Callable[[Step, int, int], None] = nothing
    stop: Callable[[], bool] = never
    counting: Callable[[], None] = field(default=lambda: None)


@dataclass(frozen=True, slots=True)
class Ended:
    """What came of an act on one wave.

    `moving`: the DAGs that it was about; none where nothing of the wave was to be given back. `stay`: those that are
    not handed over, with the reason. `to_do`: what is left for a person (Starship to be removed).
    """

    wave: str
    outcome: Outcome
    ticks: Tallied
    moving: tuple[str, ...]
    stay: tuple[Finding, ...] = ()
    to_do: tuple[str, ...] = ()

    @property
    def is_whole(self) -> bool:
        """Whether every step went well, within every limit."""
        return self.outcome.is_whole

    @property
    def is_well(self) -> bool:
        """The same, and every tick ran exactly once, but for what the plan only lists."""
        return self.is_whole and not self.ticks.amiss


@dataclass(frozen=True, slots=True)
class Compared:
    """The comparison of each Deployment; `stopped_before`: the first that was not compared any more, on request."""

    done: tuple[Verified, ...]
    stopped_before: str = ""

    @property
    def equal(self) -> bool:
        """Whether every value of every Deployment was compared and is the same."""
        return not self.stopped_before and all(item.equal for item in self.done)


async def compare(
    way: Opened,
    wave: str | None = None,
    *,
    begin: Callable[[str, Sequence[str]], None] = _nobody,
    seen: Callable[[Verified], None] = _silent,
    pause: Callable[[], Awaitable[None]] = at_once_on,
    stop: Callable[[], bool] = never,
) -> Compared:
    """Compare every value on each Deployment of `wave`, or of all; waves go on to "tested" if everything is the same.

    `begin` is told each Deployment and all of them, `seen` what came of each; between two of them it is paused or
    stopped. Raises as `verify`.
    """
    chosen = [item for item in way.plan.waves if wave in {None, item.name}]
    deployments = list(dict.fromkeys(name for item in chosen for name in (item.test, item.production)))
    done: list[Verified] = []
    for name in deployments:
        await pause()
        if stop():
            return Compared(tuple(done), stopped_before=name)
        begin(name, deployments)
        deployment = way.plan.deployment(name)
        await find(way.ctx, deployment)
        done.append(await verify(way.ctx, way.journal, deployment, way.dags_folder))
        seen(done[-1])
    compared = Compared(tuple(done))
    if compared.equal:
        advance(way, wave, "deployed to test", "tested")
    return compared


async def may_cut_over(way: Opened, wave: str, *, keep: bool = True) -> None:
    """PlanError where a gate before the wave's cutover is closed, the cheapest to see first.

    A wave that is half-way goes on whatever its gates say by now: there is the worst place to be kept.
    `keep`: whether the journal keeps what the checklist saw. KeyError where the plan has no such wave.
    """
    if unlooked(way, wave):
        gate(way, wave)
    await must_go_on_there(way, wave)
    await must_be_ready(way, wave, keep=keep)


async def cut_over(way: Opened, wave: str, listener: Listener, *, window: Window | None = None) -> Ended:
    """Drain a wave on the source, hand its schedule over, watch its first ticks, count them.

    The wave is "cut over" where all went well and every tick ran once; else its state stays, and the journal says
    which side runs each DAG. Raises as `may_cut_over`, PlanError where no DAG of it can be handed over, RemoteError
    or NotAllowedError where a server is away or closed to us for good; the side that ran goes on then.
    """
    await may_cut_over(way, wave)
    stay = refusals(way.plan, way.inventory, wave)
    for finding in (*stay, *to_know(way.plan, way.inventory, wave)):
        listener.finding(finding)
    # A DAG that was given back is looked at anew: how it stood before says nothing any more.
    standings = standings_of(way.journal, wave, given_back=False)
    actions = actions_for_cutover(way.plan, way.inventory, wave, standings)
    if not actions:
        raise PlanError(f'No DAG of the wave "{wave}" can be handed over.', hint="Each was told with its reason.")
    outcome = await _carried(way, wave, actions, listener, "cutover", window=window)
    _say_what_stands_between(way, wave, outcome, listener)
    ended = Ended(wave, outcome, await _counted(way, wave, listener), dags_in(actions), stay)
    if not ended.is_well:
        return ended
    set_state(way, wave, "cut over")
    return replace(ended, to_do=tuple(to_remove(way.journal)))


async def give_back(way: Opened, wave: str, listener: Listener, *, dag_id: str | None = None) -> Ended:
    """Give a wave, or one DAG of it, back to the source, which runs no tick again that the target has run.

    The wave is "tested" again once Astro runs none of it. Raises as `cut_over`; KeyError where the plan has no such
    wave.
    """
    await find_again(way.ctx, way.plan, way.journal, wave)
    actions = await to_give_back(way, wave, dag_id=dag_id)
    outcome = await _carried(way, wave, actions, listener, "rollback")
    _say_what_stands_between(way, wave, outcome, listener)
    report = outcome.report
    if actions and not report.failed and not report.stopped and not runs_there(way.journal, wave):
        set_state(way, wave, "tested")
    return Ended(wave, outcome, await _counted(way, wave, listener), dags_in(actions))


async def _carried(
    way: Opened, wave: str, actions: list[Action], listener: Listener, direction: Way, *, window: Window | None = None
) -> Outcome:
    """Carry them out; where a server's absence ends it, say which side runs each DAG."""
    listener.begin(actions)
    try:
        if window is not None:
            return await cut_over_in_window(way, wave, actions, window, follow=listener.follow)
        report = await hand_over(
            actions,
            way.ctx,
            way.journal,
            follow=listener.follow,
            stop=listener.stop,
            # On the way back, a DAG that is closed to us keeps no other from it.
            alone=direction == "rollback",
        )
    except (RemoteError, NotAllowedError):
        for line in whereabouts(way.journal.standing(), wave):
            listener.say(line)
        raise
    return Outcome(report)


def _say_what_stands_between(way: Opened, wave: str, outcome: Outcome, listener: Listener) -> None:
    """Name the DAGs that no side runs, or of which nobody knows, where not all went well."""
    if not outcome.is_whole:
        for line in halfway(way.journal.standing(), wave):
            listener.say(line)


async def _counted(way: Opened, wave: str, listener: Listener) -> Tallied:
    listener.counting()
    return await tallied(way, wave, listener.say)


def dags_in(actions: Sequence[Action]) -> tuple[str, ...]:
    """The DAGs that these steps are about, each once."""
    return tuple(dict.fromkeys(dag_of(action.info.id) for action in actions))
