"""A connection on the target."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from astroferry.carry.actions.item import Compared, ConfigItem

if TYPE_CHECKING:
    from astroferry.carry.context import Context
    from astroferry.clients.airflow import Airflow
    from astroferry.model.secret import Secret
    from astroferry.model.values import ConnectionValue


@dataclass(frozen=True)
class CopyConnection(ConfigItem):
    """Make the connection with every field that the source's has."""

    kind = "connection"

    async def missing(self, ctx: Context) -> str:
        """Why no value could be had; a masked field makes the whole connection missing."""
        values = await ctx.values()
        value = values.connections.get(self.name)
        if value is None:
            return values.missing_connections.get(self.name, "no value was found for it")
        masked = value.masked_fields()
        return f"masked (***) where the value should be: {', '.join(masked)}; it is not written" if masked else ""

    async def _value(self, ctx: Context) -> ConnectionValue:
        return (await ctx.values()).connections[self.name]

    async def compare(self, ctx: Context, airflow: Airflow) -> Compared:
        """What is shown: type, host, login, schema, port. Password and extra are hidden, or partly."""
        found = await airflow.connection(self.name)
        if found is None:
            return "absent"
        wanted = await self._value(ctx)
        shown = (
            (found.conn_type, wanted.conn_type),
            (found.host, _text(wanted.host)),
            (found.login, _text(wanted.login)),
            (found.schema, _text(wanted.schema)),
            (found.port, wanted.port),
        )
        if any(a != b for a, b in shown):
            return "different"
        return "cannot be seen"

    async def create(self, ctx: Context, airflow: Airflow) -> None:
        """POST."""
        await airflow.create_connection(await self._value(ctx))

    async def replace(self, ctx: Context, airflow: Airflow) -> None:
        """Every field replaced: Airflow 3's bulk overwrite would keep the fields that are not sent."""
        await airflow.replace_connection(await self._value(ctx))

    async def delete(self, airflow: Airflow) -> bool:
        """DELETE."""
        return await airflow.delete_connection(self.name)


def _text(secret: Secret | None) -> str:
    return secret.reveal() if secret is not None else ""
