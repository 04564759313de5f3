"""Every rule of every book has cases in which it applies and in which it does not: rows in `rows_<book>.py` here."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.advice.rules.rulecase import PLAN, case

from astroferry.advice.rules.rule import Book, Case, Hit
from astroferry.advice.suggest import BOOKS
from astroferry.advice.verdict import verdicts
from astroferry.stages import DECIDING
from astroferry.stages.desk import Desk

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tests.advice.rules.rulecase import Row

ALL_BOOKS = [book for book in BOOKS if isinstance(book, Book)]
ROWS: tuple[Row, ...] = tuple(
    row
    for path in sorted(Path(__file__).parent.glob("rows_*.py"))
    for row in import_module(f"tests.advice.rules.{path.stem}").ROWS
)


def without_rows(books: Iterable[Book], rows: Iterable[Row]) -> list[str]:
    """Rules that lack a case in which they apply, or one in which they do not."""
    seen = {(row.rule, row.applies) for row in rows}
    return [
        f"{rule.id}: no case where it {'applies' if applies else 'does not apply'}"
        for book in books
        for rule in book.rules
        for applies in (True, False)
        if (rule.id, applies) not in seen
    ]


@pytest.mark.parametrize("row", ROWS, ids=[f"{row.rule}-{number}" for number, row in enumerate(ROWS)])
def test_a_rule_applies_where_its_row_says_so(row: Row) -> None:
    books = [book for book in ALL_BOOKS if row.rule in {rule.id for rule in book.rules}]
    assert books, f"no book has a rule {row.rule}"
    found = [finding for book in books for finding in book.problems(row.case) if finding.code == row.rule]
    assert bool(found) == row.applies
    assert not row.says or any(row.says in f"{finding.message} {finding.todo}" for finding in found), found
    assert all(finding.message.endswith(".") for finding in found)


@pytest.mark.parametrize("code", ["WSP-cross", "WSP-dag", "WSP-wave"])
def test_what_is_said_of_dags_is_a_condition_of_each(code: str) -> None:
    row = next(row for row in ROWS if row.rule == code and row.applies)
    (found,) = [item for book in ALL_BOOKS for item in book.problems(row.case) if item.code == code]
    judged = verdicts(row.case.inventory, [found]).dags
    assert found.dags
    assert all(any(reason.code == code for reason in judged[dag].reasons) for dag in found.dags)


def test_every_rule_has_a_case_for_and_one_against() -> None:
    assert without_rows(ALL_BOOKS, ROWS) == []


def test_a_rule_without_cases_is_noticed() -> None:
    planted = Book("planted")

    @planted.rule("PLA-001", "warn", source="this test")
    def check(given: Case) -> Iterator[Hit]:
        """It finds nothing."""
        yield from [] if given.plan is PLAN else [Hit("Something.")]

    assert list(planted.problems(case())) == [planted.rules[0].finding("Something.")]
    assert len(without_rows([planted], ROWS)) == 2


def test_every_rule_has_a_help_page() -> None:
    for book in ALL_BOOKS:
        for rule in book.rules:
            title, _, text = rule.page.partition("\n\n")
            assert title.endswith("."), rule.id
            assert text, f"{rule.id}: the page says nothing beyond its title"


@pytest.mark.parametrize("book", ALL_BOOKS, ids=[book.decision for book in ALL_BOOKS])
def test_every_book_is_shown_by_a_stage(book: Book) -> None:
    mine = {rule.id for rule in book.rules}
    # No stage reads the DAG folder: `check` does.
    row = next(row for row in ROWS if row.rule in mine and row.applies and row.case.folder is None)
    desk = Desk(Path("migration.toml"), row.case.plan, row.case.inventory, row.case.facts)
    assert any(finding.code == row.rule for stage in DECIDING for finding in stage.findings(desk))
