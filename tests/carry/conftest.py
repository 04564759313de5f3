"""A source, an Astro and a folder for the plan, for each test of the command."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.harness import World

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    made = World(tmp_path, monkeypatch)
    yield made
    # Whatever a test did: our requests and Astro's answers were those of its API.
    assert made.astro.contract_violations == []
