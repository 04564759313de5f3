"""The ways into a private network, per cloud: who must do what, and what they do not cover.

Data, shown by the wizard, the review page and the report. Sources: migration guide, Phase 3; Astro's documents on
connecting to AWS, Google Cloud and Azure (2024, with openings of 2026); they are named at each way.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from astroferry.advice import cidr, clusters
from astroferry.advice.allow_lists import allow_lists

if TYPE_CHECKING:
    from astroferry.advice.nearby import Cloud
    from astroferry.advice.rules.rule import Case
    from astroferry.model.plan import Networking

Who = Literal["you", "Organization Owner", "Astro support", "cloud network team", "security", "platform team"]


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that somebody has to do, in order."""

    who: Who
    what: str


@dataclass(frozen=True, slots=True)
class WayIn:
    """How Astro reaches a network in one cloud.

    `way`: the value of decisions.networking. `limits`: what it does not cover. `guide`: whether the migration guide
    names it too; the others are in newer documents only.
    """

    cloud: Cloud
    way: Networking
    name: str
    steps: tuple[Step, ...]
    limits: tuple[str, ...] = ()
    source: str = ""
    guide: bool = False


_CLUSTER = Step("Organization Owner", "Create the dedicated cluster; its address ranges cannot be changed later.")
_TEST = Step("you", "Test by name, not by address: from a task on Astro to each place.")
_PRIVATE_DNS = "Private names are not resolved by it alone."

WAYS: tuple[WayIn, ...] = (
    WayIn(
        "AWS",
        "vpc-peering",
        "VPC peering",
        (
            _CLUSTER,
            Step(
                "Organization Owner", "Request the peering on Astro, with account, VPC, region and range of your VPC."
            ),
            Step("cloud network team", "Accept the peering request in your AWS account."),
            Step("cloud network team", "Add routes to Astro's VPC range; switch on DNS resolution for the peering."),
            Step("security", "Admit Astro's VPC range in security groups; references to groups do not cross."),
            _TEST,
        ),
        (
            "Your VPC must have an RFC 1918 range.",
            "Peering is not transitive: what lies behind your VPC needs a Transit Gateway or VPN.",
            _PRIVATE_DNS,
        ),
        "docs: connect-aws",
        guide=True,
    ),
    WayIn(
        "AWS",
        "transit-gateway",
        "Transit Gateway",
        (
            _CLUSTER,
            Step(
                "cloud network team",
                "Share your Transit Gateway with Astro's AWS account by Resource Access Manager.",
            ),
            Step("Astro support", "Attach the cluster's VPC and set its routes; this goes by a ticket, plan days."),
            Step("cloud network team", "Accept the attachment and add routes back to Astro's VPC range."),
            Step("security", "Admit Astro's VPC range in security groups and firewalls."),
            _TEST,
        ),
        ("It resolves no names: use addresses or names that resolve publicly.", "Same region, or peered gateways."),
        "docs: connect-aws",
    ),
    WayIn(
        "AWS",
        "private-endpoint",
        "AWS PrivateLink",
        (
            _CLUSTER,
            Step("cloud network team", "Put an endpoint service (Network Load Balancer) before each place."),
            Step("cloud network team", "Allow Astro's AWS account as principal of the endpoint service."),
            Step("Astro support", "Create the endpoints in the cluster's VPC, with their names."),
            Step("security", "Accept the endpoint connections."),
            _TEST,
        ),
        ("One endpoint service per place.", "AWS's own S3, ECR, STS have endpoints on standard clusters already."),
        "docs: connect-aws, connect-aws-privatelink",
        guide=True,
    ),
    WayIn(
        "AWS",
        "vpn",
        "site-to-site VPN",
        (
            _CLUSTER,
            Step("cloud network team", "Tell Astro support the public address and routing of your VPN gateway."),
            Step("Astro support", "Set up the VPN on the cluster's side; this goes by a ticket, plan days."),
            Step(
                "cloud network team", "Configure your gateway with what support sends, and routes to Astro's range."
            ),
            Step("security", "Admit Astro's VPC range in firewalls."),
            _TEST,
        ),
        ("A device that separates Astro from your network is not supported on AWS; pass through your own VPC.",),
        "docs: connect-aws",
    ),
    WayIn(
        "GCP",
        "vpc-peering",
        "VPC peering",
        (
            _CLUSTER,
            Step("cloud network team", "Tell Astro support the project and network to peer with."),
            Step("Astro support", "Create the peering on Astro's side; this goes by a ticket, plan days."),
            Step("cloud network team", "Create the matching peering in your project, exporting the routes needed."),
            Step("security", "Admit Astro's VPC and pod ranges in firewall rules."),
            _TEST,
        ),
        (
            "Peering is not transitive: Cloud SQL with a private address lies behind a peering of its own.",
            _PRIVATE_DNS,
        ),
        "docs: connect-gcp",
        guide=True,
    ),
    WayIn(
        "GCP",
        "private-endpoint",
        "Private Service Connect",
        (
            _CLUSTER,
            Step("cloud network team", "Publish each place by a service attachment."),
            Step("Astro support", "Create an endpoint to each service attachment in the cluster's network."),
            Step("security", "Accept the connections of Astro's project."),
            _TEST,
        ),
        ("One service attachment per place.", "Google's own APIs go by Private Service Connect on every cluster."),
        "docs: connect-gcp",
    ),
    WayIn(
        "GCP",
        "vpn",
        "Cloud VPN",
        (
            _CLUSTER,
            Step("cloud network team", "Tell Astro support the public address and routing of your gateway."),
            Step("Astro support", "Set up Cloud VPN on the cluster's side; this goes by a ticket, plan days."),
            Step("cloud network team", "Configure your gateway with what support sends."),
            Step("security", "Admit Astro's VPC and pod ranges in firewalls."),
            _TEST,
        ),
        (),
        "docs: connect-gcp",
    ),
    WayIn(
        "AZURE",
        "vpc-peering",
        "VNet peering",
        (
            _CLUSTER,
            Step("cloud network team", "Tell Astro support tenant, subscription, resource group and VNet."),
            Step("security", "Grant Astro's service principal the right to peer with your VNet."),
            Step("Astro support", "Create the peering in both directions; this goes by a ticket, plan days."),
            Step("Astro support", "Forward DNS of your private zones, where names are private."),
            _TEST,
        ),
        ("Peering is not transitive: what lies behind a hub needs that hub.", _PRIVATE_DNS),
        "docs: connect-azure, connect-azure-hostname-resolution",
    ),
    WayIn(
        "AZURE",
        "private-endpoint",
        "Azure Private Link",
        (
            _CLUSTER,
            Step("cloud network team", "Tell Astro support the resource id of each place."),
            Step("Astro support", "Create the private endpoints in the cluster's VNet."),
            Step("security", "Approve the pending endpoint connections on each resource."),
            _TEST,
        ),
        ("One private endpoint per place.",),
        "docs: connect-azure",
    ),
    WayIn(
        "AZURE",
        "vpn",
        "Virtual WAN hub or VPN gateway",
        (
            _CLUSTER,
            Step("cloud network team", "Agree with Astro support on the hub or gateway to connect to."),
            Step("Astro support", "Connect the cluster's VNet to it; this goes by a ticket, plan days."),
            Step("security", "Admit Astro's VNet range in firewalls."),
            _TEST,
        ),
        (),
        "docs: connect-azure",
    ),
)

