"""What holds DAGs together: links that waves cut, that lead nowhere or round, that nobody knows; shared pools."""

from __future__ import annotations

from typing import TYPE_CHECKING

from astroferry.advice.dependencies import cycles, dependencies
from astroferry.advice.placing import kept_links
from astroferry.advice.rules.rule import Book, Case, Hit, listed
from astroferry.advice.rules.waves import WHERE, wave_of
from astroferry.model.words import several

if TYPE_CHECKING:
    from collections.abc import Iterator

    from astroferry.advice.dependencies import LinkKind

BOOK = Book("links")


@BOOK.rule(
    "HAZ-001",
    "warn",
    about=WHERE,
    reads=("plan.waves", "inventory.dags.waits_for"),
    source="docs: cross-deployment dependencies; a sensor sees its own database only",
)
def sensors_cut(case: Case) -> Iterator[Hit]:
    """A sensor waits for a DAG of another wave.

    An ExternalTaskSensor looks into its own Airflow's database. Between the two cutovers its other end runs
    elsewhere, so it waits until it times out. Move both in one wave, or replace the sensor for that time. Links
    between Workspaces are told by WSP-cross: no wave can keep those.
    """
    yield from _cut(case, "waits", "waits for")


@BOOK.rule(
    "HAZ-002",
    "warn",
    about=WHERE,
    reads=("plan.waves", "inventory.dags.triggers"),
    source="docs: cross-deployment dependencies",
)
def triggers_cut(case: Case) -> Iterator[Hit]:
    """A DAG triggers one of another wave.

    TriggerDagRunOperator starts DAGs of its own Airflow. Between the two cutovers it starts the paused copy, whose
    run waits there: its cutover asks to have it deleted, but for a DAG without a schedule, which runs it late. Move
    both in one wave.
    """
    yield from _cut(case, "triggers", "is triggered by")


@BOOK.rule(
    "HAZ-003",
    "warn",
    about=WHERE,
    reads=("plan.waves", "inventory.dags.consumes", "inventory.dags.produces"),
    source="docs: cross-deployment dependencies; events stay in one Deployment",
)
def datasets_cut(case: Case) -> Iterator[Hit]:
    """A dataset is written in one wave and starts DAGs of another.

    Dataset and asset events stay inside one Airflow. Between the two cutovers the consumer does not run. Move both
    in one wave, or post the events by REST for that time.
    """
    placed_in = wave_of(case)
    cut: dict[str, str] = {}
    for uri, (writers, readers) in kept_links(case.plan, case.inventory).datasets.items():
        first = {placed_in[dag]: dag for dag in reversed(writers)}
        for dag in readers:
            other = next((writer for wave, writer in first.items() if wave != placed_in[dag]), None)
            if other is not None:
                cut.setdefault(dag, f"{dag} is scheduled by {uri} of {other}")
    yield from _hit_of_cut(cut)


@BOOK.rule(
    "WAV-gone",
    "warn",
    about=WHERE,
    reads=("inventory.dags.triggers", "inventory.dags.waits_for"),
    source="TriggerDagRunOperator and ExternalTaskSensor look for DAGs of their own Airflow",
)
def links_to_nothing(case: Case) -> Iterator[Hit]:
    """DAGs trigger or wait for DAGs that the source does not have.

    Such a task fails or waits until it times out, on the source today as on Astro tomorrow: the other DAG was renamed
    or removed, its file does not parse, or it lives on another Airflow. One on another Airflow has to be reached
    through its REST API.
    """
    here = {dag.dag_id for dag in case.inventory.dags}
    lost: dict[str, list[str]] = {}
    for dag in case.inventory.dags:
        for verb, others in (("triggers", dag.triggers), ("waits for", dag.waits_for)):
            for other in others:
                if other not in here:
                    lost.setdefault(dag.dag_id, []).append(f"{verb} {other}")
    if lost:
        shown = [f"{dag} {' and '.join(said)}" for dag, said in lost.items()]
        yield Hit(
            f"The source does not have what {several(len(lost), 'DAG')} would start or wait for: {listed(shown, 3)}.",
            "Find out where these DAGs are, and correct or remove the link before the wave is tested.",
            dags=tuple(lost),
            evidence=tuple(f"{dag}: {' and '.join(said)}, which is not there." for dag, said in lost.items()),
        )


