from __future__ import annotations

import socket

import pytest
from tests.conftest import NetworkForbiddenError


def test_the_guard_of_the_tests_lets_nobody_off_the_machine() -> None:
    with socket.socket() as plain, socket.socket(type=socket.SOCK_DGRAM) as datagrams:
        with pytest.raises(NetworkForbiddenError, match=r"went to 192\.0\.2\.1:80"):
            plain.connect(("192.0.2.1", 80))
        with pytest.raises(NetworkForbiddenError):
            plain.connect_ex(("192.0.2.1", 80))
        with pytest.raises(NetworkForbiddenError):
            datagrams.sendto(b"x", ("192.0.2.1", 53))
    with pytest.raises(NetworkForbiddenError):
        socket.getaddrinfo("example.com", 443)
    with pytest.raises(socket.gaierror):
        socket.getaddrinfo("nowhere.invalid", 443)


def test_loopback_is_free() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        assert client.getpeername() == server.getsockname()
    assert socket.getaddrinfo("localhost", 80)
