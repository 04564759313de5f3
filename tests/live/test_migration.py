"""The whole way on real servers: Airflow 2.11 to a real Airflow 3.3 behind the embedded Astro, by the command.

The carrying is killed by SIGKILL at every line of its journal, once each, and carried on every time.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from tests.live import seeding

from astroferry.clients.connecting import connect_airflow, connect_starship
from astroferry.clients.credentials import SourceLogin
from astroferry.secrets.export_file import ConnectionsFile
from astroferry.simulator.real import RealAirflow

if TYPE_CHECKING:
    from collections.abc import Iterator

    from astroferry.simulator.astro import EmbeddedAstro

CANARY = "canary-7f3a91c2e8"
"""stands in every secret of the source, and must stand nowhere else"""
OURS = frozenset({"log", "session", "job"})
"""tables that a server writes by itself when it is read"""
ANSWERS = """\
name = "marlow"

[source]
url = "{url}"

[code]
dags_folder = "{dags}"

[decisions]
cluster = "standard"
networking = "public"

[values]
connections = "export-file"
connections_file = "{export}"
variables = "api"

[cutover]
poll = 1.0
parse_timeout = 300

[[workspaces]]
name = "Marlow"

[[deployments]]
name = "marlow-production"
workspace = "Marlow"
executor = "ASTRO"

[[waves]]
name = "all"
test = "marlow-production"
production = "marlow-production"
dags = ["*"]
"""


@dataclass
class Way:
    """The folder of the migration, and what the command is told by its environment."""

    folder: Path
    env: dict[str, str]
    source: RealAirflow
    astro: EmbeddedAstro
    dags: Path

    def run(self, *words: str, code: int = 0, through: tuple[str, ...] = ("-m", "astroferry")) -> str:
        """Run the command; its stdout. Everything said is kept for the canary test."""
        done = subprocess.run(
            [sys.executable, *through, *words],
            cwd=self.folder,
            env=self.env,
            capture_output=True,
            text=True,
            timeout=1800,
            check=False,
        )
        with (self.folder / "said.txt").open("a", encoding="utf-8") as said:
            said.write(done.stdout + done.stderr)
        assert done.returncode == code, f"{words}: {done.returncode}\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
        return done.stdout

    def target(self) -> tuple[str, dict[str, str]]:
        """Base URL and headers of the Airflow behind the one Deployment."""
        headers = {"Authorization": f"Bearer {self.astro.token}"}
        found = httpx.get(
            f"{self.astro.url}/organizations/{self.organization()}/deployments", headers=headers, trust_env=False
        ).json()["deployments"]
        assert len(found) == 1
        return "http://" + found[0]["webServerAirflowApiUrl"].rsplit("/api/", 1)[0], headers

    def organization(self) -> str:
        headers = {"Authorization": f"Bearer {self.astro.token}"}
        found = httpx.get(f"{self.astro.url}/organizations", headers=headers, trust_env=False).json()
        return str(found["organizations"][0]["id"])


@pytest.fixture(scope="module")
def source(real_211: RealAirflow, live_folder: Path, seed_code: tuple[Path, Path]) -> Iterator[RealAirflow]:
    """The seeded source from a copy of its database, without a scheduler: then nothing but us could change it."""
    home = live_folder / "source-still"
    home.mkdir()
    for name in real_211.home.iterdir():
        if name.is_file() and not name.name.startswith("airflow.db") and not name.name.endswith((".log", ".pid")):
            shutil.copy(name, home / name.name)
    with sqlite3.connect(real_211.database_file) as old, sqlite3.connect(home / "airflow.db") as new:
        old.backup(new)
    dags, plugins = seed_code
    with RealAirflow("2.11", home, dags, plugins_folder=plugins, mode="api-only", say=print) as server:
        with seeding.client(server) as http:
            for seen in seeding.connections():
                # One secret that is ours, in every connection.
                body = {**seen, "password": f"{CANARY}-{seen['connection_id']}"}
                answer = http.patch(f"{server.api}/connections/{seen['connection_id']}", json=body)
                assert answer.status_code == 200, answer.text
        yield server


@pytest.fixture(scope="module")
def way(source: RealAirflow, embedded_astro: EmbeddedAstro, live_folder: Path, seed_code: tuple[Path, Path]) -> Way:
    folder = live_folder / "way"
    folder.mkdir()
    env = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    env |= {
        "ASTRO_API_URL": embedded_astro.url,
        "ASTRO_API_TOKEN": embedded_astro.token,
        "ASTROFERRY_SOURCE_USERNAME": "admin",
        "ASTROFERRY_SOURCE_PASSWORD": source.users["admin"].reveal(),
        "ASTROFERRY_REPORTS": str(folder),
        "PYTHONPATH": os.pathsep.join(sys.path),
    }
    dags = seed_code[0]
    # The user's own export holds secrets, so it lies apart from what astroferry writes.
    export = seeding.export_connections(source, live_folder / "connections-export.json")
    export.chmod(0o600)
    (folder / "answers.toml").write_text(ANSWERS.format(url=source.url, dags=dags, export=export), "utf-8")
    return Way(folder, env, source, embedded_astro, dags)


LOGINS = {"ab_user": {"last_login", "login_count", "fail_login_count"}}
"""columns in which Airflow 2.11's own login counts every request with Basic credentials, whoever sends it"""


