"""Standard or dedicated cluster, and in which cloud and region: next to the data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from astroferry.advice import clusters
from astroferry.advice.nearby import located, nearest
from astroferry.advice.reach import doubts
from astroferry.advice.rules.rule import PRIVATE, Book, Case, Hit, Suggestion, listed, paths, seen_at
from astroferry.model.words import several

if TYPE_CHECKING:
    from collections.abc import Iterator

    from astroferry.advice.nearby import Cloud
    from astroferry.model.plan import ClusterType

BOOK = Book("cluster")
WHERE = "decisions.cluster"
ON_DEDICATED = frozenset({"vpc-peering", "transit-gateway", "private-endpoint", "vpn"})
"""ways into a private network; each exists on dedicated clusters only"""
STANDARD_REGIONS: dict[Cloud, tuple[str, ...]] = {
    "AWS": ("us-east-1", "us-west-2", "eu-central-1", "ap-southeast-1"),
    "GCP": ("us-central1", "us-east4", "europe-west4"),
    "AZURE": ("eastus2", "westus2", "westeurope"),
}
"""docs of 2024: resource-reference-hosted. Astro's API offers no list of them; it may have added some since"""
_WITHOUT_DEDICATED = ("DEVELOPER", "BASIC", "TRIAL")
_ON_STANDARD: dict[Cloud, tuple[str, ...]] = {
    "AWS": (".s3.", "s3.", ".ecr.", "ecr.", ".sts.", "sts.", ".elasticloadbalancing.", ".autoscaling."),
    "GCP": (".googleapis.com",),
    "AZURE": (),
}
"""parts of the names of services that a standard cluster reaches by private endpoints of its own"""


@BOOK.suggests(WHERE)
def suggest(case: Case) -> Suggestion[ClusterType]:
    """Dedicated where places are private and Astro runs the tasks, for only there peering and its like exist."""
    known = paths(case.plan, case.inventory)
    private = tuple(seen_at(place) for place, path, _ in known if path in PRIVATE)
    if not private:
        reason = f"No known place is private, and a standard cluster is there at once.{doubts(case)}"
        return Suggestion("standard", reason)
    if case.plan.decisions.execution == "remote":
        return Suggestion(
            "dedicated",
            "Agents reach private places from inside; sources differ on whether remote execution runs on standard "
            "clusters (Terraform's provider refuses it), so dedicated is the stricter reading.",
            private,
        )
    return Suggestion(
        "dedicated",
        f"{several(len(private), 'place')} {'looks' if len(private) == 1 else 'look'} private, and only a dedicated "
        "cluster has ways into your network.",
        private,
    )


@BOOK.suggests("decisions.cloud")
def suggest_cloud(case: Case) -> Suggestion[Cloud]:
    """The cloud in which most of the data is, as the places' names tell; else what the plan says."""
    near = nearest(case.inventory)
    if near is None:
        return Suggestion(case.plan.decisions.cloud, "No place's name tells a cloud; this is what the plan says now.")
    return Suggestion(near.cloud, f"Most places whose names tell a cloud are on {near.cloud}.", near.evidence)


@BOOK.suggests("decisions.region")
def suggest_region(case: Case) -> Suggestion[str]:
    """The data's own region; on standard clusters the nearest that they are known to be in."""
    decisions, near = case.plan.decisions, nearest(case.inventory)
    offered = _offered(case)
    region = near.region if near is not None and near.cloud == decisions.cloud else ""
    if region and region in (offered or (region,)):
        return Suggestion(
            region, f"Most places whose names tell a region are in {region}.", near.evidence if near else ()
        )
    if region:
        close = next((name for name in offered if name[:2] == region[:2]), offered[0])
        return Suggestion(
            close,
            f"The data is in {region}, where {decisions.cluster} clusters are not known to be; {close} is near.",
            (region,),
        )
    if decisions.region in offered or clusters.planned(case) is not None:
        return Suggestion(decisions.region, "No place's name tells a region; this is what the plan says now.")
    first = (offered or (decisions.region,))[0]
    return Suggestion(
        first, f"No place's name tells a region; {decisions.cluster} clusters on {decisions.cloud} are there."
    )


