from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import pytest

from astroferry.advice.airflow2_defaults import DEFAULTS
from astroferry.advice.airflow3_options import DEFAULT_CHANGED, INVALID, OLD_VALUES, REMOVED, RENAMED
from astroferry.advice.options import Change, change, fate, is_default, option, platform_of, set_to, variable

SHARED = Path(os.environ.get("ASTROFERRY_SHARED", Path(__file__).parents[3] / "shared"))
AS_CHECKED = "b1bffa519376f45dac8f3da8eb2a4b5baede72dcf76ffe0b24053d658e2d1575"
"""digest of our tables when they were last compared with the table that they were made from"""
TABLE = SHARED / "rules" / "airflow3_config_changes.json"


def test_an_option_changed_in_one_way() -> None:
    tables = (RENAMED, REMOVED, DEFAULT_CHANGED, OLD_VALUES, INVALID)
    names = [name for table in tables for name in table]
    assert len(names) == len(set(names))
    assert len(RENAMED) + len(REMOVED) + len(DEFAULT_CHANGED) + len(INVALID) == 156
    assert sum(len(values) for values in OLD_VALUES.values()) == 5
    assert all(name.count(".") >= 1 for name in (*names, *DEFAULTS))


def test_the_table_is_what_airflow_3_says() -> None:
    ours = json.dumps([RENAMED, sorted(REMOVED), DEFAULT_CHANGED, OLD_VALUES, INVALID], sort_keys=True)
    assert hashlib.sha256(ours.encode()).hexdigest() == AS_CHECKED, "changed, and not checked against Airflow again"
    if TABLE.exists():
        _compared_with_the_table()


def _compared_with_the_table() -> None:
    entries = json.loads(TABLE.read_text(encoding="utf-8"))["entries"]
    said: dict[str, dict[str, list[dict[str, str]]]] = {}
    for entry in entries:
        name = f"{entry['section']}.{entry['option']}"
        said.setdefault(entry["change"], {}).setdefault(name, []).append(entry)
    assert {name: option(found[0]["renamed_to_env"]) for name, found in said["renamed"].items()} == RENAMED
    assert set(said["removed"]) == REMOVED
    assert {
        name: (found[0]["old_default"], found[0]["new_default"]) for name, found in said["default_change"].items()
    } == DEFAULT_CHANGED
    assert {
        name: tuple(each["value"] for each in found) for name, found in said["remove_if_equals"].items()
    } == OLD_VALUES
    assert {name: found[0]["invalid_if"] for name, found in said["invalid_if"].items()} == INVALID


@pytest.mark.parametrize(
    ("name", "airflow", "becomes", "why"),
    [
        ("AIRFLOW__CORE__DEFAULT_TASK_RETRIES", (3,), "AIRFLOW__CORE__DEFAULT_TASK_RETRIES", ""),
        (
            "AIRFLOW__SCHEDULER__MIN_FILE_PROCESS_INTERVAL",
            (3,),
            "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL",
            "",
        ),
        (
            "AIRFLOW__SCHEDULER__MIN_FILE_PROCESS_INTERVAL",
            (2,),
            "AIRFLOW__SCHEDULER__MIN_FILE_PROCESS_INTERVAL",
            "",
        ),
        ("AIRFLOW__CORE__CHECK_SLAS", (3,), "", "does not have it any more"),
        ("AIRFLOW__CORE__CHECK_SLAS", (2,), "AIRFLOW__CORE__CHECK_SLAS", ""),
        ("AIRFLOW__WEBSERVER__WORKERS", (3,), "", "for the old machines"),
        ("AIRFLOW__WEBSERVER__NAVBAR_COLOR", (3,), "", "Astro sets it itself"),
        ("AIRFLOW__CORE__FERNET_KEY", (3,), "", "Astro sets it itself"),
        ("POSTGRES_PASSWORD", (3,), "", "the old machines or their image"),
        ("AIRFLOW__CORE__SQL_ALCHEMY_CONN_SECRET", (3,), "", "Astro sets it itself"),
        ("AIRFLOW__SMTP__SMTP_HOST_CMD", (3,), "AIRFLOW__SMTP__SMTP_HOST_CMD", ""),
        ("STAGE", (3,), "STAGE", ""),
        ("AIRFLOW__LINEAGE__BACKEND", (3, 2), "", "Airflow 3.2 does not have it any more"),
        ("AIRFLOW__LINEAGE__BACKEND", (3, 1), "AIRFLOW__LINEAGE__BACKEND", ""),
        ("AIRFLOW__LINEAGE__BACKEND", (2, 11), "AIRFLOW__LINEAGE__BACKEND", ""),
        (
            "AIRFLOW__SCHEDULER__RUNNING_METRICS_INTERVAL",
            (3, 3),
            "AIRFLOW__SCHEDULER__TI_METRICS_INTERVAL",
            "",
        ),
    ],
)
def test_what_becomes_of_a_variable(name: str, airflow: tuple[int, ...], becomes: str, why: str) -> None:
    found = fate(name, airflow)
    assert found.name == becomes
    assert why in found.why


def test_an_option_may_change_more_than_once() -> None:
    first, then = change("webserver.access_logfile", (3, 0)), change("webserver.access_logfile", (3, 3))
    assert (first, then) == (Change("3", "api.access_logfile"), Change("3.1", "api.log_config"))
    assert change("core.parallelism", (3, 3)) is change("webserver.access_logfile", (2, 11)) is None


def test_options_and_variables_are_two_ways_to_write_one_thing() -> None:
    assert variable("core.parallelism") == variable("core-parallelism") == "AIRFLOW__CORE__PARALLELISM"
    assert option("AIRFLOW__CORE__PARALLELISM") == "core.parallelism"
    assert option("AIRFLOW_HOME") == option("STAGE") == ""
    assert platform_of("STAGE") == ""
    assert (platform_of("AWS_ACCESS_KEY_ID"), platform_of("AWS_ACCESS_KEY_ID", "mwaa")) == ("", "MWAA")
    assert fate("COMPOSER_ENVIRONMENT", platform="composer").why == "Composer set it for its own machines"


def test_a_default_is_known_as_such() -> None:
    assert is_default("webserver.workers", "4")
    assert is_default("core.check_slas", "true")
    assert is_default("webserver.config_file", "/anywhere/webserver_config.py")
    assert not is_default("webserver.workers", "8")
    assert not is_default("core.non_pooled_task_slot_count", "8")
    assert is_default("core.non_pooled_task_slot_count", "")
    assert set_to({"core": {"default_timezone": "Europe/Berlin"}}, "core.default_timezone") == "Europe/Berlin"
    assert set_to({"core": {"default_timezone": "utc"}}, "core.default_timezone") == ""
    assert set_to({}, "core.xcom_backend") == ""
