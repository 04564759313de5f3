"""What a dialect of the Airflow REST API has to answer, so that one client speaks both."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:
    from astroferry.model.inventory import Dag, Pool
    from astroferry.model.values import VariableValue


class Dialect(Protocol):
    """Where version 1 (Airflow 2) and version 2 (Airflow 3) of the API differ in names and shapes.

    `root`: "/api/v1". `access`: where users and roles are. `health`, `assets`: paths under the root. `newest`: the
    order that gives the newest run first. `since`: the parameter for the earliest run. `asset_consumers`: the key of
    a dataset's consuming DAGs. `lists_extra`: whether a list of connections has their extra.
    `post_replaces_variable`: whether POST overwrites.
    """

    api: Literal["v1", "v2"]
    root: str
    access: str
    health: str
    assets: str
    newest: str
    oldest: str
    since: str
    asset_consumers: str
    lists_extra: bool
    post_replaces_variable: bool

    def dag(self, item: dict[str, Any]) -> Dag:
        """A DAG out of an item of the list, or of its details."""
        ...

    def variable_body(self, value: VariableValue) -> dict[str, Any]:
        """A variable as POST takes it."""
        ...

    def pool_body(self, pool: Pool) -> dict[str, Any]:
        """A pool as POST takes it."""
        ...

    def pool_patch(self, pool: Pool) -> dict[str, Any]:
        """A pool as PATCH takes it, every field given."""
        ...

    def run_body(self, run_id: str | None, conf: dict[str, Any] | None, logical_date: str | None) -> dict[str, Any]:
        """A run to trigger."""
        ...
