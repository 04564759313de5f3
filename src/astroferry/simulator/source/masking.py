"""Which values Airflow 2.11 hides in a connection's extra, and how: by the name of the key, at any depth."""

from __future__ import annotations

import json
from typing import Any

SENSITIVE = (
    "access_token", "api_key", "apikey", "authorization", "keyfile_dict", "passphrase", "passwd", "password",
    "private_key", "proxies", "proxy", "secret", "service_account", "token",
)  # fmt: skip
MASK = "***"


def is_sensitive(name: str) -> bool:
    """Whether a variable or a key of an extra is hidden for its name."""
    return any(word in name.strip().lower() for word in SENSITIVE)


def masked_extra(extra: str | None) -> str | None:
    """An extra as GET shows it; one that is no JSON is shown whole (2.x does)."""
    if not extra:
        return extra
    try:
        parsed = json.loads(extra)
    except ValueError:
        return extra
    return json.dumps(masked(parsed))


def masked(value: Any, name: str = "") -> Any:
    """A value with every text hidden that stands below a sensitive name; numbers and nulls stay."""
    if is_sensitive(name):
        return _all_masked(value)
    if isinstance(value, dict):
        return {key: masked(item, key) for key, item in value.items()}
    if isinstance(value, list):
        return [masked(item) for item in value]
    return value


def _all_masked(value: Any) -> Any:
    if isinstance(value, str):
        return MASK
    if isinstance(value, dict):
        return {key: _all_masked(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_all_masked(item) for item in value]
    return value