@BOOK.rule(
    "WAV-links",
    "advise",
    about=WHERE,
    reads=("plan.waves", "inventory.dags.dependencies"),
    source="what code computes is not read",
)
def unknown_links(case: Case) -> Iterator[Hit]:
    """What some DAGs depend on is unknown.

    Their code could not be read, or computes the names of other DAGs. Waves may cut what nobody can see from here.
    """
    unknown = [dag.dag_id for dag in case.inventory.dags if dag.dependencies == "unknown until code is read"]
    if unknown and len(case.plan.waves) > 1:
        yield Hit(
            f"What {several(len(unknown), 'DAG')} depend on is unknown: {listed(unknown)}.",
            "Look at their code before they move apart from others.",
            dags=tuple(unknown),
        )


@BOOK.rule(
    "WAV-cycle",
    "advise",
    about=WHERE,
    reads=("inventory.dags.triggers", "inventory.dags.waits_for", "inventory.dags.consumes"),
    source="our own measure",
)
def in_a_circle(case: Case) -> Iterator[Hit]:
    """DAGs start or wait for each other in a circle.

    There is no order in which one could move before the other, so they belong into one wave; while it is drained, a
    circle may start itself again. Look at whether it is meant.
    """
    for circle in cycles(dependencies(case.inventory.dags)):
        yield Hit(
            f"{several(len(circle), 'DAG')} start or wait for each other in a circle: {listed(circle)}.",
            "Keep them in one wave, and see that the circle stands still before it is drained.",
            circle[0],
            dags=circle,
        )


@BOOK.rule(
    "WAV-pool",
    "advise",
    about=WHERE,
    reads=("plan.waves", "inventory.pools", "inventory.dags.pools"),
    source="pools are of one Airflow; own measure",
)
def pools_shared(case: Case) -> Iterator[Hit]:
    """DAGs of several waves share a pool.

    A pool often guards something outside: a database that bears four connections. Until all its DAGs have moved, each
    side counts its own slots, so together they may take twice as many. Lower the slots for that time.
    """
    if len(case.plan.waves) < 2:
        return
    placed_in = wave_of(case)
    waves: dict[str, dict[str, None]] = {}
    for dag in case.inventory.dags:
        for pool in dag.pools:
            waves.setdefault(pool, {})[placed_in[dag.dag_id]] = None
    slots = {pool.name: pool.slots for pool in case.inventory.pools}
    for pool, found in sorted(waves.items()):
        if len(found) > 1 and pool != "default_pool":
            limit = f" ({slots[pool]} slots)" if pool in slots else ""
            yield Hit(
                f'The pool "{pool}"{limit} is shared by DAGs of the waves {listed(tuple(found))}.',
                "Until all have moved each side counts its own slots; lower them for that time if something outside "
                "depends on the limit.",
                pool,
            )


def _cut(case: Case, kind: LinkKind, verb: str) -> Iterator[Hit]:
    placed_in = wave_of(case)
    cut: dict[str, str] = {}
    for link in kept_links(case.plan, case.inventory).direct:
        if link.kind == kind and placed_in[link.earlier] != placed_in[link.later]:
            cut.setdefault(link.later, f"{link.later} {verb} {link.earlier}")
    yield from _hit_of_cut(cut)


def _hit_of_cut(cut: dict[str, str]) -> Iterator[Hit]:
    if cut:
        yield Hit(
            f"Waves cut {several(len(cut), 'dependency', 'dependencies')}: {listed(tuple(cut.values()), 3)}.",
            "Name both ends in one wave.",
            dags=tuple(cut),
            evidence=tuple(cut.values()),
        )
