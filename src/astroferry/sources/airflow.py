"""Take the inventory of a self-managed Airflow over REST: it only reads, and a probe that fails is never the end."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from astroferry.advice import places
from astroferry.model.inventory import Inventory, own_timetables
from astroferry.sources.busiest import activity
from astroferry.sources.configuration import kept, merged, options_set
from astroferry.sources.each_dag import EachDag
from astroferry.sources.environment import environment_of
from astroferry.sources.noting import (
    ENVIRONMENT,
    connections_elsewhere,
    note_activity,
    note_backend,
    note_broken,
    note_health,
    note_no_environment,
    note_starship,
    note_tasks,
    variables_elsewhere,
)
from astroferry.sources.probing import Probes
from astroferry.sources.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime

    from astroferry.clients.airflow import Airflow
    from astroferry.clients.starship import Starship
    from astroferry.model.activity import Activity
    from astroferry.model.inventory import Dag, Plugin, SourceKind
    from astroferry.sources.each_dag import ReadCode
    from astroferry.sources.environment import Environment
    from astroferry.sources.unfinished import Unfinished

FAILURES_SINCE = timedelta(days=30)
_STARSHIP_SOURCE = re.compile(r"astronomer-starship==([\w.]+)")


async def take_inventory(
    airflow: Airflow,
    *,
    clock_now: Callable[[], datetime],
    tell: Callable[[Progress], None],
    starship: Starship | None = None,
    read_code: ReadCode | None = None,
    kind: SourceKind = "airflow",
    before: Unfinished | None = None,
    environment: Environment | None = None,
) -> Inventory:
    """Everything that REST gives of the source, with coverage and findings for what it does not.

    `read_code` reads a DAG file's text (`astroferry.code.read.read`); without it dependencies in code stay unknown.
    `environment` is what a file told of the source's; without one Starship is asked, where it is there.
    `before` takes the answers as they come, so that a read that is broken off goes on where it stood; `taken_at` is
    then when the first of them was given.
    Raises only where nothing at all could be read: then the first failure.
    """
    probes = Probes(tell, before)
    resumed = probes.kept.began
    probes.kept.began = resumed or clock_now()
    dags = await _dags(airflow, probes)
    connections = await probes.ask("connections", airflow.connections) or ()
    variables = await probes.ask("variables", airflow.variables) or ()
    pools = await probes.ask("pools", airflow.pools) or ()
    providers = await probes.ask("providers", airflow.providers, "advise") or ()
    registered = await probes.ask("plugins", airflow.plugins, "advise")
    plugins = registered or ()
    broken = await probes.ask("import errors", airflow.import_errors, "advise") or ()
    shown = await probes.ask("configuration", airflow.config, "advise") or {}
    if environment is None:
        environment = await _starship_environment(probes, starship)
    else:
        probes.read(ENVIRONMENT, len(environment.names), f"From {environment.origin}.")
    config = merged(kept(shown), environment.config if environment else {})
    callers = await probes.ask("event log", airflow.callers, "advise") or ()
    roles = await probes.ask("users and roles", airflow.roles, "advise") or ()
    failed = await _failed_runs(airflow, probes, clock_now())
    health = await probes.ask("health", airflow.health, "advise") or {}
    datasets = await probes.ask("datasets", airflow.datasets, count=_count_datasets) or ({}, {})
    ran = await _ran(airflow, probes, clock_now())
    active = await probes.ask("active runs", airflow.active_run_counts, count=_sum) or {}
    if probes.failures and not any(line.outcome == "read" and line.probe != ENVIRONMENT for line in probes.coverage):
        raise probes.failures[0]
    with_runs = (
        replace(
            dag,
            active_runs=active.get(dag.dag_id, 0),
            failed_runs=None if failed is None else failed.get(dag.dag_id, 0),
        )
        for dag in dags
    )
    timetables = None if registered is None else own_timetables(registered)
    survey = await EachDag(airflow, probes, datasets, timetables).read(with_runs, read_code)

    if environment is None:
        note_no_environment(probes)
    note_backend(probes, config)
    note_starship(probes, found := _starship_version(plugins, starship))
    note_health(probes, health)
    note_broken(probes, broken)
    note_tasks(probes, survey)
    seen = places.places(connections)
    return Inventory(
        kind=environment.kind if environment and kind == "airflow" else kind,
        url=airflow.url,
        airflow_version=airflow.version,
        taken_at=resumed or clock_now(),
        api=airflow.api,
        dags=survey.dags,
        connections=connections + connections_elsewhere(probes, survey, connections, environment),
        variables=variables + variables_elsewhere(probes, survey, variables, environment),
        pools=pools,
        providers=providers,
        plugins=plugins,
        custom_operators=tuple(sorted(survey.custom_operators)),
        import_errors=broken,
        config=config,
        options_set=tuple(sorted({*options_set(shown), *(environment.options_set if environment else ())})),
        environment=environment.names if environment else (),
        environment_from=environment.origin if environment else "",
        signs=tuple(sorted(survey.signs, key=lambda sign: (sign.file, sign.line, sign.kind, sign.what))),
        task_modules=tuple(sorted(survey.task_modules)),
        callers=callers,
        roles=roles,
        places=seen,
        starship=found,
        activity=ran,
        coverage=tuple(probes.coverage),
        findings=(*probes.findings, *places.findings(seen)),
    )


async def _dags(airflow: Airflow, probes: Probes) -> tuple[Dag, ...]:
    async def all_of_them() -> tuple[Dag, ...]:
        total = await airflow.count_dags()
        kept = probes.kept
        if kept.total != total:
            # DAGs came or went meanwhile, so that the pages are no longer the same.
            kept.listed.clear()
        kept.total = total
        already = len(kept.listed)
        if not await _goes_on(airflow, kept.listed):
            kept.listed.clear()
            already = 0
        if already < total or not already:
            async for dag in airflow.dags(skip=already):
                kept.listed.append(dag)
                number = len(kept.listed)
                probes.tell(Progress("dags", number, max(total, number), dag.dag_id, already))
        return tuple(kept.listed)

    return await probes.ask("dags", all_of_them, "refuse") or ()


async def _failed_runs(airflow: Airflow, probes: Probes, now: datetime) -> dict[str, int] | None:
    """Failed runs per DAG in the last thirty days; None where the source does not tell."""
    found = await probes.ask(
        "failed runs", lambda: airflow.failed_run_counts(now - FAILURES_SINCE), "advise", count=lambda found: found[1]
    )
    if found is None:
        return None
    counts, total = found
    if sum(counts.values()) < total:
        detail = f"Of {total:,} only the newest {sum(counts.values()):,} were counted by DAG."
        probes.detail(detail)
    return counts


async def _ran(airflow: Airflow, probes: Probes, now: datetime) -> Activity | None:
    """What ran at once in the last day; None where the source does not tell."""

    async def one() -> tuple[Activity]:
        return (await activity(airflow, now),)

    found = await probes.ask("tasks that ran", one, "advise", count=lambda found: found[0].read)
    if found is None:
        return None
    note_activity(probes, found[0])
    return found[0]


async def _goes_on(airflow: Airflow, listed: list[Dag]) -> bool:
    """Whether the source's list still has the DAG that was listed last at the same place."""
    if not listed:
        return True
    async for dag in airflow.dags(page=1, skip=len(listed) - 1):
        return dag.dag_id == listed[-1].dag_id
    return False


def _count_datasets(maps: tuple[Mapping[str, tuple[str, ...]], ...]) -> int:
    return len({uri for by_dag in maps for uris in by_dag.values() for uri in uris})


def _sum(counts: Mapping[str, int]) -> int:
    return sum(counts.values())


async def _starship_environment(probes: Probes, starship: Starship | None) -> Environment | None:
    """The web server's variables, where a Starship that asks for a login is there."""
    if starship is None or not starship.is_safe:
        return None
    found = await probes.ask(ENVIRONMENT, starship.environment, "advise")
    if found is None:
        return None
    # Of the values only those of options that may be kept leave their secrets.
    return environment_of({name: value.reveal() for name, value in found.items()}, "Starship")


def _starship_version(plugins: Iterable[Plugin], starship: Starship | None) -> str:
    if starship is not None:
        return starship.version
    found = (_STARSHIP_SOURCE.search(plugin.source) for plugin in plugins)
    return next((match[1] for match in found if match), "")
