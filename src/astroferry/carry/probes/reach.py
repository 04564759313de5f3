"""Where a connection points to, and whether its port opens from here: the part of the probe that needs a network.

`probefile.py` copies this module's text into the DAG file, so it needs the standard library only (Python 3.9+).
Nothing here keeps or returns a host, a login or a message: the result is one word per connection.
"""

from __future__ import annotations

import json
import socket
import threading
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable

SCHEME_PORTS = {
    "http": 80,
    "https": 443,
    "ftp": 21,
    "ssh": 22,
    "sftp": 22,
    "redis": 6379,
    "rediss": 6379,
    "amqp": 5672,
}
# What a provider's hook dials where the connection names no port.
TYPE_PORTS = {
    "amqp": 5672,
    "cassandra": 9042,
    "databricks": 443,
    "druid": 8082,
    "elasticsearch": 9200,
    "ftp": 21,
    "hive_metastore": 9083,
    "hiveserver2": 10000,
    "http": 80,
    "imap": 993,
    "jira": 443,
    "livy": 8998,
    "mongo": 27017,
    "mssql": 1433,
    "mysql": 3306,
    "oracle": 1521,
    "postgres": 5432,
    "presto": 8080,
    "redis": 6379,
    "redshift": 5439,
    "samba": 445,
    "sftp": 22,
    "ssh": 22,
    "tableau": 443,
    "trino": 8080,
    "vertica": 5433,
}


def endpoints(conn_type: str, host: Any, port: Any, schema: Any, extra: Any) -> list[tuple[str, int]]:
    """The hosts and ports that a hook would dial; empty where the connection names none (cloud APIs, files).

    A host may be a name, an address, a URL, or a comma-separated list of those (brokers, replica sets).
    """
    texts = [text.strip() for text in str(host or "").split(",")]
    if conn_type == "kafka":
        texts += [text.strip() for text in bootstrap_servers(extra).split(",")]
    default = int(port) if port else None
    if default is None:
        default = SCHEME_PORTS["https"] if conn_type == "http" and schema == "https" else TYPE_PORTS.get(conn_type)
    found = (endpoint(text, default) for text in texts if text)
    return [place for place in found if place is not None]


def bootstrap_servers(extra: Any) -> str:
    """What a Kafka connection has instead of a host."""
    try:
        parsed = json.loads(str(extra or "{}"))
    except (ValueError, RecursionError):
        return ""
    return str(parsed.get("bootstrap.servers", "")) if isinstance(parsed, dict) else ""


def endpoint(text: str, default: int | None) -> tuple[str, int] | None:
    """Host and port of one text; None where it is a path or has no port and no default."""
    if text.startswith("/"):
        return None
    if text.count(":") > 1 and "://" not in text and not text.startswith("["):
        text = "[" + text + "]"  # a bare IPv6 address
    try:
        parts = urlsplit(text if "://" in text else "//" + text)
        port = parts.port or (SCHEME_PORTS.get(parts.scheme) if parts.scheme else None) or default
    except ValueError:
        return None
    return (parts.hostname, port) if parts.hostname and port else None


def dial(host: str, port: int, seconds: float) -> str:
    """One word: reachable, refused, timeout, dns, or unreachable (no route, no permission)."""
    try:
        socket.create_connection((host, port), timeout=seconds).close()
    except (socket.gaierror, UnicodeError):
        return "dns"
    except ConnectionRefusedError:
        return "refused"
    except TimeoutError:
        return "timeout"
    except (OSError, OverflowError):
        return "unreachable"
    return "reachable"


def reach(places: list[tuple[str, int]], seconds: float) -> str:
    """One word for a connection: reachable where any of its places is, else what the first one gave."""
    words = []
    for host, port in places:
        words.append(dial(host, port, seconds))
        if words[-1] == "reachable":
            return "reachable"
    return words[0] if words else "not applicable"


def each_with_limit(
    items: list[str],
    work: Callable[[str], Any],
    seconds: float,
    late: Any,
    *,
    at_once: int = 8,
    budget: float = 900.0,
) -> dict[str, Any]:
    """`work(item)` for each, several at once; `late` for what takes longer than `seconds` or comes after `budget`.

    Daemon threads, because a name server or a driver that hangs cannot be interrupted, only left behind.
    """
    answers: dict[str, Any] = {}
    end = time.monotonic() + budget
    for start in range(0, len(items), at_once):
        if time.monotonic() >= end:
            break
        # A dict of its own per batch: a straggler writes where nobody reads any more.
        batch: dict[str, Any] = {}

        def run(item: str, into: dict[str, Any]) -> None:
            into[item] = work(item)

        threads = [
            threading.Thread(target=run, args=(item, batch), daemon=True) for item in items[start : start + at_once]
        ]
        for thread in threads:
            thread.start()
        limit = time.monotonic() + seconds
        for thread in threads:
            thread.join(max(0.0, limit - time.monotonic()))
        answers.update(dict(batch))
    return {item: answers.get(item, late) for item in items}
