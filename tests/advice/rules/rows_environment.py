"""Cases of the rules in advice/rules/environment.py."""

from __future__ import annotations

from dataclasses import replace

from tests.advice.rules.rows_code import saying
from tests.advice.rules.rulecase import PLAN, case, no, source, with_environment, yes

STAGE = with_environment({"STAGE": "prod"})
SECRET = replace(PLAN, deployments=tuple(replace(item, secret_environment=("STAGE",)) for item in PLAN.deployments))
TWICE = replace(STAGE, deployments=tuple(replace(item, secret_environment=("STAGE",)) for item in STAGE.deployments))
HAD = source(environment=("STAGE", "AIRFLOW__SCHEDULER__PARSING_PROCESSES", "MWAA__X", "AIRFLOW_HOME"))

ROWS = (
    yes("ENV-006", case(with_environment({"AIRFLOW__CORE__EXECUTOR": "x"})), "AIRFLOW__CORE__EXECUTOR"),
    yes("ENV-006", case(with_environment({"AIRFLOW__SCHEDULER__STATSD_ON": "x"})), "STATSD_ON"),
    no("ENV-006", case(STAGE)),
    yes("ENV-006-inferred", case(with_environment({"AIRFLOW__FAB__NAVBAR_COLOR": "x"})), "NAVBAR_COLOR"),
    no("ENV-006-inferred", case(STAGE)),
    no(
        "ENV-006-inferred",
        case(with_environment({"AIRFLOW__API__BASE_URL": "x"}), airflow="2", runtime="13.11.0"),
    ),
    yes("ENV-011", case(with_environment({"core.parallelism": "3"})), "core.parallelism"),
    yes("ENV-011", case(with_environment({"2nd": "3"})), "2nd"),
    yes("ENV-011", case(TWICE), "STAGE as plain and as secret"),
    no("ENV-011", case(STAGE)),
    yes("ENV-013", case(with_environment({"AIRFLOW__CORE__PARALLELISM": "3"})), "PARALLELISM"),
    no("ENV-013", case(STAGE)),
    yes("ENV-010", case(with_environment({"TEXT": "x" * 900_000})), "900,005 bytes"),
    no("ENV-010", case(STAGE)),
    yes("ENV-007", case(inventory=saying("environment", "GCS_BUCKET")), "read in a: GCS_BUCKET"),
    no("ENV-007", case(inventory=saying("environment", "STAGE"))),
    no("ENV-007", case(with_environment({"GCP_PROJECT": "x"}), saying("environment", "GCP_PROJECT"))),
    yes("ENV-read", case(inventory=saying("environment", "STAGE")), "read in a: STAGE"),
    yes("ENV-read", case(replace(PLAN, deployments=()), saying("environment", "STAGE"))),
    no("ENV-read", case(STAGE, saying("environment", "STAGE"))),
    no("ENV-read", case(SECRET, saying("environment", "STAGE"))),
    no("ENV-read", case(inventory=saying("environment", "AIRFLOW_HOME"))),
    yes("ENV-012", case(inventory=HAD), "no Deployment has yet: AIRFLOW__DAG_PROCESSOR__PARSING_PROCESSES, STAGE"),
    yes("ENV-012", case(inventory=HAD), "AIRFLOW_HOME: Astro sets it itself, MWAA__X: MWAA set it"),
    no("ENV-012", case(STAGE, source(environment=("STAGE",)))),
    no("ENV-012", case()),
)
