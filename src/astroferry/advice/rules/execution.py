"""Hosted or remote execution: where tasks run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from astroferry.advice.rules.rule import PRIVATE, Book, Case, Hit, Suggestion, listed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from astroferry.model.plan import Execution

BOOK = Book("execution")
WHERE = "decisions.execution"

_WITH_REMOTE = ("ENTERPRISE", "IBM_ENTERPRISE", "POV", "INTERNAL")


@BOOK.suggests(WHERE)
def suggest(case: Case) -> Suggestion[Execution]:
    """Hosted: it is the default and the simplest; private places are named, since they may speak for remote."""
    private = tuple(f"{place.host}: {place.why}" for place in case.inventory.places if place.path in PRIVATE)
    if private:
        reason = (
            f"{len(private)} place(s) look private; peering or VPN to a dedicated cluster reaches them. Choose "
            "remote where tasks must run inside your own network."
        )
        return Suggestion("hosted", reason, private)
    return Suggestion("hosted", "Every known place can be reached over the internet, so Astro can run the tasks.")


@BOOK.rule(
    "EXE-003",
    "refuse",
    about=WHERE,
    reads=("plan.decisions.execution", "plan.decisions.airflow"),
    source="migration guide, Phase 2: execution model",
)
def needs_airflow_3(case: Case) -> Iterator[Hit]:
    """Remote execution needs Airflow 3.

    Agents speak the task execution API, which Airflow 2 does not have.
    Choose Airflow 3, or let Astro run the tasks (hosted).
    """
    if case.plan.decisions.execution == "remote" and case.plan.decisions.airflow != "3":
        yield Hit("Remote execution needs Airflow 3.", 'Set decisions.airflow to "3", or execution to "hosted".')


@BOOK.rule(
    "EXE-001",
    "refuse",
    about=WHERE,
    reads=("plan.decisions.execution", "organization.plans"),
    source="migration guide, Phase 2: execution model; docs: remote-execution-overview",
)
def not_in_the_plan(case: Case) -> Iterator[Hit]:
    """Remote execution is not in every Astro plan.

    The guide offers it from Business on, documents of 2026 from Enterprise on.
    Choose hosted execution, or ask Astronomer about a plan that has it.
    """
    plans = _plans_without_remote(case)
    if plans and not _business(plans):
        yield Hit(
            f"Remote execution is not in the Astro plan of this organization ({listed(plans)}).",
            'Choose "hosted", or move to the Business or Enterprise plan.',
        )


@BOOK.rule(
    "EXE-002",
    "warn",
    about=WHERE,
    reads=("plan.decisions.execution", "organization.plans"),
    source="guide says Business or Enterprise, docs of 2026 say Enterprise",
)
def disputed_in_business(case: Case) -> Iterator[Hit]:
    """Whether the Business plan has remote execution is told in two ways.

    The migration guide offers it from Business on; newer documents say Enterprise. The stricter reading is safer:
    ask Astronomer before you build on it.
    """
    if _business(_plans_without_remote(case)):
        yield Hit(
            "The guide offers remote execution from the Business plan on, newer documents from Enterprise on.",
            "Ask Astronomer whether your plan includes it, before you build on it.",
        )


@BOOK.rule(
    "EXE-004",
    "refuse",
    about="deployments",
    reads=("plan.decisions.execution", "plan.deployments"),
    source="Astro API: remote execution takes the Astro executor only",
)
def needs_the_astro_executor(case: Case) -> Iterator[Hit]:
    """Remote execution runs with the Astro executor only.

    Celery and Kubernetes executors run tasks on Astro's side. Set the executor of these Deployments to ASTRO.
    """
    others = [item.name for item in case.plan.deployments if item.executor != "ASTRO"]
    if case.plan.decisions.execution == "remote" and others:
        yield Hit(
            f"Remote execution runs with the Astro executor only; {listed(others)} have another.",
            'Set their executor to "ASTRO".',
            listed(others),
        )


def _plans_without_remote(case: Case) -> tuple[str, ...]:
    """The organization's plans where remote execution is chosen and none of them surely has it."""
    plans = case.facts.plans if case.facts is not None else ()
    if case.plan.decisions.execution != "remote":
        return ()
    if any(plan.startswith(_WITH_REMOTE) or "CRITICAL" in plan for plan in plans):
        return ()
    return plans


def _business(plans: tuple[str, ...]) -> bool:
    return any(plan.startswith("BUSINESS") for plan in plans)
