"""A walk through the deciding stages without a face: answers by key, suggestions for the rest, all gaps at once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from astroferry.errors import PlanError, Problem
from astroferry.model.inventoryfile import fingerprint
from astroferry.model.plan import Fingerprint
from astroferry.stages import DECIDING

if TYPE_CHECKING:
    from collections.abc import Callable

    from astroferry.stages.desk import Desk
    from astroferry.stages.question import Question
    from astroferry.stages.stage import Deciding


@dataclass(frozen=True, slots=True)
class Taken:
    """One answer as it went into the plan: given by the user, or suggested (then `reason` says why)."""

    key: str
    value: Any
    given: bool
    reason: str = ""


def next_question(stage: Deciding, desk: Desk, handled: set[str]) -> Question | None:
    """The first question of a stage that was not handled yet; later ones may depend on its answer."""
    return next((question for question in stage.questions(desk) if question.key not in handled), None)


def fill(desk: Desk, answers: dict[str, Any], *, told: Callable[[Taken], None] = lambda _: None) -> None:
    """Go through all deciding stages; the desk's plan holds the result.

    `answers` maps plan keys to values. Raises PlanError that lists everything unanswered, refused or of a wrong type.
    """
    problems: list[Problem] = []
    used: set[str] = set()
    for stage in DECIDING:
        handled: set[str] = set()
        complete = True
        while (question := next_question(stage, desk, handled)) is not None:
            handled.add(question.key)
            problem = _take(desk, question, answers, told)
            if problem is not None:
                problems.append(problem)
                complete = False
        used |= handled
        if complete:
            desk.mark_decided(stage.key)
    for key in answers.keys() - used:
        try:
            desk.answer(key, answers[key])
        except PlanError as error:
            problems += error.problems
    if problems:
        count = "1 answer is" if len(problems) == 1 else f"{len(problems)} answers are"
        raise PlanError(
            f"{count} missing or cannot be used.", problems, hint="Give them in the answers file, under these keys."
        )
    finish(desk)


def _take(desk: Desk, question: Question, answers: dict[str, Any], told: Callable[[Taken], None]) -> Problem | None:
    """Put one answer into the plan, or say what is wrong."""
    given = question.key in answers
    value = answers[question.key] if given else question.suggested
    if value in (None, "") and not isinstance(value, bool):
        return Problem(question.key, f"is missing: {question.prompt}") if question.required else None
    if question.kind == "per-item" and not given:
        # What was guessed item by item stays a guess: in the plan it would count as confirmed by a person.
        told(Taken(question.key, value, given, f"{question.reason}; not written, since nobody confirmed it"))
        return None
    if question.kind == "choice":
        option = question.option(str(value))
        if option is not None and option.refused:
            return Problem(question.key, f"cannot be {value}: {option.refused}")
    try:
        desk.answer(question.key, value)
    except PlanError as error:
        return error.problems[0] if error.problems else Problem(question.key, error.message)
    told(Taken(question.key, value, given, "" if given else question.reason))
    return None


def finish(desk: Desk) -> None:
    """What no answer gives: what both ends looked like."""
    plan = desk.plan
    if desk.inventory is not None:
        source = replace(plan.source, kind=desk.inventory.kind, fingerprint=fingerprint(desk.inventory))
        plan = replace(plan, source=source)
    if desk.facts is not None:
        target = replace(plan.target, fingerprint=Fingerprint(version=plan.decisions.runtime))
        plan = replace(plan, target=target)
    desk.plan = plan


TABLES = frozenset({"prices.deployment_hour", "prices.worker_hour"})
"""plan keys whose value is a table"""


def flat(raw: dict[str, Any], above: str = "") -> dict[str, Any]:
    """An answers file as plan keys: tables are opened, lists of tables and `TABLES` are values."""
    answers: dict[str, Any] = {}
    for name, value in raw.items():
        key = f"{above}{name}"
        if isinstance(value, dict) and key not in TABLES:
            answers |= flat(value, f"{key}.")
        else:
            answers[key] = value
    return answers
