"""Signs in DAG code of what a move to Astro or Airflow 3 may trip over, read from the syntax tree, never run.

Where ruff's AIR rules look too, they agree on the import ones; what those do not see (templates, trigger rules,
sessions, paths, addresses of the old API) is looked for here. Kinds, with what `Sign.what` then holds:

gone-import (module, module.name or Class.method), gone-argument (Class(argument)), gone-rule (trigger rule),
context-key (key), gone-python (module), sessions (how), old-api (path), old-client (module), provider (module),
sla (argument), no-schedule, own-timetable (class), no-catchup, moving-start (call), naive-start (call),
arrives-unpaused, run-limit (argument), success-callback, poke-sensor (class), xcom-without-task,
xcom-elsewhere (argument), parse-time (call), composer-path (path), home-path (path), local-disk (path),
pod (argument), mail (argument), environment (name), plugin-classes (attribute), plugin-flask (attribute),
access-control (roles), sqlalchemy (module or method).
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from astroferry.code.airflow3 import CONTEXT_KEYS, GONE_FROM_PYTHON, GONE_METHODS, replacement
from astroferry.code.signs_in_calls import Calls
from astroferry.model.inventory import Sign

if TYPE_CHECKING:
    from collections.abc import Callable

    from astroferry.code.names import Names

_TEMPLATE = re.compile(r"\{[{%](.*?)[%}]\}", re.DOTALL)
_KEY_IN_TEMPLATE = re.compile(rf"(?<![.\w'\"])({'|'.join(CONTEXT_KEYS)})\b(?!\s*=)")
_OLD_API = re.compile(
    r"/api/(?:experimental\b|v1(?:$|/(?:config|connections|dags|dagSources|dagRuns|dagWarnings|datasets|eventLogs|health"
    r"|importErrors|plugins|pools|providers|variables|version)\b))"
)
_COMPOSER_PATH = re.compile(r"/home/airflow/gcs(?:/\w+)?")
_HOME_PATH = re.compile(r"/(?:opt|root|home/airflow)/airflow(?:/\w+)?")
_SHARED_DISK = re.compile(r"^/(?:mnt|nfs|efs|shared)/[\w./-]*")
_TEMPORARY = re.compile(r"^(?:file://)?(/tmp/[\w.-][\w./-]*)$")
_RUN_OBJECTS = frozenset({"ti", "task_instance", "dag_run", "run"})
_SESSION_NAMES = frozenset({"provide_session", "create_session"})
_PLUGIN_CLASSES = frozenset({"operators", "hooks", "sensors", "executors"})
_PLUGIN_FLASK = frozenset({"appbuilder_views", "appbuilder_menu_items", "flask_blueprints"})
_IMPORT_FAILURES = frozenset({"ImportError", "ModuleNotFoundError", "Exception"})
TASK_DECORATORS = frozenset(
    {"task", "branch", "short_circuit", "sensor", "virtualenv", "external_python", "docker", "kubernetes", "bash"}
)
TEMPORARY_PLACES = 2
"""a file in /tmp named in so many places of one DAG is taken as passed from task to task"""


@dataclass(frozen=True, slots=True)
class Where:
    """Where a node stands: in which DAG, whether it runs later (in a function), whether a failed import is caught."""

    dag: str | None = None
    later: bool = False
    guarded: bool = False


class Signs:
    """Collects signs; `see` is called for each node of a module in order."""

    def __init__(self, names: Names, tree: ast.Module) -> None:
        self.found: list[Sign] = []
        self._names = names
        self._temporary: dict[tuple[str, str], list[int]] = defaultdict(list)
        self._templated = _called_by_airflow(tree)
        self._calls = Calls(names, self._add)
        self._seen: dict[type[ast.AST], Callable[[Any, Where], None]] = {
            ast.Import: self._import,
            ast.ImportFrom: self._import_from,
            ast.Call: self._call,
            ast.Dict: self._calls.default_args,
            ast.Subscript: self._subscript,
            ast.Attribute: self._attribute,
            ast.FunctionDef: self._function,
            ast.AsyncFunctionDef: self._function,
            ast.ClassDef: self._class,
            ast.Constant: self._constant,
        }

    def see(self, node: ast.AST, where: Where) -> None:
        """Look at one node."""
        look = self._seen.get(type(node))
        if look is not None:
            look(node, where)

    def finished(self) -> tuple[Sign, ...]:
        """All signs by line, each once."""
        for (dag, path), lines in self._temporary.items():
            if len(set(lines)) >= TEMPORARY_PLACES:
                self.found.append(Sign("local-disk", path, lines[0], dag=dag))
        return tuple(sorted(set(self.found), key=lambda sign: (sign.line, sign.kind, sign.what, sign.dag)))

    def _add(self, kind: str, what: str, node: ast.AST, where: Where) -> None:
        self.found.append(Sign(kind, what, getattr(node, "lineno", 0), dag=where.dag or ""))

    def _import(self, node: ast.Import, where: Where) -> None:
        for alias in node.names:
            self._imported(alias.name, "", node, where)

    def _import_from(self, node: ast.ImportFrom, where: Where) -> None:
        if node.level == 0 and node.module:
            for alias in node.names:
                self._imported(node.module, alias.name, node, where)

    def _imported(self, module: str, name: str, node: ast.AST, where: Where) -> None:
        top = module.split(".", 1)[0]
        if module.startswith("airflow.providers."):
            self._add("provider", module, node, where)
        if top == "airflow":
            if not where.guarded and replacement(module, name) is not None:
                self._add("gone-import", f"{module}.{name}" if name else module, node, where)
            if name in _SESSION_NAMES or (module == "airflow.settings" and name in {"Session", "engine"}):
                self._add("sessions", f"{module}.{name}", node, where)
        elif top == "airflow_client":
            self._add("old-client", module, node, where)
        elif top == "sqlalchemy":
            self._add("sqlalchemy", module, node, where)
        elif top in GONE_FROM_PYTHON and not where.guarded:
            self._add("gone-python", top, node, where)

    def _call(self, node: ast.Call, where: Where) -> None:
        called, owner = self._names.called(node), self._names.owner(node)
        self._calls.see(node, called, where)
        if called == "query" and "session" in owner.lower():
            self._add("sessions", "session.query", node, where)
        elif called in GONE_METHODS and owner.endswith(("Hook", "Backend")):
            self._add("gone-import", f"{owner}.{called}", node, where)
        elif called == "get_sqlalchemy_engine":
            self._add("sqlalchemy", called, node, where)
        elif called == "Session" and owner == "settings":
            self._add("sessions", "settings.Session", node, where)
        elif node.args and self._is_environment(node.func):
            self._environment(node.args[0], node, where)
        elif called == "get" and node.args and self._is_context(getattr(node.func, "value", None)):
            self._key(node.args[0], node, where)

    def _subscript(self, node: ast.Subscript, where: Where) -> None:
        if self._is_context(node.value):
            self._key(node.slice, node, where)
        elif self._names.origin(node.value) == "environ":
            self._environment(node.slice, node, where)

    def _attribute(self, node: ast.Attribute, where: Where) -> None:
        if node.attr == "execution_date" and self._names.origin(node.value) in _RUN_OBJECTS:
            self._add("context-key", "execution_date", node, where)

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef, where: Where) -> None:
        made_by = [
            self._names.origin(part.func if isinstance(part, ast.Call) else part) for part in node.decorator_list
        ]
        if any(
            isinstance(part, ast.Name) and name == "dag"
            for part, name in zip(node.decorator_list, made_by, strict=True)
        ):
            self._add("no-schedule", "", node, where)
            self._add("no-catchup", "", node, where)
        is_task = any(name in TASK_DECORATORS for name in made_by)
        if is_task or node.name in self._templated:
            for argument in (*node.args.args, *node.args.kwonlyargs):
                # Arguments of one's own are called "conf", too.
                if argument.arg in CONTEXT_KEYS and argument.arg != "conf":
                    self._add("context-key", argument.arg, argument, where)

    def _key(self, given: ast.expr, node: ast.AST, where: Where) -> None:
        key = self._names.text(given)
        if key in CONTEXT_KEYS:
            self._add("context-key", key, node, where)

    def _is_context(self, node: ast.expr | None) -> bool:
        if isinstance(node, ast.Call):
            return self._names.called(node) == "get_current_context"
        name = self._names.origin(node) if node is not None else ""
        return name in {"context", "kwargs", "ctx"} or name.endswith("_context")

    def _is_environment(self, function: ast.expr) -> bool:
        if isinstance(function, ast.Attribute) and function.attr == "get":
            return self._names.origin(function.value) == "environ"
        return self._names.origin(function) == "getenv"

    def _environment(self, given: ast.expr, node: ast.AST, where: Where) -> None:
        name = self._names.text(given)
        if name:
            self._add("environment", name, node, where)

    def _constant(self, node: ast.Constant, where: Where) -> None:
        text = node.value
        if not isinstance(text, str) or ("/" not in text and "{" not in text):
            return
        for part in _TEMPLATE.findall(text):
            for key in _KEY_IN_TEMPLATE.findall(part):
                self._add("context-key", key, node, where)
        for kind, pattern in (
            ("old-api", _OLD_API),
            ("composer-path", _COMPOSER_PATH),
            ("home-path", _HOME_PATH),
            ("local-disk", _SHARED_DISK),
        ):
            if found := pattern.search(text):
                self._add(kind, found[0], node, where)
        if found := _TEMPORARY.match(text):
            self._temporary[where.dag or "", found[1]].append(node.lineno)

    def _class(self, node: ast.ClassDef, where: Where) -> None:
        if "AirflowPlugin" not in {self._names.origin(base) for base in node.bases}:
            return
        for part in node.body:
            for target in part.targets if isinstance(part, ast.Assign) else ():
                name = self._names.origin(target)
                if name in _PLUGIN_CLASSES:
                    self._add("plugin-classes", name, part, where)
                elif name in _PLUGIN_FLASK:
                    self._add("plugin-flask", name, part, where)


def guards(node: ast.Try) -> bool:
    """Whether this try catches a failed import: then the code knows both places."""
    for handler in node.handlers:
        caught = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
        if any(kind is None or (isinstance(kind, ast.Name) and kind.id in _IMPORT_FAILURES) for kind in caught):
            return True
    return False


def _called_by_airflow(tree: ast.Module) -> frozenset[str]:
    """Names of functions that Airflow calls with the context's keys as arguments."""
    return frozenset(
        keyword.value.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        for keyword in node.keywords
        if keyword.arg in {"python_callable", "on_failure_callback", "on_success_callback", "on_retry_callback"}
        and isinstance(keyword.value, ast.Name)
    )
