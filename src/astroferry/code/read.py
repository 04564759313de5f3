"""Read what DAG source text says about other DAGs, datasets, variables and connections, without running it.

Only what stands there as a constant is known; what is computed is named in `computed`, so that nobody takes silence
for "nothing". The syntax is Python's own `ast`, the calls are those of Airflow 2 and 3.
"""

from __future__ import annotations

import ast
import re
import warnings
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from astroferry.code.names import Names
from astroferry.code.signs import Signs, Where, guards

if TYPE_CHECKING:
    from astroferry.model.inventory import Sign

_DATASET_CLASSES = frozenset({"Dataset", "Asset"})
_TRIGGERS = {"TriggerDagRunOperator": "trigger_dag_id", "TriggerDagRunOperatorAsync": "trigger_dag_id"}
_WAITS = {"ExternalTaskSensor": "external_dag_id", "ExternalTaskSensorAsync": "external_dag_id"}
_VAR_IN_TEMPLATE = re.compile(r"\bvar\.(?:value|json)\.(?!get\b)([A-Za-z_]\w*)")
_VAR_GET_IN_TEMPLATE = re.compile(r"\bvar\.(?:value|json)\.get\(\s*['\"]([^'\"]+)['\"]")
_CONN_IN_TEMPLATE = re.compile(r"\bconn\.(?!get\b)([A-Za-z_]\w*)")
_CONN_GET_IN_TEMPLATE = re.compile(r"\bconn\.get\(\s*['\"]([^'\"]+)['\"]")


@dataclass(slots=True)
class Facts:
    """What a piece of code names; each set holds ids, or URIs for datasets."""

    triggers: set[str] = field(default_factory=set)
    waits_for: set[str] = field(default_factory=set)
    consumes: set[str] = field(default_factory=set)
    produces: set[str] = field(default_factory=set)
    variables: set[str] = field(default_factory=set)
    connections: set[str] = field(default_factory=set)
    executor_configs: set[str] = field(default_factory=set)
    """where a task is given one: "line 12" """
    computed: set[str] = field(default_factory=set)
    """what is named by an expression: "line 12: trigger_dag_id" """

    def add(self, other: Facts) -> None:
        """Take in what `other` has."""
        for name in self.__slots__:
            getattr(self, name).update(getattr(other, name))


@dataclass(slots=True)
class CodeSeen:
    """One DAG file: what it says for each DAG it defines, what stands outside any DAG, and why it cannot be read."""

    dags: dict[str, Facts] = field(default_factory=dict)
    shared: Facts = field(default_factory=Facts)
    computed_dag_ids: bool = False
    signs: tuple[Sign, ...] = ()
    """what a move may trip over, by line; without file and DAG ids (`inventory.placed`)"""
    error: str = ""
    """empty where the text is Python"""

    def of(self, dag_id: str) -> Facts:
        """What the file says for one DAG: its own part and the part outside any DAG.

        A DAG whose id is computed has no part of its own: it gets what the file's nameless DAGs say, which is kept
        with the shared part.
        """
        facts = Facts()
        facts.add(self.shared)
        if dag_id in self.dags:
            facts.add(self.dags[dag_id])
        return facts


def read(text: str) -> CodeSeen:
    """What the source text of one DAG file says; never raises for what is in it."""
    try:
        with warnings.catch_warnings():
            # An invalid escape in somebody's docstring is not our warning to give.
            warnings.simplefilter("ignore")
            tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        return CodeSeen(error=f"not readable as Python: {error}")
    names = Names(tree)
    reader = _Reader(names, Signs(names, tree))
    try:
        reader.walk(tree, Where())
    except RecursionError:
        return CodeSeen(error="nested too deeply to be read")
    reader.seen.signs = reader.signs.finished()
    return reader.seen


