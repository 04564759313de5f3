"""Read all secret values that the plan wants carried, each kind from the place that the plan names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from astroferry.errors import PlanError, Problem
from astroferry.model.starship import SAFE_FROM
from astroferry.model.travelling import connections_to_carry, variables_to_carry
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
    from astroferry.model.plan import Plan
    from astroferry.secrets.contract import Ask, ValueReader


async def load(
    plan: Plan,
    inventory: Inventory,
    *,
    folder: Path,
    airflow: Airflow,
    starship: Starship | None = None,
    ask: Ask | None = None,
) -> SourceValues:
    """Every value that travels, or why it is missing; nothing in it is masked.

    `folder` is the plan's folder, to which file paths are relative. Raises PlanError where the plan names a file that
    cannot be used or a way that does not exist, and the clients' errors where a server cannot be read.
    """
    connections = _connections(plan, inventory, folder, starship, ask)
    variables = _variables(plan, inventory, folder, airflow=airflow, starship=starship, ask=ask)
    first = await connections.read(connections_to_carry(plan, inventory), ())
    second = await variables.read((), variables_to_carry(plan, inventory))
    return SourceValues(first.connections, second.variables, first.missing_connections, second.missing_variables)


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


def _connections(
    plan: Plan, inventory: Inventory, folder: Path, starship: Starship | None, ask: Ask | None
) -> ValueReader:
    values = plan.values
    match values.connections:
        case "export-file":
            return ConnectionsFile(_file(folder, values.connections_file, "connections"))
        case "starship":
            return _starship(plan, starship, "connections")
        case "api":
            raise _refused(
                "values.connections",
                "Connections cannot travel by api: Airflow's REST API never shows their passwords.",
                'Choose "export-file", "starship" or "typed".',
            )
        case "typed":
            return TypedValues(inventory, ask)
    return NothingTravels()


def _variables(
    plan: Plan, inventory: Inventory, folder: Path, *, airflow: Airflow, starship: Starship | None, ask: Ask | None
) -> ValueReader:
    values = plan.values
    match values.variables:
        case "export-file":
            path = _file(folder, values.variables_file, "variables")
            return VariablesFile(path, inventory.variables, inventory.airflow_major)
        case "starship":
            return _starship(plan, starship, "variables")
        case "api":
            return ApiValues(airflow)
        case "typed":
            return TypedValues(inventory, ask)
    return NothingTravels()


def _file(folder: Path, name: str, kind: str) -> Path:
    if not name:
        raise _refused(
            f"values.{kind}_file",
            f"The plan takes {kind} from an export file but names none.",
            f"Set values.{kind}_file to what `airflow {kind} export` wrote.",
        )
    return folder / name


def _starship(plan: Plan, starship: Starship | None, kind: str) -> ValueReader:
    if starship is None:
        raise _refused(
            f"values.{kind}",
            f"The plan takes {kind} from Starship, but none of {SAFE_FROM} or newer answers on {plan.source.url}.",
            "Install it there, or choose another way for values to travel.",
        )
    return StarshipValues(starship)


def _refused(where: str, message: str, hint: str) -> PlanError:
    return PlanError(message, [Problem(where, message)], hint=hint)
