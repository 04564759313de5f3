"""What the wizard's tests share: an application on a folder, a fixed moment, and screens kept as text."""

from __future__ import annotations

import dataclasses
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.faces.tui.tui_driving import NOW, sized, text_of

from astroferry.model import inventoryfile, planfile
from astroferry.model.inventory import Place
from astroferry.model.organization import (
    DeploymentOptions,
    OrganizationFacts,
    OrganizationSeen,
    RuntimeRelease,
)
from astroferry.stages.desk import Desk

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from textual.pilot import Pilot

    from astroferry.model.inventory import Inventory
    from astroferry.model.plan import Plan

PATIENCE = 60
"""looks at a screen, 50 ms apart, until it is as it should be"""
SCREENS = Path(__file__).parents[3] / "snapshots" / "screens"


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """No credentials, terminal settings or time zone of this machine; a folder whose name is always the same."""
    for name in list(os.environ):
        if name.startswith(("ASTRO", "NO_COLOR", "SSH_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    (tmp_path / "acme" / "dags").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
def folder() -> Path:
    """Where the plan lies, as a relative path, so that screens show the same everywhere."""
    return Path("acme")


@pytest.fixture
def seen(inventory: Inventory) -> Inventory:
    """The small inventory with two places."""
    return dataclasses.replace(
        inventory,
        places=(
            Place("10.1.2.3", 5432, ("warehouse_pg",), "peering", "10.1.2.3 is a private address."),
            Place("sftp.example.com", 22, ("files_sftp",), "public", "It is a name in a public domain."),
        ),
    )


@pytest.fixture
def facts() -> OrganizationFacts:
    """An organization with two Runtimes on offer."""
    return OrganizationFacts(
        organization=OrganizationSeen("cl0000000000000000000000o", "Acme Data", "HOSTED", ("TEAM",)),
        options=DeploymentOptions(
            runtime_releases=(RuntimeRelease("3.3-8", "3.3.2"), RuntimeRelease("13.11.0", "2.11.2"))
        ),
    )


@pytest.fixture
def desk(folder: Path, plan: Plan, seen: Inventory, facts: OrganizationFacts) -> Desk:
    """Everything known, nothing decided."""
    return Desk(folder / "migration.toml", plan, seen, facts)


@pytest.fixture
def saved(folder: Path, plan: Plan, seen: Inventory) -> Callable[..., Path]:
    """Writes a plan (with changes) and its inventory, and gives the plan's path."""

    def save(**changes: Any) -> Path:
        path = folder / "migration.toml"
        planfile.save(dataclasses.replace(plan, **changes), path)
        inventoryfile.save(seen, folder / "inventory.json")
        os.utime(path, (NOW.timestamp() - 7200, NOW.timestamp() - 7200))
        return path

    return save


@pytest.fixture
def same_screen(request: pytest.FixtureRequest) -> Callable[..., Awaitable[None]]:
    """Compares the screen at each size with snapshots/screens/NAME-WxH.txt.

    --rewrite-screens writes the files anew, but not in CI.
    """
    rewrite = request.config.getoption("--rewrite-screens")
    assert not (rewrite and os.environ.get("CI")), "screens are rewritten by a person who looks at them"

    async def check(
        pilot: Pilot[None], name: str, sizes: tuple[tuple[int, int], ...] = ((80, 24), (120, 40))
    ) -> None:
        for width, height in sizes:
            await sized(pilot, width, height)
            path = SCREENS / f"{name}-{width}x{height}.txt"
            text = text_of(pilot.app)
            if rewrite:
                await pilot.pause(0.2)
                while (now := text_of(pilot.app)) != text:
                    text = now
                    await pilot.pause(0.2)
                path.write_text(text, encoding="utf-8")
            assert path.exists(), f"{path} is not there yet: look at it after --rewrite-screens"
            wanted = path.read_text(encoding="utf-8")
            # What follows a refresh (a field scrolled into view) may come after the queue was empty once.
            for _ in range(PATIENCE):
                if text == wanted:
                    break
                await pilot.pause(0.05)
                text = text_of(pilot.app)
            assert text == wanted

    return check
