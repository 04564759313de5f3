"""What a static graph cannot see: which libraries stand behind a quick verb, in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from tests.harness import World

if TYPE_CHECKING:
    from pathlib import Path

FACES = {"textual", "questionary", "prompt_toolkit", "rich", "keyring"}
NETWORK = {"httpx", "httpcore"}
SERVERS = {"starlette", "uvicorn", "jsonschema", "uv"}
WATCHED = FACES | NETWORK | SERVERS
SCRIPT = f"""
import json, sys
from astroferry.cli import main
try:
    code = main(sys.argv[1:])
except SystemExit as end:
    code = end.code or 0
print("\\nIMPORTED", json.dumps([code, sorted({WATCHED!r} & set(sys.modules))]))
"""


def imported(*argv: str) -> tuple[int, set[str]]:
    """The exit code, and which of the watched libraries were imported."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", SCRIPT, *argv], capture_output=True, text=True, check=False, timeout=60
    )
    line = next((line for line in done.stdout.splitlines() if line.startswith("IMPORTED")), "")
    assert line, done.stderr
    code, names = json.loads(line.removeprefix("IMPORTED"))
    return code, set(names)


@pytest.fixture
def plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    world = World(tmp_path, monkeypatch)
    world.planned()
    return str(world.plan_path)


@pytest.mark.parametrize("argv", [["--help"], ["--version"], ["apply", "--help"], ["fly"], []])
def test_help_imports_nothing_of_a_face_or_the_network(argv: list[str]) -> None:
    code, names = imported(*argv)
    assert code == (2 if argv in (["fly"], []) else 0)
    assert names == set()


@pytest.mark.parametrize("verb", ["show", "status"])
def test_verbs_that_only_read_files_open_no_face(plan: str, verb: str) -> None:
    code, names = imported(verb, plan)
    assert code == 0
    assert names == set()


def test_check_opens_no_face_and_no_server(plan: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ASTRO_API_TOKEN")
    monkeypatch.setenv("ASTROFERRY_SOURCE_TOKEN", "made-up")
    code, names = imported("check", plan)
    assert code == 5  # nobody answers at the source of a test
    # httpx itself imports rich for its own command, where rich is installed.
    assert not names & (FACES - {"rich"} | SERVERS)


def test_the_module_runs_as_the_command_does() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "astroferry", "--version"], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0
    assert done.stdout.startswith("astroferry ")
