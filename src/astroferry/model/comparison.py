"""What the values probe saw on the target, and how it compares with the source: digests and words, never a value."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from astroferry.model.secret import Secret  # noqa: TC001 - part of the dataclasses' shape

Kind = Literal["connection", "variable"]
Seen = Literal[
    "found",
    "missing",  # a task does not find it
    "error",  # a task that asks for it fails; `why` names the class of what was raised
    "not told",  # the probe gave no row for it
]
Reach = Literal[
    "reachable",
    "refused",  # the host answers, the port is closed
    "timeout",
    "dns",  # no address for the name
    "unreachable",  # no route, or not permitted
    "not applicable",  # no host, or no port known for the type
    "not told",  # the task that opens connections did not finish
]
NOT_OPEN: tuple[Reach, ...] = ("refused", "timeout", "dns", "unreachable")
HookTest = Literal[
    "ok",
    "failed",
    "timeout",
    "no provider",  # the connection type is unknown to the target
    "no hook",  # the type is known, and has no hook ("generic")
    "no test",  # the hook has no test_connection
    "not asked",
    "not told",  # asked, but the task did not finish
]
Outcome = Literal["same", "differs", "missing", "unreachable", "not compared"]


@dataclass(frozen=True, slots=True)
class Probed:
    """One connection or variable as a task sees it; `digests` maps a field to its keyed digest.

    `listed`: the target's REST API lists it, so that one can tell "not there" from "a task cannot get it".
    """

    kind: Kind
    id: str
    seen: Seen
    digests: dict[str, str] = field(default_factory=dict)
    why: str = ""
    reach: Reach = "not applicable"
    hook: HookTest = "not asked"
    hook_error: str = ""
    """class name of what the hook raised; its message may hold secrets and never leaves the task"""
    listed: bool | None = None


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """All that one run of the probe told; `key` made the digests and is worth nothing once they are compared."""

    key: Secret
    connections: dict[str, Probed]
    variables: dict[str, Probed]


@dataclass(frozen=True, slots=True)
class Expected:
    """What the source's value gives under the same key; `not_compared` says why there are no digests."""

    kind: Kind
    id: str
    digests: dict[str, str] = field(default_factory=dict)
    not_compared: str = ""


@dataclass(frozen=True, slots=True)
class Comparison:
    """One row of the comparison.

    `outcome` unreachable means: every field is the same, but the port does not open. `differing` names fields.
    `compared` names every field that was compared. `why` is a sentence, empty where the outcome says it all.
    """

    kind: Kind
    id: str
    outcome: Outcome
    differing: tuple[str, ...] = ()
    compared: tuple[str, ...] = ()
    why: str = ""
    reach: Reach = "not applicable"
    hook: HookTest = "not asked"
    hook_error: str = ""

    @property
    def values_same(self) -> bool:
        """Whether every field was compared and is equal, however reachable the host is."""
        return self.outcome in {"same", "unreachable"}

    @property
    def is_finding(self) -> bool:
        """Whether somebody has to look at it."""
        return self.outcome != "same" or self.hook_went_wrong

    @property
    def hook_went_wrong(self) -> bool:
        """Whether the connection's own test was made there and did not pass."""
        return self.hook in {"failed", "timeout"}
