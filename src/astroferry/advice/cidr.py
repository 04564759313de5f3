"""Address ranges of a dedicated cluster: what each cloud needs, what is wrong with those given, and free ones.

A cluster's ranges cannot be changed once it is made (Terraform provider astro, docs/resources/cluster.md), so they
are agreed with the network team before.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Network, ip_network
from typing import TYPE_CHECKING

from astroferry.advice import clusters

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from astroferry.advice.nearby import Cloud
    from astroferry.advice.rules.rule import Case
    from astroferry.model.plan import Network

PRIVATE_SPACE = tuple(IPv4Network(text) for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"))
"""RFC 1918"""
SHARED_SPACE = IPv4Network("100.64.0.0/10")
"""RFC 6598"""


ROUTED = frozenset({"vpc-peering", "transit-gateway", "vpn"})
"""ways into a network that join its addresses with the cluster's, so that none may stand for two places"""


@dataclass(frozen=True, slots=True)
class Range:
    """One range that a cluster in that cloud has.

    `key`: its name in [network]. `default`: Astro's own. `smallest` and `largest`: prefix lengths allowed, 0 where no
    source gives a bound. `optional`: Astro takes its default where none is given.
    """

    key: str
    purpose: str
    default: str
    smallest: int = 0
    largest: int = 0
    optional: bool = False


RANGES: dict[Cloud, tuple[Range, ...]] = {
    "AWS": (
        Range("vpc_subnet_range", "VPC", "172.20.0.0/20", smallest=21),
        Range("secondary_range", "pods (secondary)", "100.64.0.0/19", smallest=20, largest=16, optional=True),
    ),
    "GCP": (
        Range("vpc_subnet_range", "VPC", "172.20.0.0/22"),
        Range("pod_subnet_range", "pods", "100.64.0.0/16"),
        Range("service_subnet_range", "services", "100.65.0.0/22"),
        Range("service_peering_range", "service peering", "100.66.0.0/21"),
    ),
    "AZURE": (Range("vpc_subnet_range", "VNet", "172.20.0.0/19"),),
}
"""docs of 2024: create-dedicated-cluster; Terraform provider astro 2026-08 (secondary range /16 to /20)"""


@dataclass(frozen=True, slots=True)
class Taken:
    """A network that must stay clear, and whose it is, for a sentence."""

    network: IPv4Network
    whose: str


def given(network: Network) -> dict[str, IPv4Network]:
    """The cluster's ranges that the plan names, by key; what is no IPv4 range is left to the check of the file."""
    names = (
        "vpc_subnet_range",
        "secondary_range",
        "pod_subnet_range",
        "service_subnet_range",
        "service_peering_range",
    )
    found = {name: _network(getattr(network, name)) for name in names}
    return {name: value for name, value in found.items() if value is not None}


def own(network: Network) -> tuple[IPv4Network, ...]:
    """Your networks, as the plan names them."""
    return tuple(found for text in network.own_ranges if (found := _network(text)) is not None)


def taken(case: Case) -> tuple[Taken, ...]:
    """What Astro's ranges must not overlap: the networks that the plan names, and private addresses of places."""
    own = [
        Taken(network, f"your network {text}")
        for text in case.plan.network.own_ranges
        if (network := _network(text)) is not None
    ]
    for place in case.inventory.places:
        address = _network(place.host) if place.host[:1].isdigit() else None
        if address is not None and _is_private(address) and not any(address.subnet_of(item.network) for item in own):
            own.append(Taken(address, f"{place.host}, where {', '.join(place.connections[:3])} leads"))
    return tuple(own)


def of_others(case: Case) -> tuple[Taken, ...]:
    """Ranges of the organization's other dedicated clusters: one network can be joined with both only if they differ.

    They are stepped around, not refused: most clusters have Astro's defaults, and are never joined with one network.
    """
    return tuple(
        Taken(network, f"{text} of the cluster {cluster.name}")
        for cluster in clusters.dedicated(case)
        if cluster.name != case.plan.decisions.cluster_name
        for text in cluster.ranges.values()
        if (network := _network(text)) is not None
    )


def changed(case: Case) -> Iterator[str]:
    """Each range of the plan that the cluster, which is there already, has otherwise; as a sentence."""
    there = clusters.planned(case)
    if there is None or not there.ranges:
        return
    for key, network in given(case.plan.network).items():
        real = there.ranges.get(key, "none")
        if real != str(network):
            yield f"{key} is {network} in the plan; the cluster {there.name} has {real}."


def clashes(case: Case) -> Iterator[str]:
    """Each overlap of a range of the cluster with another of them or with what must stay clear, as a sentence.

    A cluster that is there already only has to be clear of yours where its addresses are joined with yours.
    """
    joined = clusters.planned(case) is None or case.plan.decisions.networking in ROUTED
    clear = taken(case) if joined else ()
    ranges = list(given(case.plan.network).items())
    for number, (key, network) in enumerate(ranges):
        for other, its in ranges[number + 1 :]:
            if network.overlaps(its):
                yield f"{key} {network} overlaps {other} {its}."
        for item in clear:
            if network.overlaps(item.network):
                yield f"{key} {network} overlaps {item.whose}."


def proposal(case: Case) -> dict[str, str]:
    """A range for each that a cluster in the plan's cloud has: the plan's own, else Astro's default, else a free one.

    A key is left out where nothing of that size is free.
    """
    chosen = given(case.plan.network)
    blocked = [item.network for item in (*taken(case), *of_others(case))] + list(chosen.values())
    found: dict[str, str] = {}
    for wanted in RANGES[case.plan.decisions.cloud]:
        if wanted.key in chosen:
            found[wanted.key] = str(chosen[wanted.key])
            continue
        free = _free(IPv4Network(wanted.default), blocked)
        if free is not None:
            blocked.append(free)
            found[wanted.key] = str(free)
    return found


def _free(default: IPv4Network, blocked: Iterable[IPv4Network]) -> IPv4Network | None:
    """The default, else the first of its size in the same kind of space that overlaps nothing."""
    blocked = list(blocked)
    spaces = (
        (SHARED_SPACE,) if default.subnet_of(SHARED_SPACE) else (PRIVATE_SPACE[1], PRIVATE_SPACE[0], PRIVATE_SPACE[2])
    )
    if not any(default.overlaps(other) for other in blocked):
        return default
    for space in spaces:
        candidate: IPv4Network | None = next(space.subnets(new_prefix=default.prefixlen))
        while candidate is not None:
            hit = next((other for other in blocked if candidate.overlaps(other)), None)
            if hit is None:
                return candidate
            # On behind what is in the way: one network of yours may hold thousands of candidates.
            following = int(max(hit.broadcast_address, candidate.broadcast_address)) + 1
            size = 2 ** (32 - default.prefixlen)
            following = -(-following // size) * size
            candidate = (
                IPv4Network((following, default.prefixlen)) if following < int(space.broadcast_address) else None
            )
    return None


def _network(text: str) -> IPv4Network | None:
    try:
        network = ip_network(text)
    except ValueError:
        return None
    return network if isinstance(network, IPv4Network) else None


def _is_private(network: IPv4Network) -> bool:
    return any(network.subnet_of(space) for space in (*PRIVATE_SPACE, SHARED_SPACE))


def is_rfc_1918(network: IPv4Network) -> bool:
    """Whether all of it is private address space."""
    return any(network.subnet_of(space) for space in PRIVATE_SPACE)


def is_allowed(network: IPv4Network) -> bool:
    """Whether a cluster may have it: private or shared address space (RFC 1918, RFC 6598)."""
    return _is_private(network)
