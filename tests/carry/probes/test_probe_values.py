from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

import pytest

from astroferry.carry.probes.digest import CONNECTION_FIELDS, field_digest
from astroferry.carry.probes.leftovers import KEY_PREFIX, forget_probe, remove_leftovers
from astroferry.carry.probes.probefile import DAG_ID, REACH_TASK, VALUES_TASK, probe_file, probe_tag
from astroferry.carry.probes.values import ProbeTimes, run_values_probe
from astroferry.clients.airflow_seen import TaskInstanceSeen
from astroferry.errors import NotAllowedError, NotFoundError, ProbeFailedError, UnreachableError
from astroferry.model.inventory import BrokenFile, ConnectionSeen, Dag, Run, Schedule, VariableSeen

if TYPE_CHECKING:
    from collections.abc import Callable

    from astroferry.clients.airflow import Airflow
    from astroferry.model.comparison import ProbeResult
    from astroferry.model.values import VariableValue


def not_found() -> NotFoundError:
    return NotFoundError("There is no such thing.", status=404)


@dataclass
class FastClock:
    """Time passes only when somebody sleeps; `ticks` are told, so that a fake target can move on."""

    moment: datetime = datetime(2026, 11, 22, tzinfo=UTC)
    ticks: int = 0

    def now(self) -> datetime:
        return self.moment

    async def sleep(self, seconds: float) -> None:
        self.ticks += 1
        self.moment += timedelta(seconds=seconds)
        await asyncio.sleep(0)


@dataclass
class FakeTarget:
    """An Airflow that runs the probe: parsed and ended after so many ticks of the clock."""

    clock: FastClock
    connections_there: dict[str, dict[str, Any]] = field(default_factory=dict)
    variables_there: dict[str, str] = field(default_factory=dict)
    descriptions: dict[str, str] = field(default_factory=dict)
    parsed_after: int = 1
    stale_until: int = 0
    ends_after: int = 4
    final_state: str = "success"
    finished: tuple[str, ...] = (VALUES_TASK, REACH_TASK)
    task_state: str | None = "running"
    tags: tuple[str, ...] = field(default_factory=lambda: ("astroferry", probe_tag()))
    broken: tuple[BrokenFile, ...] = ()
    refuse: dict[str, list[Exception]] = field(default_factory=dict)
    old_runs: list[Run] = field(default_factory=list)
    paused: bool = True
    conf: dict[str, Any] = field(default_factory=dict)
    run_id: str = ""
    forced: list[tuple[str, str]] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    on_run: Callable[[], None] | None = None
    listed: list[bool] = field(default_factory=list)

    def _called(self, name: str) -> None:
        self.calls.append(name)
        if self.refuse.get(name):
            raise self.refuse[name].pop(0)

    async def active_runs(self, dag_id: str) -> tuple[Run, ...]:
        self._called("active_runs")
        return tuple(self.old_runs)

    async def set_run_state(self, dag_id: str, run_id: str, state: str, note: str = "") -> None:
        self._called("set_run_state")
        self.forced.append((run_id, state))

    async def variables(self) -> tuple[VariableSeen, ...]:
        return tuple(VariableSeen(key, self.descriptions.get(key, "")) for key in self.variables_there)

    async def connections(self) -> tuple[ConnectionSeen, ...]:
        return tuple(
            ConnectionSeen(conn_id, description=self.descriptions.get(conn_id, ""))
            for conn_id in self.connections_there
        )

    async def delete_variable(self, key: str) -> bool:
        self._called("delete_variable")
        return self.variables_there.pop(key, None) is not None

    async def create_variable(self, value: VariableValue) -> None:
        self._called("create_variable")
        self.variables_there[value.key] = value.value.reveal()

    async def is_listed(self, dag_id: str) -> bool:
        return self.listed.pop(0) if self.listed else False

    async def dag(self, dag_id: str) -> Dag:
        assert dag_id == DAG_ID
        if self.clock.ticks < self.parsed_after:
            raise not_found()
        return Dag(DAG_ID, Schedule("none"), is_paused=self.paused, tags=self.tags)

    async def import_errors(self) -> tuple[BrokenFile, ...]:
        self._called("import_errors")
        return self.broken

    async def set_paused(self, dag_id: str, paused: bool) -> None:
        self._called("pause" if paused else "unpause")
        self.paused = paused

    async def trigger(self, dag_id: str, *, run_id: str, conf: dict[str, Any]) -> None:
        self._called("trigger")
        if self.clock.ticks < self.stale_until:
            raise not_found()
        assert not self.paused
        self.run_id, self.conf = run_id, conf
        self.ends_after += self.clock.ticks

    async def run(self, dag_id: str, run_id: str) -> Run | None:
        self._called("run")
        if self.on_run:
            self.on_run()
        if run_id != self.run_id:
            return None
        return Run(run_id, "manual", self.final_state if self.clock.ticks >= self.ends_after else "running")

    async def task_instances(self, dag_id: str, run_id: str) -> tuple[TaskInstanceSeen, ...]:
        return tuple(TaskInstanceSeen(task, self.task_state) for task in (VALUES_TASK, REACH_TASK))

    async def xcom(self, dag_id: str, run_id: str, task_id: str, key: str = "return_value") -> Any:
        if task_id not in self.finished or run_id != self.run_id:
            return None
        return self._pushed(self.variables_there[self.conf["key_variable"]]).get(key)

    async def delete_dag(self, dag_id: str) -> bool:
        self._called("delete_dag " + dag_id)
        return True

    def _pushed(self, secret: str) -> dict[str, Any]:
        """What the DAG pushes; values in two parts, to see them joined."""
        rows: list[list[Any]] = []
        for conn_id in self.conf["connections"]:
            fields = self.connections_there.get(conn_id)
            if fields is None:
                rows.append(["connection", conn_id, "missing", []])
            else:
                digests = [field_digest(secret, "connection", conn_id, f, fields.get(f)) for f in CONNECTION_FIELDS]
                rows.append(["connection", conn_id, "found", digests])
        for key in self.conf["variables"]:
            value = self.variables_there.get(key)
            known = value is not None
            digests = [field_digest(secret, "variable", key, "value", value)] if known else []
            rows.append(["variable", key, "found" if known else "error ValueError", digests])
        pushed = {
            "values_0": json.dumps(rows[:1]),
            "values_1": rows[1:],  # as a client hands it over that has parsed it already
            "values_parts": "2",
            "reach_0": json.dumps([[conn_id, "reachable"] for conn_id in self.connections_there]),
            "reach_parts": "1",
        }
        if self.conf["test_connections"]:
            pushed |= {"hooks_0": json.dumps([["pg", "failed", "OperationalError"]]), "hooks_parts": "1"}
        return pushed


