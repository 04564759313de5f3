"""What the plan's networking and secrets backend take, in lines that the screens, the review and the report show."""

from __future__ import annotations

from typing import TYPE_CHECKING

from astroferry.advice.allow_lists import allow_lists
from astroferry.advice.backends import BACKENDS, CLASS_VARIABLE, KWARGS_VARIABLE, settings, used
from astroferry.advice.rules.secret_names import mapping
from astroferry.advice.ways_in import steps, way_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from astroferry.advice.backends import Backend
    from astroferry.advice.rules.rule import Case


def network_needs(case: Case) -> tuple[str, ...]:
    """Who must do what for the networking of the plan, and what goes on allow lists: one line each."""
    chosen = way_in(case.plan.decisions.cloud, case.plan.decisions.networking)
    lines = [f"{number}. {step.who}: {step.what}" for number, step in enumerate(steps(case), 1)]
    lines += [f"{chosen.name}: {limit}" for limit in chosen.limits] if chosen else []
    return (*lines, *allow_lists(case).lines)


def backend_needs(case: Case) -> tuple[str, ...]:
    """What the plan's backend needs, one line each: package, variables, permissions, names to change."""
    backend = BACKENDS.get(case.plan.decisions.secrets_backend)
    if backend is None:
        return ()
    remote = case.plan.decisions.execution == "remote"
    package_goes_into = (
        "the agents' image" if remote else "requirements.txt of an Astro project, whose image you deploy"
    )
    same = used(case.inventory) == case.plan.decisions.secrets_backend
    return (
        f"{backend.name} needs {backend.package} in {package_goes_into}.",
        *(_as_on_the_source if same else _for_a_new_store)(case, backend),
        *backend.notes,
        *(f"{item.old} ({item.kind}) would have to be called {item.new}." for item in mapping(case)),
    )


def _as_on_the_source(case: Case, backend: Backend) -> Iterator[str]:
    """The source's own settings go on: prefixes, paths, mounts and addresses stay; only who asks is another."""
    where = _where(case)
    yield f"In {where}: {CLASS_VARIABLE}={backend.path}"
    yield (
        f"In {where} (as a secret): {KWARGS_VARIABLE}=<backend_kwargs of the source's [secrets]>: keep "
        "prefixes, paths, mounts and addresses as they are, or no secret is found."
    )
    yield f"Only what it logs in with changes: {_identity(case, backend)}."
    actions = ", ".join(dict.fromkeys(permission.action for permission in backend.permissions))
    yield f"Give that identity the rights that the source's has ({actions})."


def _for_a_new_store(case: Case, backend: Backend) -> Iterator[str]:
    for setting in settings(case.plan.decisions.secrets_backend):
        kind = [*(["as a secret"] if setting.secret else []), *(["an example"] if "<" in setting.value else [])]
        shown = f" ({', '.join(kind)})" if kind else ""
        yield f"In {_where(case)}{shown}: {setting.name}={setting.value}"
    yield f"Identity: {_identity(case, backend)}."
    for permission in backend.permissions:
        why = f" ({permission.why})" if permission.why else ""
        yield f"Allow {permission.action} on {permission.resource}{why}."


def _where(case: Case) -> str:
    return "agents' values.yaml" if case.plan.decisions.execution == "remote" else "every Deployment"


def _identity(case: Case, backend: Backend) -> str:
    remote = case.plan.decisions.execution == "remote"
    return "the agents' own (their pods'), not the Deployment's" if remote else backend.identity
