"""Address ranges of a dedicated cluster: clear of each other and of yours, of a size that the cloud takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from astroferry.advice import cidr, clusters
from astroferry.advice.rules.rule import Book, Case, Hit, listed

if TYPE_CHECKING:
    from collections.abc import Iterator

BOOK = Book("ranges")
WHERE = "network"


@BOOK.rule(
    "NET-009",
    "refuse",
    about=WHERE,
    reads=("plan.network", "plan.decisions.networking", "inventory.places", "organization.clusters"),
    source="Terraform provider astro 2026-08, docs/resources/cluster.md; docs of 2024: create-dedicated-cluster",
)
def overlapping(case: Case) -> Iterator[Hit]:
    """Address ranges overlap.

    Astro's ranges must be clear of each other and of every network that is to be reached, now or later. They cannot
    be changed once the cluster is made: it would have to be made anew, with all Deployments. A cluster that is there
    already needs to be clear only where its addresses are joined with yours: by peering, Transit Gateway or VPN.
    """
    there = clusters.planned(case)
    for sentence in cidr.clashes(case):
        yield Hit(
            sentence,
            "Choose a free range before the cluster is made."
            if there is None
            else f"Take another cluster than {there.name}, or reach that network by private endpoints.",
        )


@BOOK.rule(
    "NET-cluster",
    "warn",
    about=WHERE,
    reads=("plan.network", "plan.decisions.cluster_name", "organization.clusters"),
    source="Astro API v1: Cluster; Terraform provider astro 2026-08: ranges cannot be changed",
)
def not_as_the_cluster_has_it(case: Case) -> Iterator[Hit]:
    """The plan gives a cluster that is there already another address range.

    A cluster keeps the ranges with which it was made. What [network] says otherwise would send your network team the
    wrong way: routes, security groups and firewalls have to name the range that the cluster has.
    """
    for sentence in cidr.changed(case):
        yield Hit(sentence, "Write into [network] what the cluster has, or name another cluster.")


@BOOK.rule(
    "NET-010",
    "refuse",
    about=WHERE,
    reads=("plan.network", "plan.decisions.cloud"),
    source="docs of 2024: create-dedicated-cluster; Terraform provider astro: secondary range /16 to /20",
    confidence="medium",
)
def wrong_size(case: Case) -> Iterator[Hit]:
    """An address range has a size that the cloud does not take.

    AWS: the VPC range is /21 or larger, the secondary range for pods between /16 and /20. All of a range must be
    private (RFC 1918) or shared (RFC 6598) address space.
    """
    found = cidr.given(case.plan.network)
    for wanted in cidr.RANGES[case.plan.decisions.cloud]:
        network = found.get(wanted.key)
        if network is None:
            continue
        if wanted.smallest and network.prefixlen > wanted.smallest:
            yield Hit(f"{wanted.key} {network} is too small: /{wanted.smallest} or larger is needed.")
        if wanted.largest and network.prefixlen < wanted.largest:
            yield Hit(f"{wanted.key} {network} is too large: /{wanted.largest} or smaller is needed.")
        if not cidr.is_allowed(network):
            yield Hit(f"{wanted.key} {network} is not private address space.", "Use RFC 1918 or RFC 6598 space.")


@BOOK.rule(
    "NET-013",
    "refuse",
    about=WHERE,
    reads=("plan.network", "plan.decisions.cloud"),
    source="Terraform provider astro 2026-08: validators of resource_cluster",
)
def of_another_cloud(case: Case) -> Iterator[Hit]:
    """An address range belongs to another cloud.

    The secondary range exists on AWS only; ranges for pods, services and service peering on Google Cloud only.
    """
    cloud = case.plan.decisions.cloud
    ours = {wanted.key for wanted in cidr.RANGES[cloud]}
    others = sorted(set(cidr.given(case.plan.network)) - ours)
    if others:
        yield Hit(f"A cluster on {cloud} has no {listed(others)}.", "Take it out of [network].")


@BOOK.rule(
    "NET-012",
    "warn",
    about=WHERE,
    reads=("plan.network", "plan.decisions.cluster", "plan.decisions.cloud"),
    source="Terraform provider astro 2026-08: resource_cluster; docs of 2024: create-dedicated-cluster",
)
def ranges_missing(case: Case) -> Iterator[Hit]:
    """Some of the ranges that the cluster needs are not in the plan.

    Google Cloud needs four: VPC, pods, services, service peering. The plan proposes free ones where it names none.
    """
    found = cidr.given(case.plan.network)
    missing = [
        wanted.key
        for wanted in cidr.RANGES[case.plan.decisions.cloud]
        if not wanted.optional and wanted.key not in found
    ]
    if found and missing and case.plan.decisions.cluster == "dedicated" and clusters.planned(case) is None:
        yield Hit(
            f"A cluster on {case.plan.decisions.cloud} also needs {listed(missing)}.",
            "Add it to [network] of the plan.",
        )


@BOOK.rule(
    "NET-008",
    "refuse",
    about="decisions.networking",
    reads=("plan.decisions.networking", "plan.decisions.cloud", "plan.network.own_ranges"),
    source="docs of 2024: connect-aws",
    confidence="medium",
)
def peer_must_be_private(case: Case) -> Iterator[Hit]:
    """AWS peering asks for private ranges on your side.

    The VPC that Astro's is peered with must have a range of RFC 1918.
    """
    decisions = case.plan.decisions
    if decisions.networking != "vpc-peering" or decisions.cloud != "AWS":
        return
    odd = [item for item in cidr.own(case.plan.network) if not cidr.is_rfc_1918(item)]
    if odd:
        yield Hit(
            f"AWS peers with RFC 1918 ranges only; not so: {', '.join(map(str, odd))}.",
            "Use private endpoints or a Transit Gateway, or take the range out of own_ranges if it is not peered.",
        )
