"""Over all of the decision space no two rules contradict, and nobody is left without an answer or an explanation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.advice import decision_space
from tests.advice.decision_space import SIZE, SUGGESTED_FROM, at, dimensions, projected, random_points, samples, wrong

from astroferry.advice.rules.rule import Book, Case, Hit
from astroferry.advice.suggest import BOOKS, SUGGESTIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest


def test_no_rules_contradict_and_nobody_is_left_without_an_answer(capsys: pytest.CaptureFixture[str]) -> None:
    found, looked = wrong(BOOKS)
    with capsys.disabled():
        print(f"\ndecision space: {SIZE:,} points, all covered by {looked:,} projected ones")
    assert found == []


def test_a_projection_keeps_what_a_rule_says() -> None:
    base = samples()[0]
    for item in projected(BOOKS, samples()):
        for point in random_points(25, seed=6):
            # Where a rule reads no more than it was seen to read, all else may be as in the base.
            there = base | {name: point[name] for name in item.reads}
            assert bool(list(item.ask(at(point)))) == bool(list(item.ask(at(there)))), (item.name, item.reads)


def test_a_suggestion_depends_on_no_more_than_is_told() -> None:
    base = samples()[0]
    for key, names in SUGGESTED_FROM.items():
        for point in random_points(40, seed=7):
            there = base | {name: point[name] for name in names}
            assert SUGGESTIONS[key](at(point)).value == SUGGESTIONS[key](at(there)).value, key


def test_reading_is_noted() -> None:
    assert dimensions({"plan.decisions.cluster", "inventory.dags", "facts.plans", "plan.name"}) == {
        "decisions.cluster",
        "tasks",
        "plan",
    }


def planted(*rules: tuple[str, str, str]) -> Book:
    """A book of rules on the cluster: (id, value that it refuses, what to do)."""
    book = Book("planted")
    for code, value, todo in rules:

        def check(case: Case, value: str = value, todo: str = todo) -> Iterator[Hit]:
            """It refuses something."""
            if value in {"", case.plan.decisions.cluster} and case.plan.decisions.cloud == "GCP":
                yield Hit("No.", todo)

        book.rule(code, "refuse", about="decisions.cluster", source="this test")(check)
    return book


def test_a_planted_contradiction_is_found() -> None:
    one = ("PLA-1", "standard", "Choose dedicated.")
    found, _ = wrong([*BOOKS, planted(one, ("PLA-2", "dedicated", "Choose standard."))], suggestions=False)
    assert found == ["contradiction: PLA-1, PLA-2 refuse every answer to decisions.cluster between them"]
    assert wrong([planted(one)], suggestions=False)[0] == []


def test_a_planted_dead_end_is_found() -> None:
    found, _ = wrong([planted(("PLA-3", "", ""))], suggestions=False)
    assert found == ["dead end: PLA-3 refuses every answer to decisions.cluster and says not what to do"]
    assert wrong([planted(("PLA-3", "", "Take another cloud."))], suggestions=False)[0] == []


def test_a_suggestion_that_is_refused_is_found() -> None:
    found, _ = wrong([*BOOKS, planted(("PLA-4", "dedicated", "Choose standard."))])
    assert [text for text in found if "suggest" in text] == [
        "refused suggestion: decisions.cluster = dedicated is suggested, and refused by PLA-4"
    ]


def test_the_space_has_every_answer_that_a_plan_may_have() -> None:
    from typing import get_args  # noqa: PLC0415

    from astroferry.model import plan  # noqa: PLC0415

    kinds = {
        "decisions.execution": plan.Execution,
        "decisions.cluster": plan.ClusterType,
        "decisions.networking": plan.Networking,
        "decisions.workspaces": plan.Layout,
        "decisions.secrets_backend": plan.SecretsBackend,
        "deployments": plan.Executor,
        "values.variables": plan.Travel,
    }
    for key, kind in kinds.items():
        assert set(decision_space.DECISIONS[key]) == set(get_args(kind)), key
