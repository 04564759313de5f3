"""Changing one thing in a plan by its key, as an answer, an answers file or a screen gives it."""

from __future__ import annotations

import dataclasses
import json
import re
from typing import Any

from astroferry.errors import PlanError, Problem
from astroferry.model.plan import Plan
from astroferry.model.strict import read


def value_at(plan: Plan, key: str) -> Any:
    """What the plan holds at a dotted key ("decisions.airflow"); KeyError where there is no such key."""
    value: Any = plan
    for part in key.split("."):
        if not dataclasses.is_dataclass(value) or part not in {field.name for field in dataclasses.fields(value)}:
            raise KeyError(key)
        value = getattr(value, part)
    return value


def with_value(plan: Plan, key: str, value: Any) -> Plan:
    """The plan with `value` at a dotted key; plain data (dicts, lists, text) is read as strictly as the file is;
    a list may be a text with commas between.

    Raises PlanError naming the key for an unknown key or a value of a wrong type.
    """
    raw: dict[str, Any] = dataclasses.asdict(plan)
    holder = raw
    *above, last = key.split(".")
    for part in above:
        holder = holder.get(part, {}) if isinstance(holder, dict) else {}
    if not isinstance(holder, dict) or last not in holder:
        raise PlanError(f"There is nothing called {key} in a plan.", [Problem(key, "is not known")])
    if isinstance(value, str) and isinstance(holder[last], list | tuple):
        # Typed into one field, with commas between.
        value = [part for part in re.split(r"[,\s]+", value) if part]
    holder[last] = _plain(value)
    edited, problems = read(Plan, json.dumps(raw, default=lambda item: item.isoformat()))
    if edited is None:
        raise PlanError(f"{key} cannot be set so.", problems)
    return edited


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.asdict(value)
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value
