"""What must hold before the old side may go, in the guide's order; refused while any of it does not."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from astroferry.advice.ticks import CronTicks
from astroferry.advice.watching import LONGEST_CYCLE, cycle_end
from astroferry.carry.decommission import dump as dumping
from astroferry.carry.decommission import export as exporting
from astroferry.carry.handover.begun import waves_begun
from astroferry.carry.handover.deployments import deployments_of, find_again
from astroferry.carry.handover.wave import standings_of
from astroferry.carry.handover.wave_state import states_in_words
from astroferry.carry.prerequisites import Prerequisite
from astroferry.carry.watching import last_verdicts
from astroferry.clients.credentials import kept_aside
from astroferry.errors import AstroferryError
from astroferry.model.plan import MOVED
from astroferry.model.words import names, several

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    from astroferry.carry.decommission.dump import Dump
    from astroferry.carry.decommission.export import Export
    from astroferry.carry.journal import Journal, Standing
    from astroferry.carry.opening import Opened
    from astroferry.clients.airflow import Airflow
    from astroferry.model.inventory import Inventory
    from astroferry.model.plan import Plan

LIVE = "decommission/source"
"""the journal's note that everything a machine can check held"""
BACKUP = "decommission/backup"
BY_PEOPLE = (
    ("old-services-stopped", "The old scheduler, web server, workers and triggerer are stopped"),
    ("old-database-removed", "The old metadata database is removed, and its last backup is kept"),
    ("old-infrastructure-removed", "Machines, Kubernetes resources and managed services of the old side are removed"),
    ("old-access-revoked", "Logins and tokens of the old Airflow, this tool's too, are revoked"),
)
_GONE_SOURCE = "pip uninstall astronomer-starship where the web server runs, then restart it"
_GONE_TARGET = "take astronomer-starship out of requirements.txt and deploy the image"


async def quiet_checks(way: Opened) -> tuple[Prerequisite, ...]:
    """Everything moved, watched to its end, and nothing has run on the source over a full cycle; changes nothing."""
    checks = moved_checks(way.plan, way.inventory, way.journal)
    source = way.ctx.source
    unpaused = [dag.dag_id async for dag in source.dags() if not dag.is_paused]
    checks.append(
        _check(
            "source-paused",
            "Every DAG is paused on the source",
            f"unpaused: {names(unpaused)}; move them or pause them" if unpaused else "all of them, seen now",
            met=not unpaused,
        )
    )
    running = await source.active_run_counts()
    checks.append(
        _check(
            "source-idle",
            "Nothing is queued or running on the source",
            f"runs of {names(sorted(running))}; let them finish" if running else "no run, seen now",
            met=not running,
        )
    )
    since = way.ctx.clock.now() - (quiet := quiet_for(way.plan, way.inventory, was_active(way.journal)))
    last = await source.last_start(since)
    checks.append(
        _check(
            "source-quiet",
            "Nothing has begun on the source over a full cycle",
            f"the last run began {last:%Y-%m-%d %H:%M} UTC; wait until {last + quiet:%Y-%m-%d %H:%M} UTC"
            if last
            else f"no run has begun since {since:%Y-%m-%d %H:%M} UTC",
            met=last is None,
        )
    )
    return tuple(checks)


def _check(key: str, title: str, detail: str, *, met: bool, who: str = "you") -> Prerequisite:
    return Prerequisite(key, title, "met" if met else "missing", detail, "" if met else who)


def moved_checks(plan: Plan, inventory: Inventory, journal: Journal) -> list[Prerequisite]:
    """What plan and journal tell without either end: every wave moved, and every DAG was watched to a good end."""
    return [waves_moved(plan, inventory, journal.standing()), _watched(plan, journal)]


def held_before(journal: Journal) -> bool:
    """Whether all that a machine can check has held once, and no DAG has moved to or fro since."""
    held = False
    for entry in journal.entries:
        if entry.action == LIVE:
            held = entry.event == "found"
        elif entry.action.startswith(("cutover/", "rollback/")):
            held = False
    return held


def was_active(journal: Journal) -> frozenset[str]:
    """The DAGs that ran on the source until a cutover; a later inventory shows them paused."""
    return frozenset(
        standing.dag_id
        for wave in waves_begun(journal)
        for standing in standings_of(journal, wave).values()
        if not standing.source_paused
    )


def waves_moved(plan: Plan, inventory: Inventory, standings: Mapping[str, Standing]) -> Prerequisite:
    """A wave that takes no DAG has nothing to be cut over, and keeps nobody."""
    waves = plan.peopled(dag.dag_id for dag in inventory.dags)
    stands = states_in_words(plan, inventory, standings)
    left = [f"{wave.name} ({stands[wave.name]})" for wave in waves if wave.state not in MOVED]
    return _check(
        "waves-moved",
        "Every wave was cut over",
        f"not yet: {names(left)}" if left else several(len(waves), "wave"),
        met=not left,
    )


def _watched(plan: Plan, journal: Journal) -> Prerequisite:
    """Each DAG that was handed over went well in its last verdict."""
    bad, count = [], 0
    for wave in plan.waves:
        verdicts = last_verdicts(journal, wave.name)
        for dag_id in standings_of(journal, wave.name, given_back=False):
            count += 1
            seen = verdicts.get(dag_id)
            if seen is None or seen.verdict != "well":
                bad.append(f"{dag_id} ({seen.verdict if seen else 'not watched'})")
    detail = (
        f"{names(bad)}; run watch"
        if bad
        else f"{several(count, 'DAG')} went well"
        if count
        else "none was handed over"
    )
    return _check("watched", "The first full cycle of every DAG was watched and went well", detail, met=not bad)


