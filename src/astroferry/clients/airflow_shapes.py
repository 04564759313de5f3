"""JSON of either Airflow API as model objects, where both APIs agree (or nearly so)."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from astroferry.clients.airflow_seen import BackfillSeen, TaskInstanceSeen, TaskSeen
from astroferry.model.inventory import BrokenFile, Caller, ConnectionSeen, Dag, Plugin, Pool, Run, VariableSeen
from astroferry.model.secret import Secret, is_masked, is_telling
from astroferry.model.values import ConnectionValue, VariableValue

if TYPE_CHECKING:
    from collections.abc import Callable

    from astroferry.model.inventory import Schedule

    Schedules = Callable[[Any, str, str, datetime | None, datetime | None], Schedule]

_BY_API = "api."
_SENSITIVE_WORDS = ("password", "secret", "token", "fernet", "private", "credential", "dsn", "auth")
_SENSITIVE_OPTIONS = frozenset(
    {
        # Hidden by Airflow itself with expose_config=non-sensitive-only, where no word above says so.
        "sql_alchemy_conn",
        "broker_url",
        "result_backend",
        "backend_kwargs",
        "sql_alchemy_engine_args",
        "result_backend_sqlalchemy_engine_options",
    }
)


def moment(value: Any) -> datetime | None:
    """An ISO time in UTC; None for null. A time without zone is UTC, as Airflow stores it."""
    if not isinstance(value, str) or not value:
        return None
    parsed = datetime.fromisoformat(value)
    return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)


def stamp(value: datetime) -> str:
    """A time as both APIs read it."""
    return value.astimezone(UTC).isoformat()


def words(value: Any) -> tuple[str, ...]:
    """A list of strings, or of {"name": ...}, as a tuple; null is empty."""
    return tuple(str(item["name"]) if isinstance(item, dict) else str(item) for item in value or ())


def dag_of(item: dict[str, Any], read_schedule: Schedules, said: Any, **own: Any) -> Dag:
    """A DAG; `said` is how this API tells its schedule, `own` the fields that it names its own way."""
    start = moment(item.get("next_dagrun_data_interval_start"))
    end = moment(item.get("next_dagrun_data_interval_end"))
    return Dag(
        dag_id=item["dag_id"],
        schedule=read_schedule(
            said, item.get("timetable_description") or "", item.get("timezone") or "UTC", start, end
        ),
        is_paused=bool(item.get("is_paused")),
        catchup=item.get("catchup"),
        owners=words(item.get("owners")),
        tags=words(item.get("tags")),
        description=item.get("description") or "",
        fileloc=item.get("fileloc") or "",
        start_date=moment(item.get("start_date")),
        end_date=moment(item.get("end_date")),
        max_active_runs=item.get("max_active_runs"),
        max_active_tasks=item.get("max_active_tasks"),
        next_data_interval_start=start,
        next_data_interval_end=end,
        **own,
    )


def run_of(item: dict[str, Any]) -> Run:
    """A DAG run; `execution_date` is what Airflow before 2.2 calls the logical date."""
    return Run(
        run_id=item["dag_run_id"],
        run_type=item.get("run_type") or "",
        state=item.get("state") or "",
        logical_date=moment(item.get("logical_date") or item.get("execution_date")),
        data_interval_start=moment(item.get("data_interval_start")),
        data_interval_end=moment(item.get("data_interval_end")),
        run_after=moment(item.get("run_after")),
        start_date=moment(item.get("start_date")),
        end_date=moment(item.get("end_date")),
        note=item.get("note") or "",
    )


def task_of(item: dict[str, Any]) -> TaskSeen:
    """A task; `operator_name` is younger than `class_ref`."""
    ref = item.get("class_ref") or {}
    return TaskSeen(
        task_id=item["task_id"],
        operator=item.get("operator_name") or ref.get("class_name") or "",
        depends_on_past=bool(item.get("depends_on_past")),
        pool=item.get("pool") or "default_pool",
        queue=item.get("queue") or "default",
        module=ref.get("module_path") or "",
        wait_for_downstream=bool(item.get("wait_for_downstream")),
    )


def task_instance_of(item: dict[str, Any]) -> TaskInstanceSeen:
    """A task instance; of its rendered fields only the names of other DAGs are kept."""
    rendered = item.get("rendered_fields")
    rendered = rendered if isinstance(rendered, dict) else {}
    return TaskInstanceSeen(
        task_id=item["task_id"],
        state=item.get("state"),
        run_id=item.get("dag_run_id") or "",
        map_index=int(item.get("map_index", -1)),
        try_number=int(item.get("try_number") or 0),
        operator=item.get("operator_name") or item.get("operator") or "",
        start_date=moment(item.get("start_date")),
        end_date=moment(item.get("end_date")),
        trigger_dag_id=_name(rendered.get("trigger_dag_id")),
        external_dag_id=_name(rendered.get("external_dag_id")),
    )


def _name(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def backfill_of(item: dict[str, Any]) -> BackfillSeen:
    """A backfill."""
    return BackfillSeen(
        id=int(item["id"]),
        dag_id=item["dag_id"],
        first=moment(item.get("from_date")),
        last=moment(item.get("to_date")),
        reprocess=item.get("reprocess_behavior") or "none",
        is_paused=bool(item.get("is_paused")),
        created_at=moment(item.get("created_at")),
        completed_at=moment(item.get("completed_at")),
    )


def connection_seen(item: dict[str, Any]) -> ConnectionSeen:
    """A connection without its secrets.

    The key `password` is absent on 2.x (nobody can tell), null or a mask on 3.x. `masked_fields` names extra keys
    as "extra.private_key", and "extra" where a mask stands in an extra that is no JSON object.
    """
    extra = item.get("extra")
    keys, masked = _extra_shape(extra if isinstance(extra, str) else None)
    for name in ("host", "login", "schema", "description", "password"):
        if is_masked(item.get(name)):
            masked.append(name)
    return ConnectionSeen(
        conn_id=item["connection_id"],
        conn_type=item.get("conn_type") or "",
        host=item.get("host") or "",
        port=item.get("port"),
        schema=item.get("schema") or "",
        login=item.get("login") or "",
        description=item.get("description") or "",
        has_password=bool(item["password"]) if "password" in item else None,
        extra_keys=keys,
        masked_fields=tuple(masked),
    )


def _extra_shape(extra: str | None) -> tuple[tuple[str, ...], list[str]]:
    if not extra:
        return (), []
    try:
        parsed = json.loads(extra)
    except ValueError:
        parsed = None
    if not isinstance(parsed, dict):
        return (), ["extra"] if is_masked(extra) else []
    return tuple(parsed), [f"extra.{key}" for key, value in parsed.items() if is_masked(json.dumps(value))]


def connection_body(value: ConnectionValue) -> dict[str, Any]:
    """A connection as both APIs take it; fields that are not set are left out."""
    body: dict[str, Any] = {"connection_id": value.conn_id, "conn_type": value.conn_type}
    for name in ("host", "login", "password", "schema", "extra"):
        secret = getattr(value, name)
        if secret is not None:
            body[name] = secret.reveal()
    if value.port is not None:
        body["port"] = value.port
    if value.description is not None:
        body["description"] = value.description
    return body


def variable_seen(item: dict[str, Any]) -> VariableSeen:
    """A variable's name and shape; of a masked value the size is unknown, and 0."""
    value = item.get("value")
    text = value if isinstance(value, str) else "" if value is None else json.dumps(value)
    masked = is_masked(text)
    return VariableSeen(
        key=item["key"],
        description=item.get("description") or "",
        size=0 if masked else len(text.encode("utf-8")),
        is_json=_is_container(text),
        masked=masked,
    )


