"""Killed before and after every line of the journal, an apply that is run again ends in the same state."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.harness import CONNECTIONS, NIGHTLY, TICKS_ON, VARIABLES, KilledError, World

from astroferry.carry.journal import Journal
from astroferry.carry.probes.leftovers import KEY_PREFIX

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow
WAVE = [{"name": "all", "test": "quay-production", "production": "quay-production", "dags": ["*"]}]
SHARES = 4
"""the boundaries are shared out over so many tests, which can run side by side"""

MADE: dict[str, str] = {}
COUNTED: list[int] = []
"""both are made once for all tests of a process"""


def small(folder: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    folder.mkdir()
    world = World(folder, monkeypatch, dags=(TICKS_ON, NIGHTLY), connections=CONNECTIONS[:1], variables=VARIABLES[1:])
    if not MADE:
        world.planned(waves=WAVE)
        MADE.update(
            plan=world.plan_path.read_text(encoding="utf-8").replace(world.astro.organization, "ORGANIZATION"),
            inventory=world.inventory_path.read_text(encoding="utf-8"),
        )
    # The same plan each time, for an organization of its own.
    world.plan_path.write_text(MADE["plan"].replace("ORGANIZATION", world.astro.organization), encoding="utf-8")
    world.inventory_path.write_text(MADE["inventory"], encoding="utf-8")
    return world


def boundaries(folder: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    """How many lines an apply that nobody kills writes."""
    if not COUNTED:
        world = small(folder, monkeypatch)
        assert world.on_plan("apply").code == 0
        COUNTED.append(len(world.entries()))
    return COUNTED[0]


def assert_whole(world: World) -> None:
    """All is there, made exactly once by the servers' own counts; every DAG is paused and no probe is left."""
    assert world.astro.count("createWorkspace") == 1
    assert world.astro.count("createDeployment") == 1
    target = world.target
    made = [
        sent.path.rpartition("/")[2]
        for sent in target.sent
        if sent.made and sent.path.count("/") == 3 and KEY_PREFIX not in sent.body
    ]
    assert sorted(made) == ["connections", "pools", "variables"]
    assert target.fake.connections["quay_pg"].password == world.estate.connections["quay_pg"].password
    assert target.fake.connections["quay_pg"].extra == world.estate.connections["quay_pg"].extra
    assert target.fake.variables.keys() == {"partner_api_key"}  # and no key of a probe
    assert target.fake.pools["berths"].slots == 4
    assert set(target.dags) == {"ticks_on", "nightly"}
    assert all(dag.is_paused for dag in target.dags.values())
    assert [wave.state for wave in world.plan.waves] == ["tested"]
    assert {item.event for item in Journal(world.journal_path).standing().values()} <= {"done", "found", "note"}
    assert not list(world.folder.glob(".migration.toml.*[!k]"))  # no half-written plan


@pytest.mark.parametrize("share", range(SHARES))
@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
def test_killed_at_every_line_of_the_journal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, share: int, before: bool
) -> None:
    total = boundaries(tmp_path / "whole", monkeypatch)
    assert total > 25
    kills = 0
    for number in range(1 + share, total + 1, SHARES):
        with monkeypatch.context() as patches:
            world = small(tmp_path / f"at-{number}", patches)
            world.kill_at(number, before=before)
            with pytest.raises(KilledError):
                world.on_plan("apply")
            world.revive()
            kills += 1
            again = world.on_plan("apply")
            assert again.code == 0, (number, again.err)
            assert_whole(world)
    print(f"{total} boundaries, {kills} kills in this share ({'before' if before else 'after'} the line)")


@pytest.mark.parametrize(
    ("pattern", "operation"),
    [
        ("POST /organizations/*/workspaces", "createWorkspace"),
        ("POST /organizations/*/deployments", "createDeployment"),
    ],
)
def test_an_answer_that_is_lost_makes_nothing_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pattern: str, operation: str
) -> None:
    world = small(tmp_path / "lost", monkeypatch)
    world.astro.drop_on_the_wire = True
    world.astro.fail_next(pattern, "drop-answer")
    lost = world.on_plan("apply")
    assert lost.code == 5, lost.err
    again = world.on_plan("apply")
    assert again.code == 0, again.err
    assert_whole(world)
    # Ours, though its answer was lost: undoing takes it away again.
    for stage in ("dags", "configuration", "prepare"):
        undone = world.on_plan("rollback", "--stage", stage, "--confirm", "quay-production")
        assert undone.code == 0, undone.err
    assert (world.astro.workspaces, world.astro.deployments) == ({}, {})


def test_killed_while_undoing_it_is_undone_once_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world = small(tmp_path / "undo", monkeypatch)
    assert world.on_plan("apply").code == 0
    for number in range(1, 5):
        world.kill_at(number, before=number % 2 == 0)
        with pytest.raises(KilledError):
            world.on_plan("rollback", "--stage", "configuration", "--confirm", "quay-production")
        world.revive()
    undone = world.on_plan("rollback", "--stage", "configuration", "--confirm", "quay-production")
    assert undone.code == 0, undone.err
    assert world.target.fake.connections == {}
    assert world.target.fake.variables == {}
    assert world.target.fake.pools.keys() == {"default_pool"}
