"""The text that is shipped, run here against stand-ins for Airflow; tests/live runs it on the real one."""

from __future__ import annotations

import ast
import json
import logging
import os
import sys
import warnings
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from astroferry.carry.probes.digest import CONNECTION_FIELDS, field_digest
from astroferry.carry.probes.probefile import DAG_ID, REACH_TASK, VALUES_TASK, probe_file, probe_tag

KEY = "cd" * 32
KEY_NAME = "astroferry_probe_secret_1"


class AirflowNotFoundException(Exception):  # noqa: N818 - Airflow's own name, by which the probe knows it
    pass


class FakeConnection:
    def __init__(self, conn_type: str, hook: Any = None, **fields: Any) -> None:
        self.conn_type = conn_type
        self.host = self.login = self.password = self.schema = self.port = self.extra = None
        self.__dict__.update(fields)
        self._hook = hook

    def get_hook(self) -> Any:
        if isinstance(self._hook, Exception):
            raise self._hook
        return self._hook


class Target:
    """What BaseHook and Variable of the stand-in know."""

    def __init__(self) -> None:
        self.connections: dict[str, Any] = {}
        self.variables: dict[str, Any] = {KEY_NAME: KEY}
        self.dags: list[dict[str, Any]] = []
        self.tasks: dict[str, Any] = {}

    def get_connection(self, conn_id: str) -> Any:
        found = self.connections.get(conn_id, AirflowNotFoundException(conn_id))
        if isinstance(found, Exception):
            raise found
        return found

    def get_variable(self, key: str, default: Any) -> Any:
        found = self.variables.get(key, default)
        if isinstance(found, Exception):
            raise found
        return found

    def names(self, default: str) -> dict[str, Any]:
        target = self

        class BaseOperator:
            def __init__(self, task_id: str) -> None:
                target.tasks[task_id] = self

        class DAG:
            def __init__(self, **settings: Any) -> None:
                target.dags.append(settings)

            def __enter__(self) -> None: ...

            def __exit__(self, *_: object) -> None: ...

        return {
            "DAG": DAG,
            "BaseOperator": BaseOperator,
            "BaseHook": SimpleNamespace(get_connection=self.get_connection),
            "Variable": SimpleNamespace(get=lambda key, **kw: self.get_variable(key, kw.pop(default))),
        }


def module(monkeypatch: pytest.MonkeyPatch, name: str, **names: Any) -> None:
    made = ModuleType(name)
    made.__dict__.update(names)
    monkeypatch.setitem(sys.modules, name, made)


def load(monkeypatch: pytest.MonkeyPatch, version: str = "3.3") -> tuple[Target, dict[str, Any]]:
    target = Target()
    names = target.names("default_var" if version == "2.11" else "default")
    for name in ("airflow", "airflow.sdk", "airflow.models", "airflow.models.baseoperator", "airflow.hooks"):
        module(monkeypatch, name)
    if version == "2.11":
        monkeypatch.setitem(sys.modules, "airflow.sdk", None)
        module(monkeypatch, "airflow.models", Variable=names["Variable"])
        module(monkeypatch, "airflow.models.baseoperator", BaseOperator=names["BaseOperator"])
        module(monkeypatch, "airflow.models.dag", DAG=names["DAG"])
        module(monkeypatch, "airflow.hooks.base", BaseHook=names["BaseHook"])
    elif version == "3.0":
        hook = names.pop("BaseHook")
        module(monkeypatch, "airflow.sdk", **names)
        module(monkeypatch, "airflow.hooks.base", BaseHook=hook)
    else:
        module(monkeypatch, "airflow.sdk", **names)
    path, text = probe_file()
    loaded: dict[str, Any] = {"__name__": "probe"}
    exec(compile(text.decode(), path, "exec"), loaded)
    # The unit test's own process is not to fall silent; `be_quiet` has a test of its own.
    loaded["silence"], loaded["be_quiet"] = loaded["be_quiet"], lambda: None
    return target, loaded


