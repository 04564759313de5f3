"""`astroferry demo` and `astroferry simulate`: the same verbs and the same API, on servers of our own on loopback."""

from __future__ import annotations

import argparse
import importlib
import os
import tempfile
import time
import tomllib
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from astroferry import diagnostics
from astroferry.carry.journal import Journal
from astroferry.carry.planfiles import journal_path
from astroferry.errors import Exit, UsageError
from astroferry.faces.headless import apply, approve, assess, check, cutover, plan, rollback, show, status
from astroferry.faces.session import Session
from astroferry.faces.which import choose
from astroferry.model import inventoryfile, planfile
from astroferry.stages.walk import flat

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Mapping

    from astroferry.faces.which import Face

MISSING = (
    "The embedded servers need the extra `simulator`, which is not installed ({name}).",
    "Install it: pip install 'astroferry[simulator]'.",
)
TICKS = ("fleet_position_ticks", "fleet_arrival_board")
"""the demo's two fast DAGs: every 20 seconds, one with catchup and one without"""
CONFIRMED = ("alerts", "people-invited", "rollback-plan", "network-reach")
"""what Olivia says of the pilot; its two DAGs need none of the company's made-up hosts"""
WHAT_IT_IS = (
    "A made-up company, Harbor Lines, moves to Astro on this machine alone; nothing of yours is read or changed.",
    "Its Airflow 2.11 is simulated, and so is Astro; the Airflow 3.3 behind that Astro is a real one.",
)
ON_A_SCREEN = "Its answers are filled in already: F2 goes from page to page. F10 leaves, and its servers end then."
COMPANY = "harbor-lines"
DEPLOYMENT = "harbor-production"
ANSWERS = f"""\
name = "{COMPANY}"

[source]
url = "{{url}}"

[code]
dags_folder = "{{dags}}"

[decisions]
cluster = "standard"
networking = "public"

[values]
connections = "starship"
variables = "api"

[cutover]
poll = 1.0
parse_timeout = 180

[[workspaces]]
name = "Harbor Lines"
description = "Ferries, freight and terminals"

[[deployments]]
name = "{DEPLOYMENT}"
workspace = "Harbor Lines"
executor = "ASTRO"

[[waves]]
name = "pilot"
test = "{DEPLOYMENT}"
production = "{DEPLOYMENT}"
dags = ["{TICKS[0]}", "{TICKS[1]}"]

[[waves]]
name = "rest"
test = "{DEPLOYMENT}"
production = "{DEPLOYMENT}"
dags = ["*"]
"""


async def demo(arguments: argparse.Namespace) -> Exit:
    """Carry Harbor Lines, a made-up company, from an embedded Airflow 2.11 to a real Airflow 3.3 behind our Astro.

    Where a terminal is there, the wizard opens on both; else the verbs carry it out unattended. 0 when all of it went
    well; otherwise the code of the step that did not.
    """
    try:
        from astroferry.simulator.astro.server import EmbeddedAstro  # noqa: PLC0415 - an optional extra
        from astroferry.simulator.real.dataplane import factory  # noqa: PLC0415 - likewise
        from astroferry.simulator.real.install import ensure  # noqa: PLC0415 - likewise
        from astroferry.simulator.source.embedded import EmbeddedSource  # noqa: PLC0415 - likewise
    except ModuleNotFoundError as error:
        raise UsageError(MISSING[0].format(name=error.name), hint=MISSING[1]) from error

    began = time.monotonic()
    face, _ = choose(no_input=getattr(arguments, "no_input", False), plain=getattr(arguments, "plain", False))
    folder = _folder(getattr(arguments, "folder", None))
    say = diagnostics.say
    for sentence in (*WHAT_IT_IS, f"Plan, inventory and journal: {folder}"):
        say(sentence)
    ensure("3.3", say)
    async with AsyncExitStack() as stack:
        source = await stack.enter_async_context(EmbeddedSource())
        # On a full screen nothing else may write to the terminal.
        tell = _into(folder / "servers.log") if face == "full-screen" else say
        real = factory(folder / "servers", parse=2.0, say=tell)
        astro = await stack.enter_async_context(EmbeddedAstro(airflow_factory=real, folder=folder / "astro"))
        stack.enter_context(
            environment(
                ASTRO_API_URL=astro.url,
                ASTRO_API_TOKEN=astro.token,
                ASTROFERRY_SOURCE_USERNAME=source.username,
                ASTROFERRY_SOURCE_PASSWORD=source.password,
            )
        )
        answers = folder / "answers.toml"
        source.estate.write_dags(folder / "dags")
        answers.write_text(ANSWERS.format(url=source.url, dags="dags"), encoding="utf-8")
        if face != "headless":
            return await _wizard(face, folder, answers)
        code = await _walk(folder, source.url, answers)
    seconds = time.monotonic() - began
    if code is Exit.DONE:
        diagnostics.data("\n".join(summary(folder, seconds)))
    return code


