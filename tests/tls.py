"""Real TLS servers, company authorities and proxies on loopback, in a thread of their own."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import ssl
import threading
from typing import TYPE_CHECKING, Any, Self, TypeVar

import trustme

if TYPE_CHECKING:
    from collections.abc import Coroutine, Mapping
    from pathlib import Path

Result = TypeVar("Result")
JSON = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 12\r\n\r\n{"ok": true}'


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    with contextlib.suppress(OSError):
        writer.close()


class Street:
    """Servers that run in a thread until the street is closed; ports are loopback's.

    `proxied` lists the first line of every request that a proxy of this street was sent.
    """

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.proxied: list[str] = []
        self._servers: list[asyncio.Server] = []

    def __enter__(self) -> Self:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.run(self._close())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(5)
        self.loop.close()

    async def _close(self) -> None:
        for server in self._servers:
            server.close()
        # All of the loop's own: a connection may still be in its handshake, which no handler of ours knows of.
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await asyncio.sleep(0)  # what was closed by their end is closed in the loop's next turn

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Run in the street's loop."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(30)

    def _listen(self, serve: Any, tls: ssl.SSLContext | None = None) -> int:
        async def guarded(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                    await serve(reader, writer)
            finally:
                writer.close()

        server = self.run(asyncio.start_server(guarded, "127.0.0.1", 0, ssl=tls))
        self._servers.append(server)
        return int(server.sockets[0].getsockname()[1])

    def server(self, certificate: trustme.LeafCert | None, backend: int | None = None) -> int:
        """A server, with TLS where it has a certificate: in front of `backend`, or it answers {"ok": true} itself."""

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            if backend is None:
                await reader.readuntil(b"\r\n\r\n")
                writer.write(JSON)
                await writer.drain()
                return
            await _join(reader, writer, backend)

        context = None
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            certificate.configure_cert(context)
        return self._listen(serve, context)

    def proxy(self, hosts: Mapping[str, int], *, login: str = "", answer: str = "") -> int:
        """A forward proxy that knows these hosts, by CONNECT and in plain; `answer` is all it says, where given.

        `login` ("me:secret") is asked for by 407.
        """
        wanted = "Basic " + base64.b64encode(login.encode()).decode()

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            line, *rest = head.splitlines()
            self.proxied.append(line)
            headers = {name.lower(): value for name, _, value in (item.partition(": ") for item in rest)}
            method, target, _ = line.split(" ")
            host = (target if method == "CONNECT" else target.split("/")[2]).partition(":")[0]
            if answer or (login and headers.get("proxy-authorization") != wanted) or host not in hosts:
                refusal = answer or ("407 Proxy Authentication Required" if host in hosts else "502 Bad Gateway")
                writer.write(f"HTTP/1.1 {refusal}\r\nContent-Length: 0\r\n\r\n".encode())
                await writer.drain()
            elif method == "CONNECT":
                writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
                await _join(reader, writer, hosts[host])
            else:
                await _join(reader, writer, hosts[host], head.encode())

        return self._listen(serve)


async def _join(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, port: int, first: bytes = b"") -> None:
    """Tie a connection to a port of this machine, both ways."""
    there, back = await asyncio.open_connection("127.0.0.1", port)
    try:
        back.write(first)
        await asyncio.gather(_copy(reader, back), _copy(there, writer))
    finally:
        back.close()


def authority(folder: Path, name: str = "company.pem") -> tuple[trustme.CA, Path]:
    """A private authority and the file of its certificate, as SSL_CERT_FILE takes it."""
    made = trustme.CA(organization_name="Quay Ltd")
    path = folder / name
    made.cert_pem.write_to_path(path)
    return made, path
