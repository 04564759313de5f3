"""The plain walk from the first question to a wave on Astro and back, and every word understood everywhere."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from tests.faces.prompts.scripted import INTERRUPT, Scripted
from tests.harness import DEPLOYMENT, NOW

from astroferry.carry.journal import Journal
from astroferry.carry.watching import last_verdicts
from astroferry.errors import Exit
from astroferry.faces.navigator import POSITION
from astroferry.faces.prompts.pages import WIDTH
from astroferry.faces.prompts.run import run
from astroferry.faces.prompts.walk import PlainWalk
from astroferry.faces.session import Session
from astroferry.model import planfile

if TYPE_CHECKING:
    from pathlib import Path

    from tests.harness import World

BEGIN = ("new", "quay")
PREREQUISITES = ("", "", "", "")
SOURCE = ("http://source.test", "", "dags", "")
INVENTORY = ("",)
UP_TO_VALUES = (*("",) * 3, "", *("",) * 3, *("",) * 2, *("",) * 3, "")
"""version, execution, cluster, networking, workspaces, secrets: all as suggested"""
VALUES = ("",) * 5
WAVES = ("file waves.toml",)
DECIDED = (*BEGIN, *PREREQUISITES, *SOURCE, *INVENTORY, *UP_TO_VALUES, *VALUES, *WAVES, "")
WAVES_TOML = """\
[[waves]]
name = "pilot"
test = "quay-production"
production = "quay-production"
dags = ["ticks_on", "ticks_now"]

