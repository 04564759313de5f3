"""Cases of the rules in advice/rules/waves.py and links.py, which go by the same waves."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tests.advice.rules.rulecase import CRON, PLAN, case, no, source, yes

from astroferry.model.inventory import Dag, Inventory, Pool
from astroferry.model.plan import Deployment, Plan, Wave, Workspace


def dag(dag_id: str, **changes: Any) -> Dag:
    return replace(Dag(dag_id, CRON, is_paused=False, catchup=False, dependencies="none"), **changes)


def waves(*given: tuple[str, ...]) -> Plan:
    return replace(PLAN, waves=tuple(Wave(f"w{place}", "test", "prod", dags) for place, dags in enumerate(given, 1)))


def having(*dags: Dag, **changes: Any) -> Inventory:
    return source(dags=dags, **changes)


PAIR = having(dag("a"), dag("b"))
ONE, TWO = waves(("*",)), waves(("a",), ("*",))
WAITS = having(dag("a", waits_for=("b", "elsewhere")), dag("b"))
TRIGGERS = having(dag("a", triggers=("b", "elsewhere")), dag("b"))
DATASET = having(dag("a", consumes=("s3://x", "s3://nobody")), dag("b", produces=("s3://x",)))
UNKNOWN = having(dag("a", dependencies="unknown until code is read"), dag("b"))
CIRCLE = having(dag("a", triggers=("b",)), dag("b", triggers=("a",)))
POOLED = having(
    dag("a", pools=("db", "default_pool")), dag("b", pools=("db", "default_pool")), pools=(Pool("db", 4),)
)
DEFAULT = having(dag("a", pools=("default_pool",)), dag("b", pools=("default_pool",)))
BUSY_LATE = waves(("d1",), ("high",), ("*",))
BUSY_MANY = having(dag("high", tags=("critical",)), *(dag(f"d{number}") for number in range(30)))
SPREAD = replace(
    PLAN,
    workspaces=(Workspace("x", owners=("x",)), Workspace("y", owners=("y",))),
    deployments=(Deployment("x-prod", "x"), Deployment("y-prod", "y")),
    waves=(Wave("x", "x-prod", "x-prod", ("a",)), Wave("y", "y-prod", "y-prod", ("*",))),
)
ACROSS = having(
    dag("a", owners=("x",), waits_for=("b",), triggers=("b",), consumes=("s3://x",)),
    dag("b", owners=("y",), produces=("s3://x",)),
)
INSIDE = having(dag("a", owners=("y",), waits_for=("b",)), dag("b", owners=("y",)), dag("c", owners=("x",)))
SIXTY = having(*(dag(f"d{number}") for number in range(60)))
IN_PLACE = replace(PLAN, waves=(Wave("one", "prod", "prod"),))
ASLEEP = replace(
    PLAN,
    deployments=(Deployment("dev", "w", development_mode=True), Deployment("prod", "w")),
    waves=(Wave("one", "dev", "dev"),),
)
BUSY = having(dag("a", tags=("critical",)), dag("b"))
MANY = having(*(dag(f"d{number}") for number in range(30)))

ROWS = (
    yes("WAV-unknown", case(waves(("*", "x")), PAIR), "does not have: x"),
    yes("WAV-unknown", case(waves(("*", "sales_*")), PAIR), "sales_*"),
    yes("WAV-unknown", case(replace(ONE, waves=(replace(ONE.waves[0], without=("y",)),)), PAIR), "y"),
    no("WAV-unknown", case(waves(("a*",), ("*",)), PAIR)),
    yes("WAV-twice", case(waves(("a", "b"), ("b",)), PAIR), "b in w1 and w2"),
    no("WAV-twice", case(TWO, PAIR)),
    yes("WAV-none", case(waves(("a",)), PAIR), "1 DAG in no wave"),
    no("WAV-none", case(ONE, PAIR)),
    yes("WAV-same", case(IN_PLACE, SIXTY), "in production: one."),
    yes("WAV-same", case(IN_PLACE, BUSY), "critical DAGs among them: a."),
    no("WAV-same", case(IN_PLACE, PAIR)),
    no("WAV-same", case(ONE, SIXTY)),
    no("WAV-same", case(ONE, PAIR)),
    yes("WAV-asleep", case(ASLEEP, PAIR), "may hibernate: one."),
    no("WAV-asleep", case(replace(ASLEEP, waves=ONE.waves), PAIR)),
    yes("HAZ-001", case(TWO, WAITS), "a waits for b"),
    no("HAZ-001", case(ONE, WAITS)),
    no("HAZ-001", case(TWO, TRIGGERS)),
    no("HAZ-001", case(SPREAD, ACROSS)),
    no("HAZ-002", case(SPREAD, ACROSS)),
    no("HAZ-003", case(SPREAD, ACROSS)),
    yes("HAZ-001", case(SPREAD, INSIDE), "a waits for b"),
    yes("HAZ-002", case(TWO, TRIGGERS), "b is triggered by a"),
    yes("HAZ-002", case(waves(("a",)), TRIGGERS)),
    no("HAZ-002", case(ONE, TRIGGERS)),
    yes("HAZ-003", case(TWO, DATASET), "a is scheduled by s3://x of b"),
    no("HAZ-003", case(ONE, DATASET)),
    yes("WAV-gone", case(ONE, WAITS), "a waits for elsewhere"),
    yes("WAV-gone", case(ONE, TRIGGERS), "1 DAG would start or wait for: a triggers elsewhere."),
    no("WAV-gone", case(ONE, CIRCLE)),
    yes("WAV-links", case(TWO, UNKNOWN)),
    no("WAV-links", case(ONE, UNKNOWN)),
    yes("WAV-cycle", case(ONE, CIRCLE), "a, b"),
    no("WAV-cycle", case(ONE, TRIGGERS)),
    yes("WAV-pool", case(TWO, POOLED), '"db" (4 slots)'),
    yes("WAV-pool", case(TWO, replace(POOLED, pools=())), '"db" is'),
    no("WAV-pool", case(ONE, POOLED)),
    no("WAV-pool", case(TWO, DEFAULT)),
    yes("WAV-order", case(TWO, BUSY), "a (marked critical)"),
    no("WAV-order", case(waves(("b",), ("*",)), BUSY)),
    no("WAV-order", case(ONE, BUSY)),
    yes("WAV-order", case(BUSY_LATE, BUSY_MANY), "1 DAG of high risk moves before two thirds"),
    no("WAV-order", case(waves(("d*",), ("high",)), BUSY_MANY)),
    yes("WAV-large", case(waves(("d1",), ("*",)), MANY), "29 of 30"),
    no("WAV-large", case(waves(("d1*",), ("d2*",), ("*",)), MANY)),
)
