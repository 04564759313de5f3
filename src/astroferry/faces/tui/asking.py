"""Asking for a credential on the screen: hidden, answered once, kept in memory until it is refused."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from astroferry.faces.tui.screens.modals import AskScreen
from astroferry.model.secret import Secret

if TYPE_CHECKING:
    from textual.app import App

    from astroferry.secrets.contract import Question


class Asker:
    """Asks one line at a time, whoever asks; `Ask` of the credentials, and of typed values."""

    def __init__(self, app: App[None]) -> None:
        self._app = app
        self._answers: dict[str, Secret] = {}
        self._one_at_a_time = asyncio.Lock()

    async def __call__(self, prompt: str, hidden: bool) -> str:
        """The answer, now or from before; "" where a person gave none."""
        async with self._one_at_a_time:
            if prompt in self._answers:
                return self._answers[prompt].reveal()
            answer = await self._asked(AskScreen(prompt, hidden=hidden))
            if answer is None:
                return ""
            self._answers[prompt] = Secret(answer, ordinary=not hidden)
            return answer

    async def value(self, question: Question) -> Secret | None:
        """A secret value of a connection or variable; None where it is left out."""
        hint = f" ({question.hint})" if question.hint else ""
        prompt = f"{question.kind.capitalize()} {question.name}: {question.field}{hint}"
        async with self._one_at_a_time:
            answer = await self._asked(
                AskScreen(prompt, hidden=True, note="Enter alone: it is empty. Esc: leave it out.")
            )
        return None if answer is None else Secret(answer)

    def forget(self) -> None:
        """What was typed did not do: ask again next time."""
        self._answers.clear()

    async def _asked(self, screen: AskScreen) -> str | None:
        answered: asyncio.Future[str | None] = asyncio.get_running_loop().create_future()

        def done(answer: str | None) -> None:
            if not answered.done():
                answered.set_result(answer)

        self._app.push_screen(screen, done)
        return await answered
