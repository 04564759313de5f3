"""The demo's company: Harbor Lines, who run ferries, freight and terminals, and their Airflow of six years."""

from __future__ import annotations

from typing import TYPE_CHECKING

from astroferry.simulator.source.engine import Engine
from astroferry.simulator.source.estate import Estate, SimImportError, SimPlugin, SimUser, everyone
from astroferry.simulator.source.harbor_dags import harbor_dags
from astroferry.simulator.source.harbor_values import harbor_connections, harbor_pools, harbor_variables

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

PROVIDERS = {
    "apache-airflow-providers-amazon": ("9.15.0", "Amazon integration (including Amazon Web Services)"),
    "apache-airflow-providers-common-sql": ("1.28.1", "Common SQL Provider"),
    "apache-airflow-providers-fab": ("1.5.4", "Flask App Builder"),
    "apache-airflow-providers-ftp": ("3.13.2", "File Transfer Protocol (FTP)"),
    "apache-airflow-providers-http": ("5.3.4", "Hypertext Transfer Protocol (HTTP)"),
    "apache-airflow-providers-postgres": ("6.3.0", "PostgreSQL"),
    "apache-airflow-providers-sftp": ("5.4.1", "SSH File Transfer Protocol (SFTP)"),
    "apache-airflow-providers-slack": ("9.3.0", "Slack"),
    "apache-airflow-providers-snowflake": ("6.5.4", "Snowflake"),
    "apache-airflow-providers-ssh": ("4.1.4", "Secure Shell (SSH)"),
    "apache-airflow-providers-standard": ("1.9.0", "Airflow Standard Provider"),
}

PLUGINS = (
    SimPlugin("harbor_calendar", "$PLUGINS_FOLDER/harbor_calendar.py", macros=("harbor_calendar.sailing_season",)),
    SimPlugin("quay_links", "$PLUGINS_FOLDER/quay_links.py", views=("quay_links.QuayDashboard",)),
)

CONFIG = {
    "core": {
        "dags_folder": "/opt/airflow/dags",
        "default_timezone": "utc",
        "executor": "CeleryExecutor",
        "parallelism": "64",
        "max_active_tasks_per_dag": "16",
        "max_active_runs_per_dag": "16",
        "dags_are_paused_at_creation": "True",
        "fernet_key": "< hidden >",
        "load_examples": "False",
    },
    "database": {"sql_alchemy_conn": "< hidden >", "sql_alchemy_pool_size": "10"},
    "scheduler": {"catchup_by_default": "False", "min_file_process_interval": "30"},
    "secrets": {"backend": "", "backend_kwargs": "< hidden >"},
    "webserver": {"expose_config": "non-sensitive-only", "secret_key": "< hidden >", "workers": "4"},
}

ENVIRONMENT = {
    "AIRFLOW_CONN_WEATHER_API": "http://weather:not-a-real-key@api.weather.example",
    "AIRFLOW_HOME": "/opt/airflow",
    "AIRFLOW__CORE__EXECUTOR": "CeleryExecutor",
    "AIRFLOW__CORE__PARALLELISM": "64",
    "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": "postgresql://airflow:not-a-real-password@db/airflow",
    "AIRFLOW__WEBSERVER__WORKERS": "4",
    "HARBOR_STAGE": "production",
    "HARBOR_TRACKING_TOKEN": "not-a-real-token",
    "PATH": "/usr/local/bin:/usr/bin:/bin",
}

STAFF = {f"{word}.{number}": role for word, role, many in (
    ("planner", "User", 14), ("viewer", "Viewer", 31), ("auditor", "auditors", 3)
) for number in range(1, many + 1)}  # fmt: skip


def demo_estate(now: datetime, *, passwords: Mapping[str, str] | None = None) -> Estate:
    """Harbor Lines at the moment `now`, with a past that fits; `passwords` (user -> password) replace the names."""
    engine = Engine(harbor_dags(now), now)
    for dag in engine.dags.values():
        engine.remember(dag.spec.dag_id, dag.spec.history, now - dag.spec.stopped)
    users = {
        name: SimUser(user.role, (passwords or {}).get(name, user.password)) for name, user in everyone().items()
    }
    broken = SimImportError(
        "legacy/berth_optimizer_poc.py",
        "Traceback (most recent call last):\n"
        '  File "<frozen importlib._bootstrap>", line 241, in _call_with_frames_removed\n'
        '  File "/opt/airflow/dags/legacy/berth_optimizer_poc.py", line 3, in <module>\n'
        "    from quay_solver import BerthModel\n"
        "ModuleNotFoundError: No module named 'quay_solver'\n",
    )
    estate = Estate(
        engine,
        connections={item.conn_id: item for item in harbor_connections()},
        variables={item.key: item for item in harbor_variables()},
        providers=PROVIDERS,
        plugins=PLUGINS,
        import_errors=(broken,),
        config={section: dict(options) for section, options in CONFIG.items()},
        users=users,
        starship="2.10.1",
        environment=dict(ENVIRONMENT),
        own_roles={"auditors": ("finance_daily_ledger", "finance_monthly_close")},
        staff=STAFF,
    )
    estate.pools |= {item.name: item for item in harbor_pools()}
    estate.record("cli_scheduler", "airflow")
    return estate
