"""`astroferry audit`: everything that was done, out of the journal, as a file for whoever has to show it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from astroferry import diagnostics
from astroferry.carry.audit import as_csv, as_jsonl, rows_of
from astroferry.carry.journal import Journal
from astroferry.carry.planfiles import journal_path
from astroferry.errors import Exit, UsageError
from astroferry.model import planfile
from astroferry.model.files import atomic_write, must_be_writable
from astroferry.model.words import several

if TYPE_CHECKING:
    import argparse

_WRITERS = {".csv": as_csv, ".jsonl": as_jsonl}


async def run(arguments: argparse.Namespace) -> Exit:
    """0 when it is written; no server is asked, and nothing is locked."""
    path = Path(arguments.plan)
    name: str | None = getattr(arguments, "out", None)
    if name is not None and Path(name).suffix not in _WRITERS:
        raise UsageError(f"{name} is neither a .csv nor a .jsonl file.", hint="Its ending says how it is written.")
    if name is not None:
        must_be_writable(Path(name))
    rows = rows_of(planfile.load(path), Journal(journal_path(path)).entries)
    if name is None:
        diagnostics.data(as_jsonl(rows).rstrip("\n"))
        return Exit.DONE
    text = _WRITERS[Path(name).suffix](rows)
    atomic_write(Path(name), diagnostics.redact(text), mode=0o600)
    diagnostics.data(f"Audit: {name}, {several(len(rows), 'line')}")
    return Exit.DONE
