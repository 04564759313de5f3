"""Files that tell a source's environment: as each tool writes them, and what must never be kept of them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from astroferry.errors import UsageError
from astroferry.sources.environment import LARGEST, Environment, environment_beside, load, parse

if TYPE_CHECKING:
    from pathlib import Path

_CORE = "AIRFLOW__CORE__"
_REST = "TWO_LINES http_proxy"
DOTENV = """\
# for the demo
export AIRFLOW__CORE__PARALLELISM='64'
AIRFLOW__CORE__FERNET_KEY=canary-fernet
AIRFLOW_CONN_ERP=postgres://erp:canary-password@erp/db
AIRFLOW_VAR_ZONE=canary-zone
KEY="-----BEGIN RSA PRIVATE KEY-----
MIIcanaryBASE64lines=
canaryonly==
-----END RSA PRIVATE KEY-----"
PEM=-----BEGIN CERTIFICATE-----
canarylowercase=
-----END CERTIFICATE-----
TWO_LINES="first
second=canary"
OPEN="never closed
http_proxy=http://proxy.example
MixedCase=canary
"""
INSPECT = [{"Config": {"Env": ["STAGE=prod", "AIRFLOW__WEBSERVER__WORKERS=8", "PATH=/bin"], "Labels": {"a.b": "1"}}}]
MWAA = {
    "Environment": {
        "Arn": "arn:aws:airflow:eu-central-1:1:environment/acme",
        "LastUpdate": {"Status": "SUCCESS"},
        "AirflowConfigurationOptions": {"core.default_task_retries": 3, "core.dag_default_view": "tree"},
    }
}
COMPOSER = {
    "name": "projects/acme",
    "config": {
        "softwareConfig": {
            "envVariables": {"STAGE": "prod", "API_TOKEN": "canary-token"},
            "airflowConfigOverrides": {"scheduler-catchup_by_default": "True"},
            "pypiPackages": {"pandas": ">=2"},
        }
    },
}
ECS = {
    "containerDefinitions": [
        {
            "environment": [{"name": "STAGE", "value": "prod"}],
            "secrets": [{"name": "DB_PASSWORD", "valueFrom": "arn:canary"}, {"valueFrom": "no name"}],
        }
    ]
}
HELM = """\
env:
  - {name: STAGE, value: prod}
extraEnv: |
  - name: DB_PASSWORD
    valueFrom: {secretKeyRef: {name: canary, key: password}}
secret:
  - {envName: API_TOKEN, secretName: canary, secretKey: canary}
config:
  core: {default_task_retries: 2, dags_folder: '{{ include "dags" . }}', load_examples: false}
  note: not a section
"""
COMPOSE = """\
x-common: &common
  environment: &variables
    AIRFLOW__CORE__EXECUTOR: CeleryExecutor
services:
  web:
    <<: *common
    environment:
      <<: *variables
      STAGE: prod
  worker:
    environment: [QUEUE=big, REGION]
"""
CONFIG_MAP = """\
kind: ConfigMap
data:
  STAGE: prod
  airflow.cfg: canary
---
spec:
  AIRFLOW__CORE__LOAD_EXAMPLES: true
"""


@pytest.mark.parametrize(
    ("text", "names", "config", "kind"),
    [
        (
            DOTENV,
            f"AIRFLOW_CONN_ERP AIRFLOW_VAR_ZONE {_CORE}FERNET_KEY {_CORE}PARALLELISM KEY OPEN PEM {_REST}",
            {"core": {"parallelism": "64"}},
            "airflow",
        ),
        ("A=1\0B=two\nlines\0MWAA__X=1\0", "A B MWAA__X", {}, "mwaa"),
        (json.dumps(INSPECT), "AIRFLOW__WEBSERVER__WORKERS PATH STAGE", {}, "airflow"),
        (
            json.dumps(MWAA),
            "AIRFLOW__CORE__DAG_DEFAULT_VIEW AIRFLOW__CORE__DEFAULT_TASK_RETRIES",
            {"core": {"default_task_retries": "3"}},
            "mwaa",
        ),
        (
            '{"core.default_timezone": "utc"}',
            "AIRFLOW__CORE__DEFAULT_TIMEZONE",
            {"core": {"default_timezone": "utc"}},
            "airflow",
        ),
        (
            json.dumps(COMPOSER),
            "AIRFLOW__SCHEDULER__CATCHUP_BY_DEFAULT API_TOKEN STAGE",
            {"scheduler": {"catchup_by_default": "True"}},
            "composer",
        ),
        ("COMPOSER_BUCKET: b\nSTAGE: c\n", "COMPOSER_BUCKET STAGE", {}, "composer"),
        (json.dumps(ECS), "DB_PASSWORD STAGE", {}, "airflow"),
        (
            HELM,
            f"{_CORE}DAGS_FOLDER {_CORE}DEFAULT_TASK_RETRIES {_CORE}LOAD_EXAMPLES API_TOKEN DB_PASSWORD STAGE",
            {"core": {"default_task_retries": "2", "load_examples": "False"}},
            "airflow",
        ),
        (
            COMPOSE,
            "AIRFLOW__CORE__EXECUTOR QUEUE REGION STAGE",
            {"core": {"executor": "CeleryExecutor"}},
            "airflow",
        ),
        (CONFIG_MAP, "AIRFLOW__CORE__LOAD_EXAMPLES STAGE", {"core": {"load_examples": "True"}}, "airflow"),
    ],
)
def test_what_a_file_tells(text: str, names: str, config: dict[str, dict[str, str]], kind: str) -> None:
    found = parse(text, "env")
    assert (" ".join(found.names), found.config, found.kind) == (names, config, kind)
    assert "canary" not in repr(found)


def test_connections_variables_and_options_that_airflow_3_changed() -> None:
    found = parse(DOTENV, "env")
    assert (found.connections, found.variables) == (("erp",), ("zone",))
    assert parse(json.dumps(MWAA), "mwaa.json").options_set == ("core.dag_default_view",)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "names no environment variable"),
        ("just: words\n", "names no environment variable"),
        ("a: [canary\nb", "neither NAME=value lines nor valid JSON or YAML (line "),
        ("env: {{ .Values.canary }}: {", "nor valid JSON or YAML"),
    ],
)
def test_a_file_that_tells_nothing(text: str, says: str) -> None:
    with pytest.raises(UsageError) as error:
        parse(text, "values.yaml")
    assert says in str(error.value)
    assert "canary" not in str(error.value)


def test_a_file_is_found_beside_the_plan(tmp_path: Path) -> None:
    plan = tmp_path / "migration.toml"
    assert environment_beside(plan, "") is None
    with pytest.raises(UsageError, match=r"The environment file source\.env cannot be read: No such file"):
        environment_beside(plan, "source.env")
    (tmp_path / "source.env").write_text("STAGE=prod\n", encoding="utf-8")
    assert environment_beside(plan, "source.env") == Environment("source.env", ("STAGE",))


def test_a_file_that_is_no_text_or_too_large(tmp_path: Path) -> None:
    path = tmp_path / "env"
    path.write_bytes(b"A=\xff")
    with pytest.raises(UsageError, match="is not text in UTF-8"):
        load(path)
    path.write_bytes(b"A=" + b"a" * LARGEST)
    with pytest.raises(UsageError, match="too large"):
        load(path)
