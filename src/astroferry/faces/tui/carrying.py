"""The runs behind the carry-out, cutover and rollback screens: the verbs' own steps, followed by a Work."""

from __future__ import annotations

from typing import TYPE_CHECKING

from astroferry.carry.actions.deployment import find
from astroferry.carry.compare import summary
from astroferry.carry.graph import CARRYING, build
from astroferry.carry.handover.wave import (
    actions_for_cutover,
    actions_for_rollback,
    handovers,
    refusals,
    standings_from,
)
from astroferry.carry.opening import opened
from astroferry.carry.runner import carry_out
from astroferry.carry.verifying import verify
from astroferry.errors import PlanError
from astroferry.faces.headless.cutover import gate, watches_last
from astroferry.faces.headless.progress import advance, set_state
from astroferry.faces.headless.ticks import count_of
from astroferry.model.words import several

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path

    from astroferry.carry.action import Action
    from astroferry.carry.context import Clock
    from astroferry.carry.opening import Opened
    from astroferry.carry.verifying import Verified
    from astroferry.clients.credentials import Ask
    from astroferry.faces.tui.work import Work
    from astroferry.model.cutover import TickCount
    from astroferry.secrets.contract import Ask as TypeValue
