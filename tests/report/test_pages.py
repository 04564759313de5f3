"""The pages as people read them, kept in `snapshots/pages` and reviewed like code."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.advice.environments import own_cloud, small, walked

from astroferry.advice.repeated import once
from astroferry.carry.graph import build
from astroferry.cli import parser
from astroferry.faces.headless.assess import summary
from astroferry.faces.headless.check import told
from astroferry.model.finding import Finding
from astroferry.model.inventory import Coverage
from astroferry.model.planfile import dump
from astroferry.report.review import ANSWERS, as_data, review
from astroferry.report.table import page_width, table
from astroferry.stages import DECIDING

if TYPE_CHECKING:
    from astroferry.model.inventory import Inventory
    from astroferry.model.plan import Plan

SNAPSHOTS = Path(__file__).parents[2] / "snapshots"


def same_as(name: str, text: str, folder: str = "pages") -> None:
    """Compare with the snapshot of that name, or write it where ASTROFERRY_REWRITE_SNAPSHOTS is set (never in CI)."""
    path = SNAPSHOTS / folder / name
    if os.environ.get("ASTROFERRY_REWRITE_SNAPSHOTS") and not os.environ.get("CI"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n", encoding="utf-8")
    assert text + "\n" == path.read_text("utf-8"), f"{path.name} differs; look, then rewrite it"


def test_the_review_page(plan: Plan, inventory: Inventory, tmp_path: Path) -> None:
    infos = [action.info for action in build(plan, inventory, tmp_path)]
    same_as("review.txt", "\n".join(review(plan, inventory, infos)))
    same_as("review-narrow.txt", "\n".join(review(plan, inventory, infos, width=60)))
    data = as_data(plan, inventory, infos)
    assert [wave["name"] for wave in data["waves"]] == ["first", "rest"]
    assert len(data["actions"]) == len(infos)


def test_the_plan(plan: Plan) -> None:
    same_as("migration.toml", dump(plan).rstrip("\n"))


def test_the_summary_of_an_inventory(inventory: Inventory) -> None:
    from dataclasses import replace  # noqa: PLC0415 - only here

    gap = Coverage("plugins", "refused", None, "The login may not read plugins.")
    same_as("assess.txt", "\n".join(summary(replace(inventory, coverage=(gap,)))))


def test_the_help(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    same_as("help.txt", parser().format_help().rstrip("\n"))


@pytest.mark.parametrize("width", [20, 40, 100])
def test_a_table_fits_its_width(width: int) -> None:
    lines = table(("a", "long column"), [("x" * 30, "y" * 90), ("1", "2")], width=width)
    assert all(len(line) <= max(width, 18) for line in lines)
    assert table(("a",), []) == []


def test_a_page_is_as_wide_as_its_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    assert page_width(118) == 118, "a file, a pipe"
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    for columns, width in ((80, 80), (200, 118), (20, 60)):
        monkeypatch.setenv("COLUMNS", str(columns))
        assert page_width(118) == width
    monkeypatch.setenv("COLUMNS", "80")
    lines = told(Finding("X-1", "warn", "many words " * 20, "s", "Do it."))
    assert len(lines) > 2
    assert all(len(line) <= 80 for line in lines)


def test_a_table_loses_nothing() -> None:
    """What to do stands in the longest cells, so they are wrapped; keys and ids stay whole as long as they can."""
    rows = [("to be confirmed", "set decisions.cron_data_intervals and run check again", ""), ("met", "", "")]
    lines = table(("", "what to do", ""), rows, width=48)
    assert lines == [
        "                 what to do",
        "---------------  -----------------------------",
        "to be confirmed  set",
        "                 decisions.cron_data_intervals",
        "                 and run check again",
        "met",
    ]


def test_the_review_says_answers_in_the_words_of_the_stages() -> None:
    desk, _ = walked(small())
    for key, words in ANSWERS.items():
        (question,) = (item for stage in DECIDING for item in stage.questions(desk) if item.key == key)
        labels = {option.value: option.label for option in question.options}
        assert {value: labels[value] for value in words} == words


def test_one_problem_is_told_once() -> None:
    twice = [Finding(code, "warn", "m", subject="s") for code in ("NET-004", "NET-021", "NET-002")]
    assert [item.code for item in once(twice)] == ["NET-021", "NET-002"]
    assert once(twice[:2]) == twice[:2]
    assert once(twice[:2], beside=twice[2:]) == twice[1:2]


def test_the_review_says_who_must_do_what() -> None:
    desk, _ = walked(own_cloud())
    assert desk.inventory is not None
    text = "\n".join(review(desk.plan, desk.inventory, ()))
    assert "What the networking takes" in text
    assert "1. platform team: Provide Kubernetes" in text
    assert "What the secrets backend takes" in text
    assert "AIRFLOW__SECRETS__BACKEND_KWARGS=" in text
    data = as_data(desk.plan, desk.inventory, ())
    assert data["networking"]["steps"][0]["who"] == "platform team"
    assert any("secretsmanager:GetSecretValue" in line for line in data["secrets_backend"])
    plain, _ = walked(small())
    assert plain.inventory is not None
    assert "takes" not in "\n".join(review(plain.plan, plain.inventory, ()))
