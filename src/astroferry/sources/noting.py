"""What is noted of a source beside its answers: findings, and coverage of what REST does not tell."""

from __future__ import annotations

from typing import TYPE_CHECKING

from astroferry.model.inventory import ConnectionSeen, VariableSeen
from astroferry.model.starship import SAFE_FROM, asks_for_login
from astroferry.model.words import several
from astroferry.sources.configuration import secrets_backend

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from astroferry.model.activity import Activity
    from astroferry.model.inventory import BrokenFile
    from astroferry.sources.each_dag import Survey
    from astroferry.sources.environment import Environment
    from astroferry.sources.probing import Probes

ENVIRONMENT = "environment variables"
"""the probe of that name"""


def note_no_environment(probes: Probes) -> None:
    """REST tells nothing of it; that is said, not passed over."""
    if not any(line.probe == ENVIRONMENT for line in probes.coverage):
        probes.not_asked(
            ENVIRONMENT,
            "No version of Airflow tells them by REST; connections and variables in AIRFLOW_CONN_* and AIRFLOW_VAR_* "
            "are unknown too. Give them by a file: assess --environment FILE.",
        )


def note_backend(probes: Probes, config: Mapping[str, Mapping[str, str]]) -> None:
    """REST lists the metadata database only; what else there may be is said, not passed over."""
    backend = secrets_backend(config)
    if backend:
        probes.not_asked(
            "secrets backend", f"What {backend} holds is unknown: REST lists the metadata database only."
        )
        probes.find(
            "SRC-secrets-backend",
            "warn",
            f"The source reads secrets from {backend.rsplit('.', 1)[-1]}; this inventory lists only what is in its "
            "metadata database.",
            "secrets.backend",
            "Point Astro at the same backend, or list there what DAGs use.",
        )
    elif not config:
        probes.not_asked("secrets backend", "Unknown: the source does not show its configuration.")
    else:
        probes.read("secrets backend", 0, "None is configured.")


def note_starship(probes: Probes, version: str) -> None:
    """One that asks for no login is a hole that is open now."""
    if version and not asks_for_login(version):
        probes.find(
            "SRC-starship-open",
            "warn",
            f"Critical: Starship {version} on the source gives every password and variable to anyone who can reach "
            f"its web server; versions before {SAFE_FROM} ask for no login.",
            "astronomer-starship",
            f"Upgrade it to {SAFE_FROM} or newer, or remove it, today. Astroferry does not read from it.",
        )


def note_health(probes: Probes, health: Mapping[str, str | None]) -> None:
    """What the source itself says is ill."""
    ill = sorted(name for name, status in health.items() if status not in {"healthy", None})
    if ill:
        probes.find(
            "SRC-unhealthy",
            "warn",
            f"The source reports {', '.join(ill)} as unhealthy; runs may be late, and a drain may not end.",
            ", ".join(ill),
            "Make the source healthy before the cutover.",
        )


def note_broken(probes: Probes, broken: tuple[BrokenFile, ...]) -> None:
    """Files that do not parse."""
    if broken:
        probes.find(
            "SRC-import-errors",
            "warn",
            f"{several(len(broken), 'DAG file')} cannot be parsed on the source, and so not on Astro.",
            ", ".join(sorted(file.filename for file in broken)[:5]),
            f"Repair or remove {'it' if len(broken) == 1 else 'them'} before the code is deployed.",
        )


def note_tasks(probes: Probes, survey: Survey) -> None:
    """What tasks and code of all DAGs ask for."""
    if survey.depends_on_past:
        probes.find(
            "SRC-depends-on-past",
            "advise",
            f"Tasks of {several(len(survey.depends_on_past), 'DAG')} depend on their past; on Astro a boundary "
            "marker stands for the run before the first.",
            ", ".join(sorted(survey.depends_on_past)),
            "See before its wave is cut over that the last run of each went well.",
        )
    queues = sorted(survey.queues - {"default"})
    if queues:
        probes.find(
            "SRC-queues",
            "warn",
            f"Tasks ask for {several(len(queues), 'queue')} beside the default: {', '.join(queues)}. On Astro a task "
            "whose queue is missing never starts.",
            ", ".join(queues),
            "Make worker queues of these names, or change the tasks.",
        )
    if survey.computed:
        probes.find(
            "SRC-code-computed",
            "advise",
            f"The code of {several(len(survey.computed), 'DAG')} computes names of other DAGs, datasets, variables "
            "or connections; those are not all known.",
            ", ".join(sorted(survey.computed)),
            "Check these DAGs by hand when you form waves.",
        )


def connections_elsewhere(
    probes: Probes, survey: Survey, listed: Iterable[ConnectionSeen], environment: Environment | None
) -> tuple[ConnectionSeen, ...]:
    """Connections of the environment, and those that only code names: nobody knows where these live, or whether."""
    known = {seen.conn_id for seen in listed}
    given = sorted(set(environment.connections if environment else ()) - known)
    # Airflow asks the environment in upper case, so every way of writing an id finds it.
    names = sorted(name for name in survey.named_connections - known if name.lower() not in given)
    if names:
        _note_only_in_code(probes, "connection", names)
    return (
        *(ConnectionSeen(name, origin="environment") for name in given),
        *(ConnectionSeen(name, origin="code") for name in names),
    )


def variables_elsewhere(
    probes: Probes, survey: Survey, listed: Iterable[VariableSeen], environment: Environment | None
) -> tuple[VariableSeen, ...]:
    """Likewise, variables."""
    known = {seen.key for seen in listed}
    given = sorted(set(environment.variables if environment else ()) - known)
    names = sorted(name for name in survey.named_variables - known if name.lower() not in given)
    if names:
        _note_only_in_code(probes, "variable", names)
    return (
        *(VariableSeen(name, origin="environment") for name in given),
        *(VariableSeen(name, origin="code") for name in names),
    )


def _note_only_in_code(probes: Probes, kind: str, names: list[str]) -> None:
    probes.find(
        f"SRC-{kind}-only-in-code",
        "warn",
        f"DAG code names {several(len(names), kind)} that the source does not list: from the environment or a "
        "secrets backend, or not there at all.",
        ", ".join(names),
        f"Find out where each lives; skip those that no DAG needs (values.skip_{kind}s).",
    )


def note_activity(probes: Probes, seen: Activity) -> None:
    """Where not all of the last day was read: which part of it."""
    if seen.is_whole_day:
        return
    when = f"what ran at {seen.since:%H:%M:%S}" if seen.is_moment else f"{seen.since:%H:%M} to {seen.until:%H:%M}"
    probes.detail(
        f"Of {several(seen.day, 'task instance')} in the last 24 hours the fullest part was read, {when} UTC: "
        f"{seen.read:,} of {seen.total:,}."
    )
