"""An Airflow DAG that does not parse: the package it needs was never installed."""

import marlow_recommendations_that_nobody_installed  # noqa: F401
