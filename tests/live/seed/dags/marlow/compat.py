"""The same names on Airflow 2 and 3."""

try:
    from airflow.sdk import DAG, Asset, Param, TaskGroup, Variable, dag, task
    from airflow.sdk import BaseHook
except ImportError:
    from airflow import DAG
    from airflow.datasets import Dataset as Asset
    from airflow.decorators import dag, task
    from airflow.hooks.base import BaseHook
    from airflow.models import Variable
    from airflow.models.param import Param
    from airflow.utils.task_group import TaskGroup

try:
    from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
except ImportError:
    from airflow.operators.trigger_dagrun import TriggerDagRunOperator

__all__ = [
    "DAG",
    "Asset",
    "BaseHook",
    "Param",
    "TaskGroup",
    "TriggerDagRunOperator",
    "Variable",
    "dag",
    "task",
]
