from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from astroferry.simulator.real.health import alive, ask

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def page(
    scheduler: datetime | None = NOW, processor: datetime | None = NOW, database: str = "healthy"
) -> dict[str, Any]:
    def part(name: str, beat: datetime | None) -> dict[str, str | None]:
        return {"status": "healthy" if beat else None, f"latest_{name}_heartbeat": beat.isoformat() if beat else None}

    return {
        "metadatabase": {"status": database},
        "scheduler": part("scheduler", scheduler),
        "dag_processor": part("dag_processor", processor),
    }


@pytest.mark.parametrize(
    ("found", "parts", "expected"),
    [
        (page(), ("scheduler", "dag_processor"), True),
        (page(processor=None), ("scheduler",), True),
        (page(processor=None), ("scheduler", "dag_processor"), False),
        (page(scheduler=NOW - timedelta(seconds=1)), ("scheduler",), False),
        (page(scheduler=None), (), True),
        (page(database="unhealthy"), (), False),
        ({}, (), False),
        ({"metadatabase": None}, (), False),
    ],
)
def test_alive(found: dict[str, Any], parts: tuple[str, ...], expected: object) -> None:
    assert alive(found, parts, NOW) is expected


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (httpx.Response(200, json={"a": 1}), {"a": 1}),
        (httpx.Response(200, json=[1]), {}),
        (httpx.Response(200, text="<html>"), {}),
        (httpx.Response(404, json={"a": 1}), {}),
        (httpx.ConnectError("refused"), {}),
    ],
)
def test_ask(answer: httpx.Response | Exception, expected: object, monkeypatch: pytest.MonkeyPatch) -> None:
    def get(*_arguments: object, **_options: object) -> httpx.Response:
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(httpx, "get", get)
    assert ask("http://127.0.0.1/health") == expected