class _Reader:
    """Walks a module and files each fact under the DAG it stands in."""

    def __init__(self, names: Names, signs: Signs) -> None:
        self.names = names
        self.signs = signs
        self.seen = CodeSeen()

    def walk(self, node: ast.AST, where: Where) -> None:
        """Visit `node`, which stands there."""
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            return  # a docstring
        where = self._within(node, where)
        if isinstance(node, ast.Call):
            self._call(node, where.dag)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            self._template(node.value, self._facts(where.dag))
        elif isinstance(node, ast.Dict):
            self._dict(node, self._facts(where.dag))
        self.signs.see(node, where)
        for child in ast.iter_child_nodes(node):
            self.walk(child, where)

    def _within(self, node: ast.AST, where: Where) -> Where:
        """Where the parts of `node` stand."""
        if isinstance(node, ast.With | ast.AsyncWith):
            for item in node.items:
                where = replace(where, dag=self._dag_of(item.context_expr) or where.dag)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            own = self._dag_of_function(node)
            # The body of a @dag function makes the DAG while the file is parsed; other functions run later.
            where = replace(where, dag=own or where.dag, later=where.later or own is None)
        elif isinstance(node, ast.Lambda):
            where = replace(where, later=True)
        elif isinstance(node, ast.Try) and guards(node):
            where = replace(where, guarded=True)
        return where

    def _facts(self, dag: str | None) -> Facts:
        return self.seen.shared if dag is None else self.seen.dags.setdefault(dag, Facts())

    def _dag_of(self, node: ast.expr) -> str | None:
        """The id of the DAG that this expression makes or names."""
        if isinstance(node, ast.Name):
            node = self.names.assigned.get(node.id, node)
        if isinstance(node, ast.Call) and self.names.called(node) == "DAG":
            return self.names.text(_argument(node, "dag_id", 0))
        return None

    def _dag_of_function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> str | None:
        for decorator in node.decorator_list:
            call = decorator if isinstance(decorator, ast.Call) else None
            if self.names.origin(call.func if call else decorator) != "dag":
                continue
            given = _argument(call, "dag_id", 0) if call else None
            dag = node.name if given is None else self.names.text(given)
            if dag is None:
                self.seen.computed_dag_ids = True
            else:
                self._facts(dag)
                if call is not None:
                    self._schedule(call, self._facts(dag))
            return dag
        return None

    def _call(self, node: ast.Call, dag: str | None) -> None:
        called = self.names.called(node)
        if called == "DAG":
            own = self._dag_of(node)
            if own is None:
                self.seen.computed_dag_ids = True
            self._schedule(node, self._facts(own))
            return
        # `dag=x` says to which DAG an operator belongs wherever it stands.
        given = next((keyword.value for keyword in node.keywords if keyword.arg == "dag"), None)
        facts = self._facts((self._dag_of(given) if given is not None else None) or dag)
        if called in _TRIGGERS:
            self._name(node, _TRIGGERS[called], facts.triggers, facts)
        elif called in _WAITS:
            self._name(node, _WAITS[called], facts.waits_for, facts)
        elif called == "get" and isinstance(node.func, ast.Attribute):
            self._getter(node, self.names.origin(node.func.value), facts)
        elif called == "get_connection":
            self._name(node, "conn_id", facts.connections, facts)
        for keyword in node.keywords:
            self._keyword(keyword, called, node.lineno, facts)

    def _keyword(self, keyword: ast.keyword, called: str, line: int, facts: Facts) -> None:
        """What an operator's argument names."""
        if keyword.arg == "outlets":
            self._uris(keyword.value, facts.produces, facts)
        elif keyword.arg == "executor_config":
            facts.executor_configs.add(f"line {line}")
        elif keyword.arg is not None and keyword.arg.endswith("conn_id") and called != "get_connection":
            self._connection(keyword.value, keyword.arg, facts)

    def _schedule(self, node: ast.Call, facts: Facts) -> None:
        for keyword in node.keywords:
            if keyword.arg == "schedule":
                self._uris(keyword.value, facts.consumes, facts)

    def _getter(self, node: ast.Call, owner: str, facts: Facts) -> None:
        """`Variable.get("x")` and, in Airflow 3, `Connection.get("x")`."""
        if owner == "Variable":
            self._name(node, "key", facts.variables, facts)
        elif owner == "Connection":
            self._name(node, "conn_id", facts.connections, facts)

    def _name(self, node: ast.Call, argument: str, into: set[str], facts: Facts) -> None:
        given = _argument(node, argument, 0)
        if given is None:
            return
        text = self.names.text(given)
        if text is None or "{{" in text:
            facts.computed.add(f"line {node.lineno}: {argument}")
        else:
            into.add(text)

    def _connection(self, value: ast.expr, argument: str, facts: Facts) -> None:
        if isinstance(value, ast.Constant) and value.value is None:
            return
        text = self.names.text(value)
        if text is None or "{{" in text:
            facts.computed.add(f"line {value.lineno}: {argument}")
        elif text:
            facts.connections.add(text)

    def _dict(self, node: ast.Dict, facts: Facts) -> None:
        """`default_args={"snowflake_conn_id": "x"}` names a connection as a keyword does."""
        for key, value in zip(node.keys, node.values, strict=True):
            if isinstance(key, ast.Constant) and isinstance(key.value, str) and key.value.endswith("_conn_id"):
                self._connection(value, key.value, facts)

    def _template(self, text: str, facts: Facts) -> None:
        if "{{" not in text and "{%" not in text:
            return
        facts.variables.update(_VAR_IN_TEMPLATE.findall(text), _VAR_GET_IN_TEMPLATE.findall(text))
        facts.connections.update(_CONN_IN_TEMPLATE.findall(text), _CONN_GET_IN_TEMPLATE.findall(text))

    def _uris(self, node: ast.expr, into: set[str], facts: Facts) -> None:
        """Put the URIs of all datasets in an expression into `into`: `[a, Dataset("x")]`, `a & b`, constants."""
        for part in ast.walk(node):
            made = self.names.assigned.get(part.id) if isinstance(part, ast.Name) else part
            if made is not part and isinstance(made, ast.List | ast.Tuple | ast.BinOp):
                self._uris(made, into, facts)
            elif isinstance(made, ast.Call) and self.names.called(made) in _DATASET_CLASSES:
                text = self.names.text(_argument(made, "uri", 0))
                if text is None:
                    facts.computed.add(f"line {made.lineno}: dataset")
                else:
                    into.add(text)


def _argument(node: ast.Call, name: str, position: int) -> ast.expr | None:
    for keyword in node.keywords:
        if keyword.arg == name:
            return keyword.value
    if len(node.args) > position and not isinstance(node.args[position], ast.Starred):
        return node.args[position]
    return None
