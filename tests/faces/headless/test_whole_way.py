"""The whole migration by the command: assess, plan, check, show, apply, verify, cutover, status, rollback."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from tests.harness import ASTRO, DEPLOYMENT, SOURCE

from astroferry.carry.probes.leftovers import KEY_PREFIX
from astroferry.model import inventoryfile
from astroferry.model.cutover import MARKER_PREFIX

if TYPE_CHECKING:
    from datetime import datetime

    import httpx
    from tests.harness import World

SLOWLY = {"poll": 60.0, "parse_timeout": 240, "drain_timeout": 1200, "watch_ticks": 3}
REST = ("by_hand", "by_dataset", "nightly")
CONFIRM = ("--confirm", DEPLOYMENT)
MADE_ONCE = ("createWorkspace", "createDeployment")


def ticks_run(world: World, dag_id: str) -> list[datetime]:
    """Ticks of which a task really ran, on either side, since the cutover could begin."""
    sides = (world.estate.engine, world.target.fake.engine)
    return sorted(
        run.interval.end
        for engine in sides
        for run in engine.dags[dag_id].runs.values()
        if run.interval is not None
        and not run.run_id.startswith(MARKER_PREFIX)
        and any(task.state == "success" for task in run.tasks)
    )


def paused(world: World) -> dict[str, tuple[bool, bool]]:
    """Whether the pilot's DAGs are paused on the source, and on the target."""
    here, there = world.estate.engine.dags, world.target.dags
    return {dag: (here[dag].is_paused, there[dag].is_paused) for dag in ("ticks_on", "ticks_now")}


def counts(world: World) -> dict[str, int]:
    """How often the servers made something, by their own logs."""
    made = {name: world.astro.count(name) for name in MADE_ONCE}
    for kind in ("connections", "variables", "pools"):
        made[kind] = sum(
            sent.made and sent.path == f"/api/v2/{kind}" and KEY_PREFIX not in sent.body for sent in world.target.sent
        )
    return made


def test_assess_reads_everything_and_changes_nothing(world: World) -> None:
    before = [dag.is_paused for dag in world.estate.engine.dags.values()]
    ran = world.assess()
    assert ran.code == 0
    assert "DAGs              5      4 active, 1 paused" in ran.out
    assert f"Inventory: {world.inventory_path}" in ran.out
    assert world.writes() == [("POST", "/login/")]  # Starship's session; nothing else
    assert [dag.is_paused for dag in world.estate.engine.dags.values()] == before
    inventory = inventoryfile.load(world.inventory_path)
    assert {dag.dag_id for dag in inventory.dags} == {"ticks_on", "ticks_now", "by_hand", "nightly", "by_dataset"}
    assert inventory.starship == "2.10.1"


def test_assess_gives_the_inventory_as_json(world: World) -> None:
    ran = world.run("assess", SOURCE, "--out", str(world.inventory_path), "--json")
    assert ran.json["airflow_version"] == "2.11.2"
    assert len(ran.json["dags"]) == 5


def test_a_plan_is_made_checked_and_shown_without_a_change(world: World) -> None:
    world.planned()
    assert world.plan.decisions.runtime == "3.3-8"
    assert world.plan.target.organization == world.astro.organization
    assert world.plan.target.api == ASTRO
    checked = world.on_plan("check")
    assert checked.code == 0, checked.out
    assert "The plan can be carried out." in checked.out
    shown = world.on_plan("show")
    assert shown.code == 0
    assert "1 Deployment " in shown.out
    data = world.on_plan("show", "--json").json
    assert [wave["dags"] for wave in data["waves"]] == [
        ["ticks_now", "ticks_on"],
        ["by_dataset", "by_hand", "nightly"],
    ]
    assert world.on_plan("check", "--json").json["ready"] is True
    assert {path for _, path in world.writes()} == {"/login/"}
    assert not world.journal_path.exists()


