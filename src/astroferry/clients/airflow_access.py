"""Who may do what on a source: a role of Flask-AppBuilder out of its permissions."""

from __future__ import annotations

from typing import Any, Literal

from astroferry.model.inventory import RoleSeen

May = Literal["administer", "operate", "run", "see", "nothing"]
_LEVELS: tuple[tuple[May, frozenset[tuple[str, str]]], ...] = (
    ("administer", frozenset({("can_create", "Roles"), ("can_edit", "Roles"), ("can_create", "Users")})),
    ("operate", frozenset({("can_create", "Connections"), ("can_edit", "Connections"), ("can_create", "Pools")})),
    ("run", frozenset({("can_edit", "DAGs")})),
    ("see", frozenset({("can_read", "DAGs")})),
)
"""what a role may do, the most first, and what shows it: Airflow's own roles differ in these (2.11.2)"""
_ONE_DAG = ("DAG:", "DAG Run:")


def role_of(item: dict[str, Any], people: int) -> RoleSeen:
    """A role of Flask-AppBuilder, by its permissions; `access_control` of a DAG shows as a resource "DAG:<id>"."""
    allowed = {
        (action["action"]["name"], action["resource"]["name"]) for action in item.get("actions") or () if action
    }
    everywhere = ("can_read", "DAGs") in allowed or ("can_edit", "DAGs") in allowed
    may: May = next((level for level, shows in _LEVELS if shows & allowed), "nothing")
    named = {
        (does, resource.removeprefix(prefix))
        for does, resource in allowed
        for prefix in _ONE_DAG
        if resource.startswith(prefix)
    }
    return RoleSeen(
        item["name"],
        people,
        may if everywhere or may in {"administer", "operate"} else "nothing",
        tuple(sorted({dag for _, dag in named})),
        tuple(sorted({dag for does, dag in named if does != "can_read"})),
    )
