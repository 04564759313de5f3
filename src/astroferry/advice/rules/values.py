"""How secret values travel from the source, per kind."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from astroferry.advice.backends import used
from astroferry.advice.rules.rule import Book, Case, Hit, Suggestion, listed, not_shown, quoted
from astroferry.model.starship import SAFE_FROM, asks_for_login
from astroferry.model.words import several

if TYPE_CHECKING:
    from collections.abc import Iterator

    from astroferry.model.inventory import ConnectionSeen, Inventory
    from astroferry.model.plan import Travel

BOOK = Book("values")
CONNECTIONS = "values.connections"
VARIABLES = "values.variables"

FEW = 5
"""connections that are quicker typed than exported; our own measure"""
_CLOUD_OF = {
    "aws": "AWS", "google_cloud_platform": "GCP", "gcpbigquery": "GCP", "adls": "AZURE", "azure": "AZURE",
    "azure_data_factory": "AZURE", "wasb": "AZURE",
}  # fmt: skip
"""types that name who asks the cloud's own API; the login of a database there (redshift, gcpcloudsql) is a user's"""
_KEY_IN_LOGIN = frozenset(_CLOUD_OF) - {"google_cloud_platform", "gcpbigquery"}
"""types with an access key or client in login and its secret in password; Google's keep the key in their extra"""
_KEYS = frozenset(
    {
        "aws_access_key_id", "aws_secret_access_key", "connection_string", "key_path", "keyfile_dict", "private_key",
        "sas_token", "shared_access_key",
    }
)  # fmt: skip
_CONNECTION_ID = re.compile(r"[\w#!()\-.:/\\]{1,250}")


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
    carried = _carried(case)
    if case.plan.values.connections == "typed" and len(carried) > FEW:
        yield Hit(f"{len(carried)} connections are to be typed.", "An export file is quicker and safer.")


@BOOK.rule(
    "ENV-001",
    "refuse",
    about=CONNECTIONS,
    reads=("inventory.connections", "plan.values.skip_connections"),
    source="airflow 3.3.2: models/connection.py",
)
def bad_connection_id(case: Case) -> Iterator[Hit]:
    r"""Airflow takes connection ids of certain characters only.

    Letters, digits and #!()-.:/\ up to 250 of them. An id with a blank, say, could be made by older versions and is
    refused by the target. Skip it, or rename it on the source and in the DAGs.
    """
    bad = [name for name in _carried(case) if not _CONNECTION_ID.fullmatch(name)]
    if bad:
        yield Hit(
            f"Airflow takes no connection ids like {quoted(bad)}.",
            "Rename them on the source and in the DAGs, or name them in values.skip_connections.",
            listed(bad),
            evidence=tuple(bad),
        )


@BOOK.rule(
    "ENV-002",
    "refuse",
    about=VARIABLES,
    reads=("inventory.variables", "plan.values.skip_variables"),
    source="airflow 3.3.2: models/base.py",
)
def long_key(case: Case) -> Iterator[Hit]:
    """Variable keys have at most 250 characters.

    Skip longer ones, or rename them on the source and in the DAGs.
    """
    skipped = case.plan.values.skip_variables
    long = [seen.key for seen in case.inventory.variables if len(seen.key) > 250 and seen.key not in skipped]
    if long:
        shortened = [f"{name[:40]}…" for name in long]
        yield Hit(
            f"Variable keys have at most 250 characters: {listed(shortened)}.",
            "Skip or rename them.",
            listed(shortened),
        )


@BOOK.rule(
    "ENV-skip",
    "warn",
    reads=("plan.values", "inventory.connections", "inventory.variables"),
    source="a name that does not exist is usually a typing error",
)
def unknown_skip(case: Case) -> Iterator[Hit]:
    """The plan skips what the source does not have.

    A name in values.skip_connections or values.skip_variables matches nothing, so what was meant is carried after
    all. Correct the name.
    """
    for kind, names, known in (
        ("connections", case.plan.values.skip_connections, {seen.conn_id for seen in case.inventory.connections}),
        ("variables", case.plan.values.skip_variables, {seen.key for seen in case.inventory.variables}),
    ):
        unknown = [name for name in names if name not in known]
        if unknown:
            yield Hit(
                f"values.skip_{kind} names what the source does not have: {listed(unknown)}.",
                "Correct the names.",
                f"values.skip_{kind}",
            )