@pytest.fixture
def clock() -> FastClock:
    return FastClock()


@pytest.fixture
def target(clock: FastClock) -> FakeTarget:
    return FakeTarget(
        clock,
        connections_there={"pg": {"conn_type": "postgres", "password": "p"}, "other": {"conn_type": "http"}},
        variables_there={"rate": "0.19"},
        descriptions={"pg": "the warehouse", "rate": "acme ***"},
    )


TIMES = ProbeTimes(parse=20, start=20, run=40, poll=2)


async def probe(target: FakeTarget, *, told: list[str] | None = None, **options: Any) -> ProbeResult:
    return await run_values_probe(
        cast("Airflow", target),
        options.pop("connections", ["pg", "gone"]),
        options.pop("variables", ["rate", "odd"]),
        clock=target.clock,
        tell=(told if told is not None else []).append,
        times=TIMES,
        **options,
    )


def keys_left(target: FakeTarget) -> list[str]:
    return [key for key in target.variables_there if key.startswith(KEY_PREFIX)]


async def test_it_tells_what_a_task_sees_and_leaves_nothing(target: FakeTarget) -> None:
    result = await probe(target)
    pg, gone = result.connections["pg"], result.connections["gone"]
    key = result.key.reveal()
    assert pg.seen == "found"
    assert pg.digests["password"] == field_digest(key, "connection", "pg", "password", "p")
    assert pg.digests["description"] == field_digest(key, "connection", "pg", "description", "the warehouse")
    assert (pg.reach, pg.hook) == ("reachable", "not asked")
    assert (gone.seen, gone.digests, gone.reach, gone.listed) == ("missing", {}, "not told", False)
    rate, odd = result.variables["rate"], result.variables["odd"]
    assert rate.digests == {"value": field_digest(key, "variable", "rate", "value", "0.19")}, "a masked description"
    assert rate.listed
    assert (odd.seen, odd.why) == ("error", "ValueError")
    assert keys_left(target) == []
    assert target.paused


