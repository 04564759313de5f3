"""Schedules at the edges: once, continuously, already ended, not yet begun."""

import pendulum
from airflow.providers.standard.operators.empty import EmptyOperator
from marlow.compat import DAG

with DAG(
    "science_setup_registry",
    description="Set up the model registry, once",
    schedule="@once",
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    catchup=False,
    tags=["science", "setup"],
    default_args={"owner": "science"},
):
    EmptyOperator(task_id="setup")

with DAG(
    "science_watch_drift",
    description="Watches the forecast's drift, again and again",
    schedule="@continuous",
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    catchup=False,
    max_active_runs=1,
    tags=["science"],
    default_args={"owner": "science"},
):
    EmptyOperator(task_id="watch")

with DAG(
    "science_summer_trial",
    description="A trial that ended in August",
    schedule="@daily",
    start_date=pendulum.datetime(2026, 6, 1, tz="UTC"),
    end_date=pendulum.datetime(2026, 8, 31, tz="UTC"),
    catchup=True,
    tags=["science", "ended"],
    default_args={"owner": "science"},
):
    EmptyOperator(task_id="measure")
