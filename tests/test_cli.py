"""The command line itself: help, wrong usage, signals, a reader that leaves, and a bug that becomes a report."""

from __future__ import annotations

import asyncio
import errno
import io
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from astroferry import __version__, cli, diagnostics
from astroferry.errors import Exit, UnreachableError
from astroferry.faces.headless import doctor, status
from astroferry.faces.which import choose

if TYPE_CHECKING:
    import argparse
    from pathlib import Path


def test_help_names_the_verbs_and_the_exit_codes(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        cli.main(["--help"])
    assert end.value.code == 0
    said = capsys.readouterr().out
    for verb in ("demo", "assess", "plan", "check", "show", "apply", "verify", "cutover", "rollback", "status"):
        assert f"\n    {verb} " in said
    for code in ("0 done", "7 plan in use"):
        assert code in said


def test_the_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["--version"])
    assert capsys.readouterr().out == f"astroferry {__version__}\n"


@pytest.mark.parametrize(
    "argv",
    [["fly"], ["apply"], ["apply", "p", "--nope"], ["simulate", "--port", "x"], ["simulate", "--port", "99999999"]],
)
def test_wrong_usage_is_one_sentence(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(argv) == Exit.USAGE
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("astroferry: ")
    assert "--help" in said.err
    assert said.err.count("\n") == 1


def test_a_moment_that_is_none_is_told_before_anything_is_read(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["cutover", "nowhere.toml", "--wave", "w", "--at", "25:99"]) == Exit.USAGE
    assert '--at "25:99" is no moment.' in capsys.readouterr().err


def test_flags_stand_before_or_after_the_verb() -> None:
    before = cli.parser().parse_args(["--json", "--no-input", "status", "p"])
    after = cli.parser().parse_args(["status", "p", "--json", "--no-input"])
    assert (before.json, before.no_input, before.plain, before.confirm) == (True, True, False, "")
    assert vars(before) == vars(after)


def run_as(monkeypatch: pytest.MonkeyPatch, raised: BaseException) -> int:
    async def run(_arguments: argparse.Namespace) -> Exit:
        await asyncio.sleep(0)
        raise raised

    monkeypatch.setattr(status, "run", run)
    return cli.main(["status", "plan"])


def test_an_error_of_ours_is_a_sentence_with_its_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_as(monkeypatch, UnreachableError("Nobody is there.", hint="Call later.")) == Exit.REMOTE
    assert capsys.readouterr().err == "astroferry: Nobody is there. Call later.\n"


def test_an_interruption_is_told(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_as(monkeypatch, KeyboardInterrupt()) == Exit.INTERRUPTED
    assert "interrupted; what was done is saved" in capsys.readouterr().err


def test_a_bug_becomes_a_report(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("ASTROFERRY_REPORTS", str(tmp_path))
    assert run_as(monkeypatch, ZeroDivisionError("by zero")) == Exit.BUG
    said = capsys.readouterr().err
    assert "this is a bug in astroferry (ZeroDivisionError)" in said
    assert "Traceback" not in said
    (report,) = tmp_path.iterdir()
    assert "by zero" in report.read_text(encoding="utf-8")


def test_a_cancellation_that_is_not_ours_is_not_swallowed(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(asyncio.CancelledError):
        run_as(monkeypatch, asyncio.CancelledError())


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGHUP, Exit.HANGUP), (signal.SIGTERM, Exit.TERMINATED)], ids=["SIGHUP", "SIGTERM"]
)
def test_a_signal_ends_it_cleanly(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], number: int, code: Exit
) -> None:
    cleaned: list[str] = []

    async def run(_arguments: argparse.Namespace) -> Exit:
        try:
            os.kill(os.getpid(), number)
            await asyncio.Event().wait()
        finally:
            cleaned.append("up")
        return Exit.DONE

    monkeypatch.setattr(status, "run", run)
    assert cli.main(["status", "plan"]) == code
    assert cleaned == ["up"]
    assert "ended by a signal; what was done is saved" in capsys.readouterr().err


