"""The pure parts of the wizard: previews, tables, times, steps of a handover, plans found in a folder."""

from __future__ import annotations

import ast
import dataclasses
import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from astroferry.advice.kinds import MarkerPlan, handover_kind
from astroferry.carry.action import ActionInfo
from astroferry.carry.handover.wave_state import side_of, sides, state_in_words
from astroferry.carry.journal import Journal, Standing
from astroferry.carry.planfiles import journal_path
from astroferry.errors import PlanError
from astroferry.faces import clock, tables, tui
from astroferry.faces.confirming import Confirmation, before_carrying
from astroferry.faces.found import free_name, plans_in
from astroferry.faces.handed import (
    Handed,
    handed,
    in_full,
    is_left,
    next_tick,
    standing_in_words,
    ticks_in_words,
    way_of,
)
from astroferry.faces.preview import changes
from astroferry.faces.tui.widgets.bullets import Bullets
from astroferry.faces.tui.widgets.fitting import cut, hanging, labelled, paragraphs
from astroferry.faces.tui.widgets.path_suggester import PathSuggester
from astroferry.faces.work import NOT_PAUSED
from astroferry.model import planfile
from astroferry.model.cutover import TickCount
from astroferry.model.inventory import Schedule
from astroferry.model.planedit import with_value
from astroferry.stages import DECIDING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from astroferry.faces.session import Session
    from astroferry.model.inventory import Inventory
    from astroferry.model.plan import Plan, WaveState

SAYING = {"say", "arrived", "_stay", "_said", "then"}
DONE, NOW = "✓ done", "\u203a now"
NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
WAVES = [
    {"name": "pilot", "test": "t", "production": "p", "dags": ["a", "b"]},
    {"name": "rest", "test": "t", "production": "p", "dags": ["*"], "without": ["z"]},
]


def test_words_are_made_to_fit() -> None:
    assert (cut("a long name", 6), cut("short", 6)) == ("a lon…", "short")
    assert list(hanging("  seen: one-two three four five", 22, 2)) == ["  seen: one-two three", "    four five"]
    assert labelled([("id", "a"), ("why", "one two three four five six\nand"), ("who", "")], 27) == (
        "id   a\nwhy  one two three four\n     five six\n     and"
    )
    assert paragraphs("  remote: on your own machines\n  A sentence that is long", 22).split("\n") == [
        "  remote: on your own",
        "    machines",
        "  A sentence that is",
        "  long",
    ]


def test_what_is_known_folds_by_whole_bullets() -> None:
    bullets = Bullets()
    three = [("·", "", "one"), ("·", "", "a line that is twice as long as wide"), ("·", "", "three")]
    bullets.show(three, most=4)
    assert [line.plain for line in bullets._lines(24)] == [
        "· one",
        "· a line that is twice",
        "  as long as wide",
        "· three",
    ]
    bullets.show(three, most=3)
    assert [line.plain for line in bullets._lines(24)] == ["· one", "  and 2 more: F9 shows all"]
    bullets.show(three[1:], most=2)
    assert bullets._lines(24)[-1].plain == "  and 1 more: F9 shows all", "the first is never left out"


@pytest.mark.parametrize(
    ("schedule", "words"),
    [
        (Schedule("timedelta", "21600"), "every 6 h"),
        (Schedule("cron", "0 6 * * *"), "0 6 * * *"),
        (Schedule("dataset"), "dataset"),
    ],
)
def test_a_schedule_in_words(schedule: Schedule, words: str) -> None:
    assert clock.scheduled(schedule) == words


def test_the_preview_shows_what_changes_under_its_header(plan: Plan) -> None:
    after = dataclasses.replace(plan, decisions=dataclasses.replace(plan.decisions, region="eu-west-1"))
    assert changes(plan, after) == [
        (" ", "[decisions]"),
        ("-", 'region = "us-east-1"'),
        ("+", 'region = "eu-west-1"'),
    ]
    assert changes(plan, plan) == []
    assert changes(plan, dataclasses.replace(plan, decided=("version",))) == [], "notes of the walk are no news"


