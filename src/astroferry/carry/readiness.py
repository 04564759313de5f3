"""The guide's checklist before a cutover, as live checks with evidence; what no machine can see is confirmed by name.

Nothing here changes a server. Each check is a `Prerequisite`: met or missing with what was seen, confirmed by a named
person, or to be confirmed.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from astroferry.carry.actions.deployment import find
from astroferry.carry.actions.known_good import is_live
from astroferry.carry.both_sides import on_one_side
from astroferry.carry.dagfile import below_dags, is_of
from astroferry.carry.handover.beforehand import checks_of
from astroferry.carry.handover.wave import standings_of
from astroferry.carry.prerequisites import Prerequisite
from astroferry.carry.probed import KNOWN_GOOD, last_comparison
from astroferry.clients.astro_alerts import alerts
from astroferry.errors import NotAllowedError, PlanError, Problem, UnsupportedVersionError
from astroferry.model.approval import lacks_approval, valid_approval
from astroferry.model.comparison import NOT_OPEN
from astroferry.model.cutoverday import WORKSPACE_ROLES
from astroferry.model.files import beside
from astroferry.model.words import names, several

if TYPE_CHECKING:
    from collections.abc import Iterator

    from astroferry.carry.opening import Opened
    from astroferry.model.cutoverday import Step
    from astroferry.model.plan import Deployment, Plan

BY_PEOPLE = ("network-reach", "alerts", "people-invited", "rollback-plan")
"""the checks that a person's word settles where nothing else can"""
BACKEND_VARIABLE = "AIRFLOW__SECRETS__BACKEND"
_YOU = "you"
_OWNER = "a Workspace Owner on Astro"


def open_checks(checks: tuple[Prerequisite, ...]) -> tuple[Prerequisite, ...]:
    """The checks that keep a cutover from beginning."""
    return tuple(check for check in checks if check.outcome in {"missing", "to be confirmed"})


async def readiness(way: Opened, wave: str) -> tuple[Prerequisite, ...]:
    """The checklist for one wave's production Deployment, in the guide's order.

    KeyError where the plan has no such wave; what the clients raise where an end cannot be reached.
    """
    deployment = way.plan.deployment(way.plan.wave(wave).production)
    await find(way.ctx, deployment)
    if deployment.name not in way.ctx.deployments:
        return (_missing("deployment", f'"{deployment.name}" is on Astro', "it is not there yet", "run apply"),)
    checks = [
        *await _awake(way, deployment),
        *_values(way, deployment),
        *await _secrets_backend(way, deployment),
        *_network(way, deployment),
    ]
    checks += [await _dags(way, wave, deployment), await on_one_side(way.ctx, deployment)]
    checks += [await _alerts(way, deployment), await _people(way, deployment)]
    checks += [await _known_good(way, deployment), *await checks_of(way, wave)]
    checks += [_rollback_plan(way), *_approval(way)]
    return tuple(checks)


def _met(key: str, title: str, detail: str) -> Prerequisite:
    return Prerequisite(key, title, "met", detail)


def _missing(key: str, title: str, detail: str, todo: str, who: str = _YOU) -> Prerequisite:
    return Prerequisite(key, title, "missing", f"{detail}; {todo}" if todo else detail, who)


def _by_person(way: Opened, key: str, title: str, why: str, who: str) -> Prerequisite:
    """What a person has to say; the newest word on it counts."""
    said = max((item for item in way.plan.confirmed if item.what == key), key=lambda item: item.at, default=None)
    if said is not None:
        return Prerequisite(key, title, "confirmed", f"by {said.by}, {said.at:%Y-%m-%d %H:%M}", who)
    return Prerequisite(key, title, "to be confirmed", why, who, f"astroferry approve PLAN --what {key} --by NAME")


async def _awake(way: Opened, deployment: Deployment) -> list[Prerequisite]:
    """Told only where it is not: a Deployment that is sent to sleep drops the ticks that fall into it, unsaid."""
    when = (await way.ctx.astro.deployment(way.ctx.deployments[deployment.name])).hibernates
    if not when:
        return []
    title = f'"{deployment.name}" is awake at all times'
    detail = "it hibernates " + names(["now" if item == "now" else f'by "{item}"' for item in when])
    return [_missing("awake", title, detail, "wake it and take its hibernation schedules away", _OWNER)]


