"""What is on the target already: left, replaced or refused by the plan's policy; a masked value is never sent."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from tests.harness import BY_HAND, CONNECTIONS, DEPLOYMENT, POOLS, VARIABLES, World

from astroferry.carry.journal import Journal
from astroferry.carry.probed import facts_of
from astroferry.errors import Exit
from astroferry.model.comparison import Comparison
from astroferry.model.secret import MASK
from astroferry.simulator.source.estate import SimConnection, SimPool, SimVariable

if TYPE_CHECKING:
    from pathlib import Path

CONFIRM = ("--confirm", DEPLOYMENT)
THEIRS: dict[str, tuple[str, Any]] = {
    "connections": (
        "quay_pg",
        SimConnection("quay_pg", "mysql", host="theirs.example.com", password="their-Secret-0x9"),
    ),
    "variables": ("region", SimVariable("region", "their region")),
    "pools": ("berths", SimPool("berths", 99, "theirs")),
}
KINDS = tuple(THEIRS)


def with_theirs(world: World, kind: str, policy: str) -> Any:
    """A Deployment on which somebody else has made an item of the same name; gives the table it is in."""
    world.planned(conflicts={kind: policy})
    ran = world.on_plan("apply", "--stage", "prepare", *CONFIRM)
    assert ran.code == 0, ran.err
    name, item = THEIRS[kind]
    table = getattr(world.target.fake, kind)
    table[name] = type(item)(*[getattr(item, slot) for slot in item.__slots__])
    return table


def shown(item: Any) -> dict[str, Any]:
    return {slot: getattr(item, slot) for slot in item.__slots__}


@pytest.mark.parametrize("kind", KINDS)
def test_fail_names_it_and_touches_nothing(world: World, kind: str) -> None:
    table = with_theirs(world, kind, "fail")
    name, theirs = THEIRS[kind]
    ran = world.on_plan("apply", "--stage", "configuration")
    assert ran.code == Exit.IN_PART
    assert f'is on the target already with another content: set conflicts.{kind} to "skip" or "overwrite"' in ran.err
    assert "1 item of 5 failed." in ran.err
    assert shown(table[name]) == shown(theirs)
    # All others are there.
    assert len(world.target.fake.connections) == 2
    assert world.target.fake.variables.keys() == {"region", "partner_api_key"}
    # Undoing takes away ours, not theirs.
    assert world.on_plan("rollback", "--stage", "configuration", *CONFIRM).code == 0
    assert shown(table[name]) == shown(theirs)
    assert world.target.fake.variables.keys() == ({"region"} if kind == "variables" else set())


@pytest.mark.parametrize("kind", KINDS)
def test_skip_leaves_it_and_says_so(world: World, kind: str) -> None:
    table = with_theirs(world, kind, "skip")
    name, theirs = THEIRS[kind]
    ran = world.on_plan("apply", "--stage", "configuration")
    assert ran.code == 0, ran.err
    assert "is there already and was left as it is (conflicts: skip)" in ran.err
    assert shown(table[name]) == shown(theirs)
    assert world.on_plan("rollback", "--stage", "configuration", *CONFIRM).code == 0
    assert shown(table[name]) == shown(theirs)


@pytest.mark.parametrize("kind", KINDS)
def test_overwrite_replaces_every_field_after_a_confirmation(world: World, kind: str) -> None:
    table = with_theirs(world, kind, "overwrite")
    name, theirs = THEIRS[kind]
    asked = world.on_plan("apply", "--stage", "configuration")
    assert asked.code == Exit.PLAN
    assert f"Confirm with --confirm {DEPLOYMENT}." in asked.err
    assert shown(table[name]) == shown(theirs)
    ran = world.on_plan("apply", "--stage", "configuration", *CONFIRM)
    assert ran.code == 0, ran.err
    assert shown(table[name]) == shown(getattr(world.estate, kind)[name])
    assert world.on_plan("apply", *CONFIRM).code == 0
    undone = world.on_plan("rollback", "--stage", "configuration", *CONFIRM)
    assert undone.code == 0, undone.err
    assert "left as it is: it overwrote one whose former value Airflow does not show" in undone.err
    assert name in table
    assert len(world.target.fake.connections) == (1 if kind == "connections" else 0)


def test_what_differs_only_where_airflow_hides_it_is_not_taken_for_the_same(world: World) -> None:
    world.planned()
    assert world.on_plan("apply", "--stage", "prepare").code == 0
    alike = shown(world.estate.connections["quay_pg"]) | {"password": "another-Secret-0x8"}
    world.target.fake.connections["quay_pg"] = SimConnection(**alike)
    world.target.fake.variables["partner_api_key"] = SimVariable("partner_api_key", "another-Secret-0x9")
    ran = world.on_plan("apply", "--stage", "configuration")
    assert ran.code == Exit.IN_PART
    assert ran.err.count("is on the target already; Airflow hides its value") == 2
    assert world.target.fake.connections["quay_pg"].password == "another-Secret-0x8"
    # Skipped, it is the probe that tells.
    world.edit_plan('connections = "fail"', 'connections = "skip"')
    world.edit_plan('variables = "fail"', 'variables = "skip"')
    ran = world.on_plan("apply")
    assert ran.code == Exit.IN_PART
    assert "The connection quay_pg differs on the target in password." in ran.out
    assert "The variable partner_api_key differs on the target in value." in ran.out


def test_ours_from_before_a_crash_is_no_conflict_and_theirs_is(world: World) -> None:
    """The journal tells them apart: the same content, once begun by us, once by somebody else."""
    world.planned()
    assert world.on_plan("apply", "--stage", "prepare").code == 0
    ran = world.on_plan("apply", "--stage", "configuration")
    assert ran.code == 0
    world.journal_path.write_text(
        "".join(
            line
            for line in world.journal_path.read_text(encoding="utf-8").splitlines(keepends=True)
            if "quay_pg" not in line or '"begin"' in line
        ),
        encoding="utf-8",
    )
    again = world.on_plan("apply", "--stage", "configuration")
    assert again.code == 0, again.err
    lines = [line for line in world.journal_path.read_text(encoding="utf-8").splitlines() if "quay_pg" not in line]
    world.journal_path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    theirs = world.on_plan("apply", "--stage", "configuration")
    assert theirs.code == Exit.IN_PART
    assert "Airflow hides its value" in theirs.err


def test_what_was_changed_on_astro_since_is_not_set_back_unasked(world: World) -> None:
    """A connection pointed at test data, as our own advice says; after a cutover it may be production's new host."""
    world.planned()
    assert world.on_plan("apply", "--stage", "prepare").code == 0
    assert world.on_plan("apply", "--stage", "configuration").code == 0
    there = world.target.fake.connections
    there["quay_pg"].host = "test-db.example.com"
    world.target.fake.pools["berths"].slots = 99
    for _ in range(2):
        ran = world.on_plan("apply", "--stage", "configuration")
        assert ran.code == Exit.IN_PART
        assert ran.err.count("has another content there than was written") == 2
        assert there["quay_pg"].host == "test-db.example.com"
    world.edit_plan('connections = "fail"', 'connections = "skip"')
    world.edit_plan('pools = "fail"', 'pools = "overwrite"')
    ran = world.on_plan("apply", "--stage", "configuration", "--confirm", DEPLOYMENT)
    assert (ran.code, there["quay_pg"].host) == (0, "test-db.example.com"), ran.err
    assert world.target.fake.pools["berths"].slots != 99


