"""Hosted or remote execution: where tasks run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from astroferry.advice.reach import doubts, public_ones
from astroferry.advice.rules.rule import PRIVATE, Book, Case, Hit, Suggestion, listed, paths, seen_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from astroferry.model.plan import Execution

BOOK = Book("execution")
WHERE = "decisions.execution"

_WITH_REMOTE = ("ENTERPRISE", "IBM_ENTERPRISE", "POV", "INTERNAL")


@BOOK.suggests(WHERE)
def suggest(case: Case) -> Suggestion[Execution]:
    """Hosted: it is the default and the simplest; private places are named, since they may speak for remote."""
    known = paths(case.plan, case.inventory)
    private = tuple(seen_at(place) for place, path, _ in known if path in PRIVATE)
    if private:
        them = "1 place looks private; a dedicated cluster with a way into your network reaches it"
        if len(private) > 1:
            them = (
                f"{len(private)} places look private; a dedicated cluster with a way into your network reaches them"
            )
        reason = f"{them}. Choose remote where tasks must run inside your own network."
        return Suggestion("hosted", f"{reason}{doubts(case)}", private)
    reached = public_ones(case) or "No private place is known"
    return Suggestion("hosted", f"{reached}, so Astro can run the tasks.{doubts(case)}")


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
            'Choose "hosted", or ask Astronomer about the Enterprise plan; only the guide says that Business has it.',
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
    "EXE-006",
    "warn",
    about=WHERE,
    reads=("plan.decisions.execution", "plan.decisions.cluster"),
    source="Terraform provider astro 2026-08 refuses it; Astro API v1 and CLI 1.45 carry it",
    confidence="medium",
)
def remote_on_standard(case: Case) -> Iterator[Hit]:
    """Whether remote execution runs on a standard cluster is told in two ways.

    Terraform's provider refuses it, Astro's API and CLI carry it. A dedicated cluster is the stricter reading; the
    API's answer is final.
    """
    if case.plan.decisions.execution == "remote" and case.plan.decisions.cluster == "standard":
        yield Hit(
            "Sources differ on whether remote execution runs on a standard cluster (Terraform refuses it).",
            "Choose a dedicated cluster, or ask Astronomer first.",
        )


@BOOK.rule(
    "EXE-009",
    "warn",
    about=WHERE,
    reads=("plan.decisions.execution",),
    source="Astro CLI 1.45: deploy.go; docs: remote-execution-overview",
)
def dags_reach_agents_by_bundles(case: Case) -> Iterator[Hit]:
    """DAGs reach remote agents by bundles, not by Astro's DAG deploys.

    Agents read them from Git (recommended) or from their image. Astroferry makes hosted Deployments and deploys DAGs
    to those; a remote Deployment, its agents and their DAGs are set up by you, with the steps that the networking
    stage shows. Connections and variables live in the agents' secrets backend.
    """
    if case.plan.decisions.execution == "remote":
        yield Hit(
            "Astroferry plans remote execution but does not carry it out: agents get DAGs by bundles.",
            "Make the Deployment and its agents yourself, as the networking stage lists it.",
        )


@BOOK.rule(
    "EXE-010",
    "advise",
    about=WHERE,
    reads=("plan.decisions.execution",),
    source="guide: plan and Airflow 3; docs: remote-execution-get-started, configure-agents, configure-xcom-backend",
)
def more_than_the_guide_says(case: Case) -> Iterator[Hit]:
    """Remote execution asks for more than the guide says.

    The guide names the Astro plan and Airflow 3. Newer documents add: the Astro executor, Kubernetes 1.30 and Helm 3
    of your own, a secrets backend, XCom in object storage (XComObjectStorageBackend, with provider common-io in the
    agents' image), your own image registry, and no DAG deploys. XCom does not work in callbacks. The sentinel is an
    optional agent, recommended from agent 1.2.0 on.
    """
    if case.plan.decisions.execution == "remote":
        yield Hit(
            "The guide asks for the plan and Airflow 3; newer documents add Kubernetes 1.30, Helm 3, a secrets "
            "backend, object-storage XCom and an image registry of your own.",
            "See that your platform team has all of them before you decide.",
        )


@BOOK.rule(
    "EXE-017",
    "advise",
    about=WHERE,
    reads=("plan.decisions.execution", "plan.decisions.cloud"),
    source="guide: AWS PrivateLink; docs: remote-agents-aws-privatelink, remote-agents-azure-privatelink",
)
def no_private_link_for_agents(case: Case) -> Iterator[Hit]:
    """Agents on Google Cloud call out over the internet.

    The guide names AWS PrivateLink between agents and Astro; newer documents have Azure Private Link too. For Google
    Cloud no such document was found.
    """
    if case.plan.decisions.execution == "remote" and case.plan.decisions.cloud == "GCP":
        yield Hit(
            "No private link between agents and Astro is known on Google Cloud (there is on AWS, and on Azure).",
            "Let agents call out by HTTPS, or ask Astronomer.",
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
