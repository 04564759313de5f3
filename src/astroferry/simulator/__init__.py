"""The embedded Astro and the embedded source Airflow; imported by the command and by tests alone."""
