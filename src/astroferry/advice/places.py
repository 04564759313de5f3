"""Where DAGs reach: places from connections, and a guess over which network path each is reached.

Pure. A guess is only that: each is asked and stored in the plan. Extras are known by the names of their keys alone,
so a place that stands in an extra has no host here.
"""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from astroferry.model.finding import Finding
from astroferry.model.inventory import Place
from astroferry.model.secret import is_masked

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from astroferry.model.inventory import ConnectionSeen, PathKind

DEFAULT_PORTS = {
    "cassandra": 9042,
    "databricks": 443,
    "drill": 8047,
    "druid": 8082,
    "elasticsearch": 9200,
    "exasol": 8563,
    "ftp": 21,
    "hive_cli": 10000,
    "hive_metastore": 9083,
    "hiveserver2": 10000,
    "imap": 993,
    "impala": 21050,
    "kafka": 9092,
    "livy": 8998,
    "mongo": 27017,
    "mssql": 1433,
    "mysql": 3306,
    "neo4j": 7687,
    "oracle": 1521,
    "postgres": 5432,
    "presto": 8080,
    "redis": 6379,
    "redshift": 5439,
    "samba": 445,
    "sftp": 22,
    "smtp": 587,
    "snowflake": 443,
    "spark": 7077,
    "ssh": 22,
    "trino": 8080,
    "vault": 8200,
    "vertica": 5433,
    "winrm": 5985,
}
"""port where a connection of this type names none; from the services' own documentation"""

_SCHEME_PORTS = {"https": 443, "http": 80, "ftp": 21, "sftp": 22, "ssh": 22, "grpcs": 443}

_PUBLIC_SERVICES = {
    "aws": "amazonaws.com",
    "emr": "amazonaws.com",
    "google_cloud_platform": "googleapis.com",
    "gcpbigquery": "googleapis.com",
    "snowflake": "snowflakecomputing.com",
    "slack": "slack.com",
    "azure": "management.azure.com",
    "azure_data_lake": "azuredatalakestore.net",
    "wasb": "blob.core.windows.net",
    "salesforce": "salesforce.com",
    "dbt_cloud": "cloud.getdbt.com",
}
"""connection types that reach a cloud service even where they name no host"""

_EXTRA_PLACES = ("bootstrap.servers", "endpoint_url", "account_url", "host", "hosts", "account", "vault_url", "url")
"""keys of an extra that say where a connection leads"""

_LOCAL_NAMES = frozenset({"localhost", "localhost.localdomain", "host.docker.internal", "ip6-localhost"})
_CLOUD_PRIVATE_NAMES = (".compute.internal", ".ec2.internal")
_INSIDE_SUFFIXES = (
    ".internal",
    ".corp",
    ".local",
    ".lan",
    ".intranet",
    ".intra",
    ".home",
    ".private",
    ".localdomain",
    ".test",
)
_VPC_SERVICES = (".rds.amazonaws.com", ".redshift.amazonaws.com", ".cache.amazonaws.com", ".docdb.amazonaws.com")
_PRIVATE_ENDPOINT = re.compile(r"(^|[.-])(vpce|privatelink)([.-]|$)")
_SHARED_RANGE = ipaddress.ip_network("100.64.0.0/10")


def places(connections: Iterable[ConnectionSeen]) -> tuple[Place, ...]:
    """All places that connections lead to, sorted by host and port, each with the connections that lead there."""
    found: dict[tuple[str, int | None], tuple[set[str], PathKind, str]] = {}
    for connection in connections:
        for host, port, path, why in _of(connection):
            names, _, _ = found.setdefault((host, port), (set(), path, why))
            names.add(connection.conn_id)
    in_order = sorted(found.items(), key=lambda item: (item[0][0], item[0][1] or 0))
    return tuple(Place(host, port, tuple(sorted(names)), path, why) for (host, port), (names, path, why) in in_order)


def findings(found: Iterable[Place]) -> list[Finding]:
    """What is wrong with places as such: a managed platform has no localhost of yours."""
    return [
        Finding(
            "PLC-localhost",
            "warn",
            f"{', '.join(place.connections)}: {place.host} means the Airflow machine itself; on Astro nothing of "
            "yours listens there.",
            place.connections[0],
            "Give the service an address that can be reached from Astro, or leave the connection out.",
        )
        for place in found
        if place.path == "local"
    ]


