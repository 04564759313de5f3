"""Airflow 2's REST API, /api/v1: names, shapes and habits (measured on 2.10.5 and 2.11.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from astroferry.clients.airflow_schedule import schedule_from_interval
from astroferry.clients.airflow_shapes import dag_of, moment

if TYPE_CHECKING:
    from astroferry.model.inventory import Dag, Pool
    from astroferry.model.values import VariableValue


class V1:
    """The dialect of Airflow 2.x; see `airflow_dialect.Dialect`."""

    api: Literal["v1", "v2"] = "v1"
    root = access = "/api/v1"
    health = "/health"
    assets = "/datasets"
    newest = "-execution_date"
    oldest = "execution_date"
    since = "execution_date_gte"
    asset_consumers = "consuming_dags"
    lists_extra = False
    post_replaces_variable = True

    def dag(self, item: dict[str, Any]) -> Dag:
        """A DAG; the details' `owners` are always empty on 2.10.5, the list's are not."""
        return dag_of(
            item,
            schedule_from_interval,
            item.get("schedule_interval"),
            next_run=moment(item.get("next_dagrun")),
            next_run_after=moment(item.get("next_dagrun_create_after")),
        )

    def variable_body(self, value: VariableValue) -> dict[str, Any]:
        """A null description is refused with 400, so it is left out."""
        body = {"key": value.key, "value": value.value.reveal()}
        return body if value.description is None else {**body, "description": value.description}

    def pool_body(self, pool: Pool) -> dict[str, Any]:
        """`include_deferred` is unknown before 2.7, and then refused: it is sent only where it says something."""
        body: dict[str, Any] = {"name": pool.name, "slots": pool.slots, "description": pool.description}
        return {**body, "include_deferred": True} if pool.include_deferred else body

    def pool_patch(self, pool: Pool) -> dict[str, Any]:
        """Every field."""
        return {**self.pool_body(pool), "include_deferred": pool.include_deferred}

    def run_body(self, run_id: str | None, conf: dict[str, Any] | None, logical_date: str | None) -> dict[str, Any]:
        """What is not given is left out: the server chooses it."""
        body: dict[str, Any] = {"conf": conf or {}}
        if run_id is not None:
            body["dag_run_id"] = run_id
        if logical_date is not None:
            body["logical_date"] = logical_date
        return body