def run(target: Target, task: str, **conf: Any) -> dict[str, Any]:
    pushed: dict[str, Any] = {}
    asked = {"connections": [], "variables": [], "key_variable": KEY_NAME, "test_connections": False, **conf}
    context = {
        "dag_run": SimpleNamespace(conf=asked),
        "ti": SimpleNamespace(xcom_push=lambda key, value: pushed.update({key: json.loads(value)})),
    }
    target.tasks[task].execute(context)
    return pushed


@pytest.mark.parametrize("version", ["2.11", "3.0", "3.3"])
def test_it_loads_on_every_airflow_and_is_one_quiet_dag(monkeypatch: pytest.MonkeyPatch, version: str) -> None:
    target, _ = load(monkeypatch, version)
    (dag,) = target.dags
    assert dag["dag_id"] == DAG_ID
    assert dag["schedule"] is None
    assert dag["is_paused_upon_creation"] is True
    assert dag["max_active_runs"] == 1
    assert dag["tags"] == ["astroferry", probe_tag()]
    assert set(target.tasks) == {VALUES_TASK, REACH_TASK}
    target.variables["rate"] = "0.19"
    pushed = run(target, VALUES_TASK, variables=["rate", "gone"])
    digest = field_digest(KEY, "variable", "rate", "value", "0.19")
    assert pushed["values_0"] == [["variable", "rate", "found", [digest]], ["variable", "gone", "missing", []]]