[[waves]]
name = "rest"
test = "quay-production"
production = "quay-production"
dags = ["*"]
"""


def walked(world: World, *answers: str, plan: Path | None = None) -> tuple[Exit, Scripted]:
    console = Scripted(answers)
    code = asyncio.run(run(plan=plan, console=console, now=lambda: NOW))
    return code, console


def hasty(world: World) -> None:
    """The plan with the limits that a clock of hours in no time needs."""
    (world.folder / "waves.toml").write_text(WAVES_TOML, encoding="utf-8")


@pytest.fixture
def decided(world: World) -> World:
    """All stages gone through; the review page comes next."""
    hasty(world)
    code, console = walked(world, *DECIDED, "save")
    assert code is Exit.DONE, console.page
    assert console.answers == [], console.page
    plan = planfile.load(world.plan_path, unfinished=True)
    slowly = replace(plan.cutover, poll=60.0, parse_timeout=240, drain_timeout=1200, watch_ticks=1)
    planfile.save(replace(plan, cutover=slowly, watch=replace(plan.watch, poll_seconds=60.0)), world.plan_path)
    return world


def test_every_stage_is_asked_and_saved(decided: World) -> None:
    plan = planfile.load(decided.plan_path)
    assert plan.name == "quay"
    assert plan.decisions.runtime == "3.3-8"
    assert [wave.name for wave in plan.waves] == ["pilot", "rest"]
    assert plan.deployments[0].name == DEPLOYMENT
    assert "waves" in plan.decided
    assert "review" not in plan.decided


TO_THE_CUTOVER = ("carry", DEPLOYMENT, "go")
READY = ("check", "all", "Olivia Owner")


def test_the_whole_way_to_astro_and_back(decided: World) -> None:
    code, console = walked(
        decided,
        *TO_THE_CUTOVER,
        "pilot",
        *READY,
        "cutover",
        DEPLOYMENT,
        "dag",
        "ticks_now",
        "1",
        DEPLOYMENT,
        "back",
        "save",
        plan=decided.plan_path,
    )
    assert code is Exit.DONE, console.page
    assert [line for line in console.said if len(line) > WIDTH] == [], "nothing is left to the terminal to break"
    assert "Every value was compared on the target and is the same." in console.page
    assert "Confirmed by Olivia Owner: alerts, people-invited, rollback-plan" in console.page
    assert 'The wave "pilot" runs on Astro alone.' in console.page
    assert "ticks_now runs on the source again." in console.page
    here, there = decided.estate.engine.dags, decided.target.dags
    assert (here["ticks_on"].is_paused, there["ticks_on"].is_paused) == (True, False)
    assert (here["ticks_now"].is_paused, there["ticks_now"].is_paused) == (False, True)
    plan = planfile.load(decided.plan_path)
    assert plan.wave("pilot").state == "cut over"
    assert {item.by for item in plan.confirmed} == {"Olivia Owner"}
    # Once more: only what was given back is looked at anew before it is handed over.
    code, console = walked(decided, "pilot", "cutover", DEPLOYMENT, "back", "save", plan=decided.plan_path)
    assert code is Exit.DONE, console.page
    assert (here["ticks_now"].is_paused, there["ticks_now"].is_paused) == (True, False)
    looked = [line.action for line in Journal(decided.journal_path).entries if line.event == "begin"]
    assert looked.count("cutover/pilot/ticks_now/record") == 2
    assert looked.count("cutover/pilot/ticks_on/record") == 1


def test_a_wave_that_is_not_ready_is_not_cut_over(decided: World) -> None:
    _, console = walked(decided, *TO_THE_CUTOVER, "pilot", "cutover", "", "back", "save", plan=decided.plan_path)
    assert "These take a person's word:" in console.page
    assert "3 checks not met yet." in console.page
    assert "Cut the wave" not in console.page, "the name is not asked for in vain"
    assert planfile.load(decided.plan_path).wave("pilot").state == "tested"
    assert decided.estate.engine.dags["ticks_on"].is_paused is False


def test_the_watch_and_the_end_of_the_old_side(decided: World) -> None:
    code, console = walked(
        decided,
        *TO_THE_CUTOVER,
        "pilot",
        *READY,
        "cutover",
        DEPLOYMENT,
        "back",
        "go",
        "watch",
        "help",
        "go",  # refused: the other wave has not moved
        "rollback",
        "go",
        "save",
        plan=decided.plan_path,
    )
    assert code is Exit.DONE, console.page
    assert "First full cycle: 2 well." in console.page
    kept = last_verdicts(Journal(decided.journal_path), "pilot")
    assert {dag: item.verdict for dag, item in kept.items()} == {"ticks_on": "well", "ticks_now": "well"}
    assert "not every DAG has gone well to its end" in console.page


def test_decommission_says_what_is_missing(decided: World) -> None:
    walked(decided, *TO_THE_CUTOVER, "save", plan=decided.plan_path)
    session = Session.open(decided.plan_path, now=lambda: NOW)
    session.nav.index = POSITION["decommission"]
    console = Scripted(("check", "1", "Ada Admin", "people", "", "release", "help", "back", "save"))
    asyncio.run(PlainWalk(session, console).run())
    session.close()
    assert "old-services-stopped" in {item.what for item in planfile.load(decided.plan_path).confirmed}
    assert "! not met: " in console.page
    assert "NOT POSSIBLE" in console.page
    assert "Nothing is deleted by astroferry" in console.page


def test_another_name_does_not_confirm(decided: World) -> None:
    before = len(decided.writes())
    code, console = walked(decided, "carry", "quay", "carry", "", "save", plan=decided.plan_path)
    assert code is Exit.DONE
    assert f"That is not {DEPLOYMENT}." in console.page
    assert "Nothing was done." in console.page
    assert len(decided.writes()) == before


def test_the_review_leads_to_a_stage_and_back(decided: World) -> None:
    _, console = walked(decided, "secrets", "", "save", plan=decided.plan_path)
    heads = [line for line in console.said if " of 19  " in line]
    assert [head.split("  ")[1] for head in heads] == ["Review", "Secrets backend", "Review"]


def test_back_goes_to_the_question_and_the_stage_before_and_loses_nothing(world: World) -> None:
    code, console = walked(
        world, *BEGIN, *PREREQUISITES, "http://source.test", "back", "back", "", "", "", "", "", "prompt", "save"
    )
    assert code is Exit.DONE
    assert "Answer [http://source.test]" in console.asked
    plan = planfile.load(world.plan_path, unfinished=True)
    assert plan.source.url == "http://source.test"
    assert plan.source.credentials == "prompt"


def test_skip_says_what_it_means(world: World) -> None:
    hasty(world)
    to_networking = ("",) * 7
    _, console = walked(world, *BEGIN, "skip", *PREREQUISITES, *SOURCE, *INVENTORY, *to_networking, "skip", "save")
    assert "This stage cannot be skipped: what follows rests on it." in console.page
    assert "Skipped: paths stay as guessed, and the review says so." in console.page
    assert "networking" in planfile.load(world.plan_path, unfinished=True).decided


@pytest.mark.parametrize("word", ["help", "?"])
def test_help_is_there_at_every_question(world: World, word: str) -> None:
    _, console = walked(world, *BEGIN, *PREREQUISITES, word, "save")
    assert "In the migration guide: Phase 1: Assessment" in console.page
    assert "In the plan: source.url" in console.page
    assert console.asked.count("Answer") == 2, "the same question is asked again"


def test_a_wrong_answer_is_told_and_asked_again(world: World) -> None:
    _, console = walked(world, *BEGIN, "", "9", "keyrings", "3", "save")
    assert console.page.count("Answer with a number from 1 to 3, or with one of the words.") == 2
    assert planfile.load(world.plan_path, unfinished=True).target.credentials == "prompt"


def test_what_cannot_be_taken_is_refused_with_the_reason(world: World) -> None:
    version = ("",) * 3
    _, console = walked(world, *BEGIN, *PREREQUISITES, *SOURCE, *INVENTORY, *version, "remote", "save")
    assert "NOT POSSIBLE" in console.page
    assert "! This cannot be chosen" in console.page


def test_a_word_of_ours_can_be_an_answer(world: World) -> None:
    _, _console = walked(world, *BEGIN, *PREREQUISITES, "http://source.test", "", "=back", "save")
    assert planfile.load(world.plan_path, unfinished=True).code.dags_folder == "back"


def test_the_input_ends_at_a_question(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    code, _ = walked(world, *BEGIN, *PREREQUISITES)
    said = capsys.readouterr().err
    assert code is Exit.PLAN
    assert "the input has ended at Source" in said
    assert "source.url" in said
    assert f"astroferry resume {world.plan_path}" in said
    assert planfile.load(world.plan_path, unfinished=True).target.organization == world.astro.organization


def test_the_input_ends_before_anything_began(world: World) -> None:
    assert walked(world)[0] is Exit.PLAN
    assert not world.plan_path.exists()


def test_interrupted_twice_leaves_and_keeps_what_was_typed(world: World) -> None:
    code, console = walked(world, *BEGIN, *PREREQUISITES, "http://source.test", INTERRUPT, INTERRUPT)
    assert code is Exit.INTERRUPTED
    assert "Ctrl+C once more leaves" in console.page
    assert planfile.load(world.plan_path, unfinished=True).source.url == "http://source.test"


def test_interrupted_once_goes_on(world: World) -> None:
    code, _console = walked(world, *BEGIN, *PREREQUISITES, INTERRUPT, "http://source.test", "save")
    assert code is Exit.DONE
    assert planfile.load(world.plan_path, unfinished=True).source.url == "http://source.test"


def test_interrupted_at_the_first_question(world: World) -> None:
    assert walked(world, INTERRUPT)[0] is Exit.INTERRUPTED


def test_an_open_plan_is_offered_first(decided: World) -> None:
    _, console = walked(decided, "", "save")
    assert "Go on with quay" in console.page
    assert "step 12 of 19, Review" in console.page
    assert "12 of 19  Review" in console.page


def test_another_plan_is_opened_by_its_path(decided: World) -> None:
    _, console = walked(decided, "other", "nowhere.toml", "other", "migration.toml", "save")
    assert "! " in console.page
    assert "12 of 19  Review" in console.page


def test_a_token_that_is_typed_is_hidden_and_kept_nowhere(world: World) -> None:
    world.monkeypatch.delenv("ASTRO_API_TOKEN")
    _, console = walked(world, *BEGIN, "", "prompt", world.token, "", "save")
    assert len(console.hidden) == 1
    assert world.token not in console.page
    assert world.token not in world.plan_path.read_text(encoding="utf-8")
    assert "Organization Acme Data" in console.page or "Acme Data" in console.page


def test_a_source_that_does_not_answer_is_read_again(world: World) -> None:
    _, console = walked(
        world,
        *BEGIN,
        *PREREQUISITES,
        "http://nowhere.test",
        "",
        "dags",
        "",
        "",
        "back",
        "http://source.test",
        "",
        "",
        "",
        "save",
    )
    assert "read tries again." in console.page
    assert "5 DAGs, 4 of them active." in console.page


def test_dags_are_assigned_by_filter_and_number(world: World) -> None:
    hasty(world)
    _, console = walked(
        world, *DECIDED[:-2], "assign", "ticks", "1-2", "late/1", "late", "assign", "nothing such", "office", "x",
        "back", "", "save",
    )  # fmt: skip
    waves = {wave.name: wave.dags for wave in planfile.load(world.plan_path, unfinished=True).waves}
    assert set(waves["late"]) == {"ticks_now", "ticks_on"}
    assert 'Nothing holds "nothing such".' in console.page
    assert '! A wave\'s name must not hold a "/", which' in console.page


def test_dags_are_put_into_no_wave(world: World) -> None:
    hasty(world)
    walked(world, *DECIDED[:-2], "assign", "ticks", "1-2", "none", "", "save")
    plan = planfile.load(world.plan_path, unfinished=True)
    assert not {wave.name for wave in plan.waves} & {"none"}
    divided = plan.divided(["ticks_now", "ticks_on", "nightly"])
    assert (divided["ticks_now"], divided["ticks_on"]) == ((), ())
    assert divided["nightly"], "the others stay where they are"


def test_paths_are_changed_by_number(world: World) -> None:
    to_places = ("",) * 8
    _, console = walked(
        world,
        *BEGIN,
        *PREREQUISITES,
        *SOURCE,
        *INVENTORY,
        *to_places,
        "pg",
        "1 vpn",
        "9 vpn",
        "zzz",
        "",
        "back",
        "save",
    )
    paths = {place.host: place.path for place in planfile.load(world.plan_path, unfinished=True).places}
    assert paths == {"api.example.com": "public", "pg.example.com": "vpn"}
    assert '"9" is not between 1 and 1.' in console.page
    assert '"zzz" is neither numbers with a path nor part of a place.' in console.page
