"""Inspects one depot on request: parameters with a form."""

import pendulum
from airflow.providers.standard.operators.bash import BashOperator
from marlow.compat import DAG, Param

with DAG(
    "fleet_inspect_depot",
    description="Inspects one depot on request",
    schedule=None,
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    catchup=False,
    tags=["fleet", "manual"],
    params={
        "depot": Param("hamburg", type="string", enum=["hamburg", "lodz", "porto"]),
        "thorough": Param(False, type="boolean"),
        "vans": Param(5, type="integer", minimum=1, maximum=40),
    },
    default_args={"owner": "fleet"},
):
    BashOperator(task_id="inspect", bash_command="echo {{ params.depot }} {{ params.vans }}")
