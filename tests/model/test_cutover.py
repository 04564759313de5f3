"""What a cutover writes down, there and back."""

from __future__ import annotations

import json

import pytest
from tests.conftest import NOON

from astroferry.model.cutover import DagStanding, TickCount


def test_a_standing_survives_the_journal() -> None:
    standing = DagStanding("daily", source_paused=False, target_paused=True, at=NOON)
    facts = json.loads(json.dumps(standing.to_facts()))
    assert DagStanding.from_facts(facts) == standing


def test_the_facts_of_another_action_are_none() -> None:
    with pytest.raises(KeyError):
        DagStanding.from_facts({"deployment_id": "x"})


def test_ticks_are_exact_where_each_ran_once() -> None:
    assert TickCount(once=(NOON,)).exact
    assert not TickCount(twice=(NOON,)).exact
    assert not TickCount(missed=(NOON,)).exact
