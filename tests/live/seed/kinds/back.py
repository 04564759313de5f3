"""A DAG in a zone of its own, whose clock goes back some minutes from now."""

import os
from datetime import datetime

import pendulum
from airflow.providers.standard.operators.python import PythonOperator
from marlow import ledger
from marlow.compat import DAG

START = datetime.fromisoformat(os.environ["LEDGER_START"])

with DAG(
    "back",
    schedule="*/2 6-18 * * *",
    start_date=pendulum.instance(START).in_timezone("Antarctica/Vostok"),
    catchup=False,
    default_args={"owner": "platform"},
):
    PythonOperator(task_id="write", python_callable=ledger.write)
