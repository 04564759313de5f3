"""The whole way by keys alone: the wizard in a real terminal, between a real Airflow 2.11 and a real 3.3.

The servers are this test's own and small: two DAGs that tick every 20 seconds and write each tick into a ledger. What
is pressed is decided by the plan, the journal and the servers, never by a pause; the screen is only looked at to know
that a key will be taken by the screen it is meant for. What is asserted is the plan, the journal, the ledger and the
servers' state.
"""

from __future__ import annotations

import shutil
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import httpx
import pytest
from tests.live import ledger, seeding
from tests.live.conftest import SCHEDULE, Loop
from tests.terminal import DOWN, ENTER, F2, F7, F10, TAB, Terminal, terminal

from astroferry.carry.journal import Journal
from astroferry.carry.opening import journal_path
from astroferry.faces.navigator import STOPS
from astroferry.model import planfile
from astroferry.simulator.astro import EmbeddedAstro
from astroferry.simulator.real import RealAirflow, factory

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from astroferry.carry.journal import Standing
    from astroferry.model.plan import Plan

HOME, END = "\x1b[H", "\x1b[F"
ALL, LATEST = seeding.LEDGER_DAGS
"""one that catches up, and one that does not"""
WAVE, DEPLOYMENT = "by-keys", "marlow-production"
BEFORE_CUTOVER = ("network-reach", "alerts", "people-invited", "rollback-plan")
"""what no machine can see here: the seed's hosts are nowhere, and the embedded Astro has no alerts and no people"""
BEFORE_LEAVING = (
    "old-services-stopped",
    "old-database-removed",
    "old-infrastructure-removed",
    "old-access-revoked",
)
PERSON = "Olivia Owner"
EVIDENCE = "c copy"
"""in the keys of a page of text"""
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

    @property
    def standing(self) -> dict[str, Standing]:
        return Journal(journal_path(self.path)).standing()

    @property
    def state(self) -> str:
        """Of the one wave."""
        return self.plan.wave(WAVE).state

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

    def give_words(self, wanted: tuple[str, ...]) -> None:
        """Through a checklist: a person's word where one is asked for, the evidence elsewhere."""
        self.screen.press(HOME)
        for _ in range(20):
            said = self.said
            if said >= set(wanted):
                break
            self.screen.send(ENTER)
            self.screen.wait_until(lambda: self._asked or EVIDENCE in self.screen.text, "the check in full")
            if self._asked:
                self.screen.send(PERSON, ENTER)
                self.screen.wait_until(lambda said=said: self.said > said, "the name in the plan")  # type: ignore[misc] # bound now
                # The cursor goes on to the next open check by itself.
                self.screen.wait_until(lambda: not self._asked, "back in the checklist")
                self.screen.settle()
            else:
                self.screen.send("q")
                self.screen.wait_until(lambda: EVIDENCE not in self.screen.text, "back in the checklist")
                self.screen.press(DOWN)
        assert self.said >= set(wanted), self.screen.text

    @property
    def said(self) -> set[str]:
        """What the plan says that the person has confirmed."""
        return {item.what for item in self.plan.confirmed if item.by == PERSON}

    @property
    def _asked(self) -> bool:
        return "Whose word is it" in self.screen.text


@pytest.fixture(scope="module")
def folder(live_folder: Path) -> Path:
    """Where the plan lies, and around it the servers and their code."""
    made = live_folder / "keys"
    made.mkdir()
    return made


