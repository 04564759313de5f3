"""The drain curve beside the journal (`migration.drain.jsonl`): for pictures only, so losing it loses nothing."""

from __future__ import annotations

import contextlib
import json
from datetime import datetime
from typing import TYPE_CHECKING

from astroferry.model.drain import DrainSample

if TYPE_CHECKING:
    from pathlib import Path


def drain_path(plan: Path) -> Path:
    """`migration.toml` -> `migration.drain.jsonl`, beside it."""
    return plan.with_suffix(".drain.jsonl")


class DrainFile:
    """Appends samples; unlike the journal it is not synced, and a disk that is full does not stop a drain."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __call__(self, sample: DrainSample) -> None:
        """Append one sample."""
        row = {
            "at": sample.at.isoformat(),
            "dag": sample.dag_id,
            "side": sample.side,
            "running": sample.running,
        }
        with contextlib.suppress(OSError), self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")


def read_samples(path: Path) -> tuple[DrainSample, ...]:
    """The samples of a file, oldest first; none where there is no file. Lines that cannot be read are left out."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ()
    found = []
    for line in lines:
        with contextlib.suppress(ValueError, KeyError, TypeError):
            row = json.loads(line)
            side = row["side"]
            if side in {"source", "target"}:
                found.append(DrainSample(datetime.fromisoformat(row["at"]), row["dag"], side, int(row["running"])))
    return tuple(sorted(found, key=lambda sample: sample.at))
