"""What is told when something that nobody sits beside has ended, well or not: the bell, and the plan's webhook."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from astroferry import diagnostics
from astroferry.clients.credentials import kept_aside
from astroferry.clients.webhook import VARIABLE, call_webhook
from astroferry.errors import AstroferryError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from astroferry.model.plan import Plan


ALONE = frozenset({"cutover", "rollback", "watch"})
"""kinds of run that people leave to themselves, and so are called back from by the bell on any face"""


async def call_plans_webhook(plan: Plan, data: Mapping[str, Any], say: Callable[[str], None]) -> None:
    """Call the plan's webhook, where it names one; one that fails is said, and changes nothing else."""
    if not plan.watch.webhook:
        return
    try:
        address = await kept_aside(plan.watch.webhook, VARIABLE, "webhook's address")
        await call_webhook(address, {"plan": plan.name, **data})
    except AstroferryError as error:
        say(f"warn: {error}")


async def warn_if_unheard(plan: Plan, say: Callable[[str], None]) -> None:
    """Say at the beginning, while somebody reads it, that the plan's webhook cannot be called at the end."""
    if not plan.watch.webhook:
        return
    try:
        await kept_aside(plan.watch.webhook, VARIABLE, "webhook's address")
    except AstroferryError as error:
        say(f"warn: nobody will be called at the end. {error}")


async def tell_the_end(plan: Plan, data: Mapping[str, Any]) -> None:
    """The same for the command, which rings the terminal's bell too."""
    diagnostics.ring()
    await call_plans_webhook(plan, data, diagnostics.say)
