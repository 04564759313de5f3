"""Probes of a source, each on its own: one that fails is a line of coverage and a finding, never the end."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal, TypeVar, cast

from astroferry.errors import (
    NotAllowedError,
    NotFoundError,
    NotTheApiError,
    RemoteError,
    RequestFailedError,
    UnreachableError,
)
from astroferry.model.finding import Finding
from astroferry.model.inventory import Coverage
from astroferry.sources.progress import Progress
from astroferry.sources.unfinished import KEPT, Unfinished

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sized

    from astroferry.model.finding import Severity

Result = TypeVar("Result", bound="Sized")
Outcome = Literal["read", "refused", "absent", "failed", "not asked"]
Failure = RemoteError | NotAllowedError
FAILURES = (RemoteError, NotAllowedError)
"""what a probe may raise without ending the inventory; anything else is a bug and is shown as one"""

_TODO = {
    "refused": "Grant the role that may read it (see `astroferry check`), then assess again.",
    "absent": "This Airflow does not offer it; look it up in its web interface.",
    "failed": "Look at the web server's log for the reason, then assess again.",
}


class Probes:
    """Collects coverage, findings and failures; tells how far each probe is.

    `kept`: what a read that was broken off gave already; answers go into it, and are not asked for again.
    """

    def __init__(self, tell: Callable[[Progress], None], kept: Unfinished | None = None) -> None:
        self.tell = tell
        self.kept = kept if kept is not None else Unfinished()
        self.coverage: list[Coverage] = []
        self.findings: list[Finding] = []
        self.failures: list[Failure] = []

    async def ask(
        self,
        probe: str,
        question: Callable[[], Awaitable[Result]],
        severity: Severity = "warn",
        *,
        count: Callable[[Result], int] = len,
    ) -> Result | None:
        """The answer, or None where the source gives none; the finding then has the given severity."""
        self.tell(Progress(probe))
        if probe in self.kept.answers:
            answer = cast("Result", self.kept.answers[probe])
        else:
            try:
                answer = await question()
            except FAILURES as error:
                self.failed(probe, error, severity)
                return None
            if probe in KEPT:
                self.kept.answers[probe] = answer
        number = count(answer)
        self.tell(Progress(probe, number, number))
        self.read(probe, number)
        return answer

    def read(self, probe: str, count: int, detail: str = "") -> None:
        """Note that a probe gave `count` things."""
        self.coverage.append(Coverage(probe, "read", count, detail))

    def detail(self, text: str) -> None:
        """Say more of what was noted last."""
        self.coverage[-1] = replace(self.coverage[-1], detail=text)

    def not_asked(self, probe: str, detail: str) -> None:
        """Note what was left out, and why."""
        self.coverage.append(Coverage(probe, "not asked", None, detail))

    def failed(
        self, probe: str, error: Failure, severity: Severity, *, about: str = "", done: int | None = None
    ) -> None:
        """Note a failure: `about` says for which items, `done` how many others could be read."""
        kind, outcome = _kind(error)
        self.failures.append(error)
        self.coverage.append(Coverage(probe, outcome, done, error.message))
        message = f"{probe.capitalize()} could not be read{about}: {error.message}"
        self.find(f"SRC-{kind}-{probe.replace(' ', '-')}", severity, message, probe, error.hint or _TODO[outcome])

    def find(self, code: str, severity: Severity, message: str, subject: str = "", todo: str = "") -> None:
        """Note a finding."""
        self.findings.append(Finding(code, severity, message, subject, todo))


def _kind(error: Failure) -> tuple[str, Outcome]:
    """The middle of the finding's code, and the outcome for coverage."""
    match error:
        case NotAllowedError():
            return "403", "refused"
        case NotFoundError():
            return "404", "absent"
        case RequestFailedError(status=status):
            return str(status), "failed"
        case UnreachableError():
            return "unreachable", "failed"
        case NotTheApiError():
            return "not-the-api", "failed"
        case _:
            return "failed", "failed"