def test_tables_survive_being_edited_as_text(plan: Plan) -> None:
    for key in ("workspaces", "deployments", "waves"):
        value = getattr(plan, key)
        back = tables.from_text(key, tables.to_text(key, value))
        assert with_value(plan, key, back) == plan


@pytest.mark.parametrize("text", ["[[waves]", "waves = 3", '[[other]]\nname = "x"', "waves = [1]"])
def test_what_is_no_table_is_refused(text: str) -> None:
    with pytest.raises(PlanError):
        tables.from_text("waves", text)


def test_dags_know_their_wave_and_move() -> None:
    everything = ("a", "b", "c", "z")
    assert tables.wave_of(WAVES, everything) == {"a": "pilot", "b": "pilot", "c": "rest", "z": ""}
    moved = tables.assign(WAVES, ["a", "c", "z"], "new")
    assert tables.wave_of(moved, everything) == {"a": "new", "b": "pilot", "c": "new", "z": "new"}
    assert [wave["name"] for wave in moved] == ["pilot", "new", "rest"]
    back = tables.assign(moved, ["a", "b", "c", "z"], "rest")
    assert [wave["name"] for wave in back] == ["rest"]
    assert set(tables.wave_of(back, everything).values()) == {"rest"}
    assert tables.assign([], ["a"], "one") == [{"name": "one", "test": "", "production": "", "dags": ["a"]}]
    with pytest.raises(PlanError, match=r'^A wave\'s name must not hold a "/"'):
        tables.assign(WAVES, ["a"], "new/one")
    onto = tables.place([*WAVES, {**WAVES[0], "name": "team-prod", "dags": ["b"]}], ["a"], "team/prod")
    assert [(wave["name"], wave["dags"]) for wave in onto if wave["production"] == "team/prod"] == [
        ("team-prod-2", ["a"])
    ]


def test_dags_move_where_waves_are_written_by_beginnings() -> None:
    waves: list[dict[str, Any]] = [
        {"name": "first", "test": "t", "production": "p", "dags": ["fleet_*", "one"]},
        {"name": "rest", "test": "t", "production": "p"},
    ]
    everything = ("fleet_a", "fleet_b", "one", "other")
    moved = tables.assign(waves, ["fleet_a", "one"], "rest")
    assert tables.wave_of(moved, everything) == {
        "fleet_a": "rest",
        "fleet_b": "first",
        "one": "rest",
        "other": "rest",
    }
    out = tables.leave_out(waves, ["fleet_a", "one", "other"])
    # What another names by a beginning, or by "*", would take it otherwise.
    assert tables.wave_of(out, everything) == {"fleet_a": "", "fleet_b": "first", "one": "", "other": ""}
    assert tables.wave_of(tables.assign(out, everything, "first"), everything) == dict.fromkeys(everything, "first")
    assert waves[0]["dags"] == ["fleet_*", "one"]


def test_tables_in_words(plan: Plan) -> None:
    rows = dict(tables.rows_of_tables(WAVES))
    assert rows["pilot"] == "2 DAGs on p, tested on t: a, b"
    assert rows["rest"] == "all other DAGs, without 1 on p, tested on t"
    assert dict(tables.rows_of_tables(plan.deployments))["data-test"].startswith("workspace data, role test")
    assert tables.rows_of_tables(None) == []


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.4, "0 s"), (59, "59 s"), (61, "1 min"), (3600, "1 h"), (7800, "2 h 10 min")]
)
def test_lasting(seconds: float, words: str) -> None:
    assert clock.lasting(seconds) == words


