"""`astroferry watch` on both ends: a whole cycle, an alarm, a late tick, the webhook, a server that is away."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import httpx
from tests.harness import DEPLOYMENT

from astroferry import diagnostics
from astroferry.carry.handover.begun import not_on_source
from astroferry.carry.journal import Journal
from astroferry.carry.watching import last_verdicts, note_of
from astroferry.model.watching import DagVerdict
from astroferry.simulator.source.rows import SimRun
from astroferry.simulator.source.timetables import Interval

if TYPE_CHECKING:
    from pathlib import Path

    import pytest
    from tests.harness import World

SLOWLY = {"poll": 60.0, "parse_timeout": 240, "drain_timeout": 1200, "watch_ticks": 1}
CONFIRM = ("--wave", "pilot", "--confirm", DEPLOYMENT)


def cut_over(world: World, **watch: Any) -> None:
    world.applied(cutover=SLOWLY, watch={"poll_seconds": 150.0, **watch})
    ran = world.on_plan("cutover", *CONFIRM)
    assert ran.code == 0, ran.err


def verdicts(world: World, *more: str) -> tuple[int, dict[str, dict[str, Any]]]:
    ran = world.on_plan("watch", "--json", *more)
    assert ran.out, ran.err
    return ran.code, {item["dag_id"]: item for item in ran.json["waves"]["pilot"]}


def test_a_whole_cycle_goes_well(world: World) -> None:
    cut_over(world)
    assert world.on_plan("check", "--json").json["cutover"].keys() == {"rest"}  # the pilot has moved
    code, first = verdicts(world, "--once")
    began = world.clock.now()
    ran = world.on_plan("watch", "--wave", "pilot")
    assert ran.code == 0, ran.err
    assert 'The first full cycle of "pilot"' in ran.out
    assert "well     ticks_now" in ran.out
    assert "100 % of" in ran.out
    assert (world.clock.now() - began).total_seconds() < 20 * 60
    found = last_verdicts(Journal(world.journal_path), "pilot")
    assert {item.verdict for item in found.values()} == {"well"}
    assert all(item.missed == item.twice == 0 for item in found.values())
    assert found["ticks_on"].source.runs > 600, "its days on the source, not the last hour"
    assert code == 0
    assert first.keys() == {"ticks_on", "ticks_now"}


def test_a_run_on_the_source_is_an_alarm_at_once(world: World) -> None:
    cut_over(world)
    world.estate.engine.dags["ticks_now"].is_paused = False
    code, found = verdicts(world)
    assert code == 6
    assert found["ticks_now"]["verdict"] == "alarm"
    assert "it is unpaused on the source: pause it there at once" in found["ticks_now"]["reasons"]
    assert found["ticks_on"]["verdict"] in {"well", "watching"}
    world.clock.pass_by(600)
    world.estate.engine.advance(world.clock.now())
    world.estate.engine.dags["ticks_now"].is_paused = True
    code, found = verdicts(world, "--once")
    assert "began on the source since it was handed over" in " ".join(found["ticks_now"]["reasons"])
    assert last_verdicts(Journal(world.journal_path), "pilot")["ticks_now"].verdict == "alarm"


def test_a_wave_that_is_cut_over_half_way_is_watched_without_its_name(world: World) -> None:
    world.applied(cutover={**SLOWLY, "drain_timeout": 300}, watch={"poll_seconds": 150.0})
    nothing = world.on_plan("watch", "--once")
    assert nothing.code == 3
    assert "No wave has been cut over" in nothing.err

    def runs_for_ever(request: httpx.Request) -> httpx.Response | None:
        params = request.url.params
        if request.url.path == "/api/v1/dags/ticks_now/dagRuns" and "running" in params.get_list("state"):
            run = {"dag_run_id": "x", "dag_id": "ticks_now", "state": "running", "run_type": "manual"}
            return httpx.Response(200, json={"dag_runs": [run], "total_entries": 1})
        return None

    world.wire.before = runs_for_ever
    assert world.on_plan("cutover", *CONFIRM).code == 6
    assert [wave.state for wave in world.plan.waves] == ["tested", "tested"]
    # What the source goes on with is nothing to be watched, and no alarm.
    code, found = verdicts(world)
    assert (code, list(found)) == (0, ["ticks_on"])
    assert world.on_plan("rollback", "--confirm", DEPLOYMENT).code == 0
    assert world.on_plan("watch", "--once").code == 3


def test_a_target_that_stands_still_is_amiss(world: World) -> None:
    cut_over(world, late_minutes=10)
    world.target.dags["ticks_on"].is_paused = True
    world.clock.pass_by(3600)
    code, found = verdicts(world)
    assert code == 6
    assert found["ticks_on"]["verdict"] == "amiss"
    assert "it is paused on the target" in found["ticks_on"]["reasons"]
    assert any(reason.startswith("late: nothing has run yet") for reason in found["ticks_on"]["reasons"])
    since = (world.clock.now() - timedelta(hours=2)).isoformat()
    waits = {"dag_id": "ticks_on", "dag_run_id": "x", "task_id": "work", "queued_when": since, "pool": "berths"}
    broken = {"import_error_id": 1, "filename": "quay/ticks_on.py", "timestamp": since, "stack_trace": "no"}

    def stuck(request: httpx.Request) -> httpx.Response | None:
        path, there = request.url.path, request.url.host == "astro.localhost"
        if there and path.endswith("/importErrors"):
            return httpx.Response(200, json={"import_errors": [broken], "total_entries": 1})
        if there and path.endswith("/dags/~/dagRuns/~/taskInstances"):
            return httpx.Response(200, json={"task_instances": [waits], "total_entries": 1})
        return None

    world.wire.before = stuck
    told = verdicts(world, "--once")[1]["ticks_on"]["reasons"]
    assert "its file does not import on the target" in told
    assert "1 task waiting in the queue for more than 15 min (pool berths, queue default): work" in told


def test_a_dag_that_was_deleted_on_the_source_is_watched_on_the_target(world: World) -> None:
    """Teams do that after a move; it blinds nobody, and the DAG can still come to a good end."""
    cut_over(world, late_minutes=10)
    world.estate.engine.delete_dag("ticks_now")
    code, found = verdicts(world)
    assert (code, found["ticks_on"]["verdict"], found["ticks_now"]["verdict"]) == (0, "well", "well")
    assert "the source does not have it any more" in found["ticks_now"]["reasons"][0]
    world.target.dags["ticks_now"].is_paused = True
    code, found = verdicts(world, "--once")
    assert (code, found["ticks_now"]["reasons"][0]) == (6, "it is paused on the target")

    def gone(request: httpx.Request) -> httpx.Response | None:
        there = "/api/v2/dags/ticks_now" in request.url.path
        return httpx.Response(404, json={"detail": "The Dag was not found"}) if there else None

    world.wire.before = gone
    code, found = verdicts(world, "--once")
    assert (code, found["ticks_now"]["reasons"][0]) == (6, "the target does not have it any more")


def test_a_verdict_ends_with_the_way_back(tmp_path: Path) -> None:
    """The next cutover is watched anew; a good end of the last one says nothing about it."""
    journal = Journal(tmp_path / "j.jsonl")
    journal.write(note_of("pilot", "d"), "found", facts=DagVerdict("d", "well").to_facts())
    assert last_verdicts(journal, "pilot")["d"].verdict == "well"
    journal.write("rollback/pilot/d/unpause-source", "done")
    assert last_verdicts(journal, "pilot") == {}
    journal.write(note_of("pilot", "d"), "found", facts=DagVerdict("d", "watching").to_facts())
    assert last_verdicts(journal, "pilot")["d"].verdict == "watching"


def test_your_own_checks_and_the_webhook(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    outputs = [
        {"name": "orders complete", "url": "https://checks.example.com/orders", "contains": "complete"},
        {"name": "no check ran", "dag": "by_hand"},
    ]
    cut_over(world, outputs=outputs, webhook="environment")
    monkeypatch.setenv("ASTROFERRY_WEBHOOK", "https://hooks.example.com/services/T0/deep-Secret-77")
    rang: list[str] = []
    monkeypatch.setattr(diagnostics, "ring", lambda: rang.append("bell"))
    sent: list[dict[str, Any]] = []
    page = ["orders: missing"]

    def answer(request: httpx.Request) -> httpx.Response | None:
        if request.url.host == "checks.example.com":
            assert "authorization" not in request.headers
            return httpx.Response(200, text=page[0])
        if request.url.host == "hooks.example.com":
            sent.append(json.loads(request.content))
            return httpx.Response(500 if len(sent) > 1 else 204)
        return None

    world.wire.before = answer
    code, found = verdicts(world, "--once")
    assert code == 6
    assert found["ticks_on"]["reasons"] == ["your check failed: orders complete"]
    assert [message["verdict"] for message in sent] == ["amiss"]
    assert rang == ["bell"]
    page[0] = "orders: complete"
    ran = world.on_plan("watch", "--once")
    assert ran.code == 0, ran.err
    assert "warn: The webhook answered with 500." in ran.err
    assert "deep-Secret" not in ran.err + ran.out
    monkeypatch.delenv("ASTROFERRY_WEBHOOK")
    unheard = world.on_plan("watch", "--once").err
    assert unheard.startswith("warn: nobody will be called at the end. There is no webhook's address in the")
    # A DAG of yours that checks, and fails.
    at, engine = world.clock.now(), world.target.fake.engine
    run = SimRun("by_hand", "manual__check", "manual", "failed", at, at, Interval(at, at), [], at, at)
    engine.dags["by_hand"].runs[run.run_id] = run
    assert verdicts(world, "--once")[1]["ticks_on"]["reasons"] == ["your check failed: no check ran"]


def test_a_server_that_is_away_is_asked_again_for_a_while(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    cut_over(world, late_minutes=5, webhook="environment")
    monkeypatch.setenv("ASTROFERRY_WEBHOOK", "https://hooks.example.com/x")
    away = [25]
    told: list[dict[str, Any]] = []

    def gone(request: httpx.Request) -> httpx.Response | None:
        if request.url.host == "hooks.example.com":
            told.append(json.loads(request.content))
            return httpx.Response(204)
        if request.url.host == "source.test" and away[0] > 0:
            away[0] -= 1
            return httpx.Response(503)
        return None

    world.wire.before = gone
    ran = world.on_plan("watch")
    assert ran.code in {0, 5}, ran.err
    away[0], asked = 10**6, len(world.wire.requests)
    world.wire.before = lambda request: gone(request) if len(world.wire.requests) > asked + 12 else None
    ran = world.on_plan("watch")
    assert ran.code == 5
    # Whoever left it to itself hears of that end as well.
    assert told[-1]["verdict"] == "not watched"
    assert "503" in told[-1]["why"]


def test_nothing_to_watch_is_said(world: World) -> None:
    world.planned()
    ran = world.on_plan("watch")
    assert ran.code == 3
    assert "No wave has been cut over" in ran.err
    ran = world.on_plan("watch", "--wave", "pilot")
    assert ran.code == 3
    assert 'No DAG of the wave "pilot" runs on the target by a cutover.' in ran.err


def test_dags_without_ticks_are_watched_too(world: World) -> None:
    waves = [
        {"name": "pilot", "test": DEPLOYMENT, "production": DEPLOYMENT, "dags": ["by_hand", "nightly", "by_dataset"]},
        {"name": "rest", "test": DEPLOYMENT, "production": DEPLOYMENT, "dags": ["*"]},
    ]
    world.applied(cutover=SLOWLY, waves=waves, watch={"poll_seconds": 3600.0})
    ran = world.on_plan("cutover", *CONFIRM)
    assert ran.code == 0, ran.err
    code, found = verdicts(world, "--once")
    assert (code, found["by_hand"]["verdict"], found["nightly"]["verdict"]) == (0, "watching", "well")
    at = not_on_source(Journal(world.journal_path), "pilot")["by_hand"].at
    for side in (world.estate.engine, world.target.fake.engine):
        # It began before the source was quiet, and was carried as history.
        run = SimRun("by_hand", "manual__x", "manual", "failed", at, at, Interval(at, at), [], at, at)
        side.dags["by_hand"].runs[run.run_id] = run
    assert verdicts(world, "--once")[1]["by_hand"]["target"]["runs"] == 0
    assert world.on_plan("watch").code == 0  # a day, since nothing tells its cycle
    world.estate.engine.dags["by_hand"].is_paused = False
    code, found = verdicts(world)
    assert (code, found["by_hand"]["verdict"]) == (6, "alarm")


def test_history_needs_starship_on_the_target_and_says_so(world: World) -> None:
    world.applied()
    ran = world.on_plan("history", "--wave", "pilot")
    assert ran.code == 5
    assert "has no Starship, and Airflow's own API writes no finished runs" in ran.err
    assert "`astroferry decommission` exports all of it" in ran.err
    assert world.on_plan("history", "--wave", "zzz").code == 2