def _offered(case: Case) -> tuple[str, ...]:
    """Regions for the plan's cluster type and cloud, as Astro tells them, else as documents do; empty: not known."""
    decisions, facts = case.plan.decisions, case.facts
    if decisions.cluster == "dedicated":
        return facts.dedicated_regions.get(decisions.cloud, ()) if facts is not None else ()
    in_use = facts.standard_regions(decisions.cloud) if facts is not None else ()
    return tuple(dict.fromkeys((*in_use, *STANDARD_REGIONS[decisions.cloud])))


@BOOK.suggests("decisions.cluster_name")
def suggest_name(case: Case) -> Suggestion[str]:
    """The dedicated cluster that is there already, in the cloud and region of the plan."""
    decisions = case.plan.decisions
    if decisions.cluster == "standard":
        return Suggestion("", "Standard clusters have no name.")
    there = [
        item.name
        for item in clusters.dedicated(case)
        if item.cloud == decisions.cloud and item.region == decisions.region and item.status == clusters.READY
    ]
    if decisions.cluster_name:
        return Suggestion(decisions.cluster_name, "It is what the plan says now.", tuple(there))
    if not there:
        return Suggestion("", "There is none yet: create it on Astro, then name it here.")
    return Suggestion(there[0], f"It is there, in {decisions.cloud} {decisions.region}.", tuple(there))


@BOOK.rule(
    "NET-002",
    "warn",
    about=WHERE,
    reads=("plan.decisions.cluster", "plan.decisions.execution", "plan.places", "inventory.places"),
    source="migration guide, Phase 2: cluster type; docs: connect-aws, connect-gcp",
)
def private_on_standard(case: Case) -> Iterator[Hit]:
    """A standard cluster does not reach private places.

    It calls out to the internet, from fixed addresses. What listens inside your network only is reached from a
    dedicated cluster (peering, private endpoints, VPN) or by remote agents that run there.
    """
    decisions = case.plan.decisions
    private = [place.host for place, path, _ in paths(case.plan, case.inventory) if path in PRIVATE]
    if private and decisions.cluster == "standard" and decisions.execution == "hosted":
        yield Hit(
            f"A standard cluster does not reach private places: {listed(private)}.",
            "Choose a dedicated cluster, or remote execution, or say in places that they are public.",
        )


@BOOK.rule(
    "NET-018",
    "warn",
    about=WHERE,
    reads=("plan.decisions.cluster", "organization.plans"),
    source="docs of 2024: dedicated clusters from the Team plan on",
    confidence="medium",
)
def dedicated_may_not_be_in_the_plan(case: Case) -> Iterator[Hit]:
    """Dedicated clusters are not in every Astro plan.

    Documents of 2024 offer them from the Team plan on; which plans have them now could not be confirmed.
    """
    plans = case.facts.plans if case.facts is not None else ()
    if (
        case.plan.decisions.cluster == "dedicated"
        and plans
        and all(name.startswith(_WITHOUT_DEDICATED) for name in plans)
    ):
        yield Hit(
            f"The Astro plan of this organization ({listed(plans)}) may not include dedicated clusters.",
            "Ask Astronomer before you wait for one.",
        )


@BOOK.rule(
    "NET-007",
    "advise",
    about=WHERE,
    reads=("plan.decisions.cluster", "plan.decisions.cloud", "plan.places", "inventory.places"),
    source="guide: PrivateLink needs dedicated; docs: connect-aws-privatelink, connect-gcp",
)
def dedicated_for_the_clouds_own_services(case: Case) -> Iterator[Hit]:
    """The cloud's own services need no dedicated cluster.

    The guide says that PrivateLink needs a dedicated cluster. Newer documents say that standard clusters have private
    endpoints already: to S3, ECR, STS and load balancing on AWS, to all Google APIs on Google Cloud. Only endpoints
    to services of your own need a dedicated cluster.
    """
    decisions = case.plan.decisions
    private = [place.host for place, path, _ in paths(case.plan, case.inventory) if path in PRIVATE]
    parts = _ON_STANDARD[decisions.cloud]
    covered = [host for host in private if _is_of(decisions.cloud, host) and any(part in host for part in parts)]
    if decisions.cluster == "dedicated" and private and len(covered) == len(private):
        yield Hit(
            f"The guide wants a dedicated cluster for private endpoints, but newer documents say that standard "
            f"clusters on {decisions.cloud} have them to {listed(covered)} already.",
            "Choose standard, unless something else of yours is private.",
        )


