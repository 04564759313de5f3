from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING

import pytest

from astroferry.model.secret import Secret
from astroferry.simulator.real.settings import Keys, Layout, environment, write_private
from astroferry.simulator.real.template import password_hash

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout(
        tmp_path / "venv", tmp_path, tmp_path / "dags", tmp_path / "plugins", Secret("sqlite:///x"), 8123, "/d1", 3.0
    )


@pytest.mark.parametrize("version", ["2.11", "3.3"])
def test_the_callers_environment_stays_out(
    version: str, layout: Layout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASTRO_API_TOKEN", "canary-token")
    monkeypatch.setenv("AIRFLOW__CORE__EXECUTOR", "CeleryExecutor")
    found = environment(version, layout, Keys.of(tmp_path), {})
    assert "ASTRO_API_TOKEN" not in found
    assert found["AIRFLOW__CORE__EXECUTOR"] == "LocalExecutor"
    assert found["HOME"] == str(tmp_path)


@pytest.mark.parametrize("version", ["2.11", "3.3"])
def test_what_must_hold_wins_over_what_is_asked(version: str, layout: Layout, tmp_path: Path) -> None:
    asked = {
        "PATH": "/evil",
        "AIRFLOW_HOME": "/elsewhere",
        "AIRFLOW__CORE__FERNET_KEY": "other",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": "postgresql://elsewhere",
        "AIRFLOW__LOGGING__REMOTE_LOGGING": "True",
        "AIRFLOW__SCHEDULER__CREATE_CRON_DATA_INTERVALS": "True",
        "AIRFLOW__CORE__PARALLELISM": "32",
        "TEAM": "orders",
    }
    keys = Keys.of(tmp_path)
    found = environment(version, layout, keys, asked)
    assert found["PATH"].startswith(f"{tmp_path}/venv/bin:")
    assert found["AIRFLOW_HOME"] == str(tmp_path)
    assert found["AIRFLOW__CORE__FERNET_KEY"] == keys.fernet.reveal()
    assert found["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"] == "sqlite:///x"
    assert found["AIRFLOW__LOGGING__REMOTE_LOGGING"] == "False"
    assert found["AIRFLOW__SCHEDULER__CREATE_CRON_DATA_INTERVALS"] == "True"
    assert found["AIRFLOW__CORE__PARALLELISM"] == "32"
    assert found["TEAM"] == "orders"
    assert "http://127.0.0.1:8123/d1" in found.values()


def test_keys_are_kept_privately_and_are_each_servers_own(tmp_path: Path) -> None:
    first = Keys.of(tmp_path)
    assert Keys.of(tmp_path) == first
    assert (tmp_path / "keys.json").stat().st_mode & 0o777 == 0o600
    assert len(base64.urlsafe_b64decode(first.fernet.reveal())) == 32
    other = tmp_path / "other"
    other.mkdir()
    assert Keys.of(other).passwords != first.passwords
    assert len(set(first.passwords.values())) == 4


def test_private_files_are_private_from_the_first_byte(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    write_private(file, "long canary")
    write_private(file, "short")
    assert file.read_text() == "short"
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_password_hash_is_what_werkzeug_checks() -> None:
    method, salt, digest = password_hash(Secret("pässword")).split("$")
    assert method == "pbkdf2:sha256:1000"
    assert hashlib.pbkdf2_hmac("sha256", "pässword".encode(), salt.encode(), 1000).hex() == digest