def test_ago_left_and_rate() -> None:
    assert clock.ago(NOON, NOON + timedelta(seconds=5)) == "just now"
    assert clock.ago(NOON, NOON + timedelta(minutes=12)) == "12 min ago"
    assert clock.ago(NOON, NOON + timedelta(hours=3)) == "today 12:00"
    assert clock.ago(NOON, NOON + timedelta(hours=20)) == "yesterday 12:00"
    assert clock.ago(NOON, NOON + timedelta(days=9)) == "22 Nov 12:00"
    assert clock.left(5, 100, 10) == "", "a guess is not told"
    assert clock.left(50, 100, 60) == "about 1 min left"
    assert clock.rate(30, 2) == "15/s"
    assert clock.rate(3, 2) == "1.5/s"
    assert clock.rate(0, 2) == ""


def test_the_steps_of_a_handover() -> None:
    standings = {
        "cutover/w/dag/record": Standing("done", at=NOON),
        "cutover/w/dag/drain-source": Standing("begin", at=NOON, begun=7),
    }
    (row,) = handed(standings, "w", ["dag"], {"cutover/w/dag/record": "found"}, since=6)
    assert row == Handed("dag", "source", (DONE, NOW, "", "", "", ""))
    assert row.in_short == "✓\u203a···· draining"
    for since in (None, 7):
        (row,) = handed(standings, "w", ["dag"], {}, since=since)
        assert row.in_short == "✓\u203a···· draining begun", "nothing runs any more, or not for this DAG"
    assert handed({}, "w", ["dag"], {})[0].in_short == ""


def _at(**events: str) -> dict[str, Standing]:
    """Standings of one DAG, in this order: cutover's steps, those of a rollback with `back_` before them.

    The clock goes backwards meanwhile; what came first is told by the numbers of the lines.
    """
    found = {"cutover/w/dag/record": Standing("done", at=NOON, begun=1, ended=2)}
    for number, (name, event) in enumerate(events.items(), start=1):
        way, step = ("rollback", name.removeprefix("back_")) if name.startswith("back_") else ("cutover", name)
        key = f"{way}/w/dag/{step.replace('_', '-')}"
        facts = {"unpaused": False} if event == "has run" else {}
        word: Any = "done" if event == "has run" else event
        at = NOON - timedelta(minutes=number)
        found[key] = Standing(word, made=facts, at=at, begun=2 * number + 1, ended=2 * number + 2)
    return found


@pytest.mark.parametrize(
    ("standings", "side"),
    [
        (_at(), "source"),
        (_at(drain_source="begin"), "source"),
        (_at(drain_source="failed"), "source"),
        (_at(drain_source="done"), "neither"),
        (_at(drain_source="done", mark="failed"), "neither"),
        (_at(drain_source="undone"), "source"),
        (_at(drain_source="done", unpause_target="begin"), "in doubt"),
        (_at(drain_source="done", unpause_target="failed"), "in doubt"),
        (_at(drain_source="done", unpause_target="refused"), "neither"),
        (_at(drain_source="done", unpause_target="has run"), "paused"),
        (_at(drain_source="done", mark="failed", let_source_run="done"), "source"),
        (_at(drain_source="done", back_start_untouched_source="done"), "source"),
        (_at(drain_source="done", let_source_run="done", back_unpause_source="done", unpause_target="done"), "Astro"),
        (_at(drain_source="done", unpause_target="done", gap_target="failed"), "Astro"),
        (_at(drain_source="done", unpause_target="done", back_drain_target="done"), "neither"),
        (_at(unpause_target="done", back_drain_target="done", back_unpause_source="done"), "source"),
    ],
)  # fmt: skip
def test_where_a_dag_runs(standings: dict[str, Standing], side: str) -> None:
    assert side_of(standings, "w", "dag") == side


def test_the_way_that_a_dag_went_last() -> None:
    assert way_of({}, "w", "dag") == "cutover"
    assert way_of(_at(drain_source="done"), "w", "dag") == "cutover"
    assert way_of(_at(drain_source="done", back_drain_target="begin"), "w", "dag") == "rollback"
    assert way_of(_at(back_unpause_source="done", drain_source="begin"), "w", "dag") == "cutover", "once more"


