"""Airflow DAGs that audit the cold chain with Marlow's own operator, on market days by Marlow's own timetable."""

import pendulum
from marlow.compat import DAG
from marlow_plugin import ColdChainAuditOperator, MarketDayTimetable

with DAG(
    "warehouse_cold_chain",
    description="Audits the fridges of every depot on market days",
    schedule=MarketDayTimetable(),
    start_date=pendulum.datetime(2026, 6, 1, tz="UTC"),
    catchup=False,
    tags=["warehouse", "custom"],
    default_args={"owner": "warehouse"},
):
    for depot in ("hamburg", "lodz", "porto"):
        ColdChainAuditOperator(task_id=f"audit_{depot}", depot=depot)

with DAG(
    "warehouse_cold_chain_daily",
    description="Audits the biggest depot every day",
    schedule="0 4 * * *",
    start_date=pendulum.datetime(2026, 6, 1, tz="UTC"),
    catchup=True,
    tags=["warehouse", "custom"],
    default_args={"owner": "warehouse", "depends_on_past": True},
):
    ColdChainAuditOperator(task_id="audit", depot="hamburg", limit_celsius=4.0)
