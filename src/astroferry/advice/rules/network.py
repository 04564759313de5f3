"""How Astro reaches the places that DAGs reach."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from astroferry.advice.allow_lists import ANYWHERE, allow_list_places
from astroferry.advice.reach import doubts
from astroferry.advice.rules.cluster import ON_DEDICATED
from astroferry.advice.rules.rule import PRIVATE, Book, Case, Hit, Suggestion, listed, paths, seen_at
from astroferry.advice.ways_in import way_in, ways
from astroferry.model.words import several

if TYPE_CHECKING:
    from collections.abc import Iterator

    from astroferry.model.inventory import PathKind
    from astroferry.model.plan import Networking

BOOK = Book("networking")
WHERE = "decisions.networking"

_WAYS: dict[PathKind, Networking] = {
    "peering": "vpc-peering",
    "vpn": "vpn",
    "private-endpoint": "private-endpoint",
}


@BOOK.suggests(WHERE)
def suggest(case: Case) -> Suggestion[Networking]:
    """The way that most private places take; public where there is none; agents where they run the tasks."""
    if case.plan.decisions.execution == "remote":
        return Suggestion("remote-agents", "Agents inside your network reach what is there, and call out to Astro.")
    private = [(place, path) for place, path, _ in paths(case.plan, case.inventory) if path in PRIVATE]
    if not private:
        return Suggestion("public", f"No known place needs more than the internet.{doubts(case)}")
    if case.plan.decisions.cluster == "standard":
        names = listed([place.host for place, _ in private])
        return Suggestion("public", f"A standard cluster has no other way; these stay out of reach: {names}.")
    # The first of equals in a fixed order, so that the same inventory always gives the same advice.
    counted = Counter(path for _, path in private)
    path = max(_WAYS, key=lambda kind: counted[kind])
    these = listed([place.host for place, its in private if its == path], 3)
    reason = f"That is how {these} {'looks' if counted[path] == 1 else 'look'} to be reached, by name or address."
    if path == "peering" and any(place.path == "peering" for place, _ in private):
        # A private address says that much and no more.
        reason = (
            f"{these} can be reached by peering, which takes the least to set up. Where a VPN or a private endpoint "
            "leads there today, say so in places."
        )
    return Suggestion(
        _WAYS[path],
        reason,
        tuple(seen_at(place) for place, _ in private),
    )


@BOOK.rule(
    "NET-001",
    "refuse",
    about=WHERE,
    reads=("plan.decisions.networking", "plan.decisions.cluster"),
    source="migration guide, Phase 3: networking; docs: networking overview",
)
def needs_dedicated(case: Case) -> Iterator[Hit]:
    """Peering, private endpoints and VPN exist on dedicated clusters only.

    A standard cluster is shared with others, so it cannot be joined with your network.
    """
    decisions = case.plan.decisions
    if decisions.networking in ON_DEDICATED and decisions.cluster == "standard":
        yield Hit(
            f"{decisions.networking} exists on dedicated clusters only.", 'Set decisions.cluster to "dedicated".'
        )


@BOOK.rule(
    "NET-006",
    "refuse",
    about=WHERE,
    reads=("plan.decisions.networking", "plan.decisions.cloud"),
    source="docs: connect-aws, connect-gcp, connect-azure",
)
def not_in_that_cloud(case: Case) -> Iterator[Hit]:
    """Each cloud has its own ways into a private network.

    AWS: VPC peering, Transit Gateway, PrivateLink, VPN. Google Cloud: VPC peering, Private Service Connect, VPN.
    Azure: VNet peering, Private Link, a virtual WAN hub or VPN gateway.
    """
    decisions = case.plan.decisions
    if decisions.networking in ON_DEDICATED and way_in(decisions.cloud, decisions.networking) is None:
        there = ", ".join(f"{way.way} ({way.name})" for way in ways(decisions.cloud))
        yield Hit(f"There is no {decisions.networking} on {decisions.cloud}.", f"There are: {there}.")


@BOOK.rule(
    "NET-guide",
    "advise",
    about=WHERE,
    reads=("plan.decisions.networking", "plan.decisions.cloud"),
    source="guide, Phase 3: AWS and Google Cloud only; docs: connect-aws, connect-gcp, connect-azure",
)
def not_in_the_guide(case: Case) -> Iterator[Hit]:
    """The migration guide does not name this way, newer documents do.

    The guide names peering and PrivateLink on AWS and peering on Google Cloud. Newer documents add Transit Gateway
    and VPN on AWS, Private Service Connect and VPN on Google Cloud, and all of Azure. Ask before you build on it.
    """
    decisions = case.plan.decisions
    chosen = way_in(decisions.cloud, decisions.networking)
    if chosen is not None and not chosen.guide:
        yield Hit(
            f"The guide does not name {chosen.name} on {decisions.cloud}; newer documents do ({chosen.source}).",
            "Have Astro's support confirm it before your network team begins.",
        )


@BOOK.rule(
    "NET-agents",
    "refuse",
    about=WHERE,
    reads=("plan.decisions.networking", "plan.decisions.execution"),
    source="migration guide, Phase 2: execution model",
)
def agents_need_remote(case: Case) -> Iterator[Hit]:
    """Remote agents exist with remote execution only.

    With hosted execution Astro's own workers run the tasks, so there is no agent in your network.
    """
    decisions = case.plan.decisions
    if decisions.networking == "remote-agents" and decisions.execution != "remote":
        yield Hit("Remote agents run tasks in remote execution only.", 'Set decisions.execution to "remote".')


@BOOK.rule(
    "NET-004",
    "warn",
    about=WHERE,
    reads=("plan.decisions.networking", "plan.places", "inventory.places"),
    source="migration guide, Phase 3: networking",
)
def public_only(case: Case) -> Iterator[Hit]:
    """Private places are not reached over the internet.

    Choose how they are reached. A guess from a host name may be wrong: then say in `places` that it is public.
    """
    private = [place.host for place, path, _ in paths(case.plan, case.inventory) if path in PRIVATE]
    if private and case.plan.decisions.networking == "public":
        yield Hit(
            f"Over the internet alone these places are not reached: {listed(private)}.",
            "Choose how they are reached, or say in places that they are public.",
        )


@BOOK.rule(
    "NET-local",
    "warn",
    about="places",
    reads=("plan.places", "inventory.places"),
    source="Deployments run in pods of Astro's",
)
def localhost(case: Case) -> Iterator[Hit]:
    """A service on localhost stays behind.

    localhost, a socket file or a link-local address mean the Airflow machine itself. On Astro a task runs in a pod
    of its own; nothing of yours listens there.
    """
    local = [place.host for place, path, _ in paths(case.plan, case.inventory) if path == "local"]
    if local:
        yield Hit(
            f"{listed(local)}: that is the Airflow machine itself, which Astro does not have.",
            "Give these services a reachable address, or skip their connections.",
        )


@BOOK.rule(
    "NET-ask",
    "advise",
    about="places",
    reads=("plan.places", "inventory.places"),
    source="a guess from a host name is only a guess",
)
def not_confirmed(case: Case) -> Iterator[Hit]:
    """The network path to a place is only guessed.

    The guess is made from the host's name or address alone. Somebody who knows the network should confirm each path.
    A cloud's own API (amazonaws.com, googleapis.com) needs no word: it is public unless you keep it inside.
    """
    known = paths(case.plan, case.inventory)
    guessed = [
        place.host
        for place, path, confirmed in known
        if not confirmed and path != "local" and place.host not in ANYWHERE
    ]
    if guessed:
        yield Hit(
            f"The network path to {several(len(guessed), 'place')} is only guessed: {listed(guessed)}.",
            "Confirm each in the networking stage, or write it with its path into places of the plan.",
        )


@BOOK.rule(
    "NET-021",
    "advise",
    about=WHERE,
    reads=("plan.places", "inventory.places"),
    source="docs: connect-aws, external IPs of a cluster",
)
def allow_lists(case: Case) -> Iterator[Hit]:
    """Public services may admit known addresses only.

    Your old Airflow called from addresses that are on their allow lists; Astro calls from others. They stay the same
    for the life of the cluster. Keep the old ones listed until the source is decommissioned.
    """
    public = allow_list_places(case)
    if public:
        yield Hit(
            f"{several(len(public), 'public place')} may admit known addresses only: {listed(public)}.",
            "Have the external IPs of the Deployment added to the allow lists there before the first test.",
        )


@BOOK.rule(
    "NET-023",
    "advise",
    about=WHERE,
    reads=("plan.decisions.networking", "plan.places", "inventory.places"),
    source="docs of 2024: connect-aws; docs: connect-azure-hostname-resolution",
)
def private_names(case: Case) -> Iterator[Hit]:
    """Peering alone resolves no private names.

    AWS: switch on DNS resolution for the peering, or associate the Route 53 zones; a Transit Gateway has no DNS.
    Azure: support forwards DNS. Google Cloud: share the private zone. Test by name, not by address.
    """
    if case.plan.decisions.networking not in {"vpc-peering", "transit-gateway", "vpn"}:
        return
    named = [
        place.host
        for place, path, _ in paths(case.plan, case.inventory)
        if path in PRIVATE and any(letter.isalpha() for letter in place.host) and ":" not in place.host
    ]
    if named:
        yield Hit(
            f"A network path alone does not resolve {several(len(named), 'private name')}: {listed(named)}.",
            "Agree with your network team how Astro resolves them (F1 says how, per cloud), and test by name.",
        )
