"""A loopback proxy between us and a server, whose wire can be cut; and a server that keeps what it is sent."""

from __future__ import annotations

import http.client
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

How = Literal["", "503", "cut"]
HOPS = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length", "server", "date"})


class Proxy:
    """Passes everything on to `to`, unless `how` says that it answers 503, or cuts connections without an answer.

    `refused` counts requests that were not passed on. `watch` is asked with method, path and answer of each request
    that was: where it returns True, the answer is lost on the way.
    """

    def __init__(self, to: str) -> None:
        self.how: How = ""
        self.refused = 0
        self.watch: Callable[[str, str, int], bool] | None = None
        target = urlsplit(to)
        proxy = self

        class Handler(_Quiet):
            def serve(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                if proxy.how:
                    proxy.refused += 1
                if proxy.how == "503":
                    self.answer(503, b"upstream connect error", [("Content-Type", "text/plain")])
                    return
                if proxy.how == "cut":
                    self.close_connection = True
                    return
                upstream = http.client.HTTPConnection(target.hostname or "", target.port, timeout=120)
                headers = {name: text for name, text in self.headers.items() if name.lower() not in HOPS}
                try:
                    upstream.request(self.command, self.path, body or None, headers)
                    answer = upstream.getresponse()
                    content = answer.read()
                finally:
                    upstream.close()
                if proxy.watch is not None and proxy.watch(self.command, self.path, answer.status):
                    self.close_connection = True
                    return
                kept = [(name, text) for name, text in answer.getheaders() if name.lower() not in HOPS]
                self.answer(answer.status, content, kept)

        self._served = _Served(Handler)
        self.url = self._served.url

    def close(self) -> None:
        """End it."""
        self._served.close()

    def away_for(self, seconds: float, how: How) -> None:
        """Be away from now on, and come back by itself."""
        self.how = how
        threading.Timer(seconds, self.back).start()

    def back(self) -> None:
        """Pass everything on again."""
        self.how = ""


@contextmanager
def listener() -> Iterator[tuple[str, list[bytes]]]:
    """A server that answers 200 to every POST: its address, and the bodies it was sent."""
    bodies: list[bytes] = []

    class Handler(_Quiet):
        def serve(self) -> None:
            bodies.append(self.rfile.read(int(self.headers.get("Content-Length") or 0)))
            self.answer(200, b"{}", [("Content-Type", "application/json")])

    served = _Served(Handler)
    try:
        yield served.url, bodies
    finally:
        served.close()


class _Quiet(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __getattr__(self, name: str) -> Any:
        if name.startswith("do_"):
            return self.serve
        raise AttributeError(name)

    def log_message(self, *_: object) -> None:
        """Nothing on stderr."""

    def serve(self) -> None:
        """Answer a request of any method."""
        raise NotImplementedError

    def answer(self, status: int, content: bytes, headers: list[tuple[str, str]]) -> None:
        self.send_response_only(status)
        for name, text in headers:
            self.send_header(name, text)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)


class _Served:
    def __init__(self, handler: type[_Quiet]) -> None:
        self._server = _Server(("127.0.0.1", 0), handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """A client that went away in the middle is what these tests are about."""
