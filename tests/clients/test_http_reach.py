"""With real sockets: what the library raises for each way of not being reached."""

import asyncio
import socket

import pytest
from tests.conftest import FixedClock

from astroferry.clients.http import Http
from astroferry.errors import UnreachableError


async def test_refused() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: refused, and nobody else can take the port
        port = taken.getsockname()[1]
        async with Http(f"http://127.0.0.1:{port}", name="The source") as http:
            with pytest.raises(UnreachableError, match="connection was refused"):
                await http.json("GET", "/")


async def test_a_name_that_is_not_known() -> None:
    async with Http("http://airflow.invalid") as http:
        with pytest.raises(UnreachableError, match="name is not known"):
            await http.json("GET", "/")


async def test_tls_to_a_plain_server_and_a_server_that_hangs_up(clock: FixedClock) -> None:
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        data = await reader.read(10)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n" if data[:3] != b"GET" else b"")
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        async with Http(f"https://127.0.0.1:{port}") as http:
            with pytest.raises(UnreachableError, match="does not speak TLS"):
                await http.json("GET", "/")
        async with Http(f"http://127.0.0.1:{port}", clock=clock) as http:
            with pytest.raises(UnreachableError, match="connection was lost"):
                await http.json("GET", "/")
