"""Which stages a changed answer concerns: those whose advice is another than before; nothing of them is erased."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from astroferry.advice.suggest import SUGGESTIONS
from astroferry.stages import DECIDING

if TYPE_CHECKING:
    from astroferry.model.plan import Plan
    from astroferry.stages.desk import Desk
    from astroferry.stages.stage import Deciding


def concerned(desk: Desk, changed: Deciding, after: Plan) -> tuple[str, ...]:
    """Keys of the decided stages behind `changed` whose advice differs once the desk's plan is `after`.

    Advice is what is suggested, which options are refused and why, and what the rules hold against the answers. A
    stage's `upsets` are always among them.
    """
    then = replace(desk, plan=after)
    decided = set(desk.plan.decided)
    keys = [stage.key for stage in DECIDING]
    behind = [stage for stage in DECIDING[keys.index(changed.key) + 1 :] if stage.key in decided]
    return tuple(
        stage.key for stage in behind if stage.key in changed.upsets or _advice(stage, desk) != _advice(stage, then)
    )


def stirred(before: Desk, now: Desk) -> tuple[str, ...]:
    """Keys of the decided stages whose advice is another than before, though no answer has changed."""
    return tuple(
        stage.key
        for stage in DECIDING
        if stage.key in now.plan.decided and _advice(stage, before) != _advice(stage, now)
    )


def _advice(stage: Deciding, desk: Desk) -> list[Any]:
    """All that the stage advises, to be compared."""
    case = desk.case
    found: list[Any] = []
    for question in stage.questions(desk):
        # What is in the plan already is shown as if it were suggested; the advice behind it is what counts.
        advised = SUGGESTIONS.get(question.key) if case is not None else None
        value = advised(case).value if advised is not None and case is not None else question.suggested
        found.append((question.key, value, [(option.value, option.refused) for option in question.options]))
    found += [(item.code, item.subject, item.message) for item in stage.findings(desk)]
    return found
