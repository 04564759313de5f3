"""Left behind by a project that moved away."""

from quay_solver import BerthModel
from airflow import DAG
