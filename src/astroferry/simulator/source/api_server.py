"""The simulated /api/v1's account of the server itself: providers, plugins, configuration, datasets, logs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, Response

from astroferry.simulator.source.estate import as_json
from astroferry.simulator.source.wire import ADMINS, OPERATORS, READERS, Call, Refusal, not_found, ordered, page_of

if TYPE_CHECKING:
    from starlette.requests import Request

    from astroferry.simulator.source.estate import Estate, SimPlugin

STATES = ("queued", "running", "success", "failed")


def version_json(estate: Estate) -> JSONResponse:
    """GET /version, for anybody."""
    return JSONResponse({"git_version": "", "version": estate.version})


def health_json(estate: Estate) -> JSONResponse:
    """GET /health, for anybody."""
    beat = as_json(estate.engine.now)
    return JSONResponse(
        {
            "dag_processor": {"latest_dag_processor_heartbeat": None, "status": None},
            "metadatabase": {"status": "healthy"},
            "scheduler": {"latest_scheduler_heartbeat": beat, "status": "healthy"},
            "triggerer": {"latest_triggerer_heartbeat": beat, "status": "healthy"},
        }
    )


async def get_providers(call: Call) -> Response:
    """GET /providers."""
    rows = [
        {"description": says, "package_name": package, "version": version}
        for package, (version, says) in call.estate.providers.items()
    ]
    return JSONResponse({"providers": rows, "total_entries": len(rows)})


async def get_plugins(call: Call) -> Response:
    """GET /plugins."""
    rows = [_plugin_json(plugin) for plugin in call.estate.plugins]
    return JSONResponse({"plugins": page_of(call, rows), "total_entries": len(rows)})


def _plugin_json(plugin: SimPlugin) -> dict[str, Any]:
    empty = ("appbuilder_menu_items", "executors", "flask_blueprints", "global_operator_extra_links", "hooks",
             "listeners", "operator_extra_links", "ti_deps")  # fmt: skip
    return {
        **{name: [] for name in empty},
        "appbuilder_views": [{"name": view.rpartition(".")[2], "view": view} for view in plugin.views],
        "macros": list(plugin.macros),
        "name": plugin.name,
        "source": plugin.source,
        "timetables": list(plugin.timetables),
    }


async def get_import_errors(call: Call) -> Response:
    """GET /importErrors."""
    rows = [
        {
            "filename": call.estate.location(broken.file),
            "import_error_id": number,
            "stack_trace": broken.stack_trace,
            "timestamp": as_json(call.estate.engine.now),
        }
        for number, broken in enumerate(call.estate.import_errors, 1)
    ]
    return JSONResponse({"import_errors": page_of(call, rows), "total_entries": len(rows)})


async def get_config(call: Call) -> Response:
    """GET /config, where the administrator exposes it; `section` chooses one."""
    config, section = call.estate.config, call.request.query_params.get("section")
    if config is None:
        raise Refusal(403, "Forbidden", "Your Airflow administrator chose not to expose the configuration, "
                      "most likely for security reasons.", "PermissionDenied")  # fmt: skip
    if section is not None and section not in config:
        raise not_found("section not found.", f"section={section} not found.")
    sections = [
        {"name": name, "options": [{"key": key, "value": value} for key, value in options.items()]}
        for name, options in config.items()
        if section in {None, name}
    ]
    return JSONResponse({"sections": sections})


async def get_datasets(call: Call) -> Response:
    """GET /datasets: who updates them, and whom they start."""
    specs = [dag.spec for dag in call.estate.engine.dags.values()]
    uris = dict.fromkeys(uri for spec in specs for uri in (*spec.produces, *spec.consumes))
    made = as_json(min((spec.start_date for spec in specs), default=None))
    times = {"created_at": made, "updated_at": made}
    rows = [
        {
            "aliases": [],
            "consuming_dags": [{"dag_id": spec.dag_id, **times} for spec in specs if uri in spec.consumes],
            "extra": {},
            "id": number,
            "producing_tasks": [
                {"dag_id": spec.dag_id, "task_id": task.task_id, **times}
                for spec in specs
                for task in spec.tasks
                if uri in task.produces
            ],
            "uri": uri,
            **times,
        }
        for number, uri in enumerate(uris, 1)
    ]
    return JSONResponse({"datasets": page_of(call, rows), "total_entries": len(rows)})


async def get_event_logs(call: Call) -> Response:
    """GET /eventLogs."""
    events = list(enumerate(call.estate.events, 1))
    keys = {"event_log_id": lambda pair: pair[0], "when": lambda pair: pair[1].when}
    page = page_of(call, ordered(call, events, keys, "event_log_id"))
    rows = [
        {
            "dag_id": event.dag_id,
            "event": event.event,
            "event_log_id": number,
            "execution_date": None,
            "extra": event.extra,
            "map_index": None,
            "owner": event.owner,
            "run_id": None,
            "task_id": None,
            "try_number": None,
            "when": as_json(event.when),
        }
        for number, event in page
    ]
    return JSONResponse({"event_logs": rows, "total_entries": len(events)})


async def get_dag_stats(call: Call) -> Response:
    """GET /dagStats?dag_ids=a,b."""
    wanted = [name for text in call.all("dag_ids") for name in text.split(",")]
    dags = call.estate.engine.dags
    rows = [
        {
            "dag_id": name,
            "stats": [
                {"state": state, "count": sum(run.state == state for run in dags[name].runs.values())}
                for state in STATES
            ],
        }
        for name in wanted
        if name in dags
    ]
    return JSONResponse({"dags": rows, "total_entries": len(rows)})


async def get_dag_warnings(call: Call) -> Response:
    """GET /dagWarnings: none."""
    del call
    return JSONResponse({"dag_warnings": [], "total_entries": 0})


_MAY: dict[str, tuple[tuple[str, str], ...]] = {"Public": (), "Viewer": (("can_read", "DAGs"),)}
_MAY["User"] = (*_MAY["Viewer"], ("can_edit", "DAGs"), ("can_create", "DAG Runs"))
_MAY["Op"] = (*_MAY["User"], ("can_create", "Connections"), ("can_create", "Pools"))
_MAY["Admin"] = (*_MAY["Op"], ("can_create", "Roles"), ("can_create", "Users"))
"""what sets the roles apart; a real 2.11 lists some hundred permissions more"""


async def get_roles(call: Call) -> Response:
    """GET /roles: with what each may do."""
    own = {name: tuple(("can_read", f"DAG:{dag}") for dag in dags) for name, dags in call.estate.own_roles.items()}
    rows = [
        {
            "actions": [{"action": {"name": does}, "resource": {"name": what}} for does, what in allowed],
            "name": name,
        }
        for name, allowed in (_MAY | own).items()
    ]
    return JSONResponse({"roles": page_of(call, rows), "total_entries": len(rows)})


async def get_users(call: Call) -> Response:
    """GET /users."""
    everyone = {name: str(user.role) for name, user in call.estate.users.items()} | call.estate.staff
    made = as_json(call.estate.engine.now)
    rows = [
        {
            "active": True,
            "changed_on": made,
            "created_on": made,
            "email": f"{name}@example.com",
            "failed_login_count": 0,
            "first_name": name,
            "last_login": None,
            "last_name": "Example",
            "login_count": 0,
            "roles": [{"name": role}],
            "username": name,
        }
        for name, role in everyone.items()
    ]
    return JSONResponse({"users": page_of(call, rows), "total_entries": len(rows)})


def error_page(status: int, request: Request) -> Response:
    """What the web server itself answers outside its API: a page."""
    del request
    return Response(
        f'<!DOCTYPE html>\n<html lang="en">\n  <head><title>Airflow {status}</title></head>\n'
        f"  <body><h1>Airflow {status}</h1><p>Page cannot be found.</p></body>\n</html>",
        status,
        media_type="text/html",
    )


ROUTES = (
    ("GET", "/providers", OPERATORS, get_providers),
    ("GET", "/plugins", OPERATORS, get_plugins),
    ("GET", "/importErrors", READERS, get_import_errors),
    ("GET", "/config", OPERATORS, get_config),
    ("GET", "/datasets", READERS, get_datasets),
    ("GET", "/eventLogs", ADMINS, get_event_logs),
    ("GET", "/roles", ADMINS, get_roles),
    ("GET", "/users", ADMINS, get_users),
    ("GET", "/dagStats", READERS, get_dag_stats),
    ("GET", "/dagWarnings", READERS, get_dag_warnings),
)
