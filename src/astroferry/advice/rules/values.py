"""How secret values travel from the source, per kind."""

from __future__ import annotations

from typing import TYPE_CHECKING

from astroferry.advice.backends import used
from astroferry.advice.rules.carried import carried
from astroferry.advice.rules.rule import Book, Case, Hit, Suggestion, listed, not_shown
from astroferry.model.starship import SAFE_FROM, asks_for_login
from astroferry.model.words import several

if TYPE_CHECKING:
    from collections.abc import Iterator

    from astroferry.model.inventory import Inventory
    from astroferry.model.plan import Travel

BOOK = Book("values")
CONNECTIONS = "values.connections"
VARIABLES = "values.variables"

FEW = 5
"""connections that are quicker typed than exported; our own measure"""


@BOOK.suggests(CONNECTIONS)
def suggest_connections(case: Case) -> Suggestion[Travel]:
    """A shared backend, else Starship, else few are typed and many exported."""
    inventory = case.inventory
    count = sum(seen.origin != "code" for seen in inventory.connections)
    if count == 0:
        if used(inventory) is not None:
            return Suggestion("backend", "The database lists none: they are in the backend, and stay there.")
        return Suggestion("none", _none_of(inventory, "connection"))
    if _kept_elsewhere(case):
        return Suggestion("backend", f"The plan keeps them in {case.plan.decisions.secrets_backend}: put them there.")
    if _safe_starship(inventory):
        return Suggestion("starship", f"Starship {inventory.starship} on the source gives all {count} as they are.")
    if count <= FEW:
        return Suggestion("typed", f"{_quickly(count)} typed, and REST never shows passwords.")
    reason = f"REST never shows passwords; `airflow connections export` on the source writes all {count} at once."
    return Suggestion("export-file", reason)


@BOOK.suggests(VARIABLES)
def suggest_variables(case: Case) -> Suggestion[Travel]:
    """The plain API where it shows everything, else Starship or an export."""
    inventory = case.inventory
    listed_ones = [seen for seen in inventory.variables if seen.origin != "code"]
    if not listed_ones:
        if used(inventory) is not None:
            return Suggestion("backend", "The database lists none: they are in the backend, and stay there.")
        return Suggestion("none", _none_of(inventory, "variable"))
    if _kept_elsewhere(case):
        return Suggestion("backend", f"The plan keeps them in {case.plan.decisions.secrets_backend}: put them there.")
    masked = tuple(seen.key for seen in listed_ones if seen.masked)
    if not masked:
        return Suggestion("api", f"The source's API shows {_all(len(listed_ones), 'value')} in clear.")
    if _safe_starship(inventory):
        return Suggestion("starship", f"The API masks {len(masked)} of them, Starship does not.", masked)
    return Suggestion(
        "export-file", f"The API masks {len(masked)} of them, `airflow variables export` does not.", masked
    )


@BOOK.rule(
    "ENV-masked",
    "warn",
    about=VARIABLES,
    reads=("inventory.variables", "plan.values"),
    source="measured on 3.3.2: variables with telling names come masked",
)
def masked_variables(case: Case) -> Iterator[Hit]:
    """The source's API masks some variables.

    Airflow 3 answers `***` for a variable whose name says that it is secret. Such a value is never written anywhere.
    Let variables travel by an export file or Starship, type them, or skip them.
    """
    values = case.plan.values
    masked = [seen.key for seen in case.inventory.variables if seen.masked and seen.key not in values.skip_variables]
    if values.variables == "api" and masked:
        yield Hit(
            f"The source's API masks {several(len(masked), 'variable')}, so api carries none: {listed(masked)}.",
            'Choose "export-file", "starship" or "typed", or skip them.',
            evidence=tuple(masked),
        )


@BOOK.rule(
    "ENV-starship",
    "refuse",
    reads=("inventory.starship", "plan.values"),
    source=f"Starship before {SAFE_FROM} asks for no login (its history, 2026-05-22)",
)
def unsafe_starship(case: Case) -> Iterator[Hit]:
    """Values travel by Starship only from 2.8.6 on.

    Versions before it give every password to anyone who can reach the web server. Upgrade it on the source and
    assess again, or choose another way.
    """
    inventory = case.inventory
    for kind, travel in (("connections", case.plan.values.connections), ("variables", case.plan.values.variables)):
        if travel == "starship" and not _safe_starship(inventory):
            found = f"finds Starship {inventory.starship}" if inventory.starship else "finds none"
            yield Hit(
                f"The plan takes {kind} from Starship {SAFE_FROM} or newer, but the inventory {found} on the source.",
                "Install it there and assess again, or choose another way.",
                f"values.{kind}",
            )


@BOOK.rule(
    "ENV-typed",
    "advise",
    about=CONNECTIONS,
    reads=("inventory.connections", "plan.values"),
    source="our own measure",
    confidence="medium",
)
def many_typed(case: Case) -> Iterator[Hit]:
    """Many secrets are not well typed by hand.

    `airflow connections export FILE` on the source writes all of them at once, without a slip of the finger.
    """
    there = carried(case)
    if case.plan.values.connections == "typed" and len(there) > FEW:
        yield Hit(f"{len(there)} connections are to be typed.", "An export file is quicker and safer.")


def _kept_elsewhere(case: Case) -> bool:
    """Whether the plan keeps secrets in a place that the source does not read and astroferry does not write to."""
    decisions = case.plan.decisions
    if decisions.secrets_backend == "airflow":
        return False
    return decisions.execution == "remote" or used(case.inventory) != decisions.secrets_backend


def _none_of(inventory: Inventory, kind: str) -> str:
    if not_shown(inventory, f"{kind}s"):
        return (
            f"The source did not show its {kind}s, so none can be planned: give the right to read them, assess again."
        )
    return f"The source lists no {kind}."


def _quickly(count: int) -> str:
    return "1 connection is quickly" if count == 1 else f"{count} connections are quickly"


def _all(count: int, one: str) -> str:
    return f"the {one}" if count == 1 else f"all {count:,} {one}s"


def _safe_starship(inventory: Inventory) -> bool:
    return asks_for_login(inventory.starship)
