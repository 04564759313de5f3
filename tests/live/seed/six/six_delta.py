"""An Airflow DAG of a timedelta."""

from six_kinds import MINUTE, make

dag = make("delta", MINUTE, catchup=True)
