"""Whether a server is well: Airflow's health page, read with care."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import httpx

if TYPE_CHECKING:
    from collections.abc import Sequence


def ask(url: str) -> dict[str, Any]:
    """What the health page at `url` says; {} where it does not answer (yet) or says something else."""
    try:
        answer = httpx.get(url, timeout=5, trust_env=False)
        found = answer.json() if answer.status_code == 200 else {}
    except (httpx.HTTPError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def alive(page: dict[str, Any], parts: Sequence[str], since: datetime) -> bool:
    """Whether the database and all `parts` ("scheduler", "dag_processor") are healthy, with a heartbeat since then.

    The status code says nothing (200 even without a scheduler), and a heartbeat from before a restart counts as
    healthy for 30 seconds: so the JSON is read and its times are looked at (measured on 2.11.2 and 3.3.2).
    """
    if not page or any((page.get(part) or {}).get("status") != "healthy" for part in ("metadatabase", *parts)):
        return False
    return all(datetime.fromisoformat(page[part][f"latest_{part}_heartbeat"]) >= since for part in parts)
