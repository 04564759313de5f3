"""A task of a face ends once, in a sentence, whatever happened in it."""

from __future__ import annotations

import asyncio

import pytest

from astroferry.errors import PlanError
from astroferry.faces.work import Work


async def ended(work: Work, raises: BaseException | None) -> list[Work]:
    seen: list[Work] = []

    async def run(_: Work) -> None:
        await asyncio.sleep(0)
        if raises is not None:
            raise raises

    await work.guard(run, seen.append)
    return seen


async def test_a_good_end() -> None:
    work = Work("carry", "Carrying out")
    assert await ended(work, None) == [work]
    assert not work.running
    assert work.outcome == ("Done.", True)


async def test_an_error_of_ours_is_told() -> None:
    work = Work("carry", "Carrying out")
    await ended(work, PlanError("The plan is torn."))
    assert work.outcome == ("The plan is torn.", False)
    assert list(work.lines) == ["! The plan is torn."]


async def test_a_bug_is_no_good_end() -> None:
    work = Work("carry", "Carrying out")
    await ended(work, KeyError("waves"))
    assert isinstance(work.bug, KeyError)
    text, good = work.outcome
    assert "bug in astroferry (KeyError)" in text
    assert not good


@pytest.mark.parametrize("started", [True, False])
async def test_cancelling_waits_for_the_end(*, started: bool) -> None:
    work = Work("carry", "Carrying out")
    seen: list[Work] = []
    going = asyncio.Event()

    async def run(_: Work) -> None:
        going.set()
        await asyncio.Event().wait()

    if started:
        work.start(run, seen.append)
        await going.wait()
    await work.cancel()
    assert seen == ([work] if started else [])
    assert work.running is not started
    if started:
        assert work.outcome[0].startswith("Stopped")
        await work.cancel()
        assert seen == [work], "it ends once"
