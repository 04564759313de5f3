"""The review page: every decision and all that will be done, rendered only from the plan."""

from __future__ import annotations

from collections import Counter
from functools import partial
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from astroferry.advice.allow_lists import allow_lists
from astroferry.advice.needs import backend_needs, network_needs
from astroferry.advice.repeated import once
from astroferry.advice.rules.rule import Case
from astroferry.advice.ways_in import steps, way_in
from astroferry.model.environment import environment_of
from astroferry.model.planedit import value_at
from astroferry.model.words import names, several
from astroferry.report.sizes import workers
from astroferry.report.table import fitting

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from astroferry.carry.action import ActionInfo
    from astroferry.model.finding import Finding
    from astroferry.model.inventory import Inventory
    from astroferry.model.plan import Plan, Wave

_KINDS = {
    "workspace": ("Workspace", "Workspaces"),
    "deployment": ("Deployment", "Deployments"),
    "deploy": ("deploy of DAG code", "deploys of DAG code"),
    "verify": ("comparison of values", "comparisons of values"),
}
"""kind of action -> one of them, several of them"""
FOUND, HELD = "Found on the source", "Held against the plan"
"""headings of what was found: when it was read, and by the rules"""
COLUMNS = 60
"""cells below which there are no tables at all"""
STACKED = 90
"""cells below which what undoing means stands under its action, not beside it"""
NARROWEST = 36
_WAITS = frozenset({"healthy", "arrived"})
"""kinds of actions that change nothing: they are done, but nobody decides on them"""
ANSWERS: dict[str, dict[str, str]] = {
    "decisions.networking": {"public": "over the internet", "remote-agents": "remote agents"},
    "decisions.workspaces": {
        "one": "one for all",
        "team": "by team",
        "environment": "by environment",
        "business-unit": "by business unit",
        "project": "by project",
    },
    "decisions.secrets_backend": {"airflow": "the Deployment's own database"},
    "values.connections": {"export-file": "an export file", "backend": "they are in a backend", "none": "not at all"},
    "values.variables": {
        "api": "the source's API",
        "starship": "Starship on the source",
        "export-file": "an export file",
        "backend": "they are in a backend",
        "none": "not at all",
    },
}
"""plan key -> value -> what the stages call it"""
_ROLES = {"both": "test and production"}
_UNDO = {"undo": "can be undone", "compensate": "can be compensated", "irreversible": "cannot be undone"}


def review(
    plan: Plan,
    inventory: Inventory,
    infos: Sequence[ActionInfo],
    *,
    width: int = 100,
    states: Mapping[str, str] | None = None,
    held: Sequence[Finding] = (),
) -> list[str]:
    """The page as lines of text.

    `states`: wave -> how it stands by the journal, in words; else as the plan says. `held`: what the rules hold
    against the plan, which stands below the page; the page does not tell it as well.
    """
    source, target, decisions = plan.source, plan.target, plan.decisions
    rows = partial(fitting, width=width, least=COLUMNS, indent="  ")
    lines = [
        f"Migration {plan.name}",
        "",
        (
            f"From  {source.url}  Airflow {inventory.airflow_version}, {several(len(inventory.dags), 'DAG')}, "
            f"{several(len(inventory.connections), 'connection')}, {several(len(inventory.variables), 'variable')}, "
            f"{several(len(inventory.pools), 'pool')}"
        ),
        f"To    {target.api}  organization {target.organization_name or target.organization or '(not chosen)'}",
        "",
        "Decisions",
        *rows(
            ("decision", "answer", "in the plan"),
            [
                (
                    "Airflow version",
                    f"{decisions.airflow} (Runtime {decisions.runtime})",
                    "decisions.airflow, .runtime",
                ),
                ("cron data intervals", _yes(decisions.cron_data_intervals), "decisions.cron_data_intervals"),
                ("execution model", decisions.execution, "decisions.execution"),
                ("cluster type", f"{decisions.cluster}, {decisions.cloud} {decisions.region}", "decisions.cluster"),
                ("networking", _networking(plan), "decisions.networking"),
                ("Workspaces", _answer(plan, "decisions.workspaces"), "decisions.workspaces"),
                ("secrets backend", _answer(plan, "decisions.secrets_backend"), "decisions.secrets_backend"),
                ("connections travel", _answer(plan, "values.connections"), "values.connections"),
                ("variables travel", _answer(plan, "values.variables"), "values.variables"),
                (
                    "conflicts",
                    (
                        f"connections {plan.conflicts.connections}, variables {plan.conflicts.variables}, "
                        f"pools {plan.conflicts.pools}"
                    ),
                    "conflicts",
                ),
            ],
        ),
        "",
        "Deployments",
        *rows(
            ("Deployment", "Workspace", "role", "executor and workers"),
            [
                (
                    item.name,
                    item.workspace,
                    _ROLES.get(item.role, item.role),
                    f"{item.executor}, {workers(plan, item)}",
                )
                for item in plan.deployments
            ],
        ),
        *_environments(plan, width),
        "",
        "Waves",
        *rows(
            ("wave", "DAGs", "test", "production", "state"),
            [_wave(plan, inventory, wave, states or {}) for wave in plan.waves],
        ),
    ]
    same = [wave.name for wave in plan.waves if wave.test == wave.production]
    if same:
        lines.append(f"  Test and production are one Deployment for: {names(same)}.")
    lines += _needs(Case(plan, inventory), width)
    lines += ["", *_actions(infos, width), *_later(plan, width)]
    if plan.review_again:
        lines += ["", f"To be looked at again: {names(plan.review_again)}"]
    if found := once(inventory.findings, held):
        lines += ["", FOUND, *(f"  {item.severity}: {item.message} [{item.code}]" for item in found)]
    return [*lines, "", "Nothing has been changed on the source or on Astro to show this page."]