def test_the_file_stands_alone() -> None:
    path, text = probe_file()
    assert path == f"{DAG_ID}.py"
    imported = set()
    for node in ast.walk(ast.parse(text, feature_version=(3, 9))):
        if isinstance(node, ast.Import):
            imported |= {name.name.split(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add((node.module or "").split(".")[0])
    assert imported - {"airflow"} <= set(sys.stdlib_module_names)
    assert b"@VERSION@" not in text
    assert b"embedded modules" not in text


def test_every_field_is_digested_as_on_our_side(monkeypatch: pytest.MonkeyPatch) -> None:
    target, _ = load(monkeypatch)
    fields = {"host": "", "login": "ü", "password": "p\n", "schema": None, "port": 0, "extra": '{"b":1, "a":2}'}
    target.connections["pg"] = FakeConnection("postgres", **fields)
    pushed = run(target, VALUES_TASK, connections=["pg"])
    values = {"conn_type": "postgres", **fields, "extra": '{"a":2,"b":1}'}
    digests = [field_digest(KEY, "connection", "pg", name, values[name]) for name in CONNECTION_FIELDS]
    assert pushed == {"values_0": [["connection", "pg", "found", digests]], "values_parts": 1}


def test_what_cannot_be_resolved_is_told_by_class_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    target, _ = load(monkeypatch)
    target.connections["odd"] = ValueError("canary in a message")
    target.connections["raised"] = RuntimeError("CONNECTION_NOT_FOUND: raised")
    target.variables["odd"] = ValueError("canary in a message")
    target.variables["raised"] = RuntimeError("VARIABLE_NOT_FOUND: raised")
    pushed = run(target, VALUES_TASK, connections=["odd", "raised", "gone"], variables=["odd", "raised"])
    assert [row[2] for row in pushed["values_0"]] == [
        "error ValueError",
        "missing",
        "missing",
        "error ValueError",
        "missing",
    ]
    assert "canary" not in json.dumps(pushed)


def test_many_rows_go_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    target, loaded = load(monkeypatch)
    ids = [f"c{number}" for number in range(2 * loaded["ROWS_PER_PART"] + 1)]
    target.connections = {conn_id: FakeConnection("generic") for conn_id in ids}
    pushed = run(target, VALUES_TASK, connections=ids)
    assert pushed["values_parts"] == 3
    assert [row[1] for number in range(3) for row in pushed[f"values_{number}"]] == ids
    assert run(target, REACH_TASK)["reach_parts"] == 0


def test_without_its_key_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    target, _ = load(monkeypatch)
    target.variables.clear()
    with pytest.raises(RuntimeError, match="key variable is gone"):
        run(target, VALUES_TASK)


def test_places_are_dialled_and_no_host_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    target, loaded = load(monkeypatch)
    dialled: list[tuple[str, int]] = []

    def dial(host: str, port: int, _seconds: float) -> str:
        dialled.append((host, port))
        return "refused"

    loaded["dial"] = dial
    target.connections["pg"] = FakeConnection("postgres", host="db.acme.test")
    target.connections["gcp"] = FakeConnection("google_cloud_platform")
    pushed = run(target, REACH_TASK, connections=["pg", "gcp", "gone"])
    assert dialled == [("db.acme.test", 5432)]
    assert pushed == {
        "reach_0": [["pg", "refused"], ["gcp", "not applicable"], ["gone", "not applicable"]],
        "reach_parts": 1,
    }


class Hook:
    def __init__(self, answer: Any) -> None:
        self.answer = answer
        self.method = "POST"
        self.tested_with = ""

    def test_connection(self) -> Any:
        self.tested_with = self.method
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def test_hooks_are_asked_and_answered_in_one_word(monkeypatch: pytest.MonkeyPatch) -> None:
    target, loaded = load(monkeypatch)
    loaded["dial"] = lambda *_: "reachable"
    http = Hook((True, "canary says yes"))
    target.connections = {
        "ok": FakeConnection("postgres", Hook((True, "canary says yes"))),
        "bad": FakeConnection("postgres", Hook((False, "password canary is wrong"))),
        "raises": FakeConnection("postgres", Hook(ValueError("canary"))),
        "http": FakeConnection("http", http),
        "unknown": FakeConnection("acme", RuntimeError('Unknown hook type "acme"')),
        "uninstalled": FakeConnection("oracle", ImportError("canary")),
        "generic": FakeConnection("generic", AttributeError("'NoneType' object has no attribute 'rsplit'")),
        "broken": FakeConnection("postgres", AttributeError("canary")),
        "refuses": FakeConnection("postgres", ValueError("canary")),
        "untestable": FakeConnection("fs", object()),
    }
    pushed = run(target, REACH_TASK, connections=[*target.connections, "gone"], test_connections=True)
    assert {row[0]: tuple(row[1:]) for row in pushed["hooks_0"]} == {
        "ok": ("ok", ""),
        "bad": ("failed", ""),
        "raises": ("failed", "ValueError"),
        "http": ("ok", ""),
        "unknown": ("no provider", ""),
        "uninstalled": ("no provider", "ImportError"),
        "generic": ("no hook", ""),
        "broken": ("failed", "AttributeError"),
        "refuses": ("failed", "ValueError"),
        "untestable": ("no test", ""),
        "gone": ("not asked", ""),
    }
    assert "canary" not in json.dumps(pushed)
    assert http.tested_with == "GET", "an HTTP hook's own test would POST to the user's service"


def test_it_falls_silent_before_it_touches_a_hook(monkeypatch: pytest.MonkeyPatch) -> None:
    target, loaded = load(monkeypatch)
    order: list[str] = []
    loaded["be_quiet"] = lambda: order.append("quiet")
    target.connections["pg"] = FakeConnection("postgres", host="db", port=1)

    def dial(*_: object) -> str:
        order.append("dial")
        return "refused"

    loaded["dial"] = dial
    run(target, REACH_TASK, connections=["pg"])
    assert order == ["quiet", "dial"]


def test_silence_covers_logging_warnings_prints_and_structlog(monkeypatch: pytest.MonkeyPatch) -> None:
    _, loaded = load(monkeypatch)
    moved: list[int] = []
    monkeypatch.setattr(os, "dup2", lambda _nowhere, number: moved.append(number))
    monkeypatch.setattr(sys, "stdout", sys.stdout)
    monkeypatch.setattr(sys, "stderr", sys.stderr)
    processors: list[Any] = []

    class DropEvent(BaseException):
        pass

    module(monkeypatch, "structlog", DropEvent=DropEvent, get_config=lambda: {"processors": processors})
    with warnings.catch_warnings():
        try:
            loaded["silence"]()
            assert not logging.getLogger("hook").isEnabledFor(logging.CRITICAL)
            assert sys.stdout is sys.stderr
            assert sys.stdout.name == os.devnull
            warnings.warn("canary", stacklevel=1)  # would raise: pytest makes errors of warnings
        finally:
            logging.disable(logging.NOTSET)
            sys.stdout.close()
    assert moved == [1, 2]
    with pytest.raises(DropEvent):
        processors[0](None, "info", {"event": "canary"})
