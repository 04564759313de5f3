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
from astroferry.model.secret import Secret, is_telling
from astroferry.model.values import ConnectionValue, SourceValues, VariableValue
from astroferry.secrets.contract import settle
from astroferry.secrets.environment import EnvironmentFile
from astroferry.secrets.uri import connection_from_object, connection_from_text

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from pathlib import Path

    from astroferry.model.inventory import VariableSeen


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
    """An export of variables at `path`; `seen` is what the inventory knows of them, `airflow_major` who exported.

    `airflow variables export` parses every value that is JSON and sorts the keys of objects, so blanks, key order,
    and on Airflow 2 the quotes of `"5"` are not in the file. The spelling whose size is the source's is taken; where
    none fits, an object or list is spelt the usual way, which is equal for whoever parses it, and a number
    (`1.50` comes as 1.5) is missing. Airflow 2 exports no descriptions; Airflow 3 wraps a value that has one in
    `{"value": ..., "description": ...}` (both read in 2.11.2 and 3.3.2).
    """

    def __init__(self, path: Path, seen: Iterable[VariableSeen] = (), airflow_major: int = 2) -> None:
        self.path = path
        self.seen = {variable.key: variable for variable in seen}
        self.wraps = airflow_major >= 3

    async def read(self, wanted_connections: Collection[str], wanted_variables: Collection[str]) -> SourceValues:
        """See ValueReader; connections are never in here. Raises PlanError where the file cannot be used."""
        text = _text(self.path, "values.variables_file")
        if not text.lstrip().startswith(("{", "[")):
            return await EnvironmentFile(text, self.path).read(wanted_connections, wanted_variables)
        given = _json_object(self.path, text, "values.variables_file")
        variables: dict[str, VariableValue] = {}
        reasons: dict[str, str] = {}
        for name in wanted_variables:
            if name in given:
                value = self._variable(name, given[name])
                if value is None:
                    reasons[name] = (
                        f"The file {self.path} has it as a number, spelt otherwise than on the source; "
                        "let it travel by api, or type it."
                    )
                else:
                    variables[name] = value
        place = f"the file {self.path}"
        return settle(wanted_connections, wanted_variables, {}, variables, place=place, reasons=reasons)

    def _variable(self, name: str, given: Any) -> VariableValue | None:
        seen = self.seen.get(name)
        description = (seen.description or None) if seen else None
        if self.wraps and isinstance(given, dict) and set(given) == {"value", "description"}:
            description = given["description"] if isinstance(given["description"], str) else None
            given = given["value"]
        # The size of a value that the source masks, or does not list, is not known.
        known = seen is not None and not seen.masked and seen.origin == "metadata"
        text, fits = _spelling(given, seen.size if seen and known else None)
        if known and not fits and isinstance(given, int | float):
            return None
        return VariableValue(name, Secret(text, ordinary=not is_telling(name)), description)


def _spelling(value: Any, size: int | None) -> tuple[str, bool]:
    """The value as text, and whether it has the given size in bytes."""
    spellings = [value] if isinstance(value, str) else []
    for ascii_only in (False, True):
        spellings += [
            json.dumps(value, ensure_ascii=ascii_only),
            json.dumps(value, ensure_ascii=ascii_only, indent=2),
            json.dumps(value, ensure_ascii=ascii_only, indent=4),
            json.dumps(value, ensure_ascii=ascii_only, separators=(",", ":")),
        ]
    fitting = [text for text in spellings if len(text.encode("utf-8", "surrogatepass")) == size]
    return (fitting[0], True) if fitting else (spellings[0], False)


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
    if path.suffix.lower() in {".yaml", ".yml"}:
        raise _refused(where, f"{path} is YAML, and YAML is not read.", "Export it as JSON (--file-format json).")
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
