"""The review page as lines that know their stage, and what stands against carrying out; pure, from the plan alone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from astroferry.advice.repeated import once
from astroferry.advice.rules.rule import paths
from astroferry.carry.handover.wave_state import states_in_words
from astroferry.faces.navigator import STOPS, stage_of
from astroferry.model.files import beside
from astroferry.model.plancheck import problems_of
from astroferry.model.words import names, several
from astroferry.report.review import FOUND, HELD, review
from astroferry.stages import DECIDING
from astroferry.stages.walk import next_question

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from astroferry.carry.action import ActionInfo
    from astroferry.carry.journal import Standing
    from astroferry.model.finding import Finding
    from astroferry.stages.desk import Desk

Tone = Literal["head", "plain", "quiet", "bad", "warn"]

_HEADS = {
    "Decisions": "",
    "Deployments": "workspaces",
    "Waves": "waves",
    "What will be done": "",
    FOUND: "inventory",
}
_DECISIONS = {
    "Airflow version": "version",
    "cron data intervals": "version",
    "execution model": "execution",
    "cluster type": "cluster",
    "networking": "networking",
    "Workspaces": "workspaces",
    "secrets backend": "secrets",
    "connections travel": "values",
    "variables travel": "values",
    "conflicts": "values",
}
"""first column of the page's table of decisions -> the stage that asks; the last column may be cut"""
TITLES = {stop.key: stop.title for stop in STOPS}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the page; `stage` is where Enter leads, or "" for nowhere."""

    text: str
    stage: str = ""
    tone: Tone = "plain"


def against(desk: Desk) -> list[Line]:
    """What must be settled before anything is carried out; empty where nothing stands against it."""
    lines = [
        Line(f"× {_readable(problem.where)}: {problem.message}", stage_of(problem.where) or "", "bad")
        for problem in problems_of(desk.plan)
    ]
    folder = desk.plan.code.dags_folder
    if folder and not beside(desk.path, folder).is_dir():
        lines.append(Line(f"× There is no folder {folder} here, and the DAGs are carried from it.", "source", "bad"))
    lines += [
        Line(f"× {finding.message} {finding.todo}".rstrip(), stage, "bad")
        for stage, finding in _held_against(desk)
        if finding.severity == "refuse"
    ]
    lines += [
        Line(f"! {TITLES[key]} is to be looked at again: an earlier answer changed under it.", key, "warn")
        for key in desk.plan.review_again
        if key in TITLES and key != "review"
    ]
    return lines


def still_to_make(infos: Sequence[ActionInfo], standings: Mapping[str, Standing]) -> list[ActionInfo]:
    """Those of these items that the journal does not have as done."""
    return [info for info in infos if info.id not in standings or standings[info.id].event not in {"done", "found"}]


def stands(infos: Sequence[ActionInfo], standings: Mapping[str, Standing]) -> str:
    """What of this page has been done already, in a sentence."""
    made = len(infos) - len(still_to_make(infos, standings))
    moved = any(key.startswith("cutover/") for key in standings)
    begun = moved or any(standing.ours for standing in standings.values())
    if not begun and not made:
        return "Nothing is changed on either end yet. F2 asks first."
    left = len(infos) - made
    what = f"{made:,} of {several(len(infos), 'item')} on Astro" + ("; cutover begun" if moved else "")
    return f"{what}. F2 {'goes on' if left else 'looks again'}."


def left_open(desk: Desk) -> list[Line]:
    """Stages that had nothing to ask, and paths that nobody has confirmed: both would else look like answers."""
    inventory = desk.inventory
    nothing = [stage for stage in DECIDING if stage.key != "inventory" and next_question(stage, desk, set()) is None]
    lines = [Line(f"  {TITLES[stage.key]}: there was nothing to ask.", stage.key, "quiet") for stage in nothing]
    known = paths(desk.plan, inventory) if inventory else []
    guessed = [place.host for place, _, confirmed in known if not confirmed]
    if guessed and "networking" in desk.plan.decided:
        text = f"  {several(len(guessed), 'network path')} guessed, confirmed by nobody: {names(guessed, 3)}."
        lines.append(Line(text, "networking", "warn"))
    return lines


def _held_against(desk: Desk) -> list[tuple[str, Finding]]:
    """What the rules hold against the plan, with the stage that can mend it."""
    return [
        (stage.key, finding) for stage in DECIDING if stage.key != "inventory" for finding in stage.findings(desk)
    ]


def _decision(text: str) -> str | None:
    """The stage of a row of the table of decisions."""
    return next((stage for label, stage in _DECISIONS.items() if text.startswith(f"  {label}  ")), None)


def _readable(where: str) -> str:
    """`waves.0.test` as people count: `waves[1].test`."""
    return re.sub(r"\.(\d+)(?=\.|$)", lambda match: f"[{int(match[1]) + 1}]", where)


def page(
    desk: Desk, infos: Sequence[ActionInfo], width: int, standings: Mapping[str, Standing] | None = None
) -> list[Line]:
    """The whole page; nothing before there is an inventory. `standings`: of the journal."""
    if desk.inventory is None:
        return []
    lines: list[Line] = []
    standing = against(desk)
    if standing:
        lines += [Line("To be settled before anything is carried out", tone="head"), *standing, Line("")]
    held = _held_against(desk)
    against_it = [item for _, item in held]
    single = once(against_it)
    warnings = [(stage, item) for stage, item in held if item.severity == "warn" and item in single]
    states = states_in_words(desk.plan, desk.inventory, standings or {})
    lines += _placed(review(desk.plan, desk.inventory, infos, width=width, states=states, held=against_it))
    told: list[Line] = []
    if left := left_open(desk):
        told += [Line("Left open", tone="head"), *left, Line("")]
    if warnings:
        told.append(Line(HELD, tone="head"))
        told += [
            Line(f"  warn: {item.message} {item.todo}".rstrip() + f" [{item.code}]", stage, "warn")
            for stage, item in warnings
        ]
        told.append(Line(""))
    place = next((n for n, line in enumerate(lines) if line.text.startswith("Nothing has been")), len(lines))
    lines[place:place] = told
    return lines


def _placed(texts: Sequence[str]) -> Iterator[Line]:
    """The report's lines, each with its stage."""
    here = ""
    for text in texts:
        if (head := next((name for name in _HEADS if text.startswith(name)), None)) is not None:
            here = _HEADS[head]
            yield Line(text, tone="head")
        elif text.startswith(("Migration ", "Nothing has been changed")):
            yield Line(text, tone="head")
        elif text.startswith(("From ", "To  ")):
            yield Line(text, "source" if text.startswith("From ") else "prerequisites")
        elif text.strip().startswith(("---", "decision  ", "Deployment  ", "wave  ", "stage  ")):
            yield Line(text, tone="quiet")
        else:
            yield Line(text, _decision(text) or (here if text.strip() else ""))
