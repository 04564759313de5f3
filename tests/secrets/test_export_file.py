from __future__ import annotations

import json
import traceback
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from astroferry.errors import PlanError
from astroferry.model.inventory import VariableSeen
from astroferry.secrets.export_file import ConnectionsFile, VariablesFile, _spelling, permissions

if TYPE_CHECKING:
    from pathlib import Path


def written(folder: Path, content: Any, name: str = "x.json") -> Path:
    path = folder / name
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    path.chmod(0o600)
    return path


async def test_connections_as_objects_uris_and_lists(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        {
            "pg": {"conn_type": "postgres", "host": "h", "password": "pw", "port": 5432, "extra": '{"a": 1}'},
            "uri": "http://u:p@h",
            "once": ["http://u:p@h"],
            "masked": {"conn_type": "http", "password": "***"},
            "unwanted": 7,
        },
    )
    found = await ConnectionsFile(path).read(["pg", "uri", "once", "masked", "gone"], [])
    assert set(found.connections) == {"pg", "uri", "once"}
    assert found.connections["pg"].extra is not None
    assert found.connections["pg"].extra.reveal() == '{"a": 1}'
    assert "password" in found.missing_connections["masked"]
    assert found.missing_connections["gone"] == f"It is not in the file {path}."


async def test_connections_in_env_format(tmp_path: Path) -> None:
    path = written(tmp_path, "pg=postgres://u:p@h/db\n", "x.env")
    assert set((await ConnectionsFile(path).read(["pg"], [])).connections) == {"pg"}


@pytest.mark.parametrize("given_", [7, ["a://b", "c://d"], None])
async def test_a_connection_of_another_shape_is_refused(tmp_path: Path, given_: Any) -> None:
    with pytest.raises(PlanError, match="neither an object nor a URI"):
        await ConnectionsFile(written(tmp_path, {"c": given_})).read(["c"], [])


async def test_yaml_and_broken_files_are_a_sentence_without_content(tmp_path: Path) -> None:
    yaml = written(tmp_path, "pg:\n  conn_type: postgres\n  password: canary\n", "x.yaml")
    with pytest.raises(PlanError, match="YAML is not read") as error:
        await ConnectionsFile(yaml).read(["pg"], [])
    assert "canary" not in str(error.value)
    broken = written(tmp_path, '{"a":\n "canary",,}')
    with pytest.raises(PlanError, match="not valid JSON") as error:
        await VariablesFile(broken).read([], ["a"])
    assert "canary" not in "".join(traceback.format_exception(error.value))
    assert error.value.problems[0].line == 2
    assert error.value.__cause__ is None
    with pytest.raises(PlanError, match="does not hold a JSON object"):
        await VariablesFile(written(tmp_path, "[1]")).read([], ["a"])


async def test_files_that_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(PlanError, match="does not exist") as error:
        await ConnectionsFile(tmp_path / "gone").read(["a"], [])
    assert error.value.problems[0].where == "values.connections_file"
    with pytest.raises(PlanError, match="cannot be read: Is a directory"):
        await VariablesFile(tmp_path).read([], ["a"])
    (tmp_path / "latin").write_bytes(b"\xe9canary")
    with pytest.raises(PlanError, match="not UTF-8"):
        await VariablesFile(tmp_path / "latin").read([], ["a"])


EXPORTED = {
    "env": {"value": "prod", "description": "where"},
    "none": {"value": {"value": 1}, "description": None},
    "flags": {"on": True},
    "count": 5,
    "quoted": "abc",
    "respelt": 1.5,
    "unlisted": 1.5,
    "hidden": 1.5,
    "long": {"a": 1},
    "masked": {"k": "***"},
}
SEEN = (
    VariableSeen("env", "as listed", size=41),
    VariableSeen("flags", size=len('{"on":true}')),
    VariableSeen("count", "a number", size=1),
    VariableSeen("quoted", size=5),
    VariableSeen("respelt", size=4),
    VariableSeen("hidden", masked=True),
    VariableSeen("long", size=99),
)


async def test_variables_as_airflow_2_exports_them(tmp_path: Path) -> None:
    path = written(tmp_path, EXPORTED)
    found = await VariablesFile(path, SEEN).read([], [*EXPORTED, "gone"])
    assert {key: item.value.reveal() for key, item in found.variables.items()} == {
        "env": '{"value": "prod", "description": "where"}',
        "none": '{"value": {"value": 1}, "description": null}',
        "flags": '{"on":true}',
        "count": "5",
        "quoted": '"abc"',
        "unlisted": "1.5",
        "hidden": "1.5",
        "long": '{"a": 1}',
    }
    assert found.variables["env"].description == "as listed"
    assert found.variables["flags"].description is None
    assert set(found.missing_variables) == {"respelt", "masked", "gone"}
    assert "spelt otherwise" in found.missing_variables["respelt"]


async def test_variables_as_airflow_3_exports_them(tmp_path: Path) -> None:
    found = await VariablesFile(written(tmp_path, EXPORTED), (), 3).read([], ["env", "none", "count"])
    values = {key: (item.value.reveal(), item.description) for key, item in found.variables.items()}
    assert values == {"env": ("prod", "where"), "none": ('{"value": 1}', None), "count": ("5", None)}


async def test_variables_from_an_environment_file(tmp_path: Path) -> None:
    path = written(tmp_path, "AIRFLOW_VAR_A=1\n", "x.env")
    assert (await VariablesFile(path).read([], ["a"])).variables["a"].value.reveal() == "1"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@given(JSON, st.integers(0, 200))
def test_every_spelling_means_the_same(value: Any, size: int) -> None:
    text, fits = _spelling(value, size)
    assert text == value or json.loads(text) == value
    assert not fits or len(text.encode("utf-8", "surrogatepass")) == size


@pytest.mark.parametrize(("mode", "found"), [(0o600, 0), (0o640, 1), (0o604, 1)])
def test_readable_by_others_is_a_warning(tmp_path: Path, mode: int, found: int) -> None:
    path = written(tmp_path, {})
    path.chmod(mode)
    findings = permissions(path, "values.connections_file")
    assert len(findings) == found
    assert all(finding.code == "SEC-file-readable" and "chmod 600" in finding.todo for finding in findings)
    assert permissions(tmp_path / "gone", "") == []
