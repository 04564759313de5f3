"""The comparison on the target: planted differences are found, and what was not compared is not passed over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.harness import DEPLOYMENT

from astroferry.carry.probes.leftovers import KEY_PREFIX
from astroferry.carry.probes.probefile import DAG_ID
from astroferry.carry.verifying import PROBE_LABEL
from astroferry.errors import Exit
from astroferry.simulator.source.estate import SimVariable

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.harness import Ran, World


def rows(ran: Ran) -> dict[str, Any]:
    """The rows of the only Deployment by their id."""
    (data,) = ran.json
    return {row["id"]: row for row in data["rows"]}


@pytest.mark.parametrize("field", ["conn_type", "host", "login", "password", "schema", "port", "extra"])
def test_a_planted_difference_in_any_field_of_a_connection_is_found(world: World, field: str) -> None:
    world.applied()
    there = world.target.fake.connections["quay_pg"]
    setattr(there, field, 1 if field == "port" else '{"planted": 1}')
    ran = world.on_plan("verify", "--json")
    assert ran.code == Exit.IN_PART
    found = rows(ran)
    assert (found["quay_pg"]["outcome"], found["quay_pg"]["differing"]) == ("differs", [field])
    assert {row["outcome"] for name, row in found.items() if name != "quay_pg"} == {"same"}


def test_differing_variables_missing_items_and_closed_ports_are_told_apart(world: World) -> None:
    world.applied()
    world.target.fake.variables["region"].value = "eu-central-1 "
    del world.target.fake.connections["plain_http"]
    world.target.reach["quay_pg"] = "timeout"
    ran = world.on_plan("verify")
    assert ran.code == Exit.IN_PART
    for said in (
        "The variable region differs on the target in value.",
        "The connection plain_http is missing on the target.",
        "tasks on the target do not reach its host and port. The port does not open from the target (timeout).",
        "2 connections: 1 missing, 1 unreachable; 2 variables: 1 same, 1 differs",
    ):
        assert said in " ".join(ran.out.split()), ran.out
    assert world.on_plan("status").code == Exit.IN_PART


def test_a_port_that_does_not_open_is_a_warning_and_no_difference(world: World) -> None:
    world.applied()
    world.target.reach["quay_pg"] = "refused"
    ran = world.on_plan("verify")
    assert ran.code == 0
    assert "warn: The connection quay_pg has the same values, but tasks on the target do not reach its" in ran.out


def test_what_has_no_value_is_not_compared_and_check_fails_on_it(world: World) -> None:
    world.applied()
    world.target.fake.variables["half"] = SimVariable("half", "whole")
    world.estate.variables["half"] = SimVariable("half", "***")
    assert world.assess().code == 0
    ran = world.on_plan("verify")
    assert ran.code == Exit.IN_PART
    assert "The variable half could not be compared." in ran.out
    checked = world.on_plan("check")
    assert checked.code == Exit.PLAN
    assert "Could not be compared: half" in checked.out
    assert "half" in world.on_plan("check", "--json").json["not_compared"]
    world.edit_plan('variables = "api"', 'variables = "api"\nskip_variables = ["half"]')
    assert world.on_plan("verify").code == 0
    assert world.on_plan("check").code == 0


def fails_to_load(world: World) -> None:
    world.target.broken.add(DAG_ID)


def never_parsed(world: World) -> None:
    world.target.no_probe = True


def fails(world: World) -> None:
    world.target.probe_state = "failed"


@pytest.mark.parametrize(
    ("plant", "said"),
    [
        (fails_to_load, "The probe DAG does not load on the target"),
        (never_parsed, "The target did not parse the probe DAG within 120 s."),
        (fails, "The probe failed on the target"),
    ],
)
def test_a_probe_that_cannot_run_compares_nothing_and_check_says_so(
    world: World, plant: Callable[[World], None], said: str
) -> None:
    world.applied()
    plant(world)
    ran = world.on_plan("verify")
    assert ran.code == Exit.REMOTE
    assert said in ran.err
    assert not [key for key in world.target.fake.variables if key.startswith(KEY_PREFIX)]
    assert not list(world.target.seat.dags_folder.glob(f"{DAG_ID}*"))
    checked = world.on_plan("check")
    assert checked.code == Exit.PLAN
    assert "Could not be compared: plain_http, quay_pg, partner_api_key, region" in checked.out
    assert said in world.on_plan("status").out
    refused = world.on_plan("cutover", "--wave", "pilot", "--confirm", DEPLOYMENT)
    assert refused.code == Exit.PLAN
    world.target.broken.clear()
    world.target.no_probe, world.target.probe_state = False, "success"
    assert world.on_plan("verify").code == 0
    assert world.on_plan("check").code == 0


def test_a_probe_that_a_killed_run_left_is_no_reason_to_refuse(world: World) -> None:
    world.applied()
    deployment = next(iter(world.astro.deployments.values()))
    deployment.deploys[-1].shown["description"] = PROBE_LABEL
    world.target.fake.variables[f"{KEY_PREFIX}old"] = SimVariable(f"{KEY_PREFIX}old", "an old key")
    ran = world.on_plan("verify")
    assert ran.code == 0, ran.err
    assert f"Removed {KEY_PREFIX}old, the key of an earlier probe that was stopped." in ran.err
    assert f"{KEY_PREFIX}old" not in world.target.fake.variables


def test_before_the_deployment_is_there(world: World) -> None:
    world.planned()
    ran = world.on_plan("verify")
    assert ran.code == Exit.REMOTE
    assert f'"{DEPLOYMENT}" is not on Astro yet. Run apply first.' in ran.err