def guess(host: str) -> tuple[PathKind, str]:
    """The likely network path to a host (name or address, no port), and one sentence why."""
    name = host.strip("[]").rstrip(".").lower()
    if not name or is_masked(name):
        return "unknown", "The host is not known."
    if name.startswith("/"):
        return "local", "It is a socket file on the Airflow machine."
    try:
        address = ipaddress.ip_address(name.split("%", 1)[0])
    except ValueError:
        return _guess_name(name)
    return _guess_address(address)


def _guess_address(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> tuple[PathKind, str]:
    if address.is_loopback or address.is_unspecified:
        return "local", f"{address} is the Airflow machine itself."
    if address.is_link_local:
        return "local", f"{address} is link-local: it exists only on the machine's own network."
    if address.version == 4 and address in _SHARED_RANGE:
        return "peering", f"{address} is in the shared range 100.64.0.0/10, so it is inside a private network."
    if address.is_private:
        return "peering", f"{address} is a private address; it is inside a network of yours."
    return "public", f"{address} is a public address."


def _guess_name(name: str) -> tuple[PathKind, str]:
    if name in _LOCAL_NAMES or name.endswith(".localhost"):
        return "local", f"{name} is the Airflow machine itself."
    if _PRIVATE_ENDPOINT.search(name):
        return "private-endpoint", f"{name} names a private endpoint."
    if name.endswith(_CLOUD_PRIVATE_NAMES):
        return "peering", f"{name} is the private name of a machine in a cloud network."
    if name.endswith(_VPC_SERVICES):
        return "peering", f"{name} has a public name, but such services usually listen inside a VPC only."
    if name.endswith((".svc.cluster.local", ".svc")):
        return (
            "vpn",
            f"{name} exists only inside a Kubernetes cluster; it has to be exposed to be reached from Astro.",
        )
    if name.endswith(_INSIDE_SUFFIXES):
        return "vpn", f"The ending of {name} is used inside company networks only."
    if "." not in name:
        return "unknown", f"{name} has no domain, so it resolves only inside the source's own network."
    return "public", f"{name} is a name in a public domain (it may still resolve to a private address)."


def _of(connection: ConnectionSeen) -> Iterator[tuple[str, int | None, PathKind, str]]:
    """(host, port, path, why) of each place that one connection leads to."""
    if is_masked(connection.host):
        yield f"host of {connection.conn_id}", connection.port, "unknown", "The source shows the host masked."
        return
    default = connection.port or DEFAULT_PORTS.get(connection.conn_type)
    named = [part for part in re.split(r"[,\s]+", connection.host) if part]
    for part in named:
        host, port = _host_and_port(part)
        if host:
            # A port in the host's own text wins: it belongs to that host alone.
            yield host, port or connection.port or _scheme_port(part) or default, *guess(host)
    if named:
        return
    service = _PUBLIC_SERVICES.get(connection.conn_type)
    if service is not None:
        why = f"{service} is reached over the internet, unless a private endpoint to it was set up."
        yield service, connection.port or 443, "public", why
        return
    for key in _EXTRA_PLACES:
        if key in connection.extra_keys:
            why = f'The place stands in the extra under "{key}", whose value is not read.'
            yield f"{key} of {connection.conn_id}", connection.port, "unknown", why
            return


def _host_and_port(text: str) -> tuple[str, int | None]:
    """Host (lower case, no user, no brackets) and port of `host`, `host:port`, `scheme://host:port/path`."""
    if text.startswith("/"):
        return text, None
    if text.count(":") > 1 and "://" not in text and not text.startswith("["):
        # A bare IPv6 address has no port.
        return text.lower(), None
    try:
        parts = urlsplit(text if "://" in text else f"//{text}")
        return (parts.hostname or "").lower(), parts.port
    except ValueError:
        return "", None


def _scheme_port(text: str) -> int | None:
    scheme, separator, _ = text.partition("://")
    return _SCHEME_PORTS.get(scheme.lower()) if separator else None
