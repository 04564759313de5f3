"""A task of a face ends once, in a sentence, whatever happened in it."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import get_args

import pytest

from astroferry.errors import PlanError
from astroferry.faces.work import Kind, Work


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


async def test_asked_again_to_end_it_is_not_broken_off() -> None:
    work, let_go_on, ended = Work("cutover", ""), asyncio.Event(), asyncio.Event()

    async def run(_: Work) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await let_go_on.wait()
            ended.set()

    work.start(run, lambda _: None)
    await asyncio.sleep(0)
    asked = [asyncio.create_task(work.cancel()) for _ in range(2)]
    for _ in range(5):
        await asyncio.sleep(0)
    asked.append(asyncio.create_task(work.cancel()))
    await asyncio.sleep(0)
    let_go_on.set()
    await asyncio.gather(*asked)
    assert ended.is_set()
    assert work.cancelled


async def test_a_pause_is_reached_between_items_and_its_time_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr("astroferry.faces.work.time", SimpleNamespace(monotonic=lambda: now))
    work, reached = Work("carry", "Carrying out"), asyncio.Event()
    work.began, work.ended, work.reached = 0.0, 200.0, reached.set
    await work.pass_by()
    assert not reached.is_set(), "nobody asked for a pause"
    work.pause()
    task = asyncio.create_task(work.pass_by())
    await reached.wait()
    assert (work.paused, work.now_at) == (True, "Paused; nothing is under way.")
    now = 130.0
    assert work.worked == 170.0
    work.go_on()
    await task
    assert (work.paused, work.worked) == (False, 170.0)


async def test_a_stop_ends_a_pause() -> None:
    work = Work("carry", "Carrying out")
    work.pause()
    task = asyncio.create_task(work.pass_by())
    await asyncio.sleep(0)
    work.stop()
    await task
    assert work.should_stop()
    await work.pass_by()
    assert not work.paused, "what is stopping is not paused again"


def test_what_must_not_wait_for_a_person_cannot_be_paused() -> None:
    assert [kind for kind in get_args(Kind) if Work(kind, "").can_pause] == ["carry", "compare"]
