"""Secrets backend, waves: what moves, and where it lives."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from tests.advice.rules.rulecase import CRON, INVENTORY, PLAN, ids

from astroferry.advice.rules import secrets, waves
from astroferry.advice.rules.rule import Case
from astroferry.model.inventory import ConnectionSeen, Dag, VariableSeen
from astroferry.model.plan import Values, Wave

if TYPE_CHECKING:
    from astroferry.model.inventory import Inventory
    from astroferry.model.plan import Plan, SecretsBackend

VAULT = {"secrets": {"backend": "airflow.providers.hashicorp.secrets.vault.VaultBackend"}}


def source(*connections: str, variables: tuple[VariableSeen, ...] = (), **changes: Any) -> Inventory:
    seen = tuple(ConnectionSeen(name, "http") for name in connections)
    return replace(INVENTORY, connections=seen, variables=variables, **changes)


def backend(chosen: SecretsBackend, **given: Any) -> Plan:
    return replace(PLAN, decisions=replace(PLAN.decisions, secrets_backend=chosen), **given)


def test_the_backend_of_the_source_is_suggested() -> None:
    assert secrets.suggest(Case(PLAN, source(config=VAULT))).value == "hashicorp-vault"
    other = secrets.suggest(Case(PLAN, source(config={"secrets": {"backend": "acme.Backend"}})))
    assert (other.value, other.evidence) == ("airflow", ("acme.Backend",))
    assert secrets.suggest(Case(PLAN, source("a"))).value == "airflow"


def test_another_backend_than_the_source_and_its_provider() -> None:
    assert ids(secrets.BOOK.problems(Case(PLAN, source("a")))) == []
    assert ids(secrets.BOOK.problems(Case(PLAN, source(config=VAULT)))) == ["SEC-015"]
    assert ids(secrets.BOOK.problems(Case(backend("hashicorp-vault"), source(config=VAULT)))) == ["SEC-021"]


@pytest.mark.parametrize(
    ("chosen", "names", "expected"),
    [
        ("azure-key-vault", ("my_db", "my-db"), ["SEC-006"]),
        ("azure-key-vault", ("a.b",), ["SEC-008"]),
        ("gcp-secret-manager", ("a.b", "a b"), ["SEC-008"]),
        ("gcp-secret-manager", ("my_db", "my-db"), []),
        ("astro-environment", ("db", "DB"), ["SEC-006"]),
        ("astro-environment", ("my-db",), ["SEC-008"]),
        ("hashicorp-vault", ("a.b",), []),
    ],
)
def test_names_that_a_backend_cannot_hold(
    chosen: SecretsBackend, names: tuple[str, ...], expected: list[str]
) -> None:
    found = [code for code in ids(secrets.BOOK.problems(Case(backend(chosen), source(*names)))) if code != "SEC-021"]
    assert found == expected
    skipping = backend(chosen, values=Values(skip_connections=names))
    assert [code for code in ids(secrets.BOOK.problems(Case(skipping, source(*names)))) if code != "SEC-021"] == []


def test_values_that_are_too_large() -> None:
    inventory = source(variables=(VariableSeen("big", size=30_000),))
    assert "SEC-010" in ids(secrets.BOOK.problems(Case(backend("azure-key-vault"), inventory)))
    assert "SEC-010" not in ids(secrets.BOOK.problems(Case(backend("aws-secrets-manager"), inventory)))
    assert "SEC-010" not in ids(secrets.BOOK.problems(Case(backend("airflow"), inventory)))


def dag(dag_id: str, **changes: Any) -> Dag:
    return replace(Dag(dag_id, CRON, is_paused=False, dependencies="none"), **changes)


def test_one_wave_is_suggested() -> None:
    found = waves.suggest(replace(INVENTORY, dags=(dag("a"), dag("b", triggers=("a",)))), None)
    assert [(wave.name, wave.dags) for wave in found.value] == [("wave-1", ("*",))]
    assert found.evidence == ("1 DAG(s) depend on others.",)
    assert waves.suggest(INVENTORY, None).evidence == ()


def in_waves(*given: tuple[str, tuple[str, ...]]) -> Plan:
    return replace(PLAN, waves=tuple(Wave(name, "test", "prod", dags) for name, dags in given))


def test_dags_in_no_wave_two_waves_and_unknown_ones() -> None:
    inventory = replace(INVENTORY, dags=(dag("a"), dag("b")))
    assert ids(waves.problems(in_waves(("one", ("*",))), inventory, None)) == []
    assert ids(waves.problems(in_waves(("one", ("a",))), inventory, None)) == ["WAV-none"]
    assert ids(waves.problems(in_waves(("one", ("a", "b")), ("two", ("b",))), inventory, None)) == ["WAV-twice"]
    assert ids(waves.problems(in_waves(("one", ("*", "x"))), inventory, None)) == ["WAV-unknown"]
    same = replace(PLAN, waves=(Wave("one", "prod", "prod"),))
    assert ids(waves.problems(same, inventory, None)) == ["WAV-same"]


@pytest.mark.parametrize(
    ("link", "code"),
    [
        ({"waits_for": ("b", "elsewhere")}, "HAZ-001"),
        ({"triggers": ("b", "elsewhere")}, "HAZ-002"),
        ({"consumes": ("s3://x", "s3://nobody")}, "HAZ-003"),
    ],
)
def test_links_that_waves_cut(link: dict[str, tuple[str, ...]], code: str) -> None:
    inventory = replace(INVENTORY, dags=(dag("a", **link), dag("b", produces=("s3://x",))))
    apart, together = in_waves(("one", ("a",)), ("two", ("*",))), in_waves(("one", ("*",)))
    assert ids(waves.problems(apart, inventory, None)) == [code]
    assert ids(waves.problems(together, inventory, None)) == []


def test_unknown_links_matter_where_waves_divide() -> None:
    inventory = replace(INVENTORY, dags=(replace(dag("a"), dependencies="unknown until code is read"), dag("b")))
    assert ids(waves.problems(in_waves(("one", ("a",)), ("two", ("b",))), inventory, None)) == ["WAV-links"]
    assert ids(waves.problems(in_waves(("one", ("*",))), inventory, None)) == []