@BOOK.rule(
    "NET-016",
    "warn",
    about="decisions.cluster_name",
    reads=("plan.decisions.cluster_name", "plan.decisions.cloud", "plan.decisions.region", "organization.clusters"),
    source="Terraform provider astro 2026-08: cloud and region come from the dedicated cluster",
)
def cluster_elsewhere(case: Case) -> Iterator[Hit]:
    """The dedicated cluster is in another cloud or region than the plan says.

    Deployments run where their cluster is; what the plan says of cloud and region does not move them.
    """
    decisions, found = case.plan.decisions, clusters.planned(case)
    if found is not None:
        where = f"{found.cloud} {found.region}"
        if where != f"{decisions.cloud} {decisions.region}":
            yield Hit(
                f"The cluster {found.name} is in {where}, the plan says {decisions.cloud} {decisions.region}.",
                "Correct decisions.cloud and decisions.region, or choose another cluster.",
            )


@BOOK.rule(
    "NET-020",
    "advise",
    about=WHERE,
    reads=("plan.decisions.cluster", "plan.decisions.cluster_name", "organization.clusters"),
    source="Terraform provider astro 2026-08: waits up to 3 hours; docs: connect-*, support tickets",
)
def create_it_early(case: Case) -> Iterator[Hit]:
    """A dedicated cluster has to be made first, and its network connections take days.

    How long making one takes is not documented; Terraform's provider waits up to three hours. Only an Organization
    Owner may. Peering on Google Cloud and Azure, Transit Gateways and VPNs go by a ticket to Astro's support.
    """
    if case.plan.decisions.cluster == "dedicated" and clusters.planned(case) is None:
        name = case.plan.decisions.cluster_name
        yield Hit(
            f"No dedicated cluster {f'named {name} ' if name else ''}is known to be there yet.",
            "Have an Organization Owner create it early; plan hours for it and days for its network connections.",
        )


@BOOK.rule(
    "NET-017",
    "warn",
    about="decisions.region",
    reads=(
        *("plan.decisions.cluster", "plan.decisions.cloud", "plan.decisions.region"),
        *("organization.dedicated_regions", "organization.deployments", "organization.clusters"),
    ),
    source="Astro API: cluster-options, Deployments; docs of 2024: resource-reference-hosted",
    confidence="medium",
)
def region_not_known(case: Case) -> Iterator[Hit]:
    """Clusters of that type are not known to be in that region.

    For dedicated clusters Astro's API says in which regions it offers them. For standard ones it does not: known are
    those in which the organization has Deployments, and a list of documents of 2024 to which Astro may have added.
    Where Astro refuses the region, making the Deployment stops with its answer.
    """
    decisions = case.plan.decisions
    offered = _offered(case)
    if not offered or decisions.region in offered or clusters.planned(case) is not None:
        return
    if decisions.cluster == "dedicated":
        yield Hit(
            f"Astro has dedicated clusters on {decisions.cloud} in {listed(offered, 8)}, not in {decisions.region}.",
            "Choose one of these.",
        )
    else:
        yield Hit(
            f"Standard clusters on {decisions.cloud} are known in {listed(offered, 8)}, not in {decisions.region}; "
            "that is from documents of 2024 and your own Deployments, for Astro's API does not tell them.",
            "Choose one of these, or ask Astronomer whether it was added.",
        )


@BOOK.rule(
    "NET-026",
    "warn",
    about="decisions.cloud",
    reads=("plan.decisions.cloud", "plan.places", "inventory.places"),
    source="our inference from docs: peering connects networks of one cloud",
    confidence="medium",
)
def private_in_another_cloud(case: Case) -> Iterator[Hit]:
    """Private places in another cloud are not reached by peering.

    Peering and private endpoints join networks of one cloud. Put the cluster into the cloud of the data, or plan a
    VPN between the clouds, or run the tasks there by remote agents.
    """
    cloud = case.plan.decisions.cloud
    elsewhere = [
        place.host
        for place, path, _ in paths(case.plan, case.inventory)
        if path in PRIVATE and (where := located(place.host)) is not None and where.cloud != cloud
    ]
    if elsewhere and case.plan.decisions.execution == "hosted":
        yield Hit(
            f"The cluster is planned on {cloud}, but these private places are in another cloud: {listed(elsewhere)}.",
            "Choose the cloud of the data, or plan a VPN between the clouds.",
        )


def _is_of(cloud: Cloud, host: str) -> bool:
    where = located(host)
    return where is not None and where.cloud == cloud