def test_a_reader_that_has_enough_is_no_bug_and_no_verdict() -> None:
    script = (
        "import sys; from astroferry.cli import main; from astroferry.faces.headless import doctor\n"
        "async def run(a):\n    from astroferry import diagnostics, errors\n"
        "    for _ in range(100000): diagnostics.data('x' * 100)\n"
        "    raise errors.CarriedInPartError('One step failed.')\n"
        "doctor.run = run\nsys.exit(main(['doctor']))"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == "astroferry: One step failed.\n"
        assert process.wait(timeout=60) == Exit.IN_PART


@pytest.mark.parametrize("code", [Exit.DONE, Exit.IN_PART])
def test_a_result_that_cannot_be_written_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], code: Exit
) -> None:
    class Full(io.StringIO):
        def write(self, _text: str) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    async def run(_arguments: argparse.Namespace) -> Exit:
        diagnostics.data("all of it")
        return code

    monkeypatch.setattr(diagnostics, "_LOST", [])
    monkeypatch.setattr(status, "run", run)
    monkeypatch.setattr(sys, "stdout", Full())
    assert cli.main(["status", "plan"]) == (code or Exit.PLAN)
    if code == Exit.DONE:
        assert "could not be written to stdout: No space left on device." in capsys.readouterr().err


def test_doctor_tells_of_this_machine_and_no_value(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ASTRO_API_TOKEN", "a-made-up-token")
    monkeypatch.setenv("https_proxy", "http://me:pw@proxy.example")
    monkeypatch.setenv("TERM", "")
    assert cli.main(["doctor"]) == 0
    page = capsys.readouterr().out
    assert "astroferry" in page
    assert cli.main(["doctor", "--json", "--no-input"]) == 0
    data = capsys.readouterr().out
    assert '"face": "headless: --no-input"' in data
    assert '"ASTRO_API_TOKEN": "set"' in data
    assert '"HTTPS_PROXY": "set"' in data
    for text in (page, data):
        assert "a-made-up-token" not in text
        assert "me:pw" not in text


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({}, "no"),
        ({"SSH_CONNECTION": "x", "TMUX": "y"}, "yes, inside tmux or screen"),
        ({"SSH_CONNECTION": "x"}, "yes, not inside tmux"),
    ],
)
def test_doctor_advises_tmux_over_ssh(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], said: str
) -> None:
    for name in ("SSH_CONNECTION", "TMUX", "STY"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert doctor._ssh().startswith(said)


def test_doctor_names_what_is_not_installed() -> None:
    assert doctor._version("no-such-package-at-all") == "not installed"


class Stream:
    """Stands for stdin or stderr."""

    def __init__(self, *, tty: bool, encoding: str = "utf-8") -> None:
        self._tty, self.encoding = tty, encoding

    def isatty(self) -> bool:
        return self._tty


@pytest.mark.parametrize(
    ("given", "face", "why"),
    [
        ({"no_input": True}, "headless", "--no-input"),
        ({"ci": "true"}, "headless", "CI is set"),
        ({"stdin": False}, "headless", "stdin is not a terminal"),
        ({"plain": True}, "plain", "--plain"),
        ({"stderr": False}, "plain", "stderr is not a terminal"),
        ({"term": ""}, "plain", "TERM is not set"),
        ({"term": "dumb"}, "plain", "TERM is dumb"),
        ({"encoding": "latin-1"}, "plain", "the terminal's encoding is not UTF-8"),
        ({}, "full-screen", "a terminal that can show it"),
    ],
)
def test_which_face_speaks_and_why(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, Any], face: str, why: str
) -> None:
    monkeypatch.setenv("CI", given.get("ci", ""))
    monkeypatch.setenv("TERM", given.get("term", "xterm-256color"))
    monkeypatch.setattr(sys, "stdin", Stream(tty=given.get("stdin", True)))
    stderr = Stream(tty=given.get("stderr", True), encoding=given.get("encoding", "UTF-8"))
    monkeypatch.setattr(sys, "stderr", stderr)
    assert choose(no_input=given.get("no_input", False), plain=given.get("plain", False)) == (face, why)