@BOOK.rule(
    "ENV-code",
    "warn",
    reads=("inventory.connections", "inventory.variables", "plan.values"),
    source="REST lists the metadata database only",
)
def only_in_code(case: Case) -> Iterator[Hit]:
    """DAG code names values that the source does not list.

    They come from the environment or a secrets backend, or do not exist. Find out where they live, so that Astro has
    them too, or name them in values.skip_connections or values.skip_variables.
    """
    values = case.plan.values
    connections = [seen.conn_id for seen in case.inventory.connections if seen.origin == "code"]
    variables = [seen.key for seen in case.inventory.variables if seen.origin == "code"]
    for kind, names, skipped in (
        ("connections", connections, values.skip_connections),
        ("variables", variables, values.skip_variables),
    ):
        open_ones = [name for name in names if name not in skipped]
        if open_ones:
            yield Hit(
                f"DAG code names {kind} that the source does not list: {listed(open_ones)}.",
                f"Find out where they live, or name them in values.skip_{kind}.",
                f"values.{kind}",
                evidence=tuple(open_ones),
            )


@BOOK.rule(
    "ENV-015",
    "advise",
    about=CONNECTIONS,
    reads=("inventory.connections", "plan.decisions.cloud", "plan.values.skip_connections"),
    source="Astro docs: authorize-deployments-to-your-cloud",
)
def long_lived_keys(case: Case) -> Iterator[Hit]:
    """Connections to the cloud hold long-lived keys.

    A Deployment can have an identity of its own there (an IAM role, a service account, a managed identity): then a
    connection to the cloud's own API needs no key, and none can leak or expire. Give the identity the same rights,
    and leave access key, secret and key file out of the connection. Logins of databases are none of these: they stay.
    """
    carried = set(_carried(case))
    keyed = [
        seen.conn_id
        for seen in case.inventory.connections
        if seen.conn_id in carried
        and _CLOUD_OF.get(seen.conn_type) == case.plan.decisions.cloud
        and (_has_key_in_login(seen) or any(key.rsplit("__", 1)[-1] in _KEYS for key in seen.extra_keys))
    ]
    if keyed:
        yield Hit(
            f"Connections hold long-lived keys for {case.plan.decisions.cloud}: {listed(keyed)}.",
            "Give the Deployment an identity there with the same rights, try a task with it, then leave keys out.",
            listed(keyed),
            evidence=tuple(keyed),
        )


@BOOK.rule(
    "ENV-018",
    "advise",
    about=CONNECTIONS,
    reads=("inventory.connections", "plan.values.skip_connections"),
    source="airflow 2.11.2: utils/db.py, create_default_connections",
    confidence="medium",
)
def stock_connections(case: Case) -> Iterator[Hit]:
    """Airflow's own example connections are carried.

    Airflow 2 makes some sixty connections by itself (aws_default, mysql_default and so on). Skip those that nobody
    changed (values.skip_connections), unless an operator relies on one: many take "*_default" where a DAG names none.
    """
    carried = set(_carried(case))
    stock = [
        seen.conn_id
        for seen in case.inventory.connections
        if seen.conn_id in carried
        and seen.origin == "metadata"
        and seen.conn_id.endswith("_default")
        and not seen.has_password
        and not seen.masked_fields
    ]
    if len(stock) > FEW:
        yield Hit(
            f"{len(stock)} connections look like those that Airflow makes by itself: {listed(stock)}.",
            "Skip those that no DAG relies on.",
            listed(stock),
            evidence=tuple(stock),
        )


def _carried(case: Case) -> list[str]:
    skipped = case.plan.values.skip_connections
    return [seen.conn_id for seen in case.inventory.connections if seen.conn_id not in skipped]


def _kept_elsewhere(case: Case) -> bool:
    """Whether the plan keeps secrets in a place that the source does not read and astroferry does not write to."""
    decisions = case.plan.decisions
    if decisions.secrets_backend == "airflow":
        return False
    return decisions.execution == "remote" or used(case.inventory) != decisions.secrets_backend


def _has_key_in_login(seen: ConnectionSeen) -> bool:
    # Airflow 2 does not tell whether there is a password.
    return seen.conn_type in _KEY_IN_LOGIN and bool(seen.login) and seen.has_password is not False


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
