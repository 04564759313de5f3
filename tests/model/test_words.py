"""Counts and lists as sentences want them."""

from __future__ import annotations

import pytest

from astroferry.model.words import names, several


@pytest.mark.parametrize(
    ("count", "words", "said"),
    [
        (1, ("DAG",), "1 DAG"),
        (0, ("DAG",), "0 DAGs"),
        (4072, ("DAG",), "4,072 DAGs"),
        (2, ("entry", "entries"), "2 entries"),
        (1, ("entry", "entries"), "1 entry"),
    ],
)
def test_counts(count: int, words: tuple[str, ...], said: str) -> None:
    assert several(count, *words) == said


def test_names_are_cut_where_they_are_too_many() -> None:
    assert names([]) == ""
    assert names(["a", "b"]) == "a, b"
    assert names(["a", "b", "c", "d"], 2) == "a, b and 2 more"
