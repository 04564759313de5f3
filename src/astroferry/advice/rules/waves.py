"""Which DAGs move together and in which order: what waves cut, leave out, or take too early."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from typing import TYPE_CHECKING

from astroferry.advice.dependencies import cycles, dependencies
from astroferry.advice.layouts import TRIED_IN_PLACE
from astroferry.advice.placing import kept_links, placed, spread
from astroferry.advice.risk import risks
from astroferry.advice.rules.rule import Book, Case, Hit, Suggestion, listed
from astroferry.advice.waves import Proposed, divide, in_words, size_limit
from astroferry.model.division import REST, begins
from astroferry.model.words import several

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from astroferry.advice.dependencies import LinkKind

BOOK = Book("waves")
WHERE = "waves"
_LARGE = 2
"""times the size that we would propose"""
_EARLY = 2 / 3
"""share of the DAGs of low and medium risk that should have moved before one of high risk does; our own measure"""


@BOOK.suggests(WHERE)
def suggest(case: Case) -> Suggestion[tuple[Proposed, ...]]:
    """By risk, low first; DAGs that depend on each other in one wave."""
    where = spread(case.plan, case.inventory)
    division = divide(case.inventory, where)
    if len(division.waves) < 2:
        reason = f"{several(len(case.inventory.dags), 'DAG')} need no division."
        return Suggestion(division.waves, reason, division.told)
    kept = f"; {several(division.groups, 'group')} of linked DAGs stay together" if division.groups else ""
    number = f"{len(division.waves)} waves"
    if where and case.plan.deployments:
        made = placed(case.plan, case.inventory, division.waves)
        number = f"{several(len(made), 'wave')} in {len(division.waves)} steps, each wave into one Workspace"
    return Suggestion(
        division.waves,
        f"{number}, the ones of low risk first{kept}.",
        (*division.told, *(in_words(wave) for wave in division.waves)),
    )


@BOOK.rule(
    "WAV-unknown",
    "refuse",
    about=WHERE,
    reads=("plan.waves", "inventory.dags"),
    source="a wave moves DAGs that the source has",
)
def no_such_dag(case: Case) -> Iterator[Hit]:
    """A wave names DAGs that the source does not have.

    A name may be misspelt, or the DAG was removed or renamed since the inventory was taken. Beginnings of names
    ("sales_*") must fit at least one DAG.
    """
    ids = sorted(dag.dag_id for dag in case.inventory.dags)
    for wave in case.plan.waves:
        unknown = [name for name in (*wave.dags, *wave.without) if name != REST and not _names_one(name, ids)]
        if unknown:
            yield Hit(
                f'Wave "{wave.name}" names DAGs that the source does not have: {listed(unknown)}.',
                "Correct the names, or take the inventory again (astroferry refresh).",
                wave.name,
                evidence=tuple(unknown),
            )


@BOOK.rule("WAV-twice", "refuse", about=WHERE, reads=("plan.waves",), source="a DAG is cut over once")
def in_two_waves(case: Case) -> Iterator[Hit]:
    """A DAG is in two waves.

    It is cut over once, with one wave. Leave its name in one of them.
    """
    twice = {dag: waves for dag, waves in _divided(case).items() if len(waves) > 1}
    if twice:
        shown = [f"{dag} in {' and '.join(waves)}" for dag, waves in twice.items()]
        yield Hit(
            f"{several(len(twice), 'DAG')} in more than one wave: {listed(shown)}.",
            "Leave each in one.",
            dags=tuple(twice),
        )


@BOOK.rule(
    "WAV-none",
    "warn",
    about=WHERE,
    reads=("plan.waves", "inventory.dags"),
    source="migration guide, Phase 5: staged migration",
)
def in_no_wave(case: Case) -> Iterator[Hit]:
    """DAGs are in no wave.

    They stay on the source, and the source cannot be switched off while they run there. "*" in one wave takes all
    that no other names.
    """
    left = [dag for dag, waves in _divided(case).items() if not waves]
    if left:
        yield Hit(
            f"{several(len(left), 'DAG')} in no wave, so they stay on the source: {listed(left)}.",
            'Name them in a wave ("*" takes all that no other names), if they shall move.',
            dags=tuple(left),
        )


@BOOK.rule(
    "WAV-same",
    "advise",
    about=WHERE,
    reads=("plan.waves", "inventory.dags"),
    source="migration guide, Phase 5: deploy to a development or staging Deployment first",
)
def tested_in_production(case: Case) -> Iterator[Hit]:
    """A wave is tested on the Deployment where it will be in production.

    The guide deploys to a development or staging Deployment first. On one Deployment, tests write where production
    writes. Told where there are more than 50 DAGs, or some that are marked critical; fewer are easily seen over.
    """
    same = [wave.name for wave in case.plan.waves if wave.test == wave.production]
    if not same:
        return
    dags = case.inventory.dags
    critical = [dag for dag, found in risks(dags, dependencies(dags)).items() if found.critical]
    if len(dags) > TRIED_IN_PLACE or critical:
        why = f", with critical DAGs among them: {listed(critical, 3)}" if critical else ""
        yield Hit(
            f"Tested on the Deployment where they will be in production: {listed(same)}{why}.",
            "Add a Deployment with the role test, in development mode, and name it in `test` of these waves.",
            same[0],
            evidence=tuple(same),
        )


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
    run waits there and is run late when that copy is unpaused. Move both in one wave.
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
    wave_of = _wave_of(case)
    cut: dict[str, str] = {}
    for uri, (writers, readers) in kept_links(case.plan, case.inventory).datasets.items():
        first = {wave_of[dag]: dag for dag in reversed(writers)}
        for dag in readers:
            other = next((writer for wave, writer in first.items() if wave != wave_of[dag]), None)
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
    wave_of = _wave_of(case)
    waves: dict[str, dict[str, None]] = {}
    for dag in case.inventory.dags:
        for pool in dag.pools:
            waves.setdefault(pool, {})[wave_of[dag.dag_id]] = None
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


@BOOK.rule(
    "WAV-order",
    "advise",
    about=WHERE,
    reads=("plan.waves", "inventory.dags"),
    source="migration guide, Phase 5: start with low-risk DAGs",
)
def high_risk_first(case: Case) -> Iterator[Hit]:
    """DAGs of high risk move before most of the others have shown the way.

    The guide starts with reporting, non-critical and paused DAGs, and ends with those whose downtime hurts the
    business. The first waves are where surprises come. Where a plan names families of DAGs, some of high risk move
    with theirs: name those in a wave of their own at the end.
    """
    if len(case.plan.waves) < 2:
        return
    dags = case.inventory.dags
    risk = risks(dags, dependencies(dags))
    wave_of = _wave_of(case)
    others = Counter(wave_of[dag] for dag, found in risk.items() if found.level != "high")
    moved, early = 0, set[str]()
    for wave in case.plan.waves:
        moved += others[wave.name]
        if moved < _EARLY * others.total():
            early.add(wave.name)
    high = [dag for dag, found in risk.items() if found.level == "high" and wave_of[dag] in early]
    if high:
        shown = [f"{dag} ({', '.join(risk[dag].why)})" for dag in high]
        count = f"{several(len(high), 'DAG')} of high risk {'moves' if len(high) == 1 else 'move'}"
        yield Hit(
            f"{count} before two thirds of the others have: {listed(shown, 3)}.",
            "Name them in a wave near the end, with what they depend on.",
            wave_of[high[0]],
            dags=tuple(high),
            evidence=tuple(f"{dag}: {', '.join(risk[dag].why)}; in {wave_of[dag]}." for dag in high),
        )


@BOOK.rule(
    "WAV-large",
    "advise",
    about=WHERE,
    reads=("plan.waves", "inventory.dags"),
    source="migration guide, Phase 5: migrate DAGs in batches rather than all at once",
)
def large_wave(case: Case) -> Iterator[Hit]:
    """A wave is much larger than the others need to be.

    The guide migrates in batches: each is tested, compared and watched for a cycle, and given back as a whole if it
    must be. A large wave is long to watch and long to give back.
    """
    counted = Counter(_wave_of(case).values())
    most = _LARGE * size_limit(len(case.inventory.dags))
    for wave in case.plan.waves:
        if counted[wave.name] > most:
            yield Hit(
                f'Wave "{wave.name}" holds {counted[wave.name]:,} of {len(case.inventory.dags):,} DAGs.',
                "Divide it where no dependency is cut.",
                wave.name,
            )


def _names_one(name: str, ids: Sequence[str]) -> bool:
    """Whether a whole id, or a beginning, is that of a DAG; the ids are sorted."""
    start = begins(name)
    wanted = name if start is None else start
    nearest = bisect_left(ids, wanted)
    found = ids[nearest] if nearest < len(ids) else ""
    return found == wanted if start is None else found.startswith(wanted)


def _divided(case: Case) -> dict[str, tuple[str, ...]]:
    return case.plan.divided(dag.dag_id for dag in case.inventory.dags)


def _wave_of(case: Case) -> dict[str, str]:
    """DAG id -> the wave that takes it first, or "" where it stays on the source."""
    return {dag: waves[0] if waves else "" for dag, waves in _divided(case).items()}


def _cut(case: Case, kind: LinkKind, verb: str) -> Iterable[Hit]:
    wave_of = _wave_of(case)
    cut: dict[str, str] = {}
    for link in kept_links(case.plan, case.inventory).direct:
        if link.kind == kind and wave_of[link.earlier] != wave_of[link.later]:
            cut.setdefault(link.later, f"{link.later} {verb} {link.earlier}")
    return _hit_of_cut(cut)


def _hit_of_cut(cut: dict[str, str]) -> Iterator[Hit]:
    if cut:
        yield Hit(
            f"Waves cut {several(len(cut), 'dependency', 'dependencies')}: {listed(tuple(cut.values()), 3)}.",
            "Name both ends in one wave.",
            dags=tuple(cut),
            evidence=tuple(cut.values()),
        )
