"""A small migration with something to say in every section of the report, and a large one."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.advice.environments import private_vpc, walked

from astroferry.advice.waves import divide
from astroferry.carry.journal import Entry, Event
from astroferry.model.drain import DrainSample
from astroferry.model.inventory import (
    BrokenFile,
    ConnectionSeen,
    Coverage,
    Dag,
    Inventory,
    Place,
    Plugin,
    Pool,
    Provider,
    RoleSeen,
    Run,
    Schedule,
    VariableSeen,
)
from astroferry.model.plan import Code, Decisions, Deployment, Plan, Source, Target, Wave, Workspace
from astroferry.model.prices import Prices
from astroferry.report.assessment import Assessment, assessment
from astroferry.report.cutover import CutoverSection, cutover_section
from astroferry.stages import DECIDING

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)


def dag(dag_id: str, schedule: str | Schedule | None = "@daily", **changes: Any) -> Dag:
    named = Schedule("cron", schedule) if isinstance(schedule, str) else schedule
    kind = named or Schedule("none")
    return replace(Dag(dag_id, kind, is_paused=False, catchup=False, dependencies="none"), **changes)


SMALL = Inventory(
    "airflow",
    "https://airflow.quay.example",
    "2.11.2",
    datetime(2026, 11, 24, 9, 30, tzinfo=UTC),
    dags=(
        dag("orders_extract", "@hourly", produces=("s3://lake/orders",), pools=("db",)),
        dag("orders_load", "0 3 * * *", waits_for=("orders_extract",), pools=("db",)),
        dag("orders_report", "0 6 * * 1"),
        dag("stock_sync", "*/5 * * * *", tags=("critical",), last_run=Run("r", "scheduled", "success")),
        dag("stock_alert", Schedule("dataset"), consumes=("s3://lake/orders",)),
        dag("legacy_export", fileloc="/dags/legacy.py"),
        dag("odd_calendar", Schedule("timetable", "OddCalendar")),
        dag("hidden_one", dependencies="unknown until code is read"),
        dag("old_backfill", None, is_paused=True),
        dag("crew_pay", "0 4 1 * *", triggers=("crew_mail",)),
        dag("crew_mail", None),
    ),
    connections=(ConnectionSeen("warehouse_pg", "postgres", "10.20.0.12", 5432), ConnectionSeen("slack", "http")),
    variables=(VariableSeen("region", size=12), VariableSeen("api_key", masked=True)),
    pools=(Pool("default_pool", 128), Pool("db", 4)),
    providers=(Provider("apache-airflow-providers-postgres", "5.0"),),
    plugins=(Plugin("quay_macros"),),
    import_errors=(BrokenFile("/dags/legacy.py", "ModuleNotFoundError: No module named 'airflow.contrib'"),),
    places=(Place("10.20.0.12", 5432, ("warehouse_pg",), "peering", "10.20.0.12 is a private address."),),
    coverage=(Coverage("dags", "read", 11), Coverage("plugins", "refused", None, "The login may not read plugins.")),
)


def planned(inventory: Inventory, **changes: Any) -> Plan:
    """A plan that has gone through all stages, with the waves as proposed."""
    waves = tuple(Wave(wave.name, "quay-test", "quay-production", wave.written) for wave in divide(inventory).waves)
    plan = Plan(
        "quay",
        Source("https://airflow.quay.example"),
        datetime(2026, 11, 20, tzinfo=UTC),
        Target(organization="cl0000000000000000000000o", organization_name="Quay & Sons"),
        Decisions(runtime="3.3-8", cluster="dedicated", cluster_name="quay", networking="vpc-peering"),
        code=Code("dags"),
        prices=Prices("EUR", {"SMALL": 0.5, "MEDIUM": 1.0}, {"A5": 0.1}, 2.0, 2600.0, 800.0),
        workspaces=(Workspace("data"),),
        deployments=(
            Deployment("quay-test", "data", "test", executor="ASTRO", development_mode=True),
            Deployment("quay-production", "data", "production", executor="ASTRO", scheduler_size="MEDIUM"),
        ),
        waves=waves,
        decided=tuple(stage.key for stage in DECIDING),
    )
    return replace(plan, **changes)


def small(**changes: Any) -> Assessment:
    """The small one; `changes` are of its plan."""
    return assessment(planned(SMALL, **changes), SMALL, NOW)


def many(number: int, teams: int = 40) -> Inventory:
    """An inventory of that many DAGs of many teams, linked inside and across."""
    luck = random.Random(7)
    dags = []
    for item in range(number):
        team = item % teams
        triggers = (f"t{luck.randrange(teams):02}_{luck.randrange(number)}",) if luck.random() < 0.2 else ()
        datasets: dict[str, Any] = (
            {"produces": (f"s3://{team % 5}",)} if item % 7 == 0 else {"consumes": (f"s3://{team % 5}",)}
        )
        dags.append(dag(f"t{team:02}_{item}", triggers=triggers, **(datasets if item % 3 == 0 else {})))
    ids = {item.dag_id for item in dags}
    return replace(
        SMALL, dags=tuple(replace(item, triggers=tuple(one for one in item.triggers if one in ids)) for item in dags)
    )


def handed_over(plan: Plan) -> CutoverSection:
    """One wave that has moved, and of it one DAG that came back; as a journal tells it."""
    entries: list[Entry] = []
    begun = datetime(2026, 11, 25, 10, 42, tzinfo=UTC)

    def line(minute: float, action: str, event: Event, **facts: Any) -> None:
        entries.append(Entry(len(entries) + 1, begun + timedelta(minutes=minute), action, event, facts=facts))

    def tick(hour: int, side: str, state: str = "success", *, marker: bool = False) -> dict[str, Any]:
        moment = datetime(2026, 11, 25, hour, tzinfo=UTC).isoformat()
        return {"dag_id": "orders_load", "tick": moment, "side": side, "state": state, "marker": marker}

    line(0, "ready/high", "found", checks={"values-verified": "met: 4 same"})
    for dag_id, frozen in (("orders_load", {}), ("orders_report", {"left": {"manual__1": ["tell"]}})):
        at = f"cutover/high/{dag_id}"
        line(0, f"{at}/record", "begin")
        line(0, f"{at}/record", "applied", dag_id=dag_id, at=begun.isoformat())
        line(19, f"{at}/drain-source", "applied", waited=1110.0, slipped=1, **frozen)
        line(19, f"{at}/drain-source", "done")
        line(20, f"{at}/mark", "done", boundary="2026-11-25T10:00:00+00:00", next="2026-11-25T11:00:00+00:00")
        line(21, f"{at}/unpause-target", "done", unpaused=True, at=(begun + timedelta(minutes=21)).isoformat())
    line(22, "cutover/high/orders_load/gap-target", "done", missed=["2026-11-25T11:00:00+00:00"], run=True)
    rows = [tick(10, "source"), tick(10, "target", marker=True), tick(11, "target"), tick(12, "target", "running")]
    line(80, "cutover/high/orders_load/watch-target", "done", ticks=rows, once=3, twice=0, missed=0)
    line(85, "rollback/high/orders_report/unpause-source", "done")
    active = ((0, 3), (6, 2), (14, 1), (18.5, 0))
    samples = [DrainSample(begun + timedelta(minutes=at), "orders_load", "source", runs) for at, runs in active]
    return cutover_section(plan, entries, samples, "high")


def reviewed() -> Assessment:
    """The walk through all stages for databases inside a private VPC, one decision otherwise than suggested.

    One wave has been cut over since.
    """
    made = private_vpc()
    odd = dag("fiscal_close", Schedule("timetable", "FiscalCalendar"), fileloc="/opt/airflow/dags/fiscal_close.py")
    flaky = (replace(item, failed_runs=60 * (item.dag_id == "orders_load")) for item in made.inventory.dags)
    found = replace(
        made.inventory,
        dags=(*flaky, odd, dag("old_backfill", None, is_paused=True)),
        roles=(
            RoleSeen("Admin", 2, "administer"),
            RoleSeen("User", 9, "run"),
            RoleSeen("erp_readers", 3, dags=("erp_sync",)),
        ),
        environment=("AIRFLOW_CONN_CRM", "AIRFLOW__CORE__EXECUTOR", "AIRFLOW__CORE__FERNET_KEY", "STAGE"),
        environment_from="airflow.env",
        coverage=(
            Coverage("dags", "read", 5),
            Coverage("plugins", "refused", None, "The login may not read plugins."),
        ),
    )
    answers = {
        **made.answers,
        "decisions.secrets_backend": "aws-secrets-manager",
        "values.connections": "backend",
        "prices.currency": "EUR",
        "prices.person_day": 800.0,
    }
    desk, missing = walked(replace(made, inventory=found, answers=answers))
    assert not missing
    plan = desk.plan.with_wave_state("high", "cut over")
    return assessment(plan, found, NOW, facts=made.facts, cutovers=(handed_over(plan),))
