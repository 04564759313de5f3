"""The demo's own parts; the demo itself runs in tests/live."""

from __future__ import annotations

import argparse
import builtins
import os
from typing import TYPE_CHECKING, Any

import pytest
from tests.faces.tui.tui_driving import settled, text_of

from astroferry import embedded
from astroferry.errors import Exit, UsageError
from astroferry.faces.tui.app import Ferry

if TYPE_CHECKING:
    from pathlib import Path

    from astroferry.faces.session import Session


def test_the_folder_is_new_or_named_and_empty(tmp_path: Path) -> None:
    made = embedded._folder(str(tmp_path / "new" / "one"))
    assert made.is_dir()
    (made / "file").touch()
    with pytest.raises(UsageError, match="is not empty"):
        embedded._folder(str(made))
    fresh = embedded._folder(None)
    assert list(fresh.iterdir()) == []
    fresh.rmdir()


def test_the_environment_is_as_before_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASTRO_API_URL", "before")
    monkeypatch.delenv("ASTRO_API_TOKEN", raising=False)
    with embedded.environment(ASTRO_API_URL="during", ASTRO_API_TOKEN="during"):
        assert os.environ["ASTRO_API_URL"] == os.environ["ASTRO_API_TOKEN"] == "during"
    assert os.environ["ASTRO_API_URL"] == "before"
    assert "ASTRO_API_TOKEN" not in os.environ


async def test_the_wizard_opens_on_the_demo_with_its_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = tmp_path / "answers.toml"
    answers.write_text(embedded.ANSWERS.format(url="http://127.0.0.1:8080", dags="dags"), encoding="utf-8")
    opened: list[Session] = []

    async def run(folder: Path, *, session: Session) -> Exit:
        assert folder == tmp_path
        opened.append(session)
        session.close()
        return Exit.DONE

    monkeypatch.setattr("astroferry.faces.prompts.run.run", run)
    assert await embedded._wizard("plain", tmp_path, answers) is Exit.DONE
    (session,) = opened
    assert session.nav.stop.key == "prerequisites", "every stage is still walked through"
    shown = session.desk.plan
    assert (shown.name, shown.source.url) == ("harbor-lines", "http://127.0.0.1:8080")
    assert [wave.name for wave in shown.waves] == ["pilot", "rest"]
    assert {"values.connections", "decisions.networking"} <= session.desk.answered


async def test_on_a_full_screen_the_wizard_says_first_what_the_demo_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = tmp_path / "answers.toml"
    answers.write_text(embedded.ANSWERS.format(url="http://127.0.0.1:8080", dags="dags"), encoding="utf-8")
    monkeypatch.delenv("ASTRO_API_TOKEN", raising=False)
    seen: list[str] = []

    async def run(folder: Path, *, session: Session, welcome: tuple[str, tuple[str, ...]]) -> Exit:
        app = Ferry(folder, session=session, welcome=welcome)
        async with app.run_test(size=(80, 24)) as pilot:
            seen.append(" ".join(text_of(app).replace("│", " ").split()))
            await pilot.press("enter")
            await settled(pilot)
            seen.append(text_of(app))
        session.close()
        return Exit.DONE

    monkeypatch.setattr("astroferry.faces.tui.run.run", run)
    assert await embedded._wizard("full-screen", tmp_path, answers) is Exit.DONE
    first, then = seen
    assert "made-up company" in first
    assert "nothing of yours is read or changed." in first
    assert "F10 leaves, and its servers end then." in first
    assert "1 of 19 · Prerequisites" in then
    assert "made-up company" not in then


def test_servers_tell_a_file_where_the_screen_is_full(tmp_path: Path) -> None:
    tell = embedded._into(tmp_path / "servers.log")
    tell("Airflow is starting")
    tell("Airflow is up")
    assert (tmp_path / "servers.log").read_text(encoding="utf-8") == "Airflow is starting\nAirflow is up\n"


@pytest.mark.parametrize("verb", [embedded.demo, embedded.simulate])
async def test_without_the_extra_one_sentence_names_it(verb: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def missing(name: str, *rest: Any, **more: Any) -> Any:
        if name.startswith("astroferry.simulator"):
            raise ModuleNotFoundError("No module named 'uvicorn'", name="uvicorn")
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(UsageError, match=r"extra `simulator`.*uvicorn.*astroferry\[simulator\]"):
        await verb(argparse.Namespace())