async def test_neither_key_nor_value_is_in_the_conf(target: FakeTarget) -> None:
    result = await probe(target)
    assert target.conf["connections"] == ["pg", "gone"]
    assert target.conf["key_variable"].startswith(KEY_PREFIX)
    assert result.key.reveal() not in json.dumps(target.conf)
    assert result.key.reveal() not in target.run_id
    again = await probe(target)
    assert again.key != result.key


async def test_hooks_are_read_when_asked_for(target: FakeTarget) -> None:
    result = await probe(target, test_connections=True)
    assert (result.connections["pg"].hook, result.connections["pg"].hook_error) == ("failed", "OperationalError")
    assert result.connections["gone"].hook == "not told"


async def test_nothing_asked_nothing_run(target: FakeTarget) -> None:
    result = await probe(target, connections=[], variables=[])
    assert (result.connections, result.variables) == ({}, {})
    assert "trigger" not in target.calls


async def test_an_older_text_of_the_probe_is_waited_out(target: FakeTarget, clock: FastClock) -> None:
    target.tags = ("astroferry", "astroferry-probe-00000000")
    with pytest.raises(ProbeFailedError, match=r"did not parse the probe DAG within 20 s"):
        await probe(target)
    assert "create_variable" not in target.calls


async def test_a_stale_record_is_waited_out(target: FakeTarget) -> None:
    target.stale_until = 4
    assert (await probe(target)).connections["pg"].seen == "found"


async def test_a_record_that_stays_stale_is_a_clear_end(target: FakeTarget) -> None:
    target.stale_until = 10_000
    with pytest.raises(ProbeFailedError, match="takes it for removed"):
        await probe(target)
    assert keys_left(target) == []


async def test_an_import_error_is_told_at_once(target: FakeTarget, clock: FastClock) -> None:
    target.parsed_after = 10_000
    target.broken = (
        BrokenFile("other.py", "elsewhere"),
        BrokenFile(f"/dags/{probe_file()[0]}", "Traceback\nImportError: no such\n"),
    )
    with pytest.raises(ProbeFailedError, match="ImportError: no such"):
        await probe(target)
    assert clock.ticks < 5


async def test_import_errors_that_may_not_be_read_do_not_stop_it(target: FakeTarget) -> None:
    target.parsed_after = 3
    target.refuse["import_errors"] = [NotAllowedError("no")] * 10
    assert (await probe(target)).connections["pg"].seen == "found"


@pytest.mark.parametrize("state", [None, "queued", "scheduled"])
async def test_without_a_worker_it_says_so_and_cleans_up(target: FakeTarget, state: str | None) -> None:
    target.ends_after, target.task_state = 10_000, state
    with pytest.raises(ProbeFailedError, match="No worker"):
        await probe(target)
    assert keys_left(target) == []
    assert target.paused
    assert target.forced == [(target.run_id, "failed")]


async def test_a_run_that_takes_too_long_is_ended(target: FakeTarget) -> None:
    target.ends_after = 10_000
    with pytest.raises(ProbeFailedError, match="did not end within 40 s"):
        await probe(target)
    assert target.forced == [(target.run_id, "failed")]


async def test_a_run_that_vanishes(target: FakeTarget) -> None:
    def vanish() -> None:
        target.run_id = "another"

    target.on_run = vanish
    with pytest.raises(ProbeFailedError, match="vanished"):
        await probe(target)
    assert keys_left(target) == []


async def test_a_failed_values_task_is_no_result(target: FakeTarget) -> None:
    target.final_state, target.finished, target.task_state = "failed", (REACH_TASK,), "failed"
    with pytest.raises(ProbeFailedError, match="reach failed, values failed"):
        await probe(target)
    assert keys_left(target) == []


async def test_a_failed_reach_task_loses_the_places_only(target: FakeTarget) -> None:
    target.final_state, target.finished = "failed", (VALUES_TASK,)
    result = await probe(target, test_connections=True)
    pg = result.connections["pg"]
    assert (pg.seen, pg.reach, pg.hook) == ("found", "not told", "not told")


