"""What assess says of the busiest moment, and what show holds against a plan."""

from __future__ import annotations

import argparse
from datetime import timedelta

import pytest
from tests.advice.rules.rulecase import NOW, PLAN, source

from astroferry.advice.suggest import problems
from astroferry.carry.acts import Ended
from astroferry.carry.handover.tallied import Tallied
from astroferry.carry.runner import Report
from astroferry.carry.window import Outcome
from astroferry.faces.headless.assess import summary
from astroferry.faces.headless.show import against
from astroferry.faces.headless.ticks import tell_ticks
from astroferry.model.activity import DAY, Activity, Ran
from astroferry.model.cutover import TickCount, TickRow
from astroferry.model.inventory import Plugin

SPANS = (Ran("a", "default", "default_pool", ((3_600_000, 3_660_000),) * 3),)


@pytest.mark.parametrize(
    ("activity", "says"),
    [
        (None, "ran at once not read"),
        (Activity(NOW - DAY, NOW, 0, 0, 0), "ran at once 0 no task was seen to run in the last 24 hours"),
        (Activity(NOW - DAY, NOW, 3, 3, 3, SPANS), "ran at once 3 3 tasks ran at once at 01:00 UTC on 2026-11-21"),
        (Activity(NOW - timedelta(hours=1), NOW, 3, 3, 9, ()), "ran at once 0 no task was seen"),
    ],
)
def test_assess_says_what_ran_at_once(activity: Activity | None, says: str) -> None:
    assert says in " ".join(" ".join(summary(source(activity=activity))).split())


def test_show_names_what_warns_and_counts_mere_advice() -> None:
    lines = against(problems(PLAN, source(plugins=(Plugin("acme_macros"),))))
    assert lines[:2] == ["", "Held against the plan"]
    assert any(line.startswith("  warn: ") and line.endswith("[DEP-001]") for line in lines)
    assert lines[-1].endswith("of advice: see `astroferry report`.")
    assert not any(line.startswith("  advise: ") for line in lines)


def test_of_a_wave_only_the_dags_that_were_asked_for_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    rows: dict[str, tuple[TickRow, ...]] = {dag: (TickRow(dag, NOW, "source", "ok"),) for dag in ("asked", "other")}
    ticks = Tallied(rows, {dag: TickCount(once=(NOW,)) for dag in rows})
    tell_ticks(Ended("w", Outcome(Report()), ticks, moving=("asked",)), argparse.Namespace(json=False))
    out = capsys.readouterr().out
    assert out.startswith("asked: 1 once, 0 twice, 0 missed")
    assert "other" not in out


def test_a_plan_that_nothing_is_held_against_has_no_such_part() -> None:
    assert against([]) == []