def quiet_for(plan: Plan, inventory: Inventory, ran: Collection[str] = ()) -> timedelta:
    """How long nothing may have begun on the source: what the plan says, else the longest pause between two ticks.

    Of the DAGs that are active there, or `ran` there until they were handed over. At least a day, because datasets
    and people start runs too; at most 35 days.
    """
    if plan.decommission.quiet_hours:
        return timedelta(hours=plan.decommission.quiet_hours)
    longest = timedelta(days=1)
    since = datetime(2026, 1, 1, tzinfo=UTC)
    for dag in inventory.dags:
        if dag.is_paused and dag.dag_id not in ran:
            continue
        if dag.schedule.kind == "timedelta":
            longest = max(longest, timedelta(seconds=float(dag.schedule.expression or 0)))
        elif dag.schedule.kind == "cron":
            try:
                ticks = CronTicks.of(dag.schedule, first=None, last=None)
            except ValueError:
                continue
            # From a tick on, so that a yearly one that comes next is not taken for a short cycle.
            first = ticks.after(since)
            if first is not None:
                longest = max(longest, cycle_end(ticks, first.moment) - first.moment)
    return min(longest, LONGEST_CYCLE)


async def starship_checks(way: Opened) -> tuple[Prerequisite, ...]:
    """Starship is on neither end any more; while it is there, whoever may read its page reads every password."""
    checks = [await _starship("source", "the source", way.ctx.source, _GONE_SOURCE)]
    names_there: dict[str, None] = {}
    for wave in way.plan.waves:
        await find_again(way.ctx, way.plan, way.journal, wave.name)
        names_there |= dict.fromkeys((wave.production, *deployments_of(way.plan, way.journal, wave.name)))
    checks += [
        await _starship(f"target:{name}", f'"{name}"', await way.ctx.target(name), _GONE_TARGET)
        for name in names_there
    ]
    return tuple(checks)


async def _starship(key: str, where: str, airflow: Airflow, how: str) -> Prerequisite:
    gone = await starship_is_gone(airflow)
    detail = "it answers with 404, seen now" if gone else f"it answers there; {how}"
    return _check(f"starship-{key}", f"Starship is removed from {where}", detail, met=gone)


async def starship_is_gone(airflow: Airflow) -> bool:
    """Whether nothing of Starship answers there: 404 for its handshake, new or old; a login page means it is."""
    for path in ("info", "health"):
        answer = await airflow.http.answer("GET", f"/api/starship/{path}")
        if answer.status != 404:
            return False
    return True


def people_checks(plan: Plan) -> Iterator[Prerequisite]:
    """What only people know: the old infrastructure, and each runbook that the plan names."""
    runbooks = tuple(
        (f"runbook:{path}", f"{path} names Astro, not the old Airflow") for path in plan.decommission.runbooks
    )
    confirmed = {item.what: item for item in plan.confirmed}
    for key, title in (*BY_PEOPLE, *runbooks):
        said = confirmed.get(key)
        if said is not None:
            yield Prerequisite(key, title, "confirmed", f"by {said.by}, {said.at:%Y-%m-%d %H:%M}")
        else:
            how = f"astroferry approve PLAN --what {key} --by NAME"
            yield Prerequisite(
                key, title, "to be confirmed", "only people can see it", "whoever ran the old side", how
            )


async def back_up(way: Opened, folder: Path, tell: Callable[[str], None]) -> Prerequisite:
    """Take the last backup and read it back, unless the journal names one that still reads back the same.

    A dump where the plan says where the database is, else an export of the API. Journalled: path, counts, digest.
    """
    title = "A last backup of the metadata database was taken and read back"
    kept = way.journal.standing().get(BACKUP)
    if kept is not None and kept.event == "done" and (again := await _still_good(kept.made)):
        return _check("backup", title, again, met=True)
    is_dump = bool(way.plan.decommission.database)
    stamp = f"{way.ctx.clock.now():%Y%m%dT%H%M%SZ}"
    path = (folder / f"{way.path.stem}.backup-{stamp}.{'dump' if is_dump else 'jsonl'}").absolute()
    way.journal.write(BACKUP, "begin", facts={"path": str(path), "kind": "dump" if is_dump else "export"})
    try:
        if is_dump:
            database = await kept_aside(way.plan.decommission.database, dumping.VARIABLE, "database's address")
            tell("dumping the metadata database")
            taken: Dump | Export = await dumping.dump(database, path)
        else:
            taken = await exporting.export(way.ctx.source, path, tell=tell)
    except AstroferryError as error:
        way.journal.write(BACKUP, "failed", why=error.message)
        raise
    facts = {**asdict(taken), "path": str(path)}
    way.journal.write(BACKUP, "applied", facts=facts)
    way.journal.write(BACKUP, "done")
    return _check("backup", title, _told(facts), met=True)


async def _still_good(facts: dict[str, object]) -> str:
    """What the backup holds, read again; empty where it is gone or is another file now."""
    path = Path(str(facts.get("path", "")))
    try:
        same = dumping.sha256_of(path) == facts.get("sha256")
    except AstroferryError:
        return ""
    return _told(facts) if same else ""


def _told(facts: dict[str, object]) -> str:
    counts = facts.get("counts")
    rows = sum(counts.values()) if isinstance(counts, dict) else 0
    return f"{facts['path']}: {several(rows, 'row')}, SHA-256 {str(facts['sha256'])[:12]}…"
