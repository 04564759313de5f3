from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from astroferry.errors import Exit, NewerFormatError, PlanError
from astroferry.model import inventory as inventory_module
from astroferry.model.finding import Finding
from astroferry.model.inventory import Coverage, Inventory, Run, Schedule
from astroferry.model.inventoryfile import drift, fingerprint, load, save, to_json

if TYPE_CHECKING:
    from pathlib import Path


def test_comes_back_as_it_was(inventory: Inventory, tmp_path: Path) -> None:
    path = tmp_path / "inventory.json"
    full = replace(
        inventory,
        config={"core": {"parallelism": "32"}},
        coverage=(Coverage("pools", "refused", detail="403"),),
        findings=(Finding("SRC-404-pools", "warn", "Zwölf \u2028 <b>", "pools"),),
        dags=(
            replace(inventory.dags[0], last_run=Run("r", "scheduled", "success", logical_date=inventory.taken_at)),
        ),
    )
    save(full, path)
    assert load(path) == full
    assert "Zwölf" in path.read_text(encoding="utf-8")
    assert path.read_text(encoding="utf-8").endswith("}\n")


def test_every_problem_is_listed(inventory: Inventory, tmp_path: Path) -> None:
    path = tmp_path / "inventory.json"
    raw = json.loads(to_json(inventory))
    raw["dags"][1]["is_pausd"] = True
    raw["pools"][0]["slots"] = "many"
    del raw["url"]
    path.write_text(json.dumps(raw))
    with pytest.raises(PlanError) as caught:
        load(path)
    assert caught.value.exit == Exit.PLAN
    assert {problem.where for problem in caught.value.problems} == {"dags.1.is_pausd", "pools.0.slots", "url"}
    assert {problem.file for problem in caught.value.problems} == {str(path)}
    assert "Run assess again." in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"a": 1', r"not valid JSON \(line 1: Expecting"),
        ("", "not valid JSON"),
        ("\n\nhello", r"not valid JSON \(line 3"),
        ("[]", "not an inventory that astroferry can read"),
        ("3", "not an inventory that astroferry can read"),
        ('{"format": "1"}', "not an inventory that astroferry can read"),
    ],
)
def test_what_is_no_inventory_is_one_sentence(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "inventory.json"
    path.write_text(text)
    with pytest.raises(PlanError, match=message):
        load(path)


def test_a_version_that_is_none_is_told(inventory: Inventory, tmp_path: Path) -> None:
    path = tmp_path / "inventory.json"
    save(replace(inventory, airflow_version="banana"), path)
    with pytest.raises(PlanError, match="airflow_version: must be a version, such as"):
        load(path)


def test_a_newer_format_is_refused(inventory: Inventory, tmp_path: Path) -> None:
    path = tmp_path / "inventory.json"
    save(replace(inventory, format=inventory_module.FORMAT + 1), path)
    with pytest.raises(NewerFormatError, match="has format 2; this astroferry reads up to 1"):
        load(path)


def test_the_fingerprint_counts_and_digests(inventory: Inventory) -> None:
    print_ = fingerprint(inventory)
    assert (print_.version, print_.dags, print_.connections, print_.variables, print_.pools) == ("2.11.0", 3, 2, 2, 2)
    assert print_.digest.startswith("sha256:")
    assert fingerprint(replace(inventory, dags=inventory.dags[::-1])) == print_
    paused = tuple(replace(dag, is_paused=not dag.is_paused, active_runs=3) for dag in inventory.dags)
    assert fingerprint(replace(inventory, dags=paused)) == print_
    changed = replace(inventory, pools=(inventory.pools[0], replace(inventory.pools[1], slots=5)))
    assert fingerprint(changed).digest != print_.digest


def test_no_drift_between_equals(inventory: Inventory) -> None:
    assert drift(inventory, inventory) == ()


def test_drift_is_one_line_each_by_kind_and_name(inventory: Inventory) -> None:
    sales, stock, hand = inventory.dags
    pg, sftp, env = inventory.connections
    after = replace(
        inventory,
        airflow_version="2.11.1",
        dags=(
            replace(sales, schedule=Schedule("cron", "0 7 * * *"), catchup=False, is_paused=True),
            replace(stock, dag_id="a_new_one"),
            hand,
        ),
        connections=(replace(pg, port=5433, extra_keys=("sslmode",)), env, replace(sftp, login="x")),
        variables=(replace(inventory.variables[0], size=10), inventory.variables[1]),
        pools=inventory.pools[:1],
    )
    assert drift(inventory, after) == (
        "Airflow version: 2.11.0 -> 2.11.1",
        "DAG a_new_one: new",
        "DAG daily_sales: schedule 'cron 0 6 * * * UTC' -> 'cron 0 7 * * * UTC'",
        "DAG daily_sales: catchup True -> False",
        "DAG hourly_stock: gone",
        "connection files_sftp: login '' -> 'x'",
        "connection warehouse_pg: port 5432 -> 5433",
        "variable region: size 9 -> 10",
        "pool warehouse: gone",
    )


def test_inventory_and_schedule_answer_questions(inventory: Inventory) -> None:
    assert inventory.dag("by_hand") is inventory.dags[2]
    assert inventory.dag("gone") is None
    assert inventory.airflow_major == 2
    assert [dag.schedule.is_timed for dag in inventory.dags] == [True, True, False]
