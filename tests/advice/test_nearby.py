"""In which cloud and region a host is, by its name."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.advice.rules.rulecase import INVENTORY, PLAN, case, facts, place

from astroferry.advice.nearby import Located, located, nearest
from astroferry.advice.rules import cluster
from astroferry.model.inventory import Place
from astroferry.model.organization import ClusterSeen


@pytest.mark.parametrize(
    ("host", "cloud", "region"),
    [
        ("db.cxyz.eu-west-1.rds.amazonaws.com", "AWS", "eu-west-1"),
        ("bucket.s3.ap-southeast-2.amazonaws.com", "AWS", "ap-southeast-2"),
        ("s3.amazonaws.com", "AWS", ""),
        ("vpce-0a1.sqs.us-gov-west-1.vpce.amazonaws.com", "AWS", "us-gov-west-1"),
        ("cache.ab12.0001.euw1.cache.amazonaws.com", "AWS", "eu-west-1"),
        ("cache.ab12.apse2.cache.amazonaws.com", "AWS", "ap-southeast-2"),
        ("ip-10-0-0-1.eu-north-1.compute.internal", "AWS", "eu-north-1"),
        ("ip-10-0-0-1.ec2.internal", "AWS", "us-east-1"),
        ("xy12345.eu-central-1.snowflakecomputing.com", "AWS", "eu-central-1"),
        ("xy12345.europe-west4.gcp.snowflakecomputing.com", "GCP", "europe-west4"),
        ("xy12345.west-europe.azure.snowflakecomputing.com", "AZURE", "westeurope"),
        ("vm-1.europe-west4-a.c.acme-prod.internal", "GCP", "europe-west4"),
        ("vm-1.c.acme-prod.internal", "GCP", ""),
        ("acme-prod:europe-west1:orders", "GCP", "europe-west1"),
        ("bigquery.googleapis.com", "GCP", ""),
        ("pg.postgres.database.azure.com", "AZURE", ""),
        ("acme.database.windows.net", "AZURE", ""),
        ("acme.westeurope.kusto.windows.net", "AZURE", "westeurope"),
        ("adb-12.7.azuredatabricks.net", "AZURE", ""),
        ("dbc-12.cloud.databricks.com", "AWS", ""),
    ],
)
def test_a_host_tells_where_it_is(host: str, cloud: str, region: str) -> None:
    found = located(host)
    assert found is not None
    assert (found.cloud, found.region) == (cloud, region)
    assert located(host.upper() + ".") == found


@pytest.mark.parametrize("host", ["10.0.0.1", "pg.example.com", "warehouse", "eu-west-1.example.com", ""])
def test_other_names_tell_nothing(host: str) -> None:
    assert located(host) is None


@given(st.text())
def test_any_text_may_be_a_host(text: str) -> None:
    assert located(text) is None or isinstance(located(text), Located)


IRELAND = "a.eu-west-1.rds.amazonaws.com"
FRANKFURT = "b.eu-central-1.rds.amazonaws.com"


def test_the_cloud_and_region_that_most_connections_lead_to() -> None:
    assert nearest(INVENTORY) is None
    many = Place(IRELAND, 5432, ("a", "b", "c"), "peering", "")
    inventory = replace(INVENTORY, places=(place(FRANKFURT, "peering"), many, place("x.googleapis.com", "public")))
    found = nearest(inventory)
    assert found is not None
    assert (found.cloud, found.region) == ("AWS", "eu-west-1")
    assert found.evidence == (f"{FRANKFURT}: AWS eu-central-1", f"{IRELAND}: AWS eu-west-1")
    composer = replace(INVENTORY, kind="composer", url="https://ab-dot-europe-west1.composer.googleusercontent.com")
    where = nearest(composer)
    assert where is not None
    assert where.cloud == "GCP"


def test_cloud_and_region_next_to_the_data_are_suggested() -> None:
    here = replace(INVENTORY, places=(place(FRANKFURT, "peering"),))
    there = replace(INVENTORY, places=(place(IRELAND, "peering"),))
    assert cluster.suggest_cloud(case(inventory=here, cloud="GCP")).value == "AWS"
    assert cluster.suggest_cloud(case(cloud="GCP")).value == "GCP"
    assert cluster.suggest_region(case(inventory=here)).value == "eu-central-1"
    near = cluster.suggest_region(case(inventory=there))
    assert (near.value, near.evidence) == ("eu-central-1", ("eu-west-1",))
    assert cluster.suggest_region(case(inventory=there, cluster="dedicated")).value == "eu-west-1"
    assert cluster.suggest_region(case(region="nowhere")).value == "us-east-1"
    assert cluster.suggest_region(case(cloud="GCP")).value == "us-central1"
    assert cluster.suggest_region(case()).value == "us-east-1"


def test_a_dedicated_cluster_that_is_there_is_suggested() -> None:
    seen = (
        ClusterSeen("c1", "harbour", "DEDICATED", "AWS", "eu-west-1", "CREATED"),
        ClusterSeen("c2", "quay", "DEDICATED", "AWS", "us-east-1", "CREATING"),
        ClusterSeen("c3", "pier", "HYBRID", "AWS", "eu-west-1", "CREATED"),
    )
    known = replace(facts(), clusters=seen)
    assert cluster.suggest_name(case(facts=known, cluster="dedicated", region="eu-west-1")).value == "harbour"
    assert cluster.suggest_name(case(facts=known, cluster="dedicated")).value == ""
    assert cluster.suggest_name(case(facts=known, cluster="dedicated", cluster_name="own")).value == "own"
    assert cluster.suggest_name(case(PLAN)).value == ""
