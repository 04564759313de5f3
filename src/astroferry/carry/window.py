"""A cutover nobody sits beside: it keeps to a window, and puts everything back when a limit of the plan is crossed.

Handing over must be done inside the window; watching ticks may be cut short by its end, because a night's window is
shorter than a day's cycle: `astroferry watch` goes on with it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from astroferry.carry.handover.begun import not_on_source
from astroferry.carry.handover.wave import hand_over
from astroferry.carry.putting_back import put_back
from astroferry.carry.runner import Report, nothing
from astroferry.carry.waves import set_state
from astroferry.errors import AstroferryError, RemoteError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from astroferry.carry.action import Action
    from astroferry.carry.context import Clock
    from astroferry.carry.opening import Opened
    from astroferry.carry.runner import Step

WATCHES = "/watch-target"
CLOSED = "the window has closed"
NAP = 60.0
"""seconds between two looks at the clock while waiting for a window to open"""


class WindowClosedError(RemoteError):
    """The window's end came while something was waited for."""


@dataclass(frozen=True, slots=True)
class Window:
    """From when to when (UTC); None is open on that side."""

    at: datetime | None = None
    until: datetime | None = None

    @classmethod
    def of(cls, at: str | None, until: str | None, now: datetime) -> Window:
        """Out of what was typed: "2026-11-26T02:00Z", or "02:00" for the next such moment in UTC.

        UsageError where either cannot be read, lies in the past, or the end comes before the beginning.
        """
        begin = _moment(at, "--at", now)
        end = _moment(until, "--until", begin or now)
        if begin is not None and begin < now:
            raise UsageError(f"--at {at} has passed already.")
        if end is not None and end <= (begin or now):
            raise UsageError(f"--until {until} does not come after {'--at' if begin else 'now'}.")
        return cls(begin, end)


def must_be_moments(at: str | None, until: str | None) -> None:
    """UsageError where either cannot be read, before any server is asked; `Window.of` says whether they lie ahead."""
    for text, flag in ((at, "--at"), (until, "--until")):
        _moment(text, flag, datetime(1970, 1, 1, tzinfo=UTC))


def _moment(text: str | None, flag: str, after: datetime) -> datetime | None:
    if text is None:
        return None
    try:
        if "T" not in text and "-" not in text:
            hours = datetime.strptime(text, "%H:%M")  # noqa: DTZ007 - made a moment in UTC on the next line
            moment = after.replace(hour=hours.hour, minute=hours.minute, second=0, microsecond=0)
            return moment if moment > after else moment + timedelta(days=1)
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise UsageError(
            f'{flag} "{text}" is no moment.', hint="Write 2026-11-26T02:00Z, with its zone; or 02:00, which is UTC."
        )
    return moment.astimezone(UTC)


class WindowClock:
    """A clock on which nobody can wait beyond the end of the window."""

    def __init__(self, clock: Clock, until: datetime) -> None:
        self._clock = clock
        self._until = until

    def now(self) -> datetime:
        """The moment, in UTC."""
        return self._clock.now()

    async def sleep(self, seconds: float) -> None:
        """Let time pass; WindowClosedError where that is the window's end."""
        left = (self._until - self._clock.now()).total_seconds()
        if left > 0:
            await self._clock.sleep(min(seconds, left))
        if self._clock.now() >= self._until:
            raise WindowClosedError(f"{CLOSED} ({self._until:%Y-%m-%d %H:%M} UTC).")


async def wait_for(at: datetime, clock: Clock, tell: Callable[[str], None]) -> None:
    """Wait until the window opens."""
    tell(f"waiting until {at:%Y-%m-%d %H:%M} UTC")
    while (left := (at - clock.now()).total_seconds()) > 0:
        await clock.sleep(min(left, NAP))


@dataclass
class Outcome:
    """What came of it. `crossed`: which limit, or empty. `back`: what putting everything back did, where it was."""

    report: Report
    crossed: str = ""
    back: Report | None = None
    cut_short: tuple[str, ...] = ()
    """DAGs whose watch the window's end cut short; nothing was amiss with them"""
    stayed: tuple[str, ...] = ()
    """DAGs that run on the target after putting back: those that a cutover before the window has moved"""

    @property
    def is_whole(self) -> bool:
        """Whether every step went well, within every limit."""
        return not (self.report.failed or self.report.stopped or self.crossed)

    @property
    def is_back(self) -> bool:
        """Whether everything stands as it was before."""
        return self.back is not None and not self.back.failed and not self.back.stopped


