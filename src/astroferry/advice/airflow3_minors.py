"""What changed between the minor versions of Airflow 3: options, and what provider packages it needs.

Measured: `config_templates/config.yml`, the deprecated options and the requirements of apache-airflow-core 3.0.6,
3.1.8, 3.2.2 and 3.3.2 were compared. What `airflow config lint` of 3.3.2 tells stands in `airflow3_options`, and not
here once more.
"""

from __future__ import annotations

RENAMED: dict[str, tuple[tuple[int, int], str]] = {
    "api.access_logfile": ((3, 1), "api.log_config"),
    "core.max_num_rendered_ti_fields_per_task": ((3, 2), "core.num_dag_runs_to_retain_rendered_fields"),
    "scheduler.running_metrics_interval": ((3, 2), "scheduler.ti_metrics_interval"),
}
"""option -> the version that renamed it, and its new name"""

REMOVED: dict[str, tuple[int, int]] = {
    "api.enable_xcom_deserialize_support": (3, 1),
    "core.database_access_isolation": (3, 1),
    "core.donot_pickle": (3, 1),
    "core.internal_api_secret_key": (3, 1),
    "core.internal_api_url": (3, 1),
    "core.min_serialized_dag_fetch_interval": (3, 2),
    "lineage.backend": (3, 2),
    "logging.colored_formatter_class": (3, 1),
    "logging.colored_log_format": (3, 1),
}
"""option -> the version that has it no more"""

DEFAULTS: dict[str, str] = {
    "api.access_logfile": "-",
    "api.enable_xcom_deserialize_support": "False",
    "core.database_access_isolation": "False",
    "core.donot_pickle": "True",
    "core.internal_api_secret_key": "{SECRET_KEY}",
    "core.max_num_rendered_ti_fields_per_task": "30",
    "core.min_serialized_dag_fetch_interval": "10",
    "logging.colored_formatter_class": "airflow.utils.log.colored_log.CustomTTYColoredFormatter",
    "logging.colored_log_format": "[%(blue)s%(asctime)s%(reset)s] {%(blue)s%(filename)s:%(reset)s%(lineno)d} "
    "%(log_color)s%(levelname)s%(reset)s - %(log_color)s%(message)s%(reset)s",
    "scheduler.running_metrics_interval": "30.0",
}
"""option -> its default on the versions that have it; those without one are not here"""

PROVIDERS: dict[str, tuple[tuple[int, int], str]] = {
    "apache-airflow-providers-common-compat": ((3, 1), "1.7.4"),
    "apache-airflow-providers-common-io": ((3, 1), "1.6.3"),
    "apache-airflow-providers-common-sql": ((3, 1), "1.28.1"),
    "apache-airflow-providers-smtp": ((3, 1), "2.3.1"),
    "apache-airflow-providers-standard": ((3, 1), "1.9.0"),
}
"""package -> the version of Airflow from which it needs it no older than that"""

SQLALCHEMY_2 = (3, 2)
"""Airflow up to 2.11 and 3.0 needs SQLAlchemy below 2.0, 3.1 takes either, this one and newer need 2.0"""
