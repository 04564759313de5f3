"""Cases of the rules in advice/rules/workspaces.py."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tests.advice.rules.rulecase import CRON, PLAN, case, no, source, yes

from astroferry.model.inventory import Dag
from astroferry.model.plan import Deployment, Plan, Wave, Workspace
from astroferry.model.prices import Prices


def dag(dag_id: str, owner: str, **changes: Any) -> Dag:
    return replace(Dag(dag_id, CRON, is_paused=False, owners=(owner,)), **changes)


def divided(**exceptions: tuple[str, ...]) -> Plan:
    """A Workspace each for sales and ops, with a Deployment each; the wave goes to that of sales."""
    sales = Workspace("sales", owners=("sales",), dags=exceptions.get("sales", ()))
    ops = Workspace("ops", owners=("ops",), dags=exceptions.get("ops", ()))
    ends = (Deployment("sales-prod", "sales"), Deployment("ops-prod", "ops"))
    return replace(PLAN, workspaces=(sales, ops), deployments=ends, waves=(Wave("one", "sales-prod", "sales-prod"),))


def apart(plan: Plan) -> Plan:
    waves = (Wave("one", "sales-prod", "sales-prod"), Wave("two", "ops-prod", "ops-prod", ("stock",)))
    return replace(plan, waves=waves)


LINKED = source(dags=(dag("orders", "sales", triggers=("stock",)), dag("stock", "ops")))
WAITING = source(dags=(dag("orders", "sales", waits_for=("stock",)), dag("stock", "ops")))
DATASET = source(dags=(dag("orders", "sales", produces=("s3://x",)), dag("stock", "ops", consumes=("s3://x",))))
APART = source(dags=(dag("orders", "sales"), dag("stock", "ops")))
HOMELESS = source(dags=(dag("orders", "sales"), dag("odd", "nobody")))
MANY = source(dags=tuple(dag(f"d{number}", "sales") for number in range(60)))
ONE = replace(PLAN, deployments=PLAN.deployments[:1])


def tests(count: int) -> Plan:
    """So many Workspaces with a Deployment for tests and one for production."""
    names = [f"w{number}" for number in range(count)]
    return replace(
        PLAN,
        workspaces=tuple(map(Workspace, names)),
        deployments=tuple(
            Deployment(f"{name}-{role}", name, role, executor="ASTRO", development_mode=role == "test")
            for name in names
            for role in ("test", "production")
        ),
    )


ROWS = (
    yes("WSP-001", case(replace(PLAN, workspaces=(Workspace("a"), Workspace("b")))), "the plan has 2"),
    yes("WSP-001", case(workspaces="team"), "per team"),
    no("WSP-001", case()),
    yes("WSP-009", case()),
    no("WSP-009", case(replace(PLAN, deployments=()))),
    yes("WSP-cross", case(divided(), LINKED), "orders triggers stock"),
    yes("WSP-cross", case(divided(), WAITING), "stock is waited for by orders"),
    yes("WSP-cross", case(divided(), DATASET), "s3://x of orders starts stock"),
    no("WSP-cross", case(divided(sales=("stock",)), LINKED)),
    no("WSP-cross", case(divided(), APART)),
    no("WSP-cross", case(inventory=LINKED)),
    yes("WSP-dag", case(divided(), HOMELESS), "odd"),
    yes("WSP-dag", case(divided(ops=("gone",)), APART), "gone"),
    no("WSP-dag", case(divided(ops=("odd",)), HOMELESS)),
    no("WSP-dag", case()),
    yes("WSP-wave", case(divided(), APART), "stock (ops, moves into sales)"),
    no("WSP-wave", case(apart(divided()), APART)),
    no("WSP-wave", case()),
    yes("WSP-010", case(ONE, MANY)),
    no("WSP-010", case(inventory=MANY)),
    no("WSP-010", case(ONE)),
    yes("DEP-tests", case(tests(6)), "12 Deployments, 6 of them for tests"),
    yes("DEP-tests", case(replace(tests(6), prices=Prices("EUR", {"SMALL": 0.5}))), "at most 2,190 EUR a month"),
    no("DEP-tests", case(tests(5))),
)
