"""`astroferry refresh`: read the source again, take over what changed, say which advice changed; answers stay."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from astroferry import diagnostics
from astroferry.errors import Exit, RemoteError
from astroferry.faces.headless.assess import assess
from astroferry.faces.headless.organization import facts_or_none
from astroferry.model import inventoryfile, planfile
from astroferry.model.files import PlanLock, beside
from astroferry.sources.environment import environment_beside
from astroferry.stages.refreshing import lost, refreshed

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable

    from astroferry.stages.refreshing import Refreshed


async def run(arguments: argparse.Namespace) -> Exit:
    """0 when the new inventory and fingerprint are written, whatever changed; nothing else is."""
    path = Path(arguments.plan)
    planfile.load(path, unfinished=True)  # where there is none, no lock is left beside it
    with PlanLock(path):
        plan = planfile.load(path, unfinished=True)
        kept = beside(path, plan.source.inventory)
        before = inventoryfile.load(kept)
        after = await assess(
            plan.source.url, arguments, plan.source, environment_beside(path, plan.source.environment)
        )
        if gone := lost(before, after):
            raise RemoteError(
                f"The source showed less than before ({', '.join(gone)}), so nothing was taken over.",
                hint="Give the login the same role as for assess, then run it again.",
            )
        found = refreshed(
            path, plan, before, after, await facts_or_none(plan, arguments, "advice is compared without it")
        )
        # The inventory first: a plan whose fingerprint is older than its inventory is just refreshed once more.
        inventoryfile.save(after, kept)
        planfile.save_refreshed(found.plan, path)
    if arguments.json:
        diagnostics.data_json(
            {
                "drift": found.drift,
                "advice": [asdict(change) for change in found.advice],
                "review_again": found.plan.review_again,
                "told": found.told,
            }
        )
    else:
        diagnostics.data("\n".join(_page(found, kept)))
    return Exit.DONE


def _page(found: Refreshed, kept: Path) -> list[str]:
    lines = ["Changed on the source since the inventory was taken", *_listed(found.drift)]
    lines += ["", "Advice that changed"]
    lines += _listed(
        f"{change.stage}: {change.what}{f' The plan keeps: {change.answer}.' if change.answer else ''}"
        for change in found.advice
    )
    if found.told:
        lines += ["", "To be settled", *_listed(found.told)]
    again = ", ".join(found.plan.review_again)
    return [
        *lines,
        "",
        f"To be looked at again: {again or 'nothing'}. No answer was changed.",
        f"Inventory: {kept}",
    ]


def _listed(items: Iterable[str]) -> list[str]:
    return [f"  {item}" for item in items] or ["  nothing"]
