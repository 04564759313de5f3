"""Two rules may see one problem from two decisions: where both stand on one page, it is told once."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from astroferry.model.finding import Finding

_TOLD_BY = {"NET-004": "NET-002", "SRC-import-errors": "VER-043"}
"""code -> that which tells the same, with more"""


def once(findings: Iterable[Finding], beside: Iterable[Finding] = ()) -> list[Finding]:
    """Those that no other of them tells as well, nor what stands `beside` them on the page; in their order."""
    found = list(findings)
    codes = {item.code for item in (*found, *beside)}
    return [item for item in found if _TOLD_BY.get(item.code) not in codes]