def test_plan_says_where_it_is_as_json(world: World) -> None:
    world.planned()
    where = ("--inventory", str(world.inventory_path), "--answers", str(world.folder / "answers.toml"))
    again = world.run("plan", *where, "--out", str(world.folder / "again.toml"), "--json")
    assert again.json == {"plan": str(world.folder / "again.toml"), "name": "quay"}


def test_a_dry_run_changes_nothing(world: World) -> None:
    world.planned()
    before = len(world.wire.requests)
    ran = world.on_plan("apply", "--dry-run")
    assert ran.code == 0, ran.err
    assert "Would be: 11 todo." in ran.out
    assert [item for item in world.wire.requests[before:] if item[0] != "GET" and "/login" not in item[1]] == []
    assert not world.journal_path.exists()
    data = world.on_plan("apply", "--dry-run", "--json").json
    assert data["dry_run"] is True
    assert data["counts"]["todo"] == 11


def test_apply_carries_all_of_it_and_a_second_apply_changes_nothing(world: World) -> None:
    world.planned()
    ran = world.on_plan("apply")
    assert ran.code == 0, ran.err
    assert "2 connections: 2 same; 2 variables: 2 same" in ran.out
    target = world.target
    assert all(dag.is_paused for dag in target.dags.values())
    assert set(target.dags) == set(world.estate.engine.dags)  # and no probe
    password = world.estate.connections["quay_pg"].password
    assert target.fake.connections["quay_pg"].password == password
    assert target.fake.variables.keys() == {"region", "partner_api_key"}
    assert target.fake.pools["berths"].slots == 4
    assert target.seat.environment["AIRFLOW__SCHEDULER__CREATE_CRON_DATA_INTERVALS"] == "True"
    once = counts(world)
    assert once == {"createWorkspace": 1, "createDeployment": 1, "connections": 2, "variables": 2, "pools": 1}
    assert [wave.state for wave in world.plan.waves] == ["tested", "tested"]

    again = world.on_plan("apply", "--stage", "dags")
    assert again.code == 0, again.err
    assert "Carried out: 2 found." in again.out
    deploys = world.astro.count("createDeploy")
    whole = world.on_plan("apply")
    assert whole.code == 0, whole.err
    assert "Carried out: 11 found." in whole.out
    assert counts(world) == once
    assert world.astro.count("createDeploy") == deploys + 2  # the comparison: the probe comes and goes


def test_the_stages_one_by_one_with_their_gates(world: World) -> None:
    world.planned()
    closed = world.on_plan("apply", "--stage", "dags")
    assert closed.code == 3
    assert "The stage dags comes after prepare, where 4 items are not done" in closed.err
    assert "Run apply --stage prepare first." in closed.err
    for stage, said in (("prepare", "4 done"), ("configuration", "5 done"), ("dags", "1 done, 1 found")):
        ran = world.on_plan("apply", "--stage", stage)
        assert ran.code == 0, ran.err
        assert said in ran.out, ran.out
    assert {wave.state for wave in world.plan.waves} == {"deployed to test"}
    tested = world.on_plan("apply", "--stage", "test", "--json")
    assert tested.code == 0, tested.err
    assert (tested.json["equal"], tested.json["compared"][0]["deployment"]) == (True, DEPLOYMENT), "one document"
    assert {wave.state for wave in world.plan.waves} == {"tested"}


def test_only_what_a_wave_needs(world: World) -> None:
    other = {"name": "quay-second", "workspace": "Quay", "executor": "CELERY"}
    first = {"name": DEPLOYMENT, "workspace": "Quay", "executor": "ASTRO"}
    waves = [
        {"name": "pilot", "test": DEPLOYMENT, "production": DEPLOYMENT, "dags": ["ticks_on"]},
        {"name": "rest", "test": "quay-second", "production": "quay-second", "dags": ["*"]},
    ]
    world.planned(deployments=[first, other], waves=waves)
    ran = world.on_plan("apply", "--wave", "pilot")
    assert ran.code == 0, ran.err
    assert len(world.targets) == 1
    assert [wave.state for wave in world.plan.waves] == ["tested", "planned"]