def rows(database: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table but OURS, without the LOGINS."""
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
        tables = [name for (name,) in connection.execute("select name from sqlite_master where type = 'table'")]
        found = {}
        for table in set(tables) - OURS:
            columns = [name for _, name, *_ in connection.execute(f'pragma table_info("{table}")')]
            kept = ", ".join(f'"{name}"' for name in columns if name not in LOGINS.get(table, ()))
            found[table] = sorted(connection.execute(f'select {kept} from "{table}"'), key=repr)
        return found


def test_the_whole_migration_killed_at_every_line_of_its_journal(way: Way) -> None:
    before = rows(way.source.database_file)
    way.run("assess", way.source.url, "--out", "inventory.json")
    inventory = json.loads((way.folder / "inventory.json").read_text("utf-8"))
    assert len(inventory["dags"]) == seeding.DAGS >= 40
    assert sum(seen["origin"] == "metadata" for seen in inventory["connections"]) == 12
    assert sum(seen["origin"] == "metadata" for seen in inventory["variables"]) == 11
    assert len(inventory["pools"]) == 4
    way.run("plan", "--inventory", "inventory.json", "--answers", "answers.toml", "--out", "migration.toml")
    assert json.loads(way.run("check", "migration.toml", "--json"))["ready"]
    way.run("show", "migration.toml")

    used_up = way.folder / "boundaries"
    killer = str(Path(__file__).parent / "killed.py")
    way.run("apply", "migration.toml", "--json", through=(killer, str(used_up)))
    boundaries = used_up.read_text("utf-8").splitlines()
    kills = len(used_up.with_suffix(".kills").read_text("utf-8").splitlines())
    print(f"\n{len(boundaries)} boundaries of the journal, {kills} kills")
    assert kills == len(boundaries) == len(set(boundaries))
    items = 12 + 11 + 3
    assert kills >= 3 * items, "every item has a begin, an applied and a done line"

    created = [
        (one.method, one.path) for one in way.astro.state.requests if one.method == "POST" and one.status < 300
    ]
    assert way.astro.state.count("createWorkspace") == 1
    assert way.astro.state.count("createDeployment") == 1
    for kind, number in (("connections", 12), ("variables", 11), ("pools", 3)):
        made = sum(path.endswith(f"/api/v2/{kind}") for _, path in created)
        # The values probe makes one variable for its key, each time it runs.
        probes = sum("/dagRuns" in path and "astroferry_probe" in path for _, path in created)
        assert made == number + (probes if kind == "variables" else 0), kind
    assert not way.astro.state.contract_violations

    after = rows(way.source.database_file)
    assert after.keys() == before.keys()
    changed = [table for table in before if after[table] != before[table]]
    assert not changed, "reading never changes the source"


def test_a_second_apply_does_nothing(way: Way) -> None:
    number = len(way.astro.state.requests)
    way.run("apply", "migration.toml", "--stage", "dags")
    after = way.astro.state.requests[number:]
    assert {one.method for one in after} == {"GET"}


def test_every_value_is_the_same_on_the_target(way: Way) -> None:
    (told,) = json.loads(way.run("verify", "migration.toml", "--json"))
    print()
    for row in told["rows"]:
        print(f"{row['kind']:10} {row['id']:28} {row['outcome']:12} {', '.join(row['compared'])}; {row['reach']}")
    assert told["equal"]
    assert len(told["rows"]) == 23
    assert all(row["outcome"] in {"same", "unreachable"} for row in told["rows"])
    fields = {"conn_type", "host", "login", "password", "schema", "port", "extra"}
    assert all(fields <= set(row["compared"]) for row in told["rows"] if row["kind"] == "connection")
    assert all("value" in row["compared"] for row in told["rows"] if row["kind"] == "variable")


def test_every_dag_lies_parsed_and_paused_and_nothing_of_ours_is_left(way: Way) -> None:
    base, headers = way.target()
    with httpx.Client(headers=headers, trust_env=False, timeout=60) as http:
        dags = http.get(f"{base}/api/v2/dags", params={"limit": 100}).json()["dags"]
        wanted = {dag["dag_id"] for dag in json.loads((way.folder / "inventory.json").read_text("utf-8"))["dags"]}
        assert {dag["dag_id"] for dag in dags} == wanted
        assert all(dag["is_paused"] for dag in dags)
        keys = {
            item["key"] for item in http.get(f"{base}/api/v2/variables", params={"limit": 100}).json()["variables"]
        }
        assert keys == {item["key"] for item in seeding.variables()}


async def test_starship_gives_the_same_values_as_an_export(way: Way) -> None:
    login = SourceLogin(username="admin", password=way.source.users["admin"])
    airflow = await connect_airflow(way.source.url, login)
    starship = await connect_starship(airflow, login)
    assert starship is not None
    try:
        told = await starship.connections()
        wanted = [seen.conn_id for seen in await airflow.connections()]
        exported = await ConnectionsFile(way.folder.parent / "connections-export.json").read(wanted, ())
        assert told.keys() == exported.connections.keys() == set(wanted)
        for conn_id, value in told.items():
            other = exported.connections[conn_id]
            for field in ("host", "login", "password", "schema"):
                mine, its = getattr(value, field), getattr(other, field)
                # Revealed inside `bool`, so that a failing assertion cannot print a secret.
                assert bool((mine.reveal() if mine else "") == (its.reveal() if its else "")), (conn_id, field)
        assert (await starship.variables()).keys() == {item["key"] for item in seeding.variables()}
    finally:
        await starship.http.aclose()
        await airflow.http.aclose()


def test_a_planted_difference_is_found_and_named(way: Way) -> None:
    base, headers = way.target()
    connection = seeding.connections()[0]["connection_id"]
    with httpx.Client(headers=headers, trust_env=False, timeout=60) as http:
        path = f"{base}/api/v2/connections/{connection}"
        was = http.get(path).json()
        changed = {"connection_id": connection, "conn_type": was["conn_type"], "password": "another"}
        assert http.patch(path, params={"update_mask": "password"}, json=changed).status_code == 200
    (told,) = json.loads(way.run("verify", "migration.toml", "--json", code=6))
    assert [(row["id"], row["differing"]) for row in told["rows"] if row["outcome"] == "differs"] == [
        (connection, ["password"])
    ]


def test_the_canary_is_nowhere(way: Way) -> None:
    secrets = [CANARY, way.env["ASTRO_API_TOKEN"], way.env["ASTROFERRY_SOURCE_PASSWORD"]]
    files = [path for path in way.folder.rglob("*") if path.is_file()]
    assert {"migration.toml", "inventory.json", "migration.journal.jsonl", "said.txt"} <= {
        path.name for path in files
    }
    for path in files:
        text = path.read_bytes()
        assert not [secret[:8] for secret in secrets if secret.encode() in text], path.name
