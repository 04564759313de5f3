"""After a deploy: DAGs are waited for, and whatever of the folder would run beside the source is paused and named."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest
from tests.carry.handover.two_airflows import SteppedClock
from tests.harness import DEPLOYMENT

from astroferry.carry.actions.arrived import DagsArrived
from astroferry.carry.both_sides import on_one_side
from astroferry.carry.context import nothing_moved, nothing_yet
from astroferry.carry.journal import Standing
from astroferry.errors import Exit, NotAllowedError, NotFoundError
from astroferry.model.inventory import Dag, Schedule
from astroferry.model.plan import Deployment

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Collection, Mapping
    from pathlib import Path

    from tests.harness import Target, World

    from astroferry.carry.action import Facts, Observation
    from astroferry.carry.context import Context

OTHER = "quay-office"
TWO = {
    "deployments": [{"name": name, "workspace": "Quay", "executor": "ASTRO"} for name in (DEPLOYMENT, OTHER)],
    "waves": [
        {"name": "pilot", "test": DEPLOYMENT, "production": DEPLOYMENT, "dags": ["ticks_on"]},
        {"name": "rest", "test": OTHER, "production": OTHER, "dags": ["*"], "without": ["by_hand"]},
    ],
}


def would_run(folder: Path, *dags: str) -> None:
    """Their files say is_paused_upon_creation=False."""
    for path in folder.rglob("*.py"):
        if path.stem in dags:
            path.write_text(
                f"{path.read_text(encoding='utf-8')}\n# is_paused_upon_creation=False\n", encoding="utf-8"
            )


def unpaused(target: Target) -> set[str]:
    return {name for name, dag in target.dags.items() if not dag.is_paused}


def test_whatever_the_wave_nothing_of_the_folder_arrives_running(world: World) -> None:
    would_run(world.dags_folder, "ticks_on", "ticks_now", "nightly", "by_hand")
    world.planned(**TWO)
    # Its own, those of another Deployment's wave, one that is paused on the source, and one of no wave.
    ran = world.on_plan("apply", "--wave", "pilot")
    assert ran.code == 0, ran.err
    assert unpaused(world.target) == set()
    assert f"unpaused on {DEPLOYMENT}, and paused there by us: by_hand, nightly, ticks_now, ticks_on" in ran.err
    assert (
        f'1 DAGs parsed and paused on "{DEPLOYMENT}": paused there by us: by_hand, nightly, ticks_now, ticks_on'
        in ran.err
    )
    patched = [
        sent.path.rpartition("/")[2]
        for sent in world.target.sent
        if sent.method == "PATCH" and "probe" not in sent.path
    ]
    assert sorted(patched) == ["by_hand", "nightly", "ticks_now", "ticks_on"], "each once"
    ran = world.on_plan("apply")
    assert ran.code == 0, ran.err
    assert [unpaused(target) for target in world.targets] == [set(), set()]
    assert f"unpaused on {OTHER}, and paused there by us: by_hand, nightly, ticks_now, ticks_on" in ran.err
    # By hand, as is told of those that no cutover takes: it runs there alone, and is left so; no other is.
    world.estate.engine.dags["by_hand"].is_paused = True
    for name in ("by_hand", "ticks_now"):
        world.targets[0].dags[name].is_paused = False
    ran = world.on_plan("apply")
    assert ran.code == 0, ran.err
    assert unpaused(world.targets[0]) == {"by_hand"}
    assert "not paused, since the source does not run them either: by_hand" in ran.err


def test_what_ran_there_before_we_came_is_left_unless_the_source_runs_it(world: World) -> None:
    world.planned(**TWO)
    assert world.on_plan("apply", "--stage", "prepare").code == 0
    folder = world.targets[0].seat.dags_folder
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("nightly", "ticks_now"):
        (folder / f"{name}.py").write_text("# is_paused_upon_creation=False\n", encoding="utf-8")
    ran = world.on_plan("apply")
    assert ran.code == 0, ran.err
    assert unpaused(world.targets[0]) == {"nightly"}
    assert "paused there by us: ticks_now; not paused, since the source does not run them either: nightly" in ran.err


class Airflow:
    """Either end as lists; on the target, DAGs come with the look (a number) that `arrives` says.

    Broken files are tried anew at each look; `refuses`: our role may not see which they are.
    """

    def __init__(self, *dags: Dag, broken: Collection[str] = (), refuses: bool = False) -> None:
        self.listed = {dag.dag_id: dag for dag in dags}
        self.broken, self.refuses = broken, refuses
        self.folder = ""
        """what is before the names of broken files, nothing on an Airflow 3"""
        self.arrives: dict[str, int] = {}
        self.gone: set[str] = set()
        self.looks, self.paused = 0, list[str]()

    async def dags(self) -> AsyncIterator[Dag]:
        self.looks += 1
        for dag in self.listed.values():
            if dag.dag_id not in self.broken and self.arrives.get(dag.dag_id, 0) <= self.looks:
                yield dag

    async def failed_to_parse(self) -> dict[str, str]:
        if self.refuses:
            raise NotAllowedError("may not see import errors")
        return {f"{self.folder}{name}.py": str(self.looks) for name in self.broken}

    async def set_paused(self, dag_id: str, paused: bool) -> None:
        if dag_id in self.gone:
            del self.listed[dag_id]
            raise NotFoundError("gone", status=404)
        self.paused.append(dag_id)
        self.listed[dag_id] = replace(self.listed[dag_id], is_paused=paused)


class Both:
    """What the action is given: a source, a target, an inventory of all that either lists, and no journal."""

    def __init__(self, source: Airflow, target: Airflow) -> None:
        self.source, self.ends, self.clock = source, target, SteppedClock()
        known = {**target.listed, **source.listed}
        self.inventory = SimpleNamespace(dag=known.get, dags=tuple(known.values()))
        cutover = SimpleNamespace(parse_timeout=900, poll=20.0)
        self.plan = SimpleNamespace(cutover=cutover, waves=(), divided=lambda _ids: {})
        self.deployments = {"prod": "d1"}
        self.told = list[str]()
        self.moved: Callable[[str], Mapping[str, str]] = nothing_moved
        self.standing: Callable[[str], Standing | None] = nothing_yet
        self.tell = self.told.append

    async def target(self, _name: str) -> Airflow:
        return self.ends

    async def arrived(self, *expected: str) -> tuple[Facts, Observation]:
        """The action, carried out and read back."""
        ctx, action = cast("Context", self), DagsArrived(Deployment("prod", "w"), expected)
        return await action.apply(ctx), await action.verify(ctx)


def dag(name: str, *, runs: bool = False) -> Dag:
    return Dag(name, Schedule("none"), is_paused=not runs, fileloc=f"/dags/{name}.py")


async def test_of_many_dags_those_that_are_only_late_are_waited_for() -> None:
    ids = tuple(f"d{number:02}" for number in range(60))
    target = Airflow(*map(dag, ids), broken=ids[:50])
    target.arrives = dict.fromkeys(ids[50:], 5)
    facts, seen = await Both(Airflow(), target).arrived(*ids)
    assert facts["absent"] == ids[:50]
    assert seen.why.startswith("not there: d00, d01, ")
    # One more look to read it back.
    assert target.looks == 6, "fifty are named, sixty are waited for"


@pytest.mark.parametrize("folder", ["", "/usr/local/airflow/dags/"])
async def test_a_file_of_the_same_name_in_another_folder_is_waited_for(folder: str) -> None:
    target = Airflow(dag("sales/load"), dag("stock/load"), broken=["sales/load"])
    target.arrives, target.folder = {"stock/load": 5}, folder
    facts, _ = await Both(Airflow(), target).arrived("sales/load", "stock/load")
    assert (facts["absent"], target.looks) == (("sales/load",), 6)


async def test_a_role_that_may_not_see_import_errors_waits_all_the_same() -> None:
    target = Airflow(dag("a"), dag("b"), refuses=True)
    target.arrives = {"a": 2, "b": 3}
    facts, seen = await Both(Airflow(), target).arrived("a", "b")
    assert (facts["absent"], seen.state) == ((), "done")


async def test_what_no_wave_needs_is_waited_for_while_more_arrives() -> None:
    others = [dag(name, runs=True) for name in ("first", "second", "third")]
    target = Airflow(*others, dag("ours"))
    target.arrives = {"first": 2, "second": 4, "third": 7}
    both = Both(Airflow(*others, dag("not_in_the_folder")), target)
    facts, seen = await both.arrived("ours")
    assert facts["paused_by_us"] == ["first", "second", "third"], "a minute without another ends it"
    assert target.looks == 11
    assert seen.state == "done"
    assert "unpaused on prod, and paused there by us: third" in both.told


async def test_a_large_folder_costs_pages_and_one_request_for_each_dag_that_runs() -> None:
    ids = [f"dag_{number}" for number in range(3000)]
    source = Airflow(*(dag(name, runs=True) for name in ids))
    target = Airflow(*(dag(name, runs=name in ids[:70]) for name in ids), dag("astros_own", runs=True))
    target.gone = {ids[3]}
    both = Both(source, target)
    both.inventory.dags = source.listed.values()
    facts, seen = await both.arrived(ids[0])
    assert facts["paused_by_us"] == [name for name in ids[:70] if name != ids[3]]
    assert (source.looks, target.looks, seen.state) == (2, 2, "done"), "the one that was gone was not asked again"
    assert f"{ids[50]} and 19 more" in both.told[0]


async def test_a_journal_that_does_not_say_what_ran_before_keeps_what_the_source_does_not_run() -> None:
    target = Airflow(*(dag(name, runs=True) for name in ("moved_by_hand", "ours", "on_another")))
    both = Both(Airflow(dag("moved_by_hand"), dag("on_another")), target)
    both.moved = lambda deployment: {} if deployment else {"on_another": "pilot"}
    lines = {"deploy/prod": Standing("done", {"observed": {"live_deploy_id": None}})}
    both.standing = lines.get
    facts, seen = await both.arrived("ours")
    assert facts["paused_by_us"] == ["ours", "on_another"]
    assert seen.why == "not paused, since the source does not run them either: moved_by_hand"


def test_a_dag_that_does_not_arrive_is_named_with_the_import_errors(world: World) -> None:
    world.planned()
    assert world.on_plan("apply", "--stage", "prepare").code == 0
    world.target.broken.add("nightly")
    ran = world.on_plan("apply")
    assert ran.code == Exit.IN_PART
    assert "waiting for nightly to be parsed on quay-production; import errors there: nightly.py" in ran.err
    assert ran.err.count("waiting for nightly") == 1, "tried again it is not waited for"
    assert "not there: nightly; files with import errors on the target: nightly.py" in ran.err
    world.target.broken.clear()
    assert world.on_plan("apply").code == 0


async def test_what_runs_on_both_sides_is_told_by_which_side_is_to_be_paused() -> None:
    listed = [dag("moved", runs=True), dag("ours", runs=True), dag("quiet")]
    both = Both(Airflow(*listed), Airflow(*listed))
    both.moved = lambda _deployment: {"moved": "pilot"}
    seen = await on_one_side(cast("Context", both), Deployment("prod", "w"))
    assert seen.outcome == "missing"
    assert seen.detail == (
        "pause on the source, a cutover has moved them: moved; apply --stage dags pauses on the target: ours"
    )