def test_verify_again_as_table_and_as_json(world: World) -> None:
    world.applied()
    assert world.on_plan("verify").code == 0
    (data,) = world.on_plan("verify", "--json").json
    assert data["equal"] is True
    assert {row["outcome"] for row in data["rows"]} == {"same"}
    assert not [key for key in world.target.fake.variables if key.startswith(KEY_PREFIX)]
    assert "astroferry_probe_values" not in world.target.dags


def test_status_before_and_after(world: World) -> None:
    world.planned()
    fresh = world.on_plan("status")
    assert fresh.code == 0
    assert "Nothing has been carried out yet." in fresh.out
    assert world.on_plan("apply").code == 0
    done = world.on_plan("status", "--json").json
    assert [(stage["stage"], stage["done"], stage["actions"]) for stage in done["stages"]] == [
        ("prepare", 4, 4),
        ("configuration", 5, 5),
        ("dags", 2, 2),
        ("test", 1, 1),
    ]
    assert {wave["state"] for wave in done["waves"]} == {"tested"}
    assert "Last entry in the journal" in world.on_plan("status").out


def test_cutover_and_back_run_every_tick_exactly_once(world: World) -> None:
    world.applied(cutover=SLOWLY)
    began = world.clock.now()
    over = world.on_plan("cutover", "--wave", "pilot", *CONFIRM)
    assert over.code == 0, over.err
    assert "ticks_now: 3 once, 0 twice, 0 missed" in over.out
    assert "ticks_on: 3 once, 0 twice, 0 missed" in over.out
    assert [wave.state for wave in world.plan.waves] == ["cut over", "tested"]
    assert paused(world) == {"ticks_on": (True, False), "ticks_now": (True, False)}

    one = world.on_plan("rollback", "--wave", "pilot", "--dag", "ticks_now", *CONFIRM)
    assert one.code == 0, one.err
    assert paused(world) == {"ticks_on": (True, False), "ticks_now": (False, True)}
    rest = world.on_plan("rollback", *CONFIRM)
    assert rest.code == 0, rest.err
    assert paused(world) == {"ticks_on": (False, True), "ticks_now": (False, True)}
    assert [wave.state for wave in world.plan.waves] == ["tested", "tested"]
    for dag in ("ticks_on", "ticks_now"):
        ran = [tick for tick in ticks_run(world, dag) if tick > began]
        assert len(ran) == len(set(ran)), ran
        # Five minutes apart from the first to the last: none is missing.
        assert all((b - a).total_seconds() == 300 for a, b in pairwise(ran)), ran
        assert len(ran) >= 4
    for dag in ("by_hand", "nightly", "by_dataset"):
        assert world.target.dags[dag].is_paused


def test_cutover_as_json(world: World) -> None:
    world.applied(cutover=SLOWLY)
    data = world.on_plan("cutover", "--wave", "pilot", "--json", *CONFIRM).json
    assert data["wave"] == "pilot"
    assert data["exact"] is True
    assert {row["side"] for rows in data["ticks"].values() for row in rows} == {"target"}


def test_ticks_that_are_only_listed_are_no_miss(world: World) -> None:
    world.applied(cutover={**SLOWLY, "gap": "list"}, watch={"poll_seconds": 150.0})
    waited = False

    def long_between(request: httpx.Request) -> httpx.Response | None:
        nonlocal waited
        if not waited and request.method == "PATCH" and request.url.path.endswith("/api/v2/dags/ticks_now"):
            waited = True
            world.clock.pass_by(1200)
        return None

    world.wire.before = long_between
    ran = world.on_plan("cutover", "--wave", "pilot", "--json", *CONFIRM)
    assert ran.code == 0, ran.err
    nobody = [row["tick"] for row in ran.json["ticks"]["ticks_now"] if row["side"] is None]
    assert len(nobody) >= 3
    assert (ran.json["exact"], ran.json["listed"]) == (True, {"ticks_now": nobody})
    again = world.on_plan("cutover", "--wave", "pilot", *CONFIRM)
    assert f"0 twice, 0 missed, {len(nobody)} listed" in again.out
    watched = world.on_plan("watch", "--json").json["waves"]["pilot"]
    assert {item["verdict"] for item in watched} == {"well"}


