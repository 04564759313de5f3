"""Cases of the rules in advice/rules/carried.py."""

from __future__ import annotations

from dataclasses import replace

from tests.advice.rules.rulecase import PLAN, case, no, source, yes

from astroferry.model.inventory import ConnectionSeen, VariableSeen
from astroferry.model.plan import Plan, Values


def by(values: Values) -> Plan:
    return replace(PLAN, values=values)


ONE = source(connections=(ConnectionSeen("a", "http"),))
SIX = source(connections=tuple(ConnectionSeen(name, "http") for name in "abcdef"))
NAMED_IN_CODE = source(
    connections=(ConnectionSeen("c", origin="code"),), variables=(VariableSeen("v", origin="code"),)
)
BLANK = source(connections=(ConnectionSeen("a b", "http"),))
LONG = source(variables=(VariableSeen("k" * 251),))
KEYED = source(
    connections=(
        ConnectionSeen("lake", "aws", login="AKIA"),
        ConnectionSeen("role", "aws", extra_keys=("role_arn",)),
        ConnectionSeen("gcp", "google_cloud_platform", extra_keys=("keyfile_dict",)),
    )
)
DATABASES = source(
    connections=(
        ConnectionSeen("warehouse", "redshift", login="etl", has_password=True),
        ConnectionSeen("orders", "gcpcloudsql", login="etl", has_password=True),
        ConnectionSeen("role", "aws", login="AKIA", has_password=False),
        ConnectionSeen("google", "google_cloud_platform", login="somebody"),
    )
)
AZURE = source(
    connections=(
        ConnectionSeen("blobs", "wasb", login="account", has_password=True),
        ConnectionSeen("token", "wasb", extra_keys=("extra__wasb__sas_token",)),
        ConnectionSeen("managed", "adls", extra_keys=("tenant",)),
    )
)
STOCK = source(connections=tuple(ConnectionSeen(f"{name}_default", "http") for name in "abcdef"))

ROWS = (
    yes("ENV-001", case(inventory=BLANK), 'like "a b".'),
    no("ENV-001", case(inventory=ONE)),
    no("ENV-001", case(by(Values(skip_connections=("a b",))), BLANK)),
    yes("ENV-002", case(inventory=LONG)),
    no("ENV-002", case(by(Values(skip_variables=("k" * 251,))), LONG)),
    yes("ENV-skip", case(by(Values(skip_connections=("x",))), ONE), "values.skip_connections"),
    yes("ENV-skip", case(by(Values(skip_variables=("y",))), ONE), "values.skip_variables"),
    no("ENV-skip", case(by(Values(skip_connections=("a",))), ONE)),
    yes("ENV-015", case(inventory=KEYED), "long-lived keys for AWS: lake."),
    yes("ENV-015", case(inventory=KEYED, cloud="GCP"), "long-lived keys for GCP: gcp."),
    no("ENV-015", case(by(Values(skip_connections=("lake",))), KEYED)),
    no("ENV-015", case(inventory=KEYED, cloud="AZURE")),
    no("ENV-015", case(inventory=DATABASES)),
    no("ENV-015", case(inventory=DATABASES, cloud="GCP")),
    yes("ENV-015", case(inventory=AZURE, cloud="AZURE"), "long-lived keys for AZURE: blobs, token."),
    yes("ENV-018", case(inventory=STOCK), "6 connections"),
    no("ENV-018", case(inventory=SIX)),
    yes("ENV-code", case(inventory=NAMED_IN_CODE), "connections that the source does not list: c"),
    no("ENV-code", case(by(Values(skip_connections=("c",), skip_variables=("v",))), NAMED_IN_CODE)),
)
