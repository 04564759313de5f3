"""Ten sources as they are met, each with its organization and what its people answer; made, not recorded.

The first five are the scenarios at the end of the migration guide.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush
from pathlib import Path
from typing import TYPE_CHECKING, Any

from croniter import croniter_range

from astroferry.advice.places import places
from astroferry.advice.rules.rule import Case
from astroferry.errors import PlanError
from astroferry.model.activity import DAY, MILLISECOND, Activity, Ran
from astroferry.model.inventory import (
    BrokenFile,
    ConnectionSeen,
    Coverage,
    Dag,
    Inventory,
    Pool,
    Provider,
    Run,
    Schedule,
    Sign,
    VariableSeen,
)
from astroferry.model.organization import (
    ClusterSeen,
    DeploymentOptions,
    OrganizationFacts,
    OrganizationSeen,
    RuntimeRelease,
    WorkspaceSeen,
)
from astroferry.stages.desk import Desk, new_desk
from astroferry.stages.walk import fill

if TYPE_CHECKING:
    from collections.abc import Iterable

    from astroferry.errors import Problem

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
RUNTIMES = (RuntimeRelease("3.3-8", "3.3.2", "stable"), RuntimeRelease("13.11.0", "2.11.2", "stable"))
VAULT = "airflow.providers.hashicorp.secrets.vault.VaultBackend"


@dataclass(frozen=True)
class Environment:
    """A source, its organization, and the answers that its people give; all else is left to the suggestions."""

    name: str
    about: str
    inventory: Inventory
    facts: OrganizationFacts
    answers: dict[str, Any] = field(default_factory=dict)


def organization(plan: str, *clusters: ClusterSeen) -> OrganizationFacts:
    """An organization on that Astro plan."""
    return OrganizationFacts(
        OrganizationSeen("cl0000000000000000000000o", "Acme", "HOSTED", (plan,)),
        DeploymentOptions(runtime_releases=RUNTIMES),
        clusters,
        (WorkspaceSeen("cl0000000000000000000000w", "Sandbox"),),
    )


def cluster(name: str, region: str, vpc: str) -> ClusterSeen:
    """A dedicated cluster that is there, on AWS."""
    ranges = {"vpc_subnet_range": vpc, "secondary_range": "100.64.0.0/19"}
    return ClusterSeen(f"cl-{name}", name, "DEDICATED", "AWS", region, "CREATED", ranges=ranges)


def dag(dag_id: str, expression: str = "@daily", **changes: Any) -> Dag:
    """An active DAG whose code was read and names no other; an expression of "" means that nothing schedules it."""
    schedule = Schedule("cron", expression) if expression else Schedule("none")
    made = Dag(
        dag_id,
        schedule,
        is_paused=False,
        catchup=False,
        owners=("data",),
        fileloc=f"/opt/airflow/dags/{dag_id}.py",
        max_active_runs=1,
        max_active_tasks=16,
        operators=("PythonOperator",),
        queues=("default",),
        pools=("default_pool",),
        dependencies="none",
    )
    return replace(made, **changes)


def seen(*connections: ConnectionSeen, dags: tuple[Dag, ...], **changes: Any) -> Inventory:
    """A source with these connections, from which its places follow."""
    made = Inventory(
        "airflow",
        "https://airflow.acme.example",
        "2.10.5",
        NOW,
        dags=dags,
        connections=connections,
        places=places(connections),
        pools=(Pool("default_pool", 128),),
        providers=(Provider("apache-airflow-providers-common-sql", "1.28.1"),),
        config={"core": {"parallelism": "32", "dags_folder": "/opt/airflow/dags"}},
    )
    return replace(made, **changes)


def ran(
    dags: Iterable[Dag], slots: int, since: datetime = NOW - DAY, until: datetime = NOW, *, day: int = 0
) -> Activity:
    """What of these DAGs ran between: a task of a minute at each tick, the later ones waiting where slots are full.

    `day`: how many ran in 24 hours, where not all of them were read.
    """
    ticks = [
        (tick, position, item.dag_id)
        for position, item in enumerate(dags)
        if item.schedule.kind == "cron" and not item.is_paused
        for tick in croniter_range(since, until, item.schedule.expression)
    ]
    free, spans = [since] * slots, defaultdict[str, list[tuple[int, int]]](list)
    for tick, _, dag_id in sorted(ticks):
        start = max(tick, heappop(free))
        heappush(free, start + timedelta(minutes=1))
        if start <= until:
            begin = (start - since) // MILLISECOND
            spans[dag_id].append((begin, begin + 60_000))
    read = sum(map(len, spans.values()))
    queues = {item.dag_id: item.queues[-1] for item in dags}
    tasks = tuple(Ran(name, queues[name], "default_pool", tuple(spans[name])) for name in sorted(spans))
    return Activity(since, until, read, read, max(day, read), tasks)


def database(name: str, host: str, kind: str = "postgres", **changes: Any) -> ConnectionSeen:
    """A connection with a login."""
    return replace(ConnectionSeen(name, kind, host, login="airflow"), **changes)


def private_vpc() -> Environment:
    """Databases inside a private VPC."""
    found = seen(
        database("warehouse", "dwh.c9x.eu-west-1.redshift.amazonaws.com", "redshift"),
        database("orders", "orders.c9x.eu-west-1.rds.amazonaws.com"),
        database("legacy_erp", "10.40.2.17", "oracle"),
        ConnectionSeen("weather", "http", "https://api.weather.example"),
        dags=(
            dag("orders_load", "0 * * * *"),
            dag("orders_report", "30 6 * * *", waits_for=("orders_load",)),
            dag("erp_sync"),
        ),
        airflow_version="2.9.3",
    )
    found = replace(found, activity=ran(found.dags, 32))
    return Environment(
        "private-vpc",
        "Our DAGs access databases inside a private VPC",
        found,
        organization("TEAM", cluster("harbour", "eu-west-1", "172.16.0.0/20")),
        {"network.own_ranges": ["10.40.0.0/16", "172.20.0.0/16"]},
    )


def vault() -> Environment:
    """HashiCorp Vault for all secrets."""
    found = seen(
        database("vault_default", "vault.acme.example", "vault"),
        dags=(dag("billing"), dag("usage", "*/15 * * * *")),
        config={"core": {"parallelism": "32"}, "secrets": {"backend": VAULT}},
        connections=(),
        variables=(),
        places=places([ConnectionSeen("api", "http", "https://api.acme.example")]),
    )
    return Environment("vault", "We use HashiCorp Vault for all secrets", found, organization("BUSINESS"))


def hundreds() -> Environment:
    """Hundreds of DAGs, and no downtime."""
    dags: list[Dag] = []
    for area in ("sales", "finance", "logistics", "marketing"):
        for number in range(150):
            critical = number % 30 == 0
            dags.append(
                dag(
                    f"{area}_{number:03}",
                    "*/5 * * * *" if critical else "0 3 * * *",
                    owners=(area,),
                    tags=("critical",) if critical else (area,),
                    fileloc=f"/opt/airflow/dags/{area}/{area}_{number:03}.py",
                    is_paused=number % 10 == 9,
                    triggers=(f"{area}_{number + 1:03}",) if number % 50 == 0 else (),
                )
            )
    fullest = ran(
        dags, 32, datetime(2026, 11, 22, 2, 13, 20, tzinfo=UTC), datetime(2026, 11, 22, 3, 6, 40, tzinfo=UTC)
    )
    found = seen(
        ConnectionSeen("warehouse", "snowflake", "acme.eu-central-1.snowflakecomputing.com"),
        dags=tuple(dags),
        activity=replace(fullest, day=6_300),
    )
    return Environment(
        "hundreds", "We have hundreds of DAGs and cannot afford downtime", found, organization("ENTERPRISE")
    )


def airflow_1() -> Environment:
    """Airflow 1.10."""
    found = seen(dags=(dag("etl"), dag("report")), airflow_version="1.10.15")
    return Environment("airflow-1", "We are on Airflow 1.x", found, organization("TEAM"))


def own_cloud() -> Environment:
    """Tasks in their own cloud, orchestration managed."""
    found = seen(
        database("claims", "claims.internal.insurer.corp"),
        database("policies", "10.8.0.12", "oracle"),
        dags=(dag("claims_daily"), dag("policies_hourly", "0 * * * *")),
    )
    return Environment(
        "own-cloud",
        "We want tasks to run in our own cloud but orchestration managed for us",
        found,
        organization("ENTERPRISE", cluster("orchestration", "us-east-1", "172.20.0.0/20")),
        {"decisions.execution": "remote"},
    )


def small() -> Environment:
    """A small open-source Airflow."""
    lake = "s3://acme-lake/report_9"
    links: dict[str, dict[str, Any]] = {
        "report_4": {"triggers": ("report_5",)},
        "report_5": {"schedule": Schedule("none")},
        "report_9": {"produces": (lake,)},
        "report_11": {"schedule": Schedule("dataset"), "consumes": (lake,)},
    }
    plain = (dag(f"report_{number}", "@daily" if number % 3 else "@weekly") for number in range(12))
    dags = tuple(replace(item, **links.get(item.dag_id, {})) for item in plain)
    found = seen(
        ConnectionSeen("warehouse", "snowflake", "acme.us-east-1.snowflakecomputing.com"),
        ConnectionSeen("slack", "slack"),
        dags=dags,
        variables=(VariableSeen("region", size=9), VariableSeen("api_token", size=40)),
        starship="2.8.6",
        airflow_version="2.11.2",
    )
    found = replace(found, activity=ran(found.dags, 32))
    return Environment("small", "A small open-source Airflow", found, organization("TEAM"))


def composer() -> Environment:
    """Cloud Composer with paths into its bucket."""
    paths = (
        Sign("composer-path", "/home/airflow/gcs/data", 14, "/home/airflow/gcs/dags/load.py", "load", ("load",)),
        Sign("composer-path", "GCS_BUCKET", 9, "/home/airflow/gcs/dags/export.py", "export", ("export",)),
    )
    found = seen(
        ConnectionSeen("google_cloud_default", "google_cloud_platform"),
        database("orders", "acme-prod:europe-west4:orders", "gcpcloudsql"),
        database("pg_replica", "10.128.0.9"),
        dags=(
            dag("load", fileloc="/home/airflow/gcs/dags/load.py", produces=("gs://acme-lake/orders",)),
            dag("export", fileloc="/home/airflow/gcs/dags/export.py", consumes=("gs://acme-lake/orders",)),
        ),
        kind="composer",
        url="https://0a1b2c-dot-europe-west4.composer.googleusercontent.com",
        signs=paths,
        config={"core": {"dags_folder": "/home/airflow/gcs/dags"}},
        variables=(VariableSeen("lake.bucket", size=20),),
    )
    found = replace(found, activity=ran(found.dags, 32))
    return Environment(
        "composer",
        "Cloud Composer with paths into its bucket",
        found,
        organization("TEAM"),
        {"decisions.cluster_name": "rotterdam"},
    )


def mwaa() -> Environment:
    """MWAA in a private VPC."""
    found = seen(
        ConnectionSeen("aws_default", "aws"),
        database("aurora", "app.cluster-c9x.eu-central-1.rds.amazonaws.com", "mysql"),
        ConnectionSeen("search", "http", "vpce-0a1b.es.eu-central-1.vpce.amazonaws.com"),
        dags=(
            dag("app_export", "0 1 * * *", queues=("default", "large")),
            dag("reindex", "0 4 * * 0", pools=("default_pool", "search")),
        ),
        kind="mwaa",
        url="https://0a1b.c2.eu-central-1.airflow.amazonaws.com",
        pools=(Pool("default_pool", 128), Pool("search", 2)),
        config={"core": {"parallelism": "40"}, "secrets": {"backend": f"{_AMAZON}.SecretsManagerBackend"}},
    )
    found = replace(found, activity=ran(found.dags, 32))
    return Environment(
        "mwaa",
        "MWAA in a private VPC",
        found,
        organization("BUSINESS", cluster("oregon", "us-west-2", "172.20.0.0/20")),
        {"decisions.cluster_name": "frankfurt", "network.own_ranges": ["10.0.0.0/8"]},
    )


_AMAZON = "airflow.providers.amazon.aws.secrets.secrets_manager"


def many_teams() -> Environment:
    """4,000 DAGs in 25 teams."""
    dags: list[Dag] = []
    for team in range(25):
        name = f"team-{team + 1:02}"
        dags.extend(
            dag(
                f"{name}.flow_{number:03}",
                ("@hourly", "@daily", "0 5 * * 1")[number % 3],
                owners=(name,),
                tags=(f"domain-{team % 6}",),
                fileloc=f"/opt/airflow/dags/{name}/flow_{number:03}.py",
                is_paused=number % 8 == 7,
                # Every team's last flow waits for another team's first.
                waits_for=(f"team-{(team + 1) % 25 + 1:02}.flow_000",) if number == 159 else (),
            )
            for number in range(160)
        )
    connections = tuple(
        database(f"team-{team + 1:02}_db", f"10.{team}.0.5" if team % 2 else f"db{team}.acme.example")
        for team in range(25)
    )
    # The pool has 128 slots: so many of the hourly ones run a few seconds after the hour.
    at = datetime(2026, 11, 22, 5, tzinfo=UTC)
    hourly = sorted(
        (item for item in dags if item.schedule.expression == "@hourly"), key=lambda item: item.dag_id[-3:]
    )
    begun = ran(hourly, 128, at, at)
    moment = replace(begun, since=at + timedelta(seconds=30), until=at + timedelta(seconds=30), day=29_000)
    found = seen(*connections, dags=tuple(dags), config={"core": {"parallelism": "512"}}, activity=moment)
    return Environment(
        "many-teams",
        "4,000 DAGs in 25 teams",
        found,
        organization("ENTERPRISE", cluster("main", "us-east-1", "172.20.0.0/20")),
        {"decisions.cluster_name": "main", "values.connections_file": "connections.json"},
    )


def broken() -> Environment:
    """A source that shows little and of which much is broken."""
    long = Run("r", "scheduled", "success", start_date=NOW - timedelta(hours=40), end_date=NOW - timedelta(hours=9))
    found = seen(
        ConnectionSeen("local_pg", "postgres", "localhost", 5432),
        ConnectionSeen("masked", "http", "***", masked_fields=("host",)),
        ConnectionSeen("only in code", origin="code"),
        dags=(
            dag("endless", last_run=long, dependencies="unknown until code is read"),
            dag("circle_a", triggers=("circle_b",)),
            dag("circle_b", triggers=("circle_a", "gone")),
            dag("pods", pod_overrides=True, queues=("gpu",)),
        ),
        import_errors=(BrokenFile("poc.py", "ModuleNotFoundError: No module named 'solver'"),),
        coverage=(
            Coverage("pools", "refused", detail="403"),
            Coverage("tasks that ran", "failed", detail="504"),
            Coverage("dag code", "failed", detail="500"),
            Coverage("configuration", "absent", detail="404"),
        ),
        config={},
        pools=(),
        airflow_version="2.2.5",
    )
    return Environment(
        "broken", "A source that shows little and of which much is broken", found, organization("DEVELOPER")
    )


def environments() -> tuple[Environment, ...]:
    """All ten."""
    makers = (
        private_vpc, vault, hundreds, airflow_1, own_cloud, small, composer, mwaa, many_teams, broken,
    )  # fmt: skip
    return tuple(make() for make in makers)


def walked(environment: Environment) -> tuple[Desk, tuple[Problem, ...]]:
    """The walk through all stages with these answers; what could not be answered, where something is missing."""
    desk = new_desk(Path("migration.toml"), environment.name, environment.inventory.url, now=NOW)
    desk.inventory, desk.facts = environment.inventory, environment.facts
    for key, value in environment.answers.items():
        if key.startswith("network."):
            # Known before the ranges are proposed.
            desk.answer(key, value)
    try:
        fill(desk, {"code.dags_folder": "dags", **environment.answers})
    except PlanError as error:
        return desk, tuple(error.problems)
    return desk, ()


def case_of(environment: Environment) -> Case:
    """The case after that walk."""
    desk, _ = walked(environment)
    return Case(desk.plan, environment.inventory, environment.facts)
