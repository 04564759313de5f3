"""The monthly close waits for the fleet and starts the report."""

from datetime import timedelta

import pendulum
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.providers.standard.sensors.external_task import ExternalTaskSensor
from marlow.compat import DAG, TriggerDagRunOperator

with DAG(
    "finance_close_month",
    description="Closes the books once the fuel cards are booked",
    schedule="0 7 * * *",
    start_date=pendulum.datetime(2026, 1, 1, tz="Europe/Berlin"),
    catchup=False,
    max_active_runs=1,
    tags=["finance", "daily"],
    default_args={"owner": "finance"},
):
    wait = ExternalTaskSensor(
        task_id="wait_for_fuel_cards",
        external_dag_id="fleet_fuel_cards",
        external_task_id="book",
        execution_delta=timedelta(hours=2, minutes=30),
        mode="reschedule",
        timeout=3600,
        pool="finance_db",
    )
    report = TriggerDagRunOperator(
        task_id="start_report", trigger_dag_id="finance_report", conf={"month": "{{ ds_nodash[:6] }}"}
    )
    wait >> EmptyOperator(task_id="close") >> report

with DAG(
    "finance_report",
    description="Writes the monthly report; started by the close, never by time",
    schedule=None,
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    catchup=False,
    tags=["finance"],
    default_args={"owner": "finance"},
):
    EmptyOperator(task_id="write")
