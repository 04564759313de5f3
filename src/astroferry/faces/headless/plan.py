"""`astroferry plan`: a plan from an inventory and answers; suggestions answer what nobody answered."""

from __future__ import annotations

import os
import tomllib
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from astroferry import diagnostics
from astroferry.advice.suggest import problems as held_against
from astroferry.carry.opening import API_URL, open_astro, read_facts
from astroferry.code.find import find
from astroferry.errors import AstroferryError, Exit, PlanError
from astroferry.faces.headless.asking import asker
from astroferry.model import inventoryfile, planfile
from astroferry.model.files import beside, must_be_writable, read_text
from astroferry.model.plan import Target
from astroferry.model.plancheck import problems_of
from astroferry.stages.desk import Desk, new_desk
from astroferry.stages.walk import Taken, fill, flat

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from astroferry.code.find import Found
    from astroferry.model.organization import OrganizationFacts


async def run(arguments: argparse.Namespace, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> Exit:
    """0 when the plan is written; 3 where answers are missing or contradict each other (nothing is written)."""
    out = Path(getattr(arguments, "out", "migration.toml"))
    must_be_writable(out)
    answers = read_answers(getattr(arguments, "answers", None))
    if API_URL in os.environ:
        answers.setdefault("target.api", os.environ[API_URL])
    inventory_path = Path(arguments.inventory)
    desk = new_desk(out, str(answers.pop("name", "") or "migration"), now=now())
    desk.inventory = inventoryfile.load(inventory_path)
    desk.facts = await _facts(arguments, answers)
    answers["source.inventory"] = os.path.relpath(inventory_path.absolute(), out.absolute().parent)
    desk.found = _found(str(answers.get("code.dags_folder", "")), out)
    fill(desk, answers, told=_told)
    if problems := problems_of(desk.plan):
        raise PlanError("The answers contradict each other; nothing was written.", problems)
    planfile.save(desk.plan, out)
    _say_findings(desk)
    if arguments.json:
        diagnostics.data_json({"plan": str(out), "name": desk.plan.name})
    else:
        diagnostics.data(f"Plan: {out}")
        diagnostics.say(f"Look at it: astroferry show {out}   Check it against both ends: astroferry check {out}")
    return Exit.DONE


def read_answers(name: str | None) -> dict[str, Any]:
    """The answers file as plan keys; PlanError where it cannot be read."""
    if name is None:
        return {}
    path = Path(name)
    try:
        return flat(tomllib.loads(read_text(path, "answers file")))
    except tomllib.TOMLDecodeError as error:
        raise PlanError(f"{path} is not valid TOML: {error}.") from error


async def _facts(arguments: argparse.Namespace, answers: dict[str, Any]) -> OrganizationFacts | None:
    """The organization, where it can be asked; a plan can be made without, if the answers name it."""
    default = Target()
    async with AsyncExitStack() as stack:
        try:
            astro, _ = await open_astro(
                str(answers.get("target.api", default.api)),
                str(answers.get("target.credentials", default.credentials)),
                str(answers.get("target.organization", "")),
                stack,
                asker(arguments),
            )
            return await read_facts(astro, str(answers.get("decisions.cloud", "AWS")))
        except AstroferryError as error:
            diagnostics.say(f"Astro could not be asked, so its side is taken from the answers alone. {error}")
            return None


def _told(taken: Taken) -> None:
    if not taken.given:
        shown = taken.value if not isinstance(taken.value, list) else f"{len(taken.value)} entries"
        diagnostics.say(f"  {taken.key} = {shown}  (suggested: {taken.reason or 'as it is'})")


def _found(folder: str, out: Path) -> Found | None:
    """What the plan's DAG folder defines; a folder that cannot be used is for `check` to refuse."""
    if not folder:
        return None
    try:
        return find(beside(out, folder))
    except PlanError:
        return None


def _say_findings(desk: Desk) -> None:
    case = desk.case
    if case is None:
        return
    for finding in held_against(case.plan, case.inventory, case.facts, case.folder):
        diagnostics.say(f"  {finding.severity}: {finding.message} {finding.todo} [{finding.code}]")
