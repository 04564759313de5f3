"""The comparison of both ends, value by value: the source's digests against those the probe returned."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from astroferry.carry.probes.digest import CONNECTION_FIELDS, field_digest
from astroferry.model.comparison import NOT_OPEN, Comparison, Expected, Probed
from astroferry.model.finding import Finding
from astroferry.model.secret import Secret, is_masked
from astroferry.model.words import several

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from astroferry.model.comparison import Kind, Outcome, ProbeResult, Reach
    from astroferry.model.finding import Severity
    from astroferry.model.inventory import Inventory
    from astroferry.model.values import ConnectionValue, SourceValues, VariableValue

HEADINGS = ("kind", "id", "result", "fields", "host and port", "hook test", "why")
_NO_VALUE = "No source value: it could not be read from the source."
# Measured on 3.3.2: a task asks for variables by an unquoted path. "a?b", "a#b", ".." and "keys" are not found, and
# "a%20b" gets the value of "a b"; slashes, blanks, colons and other letters are fine.
_CLOSED: dict[Reach, str] = {
    "refused": "The host answers the target, and the port is closed (refused).",
    "timeout": "The port does not open from the target (timeout).",
    "dns": "Its name is not known on the target (dns).",
    "unreachable": "The target has no way to it (unreachable).",
}
_LISTED_ONLY = "The target lists it, but a task does not find it: Airflow 3 loses ids with ? # or %, and the id keys."


def expected_digests(
    key: Secret,
    values: SourceValues,
    inventory: Inventory,
    *,
    skip_connections: Collection[str] = (),
    skip_variables: Collection[str] = (),
) -> tuple[Expected, ...]:
    """What the target must show, for all that the inventory or the values name, but for what the plan skips.

    An id without a value, or with Airflow's mask in it, is there too, with the reason: it must not pass unnoticed.
    """
    connections = {seen.conn_id for seen in inventory.connections} | set(values.connections)
    connections |= set(values.missing_connections)
    variables = {seen.key for seen in inventory.variables} | set(values.variables) | set(values.missing_variables)
    return (
        *(_connection(key, conn_id, values) for conn_id in sorted(connections - set(skip_connections))),
        *(_variable(key, name, values) for name in sorted(variables - set(skip_variables))),
    )


def _plain(value: object) -> object:
    return value.reveal() if isinstance(value, Secret) else value


def _connection(key: Secret, conn_id: str, values: SourceValues) -> Expected:
    value: ConnectionValue | None = values.connections.get(conn_id)
    if value is None:
        why = values.missing_connections.get(conn_id)
        return Expected("connection", conn_id, not_compared=f"No source value: {why}" if why else _NO_VALUE)
    if masked := value.masked_fields():
        return Expected("connection", conn_id, not_compared=f"The source shows a mask in {', '.join(masked)}.")
    fields = {name: _plain(getattr(value, name)) for name in (*CONNECTION_FIELDS, "description")}
    return Expected("connection", conn_id, _digests(key, "connection", conn_id, fields))


def _variable(key: Secret, name: str, values: SourceValues) -> Expected:
    value: VariableValue | None = values.variables.get(name)
    if value is None:
        why = values.missing_variables.get(name)
        return Expected("variable", name, not_compared=f"No source value: {why}" if why else _NO_VALUE)
    if value.value.is_masked():
        return Expected("variable", name, not_compared="The source shows a mask in the value.")
    fields: dict[str, object] = {"value": value.value.reveal(), "description": value.description}
    return Expected("variable", name, _digests(key, "variable", name, fields))


def _digests(key: Secret, kind: Kind, item: str, fields: dict[str, object]) -> dict[str, str]:
    """By field; a masked description is left out, as it says nothing (Airflow 2 may mask parts of one)."""
    return {
        name: field_digest(key.reveal(), kind, item, name, value)
        for name, value in fields.items()
        if not (name == "description" and is_masked(str(value)))
    }


def compare(expected: Iterable[Expected], result: ProbeResult) -> tuple[Comparison, ...]:
    """A row for each expected item, in the order given."""
    rows = []
    for item in expected:
        probed = (result.connections if item.kind == "connection" else result.variables).get(item.id)
        rows.append(
            _row(item, probed or Probed(item.kind, item.id, "not told", why="The probe was not asked for it."))
        )
    return tuple(rows)


def _row(item: Expected, probed: Probed) -> Comparison:
    compared = tuple(name for name in item.digests if name in probed.digests)
    differing = tuple(name for name in compared if item.digests[name] != probed.digests[name])
    outcome, why = _outcome(item, probed, differing)
    return Comparison(
        item.kind,
        item.id,
        outcome,
        differing,
        compared,
        why,
        reach=probed.reach,
        hook=probed.hook,
        hook_error=probed.hook_error,
    )


def _outcome(item: Expected, probed: Probed, differing: tuple[str, ...]) -> tuple[Outcome, str]:
    """The word and, where it does not say it all, a sentence."""
    if probed.seen == "missing":
        return "missing", _LISTED_ONLY if probed.listed else ""
    if probed.seen == "error":
        return "not compared", f"A task that asks for it fails: {probed.why}."
    if probed.seen == "not told":
        return "not compared", probed.why or "The probe told nothing about it."
    if item.not_compared:
        return "not compared", item.not_compared
    if differing:
        return "differs", ""
    needed = {"value"} if item.kind == "variable" else set(CONNECTION_FIELDS)
    if not needed <= probed.digests.keys() & item.digests.keys():
        return "not compared", "The probe did not tell every field."
    if probed.reach in NOT_OPEN:
        return "unreachable", _CLOSED[probed.reach]
    return "same", ""


def table(rows: Sequence[Comparison]) -> tuple[tuple[str, ...], ...]:
    """The rows as text under HEADINGS, for any face to lay out."""
    return tuple(
        (
            row.kind,
            row.id,
            row.outcome,
            ", ".join(row.differing),
            "" if row.kind == "variable" else row.reach,
            "" if row.kind == "variable" else " ".join(part for part in (row.hook, row.hook_error) if part),
            row.why,
        )
        for row in rows
    )


def result_in_words(row: Comparison) -> str:
    """The outcome, and the hook's test where it went wrong: "same, hook failed"."""
    if row.hook_went_wrong:
        return f"{row.outcome}, hook {'timed out' if row.hook == 'timeout' else row.hook}"
    return row.outcome


