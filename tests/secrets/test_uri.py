from __future__ import annotations

import json
import traceback
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from astroferry.errors import PlanError
from astroferry.secrets.uri import connection_from_object, connection_from_text, connection_from_uri

if TYPE_CHECKING:
    from astroferry.model.secret import Secret


def plain(secret: Secret | None) -> str | None:
    return None if secret is None else secret.reveal()


def test_a_whole_uri() -> None:
    found = connection_from_uri("pg", "postgresql://etl:p%40ss%2Fw%3Ard%2520@db.acme.corp:5432/dw?sslmode=require&a=")
    assert found.conn_type == "postgres"
    assert plain(found.login) == "etl"
    assert plain(found.password) == "p@ss/w:rd%20"
    assert plain(found.host) == "db.acme.corp"
    assert found.port == 5432
    assert plain(found.schema) == "dw"
    assert json.loads(plain(found.extra) or "") == {"sslmode": "require", "a": ""}


@pytest.mark.parametrize(
    ("uri", "conn_type", "host"),
    [
        ("http://https%3A%2F%2Fapi.example.com%2Fv1", "http", "https://api.example.com/v1"),
        ("http://https://api.example.com", "http", "https://api.example.com"),
        ("google-cloud-platform://", "google_cloud_platform", None),
        ("postgres://%2Fvar%2Frun%2Fpg/dw", "postgres", "/var/run/pg"),
        ("aws://AKIA:secret@/", "aws", None),
        ("kafka://:pw@", "kafka", None),
    ],
)
def test_hosts_and_types_as_airflow_reads_them(uri: str, conn_type: str, host: str | None) -> None:
    found = connection_from_uri("c", uri)
    assert (found.conn_type, plain(found.host)) == (conn_type, host)


def test_an_extra_that_is_no_flat_object_stands_under_its_own_key() -> None:
    raw = '{"nested": {"a": [1, 2]}}'
    found = connection_from_uri("c", "http://host?" + urlencode({"__extra__": raw}))
    assert plain(found.extra) == raw


@pytest.mark.parametrize("text", ["no-uri-canary", "http://a:canary@h:port", "http://[canary", "a://b://c://canary"])
def test_what_is_no_uri_is_refused_without_being_repeated(text: str) -> None:
    with pytest.raises(PlanError, match='The connection "c" cannot be read') as error:
        connection_from_text("c", text)
    assert "canary" not in "".join(traceback.format_exception(error.value, chain=True))
    assert error.value.__cause__ is None


def test_json_text_and_objects() -> None:
    given_ = {"conn_type": "http", "host": "h", "port": "8080", "extra": {"a": 1}, "login": "", "description": "d"}
    found = connection_from_text("c", " " + json.dumps(given_))
    assert found.port == 8080
    assert plain(found.extra) == '{"a": 1}'
    assert plain(found.login) == ""
    assert found.password is None
    assert found.description == "d"
    assert connection_from_object("c", {"conn_type": "x", "port": "", "extra_dejson": {}}).port is None


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{", "JSON cannot be parsed"),
        ('{"host": "canary"}', 'no "conn_type"'),
        ('{"conn_type": "http", "canary": 1}', "1 field"),
        ('{"conn_type": "http", "password": ["canary"]}', '"password" is not text'),
        ('{"conn_type": "http", "port": "canary"}', '"port" is not a number'),
    ],
)
def test_broken_objects_are_refused_without_their_values(text: str, why: str) -> None:
    with pytest.raises(PlanError, match=why) as error:
        connection_from_text("c", text)
    assert "canary" not in str(error.value)


TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1, max_size=20)


@given(login=TEXT, password=TEXT, schema=TEXT, extra=st.dictionaries(TEXT, TEXT, min_size=1, max_size=3))
def test_what_airflow_quotes_is_read_back(login: str, password: str, schema: str, extra: dict[str, str]) -> None:
    uri = (
        f"my-type://{quote(login, safe='')}:{quote(password, safe='')}@host:1/"
        f"{quote(schema, safe='')}?{urlencode(extra)}"
    )
    found = connection_from_uri("c", uri)
    assert [plain(found.login), plain(found.password), plain(found.schema)] == [login, password, schema]
    assert found.conn_type == "my_type"
    assert json.loads(plain(found.extra) or "") == extra