def test_a_wave_that_stands_otherwise_than_its_state(plan: Plan) -> None:
    wave = dataclasses.replace(plan.waves[0], name="w", state="tested")
    assert state_in_words(wave, {}, ["dag", "other"]) == "tested"
    begun = _at(drain_source="done")
    assert state_in_words(wave, begun, ["dag", "other"]) == "halfway: 1 on neither side"
    moved = begun | {"cutover/w/other/record": Standing("done", begun=7, ended=8)}
    moved["cutover/w/other/unpause-target"] = Standing("done", begun=9, ended=10)
    assert state_in_words(wave, moved, ["dag", "other"]) == "halfway: 1 on Astro, 1 on neither side"
    assert standing_in_words(sides(moved, "w", ["dag", "other"])) == "1 DAG on Astro; on neither side: dag."
    cut = dataclasses.replace(wave, state="cut over")
    back = _at(unpause_target="done", back_drain_target="done", back_unpause_source="done")
    assert state_in_words(cut, back, ["dag"]) == "cut over, 1 given back"


def test_a_dag_in_full_tells_the_side_that_it_is_on(inventory: Inventory) -> None:
    dag = next(dag for dag in inventory.dags if isinstance(handover_kind(dag, 3), MarkerPlan))
    kind = handover_kind(dag, 3)
    due = f"{next_tick(kind, NOON):%d %b %H:%M:%S}"

    def last_line(**events: str) -> str:
        named = {key.replace("/dag/", f"/{dag.dag_id}/"): item for key, item in _at(**events).items()}
        return in_full(named, "w", dag, kind, NOON)[-1]

    assert last_line(drain_source="done") == (f"on the source: paused · on Astro: paused · the tick {due} waits")
    assert last_line(unpause_target="done") == f"on the source: paused · on Astro: next {due}"
    assert (
        last_line(unpause_target="done", back_unpause_source="done")
        == f"on the source: next {due} · on Astro: paused"
    )


def test_a_handover_that_was_broken_off_is_told() -> None:
    record, drained, let = (f"cutover/w/d/{step}" for step in ("record", "drain-source", "let-source-run"))
    begun = {record: Standing("done", made={"source_paused": False}, ended=1)}
    assert not is_left(begun, "w", "d")
    between = begun | {drained: Standing("done", begun=2, ended=3)}
    assert is_left(between, "w", "d")
    goes_on = between | {let: Standing("done", begun=4, ended=5)}
    assert is_left(goes_on, "w", "d")
    assert side_of(goes_on, "w", "d") == "source"
    given_back = goes_on | {"rollback/w/d/unpause-source": Standing("done", begun=6, ended=7)}
    assert not is_left(given_back, "w", "d")


def test_plans_of_a_folder(folder: Path, plan: Plan) -> None:
    assert free_name(folder) == "migration.toml"
    for name, age in (("b.toml", 50), ("migration.toml", 500), ("a.toml", 5)):
        planfile.save(plan, folder / name)
        os.utime(folder / name, (NOON.timestamp() - age,) * 2)
    (folder / "pyproject.toml").write_text('[project]\nname = "x"\n', encoding="utf-8")
    (folder / "bytes.toml").write_bytes(b"\xff\xfe")
    (folder / "newer.toml").write_text("format = 99\n[source]\n", encoding="utf-8")
    os.utime(folder / "newer.toml", (1, 1))
    found = plans_in(folder)
    assert [item.path.name for item in found] == ["migration.toml", "a.toml", "b.toml", "newer.toml"]
    assert "format 99" in found[-1].problem
    assert free_name(folder) == "migration-2.toml"


