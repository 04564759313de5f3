"""Open a saved plan: its files, its lock, both ends; everything a verb or a screen needs to carry it out."""

from __future__ import annotations

import os
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from astroferry.carry.context import Context, WallClock, in_step, nobody
from astroferry.carry.drainfile import DrainFile, drain_path
from astroferry.carry.handover.begun import must_have_its_journal
from astroferry.carry.handover.deployments import moved_to
from astroferry.carry.journal import Journal
from astroferry.carry.planfiles import dags_folder, journal_path, read_plan
from astroferry.carry.runner import is_away
from astroferry.clients.address import base_address
from astroferry.clients.astro_shapes import token_seen
from astroferry.clients.connecting import connect_airflow, connect_astro, connect_deployment, connect_starship
from astroferry.clients.credentials import astro_token, source_login
from astroferry.clients.http import count_changes
from astroferry.clients.starship import Starship
from astroferry.errors import AstroferryError, NotAllowedError
from astroferry.model.files import PlanLock
from astroferry.model.organization import OrganizationFacts
from astroferry.model.secret import Secret
from astroferry.secrets.load import load as load_values

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from astroferry.carry.context import Clock
    from astroferry.clients.airflow import Airflow
    from astroferry.clients.astro import Astro
    from astroferry.clients.credentials import Ask, SourceLogin
    from astroferry.model.inventory import Inventory
    from astroferry.model.organization import TokenSeen
    from astroferry.model.plan import Plan
    from astroferry.model.values import SourceValues
    from astroferry.secrets.contract import Ask as AskForValue
    from astroferry.secrets.contract import Question

__all__ = [
    "API_URL",
    "Opened",
    "api_address",
    "journal_path",
    "open_astro",
    "open_source",
    "open_starship",
    "opened",
    "read_facts",
    "read_plan",
]
API_URL = "ASTRO_API_URL"


@dataclass
class Opened:
    """A plan that is open: `path` of the plan, `plan` as it stands now, and all that carrying needs."""

    path: Path
    plan: Plan
    inventory: Inventory
    ctx: Context
    journal: Journal
    dags_folder: Path
    token: TokenSeen


def api_address(plan: Plan) -> str:
    """Astro's API: what the environment says, else the plan."""
    return os.environ.get(API_URL) or plan.target.api


async def open_astro(
    api: str, credentials: str, organization: str, stack: AsyncExitStack, ask: Ask | None
) -> tuple[Astro, TokenSeen]:
    """Connect to an organization on Astro, or to the token's own where none is named yet."""
    token = await astro_token(credentials, ask)
    astro = await connect_astro(api, token, organization or None)
    stack.push_async_callback(astro.http.aclose)
    return astro, token_seen(token)


async def read_facts(astro: Astro, cloud: str) -> OrganizationFacts:
    """What the advice needs to know of the organization."""
    options = await astro.deployment_options(deploymentType="STANDARD", cloudProvider=cloud)
    return OrganizationFacts(
        organization=astro.organization,
        options=options,
        clusters=await astro.clusters(),
        workspaces=await astro.workspaces(),
        deployments=await astro.deployments(),
        dedicated_regions=await _dedicated_regions(astro),
    )


async def _dedicated_regions(astro: Astro) -> dict[str, tuple[str, ...]]:
    """Cloud -> regions for dedicated clusters; nothing for a token that may not ask, which stops no advice."""
    try:
        options = await astro.cluster_options()
    except NotAllowedError:
        return {}
    return {
        str(each.get("provider", "")): tuple(region["name"] for region in each.get("regions") or ())
        for each in options
    }


async def open_source(
    url: str, credentials: str, stack: AsyncExitStack, ask: Ask | None
) -> tuple[Airflow, SourceLogin]:
    """Connect to the source Airflow, gently: bounded in rate and in requests at once."""
    # The address first: one with a password in it is refused before anything else is asked for.
    address = base_address(url)
    login = await source_login(credentials, ask)
    airflow = await connect_airflow(address, login)
    stack.push_async_callback(airflow.http.aclose)
    return airflow, login


