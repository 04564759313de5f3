"""What a new look at the source means for a plan: what changed there, which advice changed, what to look at again."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from astroferry.advice.suggest import SUGGESTIONS
from astroferry.model.inventoryfile import drift, fingerprint
from astroferry.model.plan import MOVED
from astroferry.stages import DECIDING
from astroferry.stages.desk import Desk

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from astroferry.model.finding import Finding
    from astroferry.model.inventory import Inventory
    from astroferry.model.organization import OrganizationFacts
    from astroferry.model.plan import Plan
    from astroferry.stages.stage import Deciding

_GONE = frozenset({"refused", "failed"})


@dataclass(frozen=True, slots=True)
class AdviceChanged:
    """One change of advice in a stage; `what` is a sentence, `answer` what the plan says there and keeps saying."""

    stage: str
    what: str
    answer: str = ""


@dataclass(frozen=True, slots=True)
class Refreshed:
    """`plan`: as it was, with the new fingerprint, and the stages to look at again noted."""

    plan: Plan
    drift: tuple[str, ...]
    advice: tuple[AdviceChanged, ...]
    review_again: tuple[str, ...]
    """stages newly marked; of those only that were decided"""
    told: tuple[str, ...]
    """what the user must know about DAGs that are new"""


def lost(before: Inventory, after: Inventory) -> tuple[str, ...]:
    """What was read before and could not be read now: such an inventory would take away what is still there."""
    had = {item.probe for item in before.coverage if item.outcome == "read"}
    return tuple(item.probe for item in after.coverage if item.probe in had and item.outcome in _GONE)


def refreshed(
    path: Path, plan: Plan, before: Inventory, after: Inventory, facts: OrganizationFacts | None = None
) -> Refreshed:
    """The plan of `path` after the source was read again; no answer in it is changed."""
    source = replace(plan.source, fingerprint=fingerprint(after))
    then, now = Desk(path, plan, before, facts), Desk(path, replace(plan, source=source), after, facts)
    changed = tuple(change for stage in DECIDING for change in _changes(stage, then, now))
    now.mark_review_again(tuple(dict.fromkeys(change.stage for change in changed)))
    marked = tuple(stage for stage in now.plan.review_again if stage not in plan.review_again)
    return Refreshed(now.plan, drift(before, after), changed, marked, tuple(_about_new(plan, before, after)))


def _changes(stage: Deciding, then: Desk, now: Desk) -> Iterator[AdviceChanged]:
    for question in stage.questions(now):
        ask = SUGGESTIONS.get(question.key)
        if ask is None or then.case is None or now.case is None:
            continue
        old, new = _plain(ask(then.case).value), _plain((suggested := ask(now.case)).value)
        # Waves are many lines, and the ones that the plan has stay: their findings tell what is wrong with them.
        if old != new and question.key != "waves":
            yield AdviceChanged(
                stage.key,
                f"{question.key}: {old} was suggested, now {new} is. {suggested.reason}",
                str(_plain(now.current(question.key))),
            )
    known = {_key(finding) for finding in stage.findings(then)}
    found = stage.findings(now)
    for finding in found:
        if _key(finding) not in known:
            yield AdviceChanged(stage.key, f"new {finding.severity}: {finding.message} [{finding.code}]")
    still = {finding.code for finding in found}
    for finding in stage.findings(then):
        if finding.code not in still:
            yield AdviceChanged(stage.key, f"no longer: {finding.message} [{finding.code}]")


def _about_new(plan: Plan, before: Inventory, after: Inventory) -> Iterable[str]:
    """New DAGs that a wave takes which has moved already: nobody would move them any more."""
    known = {dag.dag_id for dag in before.dags}
    moved = {wave.name for wave in plan.waves if wave.state in MOVED}
    for dag, waves in plan.divided(dag.dag_id for dag in after.dags).items():
        for wave in waves:
            if dag not in known and wave in moved:
                yield f'{dag} is new and falls into wave "{wave}", which has been cut over: name it in another wave.'


def _key(finding: Finding) -> tuple[str, str]:
    return finding.code, finding.message


def _plain(value: Any) -> Any:
    return "nothing" if value in (None, "") else value
