"""The consoles of the plain face: questionary where the terminal can do it, bare lines where it can do nothing."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import termios
from typing import TYPE_CHECKING, Any

from astroferry import diagnostics
from astroferry.faces.prompts.console import EndOfInputError, InterruptedAskingError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from astroferry.faces.prompts.console import Console

DUMB = frozenset({"", "dumb", "unknown"})


def console() -> Console:
    """The one for this terminal. What it cannot write is written with a question mark."""
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="replace")
    dumb = os.environ.get("TERM", "") in DUMB or not sys.stdout.isatty()
    return BareConsole() if dumb else QuestionaryConsole()


def _must_be_read() -> None:
    """EndOfInputError where nobody reads the questions any more; what is being carried out goes on."""
    if diagnostics.nobody_reads():
        raise EndOfInputError


class QuestionaryConsole:
    """One line at a time with editing, completion by Tab, and history of none: answers may be names of servers."""

    def say(self, text: str = "") -> None:
        """A line on stdout."""
        diagnostics.data(text)

    async def line(
        self, prompt: str, default: str = "", *, hidden: bool = False, words: Sequence[str] = (), path: bool = False
    ) -> str:
        """Ask with questionary."""
        _must_be_read()
        import questionary  # noqa: PLC0415 - only this console needs it
        from prompt_toolkit.completion import WordCompleter  # noqa: PLC0415 - likewise

        shown = f"{prompt} [{default}]:" if default else f"{prompt}:"
        ends: dict[str, Any] = {"interrupt_exception": InterruptedAskingError, "eof_exception": EndOfInputError}
        if hidden:
            asked = questionary.password(shown, qmark=">", **ends)
        elif path:
            asked = questionary.path(shown, qmark=">", **ends)
        else:
            completer = WordCompleter([*words, "back", "skip", "save", "help"], ignore_case=True, match_middle=True)
            asked = questionary.text(
                shown, qmark=">", completer=completer if words else None, complete_while_typing=False, **ends
            )
        try:
            answer = await asked.unsafe_ask_async()
        except EOFError as error:
            raise EndOfInputError from error
        except KeyboardInterrupt as error:
            raise InterruptedAskingError from error
        return str(answer)


class BareConsole:
    """The terminal's own line editing, no escape sequence ever; the loop goes on, so that signals are heard."""

    def say(self, text: str = "") -> None:
        """A line on stdout."""
        diagnostics.data(text)

    async def line(
        self, prompt: str, default: str = "", *, hidden: bool = False, words: Sequence[str] = (), path: bool = False
    ) -> str:
        """Write the prompt, wait for a line."""
        del words, path
        _must_be_read()
        shown = f"{prompt} [{default}]: " if default else f"{prompt}: "
        sys.stdout.write(diagnostics.plain(diagnostics.redact(shown)))
        sys.stdout.flush()
        loop = asyncio.get_running_loop()
        ready: asyncio.Future[str] = loop.create_future()
        number = sys.stdin.fileno()

        def readable() -> None:
            # A terminal gives whole lines, so this does not wait.
            text = sys.stdin.readline()
            if not ready.done():
                ready.set_result(text)

        def interrupted() -> None:
            if not ready.done():
                ready.set_exception(InterruptedAskingError())

        with _unechoed(number) if hidden else contextlib.nullcontext():
            loop.add_reader(number, readable)
            loop.add_signal_handler(signal.SIGINT, interrupted)
            try:
                text = await ready
            finally:
                loop.remove_reader(number)
                loop.remove_signal_handler(signal.SIGINT)
        if hidden:
            sys.stdout.write("\n")
        if not text:
            raise EndOfInputError
        return text.rstrip("\r\n")


@contextlib.contextmanager
def _unechoed(number: int) -> Iterator[None]:
    """What is typed is not shown."""
    before = termios.tcgetattr(number)
    silent = list(before)
    silent[3] &= ~termios.ECHO
    termios.tcsetattr(number, termios.TCSADRAIN, silent)
    try:
        yield
    finally:
        termios.tcsetattr(number, termios.TCSADRAIN, before)
