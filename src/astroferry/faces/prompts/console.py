"""What a plain walk talks through: lines out, one line in; and the words that are understood everywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

Command = Literal["back", "skip", "save", "help"]
COMMANDS: dict[str, Command] = {
    "back": "back",
    "skip": "skip",
    "save": "save",
    "quit": "save",
    "help": "help",
    "?": "help",
}
"""word -> what it asks for, whatever the question is"""
LITERAL = "="
"""begins an answer that is to be taken as it stands: `=back` answers "back", `=` alone answers nothing"""


class EndOfInputError(Exception):
    """stdin has ended: nobody will answer any more."""


class InterruptedAskingError(Exception):
    """Ctrl+C at a question."""


class Console(Protocol):
    """A terminal that can show lines and ask for one."""

    def say(self, text: str = "") -> None:
        """Show it, redacted."""
        ...

    async def line(
        self, prompt: str, default: str = "", *, hidden: bool = False, words: Sequence[str] = (), path: bool = False
    ) -> str:
        """One line as it was typed, without its end; `default` is shown, and is not the answer to an empty line.

        `words` and `path` are for completion where the terminal can do that. Raises EndOfInputError and
        InterruptedAskingError.
        """
        ...


def command_of(text: str) -> Command | None:
    """The command, if it is one."""
    return COMMANDS.get(text.strip().lower())


def plainly(text: str) -> str:
    """The answer without the sign that says it is none of the words."""
    return text.removeprefix(LITERAL).strip() if text.startswith(LITERAL) else text.strip()