async def test_paths_are_completed(folder: Path) -> None:
    (folder / "data.json").touch()
    suggest: Any = PathSuggester(folder).get_suggestion
    assert await suggest("da") == "dags/"
    assert await suggest("dat") == "data.json"
    assert await suggest("nothing") is None
    assert await suggest("nowhere/at/all") is None
    assert await suggest("") is None
    assert await suggest(f"{folder.absolute()}/dag") == f"{folder.absolute()}/dags/"


class TestPlacing:
    WAVES = ({"name": "rest", "test": "t", "production": "p", "dags": ["*"]},)

    def test_onto_a_deployment_that_a_wave_goes_to(self) -> None:
        waves = tables.place([*self.WAVES, {"name": "x", "test": "t", "production": "q", "dags": ["a"]}], ["b"], "q")
        assert {wave["name"]: wave["dags"] for wave in waves} == {"rest": ["*"], "x": ["a", "b"]}

    def test_onto_one_that_none_goes_to_makes_a_wave(self) -> None:
        waves = tables.place(self.WAVES, ["b"], "rest", "tested-on")
        assert waves[0] == {"name": "rest-2", "test": "tested-on", "production": "rest", "dags": ["b"]}
        assert waves[1]["production"] == "p"


def test_a_dag_that_was_paused_has_missed_nothing() -> None:
    counted = {"a": TickCount(missed=(NOON,)), "b": TickCount(once=(NOON,), missed=(NOON,))}
    standings = {
        "cutover/w/a/record": Standing("done", made={"source_paused": True}),
        "cutover/w/b/record": Standing("done", made={"source_paused": False}),
    }
    assert ticks_in_words(counted, standings, "w", "a") == "paused"
    assert ticks_in_words(counted, standings, "w", "b") == "1 missed, 1 of 2"


def test_what_stands_already_is_not_said_to_be_made(plan: Plan) -> None:
    infos = tuple(ActionInfo(id=name, title=name, stage="prepare") for name in "abc")
    standings: dict[str, Standing] = {}
    session = cast("Session", SimpleNamespace(desk=SimpleNamespace(plan=plan), infos=infos, standings=standings))

    def said() -> str:
        found = before_carrying(session)
        assert found is not None
        return " ".join(found.sentences)

    assert said().startswith("3 items will be made or copied on Astro")
    standings |= {"a": Standing("done"), "b": Standing("failed")}
    assert said().startswith("2 items will be made")
    assert "1 other stands there already" in said()
    standings |= {"b": Standing("found"), "c": Standing("done")}
    assert said().startswith("3 items stand there already, and will be looked at. The source")


def test_a_plan_that_overwrites_is_confirmed_by_every_deployment(plan: Plan) -> None:
    def question(plan: Plan) -> Confirmation:
        session = cast("Session", SimpleNamespace(desk=SimpleNamespace(plan=plan), infos=(), standings={}))
        found = before_carrying(session)
        assert found is not None
        return found

    assert question(plan).names == (plan.waves[0].production,)
    everywhere = question(replace(plan, conflicts=replace(plan.conflicts, pools="overwrite")))
    assert everywhere.name == ", ".join(deployment.name for deployment in plan.deployments)
    assert len(everywhere.names) > 1
    teams = tuple(replace(plan.deployments[0], name=f"team-{number}") for number in range(9))
    waves = tuple(replace(plan.waves[0], name=team.name, test=team.name, production=team.name) for team in teams)
    many = question(
        replace(plan, conflicts=replace(plan.conflicts, pools="overwrite"), deployments=teams, waves=waves)
    )
    assert many.name == "all 9 names above, with commas between"
    assert f"what others made on {', '.join(team.name for team in teams)};" in many.sentences[-1]
    assert everywhere.is_yes(" , ".join(reversed(everywhere.names)))
    assert not everywhere.is_yes(everywhere.names[0])
    assert not everywhere.is_yes("")


