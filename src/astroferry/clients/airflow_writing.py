"""Changing an Airflow: used on targets, and for pausing on the source."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from astroferry.clients import airflow_shapes as shapes
from astroferry.clients.address import segment
from astroferry.clients.airflow_asking import raise_unless_missing
from astroferry.clients.airflow_rows import Rows
from astroferry.errors import (
    ConflictError,
    MaskedValueError,
    NotFoundError,
    NotTheApiError,
    UnsupportedVersionError,
)

if TYPE_CHECKING:
    from datetime import datetime

    from astroferry.clients.airflow_seen import BackfillSeen
    from astroferry.model.inventory import Pool, Run
    from astroferry.model.values import ConnectionValue, VariableValue

CREATED = (200, 201)


class Writing(Rows):
    """The writing half of `Airflow`.

    Raises as `Reading` does. No value with Airflow's mask in it is ever sent (MaskedValueError): 3.x would store
    it as the new value.
    """

    async def _send(
        self, method: str, path: str, body: Any = None, *, repeat: bool = False, params: Any = None
    ) -> Any:
        may_repeat = True if repeat else None
        return await self.http.json(
            method, self._dialect.root + path, params=params, body=body, idempotent=may_repeat
        )

    async def _delete(self, path: str) -> bool:
        """Whether there was something to delete."""
        try:
            await self._send("DELETE", path)
        except NotFoundError as error:
            raise_unless_missing(error)
            return False
        return True

    async def _create(self, what: str, path: str, body: dict[str, Any]) -> None:
        """Make something; the servers' own 409 does not say of what (3.3.2), so we do."""
        try:
            await self._send("POST", path, body)
        except ConflictError:
            clash = ConflictError(f"{self.http.name} already has {what}.", status=409)
        else:
            return
        raise clash

    async def set_paused(self, dag_id: str, paused: bool) -> None:
        """Pause or unpause a DAG, and see in the answer that it is so.

        Raises NotTheApiError where the server says yes but shows the other state.
        """
        answer = await self._send(
            "PATCH",
            f"/dags/{segment(dag_id)}",
            {"is_paused": paused},
            repeat=True,
            params={"update_mask": "is_paused"},
        )
        if not isinstance(answer, dict) or answer.get("is_paused") is not paused:
            raise NotTheApiError(
                f'{self.http.name} accepted that the DAG "{dag_id}" is {"paused" if paused else "unpaused"}, '
                "but still shows the opposite.",
                hint="Look at the DAG in its Airflow, then run the same command again.",
            )

    async def create_connection(self, value: ConnectionValue) -> None:
        """Make a connection; ConflictError where one of that id is there."""
        _refuse_masks(f'the connection "{value.conn_id}"', value.masked_fields())
        await self._create(f'the connection "{value.conn_id}"', "/connections", shapes.connection_body(value))

    async def replace_connection(self, value: ConnectionValue) -> None:
        """Make a connection be exactly this, every field: what was there is deleted first.

        Deleted and made anew, because PATCH merges: 3.x keeps secrets that the new value leaves out, and 2.x
        refuses null. A crash in between leaves none, and the next run makes it.
        """
        _refuse_masks(f'the connection "{value.conn_id}"', value.masked_fields())
        await self.delete_connection(value.conn_id)
        await self.create_connection(value)

    async def delete_connection(self, conn_id: str) -> bool:
        """False if it was not there."""
        return await self._delete(f"/connections/{segment(conn_id)}")

    async def create_variable(self, value: VariableValue) -> None:
        """Make a variable; ConflictError where one of that key is there (Airflow 2 would overwrite it: we look)."""
        _refuse_masks(f'the variable "{value.key}"', ("value",) if value.value.is_masked() else ())
        if self._dialect.post_replaces_variable and await self._has_variable(value.key):
            raise ConflictError(f'{self.http.name} already has the variable "{value.key}".', status=409)
        await self._create(f'the variable "{value.key}"', "/variables", self._dialect.variable_body(value))

    async def _has_variable(self, key: str) -> bool:
        try:
            await self._get(f"/variables/{segment(key)}")
        except NotFoundError as error:
            raise_unless_missing(error)
            return False
        return True

    async def replace_variable(self, value: VariableValue) -> None:
        """Make a variable be exactly this: POST overwrites on Airflow 2; on 3 it is deleted and made anew."""
        _refuse_masks(f'the variable "{value.key}"', ("value",) if value.value.is_masked() else ())
        if not self._dialect.post_replaces_variable:
            await self.delete_variable(value.key)
        await self._send("POST", "/variables", self._dialect.variable_body(value))

    async def delete_variable(self, key: str) -> bool:
        """False if it was not there."""
        return await self._delete(f"/variables/{segment(key)}")

    async def create_pool(self, pool: Pool) -> None:
        """Make a pool; ConflictError where one of that name is there."""
        await self._create(f'the pool "{pool.name}"', "/pools", self._dialect.pool_body(pool))

    async def replace_pool(self, pool: Pool) -> None:
        """Make a pool be exactly this; of default_pool only slots and include_deferred can change."""
        params = {"update_mask": ["slots", "include_deferred"]} if pool.name == "default_pool" else None
        await self._send(
            "PATCH", f"/pools/{segment(pool.name)}", self._dialect.pool_patch(pool), repeat=True, params=params
        )

    async def delete_pool(self, name: str) -> bool:
        """False if it was not there."""
        return await self._delete(f"/pools/{segment(name)}")

    async def trigger(
        self,
        dag_id: str,
        *,
        run_id: str | None = None,
        conf: dict[str, Any] | None = None,
        logical_date: datetime | None = None,
        data_interval: tuple[datetime, datetime] | None = None,
        note: str = "",
    ) -> Run:
        """Start a run; ConflictError where that run is there. Never sent twice.

        `data_interval`: its start and end, where the timetable should not infer them from `logical_date`.
        """
        when = shapes.stamp(logical_date) if logical_date is not None else None
        body = self._dialect.run_body(run_id, conf, when)
        if data_interval is not None:
            body["data_interval_start"], body["data_interval_end"] = (shapes.stamp(end) for end in data_interval)
        if note:
            body["note"] = note
        return shapes.run_of(await self._send("POST", f"/dags/{segment(dag_id)}/dagRuns", body))

    async def set_run_state(self, dag_id: str, run_id: str, state: str, note: str = "") -> Run:
        """Set a run's state (success, failed, queued) and, where given, its note; gives the run as it is then."""
        path = f"/dags/{segment(dag_id)}/dagRuns/{segment(run_id)}"
        if self.api == "v2":
            body = {"state": state, **({"note": note} if note else {})}
            return shapes.run_of(await self._send("PATCH", path, body, repeat=True))
        run = shapes.run_of(await self._send("PATCH", path, {"state": state}, repeat=True))
        if note:
            await self._send("PATCH", f"{path}/setNote", {"note": note}, repeat=True)
        return run

    async def set_task_state(self, dag_id: str, run_id: str, task_id: str, state: str) -> None:
        """Set the state of a task of a run, all its mapped instances included (Airflow 3).

        ConflictError where each of them is in that state already (3.3.2).
        """
        path = f"/dags/{segment(dag_id)}/dagRuns/{segment(run_id)}/taskInstances/{segment(task_id)}"
        await self._send("PATCH", path, {"new_state": state}, repeat=True)

    async def set_run_note(self, dag_id: str, run_id: str, note: str) -> None:
        """Set a run's note; `set_run_state` does it together with the state."""
        path = f"/dags/{segment(dag_id)}/dagRuns/{segment(run_id)}"
        if self.api == "v1":
            path += "/setNote"
        await self._send("PATCH", path, {"note": note}, repeat=True)

    async def delete_run(self, dag_id: str, run_id: str) -> bool:
        """Delete a run with its task instances; False if it was not there.

        Raises ConflictError on Airflow 3 where it is running (3.3.2: only queued and finished ones may be deleted).
        """
        return await self._delete(f"/dags/{segment(dag_id)}/dagRuns/{segment(run_id)}")

    async def delete_dag(self, dag_id: str) -> bool:
        """Delete a DAG's rows, not its file; False if it was not there."""
        return await self._delete(f"/dags/{segment(dag_id)}")

    async def create_backfill(
        self,
        dag_id: str,
        first: datetime,
        last: datetime,
        *,
        reprocess: str = "none",
        max_active_runs: int = 1,
        conf: dict[str, Any] | None = None,
    ) -> int:
        """Start a backfill over the ticks from `first` to `last`, both included; its id.

        `reprocess`: none, failed or completed. Raises UnsupportedVersionError on Airflow 2, RequestFailedError 422
        where the DAG is not periodic or a task depends on past, ConflictError while another backfill is open.
        """
        self._needs_backfills()
        body = _backfill_body(dag_id, first, last, reprocess)
        body |= {"max_active_runs": max_active_runs, "dag_run_conf": conf or {}}
        return int((await self._send("POST", "/backfills", body))["id"])

    async def backfill_dates(
        self, dag_id: str, first: datetime, last: datetime, *, reprocess: str = "none"
    ) -> tuple[datetime, ...]:
        """The logical dates that a backfill would make runs for, by the server's own timetable; nothing is made.

        Raises as `create_backfill`, but for an open one.
        """
        self._needs_backfills()
        body = _backfill_body(dag_id, first, last, reprocess)
        answer = await self._send("POST", "/backfills/dry_run", body, repeat=True)
        dates = (shapes.moment(item.get("logical_date")) for item in answer["backfills"])
        return tuple(date for date in dates if date is not None)

    async def backfills(self, dag_id: str) -> tuple[BackfillSeen, ...]:
        """The backfills of a DAG, oldest first; none on Airflow 2."""
        if self.api == "v1":
            return ()
        pages = self._pages("/backfills", "backfills", {"dag_id": dag_id, "order_by": "id"}, lambda item: item["id"])
        return tuple([shapes.backfill_of(item) async for item in pages])

    async def cancel_backfill(self, backfill_id: int) -> None:
        """End a backfill: its queued runs fail, it counts as completed; ConflictError where it already is."""
        self._needs_backfills()
        await self._send("PUT", f"/backfills/{backfill_id}/cancel")

    def _needs_backfills(self) -> None:
        if self.api == "v1":
            raise UnsupportedVersionError(
                f"{self.http.name} runs Airflow {self.version}, which has no backfills in its API.",
                hint="Backfills need Airflow 3.",
            )


def _backfill_body(dag_id: str, first: datetime, last: datetime, reprocess: str) -> dict[str, Any]:
    return {
        "dag_id": dag_id,
        "from_date": shapes.stamp(first),
        "to_date": shapes.stamp(last),
        "reprocess_behavior": reprocess,
        "max_active_runs": 1,
        "run_backwards": False,
        "dag_run_conf": {},
    }


def _refuse_masks(what: str, fields: tuple[str, ...]) -> None:
    if fields:
        raise MaskedValueError(
            f"Airflow hid the real value of {what} ({', '.join(fields)}); a mask is never written.",
            hint="Give its value by an export file, by Starship, or by typing it.",
        )
