"""Provider packages that DAGs and connections need, and that Astro's images do not bring by themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from astroferry.advice.airflow3_minors import PROVIDERS
from astroferry.advice.evidence import seen
from astroferry.advice.packages import bring, requirement
from astroferry.advice.providers import IN_AIRFLOW_3_IMAGES, package_of_module, package_of_type
from astroferry.advice.rules.rule import Book, Case, Hit, listed, version_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

BOOK = Book("providers")
_SOURCE = "Astro docs: upgrade-af3, runtime-provider-reference"


@BOOK.rule(
    "VER-036",
    "warn",
    reads=("inventory.signs", "inventory.task_modules", "inventory.providers", "plan.decisions.airflow"),
    source=_SOURCE,
)
def used_by_dags(case: Case) -> Iterator[Hit]:
    """DAGs use providers that Astro's Airflow 3 images do not bring.

    Runtime images with Airflow 2 came with many providers, those with Airflow 3 bring only what Astro itself needs
    (celery, common-*, elasticsearch, openlineage, smtp, standard). List the others in requirements.txt of the Astro
    project and deploy its image (`astro deploy`) before the DAGs: without them their files do not parse. A DAG-only
    deploy, as astroferry makes it, does not bring packages.
    """
    found = seen(case, "provider")
    used: dict[str, list[str]] = {package_of_module(module): [] for module in case.inventory.task_modules}
    for sign in found.signs:
        used.setdefault(package_of_module(sign.what), []).append(sign.place)
    missing = sorted(name for name in used if name and name not in IN_AIRFLOW_3_IMAGES)
    if case.plan.decisions.airflow == "3" and missing:
        yield Hit(
            "DAGs use providers that Airflow 3 images of Astro do not bring: "
            f"{', '.join(requirement(case, name) for name in missing)}.",
            bring(case),
            listed(missing),
            tuple(dict.fromkeys(dag for sign in found.signs for dag in sign.dags if _lacks(sign.what))),
            tuple(f"{requirement(case, name)} {listed(sorted(set(used[name])), 3)}".rstrip() for name in missing),
        )


@BOOK.rule(
    "ENV-014",
    "warn",
    about="values.connections",
    reads=("inventory.connections", "inventory.providers", "plan.decisions.airflow", "plan.decisions.execution"),
    source=_SOURCE,
)
def used_by_connections(case: Case) -> Iterator[Hit]:
    """Connections are of types whose provider Astro's Airflow 3 images do not bring.

    Such a connection can be stored, but no hook can use it until its package is in the image. The line for
    requirements.txt is named with each; a DAG-only deploy, as astroferry makes it, does not bring packages. A
    connection that no DAG uses can be left out by values.skip_connections.
    """
    skipped = case.plan.values.skip_connections
    of_type: dict[str, list[str]] = {}
    for connection in case.inventory.connections:
        name = package_of_type(connection.conn_type)
        if name and name not in IN_AIRFLOW_3_IMAGES and connection.conn_id not in skipped:
            of_type.setdefault(name, []).append(connection.conn_id)
    known = {package_of_module(module) for module in _modules(case)}
    missing = sorted(set(of_type) - known)
    if case.plan.decisions.airflow == "3" and missing:
        told = [f"{requirement(case, name)} ({listed(of_type[name], 3)})" for name in missing]
        yield Hit(
            f"Connections need providers that Airflow 3 images of Astro do not bring: {', '.join(told)}.",
            bring(case),
            listed(missing),
            evidence=tuple(f"{requirement(case, name)}: {', '.join(of_type[name])}" for name in missing),
        )


@BOOK.rule(
    "VER-036-floor",
    "warn",
    reads=("inventory.providers", "inventory.airflow_version", "plan.decisions.runtime"),
    source="requirements of apache-airflow-core 3.0.6, 3.1.8, 3.2.2 and 3.3.2, compared",
)
def below_the_floor(case: Case) -> Iterator[Hit]:
    """The source has providers older than the Airflow of the Runtime takes.

    From 3.1 on, Airflow itself needs the standard provider at 1.9.0, common-sql at 1.28.1, common-compat at 1.7.4,
    common-io at 1.6.3 and smtp at 2.3.1, or newer. A requirements.txt that pins an older one cannot be installed, so
    its image is not built. Take these pins out; the image brings what it needs. From Airflow 2 all providers are new
    anyway.
    """
    old = []
    for provider in case.inventory.providers:
        since, floor = PROVIDERS.get(provider.package, ((0, 0), ""))
        if floor and case.climbs and case.comes_to(*since) and version_key(provider.version) < version_key(floor):
            old.append(f"{provider.package} {provider.version} (needs {floor})")
    if old:
        runtime = case.plan.decisions.runtime
        yield Hit(
            f"Providers of the source older than Runtime {runtime} takes: {listed(old, 3)}.",
            "Do not pin them in requirements.txt; the image brings newer ones.",
            listed(old),
            evidence=tuple(old),
        )


def _modules(case: Case) -> Iterable[str]:
    """What VER-036 looks at, so that no package is told twice."""
    yield from case.inventory.task_modules
    yield from (sign.what for sign in seen(case, "provider").signs)


def _lacks(module: str) -> bool:
    return package_of_module(module) not in IN_AIRFLOW_3_IMAGES
