from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tests.advice.rules.rows_configuration import GLOB, IGNORES, RETRIES
from tests.advice.rules.rows_version import CATCHING_UP
from tests.advice.rules.rulecase import PLAN, case, ids, source, with_environment

from astroferry.advice.providers import package_of_module, package_of_type
from astroferry.advice.rules.configuration import BOOK, suggest
from astroferry.stages.desk import Desk
from astroferry.stages.layout import WorkspacesStage


def test_what_dags_mean_is_proposed_for_the_environment() -> None:
    found = suggest(case(inventory=RETRIES))
    assert found.value == {
        "AIRFLOW__CORE__DEFAULT_TIMEZONE": "Asia/Tokyo",
        "AIRFLOW__CORE__DEFAULT_TASK_RETRIES": "2",
    }
    assert "core.default_task_retries = 2 on the source" in found.evidence
    assert suggest(case(inventory=CATCHING_UP)).value == {"AIRFLOW__SCHEDULER__CATCHUP_BY_DEFAULT": "True"}
    assert suggest(case(inventory=IGNORES)).value == {"AIRFLOW__CORE__DAG_IGNORE_FILE_SYNTAX": "regexp"}
    assert suggest(case(inventory=GLOB)).value == {"AIRFLOW__CORE__DAG_IGNORE_FILE_SYNTAX": "glob"}
    assert suggest(case(inventory=CATCHING_UP, airflow="2", runtime="13.11.0")).value == {}
    assert suggest(case()).reason == "Nothing of the source's options needs to move."


def test_an_option_is_proposed_by_the_name_that_the_target_has_for_it() -> None:
    parsing = source(config={"scheduler": {"min_file_process_interval": "60"}})
    assert list(suggest(case(inventory=parsing)).value) == ["AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL"]
    two = case(inventory=parsing, airflow="2", runtime="13.11.0")
    assert list(suggest(two).value) == ["AIRFLOW__SCHEDULER__MIN_FILE_PROCESS_INTERVAL"]


def test_a_plan_that_follows_has_nothing_against_it() -> None:
    followed = with_environment(suggest(case(inventory=RETRIES)).value)
    assert ids(BOOK.problems(case(followed, RETRIES))) == []


def test_a_deployment_is_proposed_with_it() -> None:
    desk = Desk(Path("migration.toml"), replace(PLAN, deployments=()), RETRIES)
    asked = next(each for each in WorkspacesStage().questions(desk) if each.key == "deployments")
    assert [item.environment["AIRFLOW__CORE__DEFAULT_TASK_RETRIES"] for item in asked.suggested] == ["2"]


def test_packages_by_module_and_by_connection_type() -> None:
    assert package_of_module("airflow.providers.amazon.aws.hooks.s3") == "apache-airflow-providers-amazon"
    assert package_of_module("airflow.providers.common.sql.hooks.sql") == "apache-airflow-providers-common-sql"
    assert package_of_module("acme.operators") == ""
    assert package_of_type("gcpbigquery") == "apache-airflow-providers-google"
    assert package_of_type("generic") == ""
