"""Every way into a network says who must do what."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.advice.rules.rulecase import PLAN, case, facts, place, source

from astroferry.advice import allow_lists, ways_in
from astroferry.advice.rules.cluster import ON_DEDICATED
from astroferry.model.organization import ClusterSeen
from astroferry.model.plan import Network

PLACES = source(places=(place("10.0.0.1", "peering"), place("api.example.com", "public")))
HARBOUR = ClusterSeen("c1", "harbour", "DEDICATED", "AWS", "us-east-1", "CREATED")
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


def test_nobody_is_told_to_make_a_cluster_that_is_there() -> None:
    peered: Any = {
        "inventory": PLACES,
        "cluster": "dedicated",
        "networking": "vpc-peering",
        "cluster_name": "harbour",
    }
    made = ways_in.steps(case(facts=replace(facts(), clusters=(HARBOUR,)), **peered))
    assert "Request the peering" in made[0].what
    growing = replace(facts(), clusters=(replace(HARBOUR, status="CREATING"),))
    assert "Wait for the cluster harbour" in ways_in.steps(case(facts=growing, **peered))[0].what
    assert "the dedicated cluster harbour;" in ways_in.steps(case(facts=facts(), **peered))[0].what
    # Not asked: the review page.
    assert "harbour with 172.20.0.0/20 for VPC, unless it is there" in ways_in.steps(case(RANGE, **peered))[0].what


def test_allow_lists_tell_public_places_from_private_ones() -> None:
    assert allow_lists.allow_lists(case(inventory=PLACES)).inbound == (
        allow_lists.Inbound(("api.example.com",), allow_lists.EXTERNAL_IPS),
    )
    peered: Any = {"cluster": "dedicated", "networking": "vpc-peering"}
    public, private = allow_lists.allow_lists(case(RANGE, PLACES, **peered)).lines[:2]
    assert public == f"On the allow lists of api.example.com: {allow_lists.EXTERNAL_IPS}."
    assert private == "On the allow lists of 10.0.0.1: the cluster's own range, 172.20.0.0/20 (VPC)."
    google = allow_lists.allow_lists(case(RANGE, PLACES, cloud="GCP", **peered)).lines[1]
    assert google.endswith("own ranges, 172.20.0.0/20 (VPC) and that of its pods.")
    # An endpoint is accepted, not listed.
    endpoint = allow_lists.allow_lists(case(inventory=PLACES, cluster="dedicated", networking="private-endpoint"))
    assert [item.places for item in endpoint.inbound] == [("api.example.com",)]


def test_allow_lists_are_whole() -> None:
    many = source(places=tuple(place(f"api{number}.example.com", "public") for number in range(30)))
    said = " ".join(allow_lists.allow_lists(case(inventory=many)).lines)
    assert all(item.host in said for item in many.places)
    assert all(host in said for host in allow_lists.ASTRO_HOSTS)


def test_agents_call_out_and_need_nobody_to_admit_astro() -> None:
    agents = allow_lists.allow_lists(case(inventory=PLACES, execution="remote"))
    assert agents.inbound == ()
    assert [(item.who, item.hosts) for item in agents.outbound] == [
        ("agents", allow_lists.AGENT_HOSTS),
        ("people and pipelines", allow_lists.ASTRO_HOSTS),
    ]
