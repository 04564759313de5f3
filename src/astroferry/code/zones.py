"""Which time zones DAG source text names: no API tells a DAG's own (2.11.2 and 3.3.2 say "UTC" for Europe/Berlin)."""

from __future__ import annotations

import ast
import warnings
import zoneinfo
from dataclasses import dataclass, field
from functools import cache

from astroferry.code.names import Names

_DEEP = 6
"""how many names a name may stand for until it is a constant"""


@dataclass(frozen=True, slots=True)
class ZonesSeen:
    """`of`: DAG id -> the zones that its own DAG or @dag call names. `anywhere`: all that the file names."""

    of: dict[str, frozenset[str]] = field(default_factory=dict)
    anywhere: frozenset[str] = frozenset()


def read_zones(text: str) -> ZonesSeen:
    """The IANA zones that stand as constants in one DAG file; nothing where the text is no Python."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text)
        names = Names(tree)
        return ZonesSeen(dict(_dag_calls(tree, names)), _zones(tree, names, 0))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ZonesSeen()


def _dag_calls(tree: ast.Module, names: Names) -> list[tuple[str, frozenset[str]]]:
    found: list[tuple[str, frozenset[str]]] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and names.called(node) == "DAG":
            dag_id = names.text(_argument(node))
            if dag_id is not None:
                found.append((dag_id, _zones(node, names, _DEEP)))
        elif isinstance(node, ast.FunctionDef):
            for decorator in node.decorator_list:
                if isinstance(decorator, ast.Call) and names.called(decorator) == "dag":
                    given = _argument(decorator)
                    dag_id = node.name if given is None else names.text(given)
                    if dag_id is not None:
                        found.append((dag_id, _zones(decorator, names, _DEEP)))
    return found


def _argument(node: ast.Call) -> ast.expr | None:
    named = next((keyword.value for keyword in node.keywords if keyword.arg == "dag_id"), None)
    return named if named is not None else next(iter(node.args), None)


def _zones(node: ast.AST, names: Names, deep: int) -> frozenset[str]:
    """Zones in an expression, and in what the names in it stand for."""
    found: set[str] = set()
    for part in ast.walk(node):
        if isinstance(part, ast.Constant) and isinstance(part.value, str) and part.value in _known():
            found.add(part.value)
        elif isinstance(part, ast.Name) and deep and (meant := names.assigned.get(part.id)) is not None:
            found |= _zones(meant, names, deep - 1)
    return frozenset(found)


@cache
def _known() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones())
