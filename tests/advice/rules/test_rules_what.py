"""Secrets backend, waves: what moves, and where it lives."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from tests.advice.rules.rulecase import CRON, INVENTORY, PLAN, ids

from astroferry.advice.rules import secrets
from astroferry.advice.rules.rule import Case
from astroferry.model.inventory import ConnectionSeen, Dag, VariableSeen
from astroferry.model.plan import Values

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
