"""Onboarding over SSH and HTTP providers, with no schedule of its own."""

import pendulum
from airflow.providers.http.operators.http import HttpOperator
from airflow.providers.ssh.operators.ssh import SSHOperator
from marlow.compat import DAG

with DAG(
    "people_onboard",
    description="Makes accounts for a new colleague",
    schedule=None,
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    catchup=False,
    tags=["people", "manual"],
    default_args={"owner": "people"},
):
    SSHOperator(task_id="home_folder", ssh_conn_id="files_ssh", command="mkdir -p /home/new") >> (
        HttpOperator(task_id="badge", http_conn_id="badge_office", endpoint="badges", method="POST")
    )
