"""Rules, waves and report at 1,000, 4,000 and 14,000 DAGs: seconds per 1,000 DAGs side by side, and memory per DAG.

Linear is where the last column stays near 1: how many times as long 1,000 DAGs take among 14,000 as among 1,000.

Run: python benchmarks/advice.py
"""

from __future__ import annotations

import gc
import random
import sys
import time
import tracemalloc
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from astroferry.advice.rules.rule import Case
from astroferry.advice.suggest import BOOKS, SUGGESTIONS
from astroferry.advice.verdict import verdicts
from astroferry.advice.waves import divide
from astroferry.faces.headless.report import written
from astroferry.model.inventory import ConnectionSeen, Dag, Inventory, Place, Pool, Schedule, VariableSeen
from astroferry.model.plan import Code, Decisions, Deployment, Plan, Source, Target, Wave, Workspace
from astroferry.report.assessment import assessment
from astroferry.stages import DECIDING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from astroferry.advice.rules.rule import Hit

SIZES = (1_000, 4_000, 14_000)
RUNS = 2
"""the quicker one counts"""
NOW = datetime(2026, 11, 22, tzinfo=UTC)
EVERY = ("@daily", "@hourly", "*/5 * * * *", "0 2 * * *", "30 6 * * 1-5")


def made(number: int) -> Inventory:
    """An inventory of 25 teams whose DAGs hang together, mostly inside a team; one value per ten DAGs."""
    luck = random.Random(number)
    dags = []
    for item in range(number):
        team = f"team{item % 25:02}"
        triggers = [f"{team}_job_{item - 25}"] if item >= 25 and luck.random() < 0.2 else []
        if luck.random() < 0.01:
            triggers.append(f"team{(item + 1) % 25:02}_job_{min(item + 1, number - 1)}")
        dags.append(
            Dag(
                f"{team}_job_{item}",
                Schedule("cron", luck.choice(EVERY)),
                is_paused=luck.random() < 0.3,
                catchup=luck.random() < 0.2,
                owners=(team,),
                tags=("critical",) if luck.random() < 0.01 else (),
                fileloc=f"/dags/{team}/job_{item}.py",
                start_date=NOW,
                operators=("PythonOperator",),
                pools=(f"pool_{item % 40}", "default_pool"),
                queues=("default",),
                produces=(f"s3://lake/{item % 300}",) if item % 9 == 0 else (),
                consumes=(f"s3://lake/{item % 300}",) if item % 11 == 0 else (),
                triggers=tuple(triggers),
                dependencies="read from code",
            )
        )
    few = range(number // 10)
    return Inventory(
        "airflow",
        "https://airflow.example.com",
        "2.11.2",
        NOW,
        dags=tuple(dags),
        connections=tuple(ConnectionSeen(f"c{item}", "postgres", f"h{item % 50}.example.com", 5432) for item in few),
        variables=tuple(VariableSeen(f"v{item}", size=20) for item in few),
        pools=tuple(Pool(f"pool_{item}", 4) for item in range(40)),
        places=tuple(Place(f"h{item}.example.com", 5432, (f"c{item}",), "public", "A name.") for item in range(50)),
    )


def planned(inventory: Inventory) -> Plan:
    """The plan with the waves as proposed."""
    waves = tuple(Wave(wave.name, "test", "production", wave.written) for wave in divide(inventory).waves)
    deployments = (Deployment("test", "w", "test", executor="ASTRO"), Deployment("production", "w", executor="ASTRO"))
    return Plan(
        "large",
        Source(inventory.url),
        NOW,
        Target(organization="o"),
        Decisions(runtime="3.3-8"),
        code=Code("dags"),
        workspaces=(Workspace("w"),),
        deployments=deployments,
        waves=waves,
        decided=tuple(stage.key for stage in DECIDING),
    )


def seconds(what: Callable[[], Any]) -> float:
    """Of the quickest run, without the garbage collector's walks over what the other sizes have left."""
    times = []
    for _ in range(RUNS):
        gc.collect()
        gc.disable()
        began = time.process_time()
        what()
        times.append(time.process_time() - began)
        gc.enable()
    return min(times)


def memory(what: Callable[[], Any]) -> int:
    """Bytes at the peak, beyond what was there."""
    tracemalloc.start()
    what()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def held(check: Callable[[Case], Iterable[Hit]], case: Case) -> list[Hit]:
    """All that one rule finds."""
    return list(check(case))


def work(inventory: Inventory) -> dict[str, Callable[[], Any]]:
    """Everything that is measured, by its name."""
    plan = planned(inventory)
    case = Case(plan, inventory)
    asked = Case(replace(plan, waves=()), inventory)
    parts: dict[str, Callable[[], Any]] = {"waves: divide": lambda: divide(inventory)}
    for key, ask in SUGGESTIONS.items():
        parts[f"suggest {key}"] = partial(ask, asked)
    for book in BOOKS:
        for rule, check in book.checks:
            parts[f"rule {rule.id}"] = partial(held, check, case)
    found = [finding for book in BOOKS for finding in book.problems(case)]
    parts["verdicts"] = lambda: verdicts(inventory, found)
    it = assessment(plan, inventory, NOW)
    parts["report: gather"] = lambda: assessment(plan, inventory, NOW)
    for kind in (".html", ".md", ".json"):
        parts[f"report: write {kind}"] = partial(written, it, kind)
    return parts


def whole(inventory: Inventory) -> str:
    """Waves, all advice, and the page."""
    return written(assessment(planned(inventory), inventory, NOW), ".html")


def main() -> None:
    """Measure all sizes in this one run; exit 1 where something is not linear."""
    inventories = {size: made(size) for size in SIZES}
    took = {size: {name: seconds(part) for name, part in work(given).items()} for size, given in inventories.items()}
    groups = ("suggest", "rule")
    rows: dict[str, dict[int, float]] = {
        **{
            f"all: {group}": {size: sum(t for n, t in took[size].items() if n.startswith(group)) for size in SIZES}
            for group in groups
        },
        **{name: {size: took[size][name] for size in SIZES} for name in took[SIZES[0]]},
    }
    print(f"{'ms per 1,000 DAGs at':34}" + "".join(f"{size:>9,}" for size in SIZES) + "     ratio")
    slow = []
    for name, times in rows.items():
        per = [1000 * times[size] / (size / 1000) for size in SIZES]
        ratio = per[-1] / max(per[0], 0.05)
        # What takes next to nothing is noise; caches of the processor make two of one, a square would make fourteen.
        if per[-1] >= 1 or name.startswith(("all", "waves", "report")):
            print(f"{name:34}" + "".join(f"{value:9.2f}" for value in per) + f"{ratio:9.1f} x")
        if per[-1] >= 1 and ratio > 5:
            slow.append(name)
    bytes_each = {size: memory(partial(whole, given)) / size for size, given in inventories.items()}
    print(f"{'bytes per DAG, all of the report':34}" + "".join(f"{bytes_each[size]:9,.0f}" for size in SIZES))
    if slow:
        sys.exit(f"not linear: {', '.join(slow)}")


if __name__ == "__main__":
    main()
