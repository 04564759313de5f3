from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from astroferry.advice.places import findings, guess, places
from astroferry.model.inventory import ConnectionSeen

if TYPE_CHECKING:
    from ipaddress import IPv4Address, IPv6Address


@pytest.mark.parametrize(
    ("host", "path"),
    [
        ("10.20.4.17", "peering"),
        ("172.16.9.30", "peering"),
        ("192.168.40.9", "peering"),
        ("100.64.3.1", "peering"),
        ("fd00::1", "peering"),
        ("[fd00::1]", "peering"),
        ("8.8.8.8", "public"),
        ("2001:4860:4860::8888", "public"),
        ("127.0.0.1", "local"),
        ("::1", "local"),
        ("0.0.0.0", "local"),
        ("169.254.169.254", "local"),
        ("fe80::1%eth0", "local"),
        ("localhost", "local"),
        ("db.localhost", "local"),
        ("host.docker.internal", "local"),
        ("/var/run/postgresql", "local"),
        ("crm.acme.corp", "vpn"),
        ("CRM.ACME.Internal.", "vpn"),
        ("nas.local", "vpn"),
        ("pg.default.svc.cluster.local", "vpn"),
        ("ip-10-0-0-1.eu-west-1.compute.internal", "peering"),
        ("dw.abc123.eu-west-1.rds.amazonaws.com", "peering"),
        ("vpce-0a1b.s3.eu-west-1.vpce.amazonaws.com", "private-endpoint"),
        ("db.privatelink.database.windows.net", "private-endpoint"),
        ("ab12345.eu-west-1.privatelink.snowflakecomputing.com", "private-endpoint"),
        ("api.exchangerate.example", "public"),
        ("internal.example.com", "public"),
        ("redis-master", "unknown"),
        ("acme-***", "unknown"),
        ("", "unknown"),
    ],
)
def test_guesses(host: str, path: str) -> None:
    guessed, why = guess(host)
    assert guessed == path
    assert why.endswith(".")


@given(st.ip_addresses())
def test_every_address_is_public_exactly_where_it_is_global(
    address: IPv4Address | IPv6Address,
) -> None:
    path, _ = guess(str(address))
    if address.is_private:
        assert path in {"peering", "local"}
    elif path == "public":
        assert not address.is_loopback


@given(st.text())
def test_any_text_gets_a_guess(host: str) -> None:
    guess(host)
    places([ConnectionSeen("c", "http", host=host)])


def where(*connections: ConnectionSeen) -> dict[tuple[str, int | None], tuple[str, ...]]:
    return {(place.host, place.port): place.connections for place in places(connections)}


def test_hosts_ports_and_schemes() -> None:
    assert where(
        ConnectionSeen("pg", "postgres", host="db.acme.corp"),
        ConnectionSeen("pg2", "postgres", host="DB.acme.corp", port=5432),
        ConnectionSeen("own", "postgres", host="db.acme.corp", port=6543),
        ConnectionSeen("web", "http", host="https://api.example.com/v1"),
        ConnectionSeen("odd", "http", host="https://user@api.example.com:8443/v1"),
        ConnectionSeen("bare", "http", host="plain.example.com"),
        ConnectionSeen("ip6", "redis", host="fd00::1"),
        ConnectionSeen("ip6port", "redis", host="[fd00::2]:7000"),
        ConnectionSeen("many", "mongo", host="m1.acme.corp:27018,m2.acme.corp"),
        ConnectionSeen("socket", "postgres", host="/var/run/pg"),
        ConnectionSeen("broken", "http", host="http://[oops"),
    ) == {
        ("db.acme.corp", 5432): ("pg", "pg2"),
        ("db.acme.corp", 6543): ("own",),
        ("api.example.com", 443): ("web",),
        ("api.example.com", 8443): ("odd",),
        ("plain.example.com", None): ("bare",),
        ("fd00::1", 6379): ("ip6",),
        ("fd00::2", 7000): ("ip6port",),
        ("m1.acme.corp", 27018): ("many",),
        ("m2.acme.corp", 27017): ("many",),
        ("/var/run/pg", 5432): ("socket",),
    }


def test_places_without_a_host() -> None:
    found = places(
        [
            ConnectionSeen("snow", "snowflake", extra_keys=("account",)),
            ConnectionSeen("aws1", "aws"),
            ConnectionSeen("aws2", "aws"),
            ConnectionSeen("kafka", "kafka", extra_keys=("bootstrap.servers", "sasl.password")),
            ConnectionSeen("hidden", "http", host="acme-***", port=443),
            ConnectionSeen("fs", "fs", extra_keys=("path",)),
            ConnectionSeen("code", origin="code"),
        ]
    )
    assert [(place.host, place.port, place.path, place.connections) for place in found] == [
        ("amazonaws.com", 443, "public", ("aws1", "aws2")),
        ("bootstrap.servers of kafka", None, "unknown", ("kafka",)),
        ("host of hidden", 443, "unknown", ("hidden",)),
        ("snowflakecomputing.com", 443, "public", ("snow",)),
    ]


def test_localhost_is_a_finding() -> None:
    found = findings(
        places([ConnectionSeen("r", "redis", host="localhost"), ConnectionSeen("w", "http", host="a.b")])
    )
    assert [(finding.code, finding.severity, finding.subject) for finding in found] == [
        ("PLC-localhost", "warn", "r")
    ]
