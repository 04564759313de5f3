"""Decision points of the guide: Airflow version, execution model, secrets backend."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from astroferry.advice.backends import BACKENDS
from astroferry.advice.needs import backend_needs
from astroferry.advice.rules import code, defaults, execution, providers, secret_names, secrets, version
from astroferry.advice.suggest import SUGGESTIONS, refusals
from astroferry.model.words import names
from astroferry.stages.asking import decision, plain

if TYPE_CHECKING:
    from collections.abc import Iterable

    from astroferry.advice.rules.rule import Book, Suggestion
    from astroferry.model.finding import Finding
    from astroferry.stages.desk import Desk
    from astroferry.stages.question import Question


def advised(desk: Desk, key: str) -> Suggestion[Any] | None:
    """The advice's suggestion for a plan key, or None before there is an inventory."""
    case = desk.case
    return SUGGESTIONS[key](case) if case is not None else None


def checked(desk: Desk, *books: Book) -> tuple[Finding, ...]:
    """What books of rules hold against the plan."""
    case = desk.case
    return tuple(finding for book in books for finding in book.problems(case)) if case is not None else ()


def refused(desk: Desk, key: str, values: Iterable[str]) -> dict[str, str]:
    """Value -> why it cannot be taken, for those of a decision that the rules refuse here."""
    if desk.case is None:
        return {}
    # It stands beside the value's own name, which need not be said again.
    return {value: why.removeprefix(f"{value} ") for value, why in refusals(desk.case, key, values).items()}


class VersionStage:
    """Which Airflow and which Astro Runtime."""

    key = "version"
    title = "Airflow version"
    guide = "Decision point: Airflow version upgrade"
    skipping = ""
    upsets: tuple[str, ...] = ()

    def known(self, desk: Desk) -> tuple[str, ...]:
        """The source's version and what is on offer."""
        source = desk.inventory.airflow_version if desk.inventory else "unknown"
        offered = [release.version for release in desk.facts.runtimes] if desk.facts else []
        return (f"The source runs Airflow {source}.", f"Runtimes on offer: {names(offered) or 'not asked yet'}.")

    def questions(self, desk: Desk) -> tuple[Question, ...]:
        """Airflow, Runtime, data intervals."""
        airflow = desk.plan.decisions.airflow
        runtime = advised(desk, "decisions.runtime")
        asked = [
            decision(
                "decisions.airflow",
                "Which Airflow on Astro?",
                {
                    "3": ("Airflow 3", "one move; DAG code must be fit for it"),
                    "2": ("Airflow 2.11", "the last Airflow 2; open-source support ended in April 2026"),
                },
                advised(desk, "decisions.airflow"),
            ),
            plain(
                "decisions.runtime",
                "Which Astro Runtime?",
                "text",
                runtime.value or None if runtime else None,
                runtime.reason if runtime else "",
                evidence=runtime.evidence if runtime else (),
                help="3.3-8 is Airflow 3.3; 13.11.0 is Airflow 2.11.",
            ),
        ]
        if airflow == "3":
            keep = advised(desk, "decisions.cron_data_intervals")
            asked.append(
                plain(
                    "decisions.cron_data_intervals",
                    "Keep Airflow 2's data intervals for cron schedules?",
                    "yes-no",
                    keep.value if keep else None,
                    keep.reason if keep else "",
                    evidence=keep.evidence if keep else (),
                    help="Without them `ds` of every cron DAG moves by one period.",
                )
            )
        return tuple(asked)

    def findings(self, desk: Desk) -> tuple[Finding, ...]:
        """Of the rules on version, code and providers."""
        return checked(desk, version.BOOK, defaults.BOOK, code.BOOK, providers.BOOK)


class ExecutionStage:
    """Where tasks run."""

    key = "execution"
    title = "Execution model"
    guide = "Decision point: Execution model"
    skipping = ""
    upsets: tuple[str, ...] = ()

    def known(self, desk: Desk) -> tuple[str, ...]:
        """The places that tasks reach."""
        return places_known(desk)

    def questions(self, desk: Desk) -> tuple[Question, ...]:
        """Hosted or remote."""
        return (
            decision(
                "decisions.execution",
                "Where do tasks run?",
                {
                    "hosted": ("hosted", "on Astro's machines; nothing to operate"),
                    "remote": ("remote", "in your own environment, by agents that call out; Business or Enterprise"),
                },
                advised(desk, "decisions.execution"),
                refused(desk, execution.WHERE, ("hosted", "remote")),
            ),
        )

    def findings(self, desk: Desk) -> tuple[Finding, ...]:
        """Of the execution rules."""
        return checked(desk, execution.BOOK)


class SecretsStage:
    """Where connections and variables live on Astro."""

    key = "secrets"
    title = "Secrets backend"
    guide = "Phase 3: Secrets backend"
    skipping = ""
    upsets: tuple[str, ...] = ()

    def known(self, desk: Desk) -> tuple[str, ...]:
        """What the source uses, where its configuration is exposed; what the plan's backend needs."""
        backend = desk.inventory.config.get("secrets", {}).get("backend", "") if desk.inventory else ""
        return (
            f"The source's secrets backend: {backend or 'none seen in its configuration'}.",
            *(backend_needs(desk.case) if desk.case is not None else ()),
        )

    def questions(self, desk: Desk) -> tuple[Question, ...]:
        """Which backend."""
        later = "filled by you, not by astroferry; the stage after this then copies nothing"
        offered: dict[str, tuple[str, str]] = {
            "airflow": ("the Deployment's own database", "written through its Airflow API"),
            "astro-environment": ("Astro Environment Manager", later),
            **{key: (backend.name, later) for key, backend in BACKENDS.items()},
        }
        return (
            decision(
                secrets.WHERE,
                "Where do connections and variables live on Astro?",
                offered,
                advised(desk, secrets.WHERE),
                refused(desk, secrets.WHERE, offered),
            ),
        )

    def findings(self, desk: Desk) -> tuple[Finding, ...]:
        """Of the rules on secrets, and on names and sizes."""
        return checked(desk, secrets.BOOK, secret_names.BOOK)


def places_known(desk: Desk) -> tuple[str, ...]:
    """The places that tasks reach, by path."""
    if desk.inventory is None:
        return ()
    by_path: dict[str, list[str]] = {}
    for place in desk.inventory.places:
        by_path.setdefault(place.path, []).append(place.host)
    return tuple(
        f"{_REACHED.get(path, f'Private, needs a way in ({path})')}: {names(hosts)}"
        for path, hosts in by_path.items()
    ) or ("No place outside is known.",)


_REACHED = {
    "public": "Reached over the internet",
    "local": "On the Airflow machine itself, which Astro does not have",
    "unknown": "Nobody has said how it is reached",
}
"""path to a place, in words; the others are private ones"""
