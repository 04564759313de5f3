from __future__ import annotations

from pathlib import Path

import pytest

from astroferry.errors import PlanError
from astroferry.secrets.environment import EnvironmentFile, parse

TEXT = """
# a comment
export AIRFLOW_CONN_WAREHOUSE_PG='postgres://u:p@h/db'
AIRFLOW_VAR_ENV="prod"
AIRFLOW_VAR_EQUALS=a=b
crm=http://user:pw@crm
AIRFLOW_VAR_MASKED=ab***
"""


async def test_names_are_looked_up_as_airflow_does() -> None:
    file = EnvironmentFile(TEXT, Path("x.env"))
    found = await file.read(["Warehouse_pg", "crm", "gone"], ["env", "equals", "masked", "none"])
    assert set(found.connections) == {"Warehouse_pg", "crm"}
    assert found.connections["Warehouse_pg"].conn_type == "postgres"
    assert {key: item.value.reveal() for key, item in found.variables.items()} == {"env": "prod", "equals": "a=b"}
    assert found.missing_connections == {"gone": "It is not in the file x.env."}
    assert "mask" in found.missing_variables["masked"]
    assert "none" in found.missing_variables


def test_lines_that_are_none_are_counted_not_shown() -> None:
    with pytest.raises(PlanError) as error:
        parse("A=1\ncanary\n=canary\n", Path("x.env"))
    assert [problem.line for problem in error.value.problems] == [2, 3]
    assert "canary" not in str(error.value)
