"""In which cloud and region the data is, as host names tell: where Astro should run, next to it."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from astroferry.model.inventory import Inventory

Cloud = Literal["AWS", "AZURE", "GCP"]


@dataclass(frozen=True, slots=True)
class Located:
    """Where a host is; `region` is empty where its name tells the cloud alone."""

    cloud: Cloud
    region: str = ""


@dataclass(frozen=True, slots=True)
class Nearest:
    """Where most of the data is: the cloud, the region most named there, and the hosts that say so."""

    cloud: Cloud
    region: str
    evidence: tuple[str, ...]


_AWS_REGION = re.compile(
    r"(?:^|[.-])((?:us|eu|ap|ca|sa|af|me|il|mx|cn)(?:-gov)?-(?:north|south|east|west|central|northeast|southeast"
    r"|northwest|southwest)-\d)(?=[.-]|$)"
)
_AWS_SHORT = re.compile(r"(?:^|\.)(us|eu|ap|ca|sa|af|me)(ne|nw|se|sw|n|s|e|w|c)(\d)\.cache\.amazonaws\.com$")
_POINTS = {
    "n": "north", "s": "south", "e": "east", "w": "west", "c": "central",
    "ne": "northeast", "nw": "northwest", "se": "southeast", "sw": "southwest",
}  # fmt: skip
_GCP_REGION = re.compile(
    r"(?:^|[.:-])((?:us|europe|asia|australia|northamerica|southamerica|me|africa)-"
    r"(?:north|south|east|west|central|northeast|southeast)\d+)(?=[.:-]|$)"
)
_AZURE_REGION = re.compile(
    r"\.([a-z]+(?:us|europe|asia|india|japan|uk|brazil|canada|australia|france|germany)[a-z]*\d?)\."
)
_AZURE_WITH_REGION = (".cloudapp.azure.com", ".azmk8s.io", ".kusto.windows.net", ".azurecontainer.io")
_CLOUD_OF: tuple[tuple[Cloud, tuple[str, ...]], ...] = (
    (
        "AZURE",
        (
            ".azure.snowflakecomputing.com",
            ".database.azure.com",
            ".windows.net",
            ".azure.net",
            ".azure.com",
            ".azuredatabricks.net",
            ".azmk8s.io",
            ".azurecr.io",
            ".azuredatalakestore.net",
            ".azurecontainer.io",
        ),
    ),
    (
        "GCP",
        (
            ".gcp.snowflakecomputing.com",
            ".gcp.databricks.com",
            ".googleapis.com",
            ".composer.googleusercontent.com",
            ".run.app",
            ".cloudfunctions.net",
            ".pkg.dev",
        ),
    ),
    (
        "AWS",
        (
            ".amazonaws.com",
            ".amazonaws.com.cn",
            ".compute.internal",
            ".ec2.internal",
            ".cloud.databricks.com",
            ".on.aws",
        ),
    ),
)
_GCP_MACHINE = re.compile(r"\.([a-z]+-[a-z]+\d+)-[a-z]\.c\.[^.]+\.internal$")
_GCP_ANY_MACHINE = re.compile(r"\.c\.[^.]+\.internal$")
_CLOUD_SQL = re.compile(r"^[\w-]+(?:\.[\w-]+)?:([a-z]+-[a-z]+\d+):[\w-]+$")


def located(host: str) -> Located | None:
    """Where that host is, by its name alone (endpoint names as the clouds document them); None where it tells not."""
    name = host.rstrip(".").lower()
    if (machine := _GCP_MACHINE.search(name)) or (machine := _CLOUD_SQL.match(name)):
        return Located("GCP", machine[1])
    if _GCP_ANY_MACHINE.search(name):
        return Located("GCP")
    dotted = f".{name}"
    for cloud, endings in _CLOUD_OF:
        if dotted.endswith(endings):
            return Located(cloud, _region(cloud, name))
    if dotted.endswith(".snowflakecomputing.com") and (region := _AWS_REGION.search(name)):
        # Snowflake's account hosts name an AWS region without naming AWS.
        return Located("AWS", region[1])
    return None


def _region(cloud: Cloud, name: str) -> str:
    if cloud == "AWS":
        if name.endswith(".ec2.internal"):
            # Machines in us-east-1 alone have this ending.
            return "us-east-1"
        if short := _AWS_SHORT.search(name):
            return f"{short[1]}-{_POINTS[short[2]]}-{short[3]}"
        found = _AWS_REGION.search(name)
    elif cloud == "GCP":
        found = _GCP_REGION.search(name)
    else:
        if name.endswith(".azure.snowflakecomputing.com"):
            return name.split(".")[-4].replace("-", "") if name.count(".") > 3 else ""
        found = _AZURE_REGION.search(name) if name.endswith(_AZURE_WITH_REGION) else None
    return found[1] if found else ""


def nearest(inventory: Inventory) -> Nearest | None:
    """Where most connections lead, the source's own cloud counting once more; None where no name tells."""
    seen = [(host, where, weight) for host, weight in _hosts(inventory) if (where := located(host)) is not None]
    if not seen:
        return None
    clouds: Counter[Cloud] = Counter()
    regions: Counter[tuple[Cloud, str]] = Counter()
    for _, where, weight in seen:
        clouds[where.cloud] += weight
        if where.region:
            regions[where.cloud, where.region] += weight
    # The first of equals by name, so that the same inventory always gives the same advice.
    cloud = min(clouds, key=lambda name: (-clouds[name], name))
    here = {region: count for (of, region), count in regions.items() if of == cloud}
    region = min(here, key=lambda name: (-here[name], name)) if here else ""
    evidence = tuple(
        f"{host}: {where.cloud}{' ' + where.region if where.region else ''}"
        for host, where, _ in seen
        if where.cloud == cloud
    )
    return Nearest(cloud, region, evidence)


def _hosts(inventory: Inventory) -> Iterator[tuple[str, int]]:
    """(host, how many connections lead there), the source's own host last."""
    for place in inventory.places:
        yield place.host, max(1, len(place.connections))
    own = urlsplit(inventory.url).hostname
    if own and inventory.kind in {"mwaa", "composer"}:
        yield own, 1