def test_where_the_targets_own_value_is_right_every_text_names_the_way_out(world: World) -> None:
    """Edited on Astro after one wave runs there; to skip it by `conflicts` would only bring it before the probe."""
    world.applied()
    world.target.fake.variables["region"].value = "eu-west-1"
    told = world.on_plan("verify")
    assert told.code == Exit.IN_PART
    assert 'add "region" to values.skip_variables in the plan' in told.out
    refused = world.on_plan("cutover", "--wave", "pilot", *CONFIRM)
    assert refused.code == Exit.PLAN
    assert "where the target's value is right, name region in values.skip_variables." in refused.err
    doubt = world.on_plan("apply", "--stage", "configuration")
    assert doubt.code == Exit.IN_PART
    assert 'where what is there is right, add "region" to values.skip_variables' in doubt.err
    world.edit_plan('variables = "api"', 'variables = "api"\nskip_variables = ["region"]')
    assert world.on_plan("verify").code == 0
    assert world.on_plan("apply", "--stage", "configuration").code == 0
    assert world.target.fake.variables["region"].value == "eu-west-1"


def test_a_hidden_value_that_a_comparison_found_changed_is_written_anew_where_the_plan_overwrites(
    world: World,
) -> None:
    """Nothing else shows it; and it is what `verify` tells people to do."""
    world.planned()
    assert world.on_plan("apply", "--stage", "prepare").code == 0
    assert world.on_plan("apply", "--stage", "configuration").code == 0
    there = world.target.fake.connections["quay_pg"]
    there.password = "rotated-Secret-0x7"
    rows = [Comparison("connection", "quay_pg", "differs", differing=("password",))]
    Journal(world.journal_path).write(f"verify/{DEPLOYMENT}", "applied", facts=facts_of(rows))
    assert world.on_plan("apply", "--stage", "configuration").code == 0
    assert there.password == "rotated-Secret-0x7", "not asked for"
    world.edit_plan('connections = "fail"', 'connections = "overwrite"')
    for written in (True, False):
        sent = len(world.target.sent)
        ran = world.on_plan("apply", "--stage", "configuration", *CONFIRM)
        assert ran.code == 0, ran.err
        assert (len(world.target.sent) > sent) == written
        assert world.target.fake.connections["quay_pg"].password == world.estate.connections["quay_pg"].password


