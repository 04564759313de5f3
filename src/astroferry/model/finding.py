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
    `dags`: ids of all DAGs that it holds for, empty where it is about the environment. `evidence`: all that was seen,
    one line each ("daily.py:12 imports airflow.operators.subdag"), where the message names only some of it.
    """

    code: str
    severity: Severity
    message: str
    subject: str = ""
    todo: str = ""
    dags: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
