"""Values typed by a person: what the source shows is taken as it is, only what it hides is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from astroferry.model.secret import Secret, is_masked
from astroferry.model.values import ConnectionValue, SourceValues, VariableValue
from astroferry.secrets.contract import Question, settle
from astroferry.secrets.uri import connection_from_text

if TYPE_CHECKING:
    from collections.abc import Collection

    from astroferry.model.inventory import ConnectionSeen, Inventory
    from astroferry.secrets.contract import Ask

_NOBODY = "It must be typed, but nobody may be asked in this run."
_SKIPPED = "It was skipped when asked for."


class TypedValues:
    """Asks for each wanted value; `ask` None: nobody may be asked, and everything is missing."""

    def __init__(self, inventory: Inventory, ask: Ask | None) -> None:
        self.seen = {connection.conn_id: connection for connection in inventory.connections}
        self.descriptions = {variable.key: variable.description for variable in inventory.variables}
        self.ask = ask

    async def read(self, wanted_connections: Collection[str], wanted_variables: Collection[str]) -> SourceValues:
        """See ValueReader; one question after the other, in the given order."""
        connections: dict[str, ConnectionValue] = {}
        variables: dict[str, VariableValue] = {}
        reason = _SKIPPED if self.ask else _NOBODY
        reasons = dict.fromkeys([*wanted_connections, *wanted_variables], reason)
        if self.ask is not None:
            for name in wanted_connections:
                if (connection := await self._connection(self.ask, name)) is not None:
                    connections[name] = connection
            for name in wanted_variables:
                description = self.descriptions.get(name, "")
                value = await self.ask(Question("variable", name, "value", description))
                if value is not None:
                    variables[name] = VariableValue(name, value, description or None)
        return settle(
            wanted_connections, wanted_variables, connections, variables, place="what was typed", reasons=reasons
        )

    async def _connection(self, ask: Ask, name: str) -> ConnectionValue | None:
        seen = self.seen.get(name)
        if seen is None or not seen.conn_type:
            return await self._whole(ask, name)
        answers: dict[str, Secret | None] = {
            field: Secret(shown, ordinary=True) if (shown := getattr(seen, field)) else None
            for field in ("host", "login", "schema")
        }
        for field, hint in _hidden(seen):
            answer = await ask(Question("connection", name, field, hint))
            if answer is None:
                return None
            answers[field] = answer if answer.reveal() else None
        return ConnectionValue(name, seen.conn_type, description=seen.description or None, port=seen.port, **answers)

    async def _whole(self, ask: Ask, name: str) -> ConnectionValue | None:
        """A connection of which only the name is known: its whole URI or JSON is asked for."""
        answer = await ask(Question("connection", name, "uri", "type://login:password@host:port/schema, or JSON"))
        return None if answer is None or not answer.reveal() else connection_from_text(name, answer.reveal())


def _hidden(seen: ConnectionSeen) -> list[tuple[str, str]]:
    """(field, hint) for all that the source does not show: an empty answer means that it is empty."""
    fields = [
        (field, "the source shows it masked")
        for field in ("host", "login", "schema")
        if field in seen.masked_fields or is_masked(getattr(seen, field))
    ]
    if seen.has_password is not False:
        fields.append(("password", "empty if it has none" if seen.has_password is None else "it has one"))
    if seen.extra_keys or "extra" in seen.masked_fields:
        fields.append(("extra", "the whole JSON, with the keys " + ", ".join(seen.extra_keys)))
    return fields
