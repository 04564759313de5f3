"""Tables of the plan on lines: taken as shown, edited in an editor, read from a file, or filled by assigning DAGs."""

from __future__ import annotations

import asyncio
import os
import shlex
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from astroferry.errors import AstroferryError, PlanError
from astroferry.faces.placing import division_of, into_workspace, production_in
from astroferry.faces.prompts import pages
from astroferry.faces.prompts.answers import picked
from astroferry.faces.prompts.console import COMMANDS, command_of, plainly
from astroferry.faces.prompts.listing import pick, rows_of
from astroferry.faces.prompts.menus import choose
from astroferry.faces.tables import as_tables, assign, from_text, leave_out, rows_of_tables, to_text, wave_of
from astroferry.model.files import read_text
from astroferry.stages.question import Option

if TYPE_CHECKING:
    from astroferry.faces.navigator import Asked
    from astroferry.faces.prompts.console import Console
    from astroferry.faces.session import Session


async def ask_tables(asked: Asked, session: Session, console: Console) -> list[dict[str, Any]] | str:
    """The tables, or what was typed where it is a command or nothing ("" takes them as they are shown)."""
    key = asked.question.key
    value = as_tables(asked.value)
    changed = False
    ways = "edit, file PATH, assign" if key == "waves" else "edit, file PATH"
    while True:
        text = (await console.line(f"Enter takes them ({ways})")).strip()
        if not text:
            return value if changed else ""
        if command_of(text) is not None:
            return text
        word, _, rest = text.partition(" ")
        try:
            if word == "edit":
                value = from_text(key, await edited(to_text(key, value), console))
            elif word == "file" and rest:
                value = from_text(key, read_text(session.path.parent / Path(plainly(rest)).expanduser(), "file"))
            elif word == "assign" and key == "waves":
                value = await assigned(value, session, console)
            else:
                console.say(f"  ! Answer with Enter, or one of: {ways}, back, save, help.")
                continue
        except AstroferryError as error:
            console.say(f"  ! {error}")
            continue
        changed = True
        for name, words in rows_of_tables(value)[: pages.MOST]:
            console.say(f"  - {name}: {words}" if words else f"  - {name}")


async def edited(text: str, console: Console) -> str:
    """What the user's editor left; the text as it was where there is no editor."""
    command = shlex.split(os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi")
    if shutil.which(command[0]) is None:
        console.say(f"  ! There is no editor {command[0]} here; set EDITOR, or use file PATH.")
        return text
    with tempfile.TemporaryDirectory(prefix="astroferry-") as folder:
        path = Path(folder) / "tables.toml"
        path.write_text(text, encoding="utf-8")
        await asyncio.to_thread(subprocess.run, [*command, str(path)], check=False)
        return path.read_text(encoding="utf-8")


async def assigned(waves: list[dict[str, Any]], session: Session, console: Console) -> list[dict[str, Any]]:
    """Some DAGs put into a wave, there already or new, or into a Workspace."""
    inventory = session.desk.inventory
    if inventory is None:
        return waves
    now = wave_of(waves, [dag.dag_id for dag in inventory.dags])
    rows = [(name, f"in {now[name] or 'no wave'}; {rest}") for name, rest in rows_of(inventory.dags)]
    chosen = await pick(rows, "DAG", console)
    if isinstance(chosen, str):
        return waves
    dags = [rows[index][0] for index in chosen]
    there = [Option(wave["name"], wave["name"]) for wave in waves]
    for line in pages.options(there):
        console.say(line)
    ways = "A number, the name of a new one, none, or workspace NAME"
    while True:
        text = (await console.line(f"Into which wave? {ways}")).strip()
        if not text or command_of(text) is not None:
            return waves
        word, _, name = text.partition(" ")
        if word == "workspace" and name.strip():
            return await _into_workspace(waves, session, console, dags, plainly(name))
        option = picked(there, text)
        if option is None and text == "none":
            return leave_out(waves, dags)
        try:
            return assign(waves, dags, option.value if option else plainly(text))
        except PlanError as error:
            console.say(f"  ! {error}")


async def _into_workspace(
    waves: list[dict[str, Any]], session: Session, console: Console, dags: list[str], workspace: str
) -> list[dict[str, Any]]:
    """Into a Workspace: onto its Deployment, one of them, or a new one; other tables become drafts of the walk."""
    plan, inventory = session.nav.trial().plan, session.desk.inventory
    if inventory is None:
        return waves
    division = division_of(plan, waves)
    there = production_in(division, workspace)
    deployment = ""
    if len(there) > 1:
        options = [Option(item.name, item.name, f"{item.executor}, {item.role}") for item in there]
        deployment = await choose(console, f"Onto which Deployment of {workspace}", options)
        if deployment in COMMANDS.values():
            return waves
    division = into_workspace(plan, inventory, division, dags, workspace=workspace, deployment=deployment)
    for made in division.deployments[len(plan.deployments) :]:
        console.say(f"  A new Deployment {made.name} in the Workspace {made.workspace}: it is like theirs now.")
    for key, tables in division.beside_waves(plan).items():
        session.nav.draft(key, tables)
    return division.waves