def test_what_is_offered_first_is_where_the_plan_stands(folder: Path, plan: Plan) -> None:
    decided = (*(stage.key for stage in DECIDING), "review")
    stages: tuple[tuple[WaveState, str], ...] = (("planned", "Prepare"), ("tested", "Cutover"), ("cut over", "Watch"))
    for state, stage in stages:
        waves = tuple(dataclasses.replace(wave, state=state) for wave in plan.waves)
        planfile.save(dataclasses.replace(plan, decided=decided, waves=waves), folder / "migration.toml")
        assert [found.stage for found in plans_in(folder)] == [stage]


def test_what_is_offered_says_how_far_the_journal_is(folder: Path, plan: Plan) -> None:
    decided = (*(stage.key for stage in DECIDING), "review")
    path, last = folder / "migration.toml", NOON - timedelta(minutes=3)
    name = plan.waves[0].name

    def told(state: WaveState = "planned") -> str:
        waves = tuple(dataclasses.replace(wave, state=state) for wave in plan.waves)
        planfile.save(dataclasses.replace(plan, decided=decided, waves=waves), path)
        os.utime(path, (NOON.timestamp() - 7200,) * 2)
        return " · ".join(plans_in(folder)[0].told(NOON))

    assert told() == "step 13 of 19, Prepare · saved today 10:00"
    journal = Journal(journal_path(path), now=lambda: last)
    for action in ("workspace/Sales", "pool/p/a", "pool/p/b"):
        journal.write(action, "begin")
        journal.write(action, "failed" if action.endswith("b") else "done")
    assert told() == "step 14 of 19, Configuration · 2 items carried out, 1 failed · carried out 3 min ago"
    assert told("tested") == "step 17 of 19, Cutover · carried out 3 min ago"
    for dag, *steps in (("dag", "drain-source", "unpause-target"), ("other", "drain-source")):
        for step in ("record", *steps):
            journal.write(f"cutover/{name}/{dag}/{step}", "begin")
            journal.write(f"cutover/{name}/{dag}/{step}", "done", facts={})
    halfway = f"cutover of {name} halfway: 1 on Astro, 1 on neither side"
    assert told("tested") == f"step 17 of 19, Cutover · {halfway} · carried out 3 min ago"
    journal.write(f"rollback/{name}/dag/drain-target", "begin")
    journal.write(f"rollback/{name}/dag/drain-target", "done")
    assert f"rollback of {name} halfway: 2 on neither side" in told("tested")
    for dag in ("dag", "other"):
        journal.write(f"rollback/{name}/{dag}/unpause-source", "begin")
        journal.write(f"rollback/{name}/{dag}/unpause-source", "done")
    assert "halfway" not in told("tested")
    journal.path.write_bytes(b"no journal\n")
    assert "cannot be read at line 1" in plans_in(folder)[0].problem


def _said() -> Iterator[tuple[str, str]]:
    """(where, what) of every sentence that the screens say on one line; a long word stands for what is put in."""
    for path in sorted(Path(tui.__file__).parent.rglob("*.py")):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and ast.unparse(call.func).rpartition(".")[2] in SAYING:
                for part in [part for given in call.args for part in _texts(given)]:
                    yield f"{path.name}:{call.lineno}", part


def _texts(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.JoinedStr):
        texts = [part.value if isinstance(part, ast.Constant) else "x" * 16 for part in node.values]
        yield "".join(map(str, texts))
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    else:
        for child in ast.iter_child_nodes(node):
            yield from _texts(child)


def test_what_is_said_on_one_line_has_room_at_60_columns() -> None:
    said = [*_said(), ("work.py", NOT_PAUSED)]
    assert len(said) > 30
    # A blank before it, perhaps a sign, and a blank behind it.
    assert {where: what for where, what in said if len(what) > 56} == {}


def test_a_rate_that_is_next_to_nothing_is_not_told() -> None:
    assert clock.rate(2, 120) == ""
    assert clock.rate(12, 120) == "0.1/s"
