"""A word for the environment and for each DAG."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from astroferry.advice.verdict import Reason, Verdict, verdicts
from astroferry.model.finding import Finding
from astroferry.model.inventory import BrokenFile, Coverage, Dag, Inventory, Schedule

NOW = datetime(2026, 11, 22, tzinfo=UTC)


def dag(dag_id: str, **changes: Any) -> Dag:
    return replace(Dag(dag_id, Schedule("none"), is_paused=False, dependencies="none"), **changes)


def source(*dags: Dag, **changes: Any) -> Inventory:
    return replace(Inventory("airflow", "https://old.example", "2.11.2", NOW, dags=dags), **changes)


A, B, C = dag("a"), dag("b"), dag("c")
REFUSE = Finding("X-1", "refuse", "It cannot.", dags=("a",))
WARN = Finding("X-2", "warn", "Look at a and b.", dags=("a", "b"), evidence=("b: only b", "no colon"))
ADVISE = Finding("X-3", "advise", "Good to know.", "a")
ABROAD = Finding("X-4", "warn", "Elsewhere.", "warehouse_pg")


def test_nothing_found_is_ready() -> None:
    found = verdicts(source(A, B), [ADVISE])
    assert found.environment == Verdict("ready")
    assert found.dags == {"a": Verdict("ready"), "b": Verdict("ready")}
    assert found.counts() == {"ready": 2, "ready with conditions": 0, "unknown": 0, "not ready": 0}


def test_refusals_and_warnings_by_dag() -> None:
    found = verdicts(source(A, B, C), [WARN, REFUSE])
    assert found.dags["a"] == Verdict("not ready", (Reason("X-1", "It cannot."), Reason("X-2", "Look at a and b.")))
    assert found.dags["b"] == Verdict("ready with conditions", (Reason("X-2", "only b"),))
    assert found.dags["c"].word == "ready"
    assert found.environment.word == "not ready"
    assert [reason.code for reason in found.environment.reasons] == ["X-1", "X-2"]


def test_a_finding_about_something_else_is_a_condition_of_the_environment_alone() -> None:
    found = verdicts(source(A), [ABROAD])
    assert found.environment.word == "ready with conditions"
    assert found.dags["a"].word == "ready"


def test_a_subject_that_is_a_dag_counts_for_it() -> None:
    found = verdicts(source(A), [replace(ABROAD, subject="a")])
    assert found.dags["a"].word == "ready with conditions"


@pytest.mark.parametrize(
    ("unread", "reason"),
    [
        (dag("b", dependencies="unknown until code is read"), "What it depends on could not be read."),
        (dag("b", schedule=Schedule("unknown")), "Its schedule could not be read."),
    ],
)
def test_what_could_not_be_read_is_unknown(unread: Dag, reason: str) -> None:
    found = verdicts(source(A, unread), [WARN])
    assert found.dags["b"].word == "unknown"
    assert found.dags["b"].reasons[0] == Reason("VRD-unread", reason)
    assert found.environment.word == "ready with conditions"
    assert verdicts(source(unread), []).environment.word == "unknown"


def test_a_broken_file_makes_its_dags_not_ready() -> None:
    inventory = source(dag("a", fileloc="/d/a.py"), B, import_errors=(BrokenFile("/d/a.py", "SyntaxError"),))
    assert verdicts(inventory, []).dags["a"].reasons[0].says == "Its file does not parse: SyntaxError"
    assert verdicts(inventory, []).dags["b"].word == "ready"


def test_gaps_are_conditions_and_no_dags_at_all_is_unknown() -> None:
    gap = Coverage("pools", "refused")
    found = verdicts(source(A, coverage=(gap, Coverage("plugins", "absent"))), [])
    assert found.environment == Verdict(
        "ready with conditions", (Reason("VRD-gaps", "The source did not show: pools."),)
    )
    assert verdicts(source(), []).environment.word == "unknown"
