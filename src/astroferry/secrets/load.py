"""Read all secret values that the plan wants carried, each kind from the place that the plan names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from astroferry.errors import PlanError, Problem
from astroferry.model.values import SourceValues
from astroferry.secrets.airflow_api import ApiValues
from astroferry.secrets.backend import NothingTravels
from astroferry.secrets.export_file import ConnectionsFile, VariablesFile, permissions
from astroferry.secrets.starship import StarshipValues
from astroferry.secrets.typed import TypedValues

if TYPE_CHECKING:
    from pathlib import Path

    from astroferry.clients.airflow import Airflow
    from astroferry.clients.starship import Starship
    from astroferry.model.finding import Finding
    from astroferry.model.inventory import Inventory
    from astroferry.model.plan import Plan, Travel
    from astroferry.secrets.contract import Ask, ValueReader

_ONLY_IN_CODE = (
    "It is only named in DAG code: it is not in the source's metadata database, so it comes from an environment "
    "variable or a secrets backend there, or does not exist."
)


def wanted_connections(plan: Plan, inventory: Inventory) -> tuple[str, ...]:
    """The ids whose values must travel, in the inventory's order: all that are not skipped or kept in a backend."""
    skipped = plan.values.skip_connections
    return tuple(
        seen.conn_id for seen in inventory.connections if seen.origin != "backend" and seen.conn_id not in skipped
    )


def wanted_variables(plan: Plan, inventory: Inventory) -> tuple[str, ...]:
    """The keys whose values must travel, in the inventory's order: all that are not skipped or kept in a backend."""
    skipped = plan.values.skip_variables
    return tuple(seen.key for seen in inventory.variables if seen.origin != "backend" and seen.key not in skipped)


async def load(
    plan: Plan,
    inventory: Inventory,
    *,
    folder: Path,
    airflow: Airflow,
    starship: Starship | None = None,
    ask: Ask | None = None,
) -> SourceValues:
    """Every wanted value, or why it is missing; nothing in it is masked.

    `folder` is the plan's folder, to which file paths are relative. Raises PlanError where the plan names a file that
    cannot be used or a way that does not exist, and the clients' errors where a server cannot be read.
    """
    connections = _reader(plan.values.connections, "connections", plan, inventory, folder, airflow, starship, ask)
    variables = _reader(plan.values.variables, "variables", plan, inventory, folder, airflow, starship, ask)
    first = await connections.read(wanted_connections(plan, inventory), ())
    second = await variables.read((), wanted_variables(plan, inventory))
    # What nobody could have listed deserves its own reason.
    only_in_code = {seen.conn_id for seen in inventory.connections if seen.origin == "code"}
    also_only_in_code = {seen.key for seen in inventory.variables if seen.origin == "code"}
    return SourceValues(
        first.connections,
        second.variables,
        {name: _ONLY_IN_CODE if name in only_in_code else why for name, why in first.missing_connections.items()},
        {name: _ONLY_IN_CODE if name in also_only_in_code else why for name, why in second.missing_variables.items()},
    )


def file_findings(plan: Plan, folder: Path) -> list[Finding]:
    """Warnings about the files of secrets that the plan names: readable by others."""
    found: list[Finding] = []
    for travel, name, subject in (
        (plan.values.connections, plan.values.connections_file, "values.connections_file"),
        (plan.values.variables, plan.values.variables_file, "values.variables_file"),
    ):
        if travel == "export-file" and name:
            found += permissions(folder / name, subject)
    return found


def _reader(
    travel: Travel,
    kind: str,
    plan: Plan,
    inventory: Inventory,
    folder: Path,
    airflow: Airflow,
    starship: Starship | None,
    ask: Ask | None,
) -> ValueReader:
    if travel == "export-file":
        name = plan.values.connections_file if kind == "connections" else plan.values.variables_file
        if not name:
            raise _refused(
                f"values.{kind}_file",
                f"The plan takes {kind} from an export file but names none.",
                f"Set values.{kind}_file to what `airflow {kind} export` wrote.",
            )
        if kind == "connections":
            return ConnectionsFile(folder / name)
        return VariablesFile(folder / name, {seen.key: seen.size for seen in inventory.variables if not seen.masked})
    if travel == "starship":
        if starship is None:
            raise _refused(
                f"values.{kind}",
                f"The plan takes {kind} from Starship, but no Starship 2.8.6 or newer answers on {plan.source.url}.",
                "Install it there, or choose another way for values to travel.",
            )
        return StarshipValues(starship)
    if travel == "api":
        if kind == "connections":
            raise _refused(
                "values.connections",
                "Connections cannot travel by api: Airflow's REST API never shows their passwords.",
                'Choose "export-file", "starship" or "typed".',
            )
        return ApiValues(airflow)
    if travel == "typed":
        return TypedValues(inventory, ask)
    return NothingTravels()


def _refused(where: str, message: str, hint: str) -> PlanError:
    return PlanError(message, [Problem(where, message)], hint=hint)
