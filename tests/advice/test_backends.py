"""What each backend needs, and which names it can hold."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.advice.rules.rows_secrets import HIDDEN, VAULT, named
from tests.advice.rules.rulecase import case, source

from astroferry.advice.backends import BACKENDS, Backend, Renamed, renames, settings
from astroferry.advice.needs import backend_needs
from astroferry.advice.rules import secrets, values
from astroferry.advice.rules.secret_names import mapping
from astroferry.model.inventory import Coverage, VariableSeen


@pytest.mark.parametrize("chosen", BACKENDS)
def test_every_backend_says_what_it_needs(chosen: str) -> None:
    backend = next(item for key, item in BACKENDS.items() if key == chosen)
    assert backend.package.startswith("apache-airflow-providers-")
    assert backend.permissions
    assert backend.identity
    cls, kwargs = settings(next(key for key in BACKENDS if key == chosen))
    assert cls.value == backend.path
    assert json.loads(kwargs.value) == backend.kwargs
    assert kwargs.secret == bool(backend.secret_kwargs)


@pytest.mark.parametrize("execution", ["hosted", "remote"])
def test_a_backend_that_the_source_uses_keeps_its_own_settings(execution: str) -> None:
    same = " ".join(backend_needs(case(inventory=VAULT, secrets_backend="hashicorp-vault", execution=execution)))
    assert "=<backend_kwargs of the source's [secrets]>: keep prefixes" in same
    assert "rights that the source's has (read)" in same
    # Nothing of an example that would point elsewhere.
    assert "mount_point" not in same
    assert "airflow/data" not in same
    new = " ".join(backend_needs(case(secrets_backend="hashicorp-vault", execution=execution)))
    assert "an example" in new
    assert '"mount_point": "airflow"' in new
    assert "Allow read on airflow/data/connections/*" in new
    where = "image of the agents" if execution == "remote" else "requirements.txt of an Astro project"
    found = list(secrets.BOOK.problems(case(secrets_backend="hashicorp-vault", execution=execution)))
    assert where in next(item.todo for item in found if item.code == "SEC-021")


def test_astros_own_places_need_no_settings() -> None:
    assert settings("airflow") == settings("astro-environment") == ()
    assert renames("airflow", {"connections": ["a b"]}) == ()


def test_how_names_are_stored() -> None:
    assert BACKENDS["azure-key-vault"].stored_as("connections", "my_db") == "airflow-connections-my-db"
    assert BACKENDS["gcp-secret-manager"].stored_as("variables", "my_db") == "airflow-variables-my_db"
    assert BACKENDS["aws-parameter-store"].stored_as("connections", "db") == "/airflow/connections/db"


def test_names_are_proposed_for_those_that_do_not_fit() -> None:
    found = mapping(case(inventory=named("a.b", "a_b", "c"), secrets_backend="gcp-secret-manager"))
    assert found == (Renamed("connections", "a.b", "a_b_2", "characters or length that it does not take"),)
    folded = mapping(case(inventory=named("my_db", "my-db", "MY_DB"), secrets_backend="azure-key-vault"))
    assert [(item.old, item.new, item.why) for item in folded] == [
        ("my-db", "my-db_2", "the same as MY_DB there"),
        ("my_db", "my_db_3", "the same as MY_DB there"),
    ]


@given(
    st.sampled_from(sorted(BACKENDS)),
    st.sets(st.text(alphabet="ab_-./() :ü", min_size=1, max_size=6), max_size=8),
)
def test_after_renaming_everything_fits_and_nothing_collides(chosen: str, names: set[str]) -> None:
    backend: Backend = next(item for key, item in BACKENDS.items() if key == chosen)
    key = next(key for key in BACKENDS if key == chosen)
    new = {item.old: item.new for item in renames(key, {"connections": names})}
    after = [new.get(name, name) for name in sorted(names)]
    assert all(backend.fits("connections", name) for name in after)
    assert len({backend.same(name) for name in after}) == len(after)


def test_agents_are_given_a_store_on_your_side() -> None:
    assert secrets.suggest(case(execution="remote")).value == "aws-secrets-manager"
    assert secrets.suggest(case(execution="remote", cloud="GCP")).value == "gcp-secret-manager"
    dotted = named("a.b")
    assert secrets.suggest(case(inventory=dotted, execution="remote", cloud="GCP")).value == "hashicorp-vault"
    assert secrets.suggest(case(inventory=VAULT, execution="remote")).value == "hashicorp-vault"


def test_the_backend_of_the_source_is_suggested_unless_it_is_refused() -> None:
    azure = {"secrets": {"backend": "airflow.providers.microsoft.azure.secrets.key_vault.AzureKeyVaultBackend"}}
    assert secrets.suggest(case(inventory=source(config=azure))).value == "azure-key-vault"
    assert secrets.suggest(case(inventory=named("my_db", "my-db", config=azure))).value == "airflow"
    other = secrets.suggest(case(inventory=source(config={"secrets": {"backend": "acme.Backend"}})))
    assert (other.value, other.evidence) == ("airflow", ("acme.Backend",))
    assert secrets.suggest(case(inventory=named("a"))).value == "airflow"


def test_where_nothing_was_shown_nothing_is_sure() -> None:
    hidden = case(inventory=named("a", coverage=HIDDEN))
    assert "1 connection is in the source's database" in secrets.suggest(hidden).reason
    assert "could not be seen" in secrets.suggest(hidden).reason
    assert "could not be seen" not in secrets.suggest(case(inventory=named("a"))).reason
    assert "lists no connection and no variable" in secrets.suggest(case()).reason
    refused = case(inventory=source(coverage=(Coverage("connections", "refused"), Coverage("variables", "failed"))))
    assert "did not show its connections" in values.suggest_connections(refused).reason
    assert "did not show its variables" in values.suggest_variables(refused).reason
    assert values.suggest_variables(case()).reason == "The source lists no variable."


def test_what_the_plan_keeps_elsewhere_is_not_copied() -> None:
    there = named("a", variables=(VariableSeen("v"),))
    kept = case(inventory=there, secrets_backend="gcp-secret-manager")
    assert values.suggest_connections(kept).value == values.suggest_variables(kept).value == "backend"
    assert values.suggest_connections(case(inventory=there)).value == "typed"
    same = case(inventory=named("a", config=VAULT.config), secrets_backend="hashicorp-vault")
    assert values.suggest_connections(same).value == "typed"