def as_data(plan: Plan, inventory: Inventory, infos: Sequence[ActionInfo]) -> dict[str, Any]:
    """The page as data, for --json."""
    everything = tuple(dag.dag_id for dag in inventory.dags)
    case = Case(plan, inventory)
    lists = allow_lists(case)
    return {
        "name": plan.name,
        "source": {"url": plan.source.url, "airflow": inventory.airflow_version, "dags": len(inventory.dags)},
        "target": {"api": plan.target.api, "organization": plan.target.organization},
        "decisions": {key: getattr(plan.decisions, key) for key in plan.decisions.__slots__},
        "waves": [
            {"name": wave.name, "state": wave.state, "dags": list(plan.dags_of(wave, everything))}
            for wave in plan.waves
        ],
        "actions": [
            {"id": info.id, "title": info.title, "stage": info.stage, "undo": info.undo, "undo_note": info.undo_note}
            for info in infos
        ],
        "networking": {
            "steps": [{"who": step.who, "what": step.what} for step in steps(case)],
            "allow_lists": {
                "inbound": [{"places": list(item.places), "admit": item.admit} for item in lists.inbound],
                "outbound": [{"who": item.who, "hosts": list(item.hosts)} for item in lists.outbound],
            },
        },
        "secrets_backend": list(backend_needs(case)),
        "findings": [
            {"code": item.code, "severity": item.severity, "message": item.message, "subject": item.subject}
            for item in inventory.findings
        ],
    }


def _environments(plan: Plan, width: int) -> list[str]:
    """Which environment variables each Deployment is given; their names are long, so they stand below the table."""
    given: dict[tuple[str, ...], list[str]] = {}
    for item in plan.deployments:
        given.setdefault(tuple(sorted(environment_of(plan, item))), []).append(item.name)
    lines: list[str] = []
    for variables, deployments in given.items():
        if variables:
            lines += [f"  Environment of {names(deployments, 3)}:"]
            lines += wrap(
                ", ".join(variables),
                max(width, NARROWEST),
                initial_indent="    ",
                subsequent_indent="    ",
                break_long_words=False,
            )
    return lines


def _needs(case: Case, width: int) -> list[str]:
    """Who must do what beside astroferry: for a way into your network, and for a secrets backend of your own."""
    found = {
        "What the networking takes": network_needs(case) if case.plan.decisions.networking != "public" else (),
        "What the secrets backend takes": backend_needs(case),
    }
    lines: list[str] = []
    for title, items in found.items():
        if items:
            lines += ["", title]
            for item in items:
                lines += wrap(item, max(width, NARROWEST), initial_indent="  ", subsequent_indent="    ")
    return lines


def _wave(plan: Plan, inventory: Inventory, wave: Wave, states: Mapping[str, str]) -> tuple[str, ...]:
    dags = plan.dags_of(wave, tuple(dag.dag_id for dag in inventory.dags))
    return (
        wave.name,
        f"{len(dags)}: {names(dags, 3)}",
        wave.test,
        wave.production,
        states.get(wave.name, wave.state),
    )


def _actions(infos: Sequence[ActionInfo], width: int) -> list[str]:
    """What will be done, counted by stage and kind, with what undoing means; nothing of it is cut off."""
    groups: Counter[tuple[str, str, str, str]] = Counter(
        (info.stage, kind, _UNDO[info.undo], info.undo_note)
        for info in infos
        if (kind := info.id.split("/", 1)[0]) not in _WAITS
    )
    lines = ["What will be done, and whether it can be undone"]
    for (stage, kind, undo, note), count in groups.items():
        words = _KINDS.get(kind, (kind, f"{kind}s"))
        lines += _done(stage, count, words[count != 1], f"{undo}: {note}" if note else undo, width)
    return lines


def _later(plan: Plan, width: int) -> list[str]:
    """What comes after the DAGs lie paused on Astro, wave by wave; each cutover is begun and confirmed by itself."""
    ends = len({name for wave in plan.waves for name in (wave.test, wave.production)})
    waves = len(plan.waves)
    if not waves:
        return []
    compared, cut = _KINDS["verify"][ends != 1], "wave" if waves == 1 else "waves"
    return [
        *_done("test", ends, compared, "by a DAG that is there meanwhile and is taken away again", width),
        *_done("cutover", waves, cut, "later, one by one, each confirmed by its name; can be rolled back", width),
    ]


def _done(stage: str, count: int, what: str, undo: str, width: int) -> list[str]:
    head = f"  {stage:13}  {count:>5,} {what:22}  "
    if width < STACKED:
        room = max(width, NARROWEST)
        return [head.rstrip(), *wrap(undo, room, initial_indent="    ", subsequent_indent="    ")]
    return wrap(undo, width, initial_indent=head, subsequent_indent=" " * len(head))


def _answer(plan: Plan, key: str) -> str:
    value = str(value_at(plan, key))
    return ANSWERS[key].get(value, value)


def _networking(plan: Plan) -> str:
    chosen = way_in(plan.decisions.cloud, plan.decisions.networking)
    return chosen.name if chosen is not None else _answer(plan, "decisions.networking")


def _yes(value: bool) -> str:
    return "yes" if value else "no"
