"""Which DAGs move together; thin: one wave with all, and what is wrong with the waves of a plan."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from astroferry.advice.rules.rule import Rule, Suggestion, listed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from astroferry.model.finding import Finding
    from astroferry.model.inventory import Dag, Inventory
    from astroferry.model.organization import OrganizationFacts
    from astroferry.model.plan import Plan

WATCHES_APART = Rule("HAZ-001", "warn", "docs: cross-deployment dependencies; a sensor sees its own database only")
TRIGGERS_APART = Rule("HAZ-002", "warn", "docs: cross-deployment dependencies")
DATASETS_APART = Rule("HAZ-003", "warn", "docs: cross-deployment dependencies; events stay in one Deployment")
NO_WAVE = Rule("WAV-none", "warn", "a DAG in no wave stays on the source")
TWO_WAVES = Rule("WAV-twice", "refuse", "a DAG is cut over once")
NO_DAG = Rule("WAV-unknown", "refuse", "a wave moves DAGs that the source has")
SAME_DEPLOYMENT = Rule("WAV-same", "advise", "migration guide, Phase 5: test on a Deployment of its own")
UNKNOWN_LINKS = Rule("WAV-links", "advise", "what code computes is not read")
RULES = (
    WATCHES_APART,
    TRIGGERS_APART,
    DATASETS_APART,
    NO_WAVE,
    TWO_WAVES,
    NO_DAG,
    SAME_DEPLOYMENT,
    UNKNOWN_LINKS,
)


@dataclass(frozen=True, slots=True)
class WaveSuggested:
    """A wave as suggested: its name and DAG ids ("*": all that no other wave names)."""

    name: str
    dags: tuple[str, ...]


def suggest(inventory: Inventory, _facts: OrganizationFacts | None) -> Suggestion[tuple[WaveSuggested, ...]]:
    """One wave: what depends on each other surely moves together."""
    links = sum(bool(dag.triggers or dag.waits_for or dag.consumes) for dag in inventory.dags)
    return Suggestion(
        (WaveSuggested("wave-1", ("*",)),),
        f"One wave keeps all {len(inventory.dags)} DAGs together; divide it where you want smaller steps.",
        (f"{links} DAG(s) depend on others.",) if links else (),
    )


def problems(plan: Plan, inventory: Inventory, _facts: OrganizationFacts | None) -> Iterator[Finding]:
    """DAGs left out, named twice or not there, and dependencies that waves cut."""
    ids = tuple(dag.dag_id for dag in inventory.dags)
    wave_of: dict[str, str] = {}
    for wave in plan.waves:
        unknown = [name for name in (*wave.dags, *wave.without) if name != "*" and name not in ids]
        if unknown:
            yield NO_DAG.finding(
                f'Wave "{wave.name}" names DAGs that the source does not have: {listed(unknown)}.',
                wave.name,
                "Correct the names, or assess again.",
            )
        if wave.test == wave.production:
            yield SAME_DEPLOYMENT.finding(
                f'Wave "{wave.name}" is tested on the Deployment where it will be in production.',
                wave.name,
                "Give it a test Deployment of its own, or accept that tests write where production will.",
            )
        for dag_id in plan.dags_of(wave, ids):
            if wave_of.setdefault(dag_id, wave.name) != wave.name:
                yield TWO_WAVES.finding(
                    f'{dag_id} is in the waves "{wave_of[dag_id]}" and "{wave.name}".', dag_id, "Leave it in one."
                )
    left = [dag_id for dag_id in ids if dag_id not in wave_of]
    if left:
        yield NO_WAVE.finding(
            f"{len(left)} DAG(s) are in no wave and stay on the source: {listed(left)}.",
            "waves",
            'Name them in a wave ("*" takes all that no other names), if they shall move.',
        )
    yield from _cut_links(inventory, wave_of)
    unknown_links = [dag.dag_id for dag in inventory.dags if dag.dependencies == "unknown until code is read"]
    if unknown_links and len(plan.waves) > 1:
        yield UNKNOWN_LINKS.finding(
            f"What {len(unknown_links)} DAG(s) depend on is unknown: {listed(unknown_links)}.",
            "waves",
            "Look at their code before they move apart from others.",
        )


def _cut_links(inventory: Inventory, wave_of: dict[str, str]) -> Iterator[Finding]:
    """Dependencies whose two ends are not in the same wave; an end that the source does not have does not count."""
    here = {dag.dag_id for dag in inventory.dags}
    producers = _producers(inventory)
    for dag in inventory.dags:
        for rule, other, what in _links(dag, producers):
            if other in here and wave_of.get(dag.dag_id) != wave_of.get(other):
                yield rule.finding(
                    f"{dag.dag_id} {what}, but {other} is not in the same wave.", dag.dag_id, "Move both in one wave."
                )


def _links(dag: Dag, producers: dict[str, list[str]]) -> Iterator[tuple[Rule, str, str]]:
    """(rule, the DAG at the other end, what the link is) for each thing that a DAG needs of another."""
    for other in dag.waits_for:
        yield WATCHES_APART, other, f"waits for {other}"
    for other in dag.triggers:
        yield TRIGGERS_APART, other, f"triggers {other}"
    for uri in dag.consumes:
        for other in producers.get(uri, ()):
            yield DATASETS_APART, other, f"is scheduled by {uri} of {other}"


def _producers(inventory: Inventory) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for dag in inventory.dags:
        for uri in dag.produces:
            found.setdefault(uri, []).append(dag.dag_id)
    return found
