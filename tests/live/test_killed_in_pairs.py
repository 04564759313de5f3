"""A real process, killed by SIGKILL at a line of its journal, and a second apply: for every line, on a fresh estate.

Both ends are servers on loopback, the simulated source and the embedded Astro with the fake Airflow 3 behind it, so
that hundreds of migrations take minutes; tests/live/test_migration.py does the same in one chain on real servers.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import tomli_w
from tests.harness import CONNECTIONS, DEPLOYMENT, NIGHTLY, POOLS, TICKS_ON, VARIABLES, PassingClock, Target

from astroferry.carry.journal import Journal
from astroferry.carry.probes.leftovers import KEY_PREFIX
from astroferry.carry.probes.probefile import DAG_ID
from astroferry.simulator.astro import EmbeddedAstro
from astroferry.simulator.source.embedded import EmbeddedSource
from astroferry.simulator.source.engine import Engine
from astroferry.simulator.source.estate import Estate

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from astroferry.simulator.astro import Seat
    from astroferry.simulator.source.specs import DagSpec

ASTROFERRY = ("-m", "astroferry")
KILLER = str(Path(__file__).parent / "killed_at.py")
AT_ONCE = 6
"""migrations at the same time; each waits most of its time"""
ANSWERS = {
    "name": "quay",
    "code": {"dags_folder": "dags"},
    "decisions": {"cluster": "standard", "networking": "public"},
    "values": {"connections": "starship", "variables": "api"},
    "cutover": {"poll": 0.1, "parse_timeout": 60},
    "workspaces": [{"name": "Quay"}],
    "deployments": [
        {"name": DEPLOYMENT, "workspace": "Quay", "executor": "ASTRO", "environment": {"REGION": "eu-central-1"}}
    ],
    "waves": [{"name": "all", "test": DEPLOYMENT, "production": DEPLOYMENT, "dags": ["*"]}],
}


class RealClock(PassingClock):
    """The time as it is."""

    def now(self) -> datetime:
        return datetime.now(UTC)


@dataclass
class Both:
    """Both ends and the folder of a plan."""

    folder: Path
    source: EmbeddedSource
    astro: EmbeddedAstro
    targets: list[Target]

    @property
    def environment(self) -> dict[str, str]:
        """What the command needs of it."""
        return {
            "ASTRO_API_URL": self.astro.url,
            "ASTRO_API_TOKEN": self.astro.token,
            "ASTROFERRY_SOURCE_USERNAME": self.source.username,
            "ASTROFERRY_SOURCE_PASSWORD": self.source.password,
            "ASTROFERRY_REPORTS": str(self.folder),
            "PYTHONPATH": os.pathsep.join(sys.path),
        }

    async def run(self, *words: str, through: tuple[str, ...] = ASTROFERRY, code: int = 0) -> None:
        """Run the command in a process of its own, which must end with `code`."""
        env = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ} | self.environment
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *through,
            *words,
            cwd=self.folder,
            env=env,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        said, _ = await process.communicate()
        assert process.returncode == code, f"{through} {words}: {process.returncode}\n{said.decode()[-3000:]}"

    def plain(self, text: str) -> str:
        """A text without what is other for each estate."""
        for ours, word in ((self.source.url, "SOURCE"), (self.astro.state.organization, "ORGANIZATION")):
            text = text.replace(ours, word)
        return text


@asynccontextmanager
async def estate(
    folder: Path, like: tuple[str, str] | None = None, dags: tuple[DagSpec, ...] = (TICKS_ON, NIGHTLY)
) -> AsyncIterator[Both]:
    """A fresh source and a fresh Astro; with the plan and the inventory of another estate where `like` gives them."""
    folder.mkdir()
    (folder / "dags").mkdir()
    began = datetime.now(UTC)
    held = Estate(
        Engine(dags, began - timedelta(minutes=5)),
        connections={item.conn_id: replace(item) for item in CONNECTIONS},
        variables={item.key: replace(item) for item in VARIABLES},
        starship="2.10.1",
        config={"core": {"executor": "CeleryExecutor"}, "secrets": {"backend": ""}},
    )
    held.pools |= {item.name: replace(item) for item in POOLS}
    held.write_dags(folder / "dags")
    targets: list[Target] = []

    def airflow(seat: Seat) -> Target:
        targets.append(Target(seat, dags, RealClock()))
        return targets[-1]

    async with (
        EmbeddedSource(held) as source,
        EmbeddedAstro(
            airflow_app_factory=airflow,
            folder=folder / "astro",
            rates={},
        ) as astro,
    ):
        both = Both(folder, source, astro, targets)
        if like is not None:
            for name, text in zip(("migration.toml", "inventory.json"), like, strict=True):
                named = text.replace("SOURCE", source.url).replace("ORGANIZATION", astro.state.organization)
                (folder / name).write_text(named, encoding="utf-8")
        yield both
        assert not astro.state.contract_violations


def shown(item: Any) -> dict[str, Any]:
    return {field.name: getattr(item, field.name) for field in fields(item)}


def created(both: Both) -> dict[str, int]:
    """What was made, counted from both servers' own request logs; keys of probes apart."""
    astro = {name: both.astro.state.count(name) for name in ("createWorkspace", "createDeployment")}
    (target,) = both.targets
    items: dict[str, int] = {}
    for sent in target.sent:
        kind = sent.path.rpartition("/")[2]
        if sent.made and kind in {"connections", "variables", "pools"} and KEY_PREFIX not in sent.body:
            items[kind] = items.get(kind, 0) + 1
    return astro | items


