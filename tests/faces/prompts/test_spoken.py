"""Ctrl+C while something runs on lines: a read ends, carrying out pauses and asks, a handover stops."""

from __future__ import annotations

import asyncio
import signal
from typing import TYPE_CHECKING, Literal

import pytest
from tests.faces.prompts.scripted import INTERRUPT, Scripted

from astroferry.faces.prompts.spoken import SpokenReading, SpokenWork, attend

if TYPE_CHECKING:
    from collections.abc import Iterable


async def carried(kind: Literal["carry", "cutover"], answers: Iterable[str], *, presses: int = 1) -> tuple[str, str]:
    """Two items, Ctrl+C within the first; what was said, and which items ended."""
    console = Scripted(answers)
    work = SpokenWork(kind, "Carrying out", console=console)
    items = ""

    async def run(_: SpokenWork) -> None:
        nonlocal items
        for number in "12":
            await work.pass_by()
            if work.should_stop():
                return
            if number == "1":
                for _press in range(presses):
                    signal.raise_signal(signal.SIGINT)
                    await asyncio.sleep(0.01)  # the loop hears of a signal by a socket
            items += number

    await attend(work, run, console)
    return console.page, items


@pytest.mark.parametrize(("answer", "items"), [("", "12"), ("go on", "12"), ("stop", "1"), ("save", "1")])
async def test_carrying_out_pauses_and_asks(answer: str, items: str) -> None:
    page, ended = await carried("carry", [answer])
    assert "Pausing after the item in hand" in page
    assert "> Paused [go on]" in page
    assert ended == items


@pytest.mark.parametrize("answers", [[INTERRUPT], []])
async def test_nobody_answering_stops_it(answers: list[str]) -> None:
    assert (await carried("carry", answers))[1] == "1"


async def test_a_handover_stops_without_a_question() -> None:
    page, ended = await carried("cutover", [])
    assert "Stopping after the item in hand" in page
    assert "Paused" not in page
    assert ended == "1"


async def test_twice_ends_it_within_the_item() -> None:
    assert (await carried("carry", [], presses=2))[1] == ""


async def test_a_read_is_cancelled() -> None:
    console = Scripted([])
    reading = SpokenReading("", console=console)

    async def run(_: SpokenReading) -> None:
        signal.raise_signal(signal.SIGINT)
        await asyncio.Event().wait()

    await attend(reading, run, console)
    assert reading.cancelled