REMOTE_AGENTS: tuple[Step, ...] = (
    Step("platform team", "Provide Kubernetes 1.30 or newer and Helm 3 in your network, next to the data."),
    Step("platform team", "Provide your own image registry: agent images are built from Astronomer's base image."),
    Step("Organization Owner", "Make an agent token per agent (50 per Deployment; its value is shown once)."),
    Step("cloud network team", "Let agents call out by HTTPS to Astro; nothing has to be let in."),
    Step("platform team", "Configure in values.yaml: secrets backend, object-storage XCom, DAG bundle (Git)."),
    Step("you", "Test: a task on an agent reaches each place."),
)
"""docs: remote-execution-get-started, remote-execution-configure-agents"""

PUBLIC: tuple[Step, ...] = (
    Step("security", "Add the external addresses of the Deployment's cluster to the allow list of each place."),
    Step("you", "Test: a task on Astro reaches each place."),
)


def ways(cloud: Cloud) -> tuple[WayIn, ...]:
    """The ways that exist in that cloud, the guide's first."""
    return tuple(sorted((way for way in WAYS if way.cloud == cloud), key=lambda way: not way.guide))


def way_in(cloud: Cloud, way: Networking) -> WayIn | None:
    """What a choice means in that cloud; None for public, remote agents, and what does not exist there."""
    return next((item for item in WAYS if item.cloud == cloud and item.way == way), None)


def steps(case: Case) -> tuple[Step, ...]:
    """Who must do what for the networking that the plan has chosen, in order; a cluster that is there is not made."""
    decisions = case.plan.decisions
    if decisions.networking == "remote-agents":
        return REMOTE_AGENTS
    chosen = way_in(decisions.cloud, decisions.networking)
    if chosen is not None:
        first, *others = chosen.steps
        there = clusters.planned(case)
        if there is not None and there.status == clusters.READY:
            return tuple(others)
        if there is not None:
            return Step("you", f"Wait for the cluster {there.name}: Astro shows it as {there.status}."), *others
        return replace(first, what=_create(case)), *others
    return PUBLIC if allow_lists(case).inbound else ()


def _create(case: Case) -> str:
    name = f" {case.plan.decisions.cluster_name}" if case.plan.decisions.cluster_name else ""
    found = cidr.given(case.plan.network)
    purposes = {wanted.key: wanted.purpose for wanted in cidr.RANGES[case.plan.decisions.cloud]}
    told = [f"{network} for {purposes[key]}" for key, network in found.items() if key in purposes]
    ranges = f" with {', '.join(told)}" if told else ""
    # The review page is made without asking Astro.
    unless = "" if case.facts is not None else ", unless it is there"
    return f"Create the dedicated cluster{name}{ranges}{unless}; its address ranges cannot be changed later."
