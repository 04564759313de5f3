"""Cases of the rules in advice/rules/cluster.py."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tests.advice.rules.rulecase import case, facts, no, place, source, yes

from astroferry.model.organization import ClusterSeen, DeploymentSeen

PRIVATE = source(
    places=(place("10.0.0.1", "peering", 5432), place("crm.corp", "vpn"), place("api.example.com", "public"))
)
OWN_SERVICES = source(places=(place("vpce-1.s3.eu-central-1.vpce.amazonaws.com", "private-endpoint"),))
FRANKFURT = source(places=(place("db.eu-central-1.rds.amazonaws.com", "peering"),))
IRELAND = ClusterSeen("c1", "harbour", "DEDICATED", "AWS", "eu-west-1", "CREATED")
THERE = replace(facts("TEAM"), clusters=(IRELAND,))
HARBOUR: dict[str, Any] = {"cluster": "dedicated", "cluster_name": "harbour"}
OFFERED = replace(
    facts("TEAM"),
    dedicated_regions={"AWS": ("us-east-1",)},
    deployments=(
        DeploymentSeen(
            "d", "d", "w", "HEALTHY", type="STANDARD", raw={"cloudProvider": "AWS", "region": "eu-south-2"}
        ),
    ),
)

ROWS = (
    yes("NET-002", case(inventory=PRIVATE), "10.0.0.1, crm.corp"),
    no("NET-002", case(inventory=PRIVATE, cluster="dedicated")),
    no("NET-002", case(inventory=PRIVATE, execution="remote")),
    no("NET-002", case()),
    yes("NET-018", case(facts=facts("DEVELOPER"), cluster="dedicated"), "(DEVELOPER)"),
    no("NET-018", case(facts=facts("TEAM"), cluster="dedicated")),
    no("NET-018", case(facts=facts("DEVELOPER"))),
    no("NET-018", case(cluster="dedicated")),
    yes("NET-007", case(inventory=OWN_SERVICES, cluster="dedicated"), "to vpce-1.s3.eu-central-1"),
    no("NET-007", case(inventory=OWN_SERVICES, cluster="dedicated", cloud="GCP")),
    no("NET-007", case(inventory=FRANKFURT, cluster="dedicated")),
    no("NET-007", case(inventory=OWN_SERVICES)),
    yes("NET-016", case(facts=THERE, **HARBOUR), "in AWS eu-west-1, the plan says AWS us-east-1"),
    no("NET-016", case(facts=THERE, region="eu-west-1", **HARBOUR)),
    no("NET-016", case(facts=facts("TEAM"), **HARBOUR)),
    yes("NET-020", case(facts=facts("TEAM"), **HARBOUR), "named harbour"),
    yes("NET-020", case(cluster="dedicated")),
    no("NET-020", case(facts=THERE, **HARBOUR)),
    no("NET-020", case()),
    yes("NET-017", case(region="eu-west-1"), "not in eu-west-1"),
    no("NET-017", case(region="eu-central-1")),
    no("NET-017", case(region="eu-west-1", cluster="dedicated")),
    yes(
        "NET-017", case(facts=OFFERED, region="eu-west-1", cluster="dedicated"), "AWS in us-east-1, not in eu-west-1"
    ),
    no("NET-017", case(facts=OFFERED, region="us-east-1", cluster="dedicated")),
    no("NET-017", case(facts=OFFERED, region="eu-south-2")),
    yes("NET-026", case(inventory=FRANKFURT, cloud="GCP"), "db.eu-central-1"),
    no("NET-026", case(inventory=FRANKFURT)),
    no("NET-026", case(inventory=FRANKFURT, cloud="GCP", execution="remote")),
    no("NET-026", case(inventory=PRIVATE, cloud="GCP")),
)
