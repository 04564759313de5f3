"""One wave of six DAGs from a real 2.11 to a real 3.3, again and again, and each time something goes wrong.

The process is killed around every line of its journal; the source's API fails; the target's scheduler restarts; a
source DAG is unpaused by hand. Each time every tick runs exactly once, or the command stops with its exit code, names
what is in doubt, and leaves one side running. Then the watch sees what is amiss. One pair of servers is used for all,
so the tests build on one another.
"""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.live.street import DEPLOYMENT, PERIOD, SIX, TIMED, WAVE, Street
from tests.live.streets import street
from tests.live.wire import listener

from astroferry.advice.schedule import is_marker, rows_by_tick

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.live.street import Done

# By hand: three pairs of servers beside each other are too much for two cores.
pytestmark = pytest.mark.long
HERE = Path(__file__).parent
ON_TARGET, ON_SOURCE = (True, False), (False, True)
"""paused on the source, paused on the target"""
TEN_MINUTES = timedelta(minutes=10)


@pytest.fixture(scope="module")
def hook() -> Iterator[tuple[str, list[bytes]]]:
    with listener() as served:
        yield served


@pytest.fixture(scope="module")
def six(tmp_path_factory: pytest.TempPathFactory, hook: tuple[str, list[bytes]]) -> Iterator[Street]:
    with street(tmp_path_factory.mktemp("faults"), hook[0]) as made:
        yield made


def lines(path: Path) -> list[list[str]]:
    """What the callback and the listener left; empty where they were never called."""
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()] if path.exists() else []


def exact(done: Done) -> bool:
    """Whether a rollback says that every tick of the wave ran once."""
    return [wave["exact"] for wave in done.data["waves"]] == [True]


def step(way: str, dag: str, name: str, event: str) -> str:
    return f"{way}/{WAVE}/{dag}/{name} {event}"


def test_killed_around_every_line_of_its_journal(six: Street) -> None:
    used_up = six.folder / "killed"
    six.move("cutover", through=(str(HERE / "killed_around.py"), str(used_up)))
    boundaries = used_up.read_text("utf-8").splitlines()
    print(f"{len(boundaries)} kills by SIGKILL around {sum(line.startswith('after') for line in boundaries)} lines")
    assert len(boundaries) == len(set(boundaries))
    for dag in SIX:
        steps = ("drain-source", "mark", "unpause-target") if dag in TIMED else ("drain-source", "unpause-target")
        for name in steps:
            assert f"after {step('cutover', dag, name, 'begin')}" in boundaries
            assert f"after {step('cutover', dag, name, 'done')}" in boundaries
    assert set(six.paused().values()) == {ON_TARGET}


def test_a_quiet_cycle_ends_well_and_the_webhook_hears_of_it(six: Street, hook: tuple[str, list[bytes]]) -> None:
    done = six.run("watch", "migration.toml", "--json")
    (body,) = hook[1]
    assert json.loads(body) == done.data
    assert done.data["verdict"] == "well"
    assert {item["dag_id"] for item in done.data["waves"][WAVE]} == set(SIX)
    assert all(item["missed"] == item["twice"] == 0 for item in done.data["waves"][WAVE])


def test_what_a_marker_does_besides(six: Street) -> None:
    markers = {dag: [run for run in six.rows("target", dag) if is_marker(run)] for dag in SIX}
    assert all(markers[dag] for dag in TIMED)
    assert not markers["consumer"]
    ids = {(dag, run.run_id) for dag, runs in markers.items() for run in runs}
    # Listeners hear of each once, as of a run that succeeded; real runs are heard of too.
    heard = [(dag, run_id) for dag, run_id in lines(six.folder / "listener.jsonl")]
    print(f"{len(ids)} markers; listeners heard of {len(ids & set(heard))} of them, and of {len(heard)} runs in all")
    assert [heard.count(marker) for marker in sorted(ids)] == [1] * len(ids)
    # The DAG's callback is called for real runs alone.
    called = six.until(
        "a callback on the target",
        lambda: [("latest", run_id) for side, run_id in lines(six.folder / "callbacks.jsonl") if side == "target"],
    )
    assert not ids & set(called)
    # It makes no asset event: each event comes from a real run.
    events = six.ask(six.target, "assets/events", limit=100)["asset_events"]
    made = {(event["source_dag_id"], event["source_run_id"]) for event in events}
    assert made
    assert not made & ids
    # Its task is "skipped", and a task that depends on the one before goes on after it.
    (newest,) = markers["past"][:1]
    tasks = six.ask(six.target, f"dags/past/dagRuns/{newest.run_id}/taskInstances")["task_instances"]
    print("the marker's tasks:", [task["state"] for task in tasks])
    real = [run for run in six.rows("target", "past") if not is_marker(run)]
    assert any(run.state == "success" for run in real)
    assert newest.note
    assert newest.note.startswith("astroferry boundary marker")


