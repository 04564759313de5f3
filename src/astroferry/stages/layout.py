"""How the work is divided: Workspaces and Deployments, how values travel, waves."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from astroferry.advice.placing import placed
from astroferry.advice.roles import in_words
from astroferry.advice.rules import (
    access,
    carried,
    configuration,
    cutover,
    environment,
    executor,
    links,
    values,
    waves,
    workspaces,
)
from astroferry.model.starship import SAFE_FROM
from astroferry.model.words import names, several
from astroferry.stages.asking import choice, decision, plain
from astroferry.stages.decisions import advised, checked
from astroferry.stages.question import Question

if TYPE_CHECKING:
    from collections.abc import Iterator

    from astroferry.advice.rules.rule import Suggestion
    from astroferry.model.finding import Finding
    from astroferry.stages.desk import Desk

_CONFLICTS = {
    "fail": ("fail", "stop at it and say so"),
    "skip": ("skip", "leave the target's as it is"),
    "overwrite": ("overwrite", "replace it; its former value cannot be put back"),
}


class WorkspacesStage:
    """Workspaces, and the Deployments in them."""

    key = "workspaces"
    title = "Workspaces"
    guide = "Decision point: Workspace organization"
    skipping = ""
    upsets: tuple[str, ...] = ("waves",)

    def known(self, desk: Desk) -> tuple[str, ...]:
        """Owners seen on the source, Workspaces that are there; how roles and teams would be mapped."""
        owners = sorted({owner for dag in desk.inventory.dags for owner in dag.owners}) if desk.inventory else []
        there = [item.name for item in desk.facts.workspaces] if desk.facts else []
        sized, told = advised(desk, "deployments"), self.key in desk.plan.decided
        return (
            f"Owners on the source: {names(owners) or 'unknown'}.",
            f"Workspaces on Astro: {names(there) or 'none'}.",
            *(_suggested(sized) if sized else ()),
            *(in_words(desk.plan, desk.inventory.roles) if desk.inventory and (told or desk.inventory.roles) else ()),
        )

    def questions(self, desk: Desk) -> tuple[Question, ...]:
        """Layout, Workspaces, Deployments."""
        plan = desk.plan
        made, sized = advised(desk, "workspaces"), advised(desk, "deployments")
        variables = advised(desk, "deployments.environment")
        first = plan.workspaces[0].name if plan.workspaces else plan.name
        return (
            decision(
                "decisions.workspaces",
                "How are Workspaces divided?",
                {
                    "one": ("one for all", "everyone in it sees all its Deployments"),
                    "team": ("by team", "each team sees its own"),
                    "environment": ("by environment", "development apart from production"),
                    "business-unit": ("by business unit", "as the company is divided"),
                    "project": ("by project", "as the work is divided"),
                },
                advised(desk, "decisions.workspaces"),
            ),
            Question(
                "workspaces",
                "Which Workspaces?",
                "tables",
                suggested=_shown(plan.workspaces) or (_shown(made.value) if made else [{"name": first}]),
                reason="as in the plan" if plan.workspaces else made.reason if made else f'one, named "{first}"',
            ),
            Question(
                "deployments",
                "Which Deployments?",
                "tables",
                suggested=_shown(plan.deployments)
                or (
                    [dataclasses.replace(item, environment=dict(variables.value)) for item in sized.value]
                    if sized and variables
                    else [{"name": f"{plan.name}-production", "workspace": first}]
                ),
                reason="as in the plan" if plan.deployments else sized.reason if sized else "one for production",
            ),
        )

    def findings(self, desk: Desk) -> tuple[Finding, ...]:
        """Of the rules on Workspaces, roles, executors, sizes and environment variables."""
        return checked(desk, workspaces.BOOK, access.BOOK, executor.BOOK, configuration.BOOK, environment.BOOK)


class ValuesStage:
    """How secret values travel, and what happens to what is on the target already."""

    key = "values"
    title = "How values travel"
    guide = "Phase 4: Migrate connections, variables and configuration"
    skipping = ""
    upsets: tuple[str, ...] = ()

    def known(self, desk: Desk) -> tuple[str, ...]:
        """What the source shows and hides."""
        if desk.inventory is None:
            return ()
        masked = [seen.key for seen in desk.inventory.variables if seen.masked]
        return (
            f"Starship on the source: {desk.inventory.starship or 'not found'}.",
            f"Variables that the API masks: {names(masked) or 'none'}. It never shows passwords of connections.",
        )

    def questions(self, desk: Desk) -> tuple[Question, ...]:
        """The way per kind, the files where a way needs one, the conflict policy per kind."""
        asked = [
            decision(
                "values.connections",
                "How do connections travel?",
                {
                    "starship": (
                        "Starship on the source",
                        f"reads them with their passwords; needs {SAFE_FROM} or newer",
                    ),
                    "export-file": ("an export file", "`airflow connections export FILE` on the source"),
                    "typed": ("typed", "you type each secret"),
                    "backend": ("they are in a backend", "that the target shares; nothing is copied"),
                    "none": ("not at all", "nothing is copied"),
                },
                advised(desk, "values.connections"),
            )
        ]
        if desk.plan.values.connections == "export-file":
            asked.append(plain("values.connections_file", "The connections' export file", "path"))
        asked.append(
            decision(
                "values.variables",
                "How do variables travel?",
                {
                    "api": ("the source's API", "Airflow 2 shows them in clear"),
                    "starship": ("Starship on the source", "reads all in clear"),
                    "export-file": ("an export file", "`airflow variables export FILE` on the source"),
                    "typed": ("typed", "you type each value"),
                    "backend": ("they are in a backend", "that the target shares; nothing is copied"),
                    "none": ("not at all", "nothing is copied"),
                },
                advised(desk, "values.variables"),
            )
        )
        if desk.plan.values.variables == "export-file":
            asked.append(plain("values.variables_file", "The variables' export file", "path"))
        for kind in ("connections", "variables", "pools"):
            now = getattr(desk.plan.conflicts, kind)
            asked.append(
                choice(f"conflicts.{kind}", f"Where the target has other {kind} of the same name?", _CONFLICTS, now)
            )
        return tuple(asked)

    def findings(self, desk: Desk) -> tuple[Finding, ...]:
        """Of the rules on values."""
        return checked(desk, values.BOOK, carried.BOOK)


class WavesStage:
    """Which DAGs move together, and where to."""

    key = "waves"
    title = "Waves"
    guide = "Phase 5: Staged migration approach"
    skipping = "all DAGs move in one wave"
    upsets: tuple[str, ...] = ()

    def known(self, desk: Desk) -> tuple[str, ...]:
        """How much depends on each other."""
        if desk.inventory is None:
            return ()
        unread = sum(dag.dependencies == "unknown until code is read" for dag in desk.inventory.dags)
        linked = sum(bool(dag.triggers or dag.waits_for or dag.consumes) for dag in desk.inventory.dags)
        known = f"{several(linked, 'DAG')} depend on others." if linked != 1 else "1 DAG depends on others."
        unknown = f"What {several(unread, 'DAG')} depend{'s' * (unread == 1)} on is unknown until code is read."
        return (unknown,) if unread and not linked else (known, unknown) if unread else (known,)

    def questions(self, desk: Desk) -> tuple[Question, ...]:
        """The waves, as tables."""
        suggestion = advised(desk, "waves")
        there = _shown(desk.plan.waves)
        proposed: list[dict[str, Any]] | None = there or None
        if not there and suggestion is not None and desk.inventory is not None and desk.plan.deployments:
            proposed = [dataclasses.asdict(wave) for wave in placed(desk.plan, desk.inventory, suggestion.value)]
        reason = "as in the plan" if there else suggestion.reason if suggestion else ""
        return (Question("waves", "Which DAGs move together?", "tables", suggested=proposed, reason=reason),)

    def findings(self, desk: Desk) -> tuple[Finding, ...]:
        """Of the wave rules."""
        return checked(desk, waves.BOOK, links.BOOK, cutover.BOOK)


def _shown(items: tuple[Any, ...]) -> list[Any]:
    """What the plan holds already, as it is."""
    return list(items)


def _suggested(sized: Suggestion[Any]) -> Iterator[str]:
    """Its evidence; the Deployments that it names need be neither there nor in the plan, and that is said."""
    named = {item.name for item in sized.value}
    for line in sized.evidence:
        yield f"Suggested Deployment {line}" if line.partition(":")[0] in named else line
