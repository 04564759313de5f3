"""The cutover section: out of a real journal of a whole way, and its pictures as well-formed SVG."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from tests.harness import DEPLOYMENT, World

from astroferry.carry.drainfile import DrainFile, drain_path, read_samples
from astroferry.carry.journal import Journal
from astroferry.carry.watching import last_verdicts
from astroferry.model.cutover import TickRow
from astroferry.model.drain import DrainSample
from astroferry.model.watching import DagVerdict
from astroferry.report.chapters_plan import MARKS, _wave_cut_over
from astroferry.report.cutover import DagHandover, cutover_section
from astroferry.report.document import Bullets, More, Picture, Table, Text
from astroferry.report.pictures import MOST_POINTS, drain_curve, tick_lanes

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

NOON = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
SLOWLY = {"poll": 60.0, "parse_timeout": 240, "drain_timeout": 1200, "watch_ticks": 3}
SVG = "{http://www.w3.org/2000/svg}"


def drawn(svg: str) -> ET.Element:
    return ET.fromstring(svg)


def classes(svg: str) -> list[str]:
    return [item.get("class", "") for item in drawn(svg).iter() if item.get("class")]


def test_a_wave_there_and_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(tmp_path, monkeypatch)
    world.applied(cutover=SLOWLY)
    assert world.on_plan("cutover", "--wave", "pilot", "--confirm", DEPLOYMENT).code == 0
    assert world.on_plan("watch", "--once").code == 0
    samples = read_samples(drain_path(world.plan_path))
    journal = Journal(world.journal_path)
    found = cutover_section(world.plan, journal.entries, samples, "pilot", last_verdicts(journal, "pilot"))
    assert (found.state, found.exact) == ("cut over", True)
    checks = next(block for block in _wave_cut_over(found) if isinstance(block, More)).blocks[0]
    assert isinstance(checks, Table)
    assert ("alerts", "confirmed") in {row[:2] for row in checks.rows}
    dags = {dag.dag_id: dag for dag in found.dags}
    assert dags.keys() == {"ticks_on", "ticks_now"}
    for dag in dags.values():
        assert dag.began is not None
        assert dag.paused_at is not None
        assert dag.resumed_at is not None
        assert dag.began <= dag.paused_at <= dag.resumed_at
        assert dag.boundary is not None
        assert dag.next is not None
        assert dag.next > dag.boundary
        assert (dag.twice, dag.missed, dag.failed, dag.given_back_at) == (0, 0, "", None)
        assert dag.verdict is not None
        assert dag.gap_seconds is not None
        picture = tick_lanes(dag)
        # The source's last tick and its marker, the ticks on the target, and where it was paused and unpaused.
        assert sorted(classes(picture)) == ["marker", *["ran"] * (1 + dag.once)]
        assert picture.count("stroke-dasharray") == 2
        assert f"{dag.once} ticks once, 0 twice, 0 missed" in picture
    assert {sample.side for sample in found.samples} == {"source"}
    assert "Drained 2 DAGs" in drain_curve(found.samples)

    assert world.on_plan("rollback", "--wave", "pilot", "--confirm", DEPLOYMENT).code == 0
    entries = Journal(world.journal_path).entries
    samples = read_samples(drain_path(world.plan_path))
    back = cutover_section(world.plan, entries, samples, "pilot")
    assert all(dag.given_back_at is not None for dag in back.dags)
    # The source's ticks from there on are counted and drawn too; each side's drain is a curve of its own.
    assert all({row.side for row in dag.ticks} == {"source", "target"} for dag in back.dags)
    assert all(dag.once > dags[dag.dag_id].once for dag in back.dags)
    curves = [block for block in _wave_cut_over(back) if isinstance(block, Picture)]
    assert [curve.caption for curve in curves] == [
        "Runs still active on the source, before the cutover.",
        "Runs still active on the target, before they were given back.",
    ]
    assert all(curve.words.startswith("Drained 2 DAGs from ") for curve in curves)
    lanes = [block for block in _wave_cut_over(back) if isinstance(block, More)][-1].blocks
    assert {"Ticks of ticks_now on both sides.", MARKS} <= {
        text for lane in lanes if isinstance(lane, Picture) for text in (lane.caption, lane.words)
    }
    # Handed over once more: the section is of the last time.
    assert world.on_plan("cutover", "--wave", "pilot", "--confirm", DEPLOYMENT).code == 0
    again = cutover_section(world.plan, Journal(world.journal_path).entries, samples, "pilot")
    assert all(dag.given_back_at is None for dag in again.dags)
    assert again.samples == (), "what was drained before it is history"
    # What the watch saw later counts as well.
    missed = {"ticks_now": DagVerdict("ticks_now", "amiss", missed=1)}
    assert not cutover_section(world.plan, entries, samples, "pilot", missed).exact
    assert cutover_section(world.plan, entries, (), "rest").dags == ()


def test_what_failed_is_named(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j.jsonl")
    journal.write("cutover/w/d/record", "begin")
    record = {"dag_id": "d", "at": NOON.isoformat(), "queued_events": ["s3://a", "s3://b"], "started_by_others": 3}
    journal.write("cutover/w/d/record", "applied", facts=record)
    journal.write("cutover/w/d/record", "done")
    journal.write("cutover/w/d/drain-source", "applied", facts={"frozen": ["r1"], "left": {"r1": ["load", "tell"]}})
    journal.write("cutover/w/d/drain-source", "failed", why="it still had 2 unfinished runs")
    journal.write("cutover/other/d/drain-source", "done")
    tick = {"dag_id": "d", "tick": NOON.isoformat(), "side": None, "state": "due"}
    journal.write("cutover/w/d/gap-target", "done", facts={"missed": [NOON.isoformat()], "run": False})
    journal.write("cutover/w/d/watch-target", "done", facts={"ticks": [tick], "missed": 0, "listed": 1})

    class OneWave:
        @staticmethod
        def wave(_name: str) -> object:
            return type("W", (), {"state": "tested"})

    found = cutover_section(OneWave(), journal.entries, (), "w")  # type: ignore[arg-type] # only its wave is asked
    (dag,) = found.dags
    assert dag.failed == "drain-source: it still had 2 unfinished runs"
    assert (dag.paused_at, dag.gap_seconds) == (None, None)
    assert dag.uncounted == (
        "s3://a, s3://b waited on the source and was not carried",
        "the run r1 stands on the source with load, tell not run",
        "people or programs started it 3 times in the thirty days before; they start it on Astro now",
    )
    assert (dag.listed, dag.missed, found.exact) == ((NOON,), 0, True)  # listed by choice
    _, table, between, ticks, lead, list_, *_ = _wave_cut_over(found)
    assert isinstance(table, Table)
    assert between == Text("Ticks that were due while neither side ran:")
    assert ticks == Bullets(("d: 2026-11-25 12:00:00 listed, and run by nobody.",))
    assert (lead, list_) == (Text("What no ticks tell of:"), Bullets(tuple(f"d: {said}." for said in dag.uncounted)))


def test_the_drain_curve_adds_what_each_dag_has(tmp_path: Path) -> None:
    keep = DrainFile(tmp_path / "x.drain.jsonl")
    for seconds, dag, running in ((0, "a", 2), (5, "b<&", 1), (10, "a", 0), (10, "b<&", 1), (20, "b<&", 0)):
        keep(DrainSample(NOON + timedelta(seconds=seconds), dag, "source", running))
    with (tmp_path / "x.drain.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"at": "2026-11-25T12:00:30+00:00", "dag": "a", "side": "moon", "running": 1}\n{"at": "2026')
    samples = read_samples(tmp_path / "x.drain.jsonl")
    assert len(samples) == 5
    svg = drain_curve(samples)
    assert "at most 3 runs at once" in svg
    (path,) = drawn(svg).iter(f"{SVG}path")
    assert path.get("d", "").count("H ") == 3
    assert drain_curve(()) == ""
    assert "none of them was running" in drain_curve(samples[-1:])
    assert read_samples(tmp_path / "none.jsonl") == ()
    DrainFile(tmp_path / "no" / "folder.jsonl")(samples[0])  # a full disk stops nothing
    many = [DrainSample(NOON + timedelta(seconds=n), "a", "source", n % 7) for n in range(3 * MOST_POINTS)]
    (path,) = drawn(drain_curve(many)).iter(f"{SVG}path")
    assert path.get("d", "").count("H ") <= MOST_POINTS + 1
    assert drawn(drain_curve(samples[:1])) is not None


def test_every_kind_of_mark_is_drawn_and_names_are_escaped() -> None:
    rows = (
        TickRow("d", NOON, "source", "success"),
        TickRow("d", NOON, "target", "success", marker=True),
        TickRow("d", NOON + timedelta(hours=1), None, "due"),
        TickRow("d", NOON + timedelta(hours=2), "target", "failed"),
        TickRow("d", NOON + timedelta(hours=3), "target", "success"),
    )
    dag = DagHandover(
        '<d & "q">', paused_at=NOON, resumed_at=NOON + timedelta(minutes=30), ticks=rows, once=3, missed=1
    )
    svg = tick_lanes(dag)
    assert sorted(classes(svg)) == ["failed", "marker", "missed", "ran", "ran"]
    assert '<d & "q">' in (drawn(svg).get("aria-label") or "")
    assert svg.count("stroke-dasharray") == 2
    assert tick_lanes(replace(dag, ticks=())) == ""
    one = tick_lanes(replace(dag, ticks=rows[:1]))
    assert drawn(one) is not None
    many = tuple(TickRow("d", NOON + timedelta(minutes=n), "target", "success") for n in range(500))
    assert "The last 400 rows are drawn." in tick_lanes(replace(dag, ticks=many))
