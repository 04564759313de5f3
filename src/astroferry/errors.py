"""Everything that can go wrong on purpose, as one tree; each branch knows its exit code.

    AstroferryError
    ├── UsageError                 2    the command line is wrong
    ├── PlanError                  3    the plan, inventory or answers are incomplete or invalid (lists all problems)
    │   ├── NewerFormatError       3    written by a newer astroferry
    │   └── MaskedValueError       3    Airflow hid a value, and a mask is never written
    ├── InputNeededError           3    a question must be asked, but nobody may be asked
    ├── NotAllowedError            4    a credential is missing, refused, expired, or lacks a role
    ├── RemoteError                5    a server could not be reached or did not answer as it should
    │   ├── UnreachableError       5    no connection: DNS, refused, time-out, TLS
    │   ├── NotTheApiError         5    something answered, but not the API (a login page, another product)
    │   ├── UnsupportedVersionError 5   the API is there, in a version that we do not carry
    │   ├── ProbeFailedError     5    the probe DAG could not run on the target; nothing was compared
    │   └── RequestFailedError     5    the API refused a request (4xx, 5xx); carries the status
    │       ├── NotFoundError      5
    │       └── ConflictError      5
    ├── CarriedInPartError         6    some items failed; the others are done
    └── PlanInUseError             7    another process carries this plan out

Signals are not errors: 129, 130 and 143 (`Exit`) are given by the command itself (cli.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Sequence


class Exit(IntEnum):
    """Exit codes of the command; the table is in README."""

    DONE = 0
    BUG = 1
    USAGE = 2
    PLAN = 3
    NOT_ALLOWED = 4
    REMOTE = 5
    IN_PART = 6
    IN_USE = 7
    HANGUP = 129
    INTERRUPTED = 130
    TERMINATED = 143


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a file the user can edit.

    `where` is a path into it ("decisions.cluster"), `line` counts from 1, or is None where there is none.
    """

    where: str
    message: str
    line: int | None = None
    file: str = ""

    def __str__(self) -> str:
        """`migration.toml:12 decisions.cluster: ...` as editors and terminals link it."""
        place = self.file + (f":{self.line}" if self.line is not None else "") if self.file else ""
        return " ".join(part for part in (place, f"{self.where}:" if self.where else "", self.message) if part)


class AstroferryError(Exception):
    """A failure with one clear sentence, and where it helps a hint what to do."""

    exit: ClassVar[Exit] = Exit.BUG

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        """The sentence and the hint."""
        return f"{self.message} {self.hint}".strip()


class UsageError(AstroferryError):
    """The command line is wrong."""

    exit = Exit.USAGE


class PlanError(AstroferryError):
    """A plan, inventory or answers file that cannot be used; every problem is listed."""

    exit = Exit.PLAN

    def __init__(self, message: str, problems: Sequence[Problem] = (), *, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.problems = tuple(problems)

    def __str__(self) -> str:
        """The sentence, then a line for each problem."""
        return "\n".join([super().__str__(), *(f"  {problem}" for problem in self.problems)])


class NewerFormatError(PlanError):
    """The file was written by a newer astroferry."""


class MaskedValueError(PlanError):
    """A value in which Airflow's mask stands was about to be written; the plan has to say where the real one is."""


class InputNeededError(AstroferryError):
    """A question must be answered, but this run may not ask."""

    exit = Exit.PLAN


class NotAllowedError(AstroferryError):
    """A credential is missing, refused, expired, or lacks a role."""

    exit = Exit.NOT_ALLOWED


class RemoteError(AstroferryError):
    """A server could not be reached or did not answer as it should; safe to run again."""

    exit = Exit.REMOTE


class UnreachableError(RemoteError):
    """No connection: DNS, refused, time-out, TLS."""


class NotTheApiError(RemoteError):
    """Something answered, but not the API we asked for."""


class UnsupportedVersionError(RemoteError):
    """The API is there, in a version that we do not carry."""


class ProbeFailedError(RemoteError):
    """The probe DAG could not run on the target, or its temporary key could not be removed; says why."""


class RequestFailedError(RemoteError):
    """The API refused a request.

    `detail` is the server's own sentence, redacted; `fields` maps a request field to what is wrong with it.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int,
        detail: str = "",
        request_id: str = "",
        fields: dict[str, str] | None = None,
        hint: str = "",
    ) -> None:
        super().__init__(message, hint=hint)
        self.status = status
        self.detail = detail
        self.request_id = request_id
        self.fields = fields or {}


class NotFoundError(RequestFailedError):
    """404."""


class ConflictError(RequestFailedError):
    """409."""


class CarriedInPartError(AstroferryError):
    """Some items failed; the others are done and journalled."""

    exit = Exit.IN_PART


class PlanInUseError(AstroferryError):
    """Another process carries this plan out."""

    exit = Exit.IN_USE
