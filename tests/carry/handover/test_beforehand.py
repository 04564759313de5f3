"""What a wave asks for before anything is paused: a word on waiting events, and Starship on an Airflow 2 target."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest
from tests.carry.handover.two_airflows import DAG, START, World, carry, world

from astroferry.carry.handover.beforehand import STARSHIP, checks_of, left_there, to_remove
from astroferry.carry.handover.wave import actions_for_cutover, to_know
from astroferry.carry.journal import Journal
from astroferry.model.cutover import DagStanding
from astroferry.model.inventory import Plugin
from astroferry.model.plan import Confirmation

if TYPE_CHECKING:
    from pathlib import Path

    from astroferry.carry.context import Clock
    from astroferry.carry.opening import Opened

KEY = "waiting-events:one"


async def asked(here: World) -> dict[str, tuple[str, str]]:
    journal = Journal(here.folder / "journal.jsonl")
    way = SimpleNamespace(plan=here.plan, inventory=here.inventory, ctx=here.context(), journal=journal)
    return {check.key: (check.outcome, check.told) for check in await checks_of(cast("Opened", way), "one")}


async def test_an_event_that_waits_is_accepted_by_name_and_only_what_was_there_then(tmp_path: Path) -> None:
    here = world(tmp_path, catchup=False, dag={"kind": "dataset"})
    assert await asked(here) == {"waiting-events": ("met", "none waits, seen now")}

    here.source.queued["s3://lake/orders"] = START
    (outcome, detail) = (await asked(here))[KEY]
    assert outcome == "to be confirmed"
    assert f"{DAG} has s3://lake/orders (since 2026-11-22 12:00)" in detail
    assert f"astroferry approve PLAN --what {KEY} --by NAME" in detail

    said = Confirmation(KEY, "Ada", START + timedelta(minutes=5))
    here.plan = replace(here.plan, confirmed=(said,))
    (outcome, detail) = (await asked(here))[KEY]
    assert (outcome, detail.startswith("by Ada")) == ("confirmed", True)
    assert "s3://lake/orders" in detail

    here.source.queued["s3://lake/prices"] = START + timedelta(minutes=6)
    (outcome, detail) = (await asked(here))[KEY]
    assert outcome == "to be confirmed"
    assert "s3://lake/prices" in detail


async def test_a_complete_set_of_events_becomes_its_run_before_the_dag_is_paused(tmp_path: Path) -> None:
    here = world(tmp_path, catchup=False, dag={"kind": "dataset"}, poll=5.0)
    (dag, other) = here.inventory.dags
    here.inventory = replace(here.inventory, dags=(replace(dag, consumes=("s3://a", "s3://b")), other))
    here.source.queued.update({"s3://a": START, "s3://b": START})
    here.source.alive = False  # its scheduler is slow: the run has not been made yet
    told: list[str] = []
    _, drain, *_ = actions_for_cutover(here.plan, here.inventory, "one")
    ctx = here.context(told)
    waited = 0

    async def sleep(seconds: float) -> None:
        nonlocal waited
        waited += 1
        assert not here.source.is_paused
        here.source.alive = waited > 3
        here.clock.pass_by(seconds)

    ctx.clock = cast("Clock", SimpleNamespace(now=here.clock.now, sleep=sleep))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("astroferry.carry.handover.drain.LOOKS_AFTER_PAUSE", 1)
        await drain.apply(ctx)
    assert waited > 3
    assert here.source.is_paused
    assert here.source.queued == {}
    assert [side for _, side, _ in here.source.ledger] == ["source"]


async def test_an_event_that_comes_as_the_dag_is_paused_is_let_through(tmp_path: Path) -> None:
    here = world(tmp_path, catchup=False, dag={"kind": "dataset"}, poll=5.0)
    told: list[str] = []
    _, drain, *_ = actions_for_cutover(here.plan, here.inventory, "one")
    pause = here.source.set_paused

    async def late(dag_id: str, paused: bool) -> None:
        await pause(dag_id, paused)
        if paused and not here.source.ledger:
            here.source.queued["s3://a"] = START

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(here.source, "set_paused", late)
        facts = await drain.apply(here.context(told))
    assert facts["slipped"] == 1
    assert here.source.queued == {}
    assert [side for _, side, _ in here.source.ledger] == ["source"]


async def test_what_somebody_queued_on_the_target_is_named_until_the_dag_has_moved(tmp_path: Path) -> None:
    for kind, named in (("cron", True), ("none", False)):
        here = world(tmp_path, catchup=True, warm=60, dag={"kind": kind})
        here.target._add("manual__test", "manual", here.clock.now())
        found = await asked(here)
        assert ("waiting-runs" in found) == named
    here = world(tmp_path, catchup=True, warm=60)
    here.target._add("manual__test", "manual", here.clock.now())
    outcome, detail = (await asked(here))["waiting-runs"]
    assert (outcome, detail) == ("missing", f"{DAG} has manual__test; delete them there or mark them failed")
    journal = Journal(here.folder / "journal.jsonl")
    journal.write(f"cutover/one/{DAG}/record", "found", facts=DagStanding(DAG, False, True, START).to_facts())
    assert await asked(here) == {}


async def test_a_paused_dag_or_one_that_time_starts_asks_for_nothing(tmp_path: Path) -> None:
    paused = world(tmp_path, catchup=False, source_paused=True, dag={"kind": "dataset"})
    paused.source.queued["s3://lake/orders"] = START
    assert await asked(paused) == {}
    assert await asked(world(tmp_path, catchup=True)) == {}


async def test_an_airflow_2_target_needs_starship_and_is_told_to_lose_it(tmp_path: Path) -> None:
    here = world(tmp_path, catchup=True, target_major=2)
    outcome, detail = (await asked(here))["starship-target"]
    assert outcome == "missing"
    assert f"set the boundary of {DAG}; add astronomer-starship>=2.8.6 to requirements.txt" in detail
    assert [finding.code for finding in to_know(here.plan, here.inventory, "one")] == ["CUT-starship"]

    here.starship_on = ("target",)
    assert (await asked(here))["starship-target"][0] == "met"
    journal = Journal(tmp_path / "journal.jsonl")
    assert left_there(journal) == {}
    facts: dict[str, dict[str, Any]] = {}
    record, *_ = actions_for_cutover(here.plan, here.inventory, "one")
    await carry([record], here.context(), facts)
    journal.write(record.info.id, "applied", facts=facts[record.info.id])
    assert left_there(journal) == {"prod": "2.10.1"}
    (sentence,) = to_remove(journal)
    assert sentence.startswith('Starship 2.10.1 is still on "prod"')
    journal.write(f"{STARSHIP}/prod", "note")
    assert list(to_remove(journal)) == []


async def test_timetables_that_may_hide_behind_a_cron_are_told(tmp_path: Path) -> None:
    here = world(tmp_path, catchup=True)
    here.inventory = replace(here.inventory, plugins=(Plugin("acme", adds=("timetables: acme.WorkdayCron",)),))
    (told,) = to_know(here.plan, here.inventory, "one")
    assert (told.code, told.subject) == ("CUT-timetable", "one")
    assert "bring 1 timetable class (WorkdayCron)" in told.message
    assert told.todo.endswith(f": {DAG}.")
    assert to_know(here.plan, here.inventory, "one")
    by_hand = world(tmp_path, catchup=True, dag={"kind": "none"})
    by_hand.inventory = replace(by_hand.inventory, plugins=here.inventory.plugins)
    assert "CUT-timetable" not in {finding.code for finding in to_know(by_hand.plan, by_hand.inventory, "one")}


async def test_without_catchup_no_starship_is_asked_for(tmp_path: Path) -> None:
    here = world(tmp_path, catchup=False, target_major=2)
    assert await asked(here) == {}
    assert to_know(here.plan, here.inventory, "one") == ()
