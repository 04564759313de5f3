"""A console whose lines are a script: pairs of a piece of the prompt (or of what was said since) and the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from astroferry.faces.prompts.console import EndOfInputError, InterruptedAskingError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

INTERRUPT = "\x03"


class Scripted:
    """Answers one line after the other; then the input ends. `pages` is all that was said, `asked` every prompt."""

    def __init__(self, answers: Iterable[str]) -> None:
        self.answers = list(answers)
        self.said: list[str] = []
        self.asked: list[str] = []
        self.hidden: list[str] = []

    @property
    def page(self) -> str:
        """All that was said."""
        return "\n".join(self.said)

    def say(self, text: str = "") -> None:
        """Keep it."""
        self.said.append(text)

    async def line(
        self, prompt: str, default: str = "", *, hidden: bool = False, words: Sequence[str] = (), path: bool = False
    ) -> str:
        """The next answer."""
        shown = f"{prompt} [{default}]" if default else prompt
        self.asked.append(shown)
        self.said.append(f"> {shown}")
        if hidden:
            self.hidden.append(prompt)
        if prompt == "Enter goes on":
            # After findings; which there are is tested elsewhere.
            return ""
        if not self.answers:
            raise EndOfInputError
        answer = self.answers.pop(0)
        if answer == INTERRUPT:
            raise InterruptedAskingError
        self.said[-1] += f" {answer}" if not hidden else " ***"
        return answer
