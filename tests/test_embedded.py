"""The demo's own parts; the demo itself runs in tests/live."""

from __future__ import annotations

import argparse
import builtins
import os
from typing import TYPE_CHECKING, Any

import pytest

from astroferry import embedded
from astroferry.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path


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
