"""What the plan says of the day of a cutover and after: who must be ready, when to stop, what to watch."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime  # noqa: TC003 - read at run time when a file is checked
from typing import Literal

WorkspaceRole = Literal[
    "WORKSPACE_ACCESSOR", "WORKSPACE_MEMBER", "WORKSPACE_AUTHOR", "WORKSPACE_OPERATOR", "WORKSPACE_OWNER"
]
WORKSPACE_ROLES: tuple[WorkspaceRole, ...] = (
    "WORKSPACE_ACCESSOR",
    "WORKSPACE_MEMBER",
    "WORKSPACE_AUTHOR",
    "WORKSPACE_OPERATOR",
    "WORKSPACE_OWNER",
)
"""Astro's own names, the weakest first (Astro API v1, WorkspaceRole)"""
Step = Literal["apply", "cutover", "decommission"]


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who must be able to work on Astro before the cutover; `role`: the least they need in the Workspace."""

    email: str
    role: WorkspaceRole = "WORKSPACE_MEMBER"


@dataclass(frozen=True, slots=True)
class Before:
    """What a cutover asks for beforehand. `rollback_plan`: a file beside the plan, written by people for people."""

    verified_within_hours: int = 24
    rollback_plan: str = ""


@dataclass(frozen=True, slots=True)
class Limits:
    """When a cutover in a window stops itself and puts everything back.

    `failed_dags`: more DAGs than that could not be handed over. `drain_minutes`: draining one DAG takes longer.
    """

    failed_dags: int = 0
    drain_minutes: int = 60


@dataclass(frozen=True, slots=True)
class ApprovalRule:
    """Which steps need a second person's approval, and who wrote the plan (and so cannot approve it)."""

    author: str = ""
    before: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True)
class Approval:
    """A second person's word. `plan` is the digest of what was approved (`model.approval.digest`)."""

    by: str
    at: datetime
    plan: str


@dataclass(frozen=True, slots=True)
class OutputCheck:
    """A check of results that the user names: a DAG on the target that checks them, or an address that answers 200.

    Exactly one of `dag` (its newest run since the cutover must have succeeded) and `url` (asked with GET, without
    credentials and without following redirects; `contains` must stand in the answer). There are no commands: whoever
    may edit a plan must not thereby run programs on the machine of whoever carries it out.
    """

    name: str
    dag: str = ""
    url: str = ""
    contains: str = ""


@dataclass(frozen=True, slots=True)
class Watch:
    """How the first full cycle is watched.

    `success_drop`: how many percentage points the success rate may lie under that of the last thirty days there.
    `slower`: how many times its usual duration a run may take. `webhook`: where the address to call at the end comes
    from ("environment": ASTROFERRY_WEBHOOK, or "file:PATH"); such an address is a secret.
    """

    poll_seconds: float = 60.0
    late_minutes: int = 15
    queued_minutes: int = 15
    success_drop: int = 10
    slower: float = 3.0
    webhook: str = ""
    outputs: tuple[OutputCheck, ...] = ()


@dataclass(frozen=True, slots=True)
class Decommission:
    """What must hold before the old side may go.

    `quiet_hours`: how long nothing may have run there; 0 means the longest period among its DAGs (at most 35 days).
    `runbooks`: documents that must name Astro instead of the old Airflow. `database`: where the metadata database's
    URL comes from ("environment": ASTROFERRY_SOURCE_DATABASE, or "file:PATH"); empty where it cannot be reached.
    """

    quiet_hours: int = 0
    runbooks: tuple[str, ...] = ()
    database: str = ""


@dataclass(frozen=True, slots=True)
class History:
    """How much of the source's history is written to the target by `astroferry history`.

    `runs`: the newest finished runs of each DAG; 0 is all of them.
    """

    runs: int = 100
