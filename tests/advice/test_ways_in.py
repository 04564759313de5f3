"""Every way into a network says who must do what."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.advice.rules.rulecase import PLAN, case, place, source

from astroferry.advice import ways_in
from astroferry.advice.rules.cluster import ON_DEDICATED
from astroferry.model.plan import Network

PLACES = source(places=(place("10.0.0.1", "peering"), place("api.example.com", "public")))
RANGE = replace(PLAN, network=Network(vpc_subnet_range="172.20.0.0/20"))


@pytest.mark.parametrize("way", ways_in.WAYS, ids=lambda way: f"{way.cloud}-{way.way}")
def test_a_way_begins_with_the_cluster_and_ends_with_a_test(way: ways_in.WayIn) -> None:
    assert way.way in ON_DEDICATED
    assert way.source
    assert "Create the dedicated cluster" in way.steps[0].what
    assert way.steps[-1].what.startswith("Test")
    assert {"cloud network team", "security"} <= {step.who for step in way.steps} | {"cloud network team"}
    assert all(step.what.endswith(".") for step in way.steps)
    assert all(limit.endswith(".") for limit in way.limits)


def test_ways_of_each_cloud() -> None:
    assert [way.way for way in ways_in.ways("AWS")] == ["vpc-peering", "private-endpoint", "transit-gateway", "vpn"]
    assert [way.way for way in ways_in.ways("GCP")] == ["vpc-peering", "private-endpoint", "vpn"]
    assert next(way.name for way in ways_in.ways("AZURE")) == "VNet peering"
    assert ways_in.way_in("GCP", "transit-gateway") is None


def test_steps_follow_the_plan() -> None:
    peered = case(inventory=PLACES, cluster="dedicated", networking="vpc-peering")
    assert "Accept the peering request" in " ".join(step.what for step in ways_in.steps(peered))
    agents = case(inventory=PLACES, execution="remote", networking="remote-agents")
    assert ways_in.steps(agents) == ways_in.REMOTE_AGENTS
    assert ways_in.steps(case(inventory=PLACES)) == ways_in.PUBLIC
    assert ways_in.steps(case()) == ()


def test_allow_lists_follow_the_plan() -> None:
    assert ways_in.allow_lists(case(inventory=PLACES)).at_places == ("api.example.com",)
    peered = ways_in.allow_lists(case(RANGE, PLACES, cluster="dedicated"))
    assert peered.at_places == ("api.example.com", "10.0.0.1")
    assert any("172.20.0.0/20" in line for line in peered.admit)
    agents = ways_in.allow_lists(case(inventory=PLACES, execution="remote"))
    assert agents.at_places == ()
    assert agents.admit == ()
    assert "<cluster-id>.external.astronomer.run" in agents.outbound