def _is_container(text: str) -> bool:
    if text.lstrip()[:1] not in {"{", "["}:
        return False
    try:
        return isinstance(json.loads(text), dict | list)
    except ValueError:
        return False


def variable_value(item: dict[str, Any]) -> VariableValue:
    """A variable with its value, which may be masked: ask `value.is_masked()`."""
    value = item.get("value")
    text = value if isinstance(value, str) else "" if value is None else json.dumps(value)
    return VariableValue(item["key"], Secret(text, ordinary=not is_telling(item["key"])), item.get("description"))


def pool_of(item: dict[str, Any]) -> Pool:
    """A pool."""
    return Pool(
        name=item["name"],
        slots=int(item["slots"]),
        description=item.get("description") or "",
        include_deferred=bool(item.get("include_deferred")),
    )


def plugin_of(item: dict[str, Any]) -> Plugin:
    """A plugin, with what it adds as "timetables: acme.WorkdayTimetable"."""
    adds: list[str] = []
    for kind, things in item.items():
        if kind in {"name", "source"} or not isinstance(things, list):
            continue
        for thing in things:
            label = thing.get("name") or thing.get("view") or thing.get("app") if isinstance(thing, dict) else thing
            adds.append(f"{kind}: {label or '?'}")
    return Plugin(name=item.get("name") or "", source=item.get("source") or "", adds=tuple(sorted(adds)))


def broken_file_of(item: dict[str, Any]) -> BrokenFile:
    """A DAG file that does not parse."""
    return BrokenFile(item.get("filename") or "", item.get("stack_trace") or "")


def callers_of(entries: list[dict[str, Any]]) -> tuple[Caller, ...]:
    """Entries of Airflow 2's event log that the REST API made, counted by user and event, most first."""
    groups: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for item in entries:
        event = item.get("event") or ""
        if event.startswith(_BY_API):
            groups.setdefault((item.get("owner") or "", event.removeprefix(_BY_API)), []).append(item)
    found = [
        Caller(
            user=user,
            event=event,
            count=len(items),
            last=max((when for item in items if (when := moment(item.get("when")))), default=None),
            dags=tuple(sorted({item["dag_id"] for item in items if item.get("dag_id")})),
        )
        for (user, event), items in groups.items()
    ]
    return tuple(sorted(found, key=lambda caller: (-caller.count, caller.user, caller.event)))


def config_of(body: Any) -> dict[str, dict[str, str]]:
    """Section -> option -> value; sensitive options are dropped even where the server shows them."""
    found: dict[str, dict[str, str]] = {}
    for section in (body or {}).get("sections", ()):
        options = found.setdefault(section["name"], {})
        for option in section.get("options", ()):
            value = option.get("value")
            # With display_source the value is a pair of value and source.
            value = value[0] if isinstance(value, list) and value else value
            if not is_sensitive(option["key"]):
                options[option["key"]] = "" if value is None else str(value)
    return found


def is_sensitive(option: str) -> bool:
    """Whether an option's name says that its value is nobody's business."""
    name = option.lower()
    return name in _SENSITIVE_OPTIONS or any(word in name for word in _SENSITIVE_WORDS)
