"""Two DAGs that write each of their ticks into the ledger: what a cutover is measured by."""

import os
from datetime import datetime, timezone

from airflow.providers.standard.operators.python import PythonOperator
from marlow import ledger
from marlow.compat import DAG

SCHEDULE = os.environ.get("LEDGER_SCHEDULE", "*/2 * * * *")
START = datetime.fromisoformat(os.environ.get("LEDGER_START", "2026-01-01T00:00:00+00:00")).astimezone(timezone.utc)

with DAG(
    "platform_ticks_catchup",
    description="Writes every tick into the ledger, also those it was late for",
    schedule=SCHEDULE,
    start_date=START,
    catchup=True,
    max_active_runs=4,
    tags=["platform", "ledger"],
    default_args={"owner": "platform"},
):
    PythonOperator(task_id="write", python_callable=ledger.write)

with DAG(
    "platform_ticks_latest",
    description="Writes the latest tick into the ledger",
    schedule=SCHEDULE,
    start_date=START,
    catchup=False,
    max_active_runs=4,
    tags=["platform", "ledger"],
    default_args={"owner": "platform"},
):
    PythonOperator(task_id="write", python_callable=ledger.write)
