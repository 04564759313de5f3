"""The checklist before a cutover: each check from both ends, and a refusal that lists what is open."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from tests.harness import DEPLOYMENT, NOW, KilledError, World

from astroferry.carry.journal import Journal
from astroferry.carry.probed import LastComparison
from astroferry.model.cutover import DagStanding
from astroferry.simulator.astro.alerts import add_alert
from astroferry.simulator.source.estate import SimImportError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CONFIRM = ("--wave", "pilot", "--confirm", DEPLOYMENT)


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    made = World(tmp_path, monkeypatch)
    yield made
    assert made.astro.contract_violations == []


def checks(world: World) -> dict[str, tuple[str, str]]:
    ran = world.on_plan("check", "--json")
    return {item["key"]: (item["outcome"], item["detail"]) for item in ran.json["cutover"]["pilot"]}


def deployment(world: World) -> Any:
    (found,) = world.astro.deployments.values()
    return found


def test_everything_is_met_with_what_was_seen(world: World) -> None:
    people = [
        {"email": "ada@example.com", "role": "WORKSPACE_OPERATOR"},
        {"email": "Bob@Example.com"},
        {"email": "owner@example.com", "role": "WORKSPACE_OWNER"},
    ]
    world.applied(confirmed=[], people=people, before={"rollback_plan": "rollback.md", "verified_within_hours": 2})
    found = checks(world)
    assert {key for key, (outcome, _) in found.items() if outcome not in {"met", "confirmed"}} == {
        "alerts", "people-invited", "rollback-plan",
    }  # fmt: skip
    assert found["alerts"][0] == "to be confirmed"
    assert "ada@example.com (not in this organization)" in found["people-invited"][1]
    assert "rollback.md cannot be read" in found["rollback-plan"][1]

    before = world.writes()
    refused = world.on_plan("cutover", *CONFIRM)
    assert refused.code == 3
    assert "is not ready to be cut over: 3 checks not met" in refused.err
    for key in ("alerts:", "people-invited:", "rollback-plan:"):
        assert key in refused.err
    assert world.writes() == before

    seat = deployment(world)
    ada = world.astro.add_person("ada@example.com")
    world.astro.add_team("ops", seat.workspace, "WORKSPACE_OPERATOR", [ada])
    bob = world.astro.add_person("bob@example.com", seat.workspace, status="PENDING")
    add_alert(world.astro, seat.id)
    (world.folder / "rollback.md").write_text("", encoding="utf-8")
    found = checks(world)
    assert "bob@example.com (pending)" in found["people-invited"][1].lower()
    assert "none with a channel" in found["alerts"][1]
    assert "rollback.md is empty" in found["rollback-plan"][1]

    world.astro.users[bob]["status"] = "ACTIVE"
    add_alert(world.astro, seat.id, "TASK_FAILURE", ("EMAIL",))
    (world.folder / "rollback.md").write_text("Pause there, unpause here.", encoding="utf-8")
    sleeps = {"hibernateAtCron": "0 20 * * *", "wakeAtCron": "0 6 * * *", "isEnabled": True}
    seat.settings["scalingSpec"] = {"hibernationSpec": {"schedules": [sleeps]}}
    assert checks(world)["awake"] == (
        "missing",
        'it hibernates by "0 20 * * *"; wake it and take its hibernation schedules away',
    )
    sleeps["isEnabled"] = False
    found = checks(world)
    assert {outcome for outcome, _ in found.values()} == {"met"}
    assert "4 same" in found["values-verified"][1]
    assert "a task there got 4 values" in found["secrets-backend"][1]
    assert "2 reached by a task there" in found["network-reach"][1]
    assert "2 DAGs seen now" in found["dags-imported"][1]
    assert "1 alert (TASK_FAILURE)" in found["alerts"][1]
    assert "3 people with their roles" in found["people-invited"][1]
    assert "Runtime 3.3-8" in found["known-good-deploy"][1]
    assert "A cutover may begin." in world.on_plan("check").out

    world.clock.pass_by(3 * 3600)
    assert "more than 2 h ago" in checks(world)["values-verified"][1]


def test_a_weaker_role_is_not_enough(world: World) -> None:
    world.applied(people=[{"email": "eve@example.com", "role": "WORKSPACE_AUTHOR"}])
    world.astro.add_person("eve@example.com", deployment(world).workspace, "WORKSPACE_MEMBER")
    outcome, detail = checks(world)["people-invited"]
    assert outcome == "missing"
    assert "eve@example.com (WORKSPACE_MEMBER)" in detail


def test_what_the_target_lacks_is_named(world: World) -> None:
    world.applied()
    world.target.broken.add("ticks_on")
    outcome, detail = checks(world)["dags-imported"]
    assert outcome == "missing"
    assert "not there: ticks_on" in detail
    world.target.broken = {"by_hand"}
    outcome, detail = checks(world)["dags-imported"]
    assert outcome == "met"  # another wave's file
    assert "import errors in office/by_hand.py, which none of them is in" in detail
    world.target.broken = set()
    assert checks(world)["dags-imported"][0] == "met"
    # Of whatever wave: what runs on both sides keeps a cutover from beginning, until apply has paused it.
    world.target.dags["by_hand"].is_paused = False
    assert checks(world)["one-side"] == ("missing", "apply --stage dags pauses on the target: by_hand")
    assert world.on_plan("apply", "--stage", "dags").code == 0
    assert checks(world)["one-side"] == ("met", "none is unpaused on both now")
    # Parsed once, broken since: Airflow lists the DAG still.
    parse = world.target._parse

    def broken_since() -> None:
        parse()
        world.target.fake.import_errors = [(f"{folder}/ticks_now.py", "SyntaxError") for folder in folders]

    world.monkeypatch.setattr(world.target, "_parse", broken_since)
    folders = ["another"]  # a file of the same name, which is nobody's here
    assert checks(world)["dags-imported"][0] == "met"
    folders.append("quay")
    outcome, detail = checks(world)["dags-imported"]
    assert outcome == "missing"
    assert "import errors in quay/ticks_now.py; mend the code" in detail


def test_what_does_not_parse_on_the_source_either_keeps_no_wave_back(world: World) -> None:
    broken = SimImportError("office/old.py", "from airflow.gone import it")
    world.estate.import_errors = (broken,)
    world.estate.write_dags(world.dags_folder)
    world.applied()
    world.target.broken = {"old"}
    outcome, detail = checks(world)["dags-imported"]
    assert outcome == "met"
    assert detail.endswith("no import errors but those of the source (office/old.py)")


def test_a_closed_port_and_a_missing_value_are_seen(world: World) -> None:
    world.applied()
    world.target.reach["quay_pg"] = "timeout"
    del world.target.fake.variables["region"]
    assert world.on_plan("verify").code == 6
    found = checks(world)
    equal = LastComparison(world.clock.now(), equal=True, counts={"same": 19, "unreachable": 4})
    assert equal.equal_in_words == "23 same; 4 places did not answer"
    outcome, detail = found["network-reach"]
    assert outcome == "to be confirmed"
    assert "quay_pg (timeout) not reached; open the path and compare again, or confirm that none" in detail
    assert "does not get region" in found["secrets-backend"][1]
    assert found["values-verified"][0] == "missing"


def test_a_deploy_after_the_comparison_is_not_the_good_one(world: World) -> None:
    world.applied()
    assert checks(world)["known-good-deploy"][0] == "met"
    (world.dags_folder / "more.py").write_text("# nothing", encoding="utf-8")
    assert world.on_plan("apply", "--stage", "dags").code == 0
    outcome, detail = checks(world)["known-good-deploy"]
    assert outcome == "missing"
    assert "test and run verify again" in detail


def test_where_astro_tells_no_alerts_a_person_does(world: World) -> None:
    world.applied(confirmed=[])
    world.astro.fail_next("GET /platform/v1beta1/*", 404)
    outcome, detail = checks(world)["alerts"]
    assert outcome == "to be confirmed"
    assert "does not tell its alerts" in detail
    said = world.on_plan("approve", "--what", "alerts", "--by", "Olivia Owner")
    assert said.code == 0, said.err
    outcome, detail = checks(world)["alerts"]
    assert (outcome, detail[:16]) == ("confirmed", "by Olivia Owner,")


def test_an_outer_secrets_backend_must_be_configured_there(world: World) -> None:
    world.applied()
    world.edit_plan('secrets_backend = "airflow"', 'secrets_backend = "hashicorp-vault"')
    assert "AIRFLOW__SECRETS__BACKEND is not set" in checks(world)["secrets-backend"][1]


def test_a_cutover_that_was_begun_goes_on_without_the_checklist(world: World) -> None:
    world.applied()
    world.kill_at(8, before=False)
    with pytest.raises(KilledError):
        world.on_plan("cutover", *CONFIRM)
    world.revive()
    world.clock.pass_by(30 * 3600)  # the comparison is too old by now
    again = world.on_plan("cutover", *CONFIRM)
    assert "is not ready" not in again.err
    assert again.code == 0, again.err
    # Nobody has looked at what comes to the wave afterwards.
    world.edit_plan('"ticks_now",', '"ticks_now", "by_hand",')
    more = world.on_plan("cutover", *CONFIRM)
    assert more.code == 3
    assert "values-verified:" in more.err
    assert not world.estate.engine.dags["by_hand"].is_paused
    world.edit_plan('"ticks_now", "by_hand",', '"ticks_now",')
    assert world.on_plan("rollback", "--wave", "pilot", "--dag", "ticks_on", "--confirm", DEPLOYMENT).code == 0
    assert "values-verified:" in world.on_plan("cutover", *CONFIRM).err  # nor at what has come back


def test_a_plan_that_asks_for_approval_waits_for_a_second_person(world: World) -> None:
    world.planned(approval={"author": "Anna", "before": ["apply", "cutover"]})
    refused = world.on_plan("apply")
    assert refused.code == 3
    assert "nobody has approved it" in refused.err
    assert world.on_plan("apply", "--dry-run").code == 0
    own = world.on_plan("approve", "--by", "anna")
    assert own.code == 3
    assert "somebody else has to approve it" in own.err
    assert world.on_plan("approve", "--by", "Ben").code == 0
    assert world.on_plan("apply").code == 0
    assert checks(world)["approval"][0] == "met"
    world.edit_plan("watch_ticks = 3", "watch_ticks = 2")
    assert "changed after it was approved" in checks(world)["approval"][1]
    refused = world.on_plan("cutover", *CONFIRM)
    assert (refused.code, "approval:" in refused.err) == (3, True)
    # Half-way too: an edit is approved before the cutover goes on by it.
    ready = world.folder / "half.jsonl"
    journal = Journal(ready)
    journal.write("ready/pilot", "found", facts={"dags": ["ticks_now"]})
    standing = DagStanding("ticks_on", source_paused=False, target_paused=True, at=NOW)
    journal.write("cutover/pilot/ticks_on/record", "begin")
    journal.write("cutover/pilot/ticks_on/record", "applied", facts=standing.to_facts())
    journal.write("cutover/pilot/ticks_on/record", "done")
    world.journal_path.write_bytes(world.journal_path.read_bytes() + ready.read_bytes())
    refused = world.on_plan("cutover", *CONFIRM)
    assert (refused.code, "changed after it was approved" in refused.err) == (3, True)


def test_an_approval_needs_an_author_and_a_name(world: World) -> None:
    world.planned()
    assert "does not say who wrote it" in world.on_plan("approve", "--by", "Ben").err
    assert world.on_plan("approve", "--by", " ").code == 2
    before = world.plan_path.read_bytes()
    for typo, says in (
        ("alert", 'Did you mean "alerts"?'),
        ("runbook:docs/on call.md", "They are: "),
        ("No key!", "They are: "),
    ):
        told = world.on_plan("approve", "--what", "alerts", "--what", typo, "--by", "Ben")
        assert (told.code, says in told.err) == (2, True), told.err
    assert world.plan_path.read_bytes() == before
    with world.plan_path.open("a", encoding="utf-8") as plan:
        plan.write('\n[decommission]\nrunbooks = ["docs/on call.md"]\n')
    told = world.on_plan("approve", "--what", "runbook:docs/on call.md", "--by", "Ben", "--json")
    assert told.json["confirmed"] == ["runbook:docs/on call.md"]


def test_the_audit_tells_who_did_what_where_and_how_it_ended(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASTROFERRY_OPERATOR", "=deploy-bot")
    world.applied()
    rows = [json.loads(line) for line in world.on_plan("audit").out.splitlines()]
    assert {row["by"] for row in rows} == {"=deploy-bot"}
    made = {row["action"]: row for row in rows if row["outcome"] == "done, read back"}
    assert made[f"connection/{DEPLOYMENT}/quay_pg"]["where"] == DEPLOYMENT
    assert made[f"connection/{DEPLOYMENT}/quay_pg"]["subject"] == "quay_pg"
    assert made[f"verify/{DEPLOYMENT}"]["where"] == DEPLOYMENT
    table = world.folder / "audit.csv"
    ran = world.on_plan("audit", "--out", str(table))
    assert ran.code == 0, ran.err
    text = table.read_text(encoding="utf-8")
    assert text.splitlines()[0] == "number,at,by,action,where,subject,outcome,why,facts"
    assert "'=deploy-bot" in text
    assert "pg-Secret" not in text
    assert table.stat().st_mode & 0o777 == 0o600
    assert world.on_plan("audit", "--out", str(world.folder / "audit.txt")).code == 2
