"""A variable on the target."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from astroferry.carry.actions.item import Compared, ConfigItem

if TYPE_CHECKING:
    from astroferry.carry.context import Context
    from astroferry.clients.airflow import Airflow
    from astroferry.model.secret import Secret
    from astroferry.model.values import VariableValue


@dataclass(frozen=True)
class CopyVariable(ConfigItem):
    """Make the variable as the source has it."""

    kind = "variable"

    async def missing(self, ctx: Context) -> str:
        """Why no value could be had; a masked one is none."""
        values = await ctx.values()
        value = values.variables.get(self.name)
        if value is None:
            return values.missing_variables.get(self.name, "no value was found for it")
        return "its value is masked (***), so it is not written" if value.value.is_masked() else ""

    async def _value(self, ctx: Context) -> VariableValue:
        return (await ctx.values()).variables[self.name]

    async def compare(self, ctx: Context, airflow: Airflow) -> Compared:
        """Value and description, unless Airflow hides the value by the variable's name."""
        found = await airflow.variable_value(self.name)
        if found is None:
            return "absent"
        wanted = await self._value(ctx)
        if (found.description or "") != (wanted.description or ""):
            return "different"
        if found.value.is_masked():
            return "cannot be seen"
        if found.value == wanted.value:
            return "same"
        # Airflow 3.3 shows a JSON value written anew (redacted by key, "€" escaped), so its text proves nothing.
        return "cannot be seen" if _same_json(found.value, wanted.value) else "different"

    async def create(self, ctx: Context, airflow: Airflow) -> None:
        """POST."""
        await airflow.create_variable(await self._value(ctx))

    async def replace(self, ctx: Context, airflow: Airflow) -> None:
        """PATCH with every field."""
        await airflow.replace_variable(await self._value(ctx))

    async def delete(self, airflow: Airflow) -> bool:
        """DELETE."""
        return await airflow.delete_variable(self.name)


def _same_json(one: Secret, other: Secret) -> bool:
    try:
        return bool(json.loads(one.reveal()) == json.loads(other.reveal()))
    except ValueError:
        return False
