from __future__ import annotations

import socket
import threading
from typing import TYPE_CHECKING

import pytest

from astroferry.carry.probes import reach as reach_module
from astroferry.carry.probes.reach import dial, each_with_limit, endpoints, reach

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def listening() -> Iterator[int]:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield server.getsockname()[1]


@pytest.mark.parametrize(
    ("connection", "expected"),
    [
        (("postgres", "db.acme.test", 6432, "main", None), [("db.acme.test", 6432)]),
        (("postgres", "db.acme.test", None, None, None), [("db.acme.test", 5432)]),
        (("http", "api.acme.test", None, "https", None), [("api.acme.test", 443)]),
        (("http", "api.acme.test", None, "", None), [("api.acme.test", 80)]),
        (("http", "https://u:p@api.acme.test/v1?q=1", None, None, None), [("api.acme.test", 443)]),
        (("http", "https://api.acme.test:8443/v1", 9999, None, None), [("api.acme.test", 8443)]),
        (("generic", "10.0.0.7", 9, None, None), [("10.0.0.7", 9)]),
        (("generic", "somewhere", None, None, None), []),
        (("redis", "r1:6380, r2", None, None, None), [("r1", 6380), ("r2", 6379)]),
        (("mongo", "::1", None, None, None), [("::1", 27017)]),
        (("mongo", "[::1]:27018", None, None, None), [("::1", 27018)]),
        (("kafka", None, None, None, '{"bootstrap.servers": "k1:9092,k2:9093"}'), [("k1", 9092), ("k2", 9093)]),
        (("kafka", "", None, None, "not json"), []),
        (("kafka", "", None, None, "[1]"), []),
        (("kafka", "", None, None, None), []),
        (("google_cloud_platform", None, None, None, '{"project": "x"}'), []),
        (("fs", "/data/in", 1, None, None), []),
        (("postgres", "db:notaport", None, None, None), []),
        (("postgres", "[broken", None, None, None), []),
        (("postgres", "", 5432, None, None), []),
        (("postgres", "db", 0, None, None), [("db", 5432)]),
        (("acme", "ftp://files.acme.test", None, None, None), [("files.acme.test", 21)]),
        (("acme", "gopher://files.acme.test", None, None, None), []),
    ],
)
def test_where_a_connection_points_to(
    connection: tuple[str, str | None, int | None, str | None, str | None], expected: list[tuple[str, int]]
) -> None:
    conn_type, host, port, schema, extra = connection
    assert endpoints(conn_type, host, port, schema, extra) == expected


def test_an_open_and_a_closed_port(listening: int) -> None:
    assert dial("127.0.0.1", listening, 5) == "reachable"
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, but not listening
        assert dial("127.0.0.1", taken.getsockname()[1], 5) == "refused"


@pytest.mark.parametrize(
    ("error", "word"),
    [
        (socket.gaierror("no such host: db.acme.test"), "dns"),
        (UnicodeError("label too long"), "dns"),
        (ConnectionRefusedError(), "refused"),
        (TimeoutError(), "timeout"),
        (OSError("no route to host"), "unreachable"),
        (OverflowError("port must be 0-65535"), "unreachable"),
    ],
)
def test_one_word_for_each_failure(monkeypatch: pytest.MonkeyPatch, error: Exception, word: str) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(socket, "create_connection", fail)
    assert dial("db.acme.test", 5432, 1) == word


def test_one_open_place_is_enough_else_the_first_tells(monkeypatch: pytest.MonkeyPatch) -> None:
    words = {"a": "refused", "b": "reachable", "c": "dns"}
    monkeypatch.setattr(reach_module, "dial", lambda host, _port, _seconds: words[host])
    assert reach([("a", 1), ("b", 1), ("c", 1)], 1) == "reachable"
    assert reach([("c", 1), ("a", 1)], 1) == "dns"
    assert reach([], 1) == "not applicable"


def test_what_hangs_is_left_behind_and_the_rest_is_answered() -> None:
    forever = threading.Event()

    def work(item: str) -> str:
        if item == "hangs":
            forever.wait(30)
        return item.upper()

    answers = each_with_limit(["a", "hangs", "b", "c"], work, 0.05, "late", at_once=2)
    forever.set()
    assert answers == {"a": "A", "hangs": "late", "b": "B", "c": "C"}


def test_nothing_is_started_when_the_budget_is_used_up() -> None:
    started: list[str] = []
    assert each_with_limit(["a", "b"], started.append, 1, "late", budget=0) == {"a": "late", "b": "late"}
    assert started == []
