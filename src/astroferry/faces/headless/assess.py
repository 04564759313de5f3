"""`astroferry assess`: take the inventory of a source; it only reads."""

from __future__ import annotations

import time
from collections import Counter
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from astroferry import diagnostics
from astroferry.advice.sizing import in_words
from astroferry.carry.opening import open_source, open_starship
from astroferry.code.read import read
from astroferry.errors import Exit
from astroferry.faces.headless.asking import asker
from astroferry.model import inventoryfile
from astroferry.model.files import must_be_writable
from astroferry.model.words import names, several
from astroferry.report.table import table
from astroferry.sources.airflow import take_inventory
from astroferry.sources.environment import load as load_environment

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from astroferry.model.inventory import Inventory
    from astroferry.model.plan import Source
    from astroferry.sources.environment import Environment
    from astroferry.sources.progress import Progress


async def run(arguments: argparse.Namespace) -> Exit:
    """0 when the inventory is written, whatever its findings; what could not be read is in it."""
    out = Path(getattr(arguments, "out", "inventory.json"))
    must_be_writable(out)
    given = getattr(arguments, "environment", "")
    environment = load_environment(Path(given), given) if given else None
    inventory = await assess(arguments.url, arguments, environment=environment)
    inventoryfile.save(inventory, out)
    if arguments.json:
        diagnostics.data(inventoryfile.to_json(inventory))
    else:
        diagnostics.data("\n".join([*summary(inventory), "", f"Inventory: {out}"]))
    return Exit.DONE


async def assess(
    url: str, arguments: argparse.Namespace, known: Source | None = None, environment: Environment | None = None
) -> Inventory:
    """Connect and read; `known`: what a plan says of the source already, `environment` what a file tells of it."""
    credentials, kind = (known.credentials, known.kind) if known is not None else ("auto", "airflow")
    async with AsyncExitStack() as stack:
        airflow, login = await open_source(url, credentials, stack, asker(arguments))
        diagnostics.say(
            f"The source is Airflow {airflow.version} at {airflow.url}. Reading; nothing is changed there."
        )
        starship = await open_starship(airflow, login, stack)
        return await take_inventory(
            airflow,
            clock_now=lambda: datetime.now(UTC),
            tell=_teller(),
            starship=starship,
            read_code=read,
            kind=kind,
            environment=environment,
        )


def _teller() -> Callable[[Progress], None]:
    """Narrate a phase when it begins, then once a second."""
    last: dict[str, float] = {}

    def tell(progress: Progress) -> None:
        now = time.monotonic()
        if progress.phase in last and now - last[progress.phase] < 1 and progress.done != progress.total:
            return
        last[progress.phase] = now
        total = f" of {progress.total:,}" if progress.total is not None else ""
        diagnostics.say(f"  {progress.phase}: {progress.done:,}{total}")

    return tell


def _at_once(inventory: Inventory) -> tuple[str, str]:
    seen = inventory.activity
    if seen is None:
        return "", "not read"
    peak = seen.peak({dag.dag_id for dag in inventory.dags})
    if peak is None:
        return "0", "no task was seen to run in the last 24 hours"
    return f"{peak.count:,}", in_words(peak, seen)


def summary(inventory: Inventory) -> list[str]:
    """What was found, in a page."""
    dags = inventory.dags
    kinds = Counter(dag.schedule.kind for dag in dags)
    running = sum(not dag.is_paused for dag in dags)
    rows = [
        ("DAGs", f"{len(dags):,}", f"{running:,} active, {len(dags) - running:,} paused"),
        ("schedules", "", ", ".join(f"{count} {kind}" for kind, count in kinds.most_common())),
        ("connections", f"{len(inventory.connections):,}", names([item.conn_id for item in inventory.connections])),
        ("variables", f"{len(inventory.variables):,}", names([item.key for item in inventory.variables])),
        ("pools", f"{len(inventory.pools):,}", names([item.name for item in inventory.pools])),
        ("providers", f"{len(inventory.providers):,}", names([item.package for item in inventory.providers], 3)),
        ("plugins", f"{len(inventory.plugins):,}", names([item.name for item in inventory.plugins])),
        ("environment", f"{len(inventory.environment):,}", names(inventory.environment, 3)),
        ("custom operators", f"{len(inventory.custom_operators):,}", names(inventory.custom_operators)),
        ("roles", f"{len(inventory.roles):,}", names([f"{r.name} ({r.people})" for r in inventory.roles])),
        (
            "import errors",
            f"{len(inventory.import_errors):,}",
            names([i.filename for i in inventory.import_errors], 2),
        ),
        ("ran at once", *_at_once(inventory)),
        (
            "places reached",
            f"{len(inventory.places):,}",
            names([f"{p.host} ({p.path})" for p in inventory.places], 3),
        ),
    ]
    gaps = [item for item in inventory.coverage if item.outcome != "read"]
    lines = [f"Airflow {inventory.airflow_version} at {inventory.url}", "", *table(("what", "count", ""), rows)]
    if gaps:
        lines += ["", "Not known", *(f"  {item.probe}: {item.outcome}. {item.detail}".rstrip() for item in gaps)]
    if inventory.findings:
        lines += ["", several(len(inventory.findings), "finding")]
        lines += [f"  {item.severity:6} {item.message} [{item.code}]" for item in inventory.findings]
    return lines
