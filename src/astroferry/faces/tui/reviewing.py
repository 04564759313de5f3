"""The review page as lines that know their stage, and what stands against carrying out; pure, from the plan alone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from astroferry.advice.suggest import problems as held_against
from astroferry.faces.tui.navigator import STOPS, stage_of
from astroferry.model.plancheck import problems_of
from astroferry.report.review import review

if TYPE_CHECKING:
    from collections.abc import Sequence

    from astroferry.carry.action import ActionInfo
    from astroferry.model.inventory import Inventory
    from astroferry.model.organization import OrganizationFacts
    from astroferry.model.plan import Plan

Tone = Literal["head", "plain", "quiet", "bad", "warn"]

_HEADS = {
    "Decisions": "",
    "Deployments": "workspaces",
    "Waves": "waves",
    "What will be done": "",
    "Findings": "inventory",
}
_KEY = re.compile(r"\s((?:decisions|values|conflicts)(?:\.\w+)?)(?:, \.\w+)?\s*$")
TITLES = {stop.key: stop.title for stop in STOPS}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the page; `stage` is where Enter leads, or "" for nowhere."""

    text: str
    stage: str = ""
    tone: Tone = "plain"


def against(plan: Plan, inventory: Inventory, facts: OrganizationFacts | None) -> list[Line]:
    """What must be settled before anything is carried out; empty where nothing stands against it."""
    lines = [
        Line(f"× {_readable(problem.where)}: {problem.message}", stage_of(problem.where) or "", "bad")
        for problem in problems_of(plan)
    ]
    lines += [
        Line(f"× {finding.message} {finding.todo}".rstrip(), "", "bad")
        for finding in held_against(plan, inventory, facts)
        if finding.severity == "refuse"
    ]
    lines += [
        Line(f"! {TITLES[key]} is to be looked at again: an earlier answer changed under it.", key, "warn")
        for key in plan.review_again
        if key in TITLES and key != "review"
    ]
    return lines


def _readable(where: str) -> str:
    """`waves.0.test` as people count: `waves[1].test`."""
    return re.sub(r"\.(\d+)(?=\.|$)", lambda match: f"[{int(match[1]) + 1}]", where)


def page(
    plan: Plan,
    inventory: Inventory,
    facts: OrganizationFacts | None,
    infos: Sequence[ActionInfo],
    width: int,
) -> list[Line]:
    """The whole page."""
    lines: list[Line] = []
    standing = against(plan, inventory, facts)
    if standing:
        lines += [Line("To be settled before anything is carried out", tone="head"), *standing, Line("")]
    warnings = [item for item in held_against(plan, inventory, facts) if item.severity == "warn"]
    here = ""
    for text in review(plan, inventory, infos, width=width):
        if text in _HEADS:
            here = _HEADS[text]
            lines.append(Line(text, tone="head"))
        elif text.startswith("From "):
            lines.append(Line(text, "source"))
        elif text.startswith("To  "):
            lines.append(Line(text, "prerequisites"))
        elif text.startswith(("Migration ", "Nothing has been changed")):
            lines.append(Line(text, tone="head"))
        elif (match := _KEY.search(text)) is not None:
            lines.append(Line(text, stage_of(match[1]) or ""))
        elif text.strip().startswith(("---", "decision ", "Deployment ", "wave ", "stage ")):
            lines.append(Line(text, tone="quiet"))
        else:
            lines.append(Line(text, here if text.strip() else ""))
    if warnings:
        place = next((n for n, line in enumerate(lines) if line.text.startswith("Nothing has been")), len(lines))
        told = [Line("The advice warns", tone="head")]
        told += [Line(f"! {finding.message} {finding.todo}".rstrip(), "", "warn") for finding in warnings]
        lines[place:place] = [*told, Line("")]
    return lines