def test_it_stays_on_the_target_for_ten_minutes(six: Street) -> None:
    """Then the way back that follows is one after ten minutes; without it, one after a minute or two."""
    while (left := six.all_there_since() + TEN_MINUTES - datetime.now(UTC)) > timedelta(0):
        time.sleep(min(left.total_seconds(), 10))
    ran = {dag: sum(run.state == "success" and not is_marker(run) for run in six.rows("target", dag)) for dag in SIX}
    print(f"after ten minutes on the target its finished runs are {ran}")
    assert all(count >= 8 for count in ran.values())


def test_a_source_that_fails_for_a_minute_is_waited_for_on_the_way_back(six: Street) -> None:
    done = six.held(
        "rollback", {step("rollback", "all", "mark-source", "begin"): lambda: six.proxy.away_for(60, "503")}
    )
    assert six.proxy.refused > 3
    assert "Asking again." in done.err
    assert exact(done)
    assert set(six.paused().values()) == {ON_SOURCE}


def test_a_source_that_fails_while_draining_handing_over_and_watching(six: Street) -> None:
    """And an open backfill of somebody else keeps a marker waiting, until it is gone."""
    # Of a date that has no row there: else nothing is left to run, and it is complete at once.
    there = {run.logical_date for run in six.rows("target", "latest")}
    date = min(
        run.logical_date for run in six.rows("source", "latest") if run.logical_date and run.logical_date not in there
    ).isoformat()
    theirs: list[int] = []

    def opened() -> None:
        body = {"dag_id": "latest", "from_date": date, "to_date": date, "reprocess_behavior": "none"}
        made = six.tell(six.target, "POST", "backfills", {**body, "max_active_runs": 1, "dag_run_conf": {}})
        theirs.append(made["id"])

    def cancelled() -> None:
        six.tell(six.target, "PUT", f"backfills/{theirs[0]}/cancel")
        for run in six.rows("target", "latest"):
            if run.logical_date == datetime.fromisoformat(date):
                six.tell(six.target, "DELETE", f"dags/latest/dagRuns/{run.run_id}")

    done = six.held(
        "cutover",
        {
            # Not earlier: on a quick machine it would have ended by the time the marker is set.
            step("cutover", "latest", "drain-source", "done"): opened,
            step("cutover", "delta", "drain-source", "begin"): lambda: six.proxy.away_for(25, "cut"),
            step("cutover", "all", "mark", "begin"): lambda: six.proxy.away_for(25, "503"),
            step("cutover", "latest", "mark", "begin"): lambda: threading.Timer(15, cancelled).start(),
            step("cutover", "past", "unpause-target", "done"): lambda: six.proxy.away_for(25, "cut"),
        },
    )
    assert "latest: waiting until the target takes a backfill" in done.err
    assert done.data["exact"]
    assert set(six.paused().values()) == {ON_TARGET}


def test_a_source_that_stays_away_ends_it_and_says_who_runs_what(six: Street) -> None:
    plan = six.folder / "migration.toml"
    text = plan.read_text("utf-8")
    plan.write_text(text.replace("parse_timeout = 180", "parse_timeout = 60"), "utf-8")

    def away() -> None:
        six.proxy.how = "cut"

    done = six.held("rollback", {step("rollback", "all", "mark-source", "begin"): away}, code=5)
    six.proxy.back()
    said = [line.strip() for line in done.err.splitlines() if ": " in line and line.strip().split(":")[0] in SIX]
    left = dict(line.split(": ", 1) for line in said[-len(SIX) :])
    print("\n".join(f"{dag}: {where}" for dag, where in left.items()))
    assert set(left) == set(SIX)
    assert "the target goes on with it" in left["all"]
    for dag, sides in six.paused().items():
        assert sides == (ON_SOURCE if "the source runs it alone" in left[dag] else ON_TARGET), dag
    text = plan.read_text("utf-8")
    plan.write_text(text.replace("parse_timeout = 60", "parse_timeout = 180"), "utf-8")
    assert exact(six.move("rollback"))
    assert set(six.paused().values()) == {ON_SOURCE}
    six.judge()


