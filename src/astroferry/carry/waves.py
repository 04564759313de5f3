"""The state of a wave: what it must be before it is cut over, and how it moves on, in plan, file and journal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from astroferry.carry.verifying import NOTE
from astroferry.errors import PlanError
from astroferry.model.planfile import save_wave_state
from astroferry.model.words import names

if TYPE_CHECKING:
    from astroferry.carry.journal import Standing
    from astroferry.carry.opening import Opened
    from astroferry.model.plan import WaveState

READY = frozenset({"tested", "accepted", "in production", "cut over"})
"""states in which a wave may be cut over"""


def gate(way: Opened, wave: str) -> None:
    """Nothing moves before its values were compared and its DAGs tested; PlanError says what is missing."""
    state, production = way.plan.wave(wave).state, way.plan.wave(wave).production
    if state not in READY:
        raise PlanError(f'The wave "{wave}" is {state}, not tested yet.', hint="Run apply, which ends with the test.")
    compared = way.journal.standing().get(f"{NOTE}/{production}")
    if compared is None or compared.event != "done":
        raise PlanError(
            f'The values on "{production}" have not been found equal by the last comparison.',
            hint=f"Run verify.{_to_settle(compared)}",
        )


def _to_settle(compared: Standing | None) -> str:
    """The two ways out for what differs; to skip by `conflicts` is none, since it would differ again."""
    differs = [name.split("/", 1) for name in (compared.made.get("differs", ()) if compared is not None else ())]
    kinds = [(kind, [name for of, name in differs if of == kind]) for kind in ("connection", "variable")]
    keep = [f"{names(ids)} in values.skip_{kind}s" for kind, ids in kinds if ids]
    if not keep:
        return ""
    return (
        ' What differed is written anew by apply where conflicts says "overwrite"; where the target\'s value is '
        f"right, name {' and '.join(keep)}."
    )


def advance(way: Opened, wave: str | None, before: WaveState, after: WaveState) -> None:
    """Move a wave, or all where none is named, from one state to the next, in the plan and in its file."""
    for item in way.plan.waves:
        if wave in {None, item.name} and item.state == before:
            set_state(way, item.name, after)


def set_state(way: Opened, wave: str, state: WaveState) -> None:
    """Write one wave's state into the plan's file and the journal."""
    way.plan = way.plan.with_wave_state(wave, state)
    way.ctx.plan = way.plan
    save_wave_state(way.plan, way.path, wave)
    way.journal.write(f"wave/{wave}", "note", facts={"state": state})