@pytest.fixture(scope="module")
def code(live_folder: Path) -> Path:
    """The source's DAG folder: the two DAGs alone, so that parsing takes no time."""
    dags = live_folder / "keys-dags"
    shutil.copytree(seeding.SEED / "dags" / "marlow", dags / "marlow", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(seeding.SEED / "dags" / "platform" / "platform_ticks.py", dags)
    return dags


@pytest.fixture(scope="module")
def written(live_folder: Path) -> Path:
    """The ledger of both sides."""
    return live_folder / "keys-ledger.jsonl"


@pytest.fixture(scope="module")
def env(written: Path) -> dict[str, str]:
    start = datetime.now(UTC).replace(second=0, microsecond=0)
    return {"LEDGER": str(written), "LEDGER_SCHEDULE": SCHEDULE, "LEDGER_START": start.isoformat()}


@pytest.fixture(scope="module")
def source(live_folder: Path, code: Path, env: dict[str, str], written: Path) -> Iterator[RealAirflow]:
    """An Airflow 2.11 whose two DAGs run."""
    # What it says of parsing goes to Astro with the rest of its configuration, and a cutover waits for a parse there.
    server = RealAirflow(
        "2.11",
        live_folder / "keys-source",
        code,
        env={**env, "LEDGER_SIDE": "source"},
        parse_first=True,
        say=print,
    )
    with server:
        seeding.seed(server, dags=2)
        with seeding.client(server) as http:
            for dag_id in (ALL, LATEST):
                answer = http.patch(f"{server.api}/dags/{dag_id}", json={"is_paused": False})
                assert answer.status_code == 200, answer.text
        until = time.monotonic() + LONG
        while {entry.dag for entry in ledger.read(written)} != {ALL, LATEST}:
            assert time.monotonic() < until, "the source's DAGs do not run"
            time.sleep(0.5)
        yield server


@pytest.fixture(scope="module")
def astro(live_folder: Path, env: dict[str, str]) -> Iterator[EmbeddedAstro]:
    """The embedded Astro with a real Airflow 3.3 per Deployment."""
    airflow = factory(live_folder / "keys-airflow", env={**env, "LEDGER_SIDE": "target"}, say=print)
    loop = Loop()
    try:
        made = EmbeddedAstro(airflow_factory=airflow, folder=live_folder / "keys-astro")
        loop.run(made.__aenter__())
        try:
            yield made
        finally:
            loop.run(made.__aexit__(None, None, None))
    finally:
        loop.close()


@pytest.fixture(scope="module")
def keys(source: RealAirflow, astro: EmbeddedAstro, folder: Path) -> Iterator[Keys]:
    given = {
        "ASTRO_API_URL": astro.url,
        "ASTRO_API_TOKEN": astro.token,
        "ASTROFERRY_SOURCE_USERNAME": "admin",
        "ASTROFERRY_SOURCE_PASSWORD": source.users["admin"].reveal(),
        "ASTROFERRY_REPORTS": str(folder),
    }
    with terminal(folder, given=given) as screen:
        yield Keys(screen, folder)


def test_every_stage_is_decided(keys: Keys, source: RealAirflow, code: Path) -> None:
    screen = keys.screen
    screen.wait_for("Start a new migration")
    screen.send(ENTER)
    screen.wait_for("be called")
    screen.send("marlow", ENTER)
    screen.wait_for("Acme Data", LONG)
    keys.decide("prerequisites")
    keys.at("source")
    screen.send(source.url)
    screen.wait_for(source.url)
    screen.send(TAB)
    screen.wait_for("↑↓ choose")
    screen.send(TAB)
    screen.wait_for("→ complete")
    screen.send(str(code))
    screen.wait_for(code.name)
    keys.decide("source")
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
    screen.press("/")
    screen.send("platform_ticks", ENTER)
    screen.wait_for("2 shown")
    screen.press("a")
    screen.wait_for("2 marked")
    screen.send("w")
    screen.wait_for("into which wave?")
    screen.press(END, ENTER)
    screen.wait_for("Name of the new wave")
    screen.send(WAVE, ENTER)
    screen.wait_for("0 marked")
    screen.send(F2)
    screen.wait_for(f'name = "{WAVE}"')
    keys.decide("waves")
    keys.at("review")
    plan = keys.plan
    assert plan.name == "marlow"
    assert plan.source.url == source.url
    assert (plan.decisions.airflow, plan.decisions.cluster, plan.decisions.networking) == ("3", "standard", "public")
    assert (plan.values.connections, plan.values.variables) == ("starship", "api")
    assert [item.name for item in plan.deployments] == [DEPLOYMENT]
    ids = (ALL, LATEST)
    assert {wave.name: plan.dags_of(wave, ids) for wave in plan.waves} == {WAVE: ids, "all": ()}
    assert "review" not in plan.decided


def test_it_is_carried_out_compared_and_paused(keys: Keys, source: RealAirflow, astro: EmbeddedAstro) -> None:
    assert not astro.state.count("createDeployment"), "nothing before the review is confirmed"
    keys.screen.send(F2)
    keys.confirm()
    keys.screen.wait_until(lambda: keys.state == "tested", "every value compared", 2 * LONG)
    assert {item.event for item in keys.standing.values()} <= {"done", "found", "note"}, "nothing failed"
    state = astro.state
    created = [one.path for one in state.requests if one.method == "POST" and one.status < 300]
    assert (state.count("createWorkspace"), state.count("createDeployment")) == (1, 1)
    assert sum(path.endswith("/api/v2/connections") for path in created) == 12
    assert sum(path.endswith("/api/v2/pools") for path in created) == 3
    assert not state.contract_violations
    assert _paused(source) == {ALL: False, LATEST: False}
    assert _paused(astro) == {ALL: True, LATEST: True}


def test_the_wave_is_cut_over(keys: Keys, source: RealAirflow, astro: EmbeddedAstro) -> None:
    screen = keys.screen
    screen.settle()
    screen.send(F2)
    keys.at("cutover")
    # Before the words of people there is only the checklist, and nothing has moved.
    screen.press("c")
    screen.wait_for(f'Before "{WAVE}" is cut over', LONG)
    assert not [key for key in keys.standing if key.startswith("cutover/")]
    assert _paused(source) == {ALL: False, LATEST: False}
    keys.give_words(BEFORE_CUTOVER)
    screen.press("q", "c")
    keys.confirm()
    screen.wait_until(lambda: keys.state == "cut over", "the wave runs on Astro", 2 * LONG)
    assert _paused(source) == {ALL: True, LATEST: True}
    assert _paused(astro) == {ALL: False, LATEST: False}
    steps = {"record", "drain-source", "mark", "unpause", "gap-target", "watch-target"}
    for dag_id in (ALL, LATEST):
        events = {
            key.rpartition("/")[2]: item.event
            for key, item in keys.standing.items()
            if key.startswith(f"cutover/{WAVE}/{dag_id}/")
        }
        assert set(events.values()) <= {"done", "found"}, events
        assert len(events) == len(steps), events


def test_one_dag_is_rolled_back(keys: Keys, source: RealAirflow, astro: EmbeddedAstro) -> None:
    screen = keys.screen
    screen.settle()
    # The list of DAGs is in the inventory's order.
    screen.press(TAB, HOME, *[DOWN] * (ALL, LATEST).index(LATEST), "d")
    screen.wait_for(f'Give the DAG "{LATEST}" back')
    keys.confirm()
    back = f"rollback/{WAVE}/{LATEST}/watch-source"
    screen.wait_until(
        lambda: back in keys.standing and keys.standing[back].event in {"done", "found"},
        "the DAG runs on the source again",
        2 * LONG,
    )
    # Its ticks are counted then; until that has ended nothing else is begun.
    screen.wait_for(f"{LATEST} runs on the source again", LONG)
    assert _paused(source) == {ALL: True, LATEST: False}
    assert _paused(astro) == {ALL: False, LATEST: True}
    assert not [key for key in keys.standing if key.startswith(f"rollback/{WAVE}/{ALL}/")]
    assert keys.state == "cut over", "the rest of the wave stays where it is"


def test_the_watch_runs_to_its_end(keys: Keys) -> None:
    screen = keys.screen
    screen.settle()
    screen.send(F2)
    keys.at("watch")
    screen.press("w")
    note = f"watch/{WAVE}/{ALL}/cycle"
    screen.wait_until(
        lambda: note in keys.standing and keys.standing[note].made.get("verdict") == "well",
        "a first full cycle that went well",
        2 * LONG,
    )
    assert keys.standing[note].event == "found"
    assert keys.standing[note].made["twice"] == keys.standing[note].made["missed"] == 0
    assert f"watch/{WAVE}/{LATEST}/cycle" not in keys.standing, "what was given back is not watched"


def test_the_old_side_may_not_go_yet(keys: Keys, source: RealAirflow) -> None:
    screen = keys.screen
    screen.settle()
    screen.send(F2)
    keys.at("decommission")
    screen.press("c")
    screen.wait_for("not met", LONG)
    keys.give_words(BEFORE_LEAVING)
    screen.press("r")
    screen.settle()
    # A DAG runs on the source and Starship is there: no word of a person's makes up for that.
    assert keys.state == "cut over"
    assert not [key for key in keys.standing if key.startswith("decommission/")], "no backup of what still runs"
    assert _paused(source) == {ALL: True, LATEST: False}


def test_leaving_saves_and_says_where(keys: Keys) -> None:
    screen = keys.screen
    screen.press(F10)
    screen.wait_for("Save and leave")
    screen.press(DOWN)
    screen.send(ENTER)
    assert screen.ends() == 0
    assert f"Saved to {keys.path}".encode() in screen.seen.replace(b"\r\n", b"")
    assert keys.state == "cut over"
    assert keys.said == {*BEFORE_CUTOVER, *BEFORE_LEAVING}


def test_every_tick_has_run_exactly_once(keys: Keys, source: RealAirflow, written: Path) -> None:
    first = {dag_id: min(e.logical_date for e in ledger.read(written) if e.dag == dag_id and e.logical_date)
             for dag_id in (ALL, LATEST)}  # fmt: skip
    now = datetime.now(UTC)
    # The one that catches up owes every tick since its start, the other since its first.
    expected = ledger.expected_of_many(source, {ALL: None, LATEST: first[LATEST]}, now)
    until = time.monotonic() + LONG
    while True:
        entries = [entry for entry in ledger.read(written) if entry.tick is None or entry.tick <= now]
        found = ledger.compare(entries, expected)
        if all(_passed_over(key, entries) for key in found.missing) or time.monotonic() > until:
            break
        time.sleep(1)
    print(found.table())
    assert (found.twice, found.unexpected, found.differs) == ((), (), ())
    missing = [key for key in found.missing if not _passed_over(key, entries)]
    assert not missing, missing
    sides = {dag_id: {entry.side for entry in entries if entry.dag == dag_id} for dag_id in (ALL, LATEST)}
    assert sides == {ALL: {"source", "target"}, LATEST: {"source", "target"}}
    latest = [entry.side for entry in sorted(entries, key=lambda e: e.tick or now) if entry.dag == LATEST]
    assert (latest[0], latest[-1]) == ("source", "source"), "it has come back"
    assert now - max(e.tick for e in entries if e.tick) < timedelta(minutes=2)


def _passed_over(missing: tuple[str, datetime], entries: list[ledger.Entry]) -> bool:
    """Whether one side's own scheduler was a whole period late and passed over a tick, as catchup=False lets it.

    Where the runs before and after it were on two sides, it was lost between them.
    """
    dag_id, tick = missing
    mine = [entry for entry in entries if entry.dag == dag_id and entry.tick]
    before = max((e for e in mine if e.tick and e.tick < tick), key=lambda e: e.tick or tick, default=None)
    after = min((e for e in mine if e.tick and e.tick > tick), key=lambda e: e.tick or tick, default=None)
    return dag_id == LATEST and before is not None and after is not None and before.side == after.side


def _paused(server: RealAirflow | EmbeddedAstro) -> dict[str, bool]:
    """DAG id -> whether it is paused, by the server itself; of Astro, by the Airflow behind the one Deployment."""
    if isinstance(server, RealAirflow):
        headers, url = server.headers(), f"{server.api}/dags"
    else:
        headers = {"Authorization": f"Bearer {server.token}"}
        found = httpx.get(f"{server.url}/organizations", headers=headers, trust_env=False).json()
        there = f"{server.url}/organizations/{found['organizations'][0]['id']}/deployments"
        (deployment,) = httpx.get(there, headers=headers, trust_env=False).json()["deployments"]
        url = f"http://{deployment['webServerAirflowApiUrl']}/dags"
    answer = httpx.get(url, headers=headers, params={"limit": 100}, trust_env=False, timeout=60)
    return {dag["dag_id"]: dag["is_paused"] for dag in answer.json()["dags"]}
