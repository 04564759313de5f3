"""Provider packages that DAGs and connections need, and that Astro's images do not bring by themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from astroferry.advice.evidence import seen
from astroferry.advice.packages import bring, requirement
from astroferry.advice.providers import IN_AIRFLOW_3_IMAGES, package_of_module, package_of_type
from astroferry.advice.rules.rule import Book, Case, Hit, listed

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


def _modules(case: Case) -> Iterable[str]:
    """What VER-036 looks at, so that no package is told twice."""
    yield from case.inventory.task_modules
    yield from (sign.what for sign in seen(case, "provider").signs)


def _lacks(module: str) -> bool:
    return package_of_module(module) not in IN_AIRFLOW_3_IMAGES
