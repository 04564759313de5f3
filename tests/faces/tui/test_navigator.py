"""The walk without a screen: nothing typed is lost, whatever keys are pressed."""

from __future__ import annotations

import copy
import dataclasses
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from astroferry.faces.navigator import POSITION, STOPS, Navigator, stage_of
from astroferry.faces.reviewing import left_open
from astroferry.model.planedit import value_at
from astroferry.model.words import names, several
from astroferry.stages import DECIDING
from astroferry.stages.desk import new_desk

if TYPE_CHECKING:
    from pathlib import Path

    from astroferry.stages.desk import Desk

KEYS = (
    "decisions.airflow",
    "decisions.runtime",
    "decisions.cluster",
    "decisions.region",
    "target.organization",
    "source.url",
    "waves",
    "no.such.key",
)
VALUES: st.SearchStrategy[Any] = st.one_of(
    st.sampled_from(["3", "2", "standard", "dedicated", "", "nonsense", "http://x", "13.11.0"]),
    st.booleans(),
    st.just([]),
    st.just([{"name": "w", "test": "data-test", "production": "data-prod"}]),
    st.just([{"nonsense": 1}]),
)
MOVES = st.one_of(
    st.tuples(st.just("next"), st.none()),
    st.tuples(st.just("back"), st.none()),
    st.tuples(st.just("skip"), st.none()),
    st.tuples(st.just("jump"), st.sampled_from([stop.key for stop in STOPS])),
    st.tuples(st.just("return"), st.sampled_from([stop.key for stop in STOPS])),
    st.tuples(st.just("draft"), st.tuples(st.sampled_from(KEYS[:-1]), VALUES)),
)


def press(nav: Navigator, move: str, given_value: Any) -> None:
    match move:
        case "next":
            nav.next()
        case "back":
            nav.back()
        case "skip":
            nav.skip()
        case "jump":
            nav.jump(given_value)
        case "return":
            nav.jump(given_value, returning=True)
        case "draft":
            key, value = given_value
            stage = nav.stage
            # Only what is asked here can be typed here.
            if stage is not None and key in {asked.question.key for asked in nav.trial().asked}:
                nav.draft(key, value)


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moves=st.lists(MOVES, max_size=25))
def test_no_sequence_of_keys_loses_an_answer_or_raises(desk: Desk, moves: list[tuple[str, Any]]) -> None:
    fresh = dataclasses.replace(desk, answered=set())
    nav = Navigator(fresh)
    typed: dict[str, Any] = {}
    for move, value in moves:
        before = nav.desk.plan
        drafts = copy.deepcopy(nav.drafts)
        press(nav, move, value)
        assert 0 <= nav.index < len(STOPS)
        if move in {"back", "jump", "return", "draft"}:
            assert nav.desk.plan == before, "only Next and Skip write into the plan"
        if move != "draft":
            for key, typed_value in drafts.items():
                if key in nav.drafts:
                    assert nav.drafts[key] == typed_value
                    continue
                assert key in nav.desk.answered, f"{key} is neither a draft nor in the plan"
                # Tables become objects there; one line of text, a choice and a yes or no stay what they were.
                assert not isinstance(typed_value, str | bool) or value_at(nav.desk.plan, key) == typed_value
        typed = nav.drafts
    nav.keep()
    assert set(nav.drafts) <= set(typed)


def test_every_stage_can_be_walked_by_its_suggestions(desk: Desk) -> None:
    nav = Navigator(desk)
    nav.draft("decisions.cluster", "standard")
    nav.draft("decisions.networking", "public")
    seen = []
    while nav.stage is not None:
        seen.append(nav.stop.key)
        stuck = nav.next()
        assert stuck is None, f"{nav.stop.key}: {stuck}"
    assert seen == [stage.key for stage in DECIDING]
    assert nav.stop.key == "review"
    assert set(desk.plan.decided) == set(seen)


def test_a_new_plan_waits_for_what_nobody_can_suggest(folder: Path) -> None:
    nav = Navigator(new_desk(folder / "migration.toml", "acme"))
    stuck = nav.next()
    assert stuck is not None
    assert stuck.key == "target.organization"
    nav.draft("target.organization", "cl1")
    assert nav.next() is None
    assert nav.stop.key == "source"


def test_the_inventory_is_needed_before_anything_that_rests_on_it(desk: Desk) -> None:
    desk.inventory = None
    nav = Navigator(desk, index=POSITION["inventory"])
    stuck = nav.next()
    assert stuck is not None
    assert "read" in stuck.why
    assert not nav.jump("version")


