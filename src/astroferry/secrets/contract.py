"""The one contract of all places where secret values live: ask for names, get values and what is missing.

Whatever a place gives, `settle` is the gate behind it: a masked value is never passed on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

from astroferry.model.values import SourceValues

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Mapping

    from astroferry.model.secret import Secret
    from astroferry.model.values import ConnectionValue, VariableValue


class ValueReader(Protocol):
    """One place that values are read from; reading never changes it."""

    async def read(self, wanted_connections: Collection[str], wanted_variables: Collection[str]) -> SourceValues:
        """The values of the wanted names: each is either given or missing with a reason, none is masked.

        Raises errors of `astroferry.errors` where the place itself cannot be used.
        """
        ...


@dataclass(frozen=True, slots=True)
class Question:
    """One secret to be typed: which field of which item; `hint` says what is known about it."""

    kind: Literal["connection", "variable"]
    name: str
    field: str
    hint: str = ""


if TYPE_CHECKING:
    Ask = Callable[[Question], Awaitable[Secret | None]]
    """Asks a person; an empty Secret means "it is empty", None means "skip this one"."""


def settle(
    wanted_connections: Collection[str],
    wanted_variables: Collection[str],
    connections: Mapping[str, ConnectionValue],
    variables: Mapping[str, VariableValue],
    *,
    place: str,
    reasons: Mapping[str, str] | None = None,
) -> SourceValues:
    """Sort what a place gave into values and missing names; `place` completes "it is not in ...".

    `reasons` (name -> why) explains absences that the place knows more about.
    """
    reasons = reasons or {}
    found_connections: dict[str, ConnectionValue] = {}
    missing_connections: dict[str, str] = {}
    for name in wanted_connections:
        connection = connections.get(name)
        if connection is None:
            missing_connections[name] = reasons.get(name, f"It is not in {place}.")
        elif masked := connection.masked_fields():
            missing_connections[name] = (
                f"{place[:1].upper()}{place[1:]} shows only Airflow's mask for {', '.join(masked)}, not the value."
            )
        else:
            found_connections[name] = connection
    found_variables: dict[str, VariableValue] = {}
    missing_variables: dict[str, str] = {}
    for name in wanted_variables:
        variable = variables.get(name)
        if variable is None:
            missing_variables[name] = reasons.get(name, f"It is not in {place}.")
        elif variable.value.is_masked():
            missing_variables[name] = (
                f"{place[:1].upper()}{place[1:]} shows only Airflow's mask for (part of) it, not the value."
            )
        else:
            found_variables[name] = variable
    return SourceValues(found_connections, found_variables, missing_connections, missing_variables)
