"""Cases of the rules in advice/rules/network.py and advice/rules/ranges.py."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tests.advice.rules.rulecase import PLAN, case, facts, no, place, source, yes

from astroferry.model.organization import ClusterSeen
from astroferry.model.plan import Network, PlacePath, Plan

PRIVATE = source(
    places=(place("10.20.0.1", "peering", 5432), place("crm.corp", "vpn"), place("api.example.com", "public"))
)
ADDRESS = source(places=(place("10.20.0.1", "peering", 5432),))
LOCAL = source(places=(place("localhost", "local"),))
CONFIRMED = replace(PLAN, places=(PlacePath("10.20.0.1", "peering"),))
PEERED: dict[str, Any] = {"cluster": "dedicated", "networking": "vpc-peering"}
GOOGLE: dict[str, Any] = {**PEERED, "cloud": "GCP"}
HARBOUR = ClusterSeen(
    "c1", "harbour", "DEDICATED", "AWS", "us-east-1", "CREATED", (), {"vpc_subnet_range": "172.20.0.0/20"}
)
THERE: dict[str, Any] = {**PEERED, "cluster_name": "harbour", "facts": replace(facts("TEAM"), clusters=(HARBOUR,))}


def ranges(**given: Any) -> Plan:
    return replace(PLAN, network=Network(**given))


ROWS = (
    yes("NET-001", case(networking="vpn"), "vpn exists on dedicated clusters only"),
    yes("NET-001", case(networking="transit-gateway")),
    no("NET-001", case(**PEERED)),
    no("NET-001", case()),
    yes("NET-agents", case(networking="remote-agents")),
    no("NET-agents", case(networking="remote-agents", execution="remote")),
    yes("NET-006", case(networking="transit-gateway", cluster="dedicated", cloud="GCP"), "no transit-gateway on GCP"),
    no("NET-006", case(networking="transit-gateway", cluster="dedicated")),
    no("NET-006", case(cloud="GCP")),
    yes("NET-guide", case(cluster="dedicated", cloud="AZURE", networking="vpc-peering"), "VNet peering on AZURE"),
    yes(
        "NET-guide", case(cluster="dedicated", cloud="GCP", networking="private-endpoint"), "Private Service Connect"
    ),
    no("NET-guide", case(**PEERED)),
    no("NET-guide", case()),
    yes("NET-004", case(inventory=PRIVATE), "10.20.0.1, crm.corp"),
    no("NET-004", case(inventory=PRIVATE, **PEERED)),
    no("NET-004", case()),
    yes("NET-local", case(inventory=LOCAL), "localhost"),
    no("NET-local", case(inventory=PRIVATE)),
    yes("NET-ask", case(inventory=ADDRESS), "10.20.0.1"),
    no("NET-ask", case(CONFIRMED, ADDRESS)),
    yes("NET-ask", case(replace(PLAN, places=(PlacePath("10.20.0.1", "unknown"),)), ADDRESS), "10.20.0.1"),
    no("NET-ask", case(inventory=LOCAL)),
    no("NET-ask", case(inventory=source(places=(place("googleapis.com", "public"),)))),
    yes("NET-021", case(inventory=PRIVATE), "api.example.com"),
    no("NET-021", case(inventory=ADDRESS)),
    no("NET-021", case(inventory=PRIVATE, execution="remote")),
    no("NET-021", case(inventory=source(places=(place("googleapis.com", "public"),)))),
    yes("NET-023", case(inventory=PRIVATE, **PEERED), "crm.corp"),
    no("NET-023", case(inventory=ADDRESS, **PEERED)),
    no("NET-023", case(inventory=PRIVATE)),
    yes(
        "NET-009",
        case(ranges(vpc_subnet_range="10.20.0.0/20", own_ranges=("10.0.0.0/8",))),
        "your network 10.0.0.0/8",
    ),
    yes("NET-009", case(ranges(vpc_subnet_range="10.20.0.0/20"), ADDRESS), "10.20.0.1, where c leads"),
    yes("NET-009", case(ranges(vpc_subnet_range="10.0.0.0/16", secondary_range="10.0.0.0/18")), "secondary_range"),
    no("NET-009", case(ranges(vpc_subnet_range="172.20.0.0/20", own_ranges=("10.0.0.0/8",)), ADDRESS)),
    yes("NET-009", case(ranges(vpc_subnet_range="172.20.0.0/20", own_ranges=("172.16.0.0/12",)), **THERE), "172.16"),
    no(
        "NET-009",
        case(
            ranges(vpc_subnet_range="172.20.0.0/20", own_ranges=("172.16.0.0/12",)),
            **{**THERE, "networking": "private-endpoint"},
        ),
    ),
    yes(
        "NET-cluster", case(ranges(vpc_subnet_range="10.0.0.0/20"), **THERE), "the cluster harbour has 172.20.0.0/20"
    ),
    yes("NET-cluster", case(ranges(secondary_range="100.64.0.0/19"), **THERE), "harbour has none"),
    no("NET-cluster", case(ranges(vpc_subnet_range="172.20.0.0/20"), **THERE)),
    no("NET-cluster", case(ranges(vpc_subnet_range="10.0.0.0/20"), **PEERED)),
    yes("NET-010", case(ranges(vpc_subnet_range="172.20.0.0/22")), "too small"),
    yes("NET-010", case(ranges(secondary_range="100.64.0.0/12")), "too large"),
    yes("NET-010", case(ranges(vpc_subnet_range="8.8.0.0/20")), "not private"),
    no("NET-010", case(ranges(vpc_subnet_range="172.20.0.0/21", secondary_range="100.64.0.0/19"))),
    no("NET-010", case(ranges(vpc_subnet_range="172.20.0.0/22"), cloud="GCP")),
    yes("NET-013", case(ranges(pod_subnet_range="100.64.0.0/16")), "no pod_subnet_range"),
    no("NET-013", case(ranges(pod_subnet_range="100.64.0.0/16"), cloud="GCP")),
    yes(
        "NET-012", case(ranges(vpc_subnet_range="172.20.0.0/22"), **GOOGLE), "pod_subnet_range, service_subnet_range"
    ),
    no("NET-012", case(ranges(vpc_subnet_range="172.20.0.0/20"), **PEERED)),
    no("NET-012", case(ranges(vpc_subnet_range="172.20.0.0/20"), **{**GOOGLE, **THERE, "cloud": "GCP"})),
    no("NET-012", case(**GOOGLE)),
    yes("NET-008", case(ranges(own_ranges=("8.8.0.0/16",)), **PEERED), "8.8.0.0/16"),
    no("NET-008", case(ranges(own_ranges=("10.0.0.0/8",)), **PEERED)),
    no("NET-008", case(ranges(own_ranges=("8.8.0.0/16",)), **GOOGLE)),
)
