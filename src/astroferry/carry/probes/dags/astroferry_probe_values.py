"""Temporary: astroferry resolves connections and variables here as a task does, and compares them by keyed digest.

astroferry deploys this file, triggers its DAG once and removes both. No value leaves the task: XCom holds digests
made with a key that lives in a temporary Airflow Variable for the minutes of the run, and single words.
"""

from __future__ import annotations

import logging
import os
import sys
import warnings
from datetime import timedelta

try:
    from airflow.sdk import DAG, BaseOperator, Variable
except ImportError:  # Airflow 2
    from airflow.models import Variable
    from airflow.models.baseoperator import BaseOperator
    from airflow.models.dag import DAG

    DEFAULT = "default_var"
else:
    DEFAULT = "default"
try:
    from airflow.sdk import BaseHook
except ImportError:  # Airflow 2 and 3.0
    from airflow.hooks.base import BaseHook

# astroferry: embedded modules

DIAL_SECONDS = 5.0
HOOK_SECONDS = 20.0
ROWS_PER_PART = 100
NOT_FOUND = object()


def be_quiet():
    """Say nothing from here to the end of this process.

    Airflow 3 masks secrets in a task's own log, but its executor also writes what tasks say to the worker's standard
    output, unmasked (seen on 3.3.2). Hooks may log and print what they like, and a hung one may do so late: so this is
    never undone. Airflow 3's loggers are structlog's, which `logging.disable` does not reach; they keep the list of
    processors that they were made with, so the list itself is changed.
    """
    logging.disable(logging.CRITICAL)
    structlog = sys.modules.get("structlog")
    if structlog is not None:

        def drop(logger, method_name, event):
            raise structlog.DropEvent

        structlog.get_config()["processors"].insert(0, drop)
    warnings.simplefilter("ignore")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    sys.stdout = sys.stderr = open(os.devnull, "w")


def push_rows(ti, prefix, rows):
    """Rows as JSON text in XCom entries of limited size, then how many there are."""
    parts = [rows[start : start + ROWS_PER_PART] for start in range(0, len(rows), ROWS_PER_PART)]
    for number, part in enumerate(parts):
        ti.xcom_push(key=f"{prefix}_{number}", value=json.dumps(part))
    ti.xcom_push(key=f"{prefix}_parts", value=json.dumps(len(parts)))


def is_not_found(error):
    return type(error).__name__ == "AirflowNotFoundException" or "NOT_FOUND" in str(error)


def connection_row(key, conn_id):
    """[kind, id, state, digests by CONNECTION_FIELDS]; state is found, missing, or the class of what was raised."""
    try:
        conn = BaseHook.get_connection(conn_id)
        digests = [field_digest(key, "connection", conn_id, name, getattr(conn, name)) for name in CONNECTION_FIELDS]
    except Exception as error:
        return ["connection", conn_id, "missing" if is_not_found(error) else "error " + type(error).__name__, []]
    return ["connection", conn_id, "found", digests]


def variable_row(key, name):
    """[kind, key, state, [digest]]."""
    try:
        value = Variable.get(name, **{DEFAULT: NOT_FOUND})
        if value is NOT_FOUND:
            return ["variable", name, "missing", []]
        digests = [field_digest(key, "variable", name, "value", value)]
    except Exception as error:
        return ["variable", name, "missing" if is_not_found(error) else "error " + type(error).__name__, []]
    return ["variable", name, "found", digests]


def dial_connection(conn_id):
    try:
        conn = BaseHook.get_connection(conn_id)
        return reach(endpoints(conn.conn_type or "", conn.host, conn.port, conn.schema, conn.extra), DIAL_SECONDS)
    except Exception:
        return "not applicable"


def hook_of(conn):
    """[word, detail] where there is no hook to ask, else the hook."""
    try:
        return None, conn.get_hook()
    except ImportError as error:
        return ["no provider", type(error).__name__], None
    except AttributeError as error:
        # A connection type that is known without a hook ("generic"): its class name is None.
        return (["no hook", ""] if "rsplit" in str(error) else ["failed", "AttributeError"]), None
    except Exception as error:
        known = "Unknown hook type" not in str(error)
        return (["failed", type(error).__name__] if known else ["no provider", ""]), None


def ask_hook(conn_id):
    """[word, class of what was raised]: ok, failed, no provider, no hook, no test. The message stays here."""
    try:
        conn = BaseHook.get_connection(conn_id)
    except Exception:
        return ["not asked", ""]  # the task `values` tells why
    try:
        word, hook = hook_of(conn)
        if word is not None:
            return word
        if not hasattr(hook, "test_connection"):
            return ["no test", ""]
        if conn.conn_type == "http" and hasattr(hook, "method"):
            hook.method = "GET"  # its test uses the hook's method, which is POST: a test must not change anything
        passed, _message = hook.test_connection()
    except Exception as error:
        return ["failed", type(error).__name__]
    return ["ok" if passed else "failed", ""]


class ResolveValues(BaseOperator):
    """Digests of every connection and variable named in the run's conf."""

    def execute(self, context):
        conf = context["dag_run"].conf
        key = Variable.get(conf["key_variable"], **{DEFAULT: None})
        if not key:
            raise RuntimeError("The temporary key variable is gone: the run that made it was stopped.")
        rows = [connection_row(key, conn_id) for conn_id in conf["connections"]]
        rows += [variable_row(key, name) for name in conf["variables"]]
        push_rows(context["ti"], "values", rows)


class ReachPlaces(BaseOperator):
    """One word per connection: does its port open; and where asked for, is its hook content."""

    def execute(self, context):
        be_quiet()
        conf = context["dag_run"].conf
        ids = conf["connections"]
        words = each_with_limit(ids, dial_connection, 3 * DIAL_SECONDS, "timeout", at_once=32)
        push_rows(context["ti"], "reach", [[conn_id, words[conn_id]] for conn_id in ids])
        if conf["test_connections"]:
            # Pushed after the places: a driver that takes the process down loses the tests only.
            tests = each_with_limit(ids, ask_hook, HOOK_SECONDS, ["timeout", ""])
            push_rows(context["ti"], "hooks", [[conn_id, *tests[conn_id]] for conn_id in ids])


with DAG(
    dag_id="astroferry_probe_values",
    description="Temporary: astroferry compares connections and variables by keyed digest, then removes this DAG.",
    schedule=None,
    catchup=False,
    max_active_runs=1,
    is_paused_upon_creation=True,
    dagrun_timeout=timedelta(hours=2),
    # A task may fail to start on a busy worker (seen on 3.3.2: its API answered too late); that is worth another try.
    default_args={"owner": "astroferry", "retries": 2, "retry_delay": timedelta(seconds=10)},
    tags=["astroferry", "astroferry-probe-@VERSION@"],
):
    ResolveValues(task_id="values")
    ReachPlaces(task_id="reach")