def end_state(both: Both) -> dict[str, Any]:
    """All that is compared: both servers' state, what was created, the plan, the journal's standing."""
    state = both.astro.state
    (deployment,) = state.deployments.values()
    (target,) = both.targets
    settings = {key: value for key, value in deployment.settings.items() if key != "workerQueues"}
    queues = [{**queue, "id": ""} for queue in deployment.settings["workerQueues"]]
    live = next(item for item in reversed(deployment.deploys) if item.shown["status"] == "DEPLOYED")
    standing = Journal(both.folder / "migration.journal.jsonl").standing()
    return {
        "workspaces": [(item["name"], item["description"]) for item in state.workspaces.values()],
        "deployment": (settings, queues, deployment.runtime, deployment.values()),
        "live deploy": (live.shown["description"], deployment.dags),
        "connections": {name: shown(item) for name, item in target.fake.connections.items()},
        "variables": {name: shown(item) for name, item in target.fake.variables.items()},
        "pools": {name: shown(item) for name, item in target.fake.pools.items()},
        "dags": {name: (dag.is_paused, len(dag.runs)) for name, dag in target.dags.items()},
        "created": created(both),
        "plan": both.plain((both.folder / "migration.toml").read_text(encoding="utf-8")),
        # A wait that was over before the second apply looked is found, not done: both are standings of rest.
        "journal": {
            name: ("rests" if item.event in {"done", "found"} else item.event) for name, item in standing.items()
        },
        "ours": {name: item.ours for name, item in standing.items() if not name.startswith(("healthy/", "arrived/"))},
        "files": sorted(path.name for path in both.folder.iterdir() if path.suffix != ".lock"),
        "source": (
            {name: asdict(item) for name, item in both.source.estate.connections.items()},
            {name: dag.is_paused for name, dag in both.source.estate.engine.dags.items()},
            sorted({method for method, path, _ in both.source.estate.requests if "/login" not in path}),
        ),
    }


async def test_every_line_of_the_journal_a_kill_and_a_second_apply(tmp_path: Path) -> None:
    async with estate(tmp_path / "undisturbed") as both:
        (both.folder / "answers.toml").write_text(tomli_w.dumps(ANSWERS), encoding="utf-8")
        await both.run("assess", both.source.url, "--out", "inventory.json")
        words = ("--inventory", "inventory.json", "--answers", "answers.toml", "--out", "migration.toml")
        await both.run("plan", *words)
        (both.folder / "answers.toml").unlink()
        like = tuple(
            both.plain((both.folder / name).read_text("utf-8")) for name in ("migration.toml", "inventory.json")
        )
        await both.run("apply", "migration.toml")
        wanted = end_state(both)
        lines = len(Journal(both.folder / "migration.journal.jsonl").entries)
    assert wanted["created"] == {
        "createWorkspace": 1, "createDeployment": 1, "connections": 2, "variables": 2, "pools": 1,
    }  # fmt: skip
    assert set(wanted["dags"]) == {"ticks_on", "nightly"}, f"no {DAG_ID} is left"
    room = asyncio.Semaphore(AT_ONCE)

    async def pair(number: int, when: str) -> None:
        async with room, estate(tmp_path / f"{number}-{when}", (like[0], like[1])) as both:
            killed = (KILLER, str(number), when)
            await both.run("apply", "migration.toml", through=killed, code=-signal.SIGKILL)
            await both.run("apply", "migration.toml")
            found = end_state(both)
            differs = {name: (found[name], wanted[name]) for name in wanted if found[name] != wanted[name]}
            assert not differs, (number, when, differs)

    pairs = [(number, when) for number in range(1, lines + 1) for when in ("before", "after")]
    async with asyncio.TaskGroup() as group:
        for number, when in pairs:
            group.create_task(pair(number, when))
    print(
        f"\n{lines} boundaries, {len(pairs)} kills by SIGKILL (before and after each), {len(pairs)} second applies: ",
        end="",
    )
    print("every end state equals that of an undisturbed run; created each time:", wanted["created"])