def shortcomings(rows: Iterable[Comparison]) -> str:
    """What equal values do not tell: "4 places did not answer from there; 2 connections failed their hook's test"."""
    same = [row for row in rows if row.values_same]
    away = sum(row.outcome == "unreachable" for row in same)
    # Of a place that did not answer, the hook could not be well either.
    hooks = sum(row.hook_went_wrong for row in same if row.outcome != "unreachable")
    parts = [f"{several(away, 'place')} did not answer from there"] if away else []
    parts += (
        [f"{several(hooks, 'connection')} failed {'its' if hooks == 1 else 'their'} hook's test"] if hooks else []
    )
    return "; ".join(parts)


def equal_in_words(rows: Iterable[Comparison]) -> str:
    """How a comparison ended in which all values are equal, with what that does not tell."""
    but = shortcomings(rows)
    return f"Every value was compared on the target and is the same{f'; {but}' if but else ''}."


def summary(rows: Sequence[Comparison]) -> str:
    """One line: "12 connections: 11 same, 1 differs; 11 variables: 11 same"."""
    parts = []
    for kind in ("connection", "variable"):
        outcomes = Counter(row.outcome for row in rows if row.kind == kind)
        number = sum(outcomes.values())
        counted = ", ".join(f"{count} {outcome}" for outcome, count in outcomes.most_common()) or "none"
        parts.append(f"{number} {kind}{'' if number == 1 else 's'}: {counted}")
    return "; ".join(parts)


_DIFFERS = (
    'Set conflicts.{kind}s to "overwrite" and apply again; or, where the target\'s value is right, add "{id}" to '
    "values.skip_{kind}s in the plan (it is carried to no Deployment then) and verify again."
)
_FINDINGS: dict[Outcome, tuple[Severity, str, str]] = {
    "differs": (
        "refuse",
        "The {kind} {id} differs on the target in {fields}.",
        _DIFFERS,
    ),
    "missing": ("refuse", "The {kind} {id} is missing on the target.", "Apply again; it is created then."),
    "unreachable": (
        "warn",
        "The connection {id} has the same values, but tasks on the target do not reach its host and port.",
        "Open the network path (allow list, peering, private endpoint), then verify again.",
    ),
    "not compared": (
        "refuse",
        "The {kind} {id} could not be compared.",
        'Supply its value (export file, Starship, typed), or add "{id}" to values.skip_{kind}s in the plan.',
    ),
}


_UNKNOWN_NAME = "Make the name known there (private DNS, or a public name), then verify again."
_HOOK = (
    "Look at its login, its extras and its provider's version there; the whole message stays in the task, so have a "
    "task that uses it tell it."
)


def findings(rows: Iterable[Comparison]) -> tuple[Finding, ...]:
    """A finding for each row to look at: PRB-differs, -missing, -unreachable, -not-compared, -hook."""
    found = []
    for row in rows:
        if row.outcome in _FINDINGS:
            severity, message, todo = _FINDINGS[row.outcome]
            if row.outcome == "unreachable" and row.reach == "dns":
                todo = _UNKNOWN_NAME
            text = message.format(kind=row.kind, id=row.id, fields=", ".join(row.differing))
            code = "PRB-" + row.outcome.replace(" ", "-")
            todo = todo.format(kind=row.kind, id=row.id)
            found.append(Finding(code, severity, f"{text} {row.why}".strip(), subject=row.id, todo=todo))
        if row.hook_went_wrong:
            how = f"{row.hook} ({row.hook_error})" if row.hook_error else row.hook
            message = f"The hook of connection {row.id} does not accept it from the target: {how}."
            found.append(Finding("PRB-hook", "warn", message, subject=row.id, todo=_HOOK))
    return tuple(found)