def test_a_changed_answer_marks_what_rests_on_it(desk: Desk) -> None:
    nav = Navigator(desk)
    for stage in DECIDING:
        desk.mark_decided(stage.key)
    desk.mark_decided("review")
    assert nav.jump("version")
    nav.draft("decisions.airflow", "2")
    assert nav.next() is None
    states = {stop.key: nav.state_of(stop) for stop in STOPS}
    assert states["execution"] == "again"
    assert states["review"] == "again"
    assert states["version"] == "done"
    assert states["networking"] == "done", "its advice is what it was"
    assert not nav.jump("prepare"), "what was confirmed is to be confirmed again"


def test_a_suggestion_that_was_taken_follows_its_reason(desk: Desk) -> None:
    nav = Navigator(desk, index=POSITION["version"])
    assert nav.next() is None
    nav.index = POSITION["version"]
    nav.draft("decisions.airflow", "2")
    shown = {asked.question.key: asked.value for asked in nav.trial().asked}
    assert shown["decisions.runtime"].startswith("13.")
    assert "decisions.cron_data_intervals" not in shown


def test_going_from_the_review_comes_back_to_it(desk: Desk) -> None:
    nav = Navigator(desk)
    for stage in DECIDING:
        desk.mark_decided(stage.key)
    nav.index = POSITION["review"]
    assert nav.jump("secrets", returning=True)
    assert nav.next() is None
    assert nav.stop.key == "review"
    assert nav.jump("values", returning=True)
    nav.back()
    assert nav.stop.key == "review"


def test_skipping_says_no_where_a_stage_is_needed(desk: Desk) -> None:
    nav = Navigator(desk, index=POSITION["version"])
    assert not nav.skip()
    assert nav.stop.key == "version"


def test_skipping_the_waves_puts_all_dags_into_one(desk: Desk) -> None:
    desk.plan = dataclasses.replace(desk.plan, waves=())
    nav = Navigator(desk, index=POSITION["waves"])
    for stage in DECIDING:
        desk.mark_decided(stage.key)
    assert nav.skip()
    (wave,) = desk.plan.waves
    assert (wave.dags, wave.test, wave.production) == (("*",), "data-test", "data-prod")


def test_a_refused_option_says_why(desk: Desk) -> None:
    nav = Navigator(desk, index=POSITION["execution"])
    desk.plan = dataclasses.replace(
        desk.plan, decisions=dataclasses.replace(desk.plan.decisions, airflow="2", runtime="13.11.0")
    )
    nav.draft("decisions.execution", "remote")
    stuck = nav.next()
    assert stuck is not None
    assert "needs Airflow 3" in stuck.why
    assert nav.drafts == {"decisions.execution": "remote"}


@pytest.mark.parametrize(
    ("where", "stage"),
    [
        ("waves[2].test", "waves"),
        ("decisions.cluster_name", "cluster"),
        ("decisions.cluster", "cluster"),
        ("code.dags_folder", "source"),
        ("name", None),
    ],
)
def test_a_place_in_the_plan_knows_its_stage(where: str, stage: str | None) -> None:
    assert stage_of(where) == stage


def test_every_question_of_every_stage_leads_back_to_its_stage(desk: Desk) -> None:
    for stage in DECIDING:
        for question in stage.questions(desk):
            assert stage_of(question.key) == stage.key


def test_skipping_the_paths_confirms_none_of_them(desk: Desk) -> None:
    nav = Navigator(desk, index=POSITION["networking"])
    assert desk.inventory is not None
    assert desk.inventory.places
    assert nav.skip()
    assert desk.plan.places == (), "a guess in the plan would count as a person's word"
    (guessed,) = [line.text for line in left_open(desk) if line.tone == "warn"]
    hosts = names([place.host for place in desk.inventory.places], 3)
    assert (
        guessed == f"  {several(len(desk.inventory.places), 'network path')} guessed, confirmed by nobody: {hosts}."
    )


def test_a_stage_that_has_nothing_to_ask_says_so(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not [line for line in left_open(desk) if line.tone == "quiet"], "every stage asks something here"
    (waves,) = [stage for stage in DECIDING if stage.key == "waves"]
    monkeypatch.setattr(type(waves), "questions", lambda *_: iter(()))
    assert [line.text for line in left_open(desk) if line.tone == "quiet"] == ["  Waves: there was nothing to ask."]
