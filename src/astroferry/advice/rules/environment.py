"""Environment variables: what Astro sets itself, what the old platform set, what DAG code reads and nobody sets."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from astroferry.advice.evidence import seen
from astroferry.advice.options import (
    RESERVED,
    RESERVED_ON_3,
    WORKER_QUEUE,
    Fate,
    fate,
    matches,
    option,
    platform_of,
    variable,
)
from astroferry.advice.rules.configuration import tells
from astroferry.advice.rules.platforms import platform
from astroferry.advice.rules.rule import Book, Case, Hit, listed
from astroferry.model.environment import environment_of
from astroferry.model.secret import is_telling
from astroferry.model.words import several

if TYPE_CHECKING:
    from collections.abc import Iterator

    from astroferry.model.plan import Deployment

BOOK = Book("environment")
WHERE = "deployments"
LIMIT = 900_000
"""bytes; Astro keeps secret ones in one Kubernetes Secret, which holds 1 MiB (inferred)"""
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_OPTION = re.compile(r"[a-z_]+[.-][a-z0-9_]+")
_OWN_PREFIXES = ("AIRFLOW_CONN_", "AIRFLOW_VAR_")
_OF_ASTRO = ("AIRFLOW_HOME", "ASTRO_*", "ASTRONOMER_*", "AIRFLOW_CONN_*", "AIRFLOW_VAR_*", "AIRFLOW_CTX_*", *RESERVED)


@BOOK.rule(
    "ENV-006",
    "refuse",
    about=WHERE,
    reads=("plan.deployments.environment", "plan.deployments.secret_environment"),
    source="Astro docs: platform-variables (2024; documents of 2026 name the same groups)",
)
def reserved(case: Case) -> Iterator[Hit]:
    """A Deployment's environment sets what Astro sets itself.

    Astro overrides it, or it breaks logs, access or tasks, and nothing on Astro stops you from setting it. Take it
    out. What the option was to say is said elsewhere: the executor and the worker queues in the Deployment, the
    region by the cluster.
    """
    for deployment in case.plan.deployments:
        names = [name for name in _names(deployment) if matches(name, RESERVED)]
        if names:
            yield Hit(
                f"{deployment.name} sets what Astro sets itself: {listed(names)}.", "Take it out.", deployment.name
            )


@BOOK.rule(
    "ENV-006-inferred",
    "warn",
    about=WHERE,
    reads=("plan.deployments.environment", "plan.decisions.airflow"),
    source="inferred: what the reserved variables are called on Airflow 3",
    confidence="medium",
)
def reserved_on_3(case: Case) -> Iterator[Hit]:
    """A Deployment's environment sets what Astro most likely sets itself.

    No document lists these names of Airflow 3, but on Airflow 2 the same options are Astro's own. Take them out,
    unless Astronomer's support told you to set them.
    """
    for deployment in case.plan.deployments if case.plan.decisions.airflow == "3" else ():
        names = [name for name in _names(deployment) if matches(name, RESERVED_ON_3)]
        if names:
            yield Hit(
                f"{deployment.name} sets what Astro most likely sets itself: {listed(names)}.",
                "Take it out, unless support told you to set it.",
                deployment.name,
            )


@BOOK.rule(
    "ENV-011",
    "refuse",
    about=WHERE,
    reads=("plan.deployments.environment", "plan.deployments.secret_environment"),
    source="POSIX; Astro refuses other names",
)
def bad_names(case: Case) -> Iterator[Hit]:
    """A name that no environment variable can have.

    Letters, digits and "_", not beginning with a digit. An option as MWAA writes it (core.parallelism) or Composer
    (core-parallelism) becomes AIRFLOW__CORE__PARALLELISM. A variable is either plain or secret, not both.
    """
    for deployment in case.plan.deployments:
        bad = [name for name in _names(deployment) if not _NAME.fullmatch(name)]
        if bad:
            options = [variable(name) for name in bad if _OPTION.fullmatch(name)]
            yield Hit(
                f"{deployment.name} has names that no environment variable can have: {listed(bad)}.",
                f"Write {listed(options)}." if options else "Use letters, digits and underscores.",
                deployment.name,
            )
        twice = [name for name in deployment.secret_environment if name in deployment.environment]
        if twice:
            yield Hit(
                f"{deployment.name} names {listed(twice)} as plain and as secret.", "Leave one.", deployment.name
            )


@BOOK.rule(
    "ENV-013",
    "warn",
    about=WHERE,
    reads=("plan.deployments.environment",),
    source="Astro docs: worker queues; AIRFLOW__CELERY__WORKER_CONCURRENCY is reserved",
)
def worker_queue_settings(case: Case) -> Iterator[Hit]:
    """What a worker queue says is no environment variable on Astro.

    The tasks per worker and the number of workers are settings of the Deployment (worker_concurrency, worker_min,
    worker_max), and parallelism follows from them. A parallelism set by hand can only hold tasks back.
    """
    for deployment in case.plan.deployments:
        names = [name for name in deployment.environment if name in WORKER_QUEUE and not matches(name, RESERVED)]
        if names:
            yield Hit(
                f"{deployment.name} sets {listed(names)}, which its workers' settings decide on Astro.",
                "Use worker_concurrency, worker_min and worker_max.",
                deployment.name,
            )


@BOOK.rule(
    "ENV-010",
    "warn",
    about=WHERE,
    reads=("plan.deployments.environment",),
    source="no limit is documented; Kubernetes keeps at most 1 MiB in one Secret (inferred)",
    confidence="low",
)
def too_large(case: Case) -> Iterator[Hit]:
    """A Deployment's environment is very large.

    Astro documents no limit, but keeps it in Kubernetes objects of at most 1 MiB. Move large texts into files of the
    image or into variables.
    """
    for deployment in case.plan.deployments:
        size = sum(len(f"{name}={value}".encode()) for name, value in deployment.environment.items())
        if size > LIMIT:
            yield Hit(
                f"The environment of {deployment.name} has {size:,} bytes; Astro may not take as many.",
                "Move large texts into files or variables.",
                deployment.name,
            )


@BOOK.rule(
    "ENV-007",
    "warn",
    reads=("inventory.signs", "plan.waves", "plan.deployments.environment"),
    source="Google and AWS documents: variables that Composer and MWAA set",
    confidence="medium",
)
def of_the_old_platform(case: Case) -> Iterator[Hit]:
    """DAG code reads variables that the old platform set.

    MWAA and Composer tell DAGs their bucket, project or environment by variables that Astro does not have. Give the
    Deployment a variable of your own with that value (another name is clearer), and read that.
    """
    given, source = _given(case), platform(case.inventory)
    found = seen(
        case,
        "environment",
        only=lambda sign: platform_of(sign.what, source) not in {"", "Astro"} and sign.what not in given,
    )
    if found:
        yield found.hit(
            f"Variables that only the old platform sets are read in {found.who}: {listed(found.whats)}",
            "Set variables of your own on the Deployments, and read those.",
        )


@BOOK.rule(
    "ENV-read",
    "warn",
    about=WHERE,
    reads=("inventory.signs", "plan.waves", "plan.deployments"),
    source="DAG code, read by its syntax",
)
def read_and_not_set(case: Case) -> Iterator[Hit]:
    """DAG code reads variables that no Deployment of the plan sets.

    Values of environment variables are not carried, since they may be secret. Put them into `environment` of the
    Deployments (secret ones by name into `secret_environment`), or make sure that the code does without.
    """
    given, source = _given(case), platform(case.inventory)
    found = seen(
        case,
        "environment",
        only=lambda sign: (
            not platform_of(sign.what, source) and sign.what not in given and not matches(sign.what, _OF_ASTRO)
        ),
    )
    if found:
        yield found.hit(
            f"Variables that no Deployment sets are read in {found.who}: {listed(found.whats)}",
            "Set them in environment or secret_environment, or do without.",
        )


@BOOK.rule(
    "ENV-012",
    "advise",
    about=WHERE,
    reads=(
        "inventory.environment",
        "plan.decisions.airflow",
        "plan.decisions.runtime",
        "plan.deployments.environment",
    ),
    source="AWS and Google documents: configuration options and overrides become AIRFLOW__ variables",
)
def carried_over(case: Case) -> Iterator[Hit]:
    """What becomes of the source's environment variables.

    Those of the user move under their name (options of Airflow under the name that Airflow 3 has for them); what
    Astro sets itself, and what belongs to the old platform, is left behind with the reason. Their values are not
    kept: give the plain ones in `environment`, the names of secret ones in `secret_environment`, and set these on
    Astro yourself.
    """
    given = _given(case)
    fates = {name: told for name, told in _fates(case).items() if not name.startswith(_OWN_PREFIXES)}
    missing = sorted({told.name for told in fates.values() if told.name and told.name not in given})
    secret = [name for name in missing if is_telling(name)]
    plain = [name for name in missing if name not in secret]
    if missing:
        by_name = f"; secret by its name: {listed(secret)}" if secret else ""
        yield Hit(
            f"{several(len(missing), 'variable')} of the source that no Deployment has yet"
            f"{f': {listed(plain)}' if plain else ''}{by_name}.",
            "Set plain ones in environment, name secret ones in secret_environment, or leave them behind.",
            evidence=tuple(missing),
        )
    behind: dict[str, list[str]] = {}
    for name, told in sorted(fates.items()):
        # What Airflow 3 renamed or removed is told by VER-037, wherever the source sets it.
        if not told.name and not tells(case, option(name)):
            behind.setdefault(told.why, []).append(name)
    if count := sum(map(len, behind.values())):
        yield Hit(
            f"{several(count, 'variable')} of the source {'stays' if count == 1 else 'stay'} behind: "
            f"{'; '.join(f'{listed(names, 3)} ({why})' for why, names in behind.items())}.",
            _but_read(case, {name for names in behind.values() for name in names}),
            evidence=tuple(f"{name}: {why}" for why, names in behind.items() for name in names),
        )


def _but_read(case: Case, names: set[str]) -> str:
    read = sorted({sign.what for sign in seen(case, "environment", "composer-path").signs} & names)
    if not read:
        return "Nothing needs to be done."
    return f"Give DAG code another way to what it reads from {listed(read)}; else nothing needs to be done."


@BOOK.rule(
    "ENV-conn",
    "warn",
    about=WHERE,
    reads=("inventory.environment", "plan.deployments.secret_environment"),
    source="Airflow docs: AIRFLOW_CONN_* and AIRFLOW_VAR_* win over the metadata database",
)
def in_the_environment(case: Case) -> Iterator[Hit]:
    """Connections or variables of the source are environment variables.

    Airflow's API lists neither, so nothing copies them. On Astro make them connections and variables of the
    Deployment or of its secrets backend, or set the same AIRFLOW_CONN_ and AIRFLOW_VAR_ names as secret environment
    variables (`secret_environment` names them); these win over what the metadata database has.
    """
    given = _given(case)
    for prefix, what in zip(_OWN_PREFIXES, ("connection", "variable"), strict=True):
        names = tuple(
            name.removeprefix(prefix).lower()
            for name, told in _fates(case).items()
            if name.startswith(prefix) and told.name and name not in given
        )
        if names:
            be = "is" if len(names) == 1 else "are"
            yield Hit(
                f"{several(len(names), what)} of the source {be} in {prefix}* and not copied: {listed(names)}.",
                f"Make them {what}s on Astro, or name them in secret_environment and set them there.",
                evidence=names,
            )


def _fates(case: Case) -> dict[str, Fate]:
    """Variable of the source -> what becomes of it."""
    source = platform(case.inventory)
    return {name: fate(name, case.target, source) for name in case.inventory.environment}


def _names(deployment: Deployment) -> tuple[str, ...]:
    return (*deployment.environment, *deployment.secret_environment)


def _given(case: Case) -> frozenset[str]:
    """Names that every Deployment of the plan has; none where there is no Deployment yet."""
    each = [{*environment_of(case.plan, item), *item.secret_environment} for item in case.plan.deployments]
    return frozenset(set.intersection(*each)) if each else frozenset()
