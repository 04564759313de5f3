"""Cases of the rules in advice/rules/providers.py."""

from __future__ import annotations

from dataclasses import replace

from tests.advice.rules.rows_code import STAYS, saying
from tests.advice.rules.rulecase import PLAN, case, no, source, yes

from astroferry.model.inventory import ConnectionSeen, Provider
from astroferry.model.plan import Values

AMAZON = saying(
    "provider",
    "airflow.providers.amazon.aws.hooks.s3",
    providers=(Provider("apache-airflow-providers-amazon", "9.1.0"),),
)
POSTGRES = source(
    connections=(ConnectionSeen("pg", "postgres"), ConnectionSeen("x", "acme"), ConnectionSeen("f", "fs"))
)
STANDARD = (
    Provider("apache-airflow-providers-standard", "1.2.0"),
    Provider("apache-airflow-providers-smtp", "2.3.1"),
)
CLIMBS = source(airflow_version="3.0.6", providers=STANDARD)

ROWS = (
    yes("VER-036", case(inventory=AMAZON), "apache-airflow-providers-amazon"),
    yes(
        "VER-036",
        case(inventory=source(task_modules=("airflow.providers.cncf.kubernetes.operators.pod",))),
        "apache-airflow-providers-cncf-kubernetes",
    ),
    no("VER-036", case(inventory=saying("provider", "airflow.providers.standard.operators.bash"))),
    no("VER-036", case(STAYS, AMAZON)),
    no("VER-036", case(inventory=AMAZON, airflow="2", runtime="13.11.0")),
    yes("ENV-014", case(inventory=POSTGRES), "apache-airflow-providers-postgres (pg)"),
    yes("VER-036", case(inventory=AMAZON), "apache-airflow-providers-amazon>=9.1.0."),
    no("ENV-014", case(replace(PLAN, values=Values(skip_connections=("pg",))), POSTGRES)),
    no("ENV-014", case(inventory=POSTGRES, airflow="2", runtime="13.11.0")),
    no("ENV-014", case(inventory=replace(POSTGRES, task_modules=("airflow.providers.postgres.hooks.postgres",)))),
    yes(
        "VER-036", case(inventory=replace(AMAZON, airflow_version="3.0.6")), "apache-airflow-providers-amazon>=9.1.0."
    ),
    yes(
        "VER-036", case(inventory=replace(AMAZON, airflow_version="3.3.2")), "apache-airflow-providers-amazon==9.1.0."
    ),
    yes(
        "VER-036-floor",
        case(inventory=CLIMBS),
        "older than Runtime 3.3-8 takes: apache-airflow-providers-standard 1.2.0 (needs 1.9.0).",
    ),
    no("VER-036-floor", case(inventory=CLIMBS, runtime="3.0-20")),
    no("VER-036-floor", case(inventory=CLIMBS, runtime="")),
    no("VER-036-floor", case(inventory=replace(CLIMBS, airflow_version="3.1.8"))),
    no("VER-036-floor", case(inventory=replace(CLIMBS, airflow_version="2.11.2"))),
    no("VER-036-floor", case(inventory=replace(CLIMBS, providers=STANDARD[1:]))),
)
