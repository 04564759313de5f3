"""What must hold before anything is carried out: checked live where a machine can, confirmed by name where not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Literal

from astroferry.code.find import find as find_dags
from astroferry.errors import NotAllowedError, RequestFailedError
from astroferry.model.words import names, several

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from astroferry.carry.opening import Opened

Outcome = Literal["met", "missing", "confirmed", "to be confirmed"]

ROLES = (
    ("assess", "Airflow Op (Viewer sees DAGs only)", "none"),
    ("prepare", "none", "Organization Owner to make Workspaces; else Workspace Owner of one that is there"),
    (
        "configuration",
        "Airflow Op (to read variables); Starship needs a login that may read the configuration",
        "Workspace Operator, or Deployment Admin",
    ),
    ("dags, test", "none", "Workspace Operator, or Deployment Admin"),
    ("cutover, rollback", "Airflow User (may pause DAGs)", "Workspace Operator, or Deployment Admin"),
)
"""stage, smallest role on the source, smallest role of the Astro token.

The source's were tried with Airflow's own roles on 2.10.5 and 3.3.2; Astro's are from its role documentation.
"""
SOON = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Prerequisite:
    """One prerequisite; `who` grants it, or can confirm it; `command` takes a person's word where no screen does."""

    key: str
    title: str
    outcome: Outcome
    detail: str = ""
    who: str = ""
    command: str = ""

    @property
    def stands(self) -> str:
        """The outcome as it is said: what is missing is "not met"."""
        return "not met" if self.outcome == "missing" else self.outcome

    @property
    def told(self) -> str:
        """The evidence, and where a person is asked the command that takes the answer."""
        return f"{self.detail}; confirm with: {self.command}" if self.command else self.detail


async def prerequisites(way: Opened) -> tuple[Prerequisite, ...]:
    """Every prerequisite; nothing is changed to find out."""
    live = [*_organization(way), *_token(way), *_plan_tier(way), *_tools(way), await _runtime(way)]
    live += [
        await _allowed(
            "astro-workspaces", "The Astro token sees Workspaces", way.ctx.astro.workspaces, _ORGANIZATION
        ),
        await _allowed("source-dags", "DAGs of the source can be read", way.ctx.source.count_dags, _SOURCE),
        await _allowed(
            "source-connections", "Connections of the source can be listed", way.ctx.source.connections, _SOURCE
        ),
    ]
    confirmed = {item.what: item for item in way.plan.confirmed}
    for key, title, who in BY_PEOPLE:
        if key in confirmed:
            said = confirmed[key]
            live.append(Prerequisite(key, title, "confirmed", f"by {said.by}, {said.at:%Y-%m-%d %H:%M}", who))
        else:
            how = f"astroferry approve PLAN --what {key} --by NAME"
            live.append(Prerequisite(key, title, "to be confirmed", "no machine can tell", who, how))
    return tuple(live)


_ORGANIZATION = "an Organization Owner on Astro"
_SOURCE = "an Airflow Admin of the source"
BY_PEOPLE = (
    ("astro-role", "The Astro token has the roles that the stages need (Astro does not tell them)", _ORGANIZATION),
    ("source-may-pause", "The source login may pause DAGs (trying would change it)", _SOURCE),
    ("people-invited", "The team has access to Astro with the right roles", _ORGANIZATION),
    ("owners-know", "The owners of the DAGs know the dates of their wave", "the migration's lead"),
)


def _organization(way: Opened) -> Iterator[Prerequisite]:
    seen = way.ctx.astro.organization
    yield Prerequisite("astro-organization", "Astro organization", "met", f"{seen.name} ({seen.id})")


def _token(way: Opened) -> Iterator[Prerequisite]:
    token = way.token
    title = "Astro token: an API token of this organization"
    if not token.is_api_token:
        yield Prerequisite(
            "astro-token", title, "missing", "it is a person's session token, which ends soon", _ORGANIZATION
        )
        return
    narrow = [
        *(f"Workspace {item}" for item in token.workspace_ids),
        *(f"Deployment {item}" for item in token.deployment_ids),
    ]
    detail = f"for {names(narrow)} only" if narrow else "organization-wide"
    if token.expires_at is not None:
        left = token.expires_at - way.ctx.clock.now()
        detail += f", expires {token.expires_at:%Y-%m-%d %H:%M} UTC"
        if left < SOON:
            yield Prerequisite("astro-token", title, "missing", f"{detail}: too soon for a migration", _ORGANIZATION)
            return
    yield Prerequisite("astro-token", title, "met", detail)


def _plan_tier(way: Opened) -> Iterator[Prerequisite]:
    """Remote execution is sold with Business and Enterprise only (migration guide, phase 2)."""
    plans = way.ctx.astro.organization.plans
    remote = way.plan.decisions.execution == "remote"
    has = any(plan.upper().startswith(("BUSINESS", "ENTERPRISE")) for plan in plans)
    yield Prerequisite(
        "astro-plan",
        "Astro plan with remote execution" if remote else "Astro plan",
        "missing" if remote and not has else "met",
        f"the organization has: {names(plans) or 'not told'}",
        "your Astronomer account team" if remote and not has else "",
    )


def _tools(way: Opened) -> Iterator[Prerequisite]:
    """What this machine must have; DAG-only deploys need neither Docker nor the Astro CLI."""
    found = find_dags(way.dags_folder)
    number = len({*(file for files in found.files_of.values() for file in files), *found.computed})
    yield Prerequisite(
        "dag-folder",
        f"DAG code in {way.dags_folder}",
        "met" if number else "missing",
        several(number, "file with DAGs", "files with DAGs"),
        "" if number else "you: set code.dags_folder to the checkout of your DAGs",
    )


async def _runtime(way: Opened) -> Prerequisite:
    decisions = way.plan.decisions
    options = await way.ctx.astro.deployment_options(deploymentType="STANDARD", cloudProvider=decisions.cloud)
    offered = [release.version for release in options.runtime_releases]
    met = decisions.runtime in offered
    return Prerequisite(
        "astro-runtime",
        f"Astro offers Runtime {decisions.runtime or '(none chosen)'}",
        "met" if met else "missing",
        "" if met else f"on offer: {', '.join(offered[:6])}",
        "" if met else "you: choose another decisions.runtime",
    )


async def _allowed(key: str, title: str, call: Callable[[], Awaitable[object]], who: str) -> Prerequisite:
    try:
        await call()
    except NotAllowedError as error:
        return Prerequisite(key, title, "missing", error.message, who)
    except RequestFailedError as error:
        return Prerequisite(key, title, "missing", error.message, who)
    return Prerequisite(key, title, "met")
