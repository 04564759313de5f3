"""The two consoles on a real terminal device: lines, hidden lines, the end of input, Ctrl+C."""

from __future__ import annotations

import asyncio
import os
import pty
import select
import signal
import sys
import termios
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from prompt_toolkit.application import create_app_session
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput

from astroferry import diagnostics
from astroferry.faces.prompts.console import EndOfInputError, InterruptedAskingError
from astroferry.faces.prompts.terminal import BareConsole, QuestionaryConsole, console

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def keyboard(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """The other end of the terminal that stdin is."""
    ours, theirs = pty.openpty()
    with os.fdopen(theirs, "r", encoding="utf-8") as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        yield ours
    os.close(ours)


@contextmanager
def typed(*keys: str) -> Iterator[None]:
    """prompt_toolkit with a keyboard of ours."""
    with create_pipe_input() as pipe, create_app_session(input=pipe, output=DummyOutput()):
        for key in keys:
            pipe.send_text(key)
        yield


async def test_bare_lines(keyboard: int, capsys: pytest.CaptureFixture[str]) -> None:
    os.write(keyboard, "Häfen\nnext\n".encode())
    bare = BareConsole()
    assert await bare.line("Name", "acme") == "Häfen"
    assert await bare.line("Then") == "next"
    bare.say("done")
    assert capsys.readouterr().out == "Name [acme]: Then: done\n"


@pytest.mark.parametrize("which", [BareConsole, QuestionaryConsole])
async def test_nothing_is_asked_where_nobody_reads(monkeypatch: pytest.MonkeyPatch, which: type[BareConsole]) -> None:
    monkeypatch.setattr(diagnostics, "_LOST", [BrokenPipeError()])
    with pytest.raises(EndOfInputError):
        await which().line("Name")


async def test_bare_hidden_lines_are_not_echoed(keyboard: int) -> None:
    asked = asyncio.ensure_future(BareConsole().line("Token", hidden=True))
    while termios.tcgetattr(sys.stdin.fileno())[3] & termios.ECHO:  # noqa: ASYNC110 - the terminal tells nobody
        await asyncio.sleep(0)
    os.write(keyboard, b"sesame-0x1\n")
    assert await asked == "sesame-0x1"
    assert termios.tcgetattr(sys.stdin.fileno())[3] & termios.ECHO
    assert select.select([keyboard], [], [], 0)[0] == [], "the terminal echoed nothing"


async def test_bare_end_of_input(keyboard: int) -> None:
    os.write(keyboard, b"\x04")
    with pytest.raises(EndOfInputError):
        await BareConsole().line("Name")


async def test_bare_ctrl_c(keyboard: int) -> None:
    asked = asyncio.ensure_future(BareConsole().line("Name"))
    await asyncio.sleep(0)
    os.kill(os.getpid(), signal.SIGINT)
    with pytest.raises(InterruptedAskingError):
        await asked


async def test_questionary_lines(capsys: pytest.CaptureFixture[str]) -> None:
    with typed("hosted\r"):
        assert await QuestionaryConsole().line("Where", "remote", words=("hosted", "remote")) == "hosted"
    with typed("dags\r"):
        assert await QuestionaryConsole().line("Folder", path=True) == "dags"
    with typed("sesame-0x1\r"):
        assert await QuestionaryConsole().line("Token", hidden=True) == "sesame-0x1"
    QuestionaryConsole().say("done")
    assert capsys.readouterr().out == "done\n"


async def test_questionary_end_and_ctrl_c() -> None:
    with typed("\x04"), pytest.raises(EndOfInputError):
        await QuestionaryConsole().line("Name")
    with typed("\x03"), pytest.raises(InterruptedAskingError):
        await QuestionaryConsole().line("Name")


@pytest.mark.parametrize(("term", "kind"), [("dumb", BareConsole), ("", BareConsole), ("xterm", QuestionaryConsole)])
def test_which_console(monkeypatch: pytest.MonkeyPatch, term: str, kind: type) -> None:
    monkeypatch.setenv("TERM", term)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    assert isinstance(console(), kind)