def unread(world: World, dag_id: str) -> None:
    """The schedule of this DAG could not be read when the inventory was taken."""
    data = json.loads(world.inventory_path.read_text(encoding="utf-8"))
    next(dag for dag in data["dags"] if dag["dag_id"] == dag_id)["schedule"]["kind"] = "unknown"
    world.inventory_path.write_text(json.dumps(data), encoding="utf-8")


def test_dags_that_cannot_be_handed_over_are_named_and_stay(world: World) -> None:
    world.applied()
    unread(world, "by_hand")
    over = world.on_plan("cutover", "--wave", "rest", *CONFIRM)
    assert over.code == 0, over.err
    assert 'warn: The DAG "by_hand" is not handed over: its schedule could not be read.' in over.err
    sides = {dag: (world.estate.engine.dags[dag].is_paused, world.target.dags[dag].is_paused) for dag in REST}
    # The nightly one was paused on the source, so nobody wants it to run.
    assert sides == {"by_hand": (False, True), "by_dataset": (True, False), "nightly": (True, True)}


def test_a_wave_of_which_nothing_can_be_handed_over(world: World) -> None:
    waves = [{"name": "only", "test": DEPLOYMENT, "production": DEPLOYMENT, "dags": ["by_hand"]}]
    world.applied(waves=waves)
    unread(world, "by_hand")
    ran = world.on_plan("cutover", "--wave", "only", *CONFIRM)
    assert ran.code == 3
    assert 'No DAG of the wave "only" can be handed over.' in ran.err


def test_stages_are_undone_in_reverse_and_nothing_of_ours_is_left(world: World) -> None:
    world.applied()
    for stage, said in (
        ("dags", "its DAGs stay there, paused"),
        ("configuration", "deleted"),
        ("prepare", "deleted"),
    ):
        ran = world.on_plan("rollback", "--stage", stage, *CONFIRM)
        assert ran.code == 0, ran.err
        assert said in ran.err
    assert world.astro.deployments == {}
    assert world.astro.workspaces == {}
    assert "There was nothing to roll back." in world.on_plan("rollback", "--stage", "prepare", *CONFIRM).err
    again = world.on_plan("apply")
    assert again.code == 0, again.err
    assert "10 done, 1 found" in again.out


def test_undo_leaves_alone_what_was_there_before(world: World) -> None:
    world.applied()
    second: dict[str, Any] = {"conflicts": {"pools": "skip", "connections": "skip", "variables": "skip"}}
    world.journal_path.unlink()
    assert world.make_plan(**second).code == 0
    assert world.on_plan("apply").code == 0
    for stage in ("dags", "configuration", "prepare"):
        ran = world.on_plan("rollback", "--stage", stage, *CONFIRM)
        assert ran.code == 0, ran.err
        assert "There was nothing to roll back." in ran.err
    assert world.target.fake.connections.keys() == {"quay_pg", "plain_http"}
    assert len(world.astro.deployments) == 1


def test_check_shows_what_changed_on_the_source_since(world: World) -> None:
    world.planned()
    world.estate.variables["region"].value = "eu-west-1-and-longer"
    del world.estate.connections["plain_http"]
    ran = world.on_plan("check")
    assert "variable region: size" in ran.out
    assert "connection plain_http: gone" in ran.out


def test_rollback_of_nothing(world: World) -> None:
    world.applied()
    ran = world.on_plan("rollback", *CONFIRM)
    assert ran.code == 0
    assert "There was nothing to roll back." in ran.err
