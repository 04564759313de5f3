"""Which DAGs move in which wave: what waves name wrongly, leave out, or take too early or too many of."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from typing import TYPE_CHECKING

from astroferry.advice.dependencies import dependencies
from astroferry.advice.layouts import critical_ones, tries_apart
from astroferry.advice.placing import placed, spread
from astroferry.advice.risk import risks
from astroferry.advice.rules.rule import Book, Case, Hit, Suggestion, listed
from astroferry.advice.waves import Proposed, divide, in_words, size_limit
from astroferry.model.division import REST, begins
from astroferry.model.words import several

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


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
        count = len(case.inventory.dags)
        reason = f"{several(count, 'DAG')} {'needs' if count == 1 else 'need'} no division."
        if not count:
            reason = "The source lists no DAG, so there is nothing to divide."
        return Suggestion(division.waves, reason, division.told)
    stay = "stays" if division.groups == 1 else "stay"
    kept = f"; {several(division.groups, 'group')} of linked DAGs {stay} together" if division.groups else ""
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
    writes. Told where more than 50 DAGs go to one Deployment so, or some that are marked critical or that many
    depend on; fewer are easily seen over.
    """
    where = {wave.name: wave.production for wave in case.plan.waves if wave.test == wave.production}
    if not where:
        return
    mine: dict[str, list[str]] = {}
    for dag, named in case.plan.divided(dag.dag_id for dag in case.inventory.dags).items():
        for name in named:
            if name in where:
                mine.setdefault(where[name], []).append(dag)
    critical = critical_ones(case.inventory.dags)
    told = {home for home, dags in mine.items() if tries_apart(dags, critical)}
    if same := [wave for wave, home in where.items() if home in told]:
        among = [dag for home, dags in mine.items() if home in told for dag in dags if dag in critical]
        why = f", with critical DAGs among them: {listed(among, 3)}" if among else ""
        yield Hit(
            f"Tested on the Deployment where they will be in production: {listed(same)}{why}.",
            "Add a Deployment with the role test, in development mode, and name it in `test` of these waves.",
            same[0],
            evidence=tuple(same),
        )


@BOOK.rule(
    "WAV-asleep",
    "warn",
    about=WHERE,
    reads=("plan.waves", "plan.deployments"),
    source="Terraform provider astro 2026-08: deployment; Astro API v1: DeploymentHibernationSpec",
)
def production_may_sleep(case: Case) -> Iterator[Hit]:
    """A wave goes to a Deployment in development mode.

    Such a Deployment has no uptime SLA and may be sent to hibernate: the ticks that come due meanwhile are dropped
    without catchup, and late with it. A cutover is refused while it hibernates or has a schedule for it. Development
    mode is chosen when a Deployment is made and cannot be taken away: give production another Deployment.
    """
    sleepy = {item.name for item in case.plan.deployments if item.development_mode}
    found = [wave.name for wave in case.plan.waves if wave.production in sleepy]
    if found:
        yield Hit(
            f"In production on a Deployment in development mode, which may hibernate: {listed(found)}.",
            "Set development_mode = false for it before it is made, or name another in `production`.",
            found[0],
            evidence=tuple(found),
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
    placed_in = wave_of(case)
    others = Counter(placed_in[dag] for dag, found in risk.items() if found.level != "high")
    moved, early = 0, set[str]()
    for wave in case.plan.waves:
        moved += others[wave.name]
        if moved < _EARLY * others.total():
            early.add(wave.name)
    high = [dag for dag, found in risk.items() if found.level == "high" and placed_in[dag] in early]
    if high:
        shown = [f"{dag} ({', '.join(risk[dag].why)})" for dag in high]
        count = f"{several(len(high), 'DAG')} of high risk {'moves' if len(high) == 1 else 'move'}"
        yield Hit(
            f"{count} before two thirds of the others have: {listed(shown, 3)}.",
            "Name them in a wave near the end, with what they depend on.",
            placed_in[high[0]],
            dags=tuple(high),
            evidence=tuple(f"{dag}: {', '.join(risk[dag].why)}; in {placed_in[dag]}." for dag in high),
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
    counted = Counter(wave_of(case).values())
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


def wave_of(case: Case) -> dict[str, str]:
    """DAG id -> the wave that takes it first, or "" where it stays on the source."""
    return {dag: waves[0] if waves else "" for dag, waves in _divided(case).items()}
