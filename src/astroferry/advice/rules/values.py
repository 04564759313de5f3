"""How secret values travel from the source, per kind."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from astroferry.advice.rules.rule import Rule, Suggestion, listed
from astroferry.advice.rules.secrets import BACKENDS
from astroferry.model.starship import SAFE_FROM, asks_for_login

if TYPE_CHECKING:
    from collections.abc import Iterator

    from astroferry.model.finding import Finding
    from astroferry.model.inventory import Inventory
    from astroferry.model.organization import OrganizationFacts
    from astroferry.model.plan import Plan, Travel

MASKED = Rule("ENV-masked", "warn", "measured on 3.3.2: variables with telling names come masked")
STARSHIP = Rule("ENV-starship", "refuse", f"Starship before {SAFE_FROM} asks for no login (its history, 2026-05-22)")
BAD_ID = Rule("ENV-001", "refuse", "airflow 3.3.2: models/connection.py")
LONG_KEY = Rule("ENV-002", "refuse", "airflow 3.3.2: models/base.py")
UNKNOWN_SKIP = Rule("ENV-skip", "warn", "a name that does not exist is usually a typing error")
MANY_TYPED = Rule("ENV-typed", "advise", "our own measure", "medium")
ONLY_IN_CODE = Rule("ENV-code", "warn", "REST lists the metadata database only")
RULES = (MASKED, STARSHIP, BAD_ID, LONG_KEY, UNKNOWN_SKIP, MANY_TYPED, ONLY_IN_CODE)

FEW = 5
"""connections that are quicker typed than exported; our own measure"""
_CONNECTION_ID = re.compile(r"[\w#!()\-.:/\\]{1,250}")


def suggest_connections(inventory: Inventory, _facts: OrganizationFacts | None) -> Suggestion[Travel]:
    """A shared backend, else Starship, else few are typed and many exported."""
    count = sum(seen.origin != "code" for seen in inventory.connections)
    if count == 0:
        if _shared_backend(inventory):
            return Suggestion("backend", "The database lists none: they are in the backend, and stay there.")
        return Suggestion("none", "The source lists no connection.")
    if _safe_starship(inventory):
        return Suggestion("starship", f"Starship {inventory.starship} on the source gives all {count} as they are.")
    if count <= FEW:
        return Suggestion("typed", f"{count} connection(s) are quickly typed, and REST never shows passwords.")
    reason = f"REST never shows passwords; `airflow connections export` on the source writes all {count} at once."
    return Suggestion("export-file", reason)


def suggest_variables(inventory: Inventory, _facts: OrganizationFacts | None) -> Suggestion[Travel]:
    """The plain API where it shows everything, else Starship or an export."""
    listed_ones = [seen for seen in inventory.variables if seen.origin != "code"]
    if not listed_ones:
        if _shared_backend(inventory):
            return Suggestion("backend", "The database lists none: they are in the backend, and stay there.")
        return Suggestion("none", "The source lists no variable.")
    masked = tuple(seen.key for seen in listed_ones if seen.masked)
    if not masked:
        return Suggestion("api", f"The source's API shows all {len(listed_ones)} values in clear.")
    if _safe_starship(inventory):
        return Suggestion("starship", f"The API masks {len(masked)} of them, Starship does not.", masked)
    return Suggestion(
        "export-file", f"The API masks {len(masked)} of them, `airflow variables export` does not.", masked
    )


def problems(plan: Plan, inventory: Inventory, _facts: OrganizationFacts | None) -> Iterator[Finding]:
    """Ways that will not bring all values, and names that the target does not take."""
    values = plan.values
    masked = [seen.key for seen in inventory.variables if seen.masked and seen.key not in values.skip_variables]
    if values.variables == "api" and masked:
        yield MASKED.finding(
            f"The source's API masks {len(masked)} variable(s), which cannot travel by api: {listed(masked)}.",
            "values.variables",
            'Choose "export-file", "starship" or "typed", or skip them.',
        )
    for kind, travel in (("connections", values.connections), ("variables", values.variables)):
        if travel == "starship" and not _safe_starship(inventory):
            found = f"finds Starship {inventory.starship}" if inventory.starship else "finds none"
            yield STARSHIP.finding(
                f"The plan takes {kind} from Starship {SAFE_FROM} or newer, but the inventory {found} on the source.",
                f"values.{kind}",
                "Install it there and assess again, or choose another way.",
            )
    carried = [seen.conn_id for seen in inventory.connections if seen.conn_id not in values.skip_connections]
    if values.connections == "typed" and len(carried) > FEW:
        yield MANY_TYPED.finding(
            f"{len(carried)} connections are to be typed.",
            "values.connections",
            "An export file is quicker and safer.",
        )
    bad = [name for name in carried if not _CONNECTION_ID.fullmatch(name)]
    if bad:
        yield BAD_ID.finding(
            f"Airflow takes no connection ids like these: {listed(bad)}.", listed(bad), "Skip or rename them."
        )
    long = [seen.key for seen in inventory.variables if len(seen.key) > 250 and seen.key not in values.skip_variables]
    if long:
        shortened = [f"{name[:40]}…" for name in long]
        yield LONG_KEY.finding(
            f"Variable keys have at most 250 characters: {listed(shortened)}.",
            listed(shortened),
            "Skip or rename them.",
        )
    yield from _skips(plan, inventory)
    yield from _only_in_code(plan, inventory)


def _skips(plan: Plan, inventory: Inventory) -> Iterator[Finding]:
    known_connections = {seen.conn_id for seen in inventory.connections}
    known_variables = {seen.key for seen in inventory.variables}
    for kind, names, known in (
        ("connections", plan.values.skip_connections, known_connections),
        ("variables", plan.values.skip_variables, known_variables),
    ):
        unknown = [name for name in names if name not in known]
        if unknown:
            yield UNKNOWN_SKIP.finding(
                f"values.skip_{kind} names what the source does not have: {listed(unknown)}.",
                f"values.skip_{kind}",
                "Correct the names.",
            )


def _only_in_code(plan: Plan, inventory: Inventory) -> Iterator[Finding]:
    connections = [seen.conn_id for seen in inventory.connections if seen.origin == "code"]
    variables = [seen.key for seen in inventory.variables if seen.origin == "code"]
    for kind, names, skipped in (
        ("connections", connections, plan.values.skip_connections),
        ("variables", variables, plan.values.skip_variables),
    ):
        open_ones = [name for name in names if name not in skipped]
        if open_ones:
            yield ONLY_IN_CODE.finding(
                f"DAG code names {kind} that the source does not list: {listed(open_ones)}.",
                f"values.{kind}",
                f"Find out where they live, or name them in values.skip_{kind}.",
            )


def _shared_backend(inventory: Inventory) -> bool:
    return inventory.config.get("secrets", {}).get("backend", "").rsplit(".", 1)[-1] in BACKENDS


def _safe_starship(inventory: Inventory) -> bool:
    return asks_for_login(inventory.starship)
