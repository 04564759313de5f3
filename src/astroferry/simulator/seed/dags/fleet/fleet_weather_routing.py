"""Weather along the lines.

Owner: fleet-control
"""

from datetime import timedelta

import pendulum
from airflow.providers.standard.operators.bash import BashOperator
from airflow.providers.standard.operators.python import PythonOperator

try:
    from airflow.sdk import DAG
except ImportError:  # Airflow 2
    from airflow import DAG


def score_routes():
    print("score routes: done")


with DAG(
    dag_id="fleet_weather_routing",
    description="Weather along the lines.",
    schedule="0 */3 * * *",
    start_date=pendulum.datetime(2026, 3, 1, tz="UTC"),
    catchup=False,
    max_active_runs=1,
    default_args={"owner": "fleet-control", "retries": 1, "retry_delay": timedelta(minutes=2)},
    tags=["fleet"],
):
    fetch_task = BashOperator(task_id="fetch", bash_command="echo fetch {{ ds }}")
    score_routes_task = PythonOperator(task_id="score_routes", python_callable=score_routes)
    publish_task = BashOperator(task_id="publish", bash_command="echo publish {{ ds }}")

    fetch_task >> score_routes_task
    score_routes_task >> publish_task
