"""Address ranges are proposed clear of everything, and what overlaps is named."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Network

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.advice.rules.rulecase import INVENTORY, PLAN, case, facts, place

from astroferry.advice import cidr
from astroferry.model.organization import ClusterSeen
from astroferry.model.plan import Network, Plan

CLOUDS = ("AWS", "GCP", "AZURE")


def own(*ranges: str, **given_ranges: str) -> Plan:
    return replace(PLAN, network=Network(own_ranges=ranges, **given_ranges))


@pytest.mark.parametrize("cloud", CLOUDS)
def test_the_defaults_are_clear_of_each_other_and_proposed(cloud: str) -> None:
    found = cidr.proposal(case(cloud=cloud))
    assert found == {wanted.key: wanted.default for wanted in cidr.RANGES[case(cloud=cloud).plan.decisions.cloud]}
    assert list(cidr.clashes(case(own(**found), cloud=cloud))) == []


def test_what_is_yours_is_stepped_around() -> None:
    assert cidr.proposal(case(own("172.16.0.0/12")))["vpc_subnet_range"] == "10.0.0.0/20"
    assert cidr.proposal(case(own("172.16.0.0/12", "10.0.0.0/9")))["vpc_subnet_range"] == "10.128.0.0/20"
    assert cidr.proposal(case(own("100.64.0.0/16")))["secondary_range"] == "100.65.0.0/19"
    here = replace(INVENTORY, places=(place("172.20.3.4", "peering"), place("8.8.8.8", "public")))
    assert cidr.proposal(case(inventory=here))["vpc_subnet_range"] == "172.16.0.0/20"


def test_what_the_plan_names_is_kept() -> None:
    found = cidr.proposal(case(own(vpc_subnet_range="10.9.0.0/16")))
    assert found == {"vpc_subnet_range": "10.9.0.0/16", "secondary_range": "100.64.0.0/19"}


def test_other_clusters_of_the_organization_are_stepped_around() -> None:
    other = ClusterSeen(
        "c1", "main", "DEDICATED", "AWS", "us-east-1", "CREATED", (), {"vpc_subnet_range": "172.20.0.0/20"}
    )
    known = replace(facts(), clusters=(other,))
    asked = case(facts=known, cluster="dedicated", cluster_name="harbour")
    assert cidr.proposal(asked)["vpc_subnet_range"] == "172.16.0.0/20"
    assert [item.whose for item in cidr.of_others(asked)] == ["172.20.0.0/20 of the cluster main"]
    assert cidr.of_others(case(facts=known, cluster="dedicated", cluster_name="main")) == ()


def test_where_nothing_is_free_nothing_is_proposed() -> None:
    full = own("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")
    assert cidr.proposal(case(full)) == {}


def test_addresses_inside_your_networks_are_not_named_twice() -> None:
    here = replace(INVENTORY, places=(place("10.1.2.3", "peering"),))
    assert [item.whose for item in cidr.taken(case(own("10.0.0.0/8"), here))] == ["your network 10.0.0.0/8"]
    assert [item.whose for item in cidr.taken(case(own("fd00::/8"), here))] == ["10.1.2.3, where c leads"]


networks = st.builds(
    lambda address, prefix: str(IPv4Network((address, prefix), strict=False)),
    st.integers(min_value=0, max_value=2**32 - 1),
    st.integers(min_value=4, max_value=32),
)


@given(st.sampled_from(CLOUDS), st.lists(networks, max_size=6))
def test_whatever_is_proposed_is_clear_and_allowed(cloud: str, ranges: list[str]) -> None:
    made = case(own(*ranges), cloud=cloud)
    found = cidr.proposal(made)
    assert list(cidr.clashes(case(own(*ranges, **found), cloud=cloud))) == []
    for wanted in cidr.RANGES[made.plan.decisions.cloud]:
        if wanted.key in found:
            network = IPv4Network(found[wanted.key])
            assert network.prefixlen == IPv4Network(wanted.default).prefixlen
            assert cidr.is_allowed(network)
