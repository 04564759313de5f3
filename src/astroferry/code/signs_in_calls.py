"""Signs in what DAG code calls: DAGs, tasks, sensors, XComs, and what is asked for while a file is parsed."""

from __future__ import annotations

import ast
from dataclasses import replace
from typing import TYPE_CHECKING

from astroferry.code.airflow3 import DAG_ARGUMENTS, TASK_ARGUMENTS, TRIGGER_RULES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from astroferry.code.names import Names
    from astroferry.code.signs import Where

_SCHEDULES = frozenset(
    {
        *("CronDataIntervalTimetable", "CronTriggerTimetable", "MultipleCronTriggerTimetable", "EventsTimetable"),
        *("DeltaDataIntervalTimetable", "DeltaTriggerTimetable", "NullTimetable", "OnceTimetable"),
        *("ContinuousTimetable", "DatasetTriggeredTimetable", "DatasetOrTimeSchedule", "AssetOrTimeSchedule"),
        *("CronPartitionTimetable", "PartitionedAssetTimetable", "AssetTriggeredTimetable"),
        *("Dataset", "DatasetAlias", "DatasetAll", "DatasetAny", "Asset", "AssetAlias", "AssetAll", "AssetAny"),
    }
)
"""classes of Airflow 2 and 3 that a schedule may be made of"""
_NOW = frozenset({"now", "today", "utcnow", "days_ago", "yesterday"})
_HTTP = frozenset({"requests", "httpx", "urllib", "urllib3"})
_POD_OPERATORS = frozenset({"KubernetesPodOperator", "GKEStartPodOperator"})
_COMPOSER_NAMESPACES = frozenset({"default", "composer-user-workloads"})
_OF_DEFAULT_ARGS = frozenset({"owner", "retries", "start_date", "depends_on_past", "sla", "retry_delay"})
"""a dict with one of these keys is taken for default_args"""


