"""Run the values probe on a target: make its key, trigger its DAG, wait, read what it tells, leave nothing behind.

The probe DAG has been deployed before (`probefile.probe_file`) and is removed afterwards by the caller, who then
calls `forget_probe`. In between the target holds one secret of ours: the key, in an Airflow Variable with a random
name. The name contains "secret", so that Airflow masks it in its API, its audit log and task logs (seen on 3.3.2).

Once the key is deleted, the digests in XCom can no longer be tried against guessed values. A run that was killed
leaves a key behind; the next one removes it first.
"""

from __future__ import annotations

import contextlib
import json
import secrets
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

from astroferry.carry.context import nobody
from astroferry.carry.probes.digest import CONNECTION_FIELDS, field_digest
from astroferry.carry.probes.leftovers import KEY_PREFIX, remove_leftovers, to_the_end
from astroferry.carry.probes.probefile import DAG_ID, REACH_TASK, VALUES_TASK, probe_file, probe_tag
from astroferry.errors import AstroferryError, NotAllowedError, NotFoundError, ProbeFailedError
from astroferry.model.comparison import Probed, ProbeResult
from astroferry.model.secret import Secret, is_masked
from astroferry.model.values import VariableValue

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterable, Sequence
    from datetime import datetime

    from astroferry.carry.context import Clock
    from astroferry.clients.airflow import Airflow
    from astroferry.model.comparison import HookTest, Kind, Reach, Seen

_KEY_NOTE = "Temporary, made by astroferry to compare values; safe to delete when no astroferry runs."
_ENDED = frozenset({"success", "failed"})
_WAITING = frozenset({"", "none", "scheduled", "queued"})
_TRIES = 3


@dataclass(frozen=True, slots=True)
class ProbeTimes:
    """How long to wait, in seconds; the defaults suit an Astro Deployment that first has to start a worker.

    parse: until the deployed DAG shows up. start: until a worker has taken one of its tasks. run: until it has ended.
    """

    parse: float = 900.0
    start: float = 600.0
    run: float = 3600.0
    poll: float = 2.0


async def run_values_probe(
    airflow: Airflow,
    connections: Sequence[str],
    variables: Sequence[str],
    *,
    clock: Clock,
    tell: Callable[[str], None] = nobody,
    times: ProbeTimes | None = None,
    test_connections: bool = False,
) -> ProbeResult:
    """What a task on the target sees of these connections and variables.

    The deployed probe DAG is unpaused, run once and paused again. The key variable is deleted whatever happens,
    also where this is cancelled. `test_connections` asks each connection's hook for its own test as well.
    Raises ProbeFailedError where the probe cannot run (not parsed, no worker, failed, too slow), or where its key
    could not be deleted; other errors of the clients as they are.
    """
    run = _Run(
        airflow, clock, tell, times or ProbeTimes(), Secret(secrets.token_hex(32)), KEY_PREFIX + secrets.token_hex(8)
    )
    await remove_leftovers(airflow, tell)
    if not connections and not variables:
        return ProbeResult(run.key, {}, {})
    try:
        result = await run.probe(connections, variables, test_connections=test_connections)
    except BaseException:
        for problem in await to_the_end(run.clean_up()):
            tell(problem)
        raise
    if problems := await to_the_end(run.clean_up()):
        raise ProbeFailedError(" ".join(problems))
    return result


