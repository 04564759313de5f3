"""Cases of the rules in advice/rules/environment.py."""

from __future__ import annotations

from dataclasses import replace

from tests.advice.rules.rows_code import saying
from tests.advice.rules.rulecase import PLAN, case, no, source, with_environment, yes

STAGE = with_environment({"STAGE": "prod"})
SECRET = replace(PLAN, deployments=tuple(replace(item, secret_environment=("STAGE",)) for item in PLAN.deployments))
TWICE = replace(STAGE, deployments=tuple(replace(item, secret_environment=("STAGE",)) for item in STAGE.deployments))
HAD = source(
    environment=(
        *(
            "AIRFLOW_CONN_ERP",
            "AIRFLOW_HOME",
            "AIRFLOW_VAR_ZONE",
            "AIRFLOW__SCHEDULER__PARSING_PROCESSES",
            "API_TOKEN",
        ),
        *("AWS_ACCESS_KEY_ID", "MWAA__X", "STAGE"),
    ),
    kind="mwaa",
)
NO_MWAA = source(environment=("AIRFLOW__CORE__SQL_ALCHEMY_CONN_CMD", "AWS_ACCESS_KEY_ID", "PG_PORT_5432_TCP"))
LATER = source(
    airflow_version="2.11.2",
    environment=(
        "AIRFLOW__CORE__MAX_NUM_RENDERED_TI_FIELDS_PER_TASK",
        "AIRFLOW__LINEAGE__BACKEND",
        "AIRFLOW__SCHEDULER__RUNNING_METRICS_INTERVAL",
    ),
)
COMPOSER = replace(saying("environment", "GCS_BUCKET"), kind="composer")
READ = replace(COMPOSER, environment=("GCS_BUCKET",))

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
    yes("ENV-007", case(inventory=COMPOSER), "read in a: GCS_BUCKET"),
    no("ENV-007", case(inventory=saying("environment", "GCS_BUCKET"))),
    no("ENV-007", case(inventory=saying("environment", "STAGE"))),
    no("ENV-007", case(with_environment({"GCS_BUCKET": "x"}), COMPOSER)),
    yes("ENV-read", case(inventory=saying("environment", "STAGE")), "read in a: STAGE"),
    yes("ENV-read", case(replace(PLAN, deployments=()), saying("environment", "STAGE"))),
    no("ENV-read", case(STAGE, saying("environment", "STAGE"))),
    no("ENV-read", case(SECRET, saying("environment", "STAGE"))),
    no("ENV-read", case(inventory=saying("environment", "AIRFLOW_HOME"))),
    yes(
        "ENV-012",
        case(inventory=HAD),
        "3 variables of the source that no Deployment has yet: AIRFLOW__DAG_PROCESSOR__PARSING_PROCESSES, STAGE; "
        "secret by its name: API_TOKEN.",
    ),
    yes("ENV-012", case(inventory=HAD), "AIRFLOW_HOME (Astro sets it itself)"),
    yes("ENV-012", case(inventory=HAD), "AWS_ACCESS_KEY_ID, MWAA__X (MWAA set it for its own machines)"),
    yes("ENV-012", case(inventory=NO_MWAA), "secret by its name: AWS_ACCESS_KEY_ID."),
    yes("ENV-012", case(inventory=NO_MWAA), "SQL_ALCHEMY_CONN_CMD (Astro sets it itself)"),
    yes("ENV-012", case(inventory=NO_MWAA), "PG_PORT_5432_TCP (it belongs to the old machines or their image)"),
    yes("ENV-012", case(inventory=READ), "Give DAG code another way to what it reads from GCS_BUCKET"),
    yes(
        "ENV-012",
        case(inventory=LATER),
        "2 variables of the source that no Deployment has yet: "
        "AIRFLOW__CORE__NUM_DAG_RUNS_TO_RETAIN_RENDERED_FIELDS, AIRFLOW__SCHEDULER__TI_METRICS_INTERVAL.",
    ),
    yes(
        "ENV-012",
        case(inventory=LATER, runtime="3.1-12"),
        "3 variables of the source that no Deployment has yet: AIRFLOW__CORE__MAX_NUM_RENDERED_TI_FIELDS_PER_TASK, "
        "AIRFLOW__LINEAGE__BACKEND, AIRFLOW__SCHEDULER__RUNNING_METRICS_INTERVAL.",
    ),
    yes(
        "ENV-012",
        case(inventory=replace(LATER, airflow_version="3.2.2")),
        "stays behind: AIRFLOW__LINEAGE__BACKEND (Airflow 3.2 does not have it any more)",
    ),
    no("ENV-012", case(inventory=source(airflow_version="2.11.2", environment=("AIRFLOW__LINEAGE__BACKEND",)))),
    no("ENV-012", case(STAGE, source(environment=("STAGE",)))),
    no("ENV-012", case()),
    yes("ENV-conn", case(inventory=HAD), "1 connection of the source is in AIRFLOW_CONN_* and not copied: erp."),
    yes("ENV-conn", case(inventory=HAD), "1 variable of the source is in AIRFLOW_VAR_* and not copied: zone."),
    no("ENV-conn", case(STAGE, source(environment=("STAGE",)))),
)
