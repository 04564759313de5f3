"""What the plan's networking and secrets backend take, in lines that the screens, the review and the report show."""

from __future__ import annotations

from typing import TYPE_CHECKING

from astroferry.advice.backends import BACKENDS, settings
from astroferry.advice.rules.secret_names import mapping
from astroferry.advice.ways_in import ASTRO_HOSTS, allow_lists, steps, way_in
from astroferry.model.words import names

if TYPE_CHECKING:
    from astroferry.advice.rules.rule import Case


def network_needs(case: Case) -> tuple[str, ...]:
    """Who must do what for the networking of the plan, and what goes on allow lists: one line each."""
    chosen = way_in(case.plan.decisions.cloud, case.plan.decisions.networking)
    lines = [f"{number}. {step.who}: {step.what}" for number, step in enumerate(steps(case), 1)]
    lines += [f"{chosen.name}: {limit}" for limit in chosen.limits] if chosen else []
    lists = allow_lists(case)
    if lists.at_places:
        lines.append(f"On the allow lists of {names(lists.at_places)}: {'; '.join(lists.admit)}.")
    outbound = [host for host in lists.outbound if host not in ASTRO_HOSTS] or list(lists.outbound)
    lines.append(f"Your own network must let out to {names(outbound, 3)}.")
    return tuple(lines)


def backend_needs(case: Case) -> tuple[str, ...]:
    """What the plan's backend needs, one line each: package, variables, permissions, names to change."""
    backend = BACKENDS.get(case.plan.decisions.secrets_backend)
    if backend is None:
        return ()
    remote = case.plan.decisions.execution == "remote"
    where = "agents' values.yaml" if remote else "every Deployment"
    package_goes_into = "the agents' image" if remote else "requirements.txt"
    identity = "the agents' own (their pods'), not the Deployment's" if remote else backend.identity
    return (
        f"{backend.name} needs {backend.package} in {package_goes_into}.",
        *(
            f"In {where}{' (as a secret)' if setting.secret else ''}: {setting.name}={setting.value}"
            for setting in settings(case.plan.decisions.secrets_backend)
        ),
        f"Identity: {identity}.",
        *(
            f"Allow {permission.action} on {permission.resource}{f' ({permission.why})' if permission.why else ''}."
            for permission in backend.permissions
        ),
        *backend.notes,
        *(f"{item.old} ({item.kind}) would have to be called {item.new}." for item in mapping(case)),
    )