async def test_what_the_probe_left_out_is_not_told(target: FakeTarget, monkeypatch: pytest.MonkeyPatch) -> None:
    pushed = FakeTarget._pushed
    monkeypatch.setattr(
        FakeTarget, "_pushed", lambda self, key: pushed(self, key) | {"values_0": "[]", "values_1": []}
    )
    result = await probe(target)
    assert {seen.seen for seen in [*result.connections.values(), *result.variables.values()]} == {"not told"}


async def test_leftovers_of_a_killed_probe_are_removed_first(target: FakeTarget) -> None:
    target.variables_there[KEY_PREFIX + "old"] = "0" * 64
    target.old_runs = [Run("astroferry_probe_old", "manual", "running")]
    told: list[str] = []
    await probe(target, told=told)
    assert keys_left(target) == []
    assert target.forced[0] == ("astroferry_probe_old", "failed")
    assert any(KEY_PREFIX + "old" in line for line in told)


async def test_leftovers_where_the_dag_is_unknown(target: FakeTarget) -> None:
    target.refuse["active_runs"] = [not_found()]
    target.variables_there[KEY_PREFIX + "old"] = "0" * 64
    assert await remove_leftovers(cast("Airflow", target)) == (KEY_PREFIX + "old",)
    assert list(target.variables_there) == ["rate"]


async def test_a_key_that_cannot_be_deleted_is_an_error_that_names_it(target: FakeTarget) -> None:
    target.refuse["delete_variable"] = [UnreachableError("gone")] * 3
    with pytest.raises(ProbeFailedError) as caught:
        await probe(target)
    assert keys_left(target)[0] in str(caught.value)
    assert target.variables_there[keys_left(target)[0]] not in str(caught.value)


async def test_deleting_the_key_is_tried_again(target: FakeTarget) -> None:
    target.refuse["delete_variable"] = [UnreachableError("gone")] * 2
    await probe(target)
    assert keys_left(target) == []


async def test_the_first_failure_is_the_one_raised_and_the_second_told(target: FakeTarget) -> None:
    target.refuse["trigger"] = [NotAllowedError("You may not trigger.")]
    target.refuse["delete_variable"] = [UnreachableError("gone")] * 3
    told: list[str] = []
    with pytest.raises(NotAllowedError):
        await probe(target, told=told)
    assert any("could not be deleted" in line for line in told)


@pytest.mark.parametrize("error", [not_found(), UnreachableError("gone")])
async def test_a_dag_that_cannot_be_paused_again_is_harmless(target: FakeTarget, error: Exception) -> None:
    target.refuse["pause"] = [error]
    told: list[str] = []
    await probe(target, told=told)
    assert any("could not be paused" in line for line in told) == isinstance(error, UnreachableError)


async def test_ending_the_run_may_fail_too(target: FakeTarget) -> None:
    target.ends_after = 10_000
    target.refuse["set_run_state"] = [UnreachableError("gone")]
    with pytest.raises(ProbeFailedError, match="did not end"):
        await probe(target)
    assert keys_left(target) == []
    assert target.paused


async def test_cancelled_in_the_middle_it_still_cleans_up(
    target: FakeTarget, monkeypatch: pytest.MonkeyPatch
) -> None:
    running = asyncio.Event()
    target.on_run = running.set
    target.ends_after = 10_000
    deleting, go_on = asyncio.Event(), asyncio.Event()
    delete = FakeTarget.delete_variable

    async def slow_delete(self: FakeTarget, key: str) -> bool:
        deleting.set()
        await go_on.wait()
        return await delete(self, key)

    monkeypatch.setattr(FakeTarget, "delete_variable", slow_delete)
    work = asyncio.create_task(probe(target))
    await running.wait()
    work.cancel()
    await deleting.wait()
    work.cancel()  # the impatient second Ctrl-C
    await asyncio.sleep(0)
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await work
    assert keys_left(target) == []
    assert target.paused
    assert target.forced == [(target.run_id, "failed")]


async def test_forgetting_waits_until_airflow_has_seen_that_the_file_is_gone(
    target: FakeTarget, clock: FastClock
) -> None:
    target.listed = [True, True, False]
    assert await forget_probe(cast("Airflow", target), clock=clock)
    assert target.calls == ["delete_dag " + DAG_ID]
    assert target.listed == []


async def test_a_probe_that_stays_listed_is_left_where_it_is(target: FakeTarget, clock: FastClock) -> None:
    target.listed = [True] * 1000
    assert not await forget_probe(cast("Airflow", target), clock=clock, patience=10)
    assert target.calls == []
