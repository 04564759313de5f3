"""The whole way by keys alone: the wizard in a real terminal, between a real Airflow 2.11 and a real 3.3.

What is pressed is decided by the plan, the journal and the servers, never by a pause; the screen is only looked at to
know that a key will be taken by the screen it is meant for. What is asserted is the plan and the servers' state.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest
from tests.live import seeding
from tests.terminal import DOWN, ENTER, F2, F7, F10, TAB, Terminal, terminal

from astroferry.carry.journal import Journal
from astroferry.carry.opening import journal_path
from astroferry.faces.navigator import STOPS
from astroferry.model import planfile

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from astroferry.model.plan import Plan
    from astroferry.simulator.astro import EmbeddedAstro
    from astroferry.simulator.real import RealAirflow

HOME, END = "\x1b[H", "\x1b[F"
FAST = "platform_ticks_latest"
"""a DAG of the seed that ticks every 20 seconds and notes each run in the ledger"""
WAVE, DEPLOYMENT = "by-keys", "marlow-production"
TITLES = {stop.key: stop.title for stop in STOPS}
LONG = 240.0
"""seconds for what a server has to do"""


class Keys:
    """A person at the keyboard."""

    def __init__(self, screen: Terminal, folder: Path) -> None:
        self.screen = screen
        self.path = folder / "migration.toml"

    @property
    def plan(self) -> Plan:
        return planfile.load(self.path, unfinished=True)

    def decide(self, stage: str, *keys: str) -> None:
        """Press these where the stage is shown, and Next until the plan says that it is decided."""
        self.at(stage)
        for key in keys:
            self.screen.press(key)
        self.screen.send(F2)
        self.screen.wait_until(lambda: stage in self.plan.decided, f"{stage} decided", LONG)

    def at(self, stage: str) -> None:
        """Until the stage is shown and has come to rest."""
        number = next(number for number, stop in enumerate(STOPS, 1) if stop.key == stage)
        self.screen.wait_for(f"{number} of {len(STOPS)} · {TITLES[stage]}", LONG)
        self.screen.settle()

    def confirm(self) -> None:
        """Type the name that is asked for."""
        self.screen.wait_for("To confirm, type")
        self.screen.settle()
        self.screen.send(DEPLOYMENT, ENTER)

    def state(self, wave: str) -> str:
        return next(item.state for item in self.plan.waves if item.name == wave)


@pytest.fixture(scope="module")
def keys(
    real_211: RealAirflow, embedded_astro: EmbeddedAstro, live_folder: Path, seed_code: tuple[Path, Path]
) -> Iterator[Keys]:
    folder = live_folder / "keys"
    folder.mkdir()
    given = {
        "ASTRO_API_URL": embedded_astro.url,
        "ASTRO_API_TOKEN": embedded_astro.token,
        "ASTROFERRY_SOURCE_USERNAME": "admin",
        "ASTROFERRY_SOURCE_PASSWORD": real_211.users["admin"].reveal(),
        "ASTROFERRY_REPORTS": str(folder),
    }
    with terminal(folder, given=given) as screen:
        yield Keys(screen, folder)


def test_every_stage_is_decided(keys: Keys, real_211: RealAirflow, seed_code: tuple[Path, Path]) -> None:
    screen = keys.screen
    screen.wait_for("Start a new migration")
    screen.send(ENTER)
    screen.wait_for("be called")
    screen.send("marlow", ENTER)
    screen.wait_for("Organization Acme", LONG)
    keys.decide("prerequisites")
    keys.decide("source", real_211.url, TAB, TAB, str(seed_code[0]))
    screen.wait_until((keys.path.parent / "inventory.json").exists, "the inventory", LONG)
    screen.wait_for("Read in")
    for stage in ("inventory", "version", "execution"):
        keys.decide(stage)
    keys.decide("cluster", HOME)
    keys.decide("networking", HOME)
    for stage in ("workspaces", "secrets", "values"):
        keys.decide(stage)
    keys.at("waves")
    screen.press(F7)
    screen.wait_for("/ filters")
    screen.press("/", FAST, ENTER, "a", "w")
    screen.wait_for("into which wave?")
    screen.press(END, ENTER)
    screen.wait_for("Name of the new wave")
    screen.press(WAVE, ENTER, F2)
    keys.decide("waves")
    keys.at("review")
    plan = keys.plan
    assert plan.name == "marlow"
    assert plan.source.url == real_211.url
    assert (plan.decisions.airflow, plan.decisions.cluster, plan.decisions.networking) == ("3", "standard", "public")
    assert (plan.values.connections, plan.values.variables) == ("starship", "api")
    assert [item.name for item in plan.deployments] == [DEPLOYMENT]
    assert {wave.name: wave.dags for wave in plan.waves}[WAVE] == (FAST,)
    assert "review" not in plan.decided


def test_it_is_carried_out_compared_and_paused(keys: Keys, embedded_astro: EmbeddedAstro) -> None:
    assert not embedded_astro.state.count("createDeployment"), "nothing before the review is confirmed"
    keys.screen.send(F2)
    keys.confirm()
    keys.screen.wait_until(lambda: keys.state(WAVE) == "tested", "every value compared", 2 * LONG)
    standing = Journal(journal_path(keys.path)).standing().values()
    assert {item.event for item in standing} <= {"done", "found", "note"}, "nothing failed"
    state = embedded_astro.state
    created = [one.path for one in state.requests if one.method == "POST" and one.status < 300]
    assert (state.count("createWorkspace"), state.count("createDeployment")) == (1, 1)
    assert sum(path.endswith("/api/v2/connections") for path in created) == 12
    assert sum(path.endswith("/api/v2/pools") for path in created) == 3
    assert not state.contract_violations
    with _target(embedded_astro) as http:
        dags = http.get("dags", params={"limit": 100}).json()["dags"]
        assert len(dags) == seeding.DAGS
        assert all(dag["is_paused"] for dag in dags)


def test_leaving_saves_and_says_where(keys: Keys) -> None:
    screen = keys.screen
    screen.settle()
    screen.press(F10)
    screen.wait_for("Save and leave")
    screen.press(DOWN)
    screen.send(ENTER)
    assert screen.ends() == 0
    assert f"Saved to {keys.path}".encode() in screen.seen.replace(b"\r\n", b"")
    assert keys.plan.waves


def _target(astro: EmbeddedAstro) -> httpx.Client:
    """A client of the Airflow behind the one Deployment."""
    headers = {"Authorization": f"Bearer {astro.token}"}
    with httpx.Client(base_url=astro.url, headers=headers, trust_env=False, timeout=60) as http:
        organization = http.get("organizations").json()["organizations"][0]["id"]
        (found,) = http.get(f"organizations/{organization}/deployments").json()["deployments"]
    return httpx.Client(
        base_url=f"http://{found['webServerAirflowApiUrl']}", headers=headers, trust_env=False, timeout=60
    )
