"""Airflow 3's REST API, /api/v2: names, shapes and habits (measured on 3.3.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from astroferry.clients.airflow_schedule import schedule_from_summary
from astroferry.clients.airflow_shapes import dag_of, moment

if TYPE_CHECKING:
    from astroferry.model.inventory import Dag, Pool
    from astroferry.model.values import VariableValue


class V2:
    """The dialect of Airflow 3.x; see `airflow_dialect.Dialect`."""

    api: Literal["v1", "v2"] = "v2"
    root = "/api/v2"
    access = "/auth/fab/v1"
    health = "/monitor/health"
    assets = "/assets"
    # By run_after, because a manual run has no logical date.
    newest = "-run_after"
    oldest = "run_after"
    since = "run_after_gte"
    asset_consumers = "scheduled_dags"
    lists_extra = True
    post_replaces_variable = False

    def dag(self, item: dict[str, Any]) -> Dag:
        """A DAG; `timezone`, `catchup` and the dates are in its details only."""
        return dag_of(
            item,
            schedule_from_summary,
            item.get("timetable_summary"),
            next_run=moment(item.get("next_dagrun_logical_date")),
            next_run_after=moment(item.get("next_dagrun_run_after")),
            active_runs=int(item.get("active_runs_count") or 0),
        )

    def variable_body(self, value: VariableValue) -> dict[str, Any]:
        """The value goes as text: an object would be stored as its JSON, and a text stays as it is."""
        return {"key": value.key, "value": value.value.reveal(), "description": value.description}

    def pool_body(self, pool: Pool) -> dict[str, Any]:
        """Every field."""
        return {
            "name": pool.name,
            "slots": pool.slots,
            "description": pool.description,
            "include_deferred": pool.include_deferred,
        }

    def pool_patch(self, pool: Pool) -> dict[str, Any]:
        """Every field; the name is called `pool` here, and include_deferred must be sent (else 422)."""
        body = self.pool_body(pool)
        return {"pool": body.pop("name"), **body}

    def run_body(self, run_id: str | None, conf: dict[str, Any] | None, logical_date: str | None) -> dict[str, Any]:
        """`logical_date` must be there, null for a manual run (else 422)."""
        body: dict[str, Any] = {"conf": conf or {}, "logical_date": logical_date}
        return body if run_id is None else {**body, "dag_run_id": run_id}
