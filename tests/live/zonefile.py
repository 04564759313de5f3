"""Time zones whose clocks change when a test wants them to: TZif files that Python finds before the system's."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime, timedelta
    from pathlib import Path


def write_zone(folder: Path, name: str, *, before: timedelta, after: timedelta, at: datetime) -> None:
    """A zone `name` under `folder` that is `before` ahead of UTC until `at`, and `after` from then on (RFC 8536)."""
    first = _block(">i", [], [before])
    second = _block(">q", [int(at.timestamp())], [before, after])
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(first + second + b"\n\n")


def _block(form: str, moments: list[int], offsets: list[timedelta]) -> bytes:
    names = b"".join(b"Z%02d\0" % number for number in range(len(offsets)))
    header = b"TZif2" + bytes(15) + struct.pack(">6l", 0, 0, 0, len(moments), len(offsets), len(names))
    times = b"".join(struct.pack(form, moment) for moment in moments)
    types = bytes(range(1, len(moments) + 1))
    infos = b"".join(
        struct.pack(">lBB", int(offset.total_seconds()), 0, 4 * number) for number, offset in enumerate(offsets)
    )
    return header + times + types + infos + names
