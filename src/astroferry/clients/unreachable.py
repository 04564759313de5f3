"""Why a request got no answer, as a sentence: TLS, names, proxies, broken lines; and whether to try again."""

from __future__ import annotations

import re
import socket
import ssl
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx

from astroferry.errors import UnreachableError

if TYPE_CHECKING:
    from collections.abc import Iterator

_IS_STATUS = re.compile(r"\d{3} [A-Za-z ]+$")
"""how httpx tells a proxy's status ("407 Proxy Authentication Required")"""
_PROXIES = "Check HTTPS_PROXY, HTTP_PROXY and NO_PROXY"


def unreachable(error: BaseException, where: str, url: str) -> tuple[UnreachableError, bool]:
    """The sentence for a request without an answer, and whether trying again may help."""
    causes = list(_causes(error))
    at = f"{where} could not be reached at {url}: "
    proxied = _goes_through_proxy(url)
    if settled := next(filter(None, (_by_cause(cause, at, proxied=proxied) for cause in causes)), None):
        return settled, False
    if isinstance(error, httpx.TimeoutException):
        return UnreachableError(
            f"{at}it did not answer in time.", hint="Check firewall, VPN and HTTPS_PROXY, or try again later."
        ), True
    if isinstance(error, httpx.ProxyError):
        said = f" ({error})" if _IS_STATUS.match(str(error)) else ""
        return UnreachableError(f"{at}the proxy refused{said}.", hint=f"{_PROXIES}, and the login in them."), False
    if any(isinstance(cause, ConnectionRefusedError) for cause in causes) or isinstance(error, httpx.ConnectError):
        if proxied:
            return UnreachableError(f"{at}the connection to the proxy was refused.", hint=f"{_PROXIES}."), True
        return UnreachableError(
            f"{at}the connection was refused.", hint="Check host and port, and that the server is running."
        ), True
    if isinstance(error, httpx.TransportError):
        return UnreachableError(
            f"{at}the connection was lost.", hint="Run the same command again; what is done stays done."
        ), True
    return UnreachableError(f"{at}the address or the answer cannot be read.", hint="Check the address."), False


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    waiting = [error]
    while waiting:
        one = waiting.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        waiting += [one.__cause__, one.__context__]
        if isinstance(one, BaseExceptionGroup):
            waiting += one.exceptions


def _goes_through_proxy(url: str) -> bool:
    """Whether the environment sends requests to this address through a proxy, as httpx reads it."""
    parts, proxies = urlsplit(url), getproxies()
    named = proxies.get(parts.scheme) or proxies.get("all")
    return bool(named) and not proxy_bypass(parts.hostname or "")


def _by_cause(cause: BaseException, at: str, *, proxied: bool) -> UnreachableError | None:
    """The sentence where one of the causes says it all, which no further try changes: TLS, or an unknown name."""
    if isinstance(cause, ssl.SSLCertVerificationError):
        return UnreachableError(
            f"{at}its certificate is not accepted ({cause.verify_message}).",
            hint="Where a company authority signs it, set SSL_CERT_FILE to that authority's certificate.",
        )
    if isinstance(cause, ssl.SSLError):
        return UnreachableError(
            f"{at}it does not speak TLS with us ({getattr(cause, 'reason', None) or 'the handshake failed'}).",
            hint="Where the server speaks plain http, use the http address.",
        )
    if isinstance(cause, socket.gaierror) and proxied:
        return UnreachableError(f"{at}the proxy's name is not known here.", hint=f"{_PROXIES}.")
    if isinstance(cause, socket.gaierror):
        return UnreachableError(
            f"{at}its name is not known here.", hint="Check the address, and DNS or VPN on this machine."
        )
    return None