def _values(way: Opened, deployment: Deployment) -> Iterator[Prerequisite]:
    title = f'All values on "{deployment.name}" were compared and are equal'
    seen = last_comparison(way.journal, deployment.name)
    if seen is None:
        yield _missing("values-verified", title, "nothing was compared yet", "run verify")
    elif not seen.equal:
        yield _missing("values-verified", title, seen.summary, "run verify once they are mended")
    elif way.ctx.clock.now() - seen.at > (limit := timedelta(hours=way.plan.before.verified_within_hours)):
        hours = int(limit.total_seconds() // 3600)
        yield _missing("values-verified", title, f"{seen.when}, more than {hours} h ago", "run verify again")
    else:
        yield _met("values-verified", title, f"{seen.equal_in_words}, {seen.when}")


async def _secrets_backend(way: Opened, deployment: Deployment) -> list[Prerequisite]:
    """A task on the target has found every name; where the backend is an outer one, it is configured there too."""
    kind, seen = way.plan.decisions.secrets_backend, last_comparison(way.journal, deployment.name)
    title = f"The secrets backend ({kind}) answers on the target"
    if kind not in {"airflow", "astro-environment"}:
        there = await way.ctx.astro.deployment(way.ctx.deployments[deployment.name])
        if BACKEND_VARIABLE not in {variable.key for variable in there.environment}:
            return [_missing("secrets-backend", title, f"{BACKEND_VARIABLE} is not set there", "set it")]
    if seen is None or seen.found is None:
        return [_missing("secrets-backend", title, "no task has asked it yet", "run verify")]
    if seen.not_found:
        detail = f"a task there does not get {names(seen.not_found)}"
        return [_missing("secrets-backend", title, detail, "mend it, then run verify")]
    return [_met("secrets-backend", title, f"a task there got {several(seen.found, 'value')}, {seen.when}")]


def _network(way: Opened, deployment: Deployment) -> Iterator[Prerequisite]:
    """What the probe's task could open; that a wave needs nothing of what it could not is a person's word."""
    title = "Tasks on the target reach what the DAGs need"
    seen = last_comparison(way.journal, deployment.name)
    if seen is None or seen.found is None:
        yield _missing("network-reach", title, "no task has tried yet", "run verify")
        return
    closed = [name for name, reach in seen.reach.items() if reach in NOT_OPEN]
    if closed:
        shown = [f"{name} ({seen.reach[name]})" for name in closed]
        why = f"{names(shown)} not reached; open the path and compare again, or confirm that none is needed here"
        yield _by_person(way, "network-reach", title, why, "your network team")
        return
    opened = sum(reach == "reachable" for reach in seen.reach.values())
    rest = len(seen.reach) - opened
    detail = f"{opened} reached by a task there, {seen.when}"
    yield _met("network-reach", title, detail + (f"; {rest} have no host and port to try" if rest else ""))


async def _dags(way: Opened, wave: str, deployment: Deployment) -> Prerequisite:
    """Every DAG of the wave is listed, and its file still imports; files of others are told, and refuse nothing."""
    title = f'Every DAG of "{wave}" is parsed on the target, with no import error'
    airflow = await way.ctx.target(deployment.name)
    wanted = way.plan.dags_of(way.plan.wave(wave), tuple(dag.dag_id for dag in way.inventory.dags))
    there = {dag.dag_id: dag.fileloc async for dag in airflow.dags()}
    errors = {item.filename for item in await airflow.import_errors()}
    absent = [dag for dag in wanted if dag not in there]
    files = {there[dag] for dag in wanted if dag in there}
    mine = sorted(below_dags(name) for name in errors if any(is_of(name, file) for file in files))
    broken = {below_dags(name) for name in errors}
    before = broken & {below_dags(item.filename) for item in way.inventory.import_errors}
    others = sorted(broken - before)
    told = f"import errors in {names(others)}" if others else "no import errors"
    told += f" but those of the source ({names(sorted(before))})" if before and not others else ""
    if absent:
        return _missing("dags-imported", title, f"not there: {names(absent)}; {told}", "run apply --stage dags")
    if mine:
        return _missing("dags-imported", title, f"import errors in {names(mine)}", "mend the code, then run apply")
    elsewhere = f"{told}, which none of them is in" if others else told
    return _met("dags-imported", title, f"{several(len(wanted), 'DAG')} seen now, {elsewhere}")


async def _alerts(way: Opened, deployment: Deployment) -> Prerequisite:
    """At least one alert that tells somebody; where Astro's API does not tell them, a person's word."""
    key, title = "alerts", "Alerts are set up on Astro, and somebody hears them"
    try:
        found = await alerts(way.ctx.astro, way.ctx.deployments[deployment.name])
    except (UnsupportedVersionError, NotAllowedError) as error:
        return _by_person(way, key, title, error.message.rstrip("."), _OWNER)
    heard = [alert for alert in found if alert.channels]
    if heard:
        kinds = sorted({alert.type for alert in heard})
        return _met(key, title, f"{several(len(heard), 'alert')} ({names(kinds)})")
    why = f"{several(len(found), 'alert')} there, none with a channel" if found else "Astro shows none"
    return _by_person(way, key, title, f"{why}; or something else tells somebody when a DAG fails", _OWNER)


async def _people(way: Opened, deployment: Deployment) -> Prerequisite:
    """Everybody whom the plan names has the role or a stronger one, of their own or by a team."""
    key, title = "people-invited", "The team has access to Astro with the right roles"
    if not way.plan.people:
        return _by_person(way, key, title, "the plan names no people ([[people]])", "an Organization Owner on Astro")
    there = await way.ctx.astro.deployment(way.ctx.deployments[deployment.name])
    try:
        roles = await _roles(way, there.workspace_id)
    except NotAllowedError as error:
        return _by_person(way, key, title, error.message.rstrip("."), "an Organization Owner on Astro")
    lacking = []
    for person in way.plan.people:
        status, held = roles.get(person.email.casefold(), ("", ()))
        if not status:
            lacking.append(f"{person.email} (not in this organization)")
        elif status != "ACTIVE":
            lacking.append(f"{person.email} ({status.lower()})")
        elif not any(_at_least(role, person.role) for role in held):
            lacking.append(f"{person.email} ({', '.join(held) or 'no role in the Workspace'})")
    if lacking:
        return _missing(key, title, names(lacking), "invite them, or give the role", "an Organization Owner on Astro")
    return _met(key, title, f"{several(len(way.plan.people), 'person', 'people')} with their roles")


async def _roles(way: Opened, workspace_id: str) -> dict[str, tuple[str, tuple[str, ...]]]:
    """E-mail in lower case -> (status, roles in the Workspace, by themselves and by teams)."""
    astro = way.ctx.astro
    by_team: dict[str, list[str]] = {}
    for team in await astro.teams(workspace_id):
        if role := team.workspace_roles.get(workspace_id):
            for member in await astro.team_members(team.id):
                by_team.setdefault(member, []).append(role)
    found: dict[str, tuple[str, tuple[str, ...]]] = {}
    for user in await astro.users():
        own = user.workspace_roles.get(workspace_id)
        owner = ["WORKSPACE_OWNER"] if user.role == "ORGANIZATION_OWNER" else []
        roles = [*([own] if own else []), *by_team.get(user.id, ()), *owner]
        found[user.username.casefold()] = (user.status, tuple(roles))
    return found


def _at_least(role: str, wanted: str) -> bool:
    known: tuple[str, ...] = WORKSPACE_ROLES
    return role in known and known.index(role) >= known.index(wanted)


async def _known_good(way: Opened, deployment: Deployment) -> Prerequisite:
    """The deploy that the values were compared with is recorded, and it is the one that runs."""
    key, title = "known-good-deploy", "The deploy to go back to is recorded, and it is live"
    recorded = way.journal.standing().get(f"{KNOWN_GOOD}/{deployment.name}")
    if recorded is None:
        return _missing(key, title, "none is recorded", "run verify")
    deploys = await way.ctx.astro.deploys(way.ctx.deployments[deployment.name])
    live = next((deploy for deploy in deploys if deploy.status == "DEPLOYED"), None)
    known = recorded.made.get("deploy_id")
    if live is None or not known or not is_live(deploys, known):
        shown = live.id if live else "none"
        return _missing(key, title, f"recorded is {known}, live is {shown}", "test and run verify again")
    return _met(key, title, f"deploy {known}, Runtime {live.runtime_version}")


def _rollback_plan(way: Opened) -> Prerequisite:
    key, title = "rollback-plan", "A rollback plan is written"
    named = way.plan.before.rollback_plan
    if not named:
        why = "the plan names no file (before.rollback_plan)"
        return _by_person(way, key, title, why, "the migration's lead")
    path = beside(way.path, named)
    try:
        text = path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError as error:
        return _missing(key, title, f"{named} cannot be read ({error.strerror})", "write it")
    if not text:
        return _missing(key, title, f"{named} is empty", "write it")
    return _met(key, title, f"{named}, {several(len(text.split()), 'word')}")


def _approval(way: Opened) -> Iterator[Prerequisite]:
    if "cutover" not in way.plan.approval.before:
        return
    title = "A second person has approved this plan"
    lacking = lacks_approval(way.plan, "cutover")
    approved = valid_approval(way.plan)
    if lacking or approved is None:
        yield _missing("approval", title, lacking.rstrip("."), "astroferry approve PLAN --by NAME", "a second person")
    else:
        yield _met("approval", title, f"by {approved.by}, {approved.at:%Y-%m-%d %H:%M}")


async def must_be_ready(way: Opened, wave: str, *, keep: bool = True) -> tuple[Prerequisite, ...]:
    """The checklist of a wave that may begin; PlanError with every open check where it may not.

    `keep`: journal what was seen, and of which DAGs.
    A cutover that was begun and interrupted goes on without it: halfway is the worst place to be kept. But DAGs that
    have come to the wave since, or back from it, have not been looked at yet; and an edit needs its approval.
    """
    if not unlooked(way, wave):
        must_be_approved(way.plan, "cutover")
        return ()
    checks = await readiness(way, wave)
    if problems := [Problem(check.key, f"{check.title}: {check.told}") for check in open_checks(checks)]:
        raise PlanError(
            f'The wave "{wave}" is not ready to be cut over: {several(len(problems), "check")} not met.', problems
        )
    if keep:
        seen = {check.key: f"{check.outcome}: {check.detail}" for check in checks}
        way.journal.write(f"ready/{wave}", "found", facts={"checks": seen, "dags": list(_dags_of(way, wave))})
    return checks


def unlooked(way: Opened, wave: str) -> list[str]:
    """Those of the wave's DAGs that no checklist of a cutover which is still under way has seen."""
    begun = standings_of(way.journal, wave, given_back=False)
    seen: dict[str, bool] = {}
    for entry in way.journal.entries if begun else ():
        parts = entry.action.split("/")
        if parts[:2] == ["ready", wave]:
            seen |= dict.fromkeys(entry.facts.get("dags", ()), True)
        elif parts[:2] == ["rollback", wave] and len(parts) > 3:
            seen[parts[2]] = False
    return [dag_id for dag_id in _dags_of(way, wave) if dag_id not in begun and not seen.get(dag_id)]


def _dags_of(way: Opened, wave: str) -> tuple[str, ...]:
    return way.plan.dags_of(way.plan.wave(wave), tuple(dag.dag_id for dag in way.inventory.dags))


def must_be_approved(plan: Plan, step: Step) -> None:
    """PlanError where the plan asks for a second person's word before this step, and it is not there."""
    if lacking := lacks_approval(plan, step):
        raise PlanError(lacking, hint="A second person runs: astroferry approve PLAN --by NAME.")
