"""Roles of the source, and what is most like each on Astro."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.advice.rules.rows_access import WHAT_INSTEAD
from tests.advice.rules.rulecase import PLAN

from astroferry.advice.roles import has_dag_roles, in_words, mapped
from astroferry.advice.rules import access
from astroferry.model.inventory import RoleSeen

if TYPE_CHECKING:
    from astroferry.advice.rules.rule import Case


@pytest.mark.parametrize(("case", "says"), WHAT_INSTEAD)
def test_what_takes_the_place_of_a_role_for_some_dags(case: Case, says: str) -> None:
    found = [finding for finding in access.BOOK.problems(case) if finding.code == "ACC-dags"]
    assert [says in finding.todo for finding in found] == [True]
    assert found[0].dags


@pytest.mark.parametrize(
    ("role", "astro"),
    [
        (RoleSeen("Admin", 1, "administer"), "WORKSPACE_OWNER"),
        (RoleSeen("support", 1, "operate"), "WORKSPACE_OPERATOR"),
        (RoleSeen("analysts", 1, "run"), "WORKSPACE_AUTHOR"),
        (RoleSeen("managers", 1, "see"), "WORKSPACE_MEMBER"),
        (
            RoleSeen("makers", 1, dags=("a", "b"), edits=("b",)),
            "WORKSPACE_ACCESSOR, Dag Author of 1, Dag Viewer of 1",
        ),
        (RoleSeen("auditors", 1, dags=("a",)), "WORKSPACE_ACCESSOR, Dag Viewer of 1"),
        (RoleSeen("plugin_pages", 1), ""),
    ],
)
def test_a_role_by_its_name_or_by_what_it_allows(role: RoleSeen, astro: str) -> None:
    assert mapped(role).astro == astro


def test_the_stage_says_what_is_held() -> None:
    seen = (RoleSeen("Op", 0, "operate"), RoleSeen("User", 1, "run"), RoleSeen("plugin_pages", 0))
    lines = in_words(PLAN, seen)
    assert [line.partition(":")[0] for line in lines] == [
        "User (1 person) -> WORKSPACE_AUTHOR",
        "plugin_pages (0 people) -> nothing",
    ]


def test_which_plans_have_dag_roles() -> None:
    assert has_dag_roles(("ENTERPRISE_BUSINESS_CRITICAL",))
    assert not has_dag_roles(("TEAM", "BUSINESS"))
