"""What our tables say of Airflow's options, defaults and requirements, against the packages that the servers run."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
import yaml

from astroferry.advice import airflow2_defaults, airflow3_minors, airflow3_options
from astroferry.simulator.real.install import ensure

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.live


def packages(version: str) -> Path:
    """Where that Airflow's packages lie."""
    (found,) = ensure(version).glob("lib/python*/site-packages")
    return found


def plain(value: str) -> str:
    """Without what is doubled in the file since it is a template, and letters as one."""
    return value.replace("%%", "%").replace("{{", "{").replace("}}", "}").lower()


def defaults(version: str) -> dict[str, str]:
    """ "section.option" -> its default, "" for none."""
    text = (packages(version) / "airflow" / "config_templates" / "config.yml").read_text(encoding="utf-8")
    return {
        f"{section}.{name}": plain(str(option["default"] or ""))
        for section, told in yaml.safe_load(text).items()
        for name, option in told["options"].items()
    }


def requirements(version: str, package: str) -> dict[str, str]:
    """Package -> what that Airflow asks of it, extras left out."""
    (metadata,) = packages(version).glob(f"{package}-*.dist-info/METADATA")
    asked = re.compile(r"^Requires-Dist: ([\w-]+)(?:\[[\w,-]+\])?([^;\n]*)$", re.MULTILINE)
    return dict(asked.findall(metadata.read_text("utf-8")))


def test_the_newest_3_has_what_the_tables_say() -> None:
    has = defaults("3.3")
    assert not has.keys() & {*airflow3_minors.REMOVED, *airflow3_minors.RENAMED}
    assert has.keys() >= {new for _, new in airflow3_minors.RENAMED.values()}
    assert not has.keys() & airflow3_options.REMOVED
    needs = requirements("3.3", "apache_airflow_core")
    assert {name: needs[name].strip() for name in airflow3_minors.PROVIDERS} == {
        name: f">={floor}" for name, (_, floor) in airflow3_minors.PROVIDERS.items()
    }
    assert needs["sqlalchemy"].strip().startswith(">=2.0")


def test_the_last_2_has_what_the_tables_say() -> None:
    has = defaults("2.11")
    for table in (airflow2_defaults.DEFAULTS, airflow3_minors.DEFAULTS):
        told = {name: plain(value) for name, value in table.items() if name in has and "{AIRFLOW_HOME}" not in value}
        assert len(told) > len(table) / 2
        assert {name: has[name] for name in told} == told
    assert "<2.0" in requirements("2.11", "apache_airflow")["sqlalchemy"]