class Calls:
    """Reads calls; `add(kind, what, node, where)` takes a sign."""

    def __init__(self, names: Names, add: Callable[[str, str, ast.AST, Where], None]) -> None:
        self._names = names
        self._add = add

    def see(self, node: ast.Call, called: str, where: Where) -> None:
        """Look at one call of something that is named `called` at its origin."""
        given = {keyword.arg: keyword.value for keyword in node.keywords if keyword.arg}
        if called == "DAG" or (called == "dag" and "dag" in self._names.aliases.values()):
            self._dag(node, given, where)
        elif "task_id" in given:
            self._task(node, called, given, where)
        elif called == "xcom_pull":
            self._xcom_pull(node, given, where)
        elif called == "send_email":
            self._add("mail", called, node, where)
        if not where.later:
            self._at_parse_time(node, called, where)

    def _dag(self, node: ast.Call, given: Mapping[str, ast.expr], where: Where) -> None:
        """A call that makes a DAG; `@dag(...)` is one too."""
        named = given.get("dag_id", node.args[0] if node.args else None)
        where = replace(where, dag=self._names.text(named) or where.dag)
        unpacked = any(keyword.arg is None for keyword in node.keywords)
        self._arguments(node, "DAG", given, DAG_ARGUMENTS, where)
        if "sla_miss_callback" in given:
            self._add("sla", "sla_miss_callback", given["sla_miss_callback"], where)
        if "access_control" in given:
            self._add("access-control", self._roles_named(given["access_control"]), given["access_control"], where)
        schedules = [given[name] for name in ("schedule", "schedule_interval", "timetable") if name in given]
        schedules += node.args[2:3]
        if not unpacked and not schedules:
            self._add("no-schedule", "", node, where)
        for schedule in schedules:
            self._schedule(schedule, where)
        if not unpacked and "catchup" not in given:
            self._add("no-catchup", "", node, where)
        if _is(given.get("is_paused_upon_creation"), value=False):
            self._add("arrives-unpaused", "", given["is_paused_upon_creation"], where)
        for name in ("max_active_tasks", "concurrency"):
            if name in given:
                self._add("run-limit", name, given[name], where)
        if "start_date" in given:
            self._start(given["start_date"], where)

    def _schedule(self, value: ast.expr, where: Where) -> None:
        """A schedule that is made of a class which Airflow does not bring."""
        value = self._names.assigned.get(value.id, value) if isinstance(value, ast.Name) else value
        made = self._names.called(value) if isinstance(value, ast.Call) else ""
        if made[:1].isupper() and made not in _SCHEDULES:
            self._add("own-timetable", made, value, where)

    def _roles_named(self, node: ast.expr) -> str:
        """Roles in `access_control={"role": {...}}`, or the argument's name where they are computed."""
        keys = node.keys if isinstance(node, ast.Dict) else []
        return (
            ", ".join(text for key in keys if key is not None and (text := self._names.text(key))) or "access_control"
        )

    def _task(self, node: ast.Call, called: str, given: Mapping[str, ast.expr], where: Where) -> None:
        self._arguments(node, called, given, TASK_ARGUMENTS, where)
        if called.startswith("TriggerDagRun"):
            self._arguments(node, called, given, {"execution_date": "logical_date"}, where)
        self._settings(given, where)
        if (
            called.endswith("Sensor")
            and self._names.text(given.get("mode")) != "reschedule"
            and not _is(given.get("deferrable"), value=True)
        ):
            self._add("poke-sensor", called, node, where)
        if called in _POD_OPERATORS:
            if self._names.text(given.get("namespace")) in _COMPOSER_NAMESPACES:
                self._add("pod", "namespace", given["namespace"], where)
            if "config_file" in given:
                self._add("pod", "config_file", given["config_file"], where)
        if called == "EmailOperator":
            self._add("mail", called, node, where)

    def _settings(self, given: Mapping[str, ast.expr], where: Where) -> None:
        """What may be said for a task, or in default_args for all of them."""
        for name, value in given.items():
            if name == "sla":
                self._add("sla", name, value, where)
            elif name == "trigger_rule":
                self._rule(value, where)
            elif name in {"email_on_failure", "email_on_retry"} and _is(value, value=True):
                self._add("mail", name, value, where)
            elif name == "on_success_callback":
                self._add("success-callback", name, value, where)
            elif name == "start_date":
                self._start(value, where)

    def _arguments(
        self, node: ast.Call, called: str, given: Mapping[str, ast.expr], gone: Mapping[str, str], where: Where
    ) -> None:
        for name in gone.keys() & given.keys():
            self._add("gone-argument", f"{called}({name})", node, where)

    def _rule(self, value: ast.expr, where: Where) -> None:
        text = self._names.text(value)
        if text is None and isinstance(value, ast.Attribute):
            text = value.attr.lower()
        if text in TRIGGER_RULES:
            self._add("gone-rule", text, value, where)

    def _start(self, value: ast.expr, where: Where) -> None:
        """A start date that moves with every parse, or has no time zone."""
        value = self._names.assigned.get(value.id, value) if isinstance(value, ast.Name) else value
        for part in ast.walk(value):
            if isinstance(part, ast.Call) and self._names.called(part) in _NOW:
                self._add("moving-start", f"{self._names.called(part)}()", value, where)
                return
        if (
            isinstance(value, ast.Call)
            and self._names.called(value) == "datetime"
            and self._names.owner(value) in {"", "datetime", "dt"}
            and not self._is_pendulum(value.func)
            and not any(keyword.arg in {"tzinfo", "tz"} for keyword in value.keywords)
            and len(value.args) < 8
        ):
            self._add("naive-start", "datetime()", value, where)

    def _xcom_pull(self, node: ast.Call, given: Mapping[str, ast.expr], where: Where) -> None:
        if "key" in given and "task_ids" not in given and not node.args:
            self._add("xcom-without-task", "xcom_pull", node, where)
        for name in ("include_prior_dates", "dag_id"):
            if name in given and not _is(given[name], value=False) and not _is(given[name], value=None):
                self._add("xcom-elsewhere", name, node, where)

    def _at_parse_time(self, node: ast.Call, called: str, where: Where) -> None:
        owner = self._names.owner(node)
        if called == "get" and owner in {"Variable", "Connection"}:
            self._add("parse-time", f"{owner}.get", node, where)
        elif called == "get_connection":
            self._add("parse-time", called, node, where)
        elif called == "urlopen" or (owner in _HTTP and called in {"get", "post", "put", "request"}):
            self._add("parse-time", f"{owner}.{called}" if owner else called, node, where)

    def default_args(self, node: ast.Dict, where: Where) -> None:
        """`default_args` says for every task what a task's arguments say."""
        given = {
            key.value: value
            for key, value in zip(node.keys, node.values, strict=True)
            if isinstance(key, ast.Constant) and isinstance(key.value, str)
        }
        if _OF_DEFAULT_ARGS & given.keys():
            self._settings(given, where)
            for name in TASK_ARGUMENTS.keys() & given.keys():
                self._add("gone-argument", f"default_args({name})", given[name], where)

    def _is_pendulum(self, function: ast.expr) -> bool:
        return isinstance(function, ast.Name) and self._names.modules.get(function.id, "").startswith("pendulum")


def _is(node: ast.expr | None, *, value: bool | None) -> bool:
    return isinstance(node, ast.Constant) and node.value is value
