"""Cases of the rules in advice/rules/platforms.py."""

from __future__ import annotations

from dataclasses import replace

from tests.advice.rules.rows_code import STAYS, saying
from tests.advice.rules.rulecase import CRON, case, no, source, yes

from astroferry.model.inventory import ConnectionSeen, Dag

MWAA = source(kind="mwaa")
BY_ADDRESS = source(url="https://abc-123.c7.eu-west-1.airflow.amazonaws.com")
COMPOSER = source(kind="composer", connections=(ConnectionSeen("google_cloud_default", "google_cloud_platform"),))
BY_FILES = source(dags=(Dag("a", CRON, is_paused=False, fileloc="/home/airflow/gcs/dags/a.py"),))
BY_HOST = source(url="https://x-dot-europe-west1.composer.googleusercontent.com")
WITH_PROJECT = replace(
    COMPOSER, connections=(ConnectionSeen("bigquery_default", extra_keys=("extra__google_cloud_platform__project",)),)
)
GKE = source(dags=(Dag("a", CRON, is_paused=False, operators=("GKEStartPodOperator",)),))

ROWS = (
    yes("MWA-001", case(inventory=MWAA)),
    yes("MWA-001", case(inventory=BY_ADDRESS)),
    no("MWA-001", case()),
    yes("MWA-005", case(inventory=MWAA)),
    no("MWA-005", case(inventory=COMPOSER)),
    yes("CMP-001", case(inventory=saying("composer-path", "/home/airflow/gcs/data")), "/home/airflow/gcs/data"),
    no("CMP-001", case()),
    yes("CMP-003", case(inventory=saying("pod", "namespace")), "namespace"),
    no("CMP-003", case()),
    yes("CMP-004", case(inventory=GKE), "started by a"),
    no("CMP-004", case(STAYS, GKE)),
    no("CMP-004", case()),
    yes("CMP-005", case(inventory=COMPOSER), "google_cloud_default"),
    no("CMP-005", case(inventory=WITH_PROJECT)),
    no("CMP-005", case(inventory=replace(COMPOSER, kind="airflow"))),
    yes("CMP-008", case(inventory=BY_FILES)),
    yes("CMP-008", case(inventory=BY_HOST)),
    no("CMP-008", case(inventory=MWAA)),
)
