"""A small migration with something to say in every section of the report, and a large one."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from tests.advice.environments import private_vpc, walked

from astroferry.advice.waves import divide
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


def reviewed() -> Assessment:
    """The walk through all stages for databases inside a private VPC, one decision otherwise than suggested."""
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
    return assessment(desk.plan, found, NOW, facts=made.facts)
