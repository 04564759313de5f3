"""Values from a file of environment variables: `AIRFLOW_CONN_*` and `AIRFLOW_VAR_*`, or `id=URI` lines.

The format is what `airflow connections export --file-format env` writes and what `.env` files hold: one `NAME=value`
per line, `#` comments, an optional `export `, the value optionally in quotes. Airflow looks such names up in upper
case, so the wanted names decide how an id is spelt.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from astroferry.errors import PlanError, Problem
from astroferry.model.secret import Secret, is_telling
from astroferry.model.values import SourceValues, VariableValue
from astroferry.secrets.contract import settle
from astroferry.secrets.uri import connection_from_text

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

CONNECTION = "AIRFLOW_CONN_"
VARIABLE = "AIRFLOW_VAR_"


class EnvironmentFile:
    """Reads values from the text of an environment file; `path` only names it in messages."""

    def __init__(self, text: str, path: Path) -> None:
        self.values = parse(text, path)
        self.path = path

    async def read(self, wanted_connections: Collection[str], wanted_variables: Collection[str]) -> SourceValues:
        """See ValueReader."""
        connections = {
            name: connection_from_text(name, given)
            for name in wanted_connections
            if (given := self.values.get(CONNECTION + name.upper(), self.values.get(name))) is not None
        }
        variables = {
            name: VariableValue(name, Secret(given, ordinary=not is_telling(name)))
            for name in wanted_variables
            if (given := self.values.get(VARIABLE + name.upper())) is not None
        }
        return settle(wanted_connections, wanted_variables, connections, variables, place=f"the file {self.path}")


def parse(text: str, path: Path) -> dict[str, str]:
    """Name -> value. Raises PlanError with the line numbers of lines that are not `NAME=value`, never their text."""
    values: dict[str, str] = {}
    problems: list[Problem] = []
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.strip().removeprefix("export ").lstrip()
        if not line or line.startswith("#"):
            continue
        name, equals, value = line.partition("=")
        if not equals or not name.strip():
            problems.append(Problem("", "this line is not NAME=value", number, str(path)))
            continue
        values[name.strip()] = _unquoted(value.strip())
    if problems:
        raise PlanError(f"The file {path} cannot be read as environment variables.", problems)
    return values


def _unquoted(value: str) -> str:
    if len(value) >= 2 and value[0] == value[-1] and value[0] in "'\"":
        return value[1:-1]
    return value
