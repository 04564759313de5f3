"""A source, an Astro and a folder that is the current one, for each plain walk."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.harness import World

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.chdir(tmp_path)
    made = World(tmp_path, monkeypatch)
    yield made
    assert made.astro.contract_violations == []
