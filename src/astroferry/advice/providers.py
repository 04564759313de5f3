"""Provider packages: which one a module or a connection type needs, and which of them Astro's images bring."""

from __future__ import annotations

_PREFIX = "apache-airflow-providers-"
_ROOT = "airflow.providers."
_NAMESPACES = frozenset({"apache", "atlassian", "cncf", "common", "dbt", "microsoft"})
"""folders that hold several providers: airflow.providers.cncf.kubernetes is one package"""

IN_AIRFLOW_3_IMAGES = frozenset(
    _PREFIX + name
    for name in (
        "celery", "common-compat", "common-io", "common-messaging", "common-sql", "elasticsearch", "openlineage",
        "smtp", "standard",
    )
)  # fmt: skip
"""what Astro's Runtime images with Airflow 3 bring (Astro docs: upgrade-af3, runtime-provider-reference)"""

_OF_TYPE: dict[str, str] = {
    "adls": "microsoft-azure", "airbyte": "airbyte", "aws": "amazon", "azure": "microsoft-azure",
    "azure_container_instance": "microsoft-azure", "azure_cosmos": "microsoft-azure",
    "azure_data_factory": "microsoft-azure", "cassandra": "apache-cassandra", "databricks": "databricks",
    "datadog": "datadog", "dbt_cloud": "dbt-cloud", "discord": "discord", "docker": "docker", "drill": "apache-drill",
    "druid": "apache-druid", "elasticsearch": "elasticsearch", "emr": "amazon", "exasol": "exasol", "ftp": "ftp",
    "gcpbigquery": "google", "gcpcloudsql": "google", "gcpssh": "google", "google_cloud_platform": "google",
    "grpc": "grpc", "hdfs": "apache-hdfs", "hive_cli": "apache-hive", "hive_metastore": "apache-hive",
    "hiveserver2": "apache-hive", "http": "http", "imap": "imap", "jdbc": "jdbc", "jira": "atlassian-jira",
    "kafka": "apache-kafka", "kubernetes": "cncf-kubernetes", "livy": "apache-livy", "mongo": "mongo",
    "mssql": "microsoft-mssql", "mysql": "mysql", "neo4j": "neo4j", "odbc": "odbc", "opsgenie": "opsgenie",
    "oracle": "oracle", "pagerduty": "pagerduty", "pinot": "apache-pinot", "postgres": "postgres", "presto": "presto",
    "redis": "redis", "redshift": "amazon", "salesforce": "salesforce", "samba": "samba", "segment": "segment",
    "sftp": "sftp", "slack": "slack", "slackwebhook": "slack", "smtp": "smtp", "snowflake": "snowflake",
    "spark": "apache-spark", "spark_sql": "apache-spark", "sqlite": "sqlite", "ssh": "ssh", "tableau": "tableau",
    "telegram": "telegram", "teradata": "teradata", "trino": "trino", "vault": "hashicorp", "vertica": "vertica",
    "wasb": "microsoft-azure", "webhdfs": "apache-hdfs", "winrm": "microsoft-winrm", "yandexcloud": "yandex",
    "zendesk": "zendesk",
}  # fmt: skip
"""connection type -> provider, as the providers' own metadata name them"""


def package_of_module(module: str) -> str:
    """The package that brings a module below airflow.providers; empty for any other module."""
    if not module.startswith(_ROOT):
        return ""
    parts = module.removeprefix(_ROOT).split(".")
    return _PREFIX + "-".join(parts[: 2 if parts[0] in _NAMESPACES else 1])


def package_of_type(conn_type: str) -> str:
    """The package that a connection type needs; empty where it needs none, or it is not known here."""
    name = _OF_TYPE.get(conn_type, "")
    return _PREFIX + name if name else ""
