"""astroferry carries an Airflow environment to Astro."""

__version__ = "0.1.0"