@dataclass(slots=True)
class _Run:
    """One probe on one target."""

    airflow: Airflow
    clock: Clock
    tell: Callable[[str], None]
    times: ProbeTimes
    key: Secret
    key_name: str
    run_id: str = ""

    async def probe(
        self, connections: Sequence[str], variables: Sequence[str], *, test_connections: bool
    ) -> ProbeResult:
        """Everything but the clean-up."""
        self.tell("Waiting until the target has parsed the probe DAG.")
        parsed_by = self._in(self.times.parse)
        await self._until_parsed(parsed_by)
        await self.airflow.create_variable(VariableValue(self.key_name, self.key, _KEY_NOTE))
        await self.airflow.set_paused(DAG_ID, False)
        await self._trigger(
            {
                "connections": list(connections),
                "variables": list(variables),
                "key_variable": self.key_name,
                "test_connections": test_connections,
            },
            parsed_by,
        )
        self.tell(f"The probe runs on the target: {len(connections)} connections, {len(variables)} variables.")
        await self._until_ended()
        return await self._read(connections, variables, test_connections=test_connections)

    def _in(self, seconds: float) -> datetime:
        return self.clock.now() + timedelta(seconds=seconds)

    async def _wait(self, until: datetime, failure: str, hint: str) -> None:
        """One poll further, or the failure when time is up."""
        if self.clock.now() >= until:
            raise ProbeFailedError(failure, hint=hint)
        await self.clock.sleep(self.times.poll)

    async def _until_parsed(self, until: datetime) -> None:
        """Wait for the tag, not only for the DAG: an earlier probe's record may still be there."""
        path = probe_file()[0]
        while True:
            with contextlib.suppress(NotFoundError):
                if probe_tag() in (await self.airflow.dag(DAG_ID)).tags:
                    return
            with contextlib.suppress(NotAllowedError, NotFoundError):
                for broken in await self.airflow.import_errors():
                    if broken.filename.endswith(path):
                        last = (broken.message.strip().splitlines() or [""])[-1]
                        raise ProbeFailedError(f"The probe DAG does not load on the target ({path}): {last}")
            await self._wait(
                until,
                f"The target did not parse the probe DAG within {self.times.parse:.0f} s.",
                "See that the deploy arrived and the DAG processor runs, then verify again.",
            )

    async def _trigger(self, conf: dict[str, Any], until: datetime) -> None:
        """Trigger; 404 means that Airflow still takes the DAG for gone ("stale"), until it is parsed again."""
        # Known before the request, so that the clean-up finds the run even if the answer is lost.
        self.run_id = "astroferry_probe_" + secrets.token_hex(6)
        while True:
            try:
                await self.airflow.trigger(DAG_ID, run_id=self.run_id, conf=conf)
            except NotFoundError:
                await self._wait(
                    until,
                    "The target has a record of the probe DAG, but takes it for removed.",
                    "See that the DAG processor runs, then verify again.",
                )
            else:
                return

    async def _until_ended(self) -> None:
        start_by, end_by = self._in(self.times.start), self._in(self.times.run)
        started = False
        while True:
            run = await self.airflow.run(DAG_ID, self.run_id)
            if run is None:
                raise ProbeFailedError("The probe's run vanished from the target while it was awaited.")
            if run.state in _ENDED:
                return
            if not started and self.clock.now() >= start_by:
                states = await self._states()
                started = bool(set(states.values()) - _WAITING)
                if not started:
                    raise ProbeFailedError(
                        f"No worker of the target has taken the probe's tasks within {self.times.start:.0f} s.",
                        hint="See that its scheduler and workers run and pool default_pool has free slots.",
                    )
            await self._wait(
                end_by,
                f"The probe did not end within {self.times.run:.0f} s.",
                f"Look at the DAG {DAG_ID} on the target, then verify again.",
            )

    async def _states(self) -> dict[str, str]:
        return {seen.task_id: seen.state or "none" for seen in await self.airflow.task_instances(DAG_ID, self.run_id)}

    async def _rows(self, task: str, prefix: str) -> list[list[Any]] | None:
        """The rows that a task pushed in parts, or None where it did not come to push them all."""
        count = await self._xcom(task, f"{prefix}_parts")
        if count is None:
            return None
        # The number is pushed after the parts, so they are all there.
        parts = [await self._xcom(task, f"{prefix}_{number}") for number in range(count)]
        return [row for part in parts for row in part]

    async def _xcom(self, task: str, key: str) -> Any:
        """An entry; the probe pushes JSON text, because Airflow 2 answers anything else in Python's notation."""
        value = await self.airflow.xcom(DAG_ID, self.run_id, task, key)
        return json.loads(value) if isinstance(value, str) else value

    async def _read(
        self, connections: Sequence[str], variables: Sequence[str], *, test_connections: bool
    ) -> ProbeResult:
        values = await self._rows(VALUES_TASK, "values")
        if values is None:
            states = ", ".join(f"{task} {state}" for task, state in sorted((await self._states()).items()))
            raise ProbeFailedError(
                f"The probe failed on the target ({states}); nothing was compared.",
                hint=f"Look at the log of task {VALUES_TASK} of the DAG {DAG_ID}, then verify again.",
            )
        reach: dict[str, Reach] = {row[0]: row[1] for row in await self._rows(REACH_TASK, "reach") or ()}
        hooks = {row[0]: row[1:] for row in await self._rows(REACH_TASK, "hooks") or ()} if test_connections else {}
        no_hook: list[str] = ["not told" if test_connections else "not asked", ""]
        found = {
            kind: {row[1]: _probed(kind, row) for row in values if row[0] == kind}
            for kind in ("connection", "variable")
        }
        await self._add_what_rest_shows(found)
        told = {
            conn_id: replace(
                found["connection"].get(conn_id, Probed("connection", conn_id, "not told")),
                reach=reach.get(conn_id, "not told"),
                hook=cast("HookTest", hooks.get(conn_id, no_hook)[0]),
                hook_error=hooks.get(conn_id, no_hook)[1],
            )
            for conn_id in connections
        }
        return ProbeResult(
            self.key,
            told,
            {name: found["variable"].get(name, Probed("variable", name, "not told")) for name in variables},
        )

    async def _add_what_rest_shows(self, found: dict[str, dict[str, Probed]]) -> None:
        """Descriptions, which no task sees and no server masks; and whether REST lists what a task did not find."""
        listed: dict[str, dict[str, str]] = {
            "connection": {seen.conn_id: seen.description for seen in await self.airflow.connections()},
            "variable": {seen.key: seen.description for seen in await self.airflow.variables()},
        }
        for kind, items in found.items():
            for item, probed in items.items():
                description = listed[kind].get(item)
                digests = dict(probed.digests)
                if digests and description is not None and not is_masked(description):
                    digests["description"] = field_digest(self.key.reveal(), kind, item, "description", description)
                items[item] = replace(probed, digests=digests, listed=description is not None)

    async def clean_up(self) -> tuple[str, ...]:
        """Delete the key, end the run, pause the DAG; what could not be done and matters, as sentences."""
        problems = []
        if not await self._tried(self.airflow.delete_variable, self.key_name):
            problems.append(
                f"The temporary variable {self.key_name} could not be deleted on the target; "
                "delete it there, or verify again, which removes it first."
            )
        with contextlib.suppress(AstroferryError):
            run = await self.airflow.run(DAG_ID, self.run_id) if self.run_id else None
            if run is not None and run.state not in _ENDED:
                await self.airflow.set_run_state(DAG_ID, self.run_id, "failed", "Ended by astroferry.")
        try:
            await self.airflow.set_paused(DAG_ID, True)
        except NotFoundError:
            pass
        except AstroferryError as error:
            self.tell(f"The probe DAG could not be paused; it has no schedule, so it does nothing. {error}")
        return tuple(problems)

    async def _tried(self, call: Callable[[str], Coroutine[Any, Any, object]], argument: str) -> bool:
        """Whether the call went through within a few tries."""
        for left in reversed(range(_TRIES)):
            try:
                await call(argument)
            except AstroferryError:
                if left:
                    await self.clock.sleep(self.times.poll)
            else:
                return True
        return False


def _probed(kind: str, row: Iterable[Any]) -> Probed:
    """A row of the task `values`: kind, id, state, digests."""
    _, item, state, digests = row
    names: Sequence[str] = CONNECTION_FIELDS if kind == "connection" else ("value",)
    word, _, why = str(state).partition(" ")
    return Probed(cast("Kind", kind), item, cast("Seen", word), dict(zip(names, digests, strict=False)), why=why)
