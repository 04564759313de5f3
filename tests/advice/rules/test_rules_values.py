from __future__ import annotations

from typing import TYPE_CHECKING

from tests.advice.rules.rulecase import case, ids, source

from astroferry.advice.rules.values import BOOK, suggest_connections, suggest_variables
from astroferry.model.inventory import ConnectionSeen, VariableSeen

if TYPE_CHECKING:
    from astroferry.advice.rules.rule import Case

VAULT = {"secrets": {"backend": "airflow.providers.hashicorp.secrets.vault.VaultBackend"}}


def having(*names: str, variables: tuple[VariableSeen, ...] = (), starship: str = "", vault: bool = False) -> Case:
    connections = tuple(ConnectionSeen(name, "http") for name in names)
    config = VAULT if vault else {}
    return case(inventory=source(connections=connections, variables=variables, starship=starship, config=config))


def test_how_connections_travel() -> None:
    many = tuple(f"c{n}" for n in range(9))
    assert suggest_connections(having()).value == "none"
    assert suggest_connections(having(vault=True)).value == "backend"
    assert suggest_connections(having("a")).value == "typed"
    assert suggest_connections(having(*many)).value == "export-file"
    assert suggest_connections(having(*many, starship="2.10.1")).value == "starship"
    assert suggest_connections(having(*many, starship="2.8.5")).value == "export-file"


def test_how_variables_travel() -> None:
    shown, hidden = VariableSeen("env"), VariableSeen("token", masked=True)
    assert suggest_variables(having()).value == "none"
    assert suggest_variables(having(vault=True)).value == "backend"
    assert suggest_variables(having(variables=(shown,))).value == "api"
    assert suggest_variables(having(variables=(shown, hidden))).evidence == ("token",)
    assert suggest_variables(having(variables=(shown, hidden))).value == "export-file"
    assert suggest_variables(having(variables=(hidden,), starship="2.8.6")).value == "starship"


def test_nothing_is_wrong_with_ordinary_values() -> None:
    assert ids(BOOK.problems(having("a", variables=(VariableSeen("v"),)))) == []
