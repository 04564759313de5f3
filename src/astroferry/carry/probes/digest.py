"""The canonical form of each value and its keyed digest: one definition, used here and inside the probe DAG.

`probefile.py` copies this module's text into the DAG file, so it needs the standard library only (Python 3.9+).

What a task sees differs from what was written (measured on Airflow 3.3.2, 2026-11-22), so these count as equal:

- None and "" in host, login, password and schema: REST stores an empty password as null and keeps an empty host.
- None, "" and "{}" in extra: REST turns an empty extra into "{}".
- extras that parse to the same JSON: the task sees the text as it was written, REST answers re-ordered text.

Everything else is compared to the byte: blanks around a value, line ends, case of conn_type, port 0 and no port.
`description` is no field here: the task SDK's Connection always has None there.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

CONNECTION_FIELDS = ("conn_type", "host", "login", "password", "schema", "port", "extra")


def canonical(field: str, value: Any) -> bytes | None:
    """The bytes that are compared; None where the field is not set."""
    if value is None or (value == "" and field != "value"):
        return None
    text = str(value)
    if field == "extra":
        try:
            parsed = json.loads(text)
        except (ValueError, RecursionError):
            pass  # Airflow 2 accepts extras that are not JSON; they are compared as text
        else:
            if parsed == {}:
                return None
            text = json.dumps(parsed, sort_keys=True, separators=(",", ":"))
    return text.encode("utf-8", "surrogatepass")


def field_digest(key: str, kind: str, item: str, field: str, value: Any) -> str:
    """32 hexadecimal digits: HMAC-SHA256 over kind, id, field, whether it is set, and the canonical value.

    Id and field are part of it, so that equal values elsewhere have other digests; "not set" has one too, so that
    a digest does not tell which fields are empty.
    """
    content = canonical(field, value)
    # JSON holds no raw line end, so the first one ends the heading whatever the value contains.
    heading = json.dumps([kind, item, field, content is not None]).encode("ascii")
    return hmac.new(key.encode("ascii"), heading + b"\n" + (content or b""), hashlib.sha256).hexdigest()[:32]