async def _wizard(face: Face, folder: Path, answers: Path) -> Exit:
    """The wizard on the demo's servers, every answer of the unattended demo shown, until it is left."""
    session = Session.new(folder / "migration.toml", COMPANY)
    for key, value in flat(tomllib.loads(answers.read_text(encoding="utf-8"))).items():
        if key != "name":
            session.desk.answer(key, value)
    session.save()
    room, welcome = "prompts", {}
    if face == "full-screen":
        # What was said before stands under it, out of sight.
        room, welcome = "tui", {"welcome": ("The demo", (*WHAT_IT_IS, ON_A_SCREEN))}
    run: Callable[..., Awaitable[Exit]] = importlib.import_module(f"astroferry.faces.{room}.run").run
    code = await run(folder, session=session, **welcome)
    diagnostics.say(
        f"The demo's servers have ended with it, so there is nothing to go on with; its files stay in {folder}"
    )
    return code


def _into(path: Path) -> Callable[[str], None]:
    """Narration for a file."""

    def tell(line: str) -> None:
        with path.open("a", encoding="utf-8") as file:
            file.write(diagnostics.redact(line) + "\n")

    return tell


async def simulate(arguments: argparse.Namespace) -> Exit:
    """Serve the embedded Astro until interrupted."""
    try:
        from astroferry.simulator.astro.server import serve  # noqa: PLC0415 - an optional extra
    except ModuleNotFoundError as error:
        raise UsageError(MISSING[0].format(name=error.name), hint=MISSING[1]) from error
    version, file = getattr(arguments, "airflow", None), getattr(arguments, "requirements", None)
    if file is not None and version is None:
        raise UsageError("--requirements goes with --airflow.", hint="See: astroferry simulate --help")
    requirements = Path(file) if file is not None else None
    await serve(getattr(arguments, "port", 0), version, diagnostics.say, requirements=requirements)
    return Exit.DONE


async def _walk(folder: Path, url: str, answers: Path) -> Exit:
    """The verbs, as a user would type them."""
    inventory, plan_path = folder / "inventory.json", folder / "migration.toml"
    named = {"plan": str(plan_path), "confirm": DEPLOYMENT}
    steps: list[tuple[str, Callable[[argparse.Namespace], Awaitable[Exit]], Mapping[str, object]]] = [
        (f"assess {url} --out inventory.json", assess.run, {"url": url, "out": str(inventory)}),
        (
            "plan --inventory inventory.json --answers answers.toml --out migration.toml",
            plan.run,
            {"inventory": str(inventory), "answers": str(answers), "out": str(plan_path)},
        ),
        ("check migration.toml", check.run, named),
        ("show migration.toml", show.run, named),
        ("apply migration.toml", apply.run, named),
        (
            f"approve migration.toml --by 'Olivia Owner' {' '.join(f'--what {key}' for key in CONFIRMED)}",
            approve.run,
            {**named, "by": "Olivia Owner", "what": list(CONFIRMED)},
        ),
        (f"cutover migration.toml --wave pilot --confirm {DEPLOYMENT}", cutover.run, {**named, "wave": "pilot"}),
        (
            f"rollback migration.toml --wave pilot --dag {TICKS[1]} --confirm {DEPLOYMENT}",
            rollback.run,
            {**named, "wave": "pilot", "dag": TICKS[1]},
        ),
        ("status migration.toml", status.run, named),
    ]
    for words, verb, given in steps:
        diagnostics.say(f"\n$ astroferry {words}")
        code = await verb(argparse.Namespace(**{**_EVERYWHERE, **given}))
        if code is not Exit.DONE:
            return code
    return Exit.DONE


_EVERYWHERE: dict[str, object] = {"no_input": True, "plain": False, "json": False, "confirm": ""}


def summary(folder: Path, seconds: float) -> list[str]:
    """What the demo did, from the files it left."""
    path = folder / "migration.toml"
    carried = planfile.load(path)
    inventory = inventoryfile.load(folder / carried.source.inventory)
    standings = Journal(journal_path(path)).standing()
    done = sum(item.event in {"done", "found"} for item in standings.values())
    compared = standings[f"verify/{DEPLOYMENT}"].made.get("counts", {})
    counts = ", ".join(f"{number} {outcome}" for outcome, number in compared.items())
    counted = (
        f"{len(inventory.dags)} DAGs, {len(inventory.connections)} connections, {len(inventory.variables)} variables"
    )
    ticks = {dag: standings[f"cutover/pilot/{dag}/watch-target"].made for dag in TICKS}
    return [
        "",
        "Harbor Lines is on Astro",
        f"  from Airflow {inventory.airflow_version} to Runtime {carried.decisions.runtime} in {seconds:.0f} s",
        f"  {counted}; {done} actions, each journalled",
        f"  values compared on the target by a probe: {counts}",
        *(f"  {dag}: handed over while it ran; ticks {_count(made)}" for dag, made in ticks.items()),
        f"  {TICKS[1]}: given back to the source afterwards, again without repeating a tick",
        "",
        f"Read {path}, then {journal_path(path).name} beside it. Your own Airflow: astroferry assess URL",
    ]


def _count(made: dict[str, object]) -> str:
    return ", ".join(f"{made.get(what, 0)} {what}" for what in ("once", "twice", "missed"))


def _folder(name: str | None) -> Path:
    if name is None:
        return Path(tempfile.mkdtemp(prefix="astroferry-demo-"))
    folder = Path(name)
    if folder.exists() and any(folder.iterdir()):
        raise UsageError(f"The folder {folder} is not empty.", hint="Name a new one with --folder.")
    folder.mkdir(parents=True, exist_ok=True)
    return folder.absolute()


@contextmanager
def environment(**values: str) -> Iterator[None]:
    """Environment variables of this process for a while, as a user would have exported them; then as they were."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
