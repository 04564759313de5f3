from __future__ import annotations

import pytest

from astroferry.model.starship import SAFE_FROM, asks_for_login


@pytest.mark.parametrize("version", [SAFE_FROM, "2.8.7", "2.10.0", "3.0.0rc1"])
def test_asks(version: str) -> None:
    assert asks_for_login(version)


@pytest.mark.parametrize("version", ["2.8.5", "1.9.9", "2.8", "before 2.5.0", "", "unknown"])
def test_does_not(version: str) -> None:
    assert not asks_for_login(version)