def test_what_appears_between_looking_and_making_is_an_error_not_a_guess(world: World) -> None:
    world.planned()
    assert world.on_plan("apply", "--stage", "prepare").code == 0

    def someone(request: Any) -> None:
        if request.method == "POST" and request.url.path.endswith("/api/v2/pools"):
            world.target.fake.pools["berths"] = SimPool("berths", 99)

    world.wire.before = someone
    ran = world.on_plan("apply", "--stage", "configuration")
    assert ran.code == Exit.IN_PART
    assert 'Pool "berths" on "quay-production" appeared on the target while it was being made.' in ran.err
    assert world.target.fake.pools["berths"].slots == 99


def test_a_server_that_keeps_something_else_than_was_written_is_noticed(world: World) -> None:
    world.planned()
    assert world.on_plan("apply", "--stage", "prepare").code == 0

    def changed(kind: str, request: Any) -> None:
        # Between the writing and the reading back, somebody changes the pool.
        if request.method == "GET" and kind in request.url.path and "berths" in world.target.fake.pools:
            world.target.fake.pools["berths"].slots = 5

    world.wire.before = lambda request: changed("/api/v2/pools", request)
    ran = world.on_plan("apply", "--stage", "configuration")
    assert ran.code == Exit.IN_PART
    assert "after writing, the target shows it as different" in ran.err


MASKED = SimConnection("from_mask", "postgres", None, "pg.example.com", "me", MASK, "db", 5432, None)
HALF = SimVariable("half_masked", f"prefix-{MASK}-suffix")


@pytest.fixture
def masked_world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    return World(
        tmp_path,
        monkeypatch,
        dags=(BY_HAND,),
        connections=(*CONNECTIONS, MASKED),
        variables=(*VARIABLES, HALF),
        pools=POOLS,
    )


def test_a_masked_value_is_never_sent_and_listed_as_missing(masked_world: World) -> None:
    world = masked_world
    world.planned(waves=[{"name": "all", "test": DEPLOYMENT, "production": DEPLOYMENT, "dags": ["*"]}])
    ran = world.on_plan("apply")
    assert ran.code == Exit.IN_PART
    assert 'Connection "from_mask" on "quay-production"' in ran.err
    assert "shows only Airflow's mask for password, not the value" in ran.err
    assert 'Variable "half_masked" on "quay-production"' in ran.err
    bodies = [body for method, _, body in world.wire.requests if method != "GET"]
    assert any(b"pg-Secret-0x71" in body for body in bodies), "the others were sent"
    assert not [body for body in bodies if MASK.encode() in body]
    assert world.target.fake.connections.keys() == {"quay_pg", "plain_http"}
    status = world.on_plan("status")
    assert status.code == Exit.IN_PART
    assert "2 items failed" in status.out
    # Skipped by name, the rest is whole.
    world.edit_plan(
        'variables = "api"',
        'variables = "api"\nskip_connections = ["from_mask"]\nskip_variables = ["half_masked"]',
    )
    again = world.on_plan("apply")
    assert again.code == 0, again.err


def test_values_that_must_be_typed_are_missing_where_nobody_may_be_asked(world: World) -> None:
    world.planned(values={"connections": "typed", "variables": "typed"})
    ran = world.on_plan("apply")
    assert ran.code == Exit.IN_PART
    assert ran.err.count("It must be typed, but nobody may be asked in this run.") == 4


def test_values_that_stay_in_a_backend_are_not_carried(world: World) -> None:
    world.planned(values={"connections": "backend", "variables": "none"})
    ran = world.on_plan("apply", "--stage", "prepare")
    assert ran.code == 0
    assert world.on_plan("apply", "--stage", "configuration").code == 0
    assert world.target.fake.connections == {}
    assert world.target.fake.variables == {}


def test_values_from_export_files(world: World) -> None:
    fields = ("conn_type", "description", "login", "password", "host", "port", "schema", "extra")
    exported = {
        name: {field: getattr(item, field) for field in fields} for name, item in world.estate.connections.items()
    }
    (world.folder / "connections.json").write_text(json.dumps(exported), encoding="utf-8")
    values = {name: item.value for name, item in world.estate.variables.items()}
    (world.folder / "variables.json").write_text(json.dumps(values), encoding="utf-8")
    for name in ("connections.json", "variables.json"):
        (world.folder / name).chmod(0o600)
    world.applied(
        values={
            "connections": "export-file",
            "connections_file": "connections.json",
            "variables": "export-file",
            "variables_file": "variables.json",
        }
    )
    assert world.target.fake.connections["quay_pg"].password == "pg-Secret-0x71"
