"""`astroferry explain CODE`: the help page of a finding's code; without a code, all of them."""

from __future__ import annotations

import difflib
import shutil
from dataclasses import asdict
from typing import TYPE_CHECKING

from astroferry import diagnostics
from astroferry.advice.pages import page_of, pages
from astroferry.errors import Exit, UsageError
from astroferry.report.table import table

if TYPE_CHECKING:
    import argparse


async def run(arguments: argparse.Namespace) -> Exit:
    """0, or 2 where there is no such code."""
    wanted = getattr(arguments, "code", None)
    width = min(shutil.get_terminal_size((100, 24)).columns, 100)
    if wanted is None:
        if arguments.json:
            diagnostics.data_json([asdict(page) for page in pages()])
        else:
            rows = [(page.code, page.severity, page.title) for page in pages()]
            diagnostics.data("\n".join(table(("code", "severity", "what it means"), rows, width=width)))
        return Exit.DONE
    page = page_of(wanted)
    if page is None:
        near = difflib.get_close_matches(wanted.upper(), [page.code.upper() for page in pages()], n=1)
        hint = f"Did you mean {near[0]}?" if near else "astroferry explain lists all codes."
        raise UsageError(f"There is no finding with the code {wanted}.", hint=hint)
    if arguments.json:
        diagnostics.data_json(asdict(page))
    else:
        diagnostics.data("\n".join(page.lines(width)))
    return Exit.DONE
