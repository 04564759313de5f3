"""An Airflow DAG of a timedelta."""

from six_kinds import HALF_A_MINUTE, make

dag = make("delta", HALF_A_MINUTE, catchup=True)