async def cut_over_in_window(
    way: Opened,
    wave: str,
    actions: Sequence[Action],
    window: Window,
    *,
    follow: Callable[[Step, int, int], None] = nothing,
) -> Outcome:
    """Carry a wave's cutover out inside a window; crossing a limit gives every DAG it has begun back to the source.

    Raises what `carry_out` raises where putting back is not possible either (a server is away): the journal then says
    where each DAG stands, and `rollback` goes on.
    """
    limits = way.plan.limits
    facts = {
        "until": window.until.isoformat() if window.until else None,
        "failed_dags": limits.failed_dags,
        "drain_minutes": limits.drain_minutes,
    }
    way.journal.write(f"window/{wave}", "note", facts=facts)
    outcome = await _handed_over(way, actions, window, follow)
    if outcome.crossed:
        way.journal.write(f"window/{wave}", "failed", why=outcome.crossed)
        way.ctx.tell(f"{outcome.crossed}: putting everything back")
        outcome.back = await put_back(way, wave, follow)
        left = not_on_source(way.journal, wave).values()
        outcome.stayed = tuple(standing.dag_id for standing in left if not standing.source_paused)
        if outcome.is_back:
            if not outcome.stayed:
                set_state(way, wave, "tested")
            way.journal.write(f"window/{wave}", "undone", why="everything was put back")
    else:
        way.journal.write(f"window/{wave}", "done")
    return outcome


async def _handed_over(
    way: Opened, actions: Sequence[Action], window: Window, follow: Callable[[Step, int, int], None]
) -> Outcome:
    """Hand over, then watch, both inside the window and within the limits."""
    ctx, limits = way.ctx, way.plan.limits
    clock, plan = ctx.clock, ctx.plan
    bad: dict[str, str] = {}

    def noted(step: Step, done: int, total: int) -> None:
        if step.outcome == "failed" and CLOSED not in step.why:
            bad.setdefault(dag_of(step.info.id), step.why)
        follow(step, done, total)

    def over() -> bool:
        return len(bad) > limits.failed_dags or (window.until is not None and clock.now() >= window.until)

    hand = [action for action in actions if not action.info.id.endswith(WATCHES)]
    ctx.plan = replace(
        plan,
        cutover=replace(plan.cutover, drain_timeout=min(plan.cutover.drain_timeout, limits.drain_minutes * 60)),
    )
    if window.until is not None:
        ctx.clock = WindowClock(clock, window.until)
    outcome = Outcome(Report())
    try:
        outcome.report = await hand_over(hand, ctx, way.journal, follow=noted, stop=over, alone=True)
        late = [step for step in outcome.report.steps if step.outcome == "failed" and CLOSED in step.why]
        if len(bad) > limits.failed_dags:
            outcome.crossed = _too_many(bad, limits.failed_dags)
        elif late or outcome.report.stopped:
            outcome.crossed = f"{CLOSED} before every DAG was handed over"
        if outcome.crossed:
            return outcome
        failed = {dag_of(step.info.id) for step in outcome.report.failed}
        watches = [item for item in actions if item.info.id.endswith(WATCHES) and dag_of(item.info.id) not in failed]
        done = frozenset(action.info.id for action in hand)
        seen = await hand_over(watches, ctx, way.journal, done=done, follow=noted, stop=over, alone=True)
        if len(bad) > limits.failed_dags:
            outcome.crossed = _too_many(bad, limits.failed_dags)
        short = {dag_of(step.info.id) for step in seen.steps if step.outcome == "failed" and CLOSED in step.why}
        short |= {dag_of(item.info.id) for item in watches} - {dag_of(step.info.id) for step in seen.steps}
        outcome.cut_short = tuple(sorted(short))
        outcome.report.steps += [step for step in seen.steps if dag_of(step.info.id) not in short]
    except AstroferryError as error:
        outcome.crossed = error.message
    finally:
        ctx.clock, ctx.plan = clock, plan
    return outcome


def dag_of(action_id: str) -> str:
    """The DAG in `cutover/WAVE/DAG/step`; a wave's name has no slash in it, a DAG's id neither."""
    return action_id.split("/")[2]


def _too_many(bad: dict[str, str], limit: int) -> str:
    return f"{len(bad)} of its DAGs did not go well ({', '.join(sorted(bad))}), and the limit is {limit}"
