"""Handing a DAG's schedule from one Airflow to the other, so that every tick runs exactly once."""
