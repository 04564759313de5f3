"""Rosters from the crewing system.

Owner: people-systems
"""

from datetime import timedelta

import pendulum
from airflow.providers.standard.operators.bash import BashOperator
from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator

try:
    from airflow.sdk import DAG
except ImportError:  # Airflow 2
    from airflow import DAG


with DAG(
    dag_id="crew_roster_import",
    description="Rosters from the crewing system.",
    schedule="0 1 * * *",
    start_date=pendulum.datetime(2026, 3, 1, tz="UTC"),
    catchup=False,
    max_active_runs=1,
    default_args={"owner": "people-systems", "retries": 1, "retry_delay": timedelta(minutes=2)},
    tags=["crew"],
):
    fetch_task = BashOperator(task_id="fetch", bash_command="echo fetch {{ ds }}")
    load_task = BashOperator(task_id="load", bash_command="echo load {{ ds }}")
    start_crew_roster_checks_task = TriggerDagRunOperator(
        task_id="start_crew_roster_checks",
        trigger_dag_id="crew_roster_checks",
    )

    fetch_task >> load_task
    load_task >> start_crew_roster_checks_task
