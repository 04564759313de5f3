"""The pictures of the README, made by the program itself: a stage that decides, the review, a cutover.

Run: python -m benchmarks.pictures    (writes snapshots/pictures/*.svg; the same program gives the same bytes)
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import tempfile
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from astroferry.carry.journal import Journal
from astroferry.faces.navigator import POSITION
from astroferry.faces.session import Session
from astroferry.faces.tui.app import Ferry
from astroferry.faces.work import Work
from astroferry.model import inventoryfile, planfile
from astroferry.model.cutover import TickCount
from astroferry.model.inventory import ConnectionSeen, Dag, Inventory, Place, Pool, Schedule, VariableSeen
from astroferry.model.organization import DeploymentOptions, OrganizationFacts, OrganizationSeen, RuntimeRelease
from astroferry.model.plan import Code, Decisions, Deployment, Plan, Source, Target, Wave, Workspace
from astroferry.stages import DECIDING

if TYPE_CHECKING:
    from astroferry.faces.tui.screens.wizard import WizardScreen

PICTURES = Path(__file__).parents[1] / "snapshots" / "pictures"
SIZE = (100, 30)
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
ALL = tuple(stage.key for stage in DECIDING)
FONTS = re.compile(r"\s*@font-face \{.*?\}", re.DOTALL)
"""fetched from elsewhere by whoever looks at the picture; any fixed-width font will do"""
DAGS = (
    ("stock_levels", "*/5 * * * *", "logistics"),
    ("orders_import", "*/10 * * * *", "logistics"),
    ("price_feed", "@hourly", "purchasing"),
    ("invoices", "0 4 * * *", "finance"),
    ("ledger_close", "30 5 * * 1-5", "finance"),
    ("customer_export", "0 6 * * *", "marketing"),
    ("web_sessions", "15 * * * *", "marketing"),
    ("forecast", "0 7 * * 1", "analytics"),
)
INVENTORY = Inventory(
    kind="airflow",
    url="https://airflow.quay.example",
    airflow_version="2.11.2",
    taken_at=NOW,
    dags=tuple(
        Dag(name, Schedule("cron", cron), is_paused=False, catchup=False, owners=(owner,), fileloc=f"/dags/{name}.py")
        for name, cron, owner in DAGS
    ),
    connections=(
        ConnectionSeen("warehouse", "postgres", "warehouse.quay.internal", 5432, "sales", "etl"),
        ConnectionSeen("files", "sftp", "sftp.partner.example", 22),
        ConnectionSeen("billing", "http", "10.20.0.7", 443),
    ),
    variables=(VariableSeen("region", size=9), VariableSeen("price_rules", size=2_048, is_json=True)),
    pools=(Pool("default_pool", 128), Pool("warehouse", 4, "slow")),
    places=(
        Place("warehouse.quay.internal", 5432, ("warehouse",), "vpn", "Its name ends in .internal."),
        Place("10.20.0.7", 443, ("billing",), "peering", "It is a private address."),
        Place("sftp.partner.example", 22, ("files",), "public", "It is a name in a public domain."),
    ),
    starship="2.8.6",
)
FACTS = OrganizationFacts(
    organization=OrganizationSeen("cl0000000000000000000000q", "Quay Trading", "HOSTED", ("BUSINESS",)),
    options=DeploymentOptions(
        runtime_releases=(RuntimeRelease("3.3-8", "3.3.2"), RuntimeRelease("13.11.0", "2.11.2"))
    ),
)
PLAN = Plan(
    name="quay",
    created=NOW,
    source=Source(INVENTORY.url),
    target=Target(organization=FACTS.organization.id, organization_name="Quay Trading"),
    decisions=Decisions(airflow="3", runtime="3.3-8"),
    code=Code("dags"),
    workspaces=(Workspace("Quay"),),
    deployments=(Deployment("quay-production", "Quay"),),
    waves=(
        Wave("first", "quay-production", "quay-production", dags=("stock_levels", "orders_import", "price_feed")),
        Wave("rest", "quay-production", "quay-production", dags=("*",)),
    ),
)


async def picture(name: str, folder: Path, stop: str, plan: Plan) -> None:
    """The wizard at one stop, as an SVG."""
    path = folder / "migration.toml"
    planfile.save(plan, path)
    inventoryfile.save(INVENTORY, folder / "inventory.json")
    app = Ferry(folder, now=lambda: NOW)
    async with app.run_test(size=SIZE) as pilot:
        session = Session.open(path, now=lambda: NOW)
        session.saved_at = NOW
        session.desk.facts = FACTS
        session.nav.index = POSITION[stop]
        app.work_on(session)
        for _ in range(5):
            await pilot.pause(0.05)
        if stop == "cutover" and app.wizard is not None:
            cutting(app.wizard, path)
            await pilot.pause(0.1)
        drawn = FONTS.sub("", app.export_screenshot(title="astroferry"))
        session.close()
    PICTURES.mkdir(exist_ok=True)
    file = PICTURES / f"{name}.svg"
    file.write_text("\n".join(line.rstrip() for line in drawn.splitlines()) + "\n", encoding="utf-8")
    print(f"{file.relative_to(PICTURES.parents[1])}  {file.stat().st_size:,} bytes")


def cutting(wizard: WizardScreen, path: Path) -> None:
    """A wave in the middle of its cutover: one DAG across, one draining, one not begun."""
    journal = Journal(path.with_suffix(".journal.jsonl"), now=lambda: NOW)
    for step in ("record", "drain-source", "mark", "unpause-target", "gap-target", "watch-target"):
        journal.write(f"cutover/first/stock_levels/{step}", "done", facts={})
    for step in ("record", "drain-source", "mark"):
        journal.write(f"cutover/first/orders_import/{step}", "done", facts={})
    journal.write("cutover/first/price_feed/record", "done", facts={})
    journal.write("cutover/first/price_feed/drain-source", "begin")
    work = wizard.runs.work = Work("cutover", 'Cutting "first" over', wave="first")
    work.began = time.monotonic() - 95
    work.done, work.total = 10, 18
    work.tell("price_feed: 1 run is still going on the source; nothing is cut short")
    wizard.runs.carrier.ticks = {
        "stock_levels": TickCount(once=tuple(NOW + timedelta(minutes=5 * n) for n in range(3)))
    }
    wizard.panel.settled()


async def pictures() -> None:
    """Three of them."""
    await picture("deciding", Path("quay"), "cluster", replace(PLAN, decided=ALL[: ALL.index("cluster")]))
    decided = replace(PLAN, decided=ALL)
    await picture("review", Path("quay"), "review", decided)
    waves = tuple(replace(wave, state="tested") for wave in PLAN.waves)
    await picture("cutover", Path("quay"), "cutover", replace(decided, decided=(*ALL, "review"), waves=waves))


def main() -> None:
    """In a folder whose name is the same everywhere, with nothing of this machine."""
    os.environ["TZ"] = "UTC"
    time.tzset()
    for name in ("NO_COLOR", "SSH_CONNECTION", "ASTRO_API_TOKEN", "ASTRO_API_URL"):
        os.environ.pop(name, None)
    os.environ["COLORTERM"] = "truecolor"
    with tempfile.TemporaryDirectory() as name, contextlib.chdir(name):
        Path("quay").mkdir()
        Path("quay/dags").mkdir()
        asyncio.run(pictures())


if __name__ == "__main__":
    main()
