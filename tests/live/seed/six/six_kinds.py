"""One wave of six DAGs of different kinds, ticking every minute; each file of the wave makes one of them."""

import json
import os
from datetime import datetime, timedelta, timezone

from airflow.providers.standard.operators.python import PythonOperator

from marlow import ledger
from marlow.compat import DAG, Asset

START = os.environ.get("LEDGER_START", "2026-01-01T00:00:00+00:00")
EVENTS = Asset("s3://marlow/six/events")
CRON = "* * * * *"


def called(context):
    """A callback of a DAG leaves a line, so that a test sees for which runs it was called."""
    path = os.environ.get("CALLBACKS")
    if path:
        with open(path, "a", encoding="utf-8") as file:
            file.write(json.dumps([os.environ["LEDGER_SIDE"], context["dag_run"].run_id]) + "\n")


def make(dag_id, schedule, *, catchup=False, depends=False, outlets=(), callback=None):
    with DAG(
        dag_id,
        schedule=schedule,
        start_date=datetime.fromisoformat(START).astimezone(timezone.utc),
        catchup=catchup,
        max_active_runs=4,
        on_success_callback=callback,
        default_args={"owner": "platform", "depends_on_past": depends, "retries": 0},
    ) as dag:
        PythonOperator(task_id="write", python_callable=ledger.write, outlets=list(outlets))
    return dag


MINUTE = timedelta(minutes=1)
