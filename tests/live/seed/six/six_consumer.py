"""An Airflow DAG that events start."""

from six_kinds import EVENTS, make

dag = make("consumer", [EVENTS])
