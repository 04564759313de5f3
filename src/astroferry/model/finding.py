"""A finding: something noticed on the way that the user should know, with a stable code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["refuse", "warn", "advise"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding.

    `code` is stable ("SRC-404-pools"); `severity` refuse stops, warn needs a look, advise is good to know;
    `subject` names what it is about (a DAG id, a connection id, a probe), empty for the environment.
    """

    code: str
    severity: Severity
    message: str
    subject: str = ""
    todo: str = ""
