"""The organization for verbs that go on without it: what Astro does not tell is left out, and that is said."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

from astroferry import diagnostics
from astroferry.carry.opening import api_address, open_astro, read_facts
from astroferry.errors import AstroferryError
from astroferry.faces.headless.asking import asker

if TYPE_CHECKING:
    import argparse

    from astroferry.model.organization import OrganizationFacts
    from astroferry.model.plan import Plan


async def facts_or_none(plan: Plan, arguments: argparse.Namespace, without: str) -> OrganizationFacts | None:
    """The plan's organization; None where it cannot be asked, which is told with what is done `without` it."""
    async with AsyncExitStack() as stack:
        try:
            where, who = api_address(plan), plan.target.credentials
            astro, _ = await open_astro(where, who, plan.target.organization, stack, asker(arguments))
            return await read_facts(astro, plan.decisions.cloud)
        except AstroferryError as error:
            diagnostics.say(f"Astro could not be asked, so {without}. {error}")
            return None
