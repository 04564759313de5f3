"""Values from what `airflow connections export` and `airflow variables export` wrote.

Connections: JSON (`{"id": {...}}`, or `{"id": "type://..."}`), or the env format. Variables: JSON (`{"key": value}`).
YAML is not read. Source: `airflow connections export --help`, `airflow variables export` of 2.11 and 3.3.
"""

from __future__ import annotations

import json
import stat
from typing import TYPE_CHECKING, Any

from astroferry.errors import PlanError, Problem
from astroferry.model.finding import Finding
from astroferry.model.secret import Secret
from astroferry.model.values import ConnectionValue, SourceValues, VariableValue
from astroferry.secrets.contract import settle
from astroferry.secrets.environment import EnvironmentFile
from astroferry.secrets.uri import connection_from_object, connection_from_text

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path


class ConnectionsFile:
    """An export of connections at `path`, read when values are asked for."""

    def __init__(self, path: Path) -> None:
        self.path = path

    async def read(self, wanted_connections: Collection[str], wanted_variables: Collection[str]) -> SourceValues:
        """See ValueReader; variables are never in here. Raises PlanError where the file cannot be used."""
        text = _text(self.path, "values.connections_file")
        if not text.lstrip().startswith(("{", "[")):
            return await EnvironmentFile(text, self.path).read(wanted_connections, wanted_variables)
        given = _json_object(self.path, text, "values.connections_file")
        connections = {name: self._connection(name, given[name]) for name in wanted_connections if name in given}
        return settle(wanted_connections, wanted_variables, connections, {}, place=f"the file {self.path}")

    def _connection(self, name: str, given: Any) -> ConnectionValue:
        # A list stands where an id was exported more than once; Airflow has had one connection per id since 2.0.
        if isinstance(given, list) and len(given) == 1:
            given = given[0]
        if isinstance(given, str):
            return connection_from_text(name, given)
        if isinstance(given, dict):
            return connection_from_object(name, given)
        raise PlanError(
            f'The connection "{name}" in {self.path} is neither an object nor a URI.',
            hint="Export it again with `airflow connections export FILE.json`.",
        )


class VariablesFile:
    """An export of variables at `path`; `sizes` (key -> bytes of the value on the source) tells spellings apart.

    `airflow variables export` parses every value that is JSON, so `5`, `"5"` with quotes, and the blanks inside an
    object are no longer told apart in the file. The spelling whose size is the source's is taken; where none fits,
    the usual one of `json.dumps`, which is equal for whoever parses it.
    """

    def __init__(self, path: Path, sizes: Mapping[str, int] | None = None) -> None:
        self.path = path
        self.sizes = sizes or {}

    async def read(self, wanted_connections: Collection[str], wanted_variables: Collection[str]) -> SourceValues:
        """See ValueReader; connections are never in here. Raises PlanError where the file cannot be used."""
        text = _text(self.path, "values.variables_file")
        if not text.lstrip().startswith(("{", "[")):
            return await EnvironmentFile(text, self.path).read(wanted_connections, wanted_variables)
        given = _json_object(self.path, text, "values.variables_file")
        variables = {name: self._variable(name, given[name]) for name in wanted_variables if name in given}
        return settle(wanted_connections, wanted_variables, {}, variables, place=f"the file {self.path}")

    def _variable(self, name: str, given: Any) -> VariableValue:
        description = None
        # The shape Airflow gives (and reads back) where a variable has a description.
        if isinstance(given, dict) and set(given) == {"value", "description"}:
            description = given["description"] if isinstance(given["description"], str) else None
            given = given["value"]
        return VariableValue(name, Secret(_spelling(given, self.sizes.get(name))), description)


def _spelling(value: Any, size: int | None) -> str:
    spellings = [value] if isinstance(value, str) else []
    for ascii_only in (False, True):
        spellings += [
            json.dumps(value, ensure_ascii=ascii_only),
            json.dumps(value, ensure_ascii=ascii_only, indent=2),
            json.dumps(value, ensure_ascii=ascii_only, indent=4),
            json.dumps(value, ensure_ascii=ascii_only, separators=(",", ":")),
        ]
    fitting = (text for text in spellings if len(text.encode("utf-8", "surrogatepass")) == size)
    return next(fitting, spellings[0])


def permissions(path: Path, subject: str) -> list[Finding]:
    """A finding where others than its owner can read a file of secrets; none where it is absent or private."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return []
    if not mode & (stat.S_IRGRP | stat.S_IROTH):
        return []
    return [
        Finding(
            "SEC-file-readable",
            "warn",
            f"{path} holds secrets and can be read by other users of this machine (mode {stat.S_IMODE(mode):o}).",
            subject,
            f"Run `chmod 600 {path}`, and delete the file when the migration is done.",
        )
    ]


def _text(path: Path, where: str) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise _refused(where, f"The file {path} does not exist.", "Export it, or correct the path.") from None
    except UnicodeDecodeError:
        # `from None`: the error carries the bytes it could not decode.
        raise _refused(where, f"The file {path} is not UTF-8 text.", "Export it again.") from None
    except OSError as error:
        raise _refused(where, f"The file {path} cannot be read: {error.strerror}.", "Check it.") from error


def _json_object(path: Path, text: str, where: str) -> dict[str, Any]:
    try:
        parsed = json.loads(text)
    except ValueError as error:
        line = getattr(error, "lineno", None)
        # `from None`: a JSONDecodeError carries the whole document, which is full of secrets.
        raise PlanError(
            f"The file {path} is not valid JSON.",
            [Problem(where, "not valid JSON here", line, str(path))],
            hint="Export it again as JSON.",
        ) from None
    if not isinstance(parsed, dict):
        raise _refused(where, f"The file {path} does not hold a JSON object of names.", "Export it again as JSON.")
    return parsed


def _refused(where: str, message: str, hint: str) -> PlanError:
    return PlanError(message, [Problem(where, message)], hint=hint)
