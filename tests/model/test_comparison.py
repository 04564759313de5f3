"""What a row of the comparison says of itself."""

from __future__ import annotations

import pytest

from astroferry.model.comparison import Comparison, HookTest, Outcome


@pytest.mark.parametrize(
    ("outcome", "same"),
    [("same", True), ("unreachable", True), ("differs", False), ("missing", False), ("not compared", False)],
)
def test_unreachable_hosts_have_the_same_values_all_the_same(outcome: Outcome, same: bool) -> None:
    row = Comparison("connection", "pg", outcome)
    assert row.values_same is same
    assert row.is_finding is (outcome != "same")


@pytest.mark.parametrize(
    ("hook", "finding"), [("ok", False), ("no test", False), ("failed", True), ("timeout", True)]
)
def test_a_hook_that_fails_is_a_finding(hook: HookTest, finding: bool) -> None:
    assert Comparison("connection", "pg", "same", hook=hook).is_finding is finding
