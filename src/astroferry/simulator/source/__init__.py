"""The demo's source: an Airflow 2.11 that is simulated, with a company's estate in it."""
