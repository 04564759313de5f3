"""Connections written as text: Airflow's connection URIs and JSON, read as Airflow itself reads them.

Source: `airflow.models.connection.Connection` of 2.11 and 3.3 (behaviour, not code). The text itself is full of
secrets and never appears in an error.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlsplit

from astroferry.errors import PlanError
from astroferry.model.secret import Secret
from astroferry.model.values import ConnectionValue
from astroferry.model.words import several

if TYPE_CHECKING:
    from collections.abc import Mapping
    from urllib.parse import SplitResult

_FIELDS = frozenset({"conn_type", "description", "host", "login", "password", "schema", "port", "extra"})
_KNOWN_BUT_UNUSED = frozenset({"conn_id", "connection_id", "is_encrypted", "is_extra_encrypted", "extra_dejson"})
_EXTRA_KEY = "__extra__"


def connection_from_text(conn_id: str, text: str) -> ConnectionValue:
    """A connection given as a URI or as a JSON object. Raises PlanError naming the id, never the text."""
    if text.lstrip().startswith("{"):
        try:
            parsed = json.loads(text)
        except ValueError:
            parsed = None
        if not isinstance(parsed, dict):
            raise _unreadable(conn_id, "its JSON cannot be parsed")
        return connection_from_object(conn_id, parsed)
    return connection_from_uri(conn_id, text)


def connection_from_object(conn_id: str, given: Mapping[str, Any]) -> ConnectionValue:
    """A connection as `airflow connections export` writes it in JSON. Raises PlanError."""
    unknown = sorted(set(given) - _FIELDS - _KNOWN_BUT_UNUSED)
    if unknown:
        # The keys of a misread file could be secrets themselves, so only their number is told.
        raise _unreadable(conn_id, f"it has {several(len(unknown), 'field')} that a connection does not have")
    conn_type = given.get("conn_type")
    if not isinstance(conn_type, str) or not conn_type:
        raise _unreadable(conn_id, 'it has no "conn_type"')
    extra = given.get("extra", given.get("extra_dejson"))
    if extra is not None and not isinstance(extra, str):
        extra = json.dumps(extra)
    fields: dict[str, Secret | None] = {}
    for name in ("host", "login", "password", "schema"):
        value = given.get(name)
        if value is not None and not isinstance(value, str):
            raise _unreadable(conn_id, f'its "{name}" is not text')
        fields[name] = None if value is None else Secret(value, ordinary=name != "password")
    description = given.get("description")
    return ConnectionValue(
        conn_id,
        conn_type,
        description=description if isinstance(description, str) else None,
        port=_port(conn_id, given.get("port")),
        extra=None if extra is None else Secret(extra),
        **fields,
    )


def connection_from_uri(conn_id: str, uri: str) -> ConnectionValue:
    """A connection from `type://login:password@host:port/schema?extra`; raises PlanError.

    The host may carry a protocol of its own (`http://https://host`), and the query is the extra, either key by key
    or whole under `__extra__`.
    """
    scheme, separator, rest = uri.partition("://")
    if not separator or rest.count("://") > 1:
        raise _unreadable(conn_id, "it is neither a connection URI (type://...) nor JSON")
    protocol, inner, after = rest.partition("://")
    has_protocol = bool(inner) and not set("@:?/") & set(protocol)
    try:
        parts = urlsplit(f"//{after if has_protocol else rest}")
        port = parts.port
    except ValueError:
        # `from None`: urlsplit's own message quotes the URI.
        raise _unreadable(conn_id, "its URI cannot be parsed") from None
    host = _host(parts)
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    extra = query.get(_EXTRA_KEY, json.dumps(query)) if query else None
    return ConnectionValue(
        conn_id,
        _conn_type(scheme),
        host=_secret(f"{protocol}://{host}" if has_protocol else host),
        login=_secret(unquote(parts.username or "")),
        password=_secret(unquote(parts.password or "")),
        schema=_secret(unquote(parts.path[1:])),
        port=port,
        extra=None if extra is None else Secret(extra),
    )


def _conn_type(scheme: str) -> str:
    # As Airflow normalizes it: a URI scheme may not hold "_", and libpq's name stands for postgres.
    return "postgres" if scheme == "postgresql" else scheme.replace("-", "_")


def _host(parts: SplitResult) -> str:
    host = unquote(parts.hostname or "")
    if "/" in host:
        # A quoted path as host (a socket, a URL): there urlsplit's lower-casing would break it.
        host = unquote(parts.netloc.rsplit("@", 1)[-1].split(":", 1)[0])
    return host


def _port(conn_id: str, port: object) -> int | None:
    if port is None or port == "":
        return None
    try:
        return int(str(port))
    except ValueError:
        raise _unreadable(conn_id, 'its "port" is not a number') from None


def _secret(text: str) -> Secret | None:
    return Secret(text) if text else None


def _unreadable(conn_id: str, why: str) -> PlanError:
    return PlanError(f'The connection "{conn_id}" cannot be read: {why}.', hint="Correct it, or export it again.")
