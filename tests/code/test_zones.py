from __future__ import annotations

import pytest

from astroferry.code.zones import read_zones

TEXT = """
import pendulum
from airflow import DAG as D
from airflow.decorators import dag

BERLIN = pendulum.timezone("Europe/Berlin")
ARGS = {"start_date": pendulum.datetime(2026, 1, 1, tz=BERLIN)}
OFFICE = "Asia/Tokyo"

with D("named", default_args=ARGS, schedule="0 6 * * *"):
    pass

plain = D(dag_id="plain", start_date=pendulum.datetime(2026, 1, 1, tz="UTC"))

@dag(start_date=pendulum.datetime(2026, 1, 1, tz="America/New_York"))
def decorated():
    pass

@dag("other_id")
def whatever():
    pass

for name in ("a", "b"):
    D(name, start_date=pendulum.datetime(2026, 1, 1, tz="Europe/Rome"))
"""


def test_each_dag_has_the_zones_of_its_own_call() -> None:
    seen = read_zones(TEXT)
    assert seen.of == {
        "named": {"Europe/Berlin"},
        "plain": {"UTC"},
        "decorated": {"America/New_York"},
        "other_id": frozenset(),
    }
    assert seen.anywhere == {"Europe/Berlin", "Asia/Tokyo", "UTC", "America/New_York", "Europe/Rome"}


@pytest.mark.parametrize("text", ["def (", "x = '\\0'\0", "(" * 5000])
def test_what_is_no_python_names_nothing(text: str) -> None:
    assert read_zones(text) == read_zones("")


def test_a_name_that_stands_for_itself_is_not_followed_for_ever() -> None:
    assert read_zones("a = b\nb = a\nDAG('d', start_date=a)").of == {"d": frozenset()}
