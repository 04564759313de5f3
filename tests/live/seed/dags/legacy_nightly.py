"""In no team's folder, by nobody in particular."""

import pendulum
from airflow.providers.standard.operators.bash import BashOperator
from marlow.compat import DAG

with DAG("legacy_nightly", schedule="@daily", start_date=pendulum.datetime(2024, 1, 1, tz="UTC"), catchup=False):
    BashOperator(task_id="run", bash_command="echo it has always been here")
