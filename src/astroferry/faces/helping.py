"""What F1 and `?` say of a deciding stage: its questions, each option's meaning, where answers go, what was found."""

from __future__ import annotations

from typing import TYPE_CHECKING

from astroferry.advice.pages import help_for
from astroferry.stages.question import AS_IT_IS

if TYPE_CHECKING:
    from astroferry.faces.navigator import Trial
    from astroferry.stages.desk import Desk
    from astroferry.stages.stage import Deciding


def help_of(stage: Deciding, trial: Trial, desk: Desk, width: int | None = 76) -> str:
    """The stage in words; `width` of what was found, None where the page wraps by itself."""
    parts = [f"In the migration guide: {stage.guide}", ""]
    for item in trial.asked:
        question = item.question
        parts.append(question.prompt)
        parts += [f"  {option.label}: {option.consequence}" for option in question.options if option.consequence]
        if question.help:
            parts.append(f"  {question.help}")
        if question.reason not in {"", AS_IT_IS} and question.suggested is not None:
            parts.append(f"  Suggested because: {question.reason.rstrip('.')}.")
        parts += [f"    seen: {line}" for line in question.evidence]
        parts += [f"  In the plan: {question.key}", ""]
    if stage.skipping:
        parts += [f"This stage can be skipped: then {stage.skipping}.", ""]
    if found := stage.findings(desk):
        parts += ["What was found", "", help_for(found, width), ""]
    return "\n".join(parts)
