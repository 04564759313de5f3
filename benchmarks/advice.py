"""Rules, waves and report at 1,000, 4,000 and 14,000 DAGs: seconds per 1,000 DAGs side by side, and memory per DAG.

Linear is where the last column stays near 1: how many times as long 1,000 DAGs take among 14,000 as among 1,000.

Run: python -m benchmarks.advice

Measured on 2026-11-26 (Python 3.11, 2 cores that others used as well; processor time; exit 0 is "all linear"):

ms per 1,000 DAGs at      1,000    4,000   14,000    ratio
all: suggest              63.05    38.11    43.84    0.7 x
all: rule                 97.15    85.27    78.30    0.8 x
waves: divide             14.96    17.53    15.80    1.1 x
waves: by Workspace       19.02    25.97    20.26    1.1 x
suggest deployments       32.59    15.38    17.23    0.5 x
verdicts                   5.26     3.40     3.35    0.6 x
report: gather           237.02   114.39   128.71    0.5 x
report: write .html       33.38     7.23     5.39    0.2 x
report: write .json       22.83    20.94    20.33    0.9 x
bytes per DAG, inventory  1,033    1,041      998
bytes per DAG, all rules    547      485      459
bytes per DAG, report     1,837    1,162    1,080

Of single rules HAZ-009 is at 2.0 x (2.5 ms), none else above 1.8 x; the slowest among 14,000 per 1,000: WAV-order
(9 ms), WAV-same (9) and ENV-read (7).
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

from astroferry.advice.placing import placed
from astroferry.advice.rules.rule import Case
from astroferry.advice.suggest import BOOKS, SUGGESTIONS
from astroferry.advice.verdict import verdicts
from astroferry.advice.waves import divide
from astroferry.faces.headless.report import written
from astroferry.model.activity import DAY, Activity, Ran
from astroferry.model.inventory import (
    ConnectionSeen,
    Dag,
    Inventory,
    Place,
    Pool,
    RoleSeen,
    Schedule,
    Sign,
    VariableSeen,
)
from astroferry.model.organization import DeploymentOptions, OrganizationFacts, OrganizationSeen, RuntimeRelease
from astroferry.model.plan import Code, Decisions, Deployment, Plan, Source, Target, Workspace
from astroferry.report.assessment import assessment
from astroferry.stages import DECIDING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from astroferry.advice.rules.rule import Hit

SIZES = (1_000, 4_000, 14_000)
RUNS = 2
"""the quicker one counts"""
NOW = datetime(2026, 11, 22, tzinfo=UTC)
SIGNS = (
    ("gone-import", "airflow.operators.subdag"),
    ("gone-argument", "DAG(concurrency)"),
    ("context-key", "execution_date"),
    ("environment", "STAGE"),
    ("parse-time", "Variable.get"),
    ("poke-sensor", "S3KeySensor"),
    ("sla", "sla"),
    ("mail", "email_on_failure"),
)
FACTS = OrganizationFacts(
    OrganizationSeen("o", "Acme", plans=("ENTERPRISE",)),
    DeploymentOptions(runtime_releases=(RuntimeRelease("3.3-8", "3.3.2", "stable"),)),
)
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
                failed_runs=luck.choice((0, 0, 0, 1, 12)),
                sla=luck.random() < 0.02,
                produces=(f"s3://lake/{item % 300}",) if item % 9 == 0 else (),
                consumes=(f"s3://lake/{item % 300}",) if item % 11 == 0 else (),
                triggers=tuple(triggers),
                dependencies="read from code",
            )
        )
    few = range(number // 10)
    ids = [dag.dag_id for dag in dags]
    signs = tuple(
        Sign(kind, what, 7, dag.fileloc, dag.dag_id, (dag.dag_id,))
        for dag in dags
        for kind, what in luck.sample(SIGNS, luck.choice((0, 1, 3)))
    )
    # As many as are read of any source (`sources/busiest.py`).
    ran = tuple(
        Ran(name, "default", "default_pool", ((item * 9_000, item * 9_000 + 60_000),))
        for item, name in enumerate(ids[:1_800])
    )
    return Inventory(
        "airflow",
        "https://airflow.example.com",
        "2.11.2",
        NOW,
        dags=tuple(dags),
        connections=tuple(ConnectionSeen(f"c{item}", "postgres", f"h{item % 50}.example.com", 5432) for item in few),
        variables=tuple(VariableSeen(f"v{item}", size=20) for item in few),
        pools=tuple(Pool(f"pool_{item}", 4) for item in range(40)),
        config={"core": {"parallelism": "512", "executor": "CeleryExecutor", "default_task_retries": "2"}},
        environment=tuple(f"STAGE_{item}" for item in range(60)),
        signs=signs,
        roles=tuple(RoleSeen(f"readers_{item}", 4, dags=tuple(ids[item::100])) for item in range(20)),
        activity=Activity(NOW - DAY, NOW, len(ran), len(ran), len(ran), ran),
        places=tuple(Place(f"h{item}.example.com", 5432, (f"c{item}",), "public", "A name.") for item in range(50)),
    )


def planned(inventory: Inventory) -> Plan:
    """A Workspace and a Deployment per team, and the waves as proposed, divided by Workspace."""
    teams = tuple(f"team{item:02}" for item in range(25))
    deployments = tuple(Deployment(f"{team}-production", team, executor="ASTRO") for team in teams)
    plan = Plan(
        "large",
        Source(inventory.url),
        NOW,
        Target(organization="o"),
        Decisions(runtime="3.3-8"),
        code=Code("dags"),
        workspaces=tuple(Workspace(team, owners=(team,)) for team in teams),
        deployments=deployments,
        decided=tuple(stage.key for stage in DECIDING),
    )
    return replace(plan, waves=placed(plan, inventory, divide(inventory).waves))


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
    case = Case(plan, inventory, FACTS)
    asked = replace(case, plan=replace(plan, waves=()))
    parts: dict[str, Callable[[], Any]] = {
        "waves: divide": lambda: divide(inventory),
        "waves: by Workspace": lambda: placed(plan, inventory, divide(inventory).waves),
    }
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


def ruled(inventory: Inventory) -> list[Any]:
    """Everything that the rules find."""
    case = Case(planned(inventory), inventory, FACTS)
    return [finding for book in BOOKS for finding in book.problems(case)]


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
    say = partial(print, flush=True)
    say(f"{'ms per 1,000 DAGs at':34}" + "".join(f"{size:>9,}" for size in SIZES) + "     ratio")
    slow = []
    for name, times in rows.items():
        per = [1000 * times[size] / (size / 1000) for size in SIZES]
        ratio = per[-1] / max(per[0], 0.05)
        # What takes next to nothing is noise; caches of the processor make two of one, a square would make fourteen.
        if per[-1] >= 1 or name.startswith(("all", "waves", "report")):
            say(f"{name:34}" + "".join(f"{value:9.2f}" for value in per) + f"{ratio:9.1f} x")
        if per[-1] >= 1 and ratio > 5:
            slow.append(name)
    measured: dict[str, Callable[[int], Any]] = {
        "the inventory": made,
        "all rules": lambda size: ruled(inventories[size]),
        "all of the report": lambda size: whole(inventories[size]),
    }
    for what, done in measured.items():
        each = [memory(partial(done, size)) / size for size in SIZES]
        say(f"{f'bytes per DAG, {what}':34}" + "".join(f"{value:9,.0f}" for value in each))
    if slow:
        sys.exit(f"not linear: {', '.join(slow)}")


if __name__ == "__main__":
    main()