def test_schedulers_restart_and_two_dags_are_unpaused_by_hand(six: Street) -> None:
    def unpaused_before() -> None:
        six.by_hand(six.source, "all", paused=False)

    def unpaused_after() -> None:
        before = len(six.rows("source", "latest"))
        six.by_hand(six.source, "latest", paused=False)
        six.until("the source runs a tick again", lambda: len(six.rows("source", "latest")) > before)

    def stopped(how: signal.Signals) -> None:
        os.kill(six.target.pids["scheduler"], how)
        print(f"{datetime.now(UTC):%H:%M:%S} the target's scheduler got {how.name}")

    done = six.held(
        "cutover",
        {
            step("cutover", "all", "drain-source", "done"): unpaused_before,
            step("cutover", "latest", "unpause-target", "done"): unpaused_after,
            step("cutover", "delta", "mark", "begin"): lambda: stopped(signal.SIGKILL),
            step("cutover", "past", "unpause-target", "done"): lambda: stopped(signal.SIGTERM),
        },
        code=6,
    )
    assert "which goes on with it" in done.err
    assert (
        '"latest" was unpaused on the source while the target runs it. It is paused on the source again' in done.err
    )
    # The safe side runs each: the source what was not handed over yet, the target all others.
    assert six.paused() == {dag: ON_SOURCE if dag == "all" else ON_TARGET for dag in SIX}
    marked = max(tick for run in six.rows("target", "latest") if is_marker(run) for tick in rows_by_tick([run]))
    strays = {
        tick: run
        for run in six.rows("source", "latest")
        if not is_marker(run)
        for tick in rows_by_tick([run])
        if tick > marked
    }
    print("in doubt:", sorted(strays))
    assert strays
    assert any(tick.isoformat() in done.err for tick in strays)
    six.doubled |= {("latest", tick) for tick in strays}

    # Once more without doing what was said: it is said again, and nothing is switched on for it.
    again = six.move("cutover", code=6)
    assert all(tick.isoformat() in again.err for tick in strays), "each is named"
    assert six.paused() == dict.fromkeys(SIX, ON_TARGET)
    # What was said is done: the source's runs of those ticks are deleted.
    for run in strays.values():
        six.tell(six.source, "DELETE", f"dags/latest/dagRuns/{run.run_id}")
    six.move("cutover")
    assert six.paused() == dict.fromkeys(SIX, ON_TARGET)


def test_every_tick_ran_once_but_those_in_doubt(six: Street) -> None:
    six.judge()


def test_the_watch_sees_a_missing_and_a_late_tick_an_import_error_and_a_paused_dag(six: Street) -> None:
    six.by_hand(six.target, "producer", paused=True)
    since = datetime.now(UTC)
    finished = [run for run in six.rows("target", "delta") if run.state == "success" and not is_marker(run)]
    gone = sorted(finished, key=lambda run: run.run_after or since)[-2]
    six.tell(six.target, "DELETE", f"dags/delta/dagRuns/{gone.run_id}")
    (file,) = six.target.dags_folder.rglob("six_past.py")
    text = file.read_text("utf-8")
    file.write_text("import nothing_of_that_name\n" + text, "utf-8")
    six.until("the import error", lambda: six.ask(six.target, "importErrors")["total_entries"])
    six.until("a tick is late", lambda: datetime.now(UTC) > since + timedelta(seconds=60) + 2 * PERIOD)
    done = six.run("watch", "migration.toml", "--once", "--json", code=6)
    found = {item["dag_id"]: item for item in done.data["waves"][WAVE]}
    print("\n".join(f"{dag}: {item['verdict']}, {'; '.join(item['reasons'])}" for dag, item in found.items()))
    assert done.data["verdict"] == "amiss"
    assert found["all"]["verdict"] in {"well", "watching"}
    (tick,) = rows_by_tick([gone])
    assert f"neither side ran the tick of {tick:%Y-%m-%d %H:%M:%S}" in "; ".join(found["delta"]["reasons"])
    assert "its file does not import on the target" in found["past"]["reasons"]
    assert "it is paused on the target" in found["producer"]["reasons"]
    assert any(why.startswith("late: nothing has run yet for ") for why in found["producer"]["reasons"])
    assert "4 DAGs did not go well" in done.err or "3 DAGs did not go well" in done.err
    file.write_text(text, "utf-8")
    six.by_hand(six.target, "producer", paused=False)


def test_the_watch_ends_with_an_alarm_when_a_source_dag_is_unpaused(
    six: Street, hook: tuple[str, list[bytes]]
) -> None:
    six.by_hand(six.source, "all", paused=False)
    done = six.run("watch", "migration.toml", "--wave", WAVE, "--json", code=6)
    found: dict[str, Any] = {item["dag_id"]: item for item in done.data["waves"][WAVE]}
    six.by_hand(six.source, "all", paused=True)
    assert found["all"]["verdict"] == "alarm"
    assert "it is unpaused on the source: pause it there at once" in found["all"]["reasons"]
    assert json.loads(hook[1][-1])["verdict"] == "alarm"
    assert "astroferry rollback" in done.err
    assert DEPLOYMENT not in json.loads(hook[1][-1])["waves"]