async def open_starship(airflow: Airflow, login: SourceLogin, stack: AsyncExitStack) -> Starship | None:
    """Starship on the source, or None where it is not there or refuses us."""
    try:
        starship = await connect_starship(airflow, login)
    except AstroferryError:
        return None
    if starship is not None:
        stack.push_async_callback(starship.http.aclose)
    return starship


def typed(ask: Ask | None) -> AskForValue | None:
    """How a value of the source is asked for: hidden, "-" leaves the whole item out; None where nobody may ask."""
    if ask is None:
        return None

    async def for_value(question: Question) -> Secret | None:
        hint = f" ({question.hint})" if question.hint else ""
        text = await ask(f'{question.field} of {question.kind} "{question.name}"{hint}, or - to leave it out', True)
        return None if text == "-" else Secret(text)

    return for_value


@asynccontextmanager
async def opened(
    path: Path,
    *,
    ask: Ask | None = None,
    tell: Callable[[str], None] = nobody,
    lock: bool = True,
    clock: Clock | None = None,
    type_value: AskForValue | None = None,
) -> AsyncIterator[Opened]:
    """Open a plan and both ends; everything is closed, and the lock let go, whatever happens inside.

    `type_value` asks a person for a value that the plan says is typed.

    Raises PlanInUseError where another process holds the plan, PlanError for its files, and the clients' errors where
    an end cannot be reached or refuses.
    """
    async with AsyncExitStack() as stack:
        plan, inventory = read_plan(path)
        if lock:
            stack.enter_context(PlanLock(path))
            # Another process may have ended, and changed it, while we waited for nothing but luck.
            plan, inventory = read_plan(path)
        folder = dags_folder(plan, path)
        ours: Clock = clock or WallClock()
        journal = Journal(journal_path(path), now=lambda: ours.now())  # noqa: PLW0108 - looked up at each line, since it is corrected below
        must_have_its_journal(plan, inventory, journal)
        source, login = await open_source(plan.source.url, plan.source.credentials, stack, ask)
        ours = in_step(ours, source.ahead, tell)
        where, organization = api_address(plan), plan.target.organization
        astro, token = await open_astro(where, plan.target.credentials, organization, stack, ask)

        async def target(deployment_id: str) -> Airflow:
            secret = await astro_token(plan.target.credentials, ask)
            airflow = await connect_deployment(await astro.deployment(deployment_id), secret)
            stack.push_async_callback(airflow.http.aclose)
            return airflow

        async def values() -> SourceValues:
            wants_starship = "starship" in {plan.values.connections, plan.values.variables}
            starship = await connect_starship(source, login) if wants_starship else None
            if starship is not None:
                stack.push_async_callback(starship.http.aclose)
            return await load_values(
                plan, inventory, folder=path.parent, airflow=source, starship=starship, ask=type_value or typed(ask)
            )

        async def starship_on(deployment: str) -> Starship | None:
            """Raises where the server is away: without Starship the way would be another, for a moment's sake."""
            try:
                if deployment:
                    # The Astro token opens a Deployment's plugins as it does its API.
                    return await Starship.find((await ctx.target(deployment)).http)
                found = await connect_starship(source, login)
            except AstroferryError as error:
                if is_away(error):
                    raise
                return None
            if found is not None and found.http is not source.http:
                stack.push_async_callback(found.http.aclose)
            return found

        ctx = Context(
            plan=plan,
            inventory=inventory,
            folder=path.parent,
            source=source,
            astro=astro,
            connect_target=target,
            load_values=values,
            standing=journal.standing_of,
            lines=journal.lines,
            moved=partial(moved_to, journal),
            count_changes=count_changes,
            find_starship=starship_on,
            clock=ours,
            tell=tell,
            drained=DrainFile(drain_path(path)),
        )
        yield Opened(path, plan, inventory, ctx, journal, folder, token)
